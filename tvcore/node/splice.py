"""Bytes from a display on their way out of the node, moved by the kernel (splice(2)): nobody here looks at them."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket

PIPE_BYTES = 1 << 18  # moved in one turn at most: a busy display keeps nobody else waiting
_FLAGS = os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE


async def splice(source: socket.socket, target: socket.socket) -> None:
    """Move bytes from *source* to *target*, both not blocking, until the source ends; no faster than they are taken.

    Raises OSError when the target takes nothing any more.
    """
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # over the user's limit for pipes: the default size works too
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        while count := await _splice(source.fileno(), writing, PIPE_BYTES, source.fileno(), write=False):
            while count:
                count -= await _splice(reading, target.fileno(), count, target.fileno(), write=True)
            await asyncio.sleep(0)
    finally:
        os.close(reading)
        os.close(writing)


async def _splice(source: int, target: int, count: int, waits_for: int, write: bool) -> int:
    """Move up to *count* bytes once the end that may not be ready, *waits_for*, is; return how many, 0 at the end."""
    while True:
        try:
            return os.splice(source, target, count, flags=_FLAGS)
        except BlockingIOError:
            await _ready(waits_for, write)


async def _ready(fd: int, write: bool) -> None:
    """Wait until *fd* can be read, or written to."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)

    def is_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    add(fd, is_ready)
    try:
        await ready
    finally:
        remove(fd)
