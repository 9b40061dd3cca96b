"""Every check around a call or a stream, alone: what is asked, in which order, and that nothing is done without it."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from tvcore.audit import By
from tvcore.errors import TiledVizError
from tvcore.portal import app, audited
from tvcore.portal.access import Access, ProjectAccess, SessionAccess, Who
from tvcore.portal.auth import Login, Tickets, digest
from tvcore.portal.hosts import Hosts
from tvcore.portal.roles import Grant, Role
from tvcore.portal.route import BODY_MAX, PREFIX, ApiError, Route
from tvcore.portal.whence import PEER_NAME
from tvcore.settings import ProxySettings
from tvcore.workers import CallFailedError, CallRefusedError, WorkerLostError

HOST = "127.0.0.1:9"
COOKIE = "c" * 64
TILE, OTHERS = 1, 9  # of the session "main"; of another


class Named(BaseModel):
    tile: int | None = None
    tiles: list[int] | int | None = None


class Asked(BaseModel):
    tile: int | None = None


def login_of(
    role: Role = "viewer", tiles: set[int] | None = None, operate: bool = False, administrator: bool = False
) -> Login:
    grant = Grant(role, operate, None if tiles is None else frozenset(tiles))
    sessions = {key: SessionAccess(key, "A wall", 4, False, grant) for key in ("main", "second")}
    who = Who(7, "accounts", "ada", "Ada", administrator)
    return Login(digest(COOKIE), COOKIE, Access(who, 1, sessions, {4: ProjectAccess(4, "P", grant)}), "page")


ROUTES = [
    Route("GET", "/open", "", access="open"),
    Route("POST", "/open/named", "", access="open", body=Named),
    Route("GET", "/see", "", query=Asked, audit="look"),
    Route("GET", "/operate", "", right="operate", audit="do"),
    Route("GET", "/quiet", "", right="operate"),
    Route("GET", "/me", "", about="person"),
    Route("GET", "/all", "", about="portal"),
    Route("POST", "/named", "", body=Named, chosen=True),
    Route("POST", "/person", "", body=Named, about="person"),
    Route("POST", "/text", "", body=Named, unread=True),
    Route("GET", "/tiles/{tile}", "", chosen=True),
    Route("GET", "/jobs/{job}", ""),
    Route("GET", "/sessions/{session}", ""),
    Route("GET", "/projects/{project}", "", about="project"),
    Route("GET", "/picture/{name}", "", media="image/png"),
    Route("GET", "/wall/stream", "", access="ticket", stream="wall", chosen=True),
    Route("GET", "/operate/stream", "", access="ticket", stream="wall", right="operate"),
    Route("GET", "/tiles/{tile}/rfb", "", access="ticket", stream="rfb", chosen=True),
    Route("POST", "/large/{session}", "", body=Named, body_max=BODY_MAX * 2, right="operate"),
]


class Handler:
    """A connection's handler."""

    def __init__(self) -> None:
        self.trusted = 0
        self.counted: list[str] = []
        self.crowded = False

    def trust(self) -> None:
        self.trusted += 1

    def count_for(self, name: str) -> bool:
        self.counted.append(name)
        return not self.crowded


