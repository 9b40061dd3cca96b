"""HTTP on one connection: gevent's WSGI handler, with limits, security headers, and a way out for WebSockets."""

from __future__ import annotations

import contextlib
import email.errors
import errno
import logging
import ssl
import time
from io import BytesIO
from typing import Any

import gevent
from gevent import socket
from gevent.lock import BoundedSemaphore
from gevent.pywsgi import WSGIHandler, headers_factory

from tvcore.portal import metrics
from tvcore.portal.app import HANDLER, ROUTE, WHO
from tvcore.portal.crowd import Visitor
from tvcore.portal.hosts import Front
from tvcore.portal.moving import shut
from tvcore.portal.peers import Peer
from tvcore.portal.route import BODY_MAX
from tvcore.portal.static import security_headers
from tvcore.portal.whence import PEER, PEER_NAME

HEADERS_MAX = 16384  # bytes of all header lines
FIRST_SECONDS = 15.0  # for the first request line on a connection
KEEP_ALIVE_SECONDS = 60.0  # for the next one
REQUEST_SECONDS = 5.0  # for the headers, and for a body of the usual size
BODY_RATE = 1 << 18  # bytes a second that a large body has to come with
LARGE_AT_ONCE, LARGE_WAIT = 2, 120.0  # large bodies that are here at once; seconds that one waits for its turn
BLOCKED_SECONDS = 20.0  # for a browser that does not take its answer
ANSWER_RATE = 1 << 15  # bytes a second that it has to take of a large one
LINGER_SECONDS = 2.0
LINGER_BYTES = 1 << 20

log = logging.getLogger(__name__)
access = logging.getLogger("tvcore.portal.access")

_large = BoundedSemaphore(LARGE_AT_ONCE)


# What the standard library's parser, made for mail, finds wrong with a body that it isn't given.
OF_BODIES = (
    email.errors.NoBoundaryInMultipartDefect,
    email.errors.StartBoundaryNotFoundDefect,
    email.errors.CloseBoundaryNotFoundDefect,
    email.errors.MultipartInvariantViolationDefect,
)


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
        if any(odd in line.rstrip(b"\r\n") for odd in (b"\r", b"\0")):
            raise RefusedError("400 Bad Request", "the headers can be read in two ways")
        return line


