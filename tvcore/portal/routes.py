"""The web API: one table of routes, from which the application and its description are made."""

from __future__ import annotations

from typing import Any

import gevent

from tvcore import __version__
from tvcore.portal import focus, messages, wall
from tvcore.portal.auth import LOGIN_SECONDS, Login
from tvcore.portal.core import Portal
from tvcore.portal.export_routes import EXPORT_ROUTES
from tvcore.portal.qr import QR_ROUTE
from tvcore.portal.query_routes import QUERY_ROUTES
from tvcore.portal.roles import rights
from tvcore.portal.route import PATH_PARAMETERS, PREFIX, ApiError, Call, Route
from tvcore.portal.session_routes import SESSION_ROUTES
from tvcore.portal.tile_routes import TILE_ROUTES
from tvcore.portal.tileset_routes import TILESET_ROUTES
from tvcore.portal.websocket import POLICY, BrowserSocket
from tvcore.session import SESSION

__all__ = ["PATH_PARAMETERS", "PREFIX", "ROUTES", "ApiError", "Call", "Route"]

READ_SECONDS = 40.0  # logs, listings
CHANGE_SECONDS = 60.0
LAUNCH_SECONDS = 600.0  # a case may first make its ensemble


def health(call: Call) -> Any:
    """Say that the portal is up."""
    return {"status": "ok", "version": __version__}


def login(call: Call) -> Any:
    """Spend a login ticket; the cookie goes to the browser, the key to the page."""
    made = call.portal.logins.log_in(call.body.ticket, call.headers)
    if made is None:
        raise ApiError(401, "this login address was used already or is too old: `tiledviz open` prints a new one")
    here, key = made
    call.answer_headers["Set-Cookie"] = (
        f"{call.portal.logins.cookie_name}={here.cookie}; Max-Age={LOGIN_SECONDS}; Path=/; HttpOnly; SameSite=Strict"
    )
    return {"key": key, "session": SESSION, "role": here.role, "rights": rights(here.role)}


def logout(call: Call) -> Any:
    """End this login and its streams."""
    call.portal.logins.log_out(call.login)
    call.portal.tickets.revoke(call.login)
    call.portal.sockets.end_all(POLICY, "logged out", lambda login: login == call.login.id)
    call.answer_headers["Set-Cookie"] = (
        f"{call.portal.logins.cookie_name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"
    )
    return {}


def ticket(call: Call) -> Any:
    """Issue a ticket for a stream."""
    tile = call.body.tile
    if tile is not None and call.portal.monitor.place(tile) is None:
        if not any(there["id"] == tile for there in call.portal.monitor.wall["tiles"]):
            raise ApiError(404, f"there is no tile {tile}")
        raise ApiError(409, f"no node agent runs tile {tile} now: it can be opened once it is live")
    issued = call.portal.tickets.issue(call.login, call.body.stream, tile)
    if issued is None:
        raise ApiError(429, "too many tickets wait to be used: try again in half a minute")
    return {"ticket": issued}


def read_wall(call: Call) -> Any:
    """Return the wall document."""
    call.portal.monitor.look()
    return call.portal.monitor.refresh()


def log(call: Call) -> Any:
    """Return the end of a tile's log."""
    return {"lines": call.portal.do("logs", READ_SECONDS, tile=call.path["tile"], lines=call.query.lines)}


def tiles(call: Call) -> Any:
    """Return the tiles."""
    return call.portal.do("tiles", READ_SECONDS)


def jobs(call: Call) -> Any:
    """Return the jobs."""
    return call.portal.do("jobs", READ_SECONDS)


def cases(call: Call) -> Any:
    """Return the cases."""
    return call.portal.do("cases", READ_SECONDS)


def launch(call: Call) -> Any:
    """Submit a job."""
    wanted = call.body
    job = call.portal.do_batch("launch", LAUNCH_SECONDS, case=wanted.case, settings=wanted.settings, tiles=wanted.tiles)
    call.portal.monitor.hint()
    return job


def stop(call: Call) -> Any:
    """End a job."""
    job = call.portal.do_batch("stop", CHANGE_SECONDS, job=call.path["job"])
    call.portal.monitor.hint()
    return job


def launch_again(call: Call) -> Any:
    """Launch once more what a job that is over showed."""
    job = call.portal.do_batch("launch_again", LAUNCH_SECONDS, job=call.path["job"])
    call.portal.monitor.hint()
    return job


def describe(call: Call) -> Any:
    """Return this table as OpenAPI."""
    from tvcore.portal.openapi import document

    return document(ROUTES)


def run_wall(portal: Portal, browser: BrowserSocket, login: Login, _tile: int | None) -> None:
    """Serve the wall stream; who looks at the wall may search it."""
    gevent.spawn(portal.prepare_search)
    wall.WallViewer(portal, browser, login).run()


def run_focus(portal: Portal, browser: BrowserSocket, login: Login, tile: int | None) -> None:
    """Serve the focus stream."""
    assert tile is not None
    focus.serve_tile(portal, browser, login, tile)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/health", "Whether the portal is up", health, messages.Health, access="open"),
    Route(
        "POST", "/login", "Log in with a one-time ticket", login, messages.LoginAnswer,
        body=messages.LoginRequest, access="open",
    ),
    Route("POST", "/logout", "End this login and its streams", logout, messages.NothingAnswer),
    Route("GET", "/openapi.json", "This description", describe, messages.Answer),
    Route("GET", "/wall", "The wall: tile sets and tiles with their metadata", read_wall, messages.Wall),
    *QUERY_ROUTES,
    Route("GET", "/tiles", "The tiles, as the node agents know them now", tiles, messages.Tile, many=True),
    Route(
        "GET", "/tiles/{tile}/log", "The last lines of what a tile's program printed", log, messages.LogAnswer,
        query=messages.LogParameters,
    ),
    Route("GET", "/jobs", "The jobs that feed the wall", jobs, messages.Job, many=True),
    Route("GET", "/cases", "The cases there are", cases, messages.Case, many=True),
    Route(
        "POST", "/launch", "Submit a job that shows a case", launch, messages.Job,
        body=messages.LaunchRequest, right="operate",
    ),
    Route("POST", "/jobs/{job}/stop", "End a job", stop, messages.Job, right="operate"),
    Route(
        "POST", "/jobs/{job}/again", "Launch again what a job that is over showed; its tiles are replaced",
        launch_again, messages.Job, right="operate",
    ),
    *TILE_ROUTES,
    *SESSION_ROUTES,
    *TILESET_ROUTES,
    *EXPORT_ROUTES,
    QR_ROUTE,
    Route("POST", "/tickets", "A ticket for a stream", ticket, messages.TicketAnswer, body=messages.TicketRequest),
    Route(
        "GET", "/wall/stream", "WebSocket: pictures of all tiles shown, and what changes on the wall",
        access="ticket", stream="wall", run=run_wall, message_max=wall.MESSAGE_MAX,
    ),
    Route(
        "GET", "/tiles/{tile}/rfb", "WebSocket: the RFB bytes of one tile (RFC 6143)",
        access="ticket", stream="rfb", run=run_focus, message_max=focus.MESSAGE_MAX,
    ),
)  # fmt: skip
