"""Moving bytes between sockets under gevent, with as few calls into the kernel as it takes."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import gevent
from gevent.hub import Waiter

READ, WRITE = 1, 2  # what is waited for, as libev has it
SLOWEST = 1 << 13  # bytes a second that who takes a large frame takes at least
RECORD_BYTES = 1 << 14  # what TLS encrypts at once (RFC 8446, section 5.1)
FIRST = 1  # priority of what is small: before all that is large and came at the same time

Part = bytes | bytearray | memoryview


class Ready:
    """Waits for one file descriptor, again and again, for so many *seconds* each time.

    Each wait is one turn of gevent's loop, in which everybody else who is ready gets theirs: who always waits before
    moving a bounded piece holds up nobody. (``gevent.sleep(0)`` is no such turn: the loop goes on with all who did that
    for 5 ms before it looks again who is ready.)
    """

    def __init__(self, fd: int, event: int, seconds: float | None = None) -> None:
        self._hub = gevent.get_hub()
        self._watcher: Any = self._hub.loop.io(fd, event)
        # One timer for all waits: a gevent.Timeout for each costs more than all else here.
        self._timer: Any = None if seconds is None else self._hub.loop.timer(seconds, seconds)

    def wait(self, first: bool = False) -> None:
        """Wait until it is ready; *first*: be served before others. Raises TimeoutError."""
        self._watcher.priority = FIRST if first else 0
        if self._timer is None:
            self._hub.wait(self._watcher)
            return
        # Not ``start``: a timer that was stopped would have only what it had left (libev, ev_timer_stop).
        self._timer.again(gevent.getcurrent().throw, TimeoutError, "the other side does not move")
        try:
            self._hub.wait(self._watcher)
        finally:
            self._timer.stop()

    def close(self) -> None:
        """Let go of the watchers; before the file descriptor is closed."""
        self._watcher.close()
        if self._timer is not None:
            self._timer.close()


class Turns:
    """Lets one large piece be moved in each turn of gevent's loop; who else has one waits, first come, first served.

    So what is small waits for one large piece at most, not for one of everybody's.
    """

    def __init__(self) -> None:
        self._waiting: deque[Waiter[None]] = deque()
        self._timer: Any = None  # made in the first wait: it belongs to a loop
        self._last = -1  # the loop's turn in which a piece was moved

    def wait(self) -> None:
        """Wait until it is one's turn to move a piece, which then must not take long."""
        loop = gevent.get_hub().loop
        if not self._waiting and self._last != loop.iteration:
            self._last = loop.iteration
            return
        if self._timer is None:
            self._timer = loop.timer(0)
        waiter: Waiter[None] = Waiter()
        self._waiting.append(waiter)
        self._go_on()
        try:
            waiter.get()
        except BaseException:
            with contextlib.suppress(ValueError):  # it may be its turn just now
                self._waiting.remove(waiter)
            raise

    def _go_on(self) -> None:
        # A timer, not a callback: those are called before the loop looks who is ready, timers after that.
        if self._waiting and not self._timer.active:
            self._timer.start(self._next)

    def _next(self) -> None:
        self._timer.stop()
        self._last = gevent.get_hub().loop.iteration
        if self._waiting:
            waiter = self._waiting.popleft()
            self._go_on()
            waiter.switch(None)


def shut(connection: socket.socket, how: int) -> None:
    """Shut *connection* down, as ``socket.shutdown`` does.

    Not by its own method where it is encrypted: that drops the encryption, and what is sent after would go in clear.
    """
    if isinstance(connection, ssl.SSLSocket):
        super(ssl.SSLSocket, connection).shutdown(how)
    else:
        connection.shutdown(how)


def send_all(target: socket.socket, parts: Sequence[Part], flags: int = 0) -> None:
    """Send *parts*, none of which is copied unless to be encrypted: one call if they fit into the socket's buffer.

    Raises TimeoutError when that takes longer than the target's own time-out.
    """
    if isinstance(target, ssl.SSLSocket):
        target.sendall(b"".join(parts))
        return
    sent = target.sendmsg(parts, (), flags)
    left = sum(len(part) for part in parts) - sent
    if not left:
        return
    seconds = target.gettimeout()
    until = None if seconds is None else time.monotonic() + seconds
    views = [memoryview(part) for part in parts]
    while left:
        views = _after(views, sent)
        sent = target.sendmsg(views, (), flags)
        left -= sent
        if until is not None and left and time.monotonic() > until:
            raise TimeoutError("the other side is too slow")


def _after(views: list[memoryview], count: int) -> list[memoryview]:
    """Return what of *views* lies behind the first *count* bytes."""
    for index, view in enumerate(views):
        if count < len(view):
            return [view[count:], *views[index + 1 :]]
        count -= len(view)
    return []


def splice_all(pipe: int, target: socket.socket, length: int) -> None:
    """Move *length* bytes from *pipe* to *target* within the kernel (splice(2)), or through here to be encrypted.

    Raises TimeoutError when the target takes nothing for its own time-out, or all of it more slowly than ``SLOWEST``.
    """
    seconds = target.gettimeout()
    until = None if seconds is None else time.monotonic() + seconds + length / SLOWEST
    while length:
        if until is not None and time.monotonic() > until:
            raise TimeoutError("the other side is too slow")
        length -= _move(pipe, target, length)


def _move(pipe: int, target: socket.socket, length: int) -> int:
    """Move some of *length* bytes, or wait until that can be done; return how many."""
    if isinstance(target, ssl.SSLSocket):
        piece = os.read(pipe, min(length, RECORD_BYTES))
        target.sendall(piece)
        return len(piece)
    try:
        return os.splice(pipe, target.fileno(), length, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
    except BlockingIOError:
        ready = Ready(target.fileno(), WRITE, target.gettimeout())
        try:
            ready.wait()
        finally:
            ready.close()
        return 0
