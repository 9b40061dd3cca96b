"""HTTP on one connection: gevent's WSGI handler, with limits, security headers, and a way out for WebSockets."""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from io import BytesIO
from typing import Any

import gevent
from gevent import socket
from gevent.lock import BoundedSemaphore
from gevent.pywsgi import WSGIHandler, headers_factory

from tvcore.portal.app import HANDLER
from tvcore.portal.route import BODY_MAX
from tvcore.portal.static import security_headers

HEADERS_MAX = 16384  # bytes of all header lines
KEEP_ALIVE_SECONDS = 60.0  # for the next request line on a connection that waits
REQUEST_SECONDS = 5.0  # for the headers, and for a body of the usual size
BODY_RATE = 1 << 18  # bytes a second that a large body has to come with
LARGE_AT_ONCE, LARGE_WAIT = 2, 120.0  # large bodies that are here at once; seconds that one waits for its turn
BLOCKED_SECONDS = 20.0  # for a browser that does not take its answer
LINGER_SECONDS = 2.0
LINGER_BYTES = 1 << 20

log = logging.getLogger(__name__)
access = logging.getLogger("tvcore.portal.access")

_large = BoundedSemaphore(LARGE_AT_ONCE)


class RefusedError(ValueError):
    """A request that is refused before it is one."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


class _BoundedLines:
    """The header lines of a request, up to a limit in all."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = HEADERS_MAX

    def readline(self, size: int) -> bytes:
        """Return the next line. Raises RefusedError when there were too many bytes."""
        line: bytes = self._file.readline(min(size, self._left + 1))
        self._left -= len(line)
        if self._left < 0:
            raise RefusedError("431 Request Header Fields Too Large", f"the headers may have {HEADERS_MAX} bytes")
        return line


class Handler(WSGIHandler):  # type: ignore[misc]
    """One connection: gevent's handler with limits, security headers, and a way out for WebSockets."""

    ignored_socket_errors = (*WSGIHandler.ignored_socket_errors, errno.ETIMEDOUT, "timed out")
    taken = False
    logged_status = ""
    body = b""
    large = False  # its body is one of the large ones
    environ: Any = None

    def take_socket(self) -> Any:
        """Return the connection for the application to own: no answer will be written to it."""
        self.taken = self.close_connection = True
        self.logged_status = "101"
        return self.socket

    def read_requestline(self) -> str:
        """Return the request line, empty when none comes in time."""
        line = ""
        with gevent.Timeout(KEEP_ALIVE_SECONDS, False), contextlib.suppress(TimeoutError):
            self.socket.settimeout(None)
            line = super().read_requestline()
        self.socket.settimeout(BLOCKED_SECONDS)
        return line

    def read_request(self, raw_requestline: str) -> bool:
        """Read headers and body, within limits of size and time."""
        with gevent.Timeout(REQUEST_SECONDS, RefusedError("408 Request Timeout", "the request took too long")):
            super().read_request(raw_requestline)
            if self.headers.get("transfer-encoding") is not None:
                raise RefusedError("411 Length Required", "a body needs a Content-Length")
        length = self.content_length or 0
        if length > BODY_MAX:
            if length > (most := self._body_max()):
                raise RefusedError("413 Content Too Large", f"a body may have {most} bytes")
            self.large = _large.acquire(timeout=LARGE_WAIT)
            if not self.large:
                raise RefusedError("503 Service Unavailable", "other large files are being taken: try again")
        with gevent.Timeout(
            REQUEST_SECONDS + length / BODY_RATE, RefusedError("408 Request Timeout", "the request took too long")
        ):
            self._read_body()
        return True

    def _body_max(self) -> int:
        given = {"HTTP_COOKIE": "Cookie", "HTTP_X_TILEDVIZ_KEY": "X-TiledViz-Key"}
        headers = {name: self.headers.get(header, "") for name, header in given.items()}
        most: int = self.server.body_max(self.path, headers)
        return most

    def _read_body(self) -> None:
        # Small and read here, so that no part of the application ever waits for a browser's bytes.
        length = self.content_length or 0
        if length and self.headers.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.body = self.rfile.read(length) if length else b""
        if len(self.body) < length:
            raise RefusedError("400 Bad Request", "the body is cut short")

    def MessageClass(self, file: Any, *_: Any) -> Any:  # noqa: N802 - gevent's name
        """Parse the headers."""
        return headers_factory(_BoundedLines(file))

    def _check_http_version(self) -> bool:
        return self.request_version in ("HTTP/1.0", "HTTP/1.1")

    def handle_one_request(self) -> Any:
        """Handle a request; return whether another may follow on the connection."""
        try:
            result = super().handle_one_request()
        finally:
            if self.large:
                self.large, self.body, self.environ = False, b"", None
                _large.release()
        if not isinstance(result, tuple):
            return result
        # RefusedError before it reached the application. A close with something unread would reset the
        # connection and lose the answer on its way.
        status, answer = result
        self.logged_status = str(status)
        with contextlib.suppress(OSError, gevent.Timeout), gevent.Timeout(LINGER_SECONDS):
            self.socket.sendall(answer)
            self.socket.shutdown(socket.SHUT_WR)
            left = LINGER_BYTES
            while left > 0 and (data := self.socket.recv(65536)):
                left -= len(data)
        self.log_request()
        return None

    def _handle_client_error(self, ex: Exception) -> tuple[str, bytes]:
        refused = ex if isinstance(ex, RefusedError) else RefusedError("400 Bad Request", "this is not an HTTP request")
        return refused.status[:3], self._answer(refused)

    def _answer(self, refused: RefusedError) -> bytes:
        body = f'{{"error": "{refused}"}}'.encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
        lines = [f"HTTP/1.1 {refused.status}", *(f"{k}: {v}" for k, v in headers + security_headers(None))]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def get_environ(self) -> dict[str, Any]:
        """Return the WSGI environment, with this handler and the body, read already."""
        environ: dict[str, Any] = super().get_environ()
        environ[HANDLER] = self
        environ["wsgi.input"] = BytesIO(self.body)
        self.wsgi_input.position = len(self.body)
        return environ

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Begin an answer: each carries the security headers."""
        host = self.headers.get("Host", "")
        known = host if self.server.hosts.allowed(host) else None
        return super().start_response(status, [*headers, *security_headers(known)], exc_info)

    def process_result(self) -> None:
        """Write the application's answer, unless it took the socket."""
        if not self.taken:
            super().process_result()

    def log_request(self) -> None:
        """Log who asked for what: no query and no header, where secrets can stand."""
        # The path is a stranger's text: escaped.
        path = ascii((self.path or "").partition("?")[0][:200])
        status = self.logged_status or (self._orig_status or "-").split()[0]
        seconds = (self.time_finish or time.time()) - self.time_start
        # The page's own files, some hundred at each visit, would bury the rest.
        level = logging.DEBUG if path.startswith("'/static/") and status[0] in "23" else logging.INFO
        access.log(level, "%s %s %s %.1f ms", ascii(self.command or "-")[1:-1][:10], path, status, seconds * 1000)
        self.logged_status = ""

    def log_error(self, msg: str, *args: Any) -> None:
        """Say that a request could not be read; its text is a stranger's."""
        log.debug("a request could not be read")
