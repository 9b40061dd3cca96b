"""The WSGI application: checks of address, login and input around the table of routes, and the web files."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import bottle
from pydantic import BaseModel, ValidationError

from tvcore.errors import TiledVizError
from tvcore.portal.auth import Login
from tvcore.portal.core import Portal
from tvcore.portal.roles import RIGHTS
from tvcore.portal.route import BODY_MAX, PATH_PARAMETERS, PREFIX, ApiError, Call, Route
from tvcore.portal.routes import ROUTES
from tvcore.portal.static import find_file
from tvcore.portal.websocket import INTERNAL, POLICY, SUBPROTOCOL, BrowserSocket, CloseError, handshake_key
from tvcore.workers import CallFailedError, CallRefusedError, WorkerLostError

HANDLER = "tiledviz.handler"  # in the environ: the connection's handler, which can give its socket away
NORMAL = 1000
NOBODY = Login("", "", "guest")  # who calls a route that is open to all

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = logging.getLogger(__name__)


def make_app(portal: Portal) -> Wsgi:
    """Return the application of *portal*."""
    app = bottle.Bottle()
    app.default_error_handler = _bottle_error
    for route in ROUTES:
        app.route(PREFIX + _bottle_path(route.path), route.method, partial(_guarded, portal, route))
    app.route("/", "GET", partial(_static, "index.html"))
    app.route("/static/<name:path>", "GET", _static)

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            check_address(portal, environ)
        except ApiError as error:
            answer: Any = _error_answer(error)
            start_response(answer.status_line, answer.headerlist)
            return [answer.body]
        found: Iterable[bytes] = app(environ, start_response)
        return found

    return checked


def body_max(portal: Portal, path: str, headers: Mapping[str, str]) -> int:
    """Return how many bytes a body for *path* may have; more than the usual from who, by *headers*, may call it."""
    large = next((route for route, pattern in _LARGE if pattern.fullmatch(path)), None)
    if large is None:
        return BODY_MAX
    try:
        login = portal.logins.recognise(headers)
    except TiledVizError:
        return BODY_MAX
    return large.body_max if login and login.may(large.right) else BODY_MAX


def check_address(portal: Portal, environ: dict[str, Any]) -> None:
    """Check that a request is for a name of ours, and not from a page of another origin. Raises ApiError."""
    host = environ.get("HTTP_HOST", "")
    if not portal.hosts.allowed(host):
        raise ApiError(
            400, f"not a name of this portal: open the address it printed, or start it with --public-host {host!r}"
        )
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and not portal.hosts.origin_allowed(origin, host):
        raise ApiError(403, "this call comes from a page that the portal did not serve")


def _pattern(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: PATH_PARAMETERS[found[1]][0], path)


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
    return _json(value, error.status, {"Upgrade": "websocket"} if error.status == 426 else {})


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
        values = {name: PATH_PARAMETERS[name][1](text) for name, text in path.items()}
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
    if route.access == "login":
        found = portal.logins.recognise(environ)
        if found is None:
            raise ApiError(401, "this needs a login: `tiledviz open` prints an address for it")
        login = found
        _check_right(route, login)
    call = Call(portal, login, path, _query(route, environ), _body(route, environ), environ)
    assert route.handle is not None
    value = route.handle(call)
    return _json(value, headers=call.answer_headers)


def _check_right(route: Route, login: Login) -> None:
    """Check that *login* may what *route* does. Raises ApiError."""
    if not login.may(route.right):
        raise ApiError(403, f"the role {login.role} has not the right `{route.right}`: {RIGHTS[route.right]}")


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
    if login is None or SUBPROTOCOL not in protocols:
        raise ApiError(401, "this stream needs a fresh ticket of this login")
    _check_right(route, login)
    key = handshake_key(environ)
    if key is None:
        raise ApiError(426, "this is a WebSocket (RFC 6455)")
    if portal.sockets.full:
        raise ApiError(503, "too many streams are open: close one")
    _serve_socket(portal, route, environ[HANDLER].take_socket(), key, login, tile)
    return b""


def _serve_socket(portal: Portal, route: Route, connection: Any, key: str, login: Login, tile: int | None) -> None:
    assert route.run is not None
    browser = BrowserSocket(route.message_max)
    portal.sockets.add(browser, login.id)
    last = CloseError(NORMAL, "")
    try:
        browser.open(connection, key)
        route.run(portal, browser, login, tile)
    except CloseError as close:
        last = close
    except OSError:
        last = CloseError(POLICY, "the connection broke, or was too slow")
    except Exception:
        log.exception("fault in the stream %s", route.path)
        last = CloseError(INTERNAL, "an error inside the portal: its log tells more")
    finally:
        portal.sockets.remove(browser)
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
