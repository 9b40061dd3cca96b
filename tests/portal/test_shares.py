"""What one person may take of the portal's streams, however many pages they have, and that nobody else is held up."""

from __future__ import annotations

import base64
import contextlib
import secrets
import socket
import struct
import threading
import time
from typing import Any

import gevent
import pytest
from rows_kit import browser_of, guest, invitation

from fake_agent import FakeAgent
from portal_kit import API, Browser, RunningJob, RunningPortal, closing
from tvcore.portal.access import Access, Who
from tvcore.portal.auth import Login
from tvcore.portal.core import (
    GUEST_SOCKETS_MAX,
    INVITATION_SOCKETS_MAX,
    PERSON_SOCKETS_MAX,
    SOCKETS_MAX,
    TILE_SOCKETS_MAX,
    Sockets,
)
from tvcore.portal.page_messages import Here, Operation, PageMessage
from tvcore.portal.roles import Grant
from tvcore.portal.room import Member, Room
from tvcore.portal.rooms import Rooms
from tvcore.portal.shares import FRAMES, FRAMES_BURST, REMEMBERED, Allowances, Shares
from tvcore.portal.visit import Visit
from tvcore.portal.websocket import BrowserSocket

PING = b"\x89\x80\0\0\0\0"  # RFC 6455, section 5.5.2: without a payload, masked by zeros


def a_login(person: int, invitation: int | None = None, operate: bool = False) -> Login:
    way = "accounts" if invitation is None else "guest"
    who = Who(person, way, f"p{person}", f"P {person}", invitation=invitation)
    return Login(f"id {person}", "", Access(who), session="main", grant=Grant("guest", operate=operate))


class Ordering:
    """A store in which nothing is, and that takes its time."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def call(self, name: str, _seconds: float, /, **given: Any) -> Any:
        self.calls.append(name if name != "ops_since" else f"{name} {given['seq']}")
        gevent.sleep(0.01)
        came = [{"refused": [], "known": []} for _ in given.get("acts", ())]
        return {"came": came, "head": 10**6, "message": '{"event": "ops", "after": 0, "ops": []}'}


def test_more_pages_are_not_more_of_a_say() -> None:
    rooms, waits = Rooms(Ordering(), Shares(lambda: 0.0)), []
    pages = [Visit(rooms, a_login(1), lambda: None, waits.append) for _ in range(4)]
    other = Visit(rooms, a_login(2), lambda: None, waits.append)
    for page in (*pages, other):
        page.take(PageMessage(join=None), 1)
    assert max(waits) == 0
    hundred = [Operation(id=f"a-{number}") for number in range(100)]
    for page in pages:
        page.take(PageMessage(ops=hundred), 100)
    assert max(waits) > 19, "200 at once, ten a second: for all pages together"
    waits.clear()
    other.take(PageMessage(ops=hundred), 100)
    assert max(waits) == 0, "nobody else waits"
    for page in pages:
        for _ in range(200):
            page.take(PageMessage(here=Here(page="0" * 12, zoomed=[1 << 50] * 250)), 4000)
    assert max(waits) > 50, "what is told to everyone is paid for by its size"
    waits.clear()
    for page in pages:
        for _ in range(16):
            page.take(PageMessage(join=7), 1)
    assert max(waits) > 30
    rooms.stop()


def test_of_thousands_of_people_those_are_forgotten_who_have_waited_longest() -> None:
    allowances = Allowances(1.0, 10.0, lambda: 0.0)
    assert allowances.take("ada", 10.0) == 0.0
    for number in range(REMEMBERED - 1):
        allowances.take(f"p{number}", 1.0)
    assert allowances.take("ada", 1.0) == 1.0
    for number in range(3 * REMEMBERED):
        allowances.take(f"q{number}", 1.0)
    assert len(allowances._all) == REMEMBERED


def test_operations_go_before_all_who_join_and_know_something_else() -> None:
    ordering = Ordering()
    room = Room(ordering, "main")
    worker = Member("worker", "owner", lambda: None)
    room.join(worker, None)
    gevent.sleep(0.1)
    ordering.calls.clear()
    for number in range(200):
        room.join(Member("noisy", "guest", lambda: None), number)
    gevent.sleep(0.05)
    room.offer(worker, [{"id": "a-1"}])
    with gevent.Timeout(10):
        while "append_ops" not in ordering.calls:
            gevent.sleep(0.01)
        assert ordering.calls.index("append_ops") < 50, "it did not wait for all of them"
        while len([name for name in ordering.calls if name.startswith("ops_since")]) < 200:
            gevent.sleep(0.01)
    room.stop()


def test_a_page_has_one_name() -> None:
    room = Room(Ordering(), "main")
    page, other = Member("noisy", "guest", lambda: None), Member("other", "guest", lambda: None)
    for number in range(100):
        room.here(page, f"{number:012}", {"focus": number})
    room.here(other, f"{7:012}", {"focus": 7})
    assert {name: said["focus"] for name, (_, said) in room._pages.items()} == {f"{0:012}": 0, f"{7:012}": 7}
    room.stop()


def test_guests_and_lookers_have_few_streams_and_those_of_one_invitation_leave_room_for_others() -> None:
    sockets = Sockets()

    def taken(login: Login, tile: int | None = None) -> int:
        count = 0
        while not sockets.full(login, tile):
            sockets.add(BrowserSocket(1), login, tile)
            count += 1
        return count

    assert taken(a_login(1, invitation=5), tile=3) == TILE_SOCKETS_MAX
    assert taken(a_login(1, invitation=5), tile=4) == TILE_SOCKETS_MAX
    assert taken(a_login(1, invitation=5)) == GUEST_SOCKETS_MAX - 2 * TILE_SOCKETS_MAX == 0
    came = GUEST_SOCKETS_MAX + sum(taken(a_login(number, invitation=5)) for number in range(2, 40))
    assert came == INVITATION_SOCKETS_MAX
    assert taken(a_login(100, operate=True), tile=3) == PERSON_SOCKETS_MAX
    assert sum(taken(a_login(number)) for number in range(101, 110)) == SOCKETS_MAX - came - PERSON_SOCKETS_MAX


# -------------------------------------------------------------- over the wire


@pytest.fixture
def invited(portal: RunningPortal, job: RunningJob) -> Browser:
    """A guest who was invited to look at one tile."""
    return browser_of(portal, guest(portal.store, invitation(portal.store, "main", job.tiles[:1])))


def bare(portal: RunningPortal, browser: Browser, path: str, ticket: str) -> socket.socket:
    """Return the connection of a stream, for what no client's library would send."""
    connection = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
    connection.sendall(
        f"GET {API}{path} HTTP/1.1\r\nHost: {portal.host}\r\nOrigin: {portal.origin}\r\nCookie: {browser.cookie}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n"
        f"Sec-WebSocket-Protocol: tiledviz, ticket.{ticket}\r\n\r\n".encode()
    )
    assert connection.recv(12) == b"HTTP/1.1 101"
    return connection