class Scene:
    """The application with one who may log in, and everything that it does in the order in which it did."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.did: list[Any] = []
        self.login: Login | None = login_of()
        self.fits, self.known, self.wait, self.full = True, "", 0.0, False
        self.away: str | None = None
        self.fault: BaseException | None = None
        self.value: Any = {}
        self.given: dict[str, str] = {}  # headers, by the handler
        self.handler = Handler()
        self.environ: dict[str, Any] = {}
        self.tickets = Tickets(lambda: 0.0)
        self.portal: Any = SimpleNamespace(
            hosts=Hosts("", 9),
            proxies=ProxySettings(),
            tickets=self.tickets,
            logins=SimpleNamespace(
                recognise=lambda headers: self._recognise(headers),
                credentials=lambda _: ["credential", "cookie"],
                cookies=lambda _: [COOKIE],
            ),
            login_ways=SimpleNamespace(fits=lambda login, environ: self.fits and environ is self.environ),
            rates=SimpleNamespace(
                known=lambda of: self.known if of == ["credential", "cookie"] else "?",
                take=lambda *said: (self.did.append(("take", *said)), self.wait)[1],
                remember=lambda *said: self.did.append(("remember", *said)),
                remember_browser=lambda *said: self.did.append(("browser", *said)),
                move=lambda *said: self.did.append(("move", *said)),
            ),
            shows=lambda session, tile: (self.did.append(("shows", tile)), session == "main" and tile != OTHERS)[1],
            shows_job=lambda session, job: (session, job) == ("main", "local-1"),
            sockets=SimpleNamespace(full=lambda *_: self.full),
            auditor=SimpleNamespace(
                by=lambda login, _: By(login.who.name),
                begin=self._begin,
                end=lambda entry, *how: self.did.append(("end", entry, *how)),
                refused=lambda entry, why: self.did.append(("refused", entry, why)),
            ),
        )
        routes = [Route(**{**vars(each), "handle": self._handle, "run": lambda *_: None}) for each in ROUTES]
        patch.setattr(app, "ROUTES", routes)
        patch.setattr(app, "_LARGE", [(each, app.re.compile(PREFIX + app._pattern(each.path))) for each in routes[-1:]])
        patch.setattr(app, "_serve_socket", lambda *said: self.did.append(("serve", *said[3:])))
        patch.setattr(audited.metrics, "refused", lambda: self.did.append("counted as refused"))
        self._app = app.make_app(self.portal)

    def _recognise(self, headers: Any) -> Login | None:
        if self.away:
            raise TiledVizError(self.away)
        return self.login

    def _begin(self, entry: Any) -> None:
        if self.fault is not None and isinstance(self.fault, TiledVizError) and "audit" in str(self.fault):
            raise self.fault
        self.did.append(("begin", entry))

    def _handle(self, call: Any) -> Any:
        self.did.append(("handle", call))
        call.answer_headers |= self.given
        if self.fault is not None:
            raise self.fault
        return self.value

    def ask(self, path: str, body: Any = None, method: str = "", query: str = "", **headers: Any) -> int:
        """Return the status of the answer; *headers* are those of the environ that are otherwise."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.environ = {
            "REQUEST_METHOD": method or ("GET" if body is None else "POST"), "PATH_INFO": PREFIX + path,
            "QUERY_STRING": query, "HTTP_HOST": HOST, "HTTP_ORIGIN": f"http://{HOST}",
            "CONTENT_TYPE": "application/json", "wsgi.input": io.BytesIO(content), "wsgi.errors": io.StringIO(),
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "REMOTE_ADDR": "10.0.0.5",
            PEER_NAME: "peer", app.HANDLER: self.handler,
        } | headers  # fmt: skip
        self.environ = {name: value for name, value in self.environ.items() if value is not None}
        self.did.clear()
        said: list[Any] = []
        self.answer = b"".join(self._app(self.environ, lambda *given: said.extend(given)))
        self.headers = dict(said[1])
        return int(said[0].split()[0])

    def named(self, what: str) -> list[Any]:
        """Return what was done of this name."""
        return [each for each in self.did if each == what or each[0] == what]

    @property
    def call(self) -> Any:
        """What the handler got."""
        (found,) = self.named("handle")
        return found[1]

    def turned_away(self, status: int, path: str, *given: Any, **headers: Any) -> bool:
        """Return whether this *status* is the answer, with one line, and nothing was done."""
        found = self.ask(path, *given, **headers)
        text = json.loads(self.answer)["error"] if self.environ["REQUEST_METHOD"] != "HEAD" else "-"
        return (found, text.count("\n")) == (status, 0) and not self.named("handle") and not self.named("serve")


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


# ------------------------------------------------------------- addresses, rates


