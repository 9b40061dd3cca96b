"""The focus stream, between pages and displays: what goes through, whole, and what does not."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection

from fake_agent import FakeAgent
from portal_kit import API, Browser, RunningJob, RunningPortal, closing
from tvcore.portal.roles import ROLES, TABLE, Role

Until = Callable[..., None]

GREETING = b"RFB 003.008\n\x01\x01"
CLIPBOARD = 1 << 19  # bytes at a time


UPDATE = struct.pack("!BB4H", 3, 1, 0, 0, 640, 480)


def cut_text(data: bytes) -> bytes:
    return struct.pack("!B3xI", 6, len(data)) + data


def key(keysym: int, down: bool = True) -> bytes:
    return struct.pack("!BBxxI", 4, down, keysym)


def pointer(x: int, y: int, buttons: int = 0) -> bytes:
    return struct.pack("!BBHH", 5, buttons, x, y)


def echoed(connection: ClientConnection, length: int) -> bytes:
    """Return so many bytes of what the display, an echo, was given."""
    found = b""
    while len(found) < length:
        message = connection.recv(15)
        assert isinstance(message, bytes)
        found += message
    return found


def test_rfb_bytes_go_both_ways_intact(browser: Browser, job: RunningJob) -> None:
    data = GREETING + b"".join(cut_text(os.urandom(CLIPBOARD)) for _ in range(24))
    connection = browser.rfb(job.tiles[0])

    def send() -> None:
        for start in range(0, len(data), 200_000):
            connection.send(data[start : start + 200_000])

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    found = bytearray()
    while len(found) < len(data):
        found += connection.recv(20)
    sender.join(10)
    assert hashlib.sha256(found).digest() == hashlib.sha256(data).digest()
    connection.close()


@pytest.mark.parametrize("role", ROLES)
def test_keys_pointer_clipboard_and_size_reach_the_display_from_who_may_operate_alone(
    portal: RunningPortal, job: RunningJob, role: Role
) -> None:
    resize = struct.pack("!BxHHBxIHHHHI", 251, 800, 600, 1, 7, 0, 0, 800, 600, 0)
    qemu_key = struct.pack("!BBHII", 255, 0, 1, 0x61, 30)
    acts = [key(0x61), pointer(3, 4, 1), cut_text(b"a secret"), resize, qemu_key]
    may = "operate" in TABLE[role]
    connection = portal.login(role).rfb(job.tiles[0])
    connection.send(GREETING[:-1] + b"\x00")  # as one that wants the display for itself
    for message in acts:
        connection.send(message)
    connection.send(b"".join(acts) + UPDATE)
    expected = GREETING + (b"".join(acts) * 2 if may else b"") + UPDATE
    assert echoed(connection, len(expected)) == expected
    assert job.agent.displayed == ["rfb" if may else "view"], "who may only look is told no clipboard"
    connection.close()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"GET / HTTP/1.1", "greeting"),
        (GREETING + b"\x63", "kind 99"),
        (GREETING + b"\x02\0\xff\xff", "65535 encodings"),
    ],
)
def test_what_is_not_rfb_ends_that_stream_with_a_reason(
    browser: Browser, job: RunningJob, message: bytes, words: str
) -> None:
    other = browser.rfb(job.tiles[0])
    connection = browser.rfb(job.tiles[0])
    connection.send(message)
    last = closing(connection)
    assert last.code == 1008
    assert words in last.reason
    other.send(GREETING)
    assert echoed(other, len(GREETING)) == GREETING
    other.close()


def test_what_is_done_in_an_opened_leader_is_done_by_its_followers_too_and_released_at_its_end(
    browser: Browser, job: RunningJob, until: Until
) -> None:
    one, two = job.tiles
    page, focus = browser.wall(), browser.rfb(one)
    focus.send(GREETING + key(0x41))  # not armed yet
    assert echoed(focus, len(GREETING) + 8) == GREETING + key(0x41)
    page.say(arm={"leader": one, "followers": [two]})
    page.event(lambda event: event["event"] == "armed")
    nameless = struct.pack("!BBHII", 255, 0, 1, 0, 30)  # a key by its place alone: it means nothing elsewhere
    said = [key(0x61), pointer(0, 479, 1), nameless, pointer(639, 9999)]
    focus.send(b"".join(said))
    assert echoed(focus, len(b"".join(said))) == b"".join(said), "the leader itself gets it by this stream"
    expected = [
        {"tiles": [1], "key": [0x61, True]},
        {"tiles": [1], "pointer": [51, 65467, 1]},
        {"tiles": [1], "pointer": [65484, 65467, 0]},
    ]
    until(lambda: job.agent.walls and job.agent.stream().lookers and job.agent.stream().looker().input == expected)
    focus.close()
    until(lambda: job.agent.stream().looker().input == [*expected, {"release": True}], what="what was held is let go")
    page.close()


def test_a_display_that_ends_closes_the_stream_with_a_reason(browser: Browser, job: RunningJob) -> None:
    def greet(_agent: FakeAgent, connection: socket.socket) -> None:
        connection.sendall(b"RFB 003.008\n")

    job.agent.serve_rfb = greet
    connection = browser.rfb(job.tiles[1])
    assert connection.recv(15) == b"RFB 003.008\n"
    last = closing(connection)
    assert (last.code, last.reason) == (1001, "the display ended")


def test_a_browser_that_leaves_ends_the_stream_at_the_display(browser: Browser, job: RunningJob, until: Until) -> None:
    gone = threading.Event()

    def watch(_agent: FakeAgent, connection: socket.socket) -> None:
        while connection.recv(4096):
            pass
        gone.set()

    job.agent.serve_rfb = watch
    connection = browser.rfb(job.tiles[0])
    connection.send(b"RFB")
    connection.close()
    assert gone.wait(15)


def test_an_agent_that_refuses_is_told_to_the_page(browser: Browser, job: RunningJob) -> None:
    ticket = browser.ticket("rfb", job.tiles[0])
    job.agent.book = type(job.agent.book)("another secret")
    connection = browser.open(f"/tiles/{job.tiles[0]}/rfb", ticket)
    last = closing(connection)
    assert last.code == 1013
    assert "this token is not good" in last.reason


def memory(pid: int) -> int:
    """Return the resident memory of the process *pid* in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_a_browser_that_does_not_read_stops_the_display_and_costs_no_memory(
    portal: RunningPortal, browser: Browser, job: RunningJob, until: Until
) -> None:
    sent = [0]

    def pour(_agent: FakeAgent, connection: socket.socket) -> None:
        chunk = bytes(1 << 16)
        while True:
            connection.sendall(chunk)
            sent[0] += len(chunk)

    job.agent.serve_rfb = pour
    before = memory(portal.process.pid)
    # A bare connection: the client's library would read ahead.
    connection = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
    tile = job.tiles[0]
    connection.sendall(
        f"GET {API}/tiles/{tile}/rfb HTTP/1.1\r\nHost: {portal.host}\r\nOrigin: {portal.origin}\r\n"
        f"Cookie: {browser.cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n"
        f"Sec-WebSocket-Protocol: tiledviz, ticket.{browser.ticket('rfb', tile)}\r\n\r\n".encode()
    )
    last = [-1]

    def still() -> bool:
        last.append(sent[0])
        time.sleep(0.2)
        return sent[0] > 0 and sent[0] == last[-1]

    until(still, what="the display is held up")
    assert sent[0] < 32 << 20
    assert memory(portal.process.pid) - before < 32 << 20
    assert browser.get("/health").status == 200
    connection.close()


def test_a_busy_focus_stream_lets_others_through(browser: Browser, job: RunningJob) -> None:
    def pour(_agent: FakeAgent, connection: socket.socket) -> None:
        while True:
            connection.sendall(bytes(1 << 18))

    job.agent.serve_rfb = pour
    connection = browser.rfb(job.tiles[0])
    stop = threading.Event()

    def drain() -> None:
        while not stop.is_set():
            connection.recv(20)

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    delays = []
    for _ in range(30):
        started = time.monotonic()
        assert browser.get("/health").status == 200
        delays.append(time.monotonic() - started)
    stop.set()
    reader.join(20)
    connection.close()
    assert sorted(delays)[15] < 0.5, delays
