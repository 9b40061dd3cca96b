"""Who may do what: every route for everybody there can be, and the pages of one browser apart."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest
from pydantic import BaseModel
from test_authorisation import EXPECTED
from websockets.exceptions import InvalidStatus

from portal_kit import PATH_VALUES, Browser, RunningJob, RunningPortal, filled
from tvcore.portal import app
from tvcore.portal.access import Access, ProjectAccess, SessionAccess, Who
from tvcore.portal.auth import Logins, digest
from tvcore.portal.cookies import CookieJar
from tvcore.portal.core import Portal
from tvcore.portal.hosts import Hosts
from tvcore.portal.rates import Rates
from tvcore.portal.roles import Grant, Need, Right, Role
from tvcore.portal.route import PREFIX, Route
from tvcore.portal.routes import ROUTES

HOST = "127.0.0.1:9"
COOKIE, KEY = "c" * 64, "d" * 64
TOKEN = "tvz_" + "t" * 43

# Written down here a second time: a route that loses its right, or comes without a thought, fails these tests.
# A path parameter that is new gets a value in portal_kit.PATH_VALUES.
NEEDED: dict[str, Need | None] = {
    "GET /health": None,
    "POST /login": None,
    "GET /login-way": None,
    "GET /health/ready": None,
    "GET /metrics": None,  # of itself: for the portal's own Unix user, root, and who has a token for it
    "GET /audit": Need("portal"),
    "GET /projects/{project}/audit": Need("project", "own"),
    "POST /logout": Need("person", guests=True),
    "GET /me": Need("person", guests=True),
    "GET /openapi.json": Need("person", guests=True),
    "POST /account/register": None,
    "POST /account/verify": None,
    "POST /account/forgot": None,
    "POST /account/reset": None,
    "GET /account": Need("person"),
    "POST /account/display": Need("person"),
    "POST /account/password": Need("person"),
    "POST /account/mail": Need("person"),
    "POST /account/totp/setup": Need("person"),
    "POST /account/totp/confirm": Need("person"),
    "POST /account/totp/off": Need("person"),
    "POST /account/totp/recovery": Need("person"),
    "POST /account/logout-everywhere": Need("person"),
    "GET /accounts": Need("portal"),
    "POST /accounts": Need("portal"),
    "POST /accounts/{person}/approve": Need("portal"),
    "POST /accounts/{person}/activate": Need("portal"),
    "POST /accounts/{person}/deactivate": Need("portal"),
    "POST /accounts/{person}/administrator": Need("portal"),
    "POST /accounts/{person}/reset": Need("portal"),
    "GET /tokens": Need("person"),
    "POST /tokens": Need("person"),
    "POST /tokens/{token}/revoke": Need("person"),
    "GET /display-walls": Need(right="manage"),
    "POST /display-walls": Need(right="manage"),
    "POST /display-walls/{name}/remove": Need(right="manage"),
    "GET /wall": Need(chosen=True),
    "GET /query": Need(),
    "GET /summary": Need(),
    "GET /nearest": Need(),
    "POST /analysis": Need(right="arrange"),
    "GET /tiles": Need(),
    "GET /tiles/{tile}/log": Need(right="read"),
    "GET /tiles/{tile}/qr": Need(),
    "GET /jobs": Need(),
    "GET /cases": Need(right="operate"),
    "POST /tickets": Need(chosen=True),
    "GET /wall/stream": Need(chosen=True),
    "GET /tiles/{tile}/rfb": Need(chosen=True),
    "POST /launch": Need(right="operate"),
    "POST /jobs/{job}/stop": Need(right="operate"),
    "POST /jobs/{job}/again": Need(right="operate"),
    "POST /tiles/restart": Need(right="operate"),
    "POST /tiles/stop": Need(right="operate"),
    "POST /tiles/remove": Need(right="operate"),
    "POST /tiles/resize": Need(right="operate"),
    "POST /tiles/run": Need(right="operate"),
    "POST /tiles/put": Need(right="operate"),
    "POST /tiles/get": Need(right="operate"),
    "POST /tiles/type": Need(right="operate"),
    "POST /tiles/key": Need(right="operate"),
    "POST /tiles/move": Need(right="operate"),
    "POST /tiles/click": Need(right="operate"),
    "POST /tiles/drag": Need(right="operate"),
    "POST /tiles/windows": Need(right="operate"),
    "POST /tiles/window": Need(right="operate"),
    "POST /tiles/play": Need(right="arrange"),
    "POST /tiles/actions": Need(),
    "POST /tiles/act": Need(),
    "GET /acts/{request}": Need(),
    "POST /acts/{request}/cancel": Need(),
    "GET /session/versions": Need(right="read"),
    "GET /session/versions/{version}": Need(right="read"),
    "GET /session/export": Need(right="read"),
    "POST /session/versions": Need(right="arrange"),
    "POST /session/versions/{version}/restore": Need(right="arrange"),
    "POST /session/versions/{version}/delete": Need(right="arrange"),
    "POST /session/import": Need(right="arrange"),
    "GET /tilesets": Need(right="read"),
    "GET /formats": Need(right="read"),
    "GET /tilesets/schema": Need(right="read"),
    "GET /tilesets/{name}": Need(right="read"),
    "GET /tilesets/{name}/revisions": Need(right="read"),
    "POST /tilesets/{name}": Need(right="arrange"),
    "POST /tilesets/{name}/copy": Need(right="arrange"),
    "POST /tilesets/{name}/rename": Need(right="arrange"),
    "POST /tilesets/{name}/remove": Need(right="arrange"),
    "POST /tilesets/{name}/restore": Need(right="arrange"),
    "POST /tilesets/{name}/show": Need(right="operate"),
    "POST /tilesets/import": Need(right="operate"),
    "POST /tilesets/from-wall": Need(right="operate"),
    "POST /export": Need(right="operate"),
    "POST /sheet": Need(right="read"),
    "GET /offers": Need(right="operate"),
    "GET /launches/{request}": Need(right="operate"),
    "POST /launches/{request}/cancel": Need(right="operate"),
    "GET /cases/{case}/picture": Need(right="operate"),
    "POST /cases/{case}/check": Need(right="operate"),
    "POST /cases/{case}/prepare": Need(right="operate"),
    "GET /presets": Need(right="operate"),
    "POST /presets": Need(right="operate"),
    "POST /presets/{name}/rename": Need(right="operate"),
    "POST /presets/{name}/remove": Need(right="operate"),
    "GET /projects": Need("person"),
    "POST /projects": Need("portal"),
    "POST /projects/{project}/rename": Need("project", "own"),
    "POST /projects/{project}/delete": Need("project", "own"),
    "GET /projects/{project}/members": Need("project", "read"),
    "POST /projects/{project}/members": Need("project", "manage"),
    "POST /projects/{project}/members/{person}/role": Need("project", "manage"),
    "POST /projects/{project}/members/{person}/operate": Need("project", "own"),
    "POST /projects/{project}/members/{person}/remove": Need("project", "manage"),
    "POST /projects/{project}/leave": Need("project", "see"),
    "POST /projects/{project}/transfer": Need("project", "own"),
    "POST /projects/{project}/sessions": Need("project", "host"),
    "GET /sessions": Need("person", guests=True),
    "GET /sessions/{session}": Need(right="read"),
    "POST /sessions/{session}/rename": Need(right="host"),
    "POST /sessions/{session}/copy": Need(right="host"),
    "POST /sessions/{session}/archive": Need(right="host"),
    "POST /sessions/{session}/show": Need(right="host"),
    "POST /sessions/{session}/hide": Need(right="host"),
    "POST /sessions/{session}/delete": Need(right="manage"),
    "GET /invitations": Need(right="manage"),
    "POST /invitations": Need(right="manage"),
    "POST /invitations/{invitation}/revoke": Need(right="manage"),
    "POST /invitations/accept": None,
    "POST /qr": Need("person", guests=True),
}
CLOSED = {name: need for name, need in NEEDED.items() if need is not None}
OPERATE = [name for name, need in CLOSED.items() if need.right == "operate"]

TILE, OTHERS_TILE, NEXT_TILE = 1, 2, 3  # of the session "main"; of the session "other"; of "main" again


@dataclass(frozen=True)
class Caller:
    """Somebody who calls: what the store says of them, and whether they show an API token instead of a page's login."""

    access: Access
    token: bool = False


