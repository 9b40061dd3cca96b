"""The web API: one table of routes, from which the application and its description are made."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import gevent

from tvcore.portal import focus, messages, wall
from tvcore.portal.account_routes import ACCOUNT_ROUTES
from tvcore.portal.analysis_routes import ANALYSIS_ROUTES
from tvcore.portal.audit_routes import AUDIT_ROUTES
from tvcore.portal.auth import Login
from tvcore.portal.coming_in import come_in
from tvcore.portal.core import Portal
from tvcore.portal.display_wall_routes import DISPLAY_WALL_ROUTES
from tvcore.portal.export_routes import EXPORT_ROUTES
from tvcore.portal.guarding import trying
from tvcore.portal.health import HEALTH_ROUTES
from tvcore.portal.invitation_routes import INVITATION_ROUTES
from tvcore.portal.launch_routes import LAUNCH_ROUTES
from tvcore.portal.login_way import BusyError
from tvcore.portal.me import me
from tvcore.portal.people_routes import PEOPLE_ROUTES
from tvcore.portal.project_routes import PROJECT_ROUTES
from tvcore.portal.qr import QR_ROUTE
from tvcore.portal.query_routes import QUERY_ROUTES
from tvcore.portal.route import PATH_PARAMETERS, PREFIX, ApiError, Call, Route
from tvcore.portal.session_routes import SESSION_ROUTES
from tvcore.portal.tile_routes import TILE_ROUTES
from tvcore.portal.tileset_routes import TILESET_ROUTES
from tvcore.portal.token_routes import TOKEN_ROUTES
from tvcore.portal.websocket import POLICY, BrowserSocket

__all__ = ["PATH_PARAMETERS", "PREFIX", "ROUTES", "ApiError", "Call", "Route"]

READ_SECONDS = 40.0  # logs, listings
CHANGE_SECONDS = 60.0
BUSY_SECONDS = 2.0
LAUNCH_SECONDS = 600.0  # a case may first make its ensemble

NOT_IN = {
    "pending": "an administrator of this portal has to let this account in first",
    "unverified": "open the link that was sent to your mail address first",
    "deactivated": "this account is not active: ask an administrator of this portal",
}


def login(call: Call) -> Any:
    """Spend a login ticket, or check what was typed; the cookie goes to the browser, the key to the page."""
    wanted, logins = call.body, call.portal.logins
    if wanted.ticket is not None:
        made = logins.log_in(wanted.ticket, call.headers)
        if made is None:
            raise ApiError(401, "this login address was used already or is too old: `tiledviz open` prints a new one")
    else:
        made = _log_in_by_way(call, wanted.fields)
    return come_in(call, *made)


def _log_in_by_way(call: Call, given: dict[str, str]) -> tuple[Login, str]:
    ways = call.portal.login_ways
    with trying(call, ways.about(given, call.headers)) as attempt:
        try:
            found = ways.check(given, call.headers)
        except BusyError as error:
            raise ApiError(429, str(error), retry_after=BUSY_SECONDS) from error
        attempt.right = {"in": True, "no": False}.get(found.came)
    if found.came == "no":
        raise ApiError(401, "this is not right, or cannot be checked now")
    if found.came == "code":
        raise ApiError(401, "this account asks for a code of its authenticator too", more={"code": True})
    made = call.portal.logins.let_in(found.person, call.headers) if found.came == "in" else None
    if made is None:
        state = "deactivated" if found.came == "in" else found.came
        raise ApiError(403, NOT_IN[state], more={"state": state})
    return made


def login_way(call: Call) -> Any:
    """Say what one is asked for who wants in."""
    found = call.portal.login_ways.ask()
    return {name: found[name] for name in ("way", "title", "fields", "registration", "mail")}


def read_me(call: Call) -> Any:
    """Return who calls, and the projects and sessions that they are in."""
    access = call.login.access
    sessions = [
        {"key": each.key, "title": each.title, "project": each.project, "archived": each.archived,
         "role": each.grant.role, "rights": each.grant.rights()}
        for each in access.sessions.values()
    ]  # fmt: skip
    projects = [
        {"id": each.id, "name": each.name, "role": each.grant.role, "rights": each.grant.rights()}
        for each in access.projects.values()
    ]
    return {**me(call.login.within(access.first)), "sessions": sessions, "projects": projects}


def logout(call: Call) -> Any:
    """End this login and its streams."""
    call.portal.logins.log_out(call.login)
    call.portal.tickets.revoke(call.login)
    call.portal.sockets.end_all(POLICY, "logged out", lambda login: login.id == call.login.id)
    call.answer_headers["Set-Cookie"] = call.portal.logins.jar.given(call.headers, "", 0)
    return {}


def ticket(call: Call) -> Any:
    """Issue a ticket for a stream."""
    tile, wall = call.body.tile, call.portal.wall(call.login.session)
    if call.login.who.token is not None:
        raise ApiError(403, "a stream is for a page: an API token has none")
    if tile is not None and wall.place(tile) is None:
        raise ApiError(409, f"no node agent runs tile {tile} now: it can be opened once it is live")
    issued = call.portal.tickets.issue(call.login, call.body.stream, tile)
    if issued is None:
        raise ApiError(429, "too many tickets wait to be used: try again in half a minute")
    return {"ticket": issued}


def read_wall(call: Call) -> Any:
    """Return the wall document."""
    call.portal.monitor.look()
    document, part = call.portal.walls.fresh(call.login.session).document, call.login.part
    return part.wall(document) if part else document


def log(call: Call) -> Any:
    """Return the end of a tile's log."""
    return {"lines": call.portal.do("logs", READ_SECONDS, tile=call.path["tile"], lines=call.query.lines)}


