"""The wall stream, between pages and node agents."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal_kit import API, Browser, RunningJob, RunningPortal, WallPage, closing, receive_all
from tvcore.node import wire
from tvcore.portal import pace
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


ALL = [[0, 320, 240, 1], [1, 320, 240, 1]]


def shown(page: WallPage, job: RunningJob, until: Until, lookers: int = 1, streams: int = 1) -> None:
    """Let *page* show all tiles, and wait until the agent knows."""
    page.say(demand=[[tile, 320, 240, 1] for tile in job.tiles])

    def asked() -> bool:
        return len(job.agent.walls) == streams and len(job.agent.stream().lookers) == lookers

    until(asked, what="the agent is asked for pictures")


# What no agent may send, by the number of its stream and of a viewer.
NO_MESSAGES: dict[str, Callable[[int, int], bytes]] = {
    "a message of 4 GB": lambda stream, viewer: b"\xff\xff\xff\xff",
    "an empty message": lambda stream, viewer: wire.LENGTH.pack(0),
    "a table of viewers without end": lambda stream, viewer: wire.LENGTH.pack(20) + b"\xff" * 20,
    "an event of the portal": lambda stream, viewer: wire.address(
        [viewer], b'\x00{"event": "wall", "v": 9, "wall": 1}'
    ),
    "a picture for another stream": lambda stream, viewer: wire.address([viewer], wire.pack(stream + 1, 0, [], b"")),
}


# ------------------------------------------------------------------ wall: events


def test_the_wall_comes_first_and_changes_follow(page: WallPage, job: RunningJob) -> None:
    first = page.event(lambda event: True)
    assert first["event"] == "wall"
    assert first["v"] == PAGE_PROTOCOL
    assert first["wall"]["notices"] == []
    me = first["me"]
    assert (me["session"], me["title"], me["role"], me["chosen"]) == ("main", "main", "owner", False)
    assert me["rights"] == ["see", "read", "arrange", "host", "manage", "own", "operate"]
    assert me["who"]["way"] == "token"
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
    page.say(demand=[[one, 320, 240, 1], [two, 33, 44, 3], [999999, 1, 1, 0]])
    until(lambda: job.agent.walls and job.agent.stream().demand == [[0, 320, 240, 1], [1, 33, 44, 3]])
    page.say(demand=[[two, 640, 480, 0]])
    until(lambda: job.agent.stream().demand == [[1, 640, 480, 0]])
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


def test_two_pages_have_one_stream_and_get_the_same_bytes(
    page: WallPage, bystander: WallPage, job: RunningJob, until: Until
) -> None:
    shown(page, job, until)
    shown(bystander, job, until, lookers=2)
    assert len(job.agent.walls) == 1
    stream = job.agent.stream()
    for _ in range(3):
        sent = stream.send(0, os.urandom(5000))
        assert page.picture() == bystander.picture() == sent
    alone = stream.send(1, b"for one", [stream.looker(0)])
    both = stream.send(1, b"for both")
    assert page.picture() == alone
    assert page.picture() == bystander.picture() == both


def test_a_page_that_leaves_is_gone_for_the_agent_and_the_last_one_ends_the_stream(
    page: WallPage, bystander: WallPage, job: RunningJob, until: Until
) -> None:
    shown(page, job, until)
    shown(bystander, job, until, lookers=2)
    stream = job.agent.stream()
    page.close()
    until(lambda: stream.looker(0).gone)
    assert stream.open
    sent = stream.send(0, b"for who is left")
    assert bystander.picture() == sent
    bystander.close()
    until(lambda: not stream.open)


def test_a_page_that_shows_nothing_ends_the_stream_and_opens_it_again(
    page: WallPage, job: RunningJob, until: Until
) -> None:
    shown(page, job, until)
    page.say(demand=[])
    until(lambda: not job.agent.stream().open)
    shown(page, job, until, streams=2)
    sent = job.agent.stream().send(0, b"again")
    assert page.picture() == sent


def test_an_agent_that_dies_and_comes_back_is_asked_again(page: WallPage, job: RunningJob, until: Until) -> None:
    shown(page, job, until)
    before = job.agent.stream().number
    job.restart_agent()
    until(lambda: job.agent.walls and job.agent.stream().demand == ALL, what="asked again")
    assert job.agent.stream().number != before
    event = page.event(lambda e: any(tile.get("stream") for tile in e.get("tiles", ())))
    assert {tile["stream"] for tile in event["tiles"]} == {job.agent.stream().number}
    sent = job.agent.stream().send(0, b"again")
    assert page.picture() == sent


def test_a_stream_that_breaks_is_opened_again_with_the_demand_of_every_page(
    page: WallPage, bystander: WallPage, job: RunningJob, until: Until
) -> None:
    shown(page, job, until)
    shown(bystander, job, until, lookers=2)
    job.agent.stream().connection.shutdown(socket.SHUT_RDWR)
    until(lambda: len(job.agent.walls) == 2 and len(job.agent.stream().lookers) == 2)
    assert [looker.demands for looker in job.agent.stream().lookers.values()] == [[ALL], [ALL]]
    sent = job.agent.stream().send(0, b"again")
    assert page.picture() == bystander.picture() == sent


# ------------------------------------------------------------------ wall: credit


def test_credit_comes_back_as_pictures_are_drawn_and_for_no_more_than_was_sent(
    page: WallPage, job: RunningJob, until: Until
) -> None:
    shown(page, job, until)
    stream = job.agent.stream()
    until(lambda: stream.looker().credit == pace.FIRST, what="the first credit")
    page.say(drawn=1 << 40)  # nothing was sent yet
    sent = stream.send(0, bytes(40_000))
    page.undrawn()
    until(lambda: stream.looker().credit == pace.FIRST - len(sent), what="the picture is on its way")
    page.say(drawn=0)
    page.say(demand=[[job.tiles[0], 10, 10, 1]])
    until(lambda: stream.demand == [[0, 10, 10, 1]], what="the portal has read so far")
    assert stream.looker().credit == pace.FIRST - len(sent), "nothing was drawn, so nothing more may be under way"
    page.say(drawn=len(sent))
    until(lambda: stream.looker().credit >= pace.FIRST, what="credit for what was drawn")
    assert stream.looker().credit <= pace.MOST


def test_the_sites_bound_of_a_viewers_rate_bounds_the_first_credit_too(home: Path, until: Until) -> None:
    file = Path(os.environ["XDG_CONFIG_HOME"]) / "tiledviz" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[wall]\nviewer_rate = "100K"\n')
    running = RunningPortal(home)
    job = RunningJob(running)
    try:
        browser = running.login()
        until(lambda: all(tile["stream"] for tile in browser.get("/wall").json["tiles"]))
        page = browser.wall()
        shown(page, job, until)
        looker = job.agent.stream().looker()
        until(lambda: looker.credit > 0)
        assert looker.credit == pace.LEAST
        page.close()
    finally:
        running.stop()
        job.end()


def test_a_page_that_does_not_read_stops_its_own_pictures_alone(
    page: WallPage, browser: Browser, job: RunningJob, until: Until
) -> None:
    stuck = handshake(browser)
    said = json.dumps({"demand": [[tile, 320, 240, 1] for tile in job.tiles]}).encode()
    stuck.sendall(client_frame(0x82, said))
    until(lambda: job.agent.walls and job.agent.stream().lookers)
    stream = job.agent.stream()
    slow = stream.looker()
    shown(page, job, until, lookers=2)
    picture = bytes(20_000)
    given = 0
    until(lambda: slow.credit > 0)
    while slow.credit > 0:
        given += len(stream.send(0, picture))
        page.picture()
    assert given < 2 * pace.FIRST, "no more is kept for it than the credit it was given"
    for _ in range(50):
        sent = stream.send(1, os.urandom(5000), [stream.looker()])
        assert page.picture() == sent
    assert slow.credit <= 0
    stuck.close()
    until(lambda: slow.gone)


@pytest.mark.parametrize("kind", ["more than its credit", *NO_MESSAGES])
def test_an_agent_that_breaks_the_protocol_is_cut_off_with_one_line_and_asked_again(
    portal: RunningPortal, page: WallPage, job: RunningJob, until: Until, kind: str
) -> None:
    shown(page, job, until)
    stream = job.agent.stream()
    looker = stream.looker()
    until(lambda: looker.credit > 0)
    before = portal.log.read_text()
    if kind == "more than its credit":
        picture = wire.pack(stream.number, 0, [], bytes(looker.credit + pace.OVERDRAFT))
        data = wire.address([looker.number], picture) * 2
    else:
        data = NO_MESSAGES[kind](stream.number, looker.number)
    stream.connection.sendall(data)
    until(lambda: not stream.open, what="the stream is cut")
    until(lambda: len(job.agent.walls) == 2 and job.agent.stream().demand == ALL, what="it is opened again")
    until(lambda: "\n" in portal.log.read_text()[len(before) :])
    (line,) = portal.log.read_text()[len(before) :].splitlines()
    assert f"the wall stream of job {job.id} on node1 is cut: " in line
    if kind == "more than its credit":
        page.picture()  # the first of the two was all right
    sent = job.agent.stream().send(0, b"again")
    assert page.picture() == sent


def test_a_stream_that_ends_anywhere_or_is_noise_leaves_the_portal_alive(
    portal: RunningPortal, page: WallPage, bystander: WallPage, job: RunningJob, until: Until
) -> None:
    shown(page, job, until)
    stream, count = job.agent.stream(), 1
    cell = wire.Cell(0, wire.WHOLE, 1, 1.0, 0, 0, 8, 8, 0, 0, 8, 8)
    recorded = wire.address([stream.looker().number], wire.pack(stream.number, 0, [cell], b"jpeg"))
    noise = random.Random(5)
    ends = [recorded[:length] for length in range(len(recorded))]
    for data in ends[:: len(ends) // 6] + [noise.randbytes(200) for _ in range(4)]:
        stream = job.agent.stream()
        stream.connection.sendall(data)
        stream.connection.shutdown(socket.SHUT_WR)
        count += 1
        until(lambda count=count: len(job.agent.walls) >= count and job.agent.stream().demand == ALL)
        sent = job.agent.stream().send(0, b"right")  # and the pause before the next try is short again
        assert page.picture() == sent
    assert bystander.connection.ping().wait(15)
    assert "Traceback" not in portal.log.read_text()


@pytest.mark.parametrize(
    "message",
    [b"", b"{", b"[]", b"null1", b'{"demand": [[1, 2, 3]]}', b'{"demand": [[1, 0, 5, 1]]}',
     b'{"demand": [[1, 99999, 5, 1]]}', b'{"demand": [[1, 5, 5, 4]]}', b'{"demand": "x"}', b'{"drawn": -1}',
     b'{"drawn": "1"}', b'{"drawn": 1e300}', b'{"credit": {"1": 1}}', b'{"arm": 1}', b'{"arm": {"leader": 1}}',
     b'{"input": [{"tile": 1}]}', b'{"input": [{"tile": 1, "key": [0, true]}]}',
     b'{"input": [{"tile": 1, "pointer": [65536, 0, 0]}]}', b'{"input": [{"tile": 1, "pointer": [0, 0, 256]}]}',
     b'{"input": [{"tile": 1, "key": [9, true], "pointer": [0, 0, 0]}]}', b'{"release": 1}', b'{"shell": 1}',
     b'{"input": [' + b",".join([b'{"tile": 1, "key": [9, true]}'] * 1025) + b"]}", b"\xff"],
)  # fmt: skip
def test_a_message_that_cannot_be_ends_that_connection_alone(
    bystander: WallPage, browser: Browser, message: bytes
) -> None:
    other = browser.wall()
    other.connection.send(message)
    assert closing(other.connection).code == 1007
    assert bystander.connection.ping().wait(15)


def test_a_page_that_sends_noise_is_closed_and_others_stay(bystander: WallPage, browser: Browser) -> None:
    noise = random.Random(6)
    for size in (1, 20, 300, 5000):
        other = browser.wall()
        other.connection.send(noise.randbytes(size))
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
    "a close with a broken reason": (client_frame(0x88, b"\x03\xe8\xff\xff"), 1007),
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
        said = f'{{"demand": [[{job.tiles[0]}, 12, 34, 1]]}}'.encode()
        connection.sendall(client_frame(0x02, said[:9]) + client_frame(0x89, b"hello") + client_frame(0x80, said[9:]))
        until(lambda: job.agent.walls and job.agent.stream().demand == [[0, 12, 34, 1]])
        found = b""
        while b"\x8a\x05hello" not in found:
            found += connection.recv(65536)


def test_a_connection_that_is_no_websocket_is_told_so(browser: Browser) -> None:
    headers = {"Origin": browser.portal.origin, "Sec-WebSocket-Protocol": f"tiledviz, ticket.{browser.ticket('wall')}"}
    reply = browser.get("/wall/stream", **headers)
    assert reply.status == 426
    assert reply.headers["Upgrade"] == "websocket"