def test_a_flood_of_small_frames_over_several_streams_is_taken_at_the_rate_of_one_person(
    portal: RunningPortal, job: RunningJob, invited: Browser
) -> None:
    tile = job.tiles[0]
    paths = [(f"/tiles/{tile}/rfb", invited.ticket("rfb", tile)), ("/wall/stream", invited.ticket("wall"))]
    streams = [bare(portal, invited, *each) for each in paths]
    stop, pongs = threading.Event(), [0]

    def send(stream: socket.socket) -> None:
        while not stop.is_set():
            try:
                stream.sendall(PING * 2000)
            except OSError:
                return

    def count(stream: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := stream.recv(1 << 16):
                pongs[0] += data.count(b"\x8a\0")

    began = time.monotonic()
    threads = [threading.Thread(target=do, args=(stream,), daemon=True) for do in (send, count) for stream in streams]
    for thread in threads:
        thread.start()
    try:
        owner = portal.login()
        while time.monotonic() < began + 6:
            assert owner.get("/wall").status == 200
            time.sleep(0.05)  # a person's rate, not another flood
    finally:
        stop.set()
        for stream in streams:
            stream.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(20)
        for stream in streams:
            stream.close()
    took = time.monotonic() - began
    assert 1000 < pongs[0] < FRAMES_BURST + FRAMES * took + 5000


def swallow(agent: FakeAgent, connection: socket.socket) -> None:
    """Greet as a display does (RFC 6143, 7.1), then take what comes and say nothing."""
    connection.sendall(b"RFB 003.008\n\x01\x01")
    while data := connection.recv(1 << 16):
        agent.rfb_bytes += len(data)


def test_a_thousand_requests_in_one_message_are_a_thousand(
    portal: RunningPortal, job: RunningJob, invited: Browser
) -> None:
    job.agent.serve_rfb = swallow
    tile, requests = job.tiles[0], struct.pack("!BB4H", 3, 0, 0, 0, 8, 8) * 1000
    stream = invited.rfb(tile)
    stream.send(b"RFB 003.008\n\x01\x01")

    def send() -> None:
        with contextlib.suppress(Exception):  # it is closed in the middle
            for _ in range(1000):
                stream.send(requests)

    began = time.monotonic()
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    time.sleep(4)
    came, took = job.agent.rfb_bytes, time.monotonic() - began
    stream.socket.shutdown(socket.SHUT_RDWR)
    stream.close()
    thread.join(20)
    assert 1000 < came / 10 < FRAMES_BURST + FRAMES * took + 5000


def test_one_who_only_looks_cannot_have_a_display_draw_for_a_hundred(
    portal: RunningPortal, job: RunningJob, invited: Browser
) -> None:
    tile = job.tiles[0]
    opened = [invited.rfb(tile) for _ in range(TILE_SOCKETS_MAX)]
    with pytest.raises(Exception, match="503"):
        invited.rfb(tile)
    others = portal.login().rfb(tile)
    greeting = b"RFB 003.008\n\x01\x01"
    others.send(greeting + struct.pack("!BB4H", 3, 1, 0, 0, 8, 8))
    assert others.recv(15).startswith(b"RFB")
    opened[0].send(b"\xff" * 20)
    assert closing(opened[0]).code == 1008
    for each in (*opened, others):
        each.close()