def tiles(call: Call) -> Any:
    """Return the tiles."""
    return call.portal.do("tiles", READ_SECONDS, session=call.login.session)


def jobs(call: Call) -> Any:
    """Return the jobs."""
    return call.portal.do("jobs", READ_SECONDS, session=call.login.session)


def cases(call: Call) -> Any:
    """Return the cases."""
    return call.portal.do("cases", READ_SECONDS)


def stop(call: Call) -> Any:
    """End a job."""
    job = call.portal.do_batch("stop", CHANGE_SECONDS, job=call.path["job"])
    call.portal.monitor.hint()
    return job


def launch_again(call: Call) -> Any:
    """Launch once more what a job that is over showed."""
    job = call.portal.launching.call("launch_again", LAUNCH_SECONDS, job=call.path["job"])
    call.portal.monitor.hint()
    return job


def describe(call: Call) -> Any:
    """Return this table as OpenAPI."""
    return _described()


@cache
def _described() -> bytes:
    from tvcore.portal.openapi import document

    return json.dumps(document(ROUTES), ensure_ascii=False).encode()  # once: it takes as long as a hundred answers


def run_wall(portal: Portal, browser: BrowserSocket, login: Login, _tile: int | None) -> None:
    """Serve the wall stream; who looks at the wall may search it."""
    gevent.spawn(portal.prepare_search, login.session)
    wall.WallViewer(portal, browser, login).run()


def run_focus(portal: Portal, browser: BrowserSocket, login: Login, tile: int | None) -> None:
    """Serve the focus stream."""
    assert tile is not None
    focus.serve_tile(portal, browser, login, tile)


ROUTES: tuple[Route, ...] = (
    *HEALTH_ROUTES,
    *AUDIT_ROUTES,
    Route(
        "POST", "/login", "Log in with a one-time ticket, or as `/login-way` says", login, messages.LoginAnswer,
        body=messages.LoginRequest, access="open", audit="login",
    ),
    Route("GET", "/login-way", "What one is asked for who logs in", login_way, messages.LoginWayAnswer, access="open"),
    Route(
        "POST", "/logout", "End this login and its streams", logout, messages.NothingAnswer,
        about="person", guests=True, audit="logout",
    ),
    Route(
        "GET", "/me", "Who this is, and the projects and sessions they are in", read_me, messages.MeAnswer,
        about="person", guests=True,
    ),
    Route("GET", "/openapi.json", "This description", describe, messages.Answer, about="person", guests=True),
    Route("GET", "/wall", "The wall: tile sets and tiles with their metadata", read_wall, messages.Wall, chosen=True),
    *ACCOUNT_ROUTES,
    *PEOPLE_ROUTES,
    *TOKEN_ROUTES,
    *QUERY_ROUTES,
    *ANALYSIS_ROUTES,
    Route("GET", "/tiles", "The tiles, as the node agents know them now", tiles, messages.Tile, many=True),
    Route(
        "GET", "/tiles/{tile}/log", "The last lines of what a tile's program printed", log, messages.LogAnswer,
        query=messages.LogParameters, right="read",
    ),
    Route("GET", "/jobs", "The jobs that feed the wall", jobs, messages.Job, many=True),
    Route("GET", "/cases", "The cases there are", cases, messages.Case, many=True, right="operate"),
    Route("POST", "/jobs/{job}/stop", "End a job", stop, messages.Job, right="operate", audit="stop"),
    Route(
        "POST", "/jobs/{job}/again", "Launch again what a job that is over showed; its tiles are replaced",
        launch_again, messages.Job, right="operate", audit="launch again",
    ),
    *TILE_ROUTES,
    *SESSION_ROUTES,
    *TILESET_ROUTES,
    *EXPORT_ROUTES,
    *LAUNCH_ROUTES,
    *PROJECT_ROUTES,
    *INVITATION_ROUTES,
    *DISPLAY_WALL_ROUTES,
    QR_ROUTE,
    Route(
        "POST", "/tickets", "A ticket for a stream", ticket, messages.TicketAnswer, body=messages.TicketRequest,
        chosen=True,
    ),
    Route(
        "GET", "/wall/stream", "WebSocket: pictures of all tiles shown, and what changes on the wall",
        access="ticket", chosen=True, stream="wall", run=run_wall, message_max=wall.MESSAGE_MAX,
    ),
    Route(
        "GET", "/tiles/{tile}/rfb", "WebSocket: the RFB bytes of one tile (RFC 6143)",
        access="ticket", chosen=True, stream="rfb", run=run_focus, message_max=focus.MESSAGE_MAX,
    ),
)  # fmt: skip