def test_a_request_is_for_a_name_of_ours_and_from_a_page_of_ours(scene: Scene) -> None:
    for host in ("evil.example", "127.0.0.1:10", None):
        assert scene.turned_away(400, "/see", HTTP_HOST=host)
        assert not scene.did  # it is not even counted
    assert scene.ask("/see", HTTP_ORIGIN=None) == 200
    assert scene.ask("/see", HTTP_ORIGIN=f"HTTP://{HOST}") == 200
    for origin in ("null", "http://evil.example", f"https://{HOST}", "http://127.0.0.1:10", ""):
        assert scene.turned_away(403, "/see", HTTP_ORIGIN=origin)
        assert scene.turned_away(403, "/open", HTTP_ORIGIN=origin)
        assert not scene.did
    for site in ("none", "same-origin"):
        assert scene.ask("/see", HTTP_SEC_FETCH_SITE=site) == 200
    for site in ("cross-site", "same-site", ""):
        for origin in (None, f"http://{HOST}"):
            assert scene.turned_away(403, "/open", HTTP_SEC_FETCH_SITE=site, HTTP_ORIGIN=origin)
    # A link of another page leads to the page, and to its files; the API is for the page alone.
    assert scene.ask("", PATH_INFO="/", HTTP_SEC_FETCH_SITE="cross-site", HTTP_ORIGIN=None) == 200
    assert scene.ask("", PATH_INFO="", HTTP_ORIGIN=None) == 308
    assert scene.headers["Location"] == "/"
    assert scene.turned_away(400, "", PATH_INFO="", HTTP_HOST="evil.example")
    assert scene.ask("/see", method="HEAD", HTTP_HOST="evil.example") == 400
    assert scene.answer == b""  # it would stand before the next answer


def test_a_request_counts_for_whose_it_is_and_who_asks_too_often_waits(scene: Scene) -> None:
    assert scene.ask("/open") == 200
    assert scene.did[0] == ("take", "", "peer", 1.0)
    assert scene.environ[app.STRANGER] == ("peer", 1.0)
    assert scene.ask("", PATH_INFO="/static/nothing") == 404
    assert scene.did[0] == ("take", "", "peer", app.STATIC_COST)
    scene.known = "cookie"
    assert scene.ask("/open") == 200
    assert scene.did[0] == ("take", "cookie", "peer", 1.0)
    assert app.STRANGER not in scene.environ
    assert scene.handler.counted == ["peer"] * 3
    scene.wait = 2.5
    assert scene.turned_away(429, "/open")
    assert scene.headers["Retry-After"] == "3"
    assert scene.handler.counted == ["peer"] * 3
    assert scene.turned_away(429, "", PATH_INFO="", HTTP_ORIGIN=None)  # not even told where the page is
    scene.wait, scene.handler.crowded = 0.0, True
    assert scene.turned_away(429, "/open")
    assert scene.headers["Retry-After"] == str(app.CROWDED_SECONDS)
    assert scene.ask("/open", **{app.HANDLER: None}) == 200  # as in tests, there is none to count


def test_a_connection_of_a_proxy_counts_for_whom_it_says_or_for_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for proxy, told, name in ((True, False, ""), (True, True, "by proxy"), (False, False, "by proxy")):
        monkeypatch.setattr(app, "whence", lambda *_, p=proxy, t=told: app.Whence("by proxy", p, t))
        assert scene.ask("/open") == 200
        assert scene.did[0] == ("take", "", "by proxy", 1.0)
        assert scene.handler.counted[-1] == name

    def broken(*_: Any) -> Any:
        raise TiledVizError("the secret cannot be read")

    monkeypatch.setattr(app, "whence", broken)
    assert scene.ask("/open") == 200
    assert scene.did[0] == ("take", "", "peer", 1.0)
    assert scene.handler.counted[-1] == "peer"


# ----------------------------------------------------------------------- calls


def test_who_is_not_known_or_whom_the_proxy_takes_for_another_gets_nothing(scene: Scene) -> None:
    assert scene.ask("/open") == 200
    assert scene.call.login == app.NOBODY
    assert scene.environ[app.ROUTE] == "/open"
    assert app.WHO not in scene.environ
    for known, fits in ((None, True), (login_of(), False), (None, False)):
        scene.login, scene.fits = known, fits
        assert scene.ask("/open") == 200
        for path in ("/see", "/operate", "/me", "/projects/4", "/tiles/1"):
            assert scene.turned_away(401, path)
            assert [each[0] for each in scene.did] == ["take"]
        assert scene.handler.trusted == 0


