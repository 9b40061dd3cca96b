"""Who may do what: every route for every role, and the pages of one browser apart."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from portal_kit import Browser, RunningJob, RunningPortal
from tvcore.portal import app, roles
from tvcore.portal.auth import Hosts, Login, Tickets, digest
from tvcore.portal.roles import ROLES, TABLE, Right, Role
from tvcore.portal.route import PREFIX
from tvcore.portal.routes import ROUTES

HOST = "127.0.0.1:9"
COOKIE = "c" * 64

# Written down here a second time: a route that loses its right, or comes without a thought, fails these tests.
NEEDED: dict[str, Right | None] = {
    "GET /health": None,
    "POST /login": None,
    "POST /logout": "see",
    "GET /openapi.json": "see",
    "GET /wall": "see",
    "GET /query": "see",
    "GET /summary": "see",
    "GET /nearest": "see",
    "GET /tiles": "see",
    "GET /tiles/{tile}/log": "see",
    "GET /tiles/{tile}/qr": "see",
    "GET /jobs": "see",
    "GET /cases": "see",
    "POST /tickets": "see",
    "GET /wall/stream": "see",
    "GET /tiles/{tile}/rfb": "see",
    "POST /launch": "operate",
    "POST /jobs/{job}/stop": "operate",
    "POST /jobs/{job}/again": "operate",
    "POST /tiles/restart": "operate",
    "POST /tiles/stop": "operate",
    "POST /tiles/remove": "operate",
    "POST /tiles/resize": "operate",
    "POST /tiles/run": "operate",
    "POST /tiles/put": "operate",
    "POST /tiles/get": "operate",
    "POST /tiles/type": "operate",
    "POST /tiles/key": "operate",
    "POST /tiles/move": "operate",
    "POST /tiles/click": "operate",
    "POST /tiles/drag": "operate",
    "POST /tiles/windows": "operate",
    "POST /tiles/window": "operate",
    "POST /tiles/play": "arrange",
    "POST /tiles/actions": "operate",
    "POST /tiles/act": "operate",
    "GET /session/versions": "see",
    "GET /session/versions/{version}": "see",
    "GET /session/export": "see",
    "POST /session/versions": "arrange",
    "POST /session/versions/{version}/restore": "arrange",
    "POST /session/versions/{version}/delete": "arrange",
    "POST /session/import": "arrange",
    "GET /tilesets": "see",
    "GET /tilesets/schema": "see",
    "GET /tilesets/{name}": "see",
    "GET /tilesets/{name}/revisions": "see",
    "POST /tilesets/{name}": "operate",
    "POST /tilesets/{name}/copy": "operate",
    "POST /tilesets/{name}/rename": "operate",
    "POST /tilesets/{name}/remove": "operate",
    "POST /tilesets/{name}/restore": "operate",
    "POST /tilesets/{name}/show": "operate",
    "POST /tilesets/import": "operate",
    "POST /tilesets/from-wall": "operate",
    "POST /export": "operate",
}
OPERATE = [name for name, right in NEEDED.items() if right == "operate"]


class Desk:
    """The application, with handlers that do nothing, for callers of any role."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        idle = [replace(route, handle=lambda _: {}, run=lambda *_: None) for route in ROUTES]
        monkeypatch.setattr(app, "ROUTES", idle)
        self.login: Login | None = None
        self.tickets = Tickets()
        logins = SimpleNamespace(recognise=lambda _: self.login, cookies=lambda _: [COOKIE])
        portal: Any = SimpleNamespace(hosts=Hosts("", 9), logins=logins, tickets=self.tickets)
        self._app = app.make_app(portal)

    def ask(self, name: str, role: Role | None) -> tuple[int, dict[str, Any]]:
        """Return what one of *role*, None: who is not logged in, is answered to *name*: a method and a path."""
        for part, value in {"tile": "1", "job": "local-1", "version": "1", "name": "brains"}.items():
            name = name.replace(f"{{{part}}}", value)
        method, path = name.split()
        self.login = role and Login(digest(COOKIE), COOKIE, role)
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": PREFIX + path, "QUERY_STRING": "", "HTTP_HOST": HOST,
            "HTTP_ORIGIN": f"http://{HOST}", "CONTENT_TYPE": "text/plain", "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(), "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        }  # fmt: skip
        stream, tile = {"/wall/stream": ("wall", None), "/tiles/1/rfb": ("rfb", 1)}.get(path, (None, None))
        if stream and self.login:
            ticket = self.tickets.issue(self.login, stream, tile)  # type: ignore[arg-type]
            environ["HTTP_SEC_WEBSOCKET_PROTOCOL"] = f"tiledviz, ticket.{ticket}"
        status: list[str] = []
        answer = b"".join(self._app(environ, lambda given, *_: status.append(given)))
        return int(status[0].split()[0]), json.loads(answer)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_every_route_is_in_the_table_of_this_test() -> None:
    assert sorted(NEEDED) == sorted(f"{route.method} {route.path}" for route in ROUTES)


@pytest.mark.parametrize("name", NEEDED)
def test_a_route_is_for_those_roles_that_have_its_right_and_for_no_others(desk: Desk, name: str) -> None:
    right = NEEDED[name]
    for role in ROLES:
        status, answer = desk.ask(name, role)
        if right is None or right in TABLE[role]:
            assert status not in (401, 403), (role, answer)
        else:
            assert status == 403, (role, answer)
            assert f"the role {role} has not the right `{right}`" in answer["error"]
            assert "\n" not in answer["error"]
    status, answer = desk.ask(name, None)
    assert (status == 401) == (right is not None), answer


@pytest.mark.parametrize("name", [name for name, right in NEEDED.items() if right])
def test_a_role_without_any_right_reaches_no_route(desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "TABLE", {**TABLE, "guest": frozenset()})
    status, answer = desk.ask(name, "guest")
    assert status == 403
    assert f"`{NEEDED[name]}`" in answer["error"]


def test_the_table_of_roles_gives_the_shell_to_the_owner_alone_and_everyone_sees() -> None:
    assert [role for role in ROLES if roles.may(role, "operate")] == ["owner"]
    assert [role for role in ROLES if roles.may(role, "see")] == list(ROLES)
    assert roles.rights("editor") == ["see", "arrange"]
    assert roles.known("viewer") == "viewer"
    assert roles.known("emperor") is None


# ---------------------------------------------------------------- a real portal


@pytest.mark.parametrize("role", ROLES)
def test_a_page_is_told_its_role_and_rights_when_it_logs_in(portal: RunningPortal, role: Role) -> None:
    answer = Browser(portal).post("/login", {"ticket": portal.login_ticket(role=role)}).json
    assert answer["role"] == role
    assert set(answer["rights"]) == TABLE[role]


def test_a_viewer_sees_the_wall_and_acts_on_nothing(portal: RunningPortal, standing_job: RunningJob) -> None:
    viewer = portal.login("viewer")
    for path in ("/wall", "/tiles", "/jobs", "/cases", f"/tiles/{standing_job.tiles[0]}/log"):
        assert viewer.get(path).status == 200, path
    for name in OPERATE:
        answer = viewer.post(name.split()[1].replace("{job}", standing_job.id).replace("{name}", "brains"), {})
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


def test_the_description_names_the_right_of_every_route_that_needs_one(browser: Browser) -> None:
    document = browser.get("/openapi.json").json
    for name, right in NEEDED.items():
        method, path = name.split()
        operation = document["paths"][PREFIX + path][method.lower()]
        assert operation.get("x-right") == right, name
        assert (f"`{right}`" in operation.get("description", "")) == (right is not None)
