"""A socket that gives others their turn: each read waits in gevent's event loop, even when bytes are there already.

gevent's own sockets try first and wait only when there is nothing. One connection with always more to read then
keeps every other from being looked at: a round trip beside a saturating stream took up to 30 ms.
"""

from __future__ import annotations

import contextlib
import os
import struct

import gevent
from gevent import socket

READ = 1  # libev's name for "readable"


class Line:
    """Wraps a connected gevent *socket*; one greenlet reads, others may write and close."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._readable = gevent.get_hub().loop.io(connection.fileno(), READ)
        self._waiting = False
        self._closed = self._ended = False

    def recv_into(self, buffer: memoryview, timeout: float | None = None) -> int:
        """Read what there is into *buffer*; 0 at the end. Raises TimeoutError and OSError."""
        self._wait(timeout)
        if self._closed:
            self._end()
            return 0
        return int(self._socket.recv_into(buffer))

    def recv(self, most: int) -> bytes:
        """Return what there is, at most *most* bytes; none at the end. Raises OSError."""
        self._wait(None)
        if self._closed:
            self._end()
            return b""
        return bytes(self._socket.recv(most))

    def _wait(self, timeout: float | None) -> None:
        if self._closed:
            return
        self._waiting = True
        try:
            socket.wait(self._readable, timeout, TimeoutError())
        finally:
            self._waiting = False

    def send(self, data: bytes) -> int:
        """Write some of *data*, waiting until that is possible. Raises OSError."""
        return int(self._socket.send(data))

    def sendall(self, data: bytes) -> None:
        """Write all of *data*, waiting as long as that takes. Raises OSError."""
        self._socket.sendall(data)

    def send_now(self, data: bytes) -> int:
        """Write what of *data* can be written without waiting; return how many bytes. Raises OSError."""
        try:
            return os.write(self._socket.fileno(), data)  # gevent's sockets never block
        except BlockingIOError:
            return 0

    def settimeout(self, seconds: float) -> None:
        """Do nothing: the reader's patience is an argument, and writers end with the line (paramiko asks for it)."""

    def fileno(self) -> int:
        """Return the file descriptor."""
        return int(self._socket.fileno())

    def shut_down(self) -> None:
        """Tell the other side that nothing more comes."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the line, and whoever waits at it; a waiting reader itself closes the socket."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if not self._waiting:
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._readable.close()
            self._socket.close()


def peer_uid(connection: socket.socket) -> int:
    """Return whose process is at the other end of a unix socket (SO_PEERCRED, unix(7))."""
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)