def test_who_is_known_is_believed_for_their_connection_and_counted_for_themselves(scene: Scene) -> None:
    me = digest(COOKIE)
    assert scene.ask("/see") == 200
    assert scene.did[:4] == [
        ("take", "", "peer", 1.0), ("remember", "credential", me), ("move", "credential", "peer", 1.0), ("browser", me)
    ]  # fmt: skip
    assert app.STRANGER not in scene.environ
    assert scene.environ[app.WHO] == "accounts:ada"
    assert scene.environ[app.ROUTE] == "/see"
    assert scene.handler.trusted == 1
    scene.known = "cookie"
    assert scene.ask("/see") == 200
    assert not scene.named("move")
    assert scene.ask("/see", **{app.HANDLER: None}) == 200


def test_who_has_not_the_right_is_turned_away_and_that_is_written_down(scene: Scene) -> None:
    assert scene.turned_away(403, "/operate", HTTP_X_TILEDVIZ_SESSION="second")
    assert scene.named("counted as refused")
    ((_, entry, why),) = scene.named("refused")
    assert (entry.verb, entry.session, entry.project, entry.by.who) == ("do", "second", 4, "ada")
    assert why == json.loads(scene.answer)["error"]
    assert scene.turned_away(403, "/quiet")  # what is not in the audit is counted alone
    assert scene.named("counted as refused")
    assert not scene.named("refused")
    assert scene.turned_away(403, "/all")
    scene.login = login_of(administrator=True)
    assert scene.ask("/all") == 200
    scene.login = login_of("viewer", {TILE})
    assert scene.turned_away(403, "/see")
    assert scene.turned_away(404, "/projects/5")
    assert scene.turned_away(404, "/sessions/other")


def test_a_call_is_about_what_its_path_says_or_its_header_or_the_first_session(scene: Scene) -> None:
    assert scene.ask("/see") == 200
    assert (scene.call.login.session, scene.call.login.role) == ("main", "viewer")
    assert scene.ask("/see", HTTP_X_TILEDVIZ_SESSION="second") == 200
    assert scene.call.login.session == "second"
    assert scene.turned_away(404, "/see", HTTP_X_TILEDVIZ_SESSION="other")
    assert scene.ask("/sessions/second", HTTP_X_TILEDVIZ_SESSION="main") == 200
    assert (scene.call.login.session, scene.call.path) == ("second", {"session": "second"})
    assert scene.ask("/projects/4", HTTP_X_TILEDVIZ_SESSION="main") == 200
    assert (scene.call.login.session, scene.call.login.grant) == ("", Grant("viewer"))
    assert scene.ask("/me", HTTP_X_TILEDVIZ_SESSION="main") == 200
    assert (scene.call.login.session, scene.call.login.grant) == ("", None)


def test_tiles_in_path_query_and_body_are_of_the_session_and_of_those_one_was_invited_to(scene: Scene) -> None:
    def each_way(tile: int) -> list[int]:
        named = [{"tile": tile}, {"tiles": [tile]}, {"tiles": [TILE, tile]}, {"tiles": [TILE], "tile": tile}]
        statuses = [scene.ask("/named", body) for body in named]
        if scene.login is not None and scene.login.within("main").grant == Grant("viewer"):
            statuses.append(scene.ask("/see", query=f"tile={tile}"))
        return [*statuses, scene.ask(f"/tiles/{tile}")]

    assert set(each_way(TILE)) == set(each_way(2)) == {200}
    assert set(each_way(OTHERS)) == {404}
    assert not scene.named("handle")
    scene.login = login_of("guest", {TILE, OTHERS})
    assert set(each_way(TILE)) == {200}
    assert set(each_way(OTHERS)) == {404}
    assert set(each_way(2)) == {404}
    assert not scene.named("shows")  # what it says of others' tiles cannot be told by how long it takes
    assert json.loads(scene.answer)["error"] == "there is no tile 2"
    for nothing in ({}, {"tiles": []}, {"tiles": 9}, {"tiles": None, "tile": None}):  # a number of tiles names none
        assert scene.ask("/named", nothing) == 200
    assert scene.ask("/person", {"tile": OTHERS, "tiles": [OTHERS]}) == 200  # tiles of no session
    assert scene.ask("/open/named", {"tile": OTHERS}) == 200  # nobody's session
    scene.login = login_of()
    assert scene.ask("/jobs/local-1") == 200
    assert scene.turned_away(404, "/jobs/local-2")
    assert scene.turned_away(404, "/jobs/local-1", HTTP_X_TILEDVIZ_SESSION="second")


