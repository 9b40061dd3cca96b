"""The port of plain http beside https: every request is answered by the https address, and nothing else is there."""

from __future__ import annotations

import contextlib
import re
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent.server import StreamServer

from tvcore.portal.crowd import Crowd, Visitor
from tvcore.portal.hosts import Hosts
from tvcore.portal.peers import peer_of
from tvcore.portal.static import security_headers

CONNECTIONS_MAX = 64  # when more come, the one that has been here longest goes
ADDRESS_MAX = 8  # of one address
SECONDS = 5.0
HEAD_MAX = 16384

_REQUEST = re.compile(rb"[A-Z]{1,10} (?:http://[^/\s]*)?(/[!-~]{0,2000})? HTTP/1\.[01]\r?\n")
_HOST = re.compile(rb"^host:[ \t]*([!-~]{1,255})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class Redirect(StreamServer):  # type: ignore[misc]
    """Sends who comes to *listener* to the same path by https, at the name by which they came or else at *url*."""

    def __init__(self, listener: Any, hosts: Hosts, url: str) -> None:
        super().__init__(listener)
        self._crowd = Crowd(ADDRESS_MAX, CONNECTIONS_MAX)
        self._hosts = hosts
        self._url = urlsplit(url)

    def handle(self, connection: Any, _address: Any) -> None:
        """Answer one request, and close."""
        with contextlib.suppress(OSError), gevent.Timeout(SECONDS, TimeoutError()):
            visitor = Visitor()
            if not self._crowd.enter(visitor, peer_of(connection).name):
                return
            try:
                self._answer(connection)
            finally:
                self._crowd.leave(visitor)

    def _answer(self, connection: Any) -> None:
        head = b""
        while b"\r\n\r\n" not in head and b"\n\n" not in head and len(head) < HEAD_MAX:
            if not (data := connection.recv(4096)):
                return
            head += data
        connection.sendall(self.answer(head))

    def answer(self, head: bytes) -> bytes:
        """Return the answer to a request that begins with *head*."""
        wanted = _REQUEST.match(head)
        status = "308 Permanent Redirect" if wanted else "400 Bad Request"
        headers = [("Content-Length", "0"), ("Connection", "close"), ("Cache-Control", "no-store")]
        if wanted:
            headers.append(("Location", self._origin(head) + (wanted[1] or b"/").decode()))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers + security_headers(None))]
        return "\r\n".join([*lines, "", ""]).encode()

    def _origin(self, head: bytes) -> str:
        """Return where to go: only ever to a name of ours."""
        host = _HOST.search(head)
        name = host[1].decode().lower() if host else ""
        bare = name if name.endswith("]") else name.rpartition(":")[0] or name
        for there in (f"{bare}:{self._url.port or 443}", bare):
            if (front := self._hosts.front(there, encrypted=True)) is not None and front.secure:
                return front.origin
        return f"{self._url.scheme}://{self._url.netloc}"