def member(
    role: Role,
    operate: bool = False,
    administrator: bool = False,
    scope: set[Right] | None = None,
    session: str = "main",
    project: int = 1,
) -> Caller:
    """Return who has an account and is in one session and its project; with *scope* by an API token."""
    grant = Grant(role, operate, None, None if scope is None else frozenset(scope))
    who = Who(7, "accounts", "ada", "Ada", administrator, None, None if scope is None else "script")
    return Caller(
        Access(
            who, 1, {session: SessionAccess(session, "A wall", project, False, grant)},
            {project: ProjectAccess(project, "A project", grant)},
        ),
        scope is not None,
    )  # fmt: skip


def guest(operate: bool = False, tiles: set[int] | None = None) -> Caller:
    """Return who came by an invitation to the session "main", or to *tiles* of it."""
    grant = Grant("guest", operate, None if tiles is None else frozenset(tiles))
    return Caller(
        Access(Who(8, "guest", "g-1", "Bob", False, 3), 1, {"main": SessionAccess("main", "A wall", 1, False, grant)})
    )


STRANGERS: Mapping[str, Caller] = {
    "the owner of another project": member("owner", session="other", project=2),
    "an administrator who is in another project": member("owner", administrator=True, session="other", project=2),
    "somebody who is in no project": Caller(Access(Who(9, "proxy", "eve", "Eve"), 1)),
    "an administrator who is in no project": Caller(Access(Who(9, "proxy", "eve", "Eve", True), 1)),
    "a guest whose invitation was revoked": Caller(Access(Who(8, "guest", "g-1", "Bob", False, 3), 1)),
    "the API token of another session": member("owner", scope=set(EXPECTED["owner"]), session="other", project=2),
}