def test_a_body_is_json_and_says_so(scene: Scene) -> None:
    for kind in (
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonx", None,
        "text/plain; application/json", ";application/json",
    ):  # fmt: skip
        assert scene.turned_away(415, "/named", {}, CONTENT_TYPE=kind)
    for kind in ("application/json", " Application/JSON ; charset=utf-8"):
        assert scene.ask("/named", {"tile": TILE}, CONTENT_TYPE=kind) == 200
    assert scene.call.body == Named(tile=TILE)
    assert scene.turned_away(400, "/named", b"{")
    assert scene.turned_away(400, "/named", {"tile": "x"})
    assert scene.ask("/text", b'{"tile": "x"') == 200
    assert scene.call.body == '{"tile": "x"'
    assert scene.turned_away(400, "/text", b"\xff")
    assert scene.ask("/see", CONTENT_TYPE="text/plain") == 200
    assert scene.call.body is None


def test_an_answer_has_its_type_and_what_its_handler_says(scene: Scene) -> None:
    scene.value = {"a": 1}
    assert scene.ask("/see") == 200
    assert (scene.answer, scene.headers["Content-Type"]) == (b'{"a":1}', "application/json")
    scene.value = b"png"
    scene.given = {"Set-Cookie": "one=1"}
    assert scene.ask("/picture/x") == 200
    assert scene.headers["Set-Cookie"] == "one=1"
    assert (scene.answer, scene.headers["Content-Type"]) == (b"png", "image/png")


def test_only_who_may_make_the_call_may_send_a_large_body(scene: Scene) -> None:
    def most(path: str = "/large/main", **headers: str) -> int:
        return app.body_max(scene.portal, PREFIX + path, headers)

    assert most() == BODY_MAX
    scene.login = login_of(operate=True)
    assert most() == BODY_MAX * 2
    assert most("/large/second") == BODY_MAX * 2
    assert most("/large/other") == most("/named") == most("/large/main/x") == most("/large/") == BODY_MAX
    scene.away = "the store is away"
    assert most() == BODY_MAX
    scene.away, scene.login = None, None
    assert most() == BODY_MAX


# ----------------------------------------------------------------------- audit


def test_what_operates_is_written_down_before_it_is_done_or_is_not_done(scene: Scene) -> None:
    scene.login = login_of(operate=True)
    assert scene.ask("/operate") == 200
    begun, done, ended = (each for each in scene.did if each[0] in ("begin", "handle", "end"))
    assert (begun[0], done[0], ended[0]) == ("begin", "handle", "end")
    assert begun[1] is ended[1]
    assert (begun[1].verb, begun[1].session, begun[1].project) == ("do", "main", 4)
    assert ended[2:] == ("done", "", 0)
    scene.fault = TiledVizError("the audit cannot be written")
    assert scene.turned_away(503, "/operate")
    assert scene.ask("/quiet") == 409  # it says that it is in no audit
    assert scene.named("handle")
    scene.fault = None
    for path, begins in (("/see", False), ("/quiet", None)):
        assert scene.ask(path) == 200
        assert not scene.named("begin")
        assert bool(scene.named("end")) is (begins is False)


@pytest.mark.parametrize(
    ("error", "status", "outcome"),
    [
        (ApiError(404, "gone"), 404, "refused"), (ApiError(503, "full"), 503, "failed"),
        (CallRefusedError("no", True, None), 400, "refused"), (CallRefusedError("no", False, None), 409, "failed"),
        (WorkerLostError("lost"), 503, "broken off"), (CallFailedError("a fault"), 500, "failed"),
        (TiledVizError("no"), 409, "failed"), (ZeroDivisionError(), 500, "failed"),
    ],
)  # fmt: skip
def test_how_a_call_failed_is_written_down_and_answered(
    scene: Scene, error: Exception, status: int, outcome: str
) -> None:
    scene.login, scene.fault = login_of(operate=True), error
    assert scene.ask("/operate") == status
    ((_, entry, how, why, failed),) = scene.named("end")
    assert (entry, how, failed) == (scene.named("begin")[0][1], outcome, 0)
    assert why
    assert "\n" not in why


