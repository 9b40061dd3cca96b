"""Who may only look does nothing to a real display, whatever the page sends: portal, node agent and Xvnc together."""

from __future__ import annotations

import json
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection

from nodekit import LISTENER, NodeAgent, wait_for
from portal_kit import RunningPortal
from tvcore import proc
from tvcore.batch.scheduler import JobState
from tvcore.portal.roles import Role
from tvcore.store import Members
from tvcore.tunnel.remote import OUTPUT, run_command

WITNESS = (sys.executable, str(Path(__file__).parent / "witness.py"))
JOB = "local-0a0b0c0d"
GREETING = b"RFB 003.008\n\x01\x01"
ENCODINGS = struct.pack("!BxH3i", 2, 3, 0, -308, -312)  # raw, sizes, fences
FENCE = struct.pack("!B3xIB", 248, 1 << 31 | 1, 4) + b"done"  # to be answered once all before it is done


@pytest.fixture
def listening(start_agent: Callable[..., NodeAgent]) -> NodeAgent:
    """A node agent with a tile that prints what keys and pointer do."""
    agent = start_agent(LISTENER, job=JOB)
    agent.wait_state("live")
    wait_for(lambda: "listens" in agent.said(), what="the listener")
    return agent


@pytest.fixture
def portal(home: Path, listening: NodeAgent) -> Iterator[RunningPortal]:
    """A portal with that agent's tile on its wall."""
    folder = home / "jobs" / JOB
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    process = proc.Process.of(listening.process.pid)
    (folder / "started.json").write_text(json.dumps({"pid": process.pid, "start": process.start, "time": time.time()}))
    running = RunningPortal(home)
    running.store.add_run(listening.plan, "local", JOB, Members(), JobState.RUNNING)
    yield running
    running.stop()


def act(portal: RunningPortal, role: Role, keysym: int, x: int, width: int) -> ClientConnection:
    """As one of *role* move the pointer, press a key, copy, and resize; return once the display has seen all there was.

    Raises AssertionError when it says nothing any more.
    """
    browser = portal.login(role)
    (tile,) = [tile["id"] for tile in portal.store.tiles()]
    wait_for(lambda: browser.post("/tickets", {"stream": "rfb", "tile": tile}).status == 200, what="the tile")
    connection: ClientConnection = browser.rfb(tile)
    screen = struct.pack("!BxHHBxIHHHHI", 251, width, 480, 1, 0, 0, 0, width, 480, 0)
    connection.send(GREETING + ENCODINGS)
    for message in (
        struct.pack("!BBHH", 5, 0, x, 60),  # into the window: it gets the key
        *(struct.pack("!BBxxI", 4, down, keysym) for down in (1, 0)),
        struct.pack("!B3xI", 6, 6) + b"secret",
        screen,
        FENCE,
    ):
        connection.send(message)
    received = b""
    while b"done" not in received:
        message = connection.recv(15)
        assert isinstance(message, bytes)
        received += message
    return connection


def witness(agent: NodeAgent) -> str:
    """Return whether the clipboard is owned, and the display's size."""
    said = bytearray()
    run_command(agent.registration, 0, WITNESS, sink=lambda kind, data: said.extend(data) if kind == OUTPUT else None)
    return said.decode().strip()


def test_a_viewers_keys_pointer_clipboard_and_resize_do_not_arrive_and_an_owners_do(
    portal: RunningPortal, listening: NodeAgent
) -> None:
    with closing(act(portal, "viewer", keysym=0x62, x=70, width=700)):
        assert witness(listening) == "free 640 480"
    with closing(act(portal, "owner", keysym=0x61, x=50, width=800)):
        assert witness(listening) == "owned 800 480"
    wait_for(lambda: any(line.startswith("up 0x61") for line in listening.said()), what="the owner's key")
    said = listening.said()
    assert [line for line in said if line.startswith("down")] == ["down 0x61 0"]
    assert "move 0 50 60" in said
    assert not [line for line in said if "0x62" in line or line.startswith("move 0 70")]
