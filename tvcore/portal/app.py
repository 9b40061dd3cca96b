"""The WSGI application: checks of address, login and input around the table of routes, and the web files."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import bottle
from pydantic import BaseModel, ValidationError

from tvcore.errors import TiledVizError
from tvcore.portal import metrics
from tvcore.portal.audited import handled, turned_away
from tvcore.portal.auditing import whom
from tvcore.portal.auth import Login
from tvcore.portal.core import Portal
from tvcore.portal.rates import STATIC_COST
from tvcore.portal.roles import Refusal, refusal
from tvcore.portal.route import BODY_MAX, PATH_PARAMETERS, PREFIX, ApiError, Call, Route
from tvcore.portal.routes import ROUTES
from tvcore.portal.static import find_file
from tvcore.portal.websocket import INTERNAL, POLICY, SUBPROTOCOL, TRY_LATER, BrowserSocket, CloseError, handshake_key
from tvcore.portal.whence import PEER_NAME, Whence, whence
from tvcore.workers import CallFailedError, CallRefusedError, WorkerLostError

SESSION_HEADER = "HTTP_X_TILEDVIZ_SESSION"
HANDLER = "tiledviz.handler"  # in the environ: the connection's handler, which can give its socket away
ROUTE, WHO = "tiledviz.route", "tiledviz.who"  # there too, for the log: what was called, by whom
STRANGER = "tiledviz.stranger"  # and whose bucket the request was taken from, if nobody knew whose it is, and how much
CROWDED_SECONDS = 10  # until it is worth another try
AT_THE_ROOT = ("/health", "/health/ready", "/metrics")
NORMAL = 1000
NOBODY = Login("", "")  # who calls a route that is open to all

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = logging.getLogger(__name__)


def make_app(portal: Portal) -> Wsgi:
    """Return the application of *portal*."""
    app = bottle.Bottle()
    app.default_error_handler = _bottle_error
    for route in ROUTES:
        app.route(PREFIX + _bottle_path(route.path), route.method, partial(_guarded, portal, route))
    for route in ROUTES:
        if route.path in AT_THE_ROOT:  # where programs look for them
            app.route(route.path, route.method, partial(_guarded, portal, route))
    app.route("/", "GET", partial(_static, "index.html"))
    app.route("/static/<name:path>", "GET", _static)

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer: Any = None
        try:
            check_address(portal, environ)
            count(portal, environ)
        except ApiError as error:
            answer = _error_answer(error)
        if answer is None and not environ["PATH_INFO"] and (front := portal.hosts.of(environ)):
            # Without its last slash the page's relative addresses would lead elsewhere.
            answer = bottle.HTTPResponse(b"", 308, headers={"Location": front.path})
        if answer is not None:
            start_response(answer.status_line, answer.headerlist)
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]
        found: Iterable[bytes] = app(environ, start_response)
        return found

    return checked


def body_max(portal: Portal, path: str, headers: Mapping[str, str]) -> int:
    """Return how many bytes a body for *path* may have; more than the usual from who, by *headers*, may call it."""
    large = next(((route, found) for route, pattern in _LARGE if (found := pattern.fullmatch(path))), None)
    if large is None:
        return BODY_MAX
    try:
        login = portal.logins.recognise(headers)
    except TiledVizError:
        return BODY_MAX
    if login is None:
        return BODY_MAX
    route, found = large
    about = _about(route, login, headers, _path_values(found.groupdict()))
    return BODY_MAX if _refused(route, about) else route.body_max


def check_address(portal: Portal, environ: dict[str, Any]) -> None:
    """Check that a request is for a name of ours, and not from a page of another origin. Raises ApiError."""
    front = portal.hosts.of(environ)
    if front is None:
        host = environ.get("HTTP_HOST", "")
        raise ApiError(
            400, f"not a name of this portal: open the address it printed, or start it with --public-host {host!r}"
        )
    origin = environ.get("HTTP_ORIGIN")
    # What a browser says itself besides (W3C's Fetch Metadata): some requests of other pages have no Origin.
    site = environ.get("HTTP_SEC_FETCH_SITE", "none") if environ.get("PATH_INFO", "").startswith(PREFIX) else "none"
    if (origin is not None and origin.lower() != front.origin) or site not in ("none", "same-origin"):
        raise ApiError(403, "this call comes from a page that the portal did not serve")


def count(portal: Portal, environ: dict[str, Any]) -> None:
    """Count a request against the bucket of who sends it, and a proxy's connection as theirs.

    Raises ApiError 429 when that is empty, or they have too many connections.
    """
    cost = STATIC_COST if environ.get("PATH_INFO", "").startswith("/static/") else 1.0
    try:
        there = whence(environ, portal.proxies)
    except TiledVizError:  # no secret to know the proxy by: it is an address like others
        there = Whence(str(environ.get(PEER_NAME)))
    credential = portal.rates.known(portal.logins.credentials(environ))
    if not credential:
        environ[STRANGER] = (there.key, cost)
    if wait := portal.rates.take(credential, there.key, cost):
        raise ApiError(429, "too many requests: slow down", retry_after=math.ceil(wait))
    name = "" if there.proxy and not there.told else there.key
    if (handler := environ.get(HANDLER)) and not handler.count_for(name):
        raise ApiError(429, "too many connections of one address: close some", retry_after=CROWDED_SECONDS)


def _pattern(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: f"(?P<{found[1]}>{PATH_PARAMETERS[found[1]][0]})", path)


def _path_values(path: Mapping[str, str]) -> dict[str, Any]:
    return {name: PATH_PARAMETERS[name][1](text) for name, text in path.items()}


_LARGE = [(route, re.compile(PREFIX + _pattern(route.path))) for route in ROUTES if route.body_max > BODY_MAX]


def _bottle_path(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: f"<{found[1]}:re:{PATH_PARAMETERS[found[1]][0]}>", path)


# --------------------------------------------------------------------- answers


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Any:
    written = isinstance(value, bytes)  # by a worker process: it is large
    body = value if written else json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    fixed = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return bottle.HTTPResponse(body, status, fixed | (headers or {}))


def _error_answer(error: ApiError) -> Any:
    value: dict[str, Any] = {"error": str(error)} | dict(error.more)
    if error.at is not None:
        value["at"] = error.at
    headers = {"Upgrade": "websocket"} if error.status == 426 else {}
    if error.retry_after is not None:
        value["seconds"] = error.retry_after
        headers["Retry-After"] = str(error.retry_after)
    return _json(value, error.status, headers)


def _bottle_error(error: Any) -> bytes:
    text = {404: "there is nothing here", 405: "this cannot be done here"}.get(error.status_code, "this failed")
    bottle.response.content_type = "application/json"
    bottle.response.set_header("Cache-Control", "no-store")
    return json.dumps({"error": text}).encode()


def _as_api_error(error: TiledVizError) -> ApiError:
    """Return how *error* is told over HTTP."""
    if isinstance(error, CallRefusedError):
        wrong = error.usage or error.position is not None
        return ApiError(400 if wrong else 409, str(error), error.position)
    if isinstance(error, WorkerLostError):
        return ApiError(503, str(error))
    if isinstance(error, CallFailedError):
        return ApiError(500, str(error))
    return ApiError(409, str(error))


# ----------------------------------------------------------------------- calls


def _guarded(portal: Portal, route: Route, **path: str) -> Any:
    """Answer one call of *route*; whatever goes wrong is an answer too."""
    try:
        values = _path_values(path)
        environ = bottle.request.environ
        if route.access == "ticket":
            return _stream(portal, route, environ, values.get("tile"))
        return _call(portal, route, environ, values)
    except ApiError as error:
        return _error_answer(error)
    except TiledVizError as error:
        return _error_answer(_as_api_error(error))
    except Exception:
        log.exception("fault in %s %s", route.method, route.path)
        return _error_answer(ApiError(500, "an error inside the portal: its log tells more"))


def _call(portal: Portal, route: Route, environ: dict[str, Any], path: dict[str, Any]) -> Any:
    login = NOBODY
    environ[ROUTE] = route.path
    if route.access == "login":
        found = portal.logins.recognise(environ)
        if found is None or not portal.login_ways.fits(found, environ):
            raise ApiError(401, "this needs a login: `tiledviz open` prints an address for it")
        _trust(portal, environ, found)
        environ[WHO] = whom(found)
        login = _about(route, found, environ, path)
        if refused := _refused(route, login):
            turned_away(portal, route, login, environ, path, refused.text)
            raise ApiError(refused.status, refused.text)
    call = Call(portal, login, path, _query(route, environ), _body(route, environ), environ)
    if route.access == "login" and route.about == "session":
        _check_tiles(call)
    value = handled(portal, route, call)
    return _json(value, headers=call.answer_headers | ({"Content-Type": route.media} if route.media else {}))


def _trust(portal: Portal, environ: dict[str, Any], login: Login) -> None:
    """Know the connection and the credential of *environ* to be those of somebody who is logged in."""
    credential = portal.logins.credentials(environ)[0]
    portal.rates.remember(credential, login.id)
    if stranger := environ.pop(STRANGER, None):
        portal.rates.move(credential, *stranger)
    portal.rates.remember_browser(login.id)
    if handler := environ.get(HANDLER):
        handler.trust()


def _about(route: Route, login: Login, headers: Mapping[str, str], path: Mapping[str, Any]) -> Login:
    """Return *login* about the session or project that a call with these WSGI *headers* and *path* is about."""
    if route.about == "project":
        return login.in_project(path["project"])
    if route.about != "session":
        return login
    return login.within(path.get("session") or headers.get(SESSION_HEADER) or login.access.first)


def _refused(route: Route, login: Login) -> Refusal | None:
    return refusal(route.need, login.grant, login.who.administrator, login.who.guest)


def _check_right(route: Route, login: Login) -> None:
    """Check that *login* may what *route* does. Raises ApiError."""
    if refused := _refused(route, login):
        raise ApiError(refused.status, refused.text)


def _check_tile(portal: Portal, login: Login, tile: int) -> None:
    """Check that *tile* is of the session that *login* is about, and for who that is. Raises ApiError."""
    assert login.grant is not None
    # Who may not see it is told so at once: what the store knows of it cannot be told by the time that takes.
    if not login.grant.reaches([tile]) or not portal.shows(login.session, tile):
        raise ApiError(404, f"there is no tile {tile}")


def _check_tiles(call: Call) -> None:
    """Check that the tiles and the job that *call* names are of its session, and for who calls. Raises ApiError."""
    login, body = call.login, call.body
    tiles = [call.path["tile"]] if "tile" in call.path else []
    for model in (body, call.query):
        named = getattr(model, "tiles", None)  # in some bodies their number
        tiles += named if isinstance(named, list) else []
        tiles += [tile] if isinstance(tile := getattr(model, "tile", None), int) else []
    for tile in tiles:
        _check_tile(call.portal, login, tile)
    if "job" in call.path and not call.portal.shows_job(login.session, call.path["job"]):
        raise ApiError(404, f"there is no job {call.path['job']}")


def _query(route: Route, environ: dict[str, Any]) -> BaseModel | None:
    if route.query is None:
        return None
    try:
        given = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=20))
        return route.query.model_validate(given)
    except ValidationError as error:
        raise _invalid(error) from None
    except ValueError:
        raise ApiError(400, "the query has too many fields") from None


def _body(route: Route, environ: dict[str, Any]) -> BaseModel | str | None:
    if route.body is None:
        return None
    # A form of another page can send anything but this type without asking first (Fetch, section 2.2.2).
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "the body must be application/json")
    body = environ["wsgi.input"].read()
    try:
        return body.decode() if route.unread else route.body.model_validate_json(body)
    except UnicodeDecodeError:
        raise ApiError(400, "the body is not UTF-8") from None
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> ApiError:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return ApiError(400, f"{where}: {first['msg']}" if where else first["msg"])


# --------------------------------------------------------------------- streams


def _stream(portal: Portal, route: Route, environ: dict[str, Any], tile: int | None) -> Any:
    """Check who asks for a stream, make the connection a WebSocket, and serve it to its end."""
    assert route.stream is not None
    if "HTTP_ORIGIN" not in environ:
        raise ApiError(403, "a stream is for a page of this portal: Origin is missing")
    protocols = [name.strip() for name in environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(",")]
    tickets = [name.removeprefix("ticket.") for name in protocols if name.startswith("ticket.")]
    cookies = portal.logins.cookies(environ)
    login = portal.tickets.use(tickets[0], cookies, route.stream, tile) if len(tickets) == 1 else None
    if login is None or SUBPROTOCOL not in protocols or not portal.login_ways.fits(login, environ):
        raise ApiError(401, "this stream needs a fresh ticket of this login")
    environ[ROUTE], environ[WHO] = route.path, whom(login)
    _check_right(route, login)
    if tile is not None:
        _check_tile(portal, login, tile)
    key = handshake_key(environ)
    if key is None:
        raise ApiError(426, "this is a WebSocket (RFC 6455)")
    if portal.sockets.full(login, tile):
        raise ApiError(503, "too many streams are open: close one")
    environ[HANDLER].trust()
    _serve_socket(portal, route, environ[HANDLER], key, login, tile)
    return b""


def _serve_socket(portal: Portal, route: Route, handler: Any, key: str, login: Login, tile: int | None) -> None:
    assert route.run is not None
    browser = BrowserSocket(route.message_max)
    if not login.may("operate"):  # who does has a shell here
        browser.pay = partial(portal.shares.frames, login.person)
    browser.came_from = portal.auditor.address(handler.environ)
    if tile is not None and login.may("operate"):
        portal.auditor.hands(login, browser.came_from, "tile open", [tile])
    portal.sockets.add(browser, login, tile)
    metrics.stream_begins(browser, route.stream or "")
    last = CloseError(NORMAL, "")
    try:
        browser.open(handler.take_socket(), key, handler.protection())
        route.run(portal, browser, login, tile)
    except CloseError as close:
        last = close
    except OSError:
        last = CloseError(POLICY, "the connection broke, or was too slow")
    except TiledVizError as error:  # the store is away
        last = CloseError(TRY_LATER, str(error))
    except Exception:
        log.exception("fault in the stream %s", route.path)
        last = CloseError(INTERNAL, "an error inside the portal: its log tells more")
    finally:
        portal.sockets.remove(browser)
        metrics.stream_ends(browser)
        browser.finish(last.code, last.reason)


# ---------------------------------------------------------------------- static


def _static(name: str) -> Any:
    file = find_file(name)
    if file is None:
        return _error_answer(ApiError(404, "there is no such file"))
    # Asked about at every use, so that a new release is seen at once.
    headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
    known = [tag.strip() for tag in bottle.request.get_header("If-None-Match", "").split(",")]
    if file.etag in known:
        return bottle.HTTPResponse(status=304, headers=headers)
    return bottle.HTTPResponse(file.content, 200, headers | {"Content-Type": file.mime})