class Named(BaseModel):
    """A body that names tiles."""

    tile: int | None = None
    tiles: list[int] | None = None


class Book:
    """A store of logins in which one is known: the caller's."""

    def __init__(self) -> None:
        self.caller: Caller | None = None

    def of_login(self, cookie_hash: str, key_hash: str) -> Access | None:
        known = (cookie_hash, key_hash) == (digest(COOKIE), digest(KEY))
        return self.caller.access if self.caller and not self.caller.token and known else None

    def of_token(self, token: str) -> Access | None:
        return self.caller.access if self.caller and self.caller.token and token == TOKEN else None


class Desk:
    """The application, with handlers that do nothing, for callers of every kind."""

    def __init__(self) -> None:
        self.book = Book()
        self.portal: Any = Portal(Hosts("", 9), "tiledviz_9")
        self.portal.logins = Logins(self.book, CookieJar(Hosts("", 9), "tiledviz_9"))  # type: ignore[arg-type]
        self.portal.shows = lambda session, tile: tile in {"main": (TILE, NEXT_TILE), "other": (OTHERS_TILE,)}[session]
        self.portal.shows_job = lambda session, job: (session, job) == ("main", PATH_VALUES["job"])
        self.portal.rates = Rates(0)
        self._app = app.make_app(self.portal)

    def ask(
        self, name: str, caller: Caller | None, session: str = "main", body: dict[str, Any] | None = None, **path: str
    ) -> tuple[int, dict[str, Any]]:
        """Return status and answer to *name*: a method and a path; *caller* None: nobody who is logged in."""
        method, _, pattern = name.partition(" ")
        where = filled(pattern, **path)
        self.book.caller = caller
        self.portal.logins.doubt()
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": PREFIX + where, "QUERY_STRING": "", "HTTP_HOST": HOST,
            "HTTP_ORIGIN": f"http://{HOST}", "CONTENT_TYPE": "text/plain", "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(), "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
            "REMOTE_ADDR": "127.0.0.1", "HTTP_X_TILEDVIZ_SESSION": session,
        }  # fmt: skip
        if caller is not None and caller.token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
        elif caller is not None:
            environ |= {"HTTP_COOKIE": f"tiledviz_9={COOKIE}", "HTTP_X_TILEDVIZ_KEY": KEY}
        if body is not None:
            content = json.dumps(body).encode()
            environ |= {"CONTENT_TYPE": "application/json", "wsgi.input": io.BytesIO(content)}
            environ["CONTENT_LENGTH"] = str(len(content))
        if pattern in STREAMS and caller is not None and not caller.token:
            stream, tile = STREAMS[pattern], int(where.split("/")[2]) if "{tile}" in pattern else None
            login = self.portal.logins.recognise(environ).within(session)
            ticket = self.portal.tickets.issue(login, stream, tile)
            environ["HTTP_SEC_WEBSOCKET_PROTOCOL"] = f"tiledviz, ticket.{ticket}"
        status: list[str] = []
        answer = b"".join(self._app(environ, lambda given, *_: status.append(given)))
        return int(status[0].split()[0]), json.loads(answer)

    def refused(self, name: str, caller: Caller | None, *more: Any, **path: str) -> int | None:
        """Return the status with which *caller* is refused; None: the call came through to its handler or its body."""
        status, answer = self.ask(name, caller, *more, **path)
        if status == THROUGH[name]:
            return None
        assert status in (401, 403, 404), (name, status, answer)
        assert "\n" not in answer["error"]
        return status


