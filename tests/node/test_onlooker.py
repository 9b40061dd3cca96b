"""Who may only look at a real display is not told what is copied there; who works in it is."""

from __future__ import annotations

import asyncio
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nodekit import NodeAgent, wait_for
from tvcore.node import onlooker
from tvcore.tunnel import agents

TEXT = b"a password that no picture shows"
COPIER = (sys.executable, str(Path(__file__).parent / "copier.py"), TEXT.decode())
LONG = 0.6  # seconds, in which it copies twice
GREETING = b"RFB 003.008\n\x01\x01"
EXTENDED = -0x3F5E1A32  # the extended clipboard's pseudo-encoding, 0xC0A1E5CE
ENCODINGS = struct.pack("!BxH3i", 2, 3, 0, -312, EXTENDED)
CAPS, REQUEST, PROVIDE, UTF8 = 1 << 24, 1 << 25, 1 << 28, 1
ABLE = struct.pack("!B3xiII", 6, -8, CAPS | REQUEST | PROVIDE | UTF8, 1 << 20)  # sends, unasked, what is not longer
WANTED = struct.pack("!B3xiI", 6, -4, REQUEST | UTF8)
FENCE = struct.pack("!B3xIB", 248, 1 << 31 | 1, 4) + b"done"


@pytest.fixture
def copying(start_agent: Callable[..., NodeAgent]) -> NodeAgent:
    """A node agent with a tile whose program copies."""
    agent = start_agent(COPIER)
    wait_for(lambda: "copies" in agent.said(), what="the program copies")
    return agent


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        assert more, "the display closed the connection"
        data += more
    return data


def come(agent: NodeAgent, stream: agents.StreamName, *said: bytes) -> socket.socket:
    """Come in by *stream* as noVNC does, which takes no notice of what comes too early, and say what comes next."""
    connection = agents.connect(agent.registration, stream, tile=0, timeout=15)

    def answer(data: bytes) -> None:
        assert not select.select([connection], [], [], 0.1)[0], "it is its turn"
        connection.sendall(data)

    assert exactly(connection, 12) == GREETING[:12]
    answer(GREETING[:12])
    kinds = exactly(connection, exactly(connection, 1)[0])
    assert 1 in kinds
    answer(GREETING[12:13])
    assert exactly(connection, 4) == bytes(4)
    answer(GREETING[13:])
    *_, length = struct.unpack("!HH16xI", exactly(connection, 24))
    exactly(connection, length)
    connection.sendall(b"".join(said))
    return connection


def heard(connection: socket.socket) -> bytes | int:
    """Return what the next message has: the clipboard's text, the flags of an extended one, or what a fence brings."""
    (kind,) = exactly(connection, 1)
    if kind == 248:
        return exactly(connection, exactly(connection, 8)[-1])
    assert kind == 3
    (length,) = struct.unpack("!3xi", exactly(connection, 7))
    data = exactly(connection, abs(length))
    return data if length >= 0 else int(struct.unpack_from("!I", data)[0])


def provides(message: bytes | int) -> bool:
    return isinstance(message, int) and message & PROVIDE != 0 and not message & CAPS


def test_who_works_in_a_tile_is_told_its_clipboard_and_who_may_only_look_is_not(copying: NodeAgent) -> None:
    with come(copying, "rfb") as works, come(copying, "view") as looks:
        for _ in range(2):
            assert heard(works) == TEXT
        looks.settimeout(LONG)
        with pytest.raises(TimeoutError):
            looks.recv(1)


def test_nor_by_the_extended_clipboard_that_tells_what_it_is_asked_for(copying: NodeAgent) -> None:
    with come(copying, "rfb", ENCODINGS, ABLE) as works, come(copying, "view", ENCODINGS, ABLE) as looks:
        while not provides(heard(works)):
            pass
        looks.sendall(WANTED)
        time.sleep(LONG)
        looks.sendall(FENCE)
        while (message := heard(looks)) != b"done":
            assert message != TEXT
            assert not provides(message)


@pytest.mark.parametrize("kinds", [b"\x00", b"\x01\x01"])
def test_a_display_that_knows_no_such_password_shows_nothing(kinds: bytes) -> None:
    async def come_in() -> bytes:
        (display, ours), (viewer, theirs) = socket.socketpair(), socket.socketpair()
        with display, ours, viewer, theirs:
            for end in (display, viewer, theirs):
                end.setblocking(False)
            ours.sendall(GREETING[:12] + kinds)
            with pytest.raises(ValueError, match="no password to look"):
                await onlooker.come_in(display, asyncio.StreamReader(), viewer)
            with pytest.raises(BlockingIOError):
                theirs.recv(1)
            return ours.recv(100)

    assert asyncio.run(come_in()) == GREETING[:12]
