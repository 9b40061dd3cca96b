"""Bytes from a display, moved by the kernel."""

from __future__ import annotations

import asyncio
import os
import random
import socket

import pytest

from tvcore.node.splice import PIPE_BYTES, splice


def pairs() -> tuple[socket.socket, socket.socket, socket.socket, socket.socket]:
    """Return a display, our end of it, our end of a portal, and the portal; none of them blocks."""
    display, source = socket.socketpair()
    target, portal = socket.socketpair()
    for end in (display, source, target, portal):
        end.setblocking(False)
    return display, source, target, portal


def test_bytes_arrive_whole_from_a_fast_display_at_a_slow_portal_and_then_the_end() -> None:
    data = random.Random(2).randbytes(5 * PIPE_BYTES + 7)

    async def move() -> bytes:
        loop = asyncio.get_running_loop()
        display, source, target, portal = pairs()
        with display, source, target, portal:
            moving = asyncio.create_task(splice(source, target))
            sending = asyncio.create_task(loop.sock_sendall(display, data))
            found = b""
            while len(found) < len(data):
                found += await loop.sock_recv(portal, 10_000)
            await sending
            display.close()
            await moving
        return found

    assert asyncio.run(move()) == data


def test_nothing_is_taken_from_the_display_that_the_portal_does_not_take() -> None:
    async def fill() -> int:
        display, source, target, portal = pairs()
        with display, source, target, portal:
            moving = asyncio.create_task(splice(source, target))
            sent = 0
            for _ in range(3):  # until nobody can do anything any more, three times over
                while True:
                    try:
                        sent += display.send(bytes(4096))
                    except BlockingIOError:
                        break
                for _ in range(20):
                    await asyncio.sleep(0)
            moving.cancel()
            await asyncio.gather(moving, return_exceptions=True)
        return sent

    assert asyncio.run(fill()) < 8 * PIPE_BYTES


def test_a_portal_that_is_gone_is_an_error_and_nothing_stays_open() -> None:
    async def move() -> None:
        loop = asyncio.get_running_loop()
        display, source, target, portal = pairs()
        with display, source, target:
            portal.close()
            await loop.sock_sendall(display, b"x")
            await splice(source, target)

    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="pipe"):
        asyncio.run(move())
    assert len(os.listdir("/proc/self/fd")) == before