STREAMS = {route.path: route.stream for route in ROUTES if route.stream is not None}
# How a call ends that nobody forbids: a stream without a handshake, a body that is none, a handler that does nothing.
THROUGH = {
    f"{route.method} {route.path}": 426 if route.stream else 200 if route.body is None else 415 for route in ROUTES
}


def idle(route: Route) -> Route:
    """Return *route* with a handler that does nothing; what comes with a call is of no matter to it."""
    return replace(route, handle=lambda _: {}, run=lambda *_: None, query=None, media="")


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "ROUTES", [idle(route) for route in ROUTES])
        yield Desk()


@pytest.fixture(scope="module")
def naming() -> Iterator[Desk]:
    """The same, where every body that names tiles has nothing else in it."""

    def simple(route: Route) -> Route:
        return idle(replace(route, body=Named if names_tiles(route) else route.body, unread=False))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "ROUTES", [simple(route) for route in ROUTES])
        yield Desk()


def names_tiles(route: Route) -> bool:
    """Return whether what is sent to *route* names tiles, by their ids."""
    fields = route.body.model_json_schema()["properties"] if route.body else {}
    return "tile" in fields or '"array"' in json.dumps(fields.get("tiles", {}))


def expected(need: Need, caller: Caller) -> int | None:
    """Return how somebody is refused what has this *need* in the session "main" or project 1; None: not at all."""
    who = caller.access.who
    if need.about == "portal":
        return None if who.administrator else 403
    if need.about == "person":
        return 403 if who.way == "guest" and not need.guests else None
    there: Any = caller.access.sessions.get("main") if need.about == "session" else caller.access.projects.get(1)
    if there is None:
        return 404
    grant = there.grant
    rights = EXPECTED[grant.role] | ({"operate"} if grant.operate else set())
    if grant.scope is not None:
        rights &= grant.scope
    return None if need.right in rights and (grant.tiles is None or need.chosen) else 403


# ---------------------------------------------------------------- the matrix


def test_every_route_is_in_the_table_of_this_test_with_what_it_needs() -> None:
    there = {f"{route.method} {route.path}": None if route.access == "open" else route.need for route in ROUTES}
    assert there == NEEDED