def test_what_went_wrong_in_some_tiles_is_written_down_with_how_many(scene: Scene) -> None:
    scene.login = login_of(operate=True)
    scene.value = {"results": [{"error": "first"}, {"error": ""}, {}, {"error": "second"}]}
    assert scene.ask("/operate") == 200
    assert scene.named("end")[0][2:] == ("failed", "first", 2)


# --------------------------------------------------------------------- streams

KEYS = {
    "HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade", "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip


def protocols(scene: Scene, stream: Any = "wall", tile: int | None = None, *more: str, session: str = "main") -> str:
    assert scene.login is not None
    ticket = scene.tickets.issue(scene.login.within(session), stream, tile)
    return ", ".join(("tiledviz", f"ticket.{ticket}", *more))


def test_a_stream_is_for_a_page_of_ours_with_one_fresh_ticket(scene: Scene) -> None:
    def refused(status: int, path: str = "/wall/stream", **headers: Any) -> bool:
        return scene.turned_away(status, path, **({"HTTP_SEC_WEBSOCKET_PROTOCOL": protocols(scene)} | KEYS | headers))

    good = protocols(scene)
    assert scene.ask("/wall/stream", HTTP_SEC_WEBSOCKET_PROTOCOL=good, **KEYS) == 200
    ((_, key, login, tile),) = scene.named("serve")
    assert (key, login, tile) == (KEYS["HTTP_SEC_WEBSOCKET_KEY"], login_of().within("main"), None)
    assert scene.handler.trusted == 1
    assert (scene.environ[app.ROUTE], scene.environ[app.WHO]) == ("/wall/stream", "accounts:ada")
    assert scene.answer == b""
    assert refused(401, HTTP_SEC_WEBSOCKET_PROTOCOL=good)  # it is spent
    assert refused(403, HTTP_ORIGIN=None)
    assert refused(403, HTTP_ORIGIN="http://evil.example")
    assert refused(401, HTTP_SEC_WEBSOCKET_PROTOCOL=None)
    assert refused(401, HTTP_SEC_WEBSOCKET_PROTOCOL="tiledviz")
    assert refused(401, HTTP_SEC_WEBSOCKET_PROTOCOL=protocols(scene).removeprefix("tiledviz, "))
    assert refused(401, HTTP_SEC_WEBSOCKET_PROTOCOL=protocols(scene).replace("ticket.", ""))
    two = protocols(scene, "wall", None, protocols(scene).partition(", ")[2])
    assert refused(401, HTTP_SEC_WEBSOCKET_PROTOCOL=two)
    assert refused(401, HTTP_SEC_WEBSOCKET_PROTOCOL=protocols(scene, "rfb", TILE))
    scene.fits = False
    assert refused(401)
    scene.fits = True
    assert refused(426, HTTP_UPGRADE="h2c")
    scene.full = True
    assert refused(503)
    assert scene.handler.trusted == 1  # nobody of those who were refused


def test_a_stream_needs_its_right_and_a_tile_that_is_there_for_who_asks(scene: Scene) -> None:
    def open_(path: str, *ticket: Any, session: str = "main") -> int:
        return scene.ask(path, HTTP_SEC_WEBSOCKET_PROTOCOL=protocols(scene, *ticket, session=session), **KEYS)

    assert open_("/operate/stream") == 403
    assert not scene.named("serve")
    scene.login = login_of(operate=True)
    assert open_("/operate/stream") == 200
    assert open_("/wall/stream", session="other") == 404
    assert open_("/tiles/2/rfb", "rfb", 2) == 200
    assert scene.named("serve")[0][3] == 2
    assert open_("/tiles/2/rfb", "rfb", TILE) == 401
    assert open_(f"/tiles/{OTHERS}/rfb", "rfb", OTHERS) == 404
    scene.login = login_of("guest", {TILE})
    assert open_("/wall/stream") == 200
    assert not scene.named("shows")
    assert open_("/tiles/1/rfb", "rfb", TILE) == 200
    assert open_("/tiles/2/rfb", "rfb", 2) == 404
    assert not scene.named("serve")
