"""The wall stream and the focus stream, between pages and node agents."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal_kit import API, Browser, FakeAgent, RunningJob, RunningPortal, WallPage, closing, receive_all
from tvcore.node import wire
from tvcore.portal.wall import PAGE_PROTOCOL

Until = Callable[..., None]


@pytest.fixture
def page(browser: Browser, job: RunningJob) -> Iterator[WallPage]:
    """A page that shows the wall."""
    wall = browser.wall()
    yield wall
    wall.close()


@pytest.fixture
def bystander(browser: Browser) -> Iterator[WallPage]:
    """Another page, to which nothing happens."""
    wall = browser.wall()
    yield wall
    wall.close()


def shown(page: WallPage, job: RunningJob, until: Until, count: int = 1) -> None:
    """Let *page* show all tiles, and wait until the agent knows."""
    page.say(demand=[[tile, 320, 240] for tile in job.tiles])
    until(lambda: len(job.agent.walls) >= count and job.agent.stream().demand, what="the agent is asked for pictures")


# ------------------------------------------------------------------ wall: events


def test_the_wall_comes_first_and_changes_follow(page: WallPage, job: RunningJob) -> None:
    first = page.event(lambda event: True)
    assert first["event"] == "wall"
    assert first["v"] == PAGE_PROTOCOL
    assert first["wall"]["notices"] == []
    assert set(job.tiles) <= {tile["id"] for tile in first["wall"]["tiles"]}
    job.agent.change(1, state="failed", reason="the program ended")
    changed = page.event(lambda event: any("state" in tile for tile in event.get("tiles", ())))
    assert changed["tiles"] == [{"id": job.tiles[1], "state": "failed", "reason": "the program ended"}]


def test_a_job_that_comes_and_goes_changes_the_wall_of_every_viewer(
    portal: RunningPortal, page: WallPage, job: RunningJob
) -> None:
    other = portal.login().wall()
    further = RunningJob(portal, tiles=3)
    tiles = set(further.tiles)
    for viewer in (page, other):
        viewer.event(lambda e: e["event"] == "wall" and tiles <= {tile["id"] for tile in e["wall"]["tiles"]})
    further.end()
    for viewer in (page, other):
        viewer.event(lambda e: e["event"] == "wall" and not tiles & {tile["id"] for tile in e["wall"]["tiles"]})
    other.close()


def test_what_is_away_and_back_again_is_told_without_the_rest_of_the_wall(
    portal: RunningPortal, page: WallPage, job: RunningJob
) -> None:
    page.event(lambda event: event["event"] == "wall")
    portal.store.services.tell("slurm", "Slurm does not answer: the states of its jobs are as they were then")
    try:
        away = page.event(lambda event: event["event"] == "notices")
    finally:
        portal.store.services.tell("slurm")
    (notice,) = away["notices"]
    assert "Slurm does not answer" in notice
    assert page.event(lambda event: event["event"] == "notices")["notices"] == []
    assert [event["event"] for event in page.events if event["event"] == "wall"] == []


# ---------------------------------------------------------------- wall: pictures


def test_demand_reaches_the_agent_as_its_tiles_and_is_replaced(page: WallPage, job: RunningJob, until: Until) -> None:
    one, two = job.tiles
    page.say(demand=[[one, 320, 240], [two, 33, 44], [999999, 1, 1]])
    until(lambda: job.agent.walls and job.agent.stream().demand == [[0, 320, 240], [1, 33, 44]])
    page.say(demand=[[two, 640, 480]])
    until(lambda: job.agent.stream().demand == [[1, 640, 480]])
    page.say(demand=[])
    until(lambda: job.agent.stream().demand == [])
    assert len(job.agent.walls) == 1


def test_pictures_are_passed_on_byte_for_byte_under_the_streams_number(
    page: WallPage, browser: Browser, job: RunningJob, until: Until
) -> None:
    shown(page, job, until)
    numbers = {tile["stream"] for tile in browser.get("/wall").json["tiles"] if tile["job"] == job.id}
    for size in (0, 1, 100, 200, 65518, 65536, 300_000):
        jpeg = os.urandom(size)
        sent = job.agent.stream().send(1, jpeg)
        got = page.picture()
        assert got == sent
        picture = wire.unpack(got)
        assert {picture.number} == numbers
        assert (picture.cells[0].tile, picture.jpeg) == (1, jpeg)


def test_a_credit_goes_back_to_the_agent_for_each_picture_drawn_and_for_no_more(
    page: WallPage, job: RunningJob, until: Until
) -> None:
    shown(page, job, until)
    stream = job.agent.stream()
    page.say(credit={str(stream.number): 1000})  # nothing was sent yet
    page.say(demand=[[job.tiles[0], 10, 10]])
    until(lambda: stream.demand == [[0, 10, 10]], what="the portal has read so far")
    stream.send(0, b"a")
    stream.send(0, b"b")
    page.picture(), page.picture()
    page.say(credit={str(stream.number): 1, "60000": 5})
    until(lambda: stream.credit == 1)
    page.say(credit={str(stream.number): 1000})
    page.say(demand=[])
    until(lambda: stream.demand == [])
    assert stream.credit == 2


def test_an_agent_that_dies_and_comes_back_is_asked_again(page: WallPage, job: RunningJob, until: Until) -> None:
    shown(page, job, until)
    before = job.agent.stream().number
    job.restart_agent()
    until(lambda: job.agent.walls and job.agent.stream().demand == [[0, 320, 240], [1, 320, 240]], what="asked again")
    assert job.agent.stream().number != before
    event = page.event(lambda e: any(tile.get("stream") for tile in e.get("tiles", ())))
    assert {tile["stream"] for tile in event["tiles"]} == {job.agent.stream().number}
    sent = job.agent.stream().send(0, b"again")
    assert page.picture() == sent


def test_a_stream_that_breaks_is_opened_again_with_its_demand(page: WallPage, job: RunningJob, until: Until) -> None:
    shown(page, job, until)
    job.agent.stream().connection.shutdown(socket.SHUT_RDWR)
    until(lambda: len(job.agent.walls) == 2 and job.agent.stream().demand == [[0, 320, 240], [1, 320, 240]])
    sent = job.agent.stream().send(0, b"again")
    assert page.picture() == sent


def test_a_viewer_that_leaves_ends_its_stream_at_the_agent(page: WallPage, job: RunningJob, until: Until) -> None:
    shown(page, job, until)
    page.close()
    until(lambda: not job.agent.stream().open)


def test_a_slow_viewer_holds_up_no_other(page: WallPage, browser: Browser, job: RunningJob, until: Until) -> None:
    slow = browser.open("/wall/stream", browser.ticket("wall"))
    stuck = WallPage(slow)
    shown(stuck, job, until)
    stream = job.agent.stream()

    def flood() -> None:
        try:
            while True:
                stream.send(0, bytes(1 << 20))
        except OSError:
            pass

    sender = threading.Thread(target=flood, daemon=True)
    sender.start()
    until(lambda: stalled(stream), what="the slow viewer's stream is full")
    assert stream.sent < 100, "what a slow viewer does not take must not be kept for it"
    shown(page, job, until, count=2)
    for _ in range(30):
        started = time.monotonic()
        sent = job.agent.stream().send(1, b"x" * 5000)
        assert page.picture() == sent
        assert time.monotonic() - started < 1
    slow.close_timeout = 0.1
    slow.socket.shutdown(socket.SHUT_RDWR)
    sender.join(10)
    assert not sender.is_alive()


def stalled(stream: object) -> bool:
    before = stream.sent  # type: ignore[attr-defined]
    time.sleep(0.3)
    return before > 0 and stream.sent == before  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "message",
    [b"", b"{", b"[]", b"null1", b'{"demand": [[1, 2]]}', b'{"demand": [[1, 0, 5]]}', b'{"demand": [[1, 99999, 5]]}',
     b'{"demand": "x"}', b'{"credit": {"1": -1}}', b'{"credit": {"1": "1"}}', b'{"shell": 1}', b"\xff"],
)  # fmt: skip
def test_a_message_that_cannot_be_ends_that_connection_alone(
    bystander: WallPage, browser: Browser, message: bytes
) -> None:
    other = browser.wall()
    other.connection.send(message)
    assert closing(other.connection).code == 1007
    assert bystander.connection.ping().wait(15)


# ----------------------------------------------------------- hostile frames


def handshake(browser: Browser) -> socket.socket:
    """Open the wall stream by hand and return the bare connection."""
    portal = browser.portal
    connection = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {API}/wall/stream HTTP/1.1\r\nHost: {portal.host}\r\nOrigin: {portal.origin}\r\n"
        f"Cookie: {browser.cookie}\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Protocol: tiledviz,ticket.{browser.ticket('wall')}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Protocol: tiledviz\r\n" in head
    assert b"ticket" not in head
    accept = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    assert base64.b64encode(accept) in head
    return connection


def client_frame(first: int, payload: bytes, masked: bool = True) -> bytes:
    length = len(payload)
    head = bytes([first, (0x80 if masked else 0) | (length if length < 126 else 126 if length < 65536 else 127)])
    head += (
        struct.pack("!H", length) if 126 <= length < 65536 else struct.pack("!Q", length) if length >= 65536 else b""
    )
    return head + (bytes(4) if masked else b"") + payload


HOSTILE = {
    "text": (client_frame(0x81, b"{}"), 1003),
    "unmasked": (client_frame(0x82, b"{}", masked=False), 1002),
    "longer than a message may be": (b"\x82\xff" + struct.pack("!Q", (1 << 20) + 1), 1009),
    "of 2^63 bytes": (b"\x82\xff" + struct.pack("!Q", 1 << 63), 1009),
    "reserved bits": (client_frame(0xC2, b"{}"), 1002),
    "unknown opcode": (client_frame(0x83, b"{}"), 1002),
    "long ping": (client_frame(0x89, bytes(126)), 1002),
    "fragmented ping": (client_frame(0x09, b""), 1002),
    "continuation of nothing": (client_frame(0x80, b"{}"), 1002),
    "a message within a message": (client_frame(0x02, b" ") + client_frame(0x82, b"{}"), 1002),
    "a close with a broken reason": (client_frame(0x88, b"\x03\xe8\xff\xff"), 1002),
    "fragments too large together": (client_frame(0x02, bytes(600_000)) + client_frame(0x00, bytes(500_000)), 1009),
    "fragments without end": (client_frame(0x02, b" ") + client_frame(0x00, b" ") * 5000, 1008),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_frame_ends_that_connection_alone(bystander: WallPage, browser: Browser, kind: str) -> None:
    data, code = HOSTILE[kind]
    connection = handshake(browser)
    with connection:
        connection.sendall(data)
        answer = receive_all(connection)
    assert struct.pack("!H", code) in answer[answer.rindex(b"\x88") :], answer[-200:]
    assert bystander.connection.ping().wait(15)
    assert browser.get("/health").status == 200


def test_a_fragmented_message_with_a_ping_between_is_one_message(
    browser: Browser, job: RunningJob, until: Until
) -> None:
    with handshake(browser) as connection:
        said = f'{{"demand": [[{job.tiles[0]}, 12, 34]]}}'.encode()
        connection.sendall(client_frame(0x02, said[:9]) + client_frame(0x89, b"hello") + client_frame(0x80, said[9:]))
        until(lambda: job.agent.walls and job.agent.stream().demand == [[0, 12, 34]])
        found = b""
        while b"\x8a\x05hello" not in found:
            found += connection.recv(65536)


def test_a_connection_that_is_no_websocket_is_told_so(browser: Browser) -> None:
    headers = {"Origin": browser.portal.origin, "Sec-WebSocket-Protocol": f"tiledviz, ticket.{browser.ticket('wall')}"}
    reply = browser.get("/wall/stream", **headers)
    assert reply.status == 426
    assert reply.headers["Upgrade"] == "websocket"


# ------------------------------------------------------------------------ focus


def test_rfb_bytes_go_both_ways_intact(browser: Browser, job: RunningJob) -> None:
    data = os.urandom(12 << 20)
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
    connection.send(b"x")
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