@pytest.mark.parametrize("name", NEEDED)
def test_a_route_is_for_those_whom_the_table_says_and_for_nobody_else(desk: Desk, name: str) -> None:
    need, stream = NEEDED[name], name.partition(" ")[2] in STREAMS
    everybody: dict[str, Caller] = dict(STRANGERS)
    for role in EXPECTED:
        for operate in (False, True):
            of = f"{role}{' who may operate' if operate else ''}"
            everybody[of] = member(role, operate)
            everybody[f"administrator and {of}"] = member(role, operate, administrator=True)
            for right in EXPECTED["owner"]:
                everybody[f"token for {right} of {of}"] = member(role, operate, scope={right})
                everybody[f"token for all but {right} of {of}"] = member(
                    role, operate, scope=EXPECTED["owner"] - {right}
                )
    for operate in (False, True):
        everybody[f"guest, control: {operate}"] = guest(operate)
        everybody[f"guest with one tile, control: {operate}"] = guest(operate, {TILE})
        everybody[f"guest with no tile, control: {operate}"] = guest(operate, set())
    for what, caller in everybody.items():
        if need is None:
            assert desk.refused(name, caller) is None, what
        elif stream and caller.token:
            assert desk.refused(name, caller) == 401, what  # a stream is for a page
        elif what.startswith("guest with no tile") and "{tile}" in name and expected(need, caller) is None:
            assert desk.refused(name, caller) == 404, what
        else:
            assert desk.refused(name, caller) == expected(need, caller), what
    assert desk.refused(name, None) == (None if need is None else 401)


@pytest.mark.parametrize("name", [name for name, need in CLOSED.items() if need.about == "session"])
def test_what_is_about_a_session_is_about_the_one_that_is_named_or_else_the_first(desk: Desk, name: str) -> None:
    if "{session}" in name:
        assert desk.refused(name, member("owner"), "other") is None  # the path goes before the header
        assert desk.refused(name, member("owner", session="other"), "other") == 404
        return
    assert desk.refused(name, member("owner"), "other") == 404
    if name.partition(" ")[2] not in STREAMS:
        assert desk.refused(name, member("owner"), "") is None
        assert desk.refused(name, next(iter(STRANGERS.values())), "nowhere") == 404


@pytest.mark.parametrize("name", [name for name in CLOSED if "{tile}" in name or "{job}" in name])
def test_a_tile_or_job_of_another_session_is_not_there(desk: Desk, name: str) -> None:
    other = {"tile": str(OTHERS_TILE), "job": "local-2"}
    for caller in (member("owner"), guest(True, {TILE, OTHERS_TILE})):
        assert desk.refused(name, caller, **other) is not None
    assert desk.refused(name, member("owner"), **other) == 404
    assert desk.refused(name, member("owner"), tile=str(NEXT_TILE)) is None


@pytest.mark.parametrize("name", [f"{each.method} {each.path}" for each in ROUTES if names_tiles(each)])
def test_a_body_names_tiles_of_the_session_alone_and_of_those_that_one_was_invited_to(naming: Desk, name: str) -> None:
    owner, chosen = member("owner"), guest(True, {TILE, OTHERS_TILE})
    may = NEEDED[name] is not None and NEEDED[name].chosen  # type: ignore[union-attr]
    for body in ({"tiles": [TILE]}, {"tile": TILE}, {"tiles": [TILE], "tile": TILE}, {}, {"tiles": []}):
        assert naming.ask(name, owner, "main", body)[0] == 200, body
        assert naming.ask(name, chosen, "main", body)[0] == (200 if may else 403), body
    for body in ({"tiles": [NEXT_TILE]}, {"tile": NEXT_TILE}, {"tiles": [TILE, NEXT_TILE]}):
        assert naming.ask(name, owner, "main", body)[0] == 200, body
        assert naming.ask(name, chosen, "main", body)[0] == (404 if may else 403), body
    for body in ({"tiles": [OTHERS_TILE]}, {"tile": OTHERS_TILE}, {"tiles": [TILE, OTHERS_TILE]}, {"tile": 0}):
        status, answer = naming.ask(name, owner, "main", body)
        assert (status, answer["error"][:22]) == (
            404,
            "there is no tile 0"[:22] if body == {"tile": 0} else "there is no tile 2",
        )
        assert naming.ask(name, chosen, "main", body)[0] == (404 if may else 403), body


