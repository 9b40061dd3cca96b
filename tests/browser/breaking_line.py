"""A line that is bad on purpose: between a browser and a portal, with delays, and it breaks."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time

CHUNK = 1 << 14


class BreakingLine:
    """A SOCKS proxy (RFC 1928), so that the page keeps the portal's own address: all leads to the port *target*.

    Each piece of data waits up to *delay* seconds, in order; most are quick.
    """

    def __init__(self, target: int, seed: int) -> None:
        self._target = target
        self._random = random.Random(seed)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.delay = 0.0
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"socks5://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                threading.Thread(target=self._begin, args=(near,), daemon=True).start()

    def _begin(self, near: socket.socket) -> None:
        """Take the browser's greeting and its request, whatever it asks for, and pass on."""
        far = None
        try:
            _, methods = _exactly(near, 2)
            _exactly(near, methods)
            near.sendall(b"\x05\x00")
            _, _, _, kind = _exactly(near, 4)
            _exactly(near, {1: 4, 4: 16}.get(kind) or _exactly(near, 1)[0])
            _exactly(near, 2)
            far = socket.create_connection(("127.0.0.1", self._target), timeout=10)
            far.settimeout(None)
            near.sendall(b"\x05\x00\x00\x01" + bytes(4) + struct.pack("!H", 0))
        except OSError:
            self._cut(*(each for each in (near, far) if each))
            return
        with self._lock:
            self._open |= {near, far}
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(CHUNK):
                time.sleep(self._random.random() ** 6 * self.delay)
                other.sendall(data)
        self._cut(one, other)

    def _cut(self, *connections: socket.socket) -> None:
        for each in connections:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._open.discard(each)
            each.close()

    def drop(self) -> None:
        """Break every connection there is; what is under way in it is lost."""
        with self._lock:
            there = list(self._open)
        self._cut(*there)

    def close(self) -> None:
        """Let nobody through any more."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.drop()


def _exactly(connection: socket.socket, count: int) -> bytes:
    """Return the next *count* bytes. Raises OSError."""
    found = b""
    while len(found) < count:
        data = connection.recv(count - len(found))
        if not data:
            raise ConnectionError("it ended")
        found += data
    return found