class Handler(WSGIHandler):  # type: ignore[misc]
    """One connection: gevent's handler with limits, security headers, and a way out for WebSockets."""

    ignored_socket_errors = (*WSGIHandler.ignored_socket_errors, errno.ETIMEDOUT, "timed out")
    taken = False
    logged_status = ""
    body = b""
    front: Front | None = None  # by which the request came, once its headers are there
    path: str  # of the request, below the public one
    begun = False  # had a request before
    peer: Peer
    visitor: Visitor
    by_proxy = False  # it may be a proxy's: it counts as whose each request says that it is
    large = False  # its body is one of the large ones
    environ: Any = None

    def take_socket(self) -> Any:
        """Return the connection for the application to own: no answer will be written to it."""
        self.taken = self.close_connection = True
        self.logged_status = "101"
        return self.socket

    def trust(self) -> None:
        """Somebody who is logged in is at the other end."""
        self.server.crowd.trust(self.visitor)

    def count_for(self, name: str) -> bool:
        """Count the connection for *name*, who asks by a proxy; False: there are too many of theirs."""
        counted: bool = not self.by_proxy or self.server.crowd.count_for(self.visitor, name)
        return counted

    @property
    def encrypted(self) -> bool:
        """Whether this connection is encrypted by us."""
        return isinstance(self.socket, ssl.SSLSocket)

    def protection(self) -> list[tuple[str, str]]:
        """Return the security headers of an answer."""
        return security_headers(self.front, self.server.hsts_days if self.encrypted else 0)

    def read_requestline(self) -> str:
        """Return the request line, empty when none comes in time."""
        line, seconds = "", KEEP_ALIVE_SECONDS if self.begun else FIRST_SECONDS
        self.visitor.idle, self.front = True, None
        with gevent.Timeout(seconds, False), contextlib.suppress(TimeoutError):
            self.socket.settimeout(None)
            line = super().read_requestline()
        self.begun = True
        # Of this request from now on, whatever comes of it: for the log.
        self.environ, self.response_length = None, 0
        self.time_start, self.time_finish = time.time(), 0
        self.socket.settimeout(BLOCKED_SECONDS)
        return line

    def read_request(self, raw_requestline: str) -> bool:
        """Read headers and body, within limits of size and time."""
        with gevent.Timeout(REQUEST_SECONDS, RefusedError("408 Request Timeout", "the request took too long")):
            super().read_request(raw_requestline)
            if self.headers.get("transfer-encoding") is not None:
                raise RefusedError("411 Length Required", "a body needs a Content-Length")
            self._check_headers()
        self.front = self.server.hosts.front(self.headers.get("Host", ""), self.encrypted)
        if self.front is not None:
            self.path = self.front.inner(self.path)
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
        self.visitor.idle = False
        return True

    def _check_headers(self) -> None:
        """Check that nobody before us could read these headers otherwise (RFC 9112, sections 5.1 and 6.3)."""
        lengths = self.headers.get_all("Content-Length", [])
        plain = all(length.isascii() and length.isdigit() for length in lengths)
        one = len(lengths) <= 1 and len(self.headers.get_all("Host", [])) <= 1
        if not (one and plain and all(isinstance(each, OF_BODIES) for each in self.headers.defects)):
            raise RefusedError("400 Bad Request", "the headers can be read in two ways")

    def _body_max(self) -> int:
        names = ("Host", "Cookie", "Authorization", "X-TiledViz-Key", "X-TiledViz-Session")
        headers = {f"HTTP_{name.upper().replace('-', '_')}": self.headers.get(name, "") for name in names}
        headers["wsgi.url_scheme"] = "https" if self.encrypted else "http"
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
            shut(self.socket, socket.SHUT_WR)
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
        headers += [("Cache-Control", "no-store"), *self.protection()]
        lines = [f"HTTP/1.1 {refused.status}", *(f"{k}: {v}" for k, v in headers)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def get_environ(self) -> dict[str, Any]:
        """Return the WSGI environment, with this handler and the body, read already."""
        environ: dict[str, Any] = super().get_environ()
        environ[HANDLER] = self
        environ["wsgi.url_scheme"] = "https" if self.encrypted else "http"
        environ[PEER] = self.peer.uid if self.peer.unix else None
        environ[PEER_NAME] = self.peer.name
        environ["wsgi.input"] = BytesIO(self.body)
        self.wsgi_input.position = len(self.body)
        return environ

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Begin an answer: each carries the security headers."""
        return super().start_response(status, [*headers, *self.protection()], exc_info)

    def _sendall(self, data: bytes) -> None:
        # A large answer may take its time, and no more: a browser that takes it drop by drop is cut off.
        self.socket.settimeout(BLOCKED_SECONDS + len(data) / ANSWER_RATE)
        super()._sendall(data)

    def process_result(self) -> None:
        """Write the application's answer, unless it took the socket."""
        if not self.taken:
            super().process_result()

    def log_request(self) -> None:
        """Log who asked for what, and what came of it: no query and no header, where secrets can stand."""
        # The path is a stranger's text: escaped.
        path = ascii((self.path or "").partition("?")[0][:200])
        status = self.logged_status or (self._orig_status or "-").split()[0]
        seconds = (self.time_finish or time.time()) - self.time_start
        size = self.response_length or 0
        known = self.environ or {}
        page = path == "'/'" or path.startswith("'/static/")
        metrics.answered(self.command or "", known.get(ROUTE) or ("page" if page else "other"), status, seconds, size)
        # The page's own files, some hundred at each visit, would bury the rest.
        level = logging.DEBUG if page and status[0] in "23" else logging.INFO
        access.log(
            level, "%s %s %s %s %s %d bytes %.1f ms", self.peer.name.replace(" ", ":") or "-", known.get(WHO, "-"),
            ascii(self.command or "-")[1:-1][:10], path, status, size, seconds * 1000,
        )  # fmt: skip
        self.logged_status = ""

    def log_error(self, msg: str, *args: Any) -> None:
        """Say that a request could not be read; its text is a stranger's."""
        log.debug("a request could not be read")