def test_a_ticket_of_one_session_or_tile_opens_no_other(desk: Desk) -> None:
    stream = "GET /tiles/{tile}/rfb"
    desk.book.caller = member("owner")
    desk.portal.logins.doubt()
    headers = {"HTTP_HOST": HOST, "HTTP_COOKIE": f"tiledviz_9={COOKIE}", "HTTP_X_TILEDVIZ_KEY": KEY}
    login = desk.portal.logins.recognise(headers).within("main")
    for wanted, tile in (("rfb", NEXT_TILE), ("wall", None)):
        ticket = desk.portal.tickets.issue(login, wanted, tile)
        assert desk.portal.tickets.use(ticket, [COOKIE], "rfb", TILE) is None
        assert desk.portal.tickets.use(ticket, [COOKIE], wanted, tile) is None  # it is spent by that
    assert desk.refused(stream, guest(False, {NEXT_TILE})) == 404
    assert desk.refused(stream, guest(False, {TILE})) is None


# ---------------------------------------------------------------- a real portal


@pytest.mark.parametrize("role", EXPECTED)
def test_a_page_is_told_its_role_and_rights_when_it_logs_in(portal: RunningPortal, role: Role) -> None:
    answer = Browser(portal).post("/login", {"ticket": portal.login_ticket(role=role)}).json
    assert answer["role"] == role
    assert set(answer["rights"]) == EXPECTED[role]


def test_a_viewer_sees_the_wall_and_acts_on_nothing(portal: RunningPortal, standing_job: RunningJob) -> None:
    viewer = portal.login("viewer")
    for path in ("/wall", "/tiles", "/jobs", "/me", f"/tiles/{standing_job.tiles[0]}/log"):
        assert viewer.get(path).status == 200, path
    for name in OPERATE:
        method, _, path = name.partition(" ")
        path = filled(path, job=standing_job.id, tile=str(standing_job.tiles[0]))
        answer = viewer.get(path) if method == "GET" else viewer.post(path, {})
        assert answer.status == 403, name
        assert answer.json["error"].startswith("the role viewer has not the right `operate`")
    assert standing_job.agent.calls == []
    assert standing_job.runner.poll() is None


def test_only_who_may_put_a_file_may_send_a_large_body(portal: RunningPortal) -> None:
    body = {"tiles": [999999], "path": "x", "data": "A" * 100_000}  # there is no such tile
    assert portal.login("viewer").post("/tiles/put", body).status == 413
    assert portal.login().post("/tiles/put", body).status != 413


def test_two_pages_of_one_browser_have_a_role_each(
    portal: RunningPortal, browser: Browser, standing_job: RunningJob
) -> None:
    second = Browser(portal)
    second.cookie = browser.cookie
    second.key = second.post("/login", {"ticket": portal.login_ticket(role="viewer")}).json["key"]
    assert second.cookie == browser.cookie
    for _ in range(2):  # the second time from what is remembered
        assert second.post("/tiles/restart", {}).status == 403
        assert browser.post("/tiles/restart", {}).status == 400
    ticket = second.ticket("rfb", standing_job.tiles[0])
    assert browser.post("/logout").status == 200
    assert second.get("/wall").status == 401
    with pytest.raises(InvalidStatus):
        second.open(f"/tiles/{standing_job.tiles[0]}/rfb", ticket)


def test_an_address_for_a_role_is_printed_by_the_command_line(portal: RunningPortal) -> None:
    environment = {**os.environ, "TILEDVIZ_HOME": str(portal.home)}
    for role in ("viewer", "owner"):
        command = [sys.executable, "-m", "tvcore", "open", "--json", *(["--role", role] if role != "owner" else [])]
        printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        ticket = json.loads(printed.stdout)["url"].partition("#login=")[2]
        assert Browser(portal).post("/login", {"ticket": ticket}).json["role"] == role
    wrong = subprocess.run(
        [sys.executable, "-m", "tvcore", "open", "--role", "emperor"], env=environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "emperor" in wrong.stderr


def test_the_description_says_what_every_route_needs(browser: Browser) -> None:
    document = browser.get("/openapi.json").json
    for name, need in NEEDED.items():
        method, path = name.split()
        operation = document["paths"][PREFIX + path][method.lower()]
        assert operation.get("x-need") == (need and asdict(need)), name
        if need is None or need.about in ("person", "portal"):
            continue
        assert operation["description"].startswith(f"Needs the right `{need.right}` in the {need.about}"), name
        assert ("chosen tiles" in operation["description"]) == need.chosen
