"""Bytes moved between sockets: whole, in few calls, and everybody in turns."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import random
import socket
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from websockify.websocket import WebSocket

from tvcore.portal import moving
from tvcore.portal.moving import READ, Ready, Turns, send_all, splice_all
from tvcore.portal.websocket import BrowserSocket, frame_header


class Slow:
    """A socket that takes so many bytes a call, as *takes* says, and is never waited for."""

    def __init__(self, takes: list[int], timeout: float | None = 20.0) -> None:
        self._takes = itertools.cycle(takes)
        self._timeout = timeout
        self.taken = b""
        self.calls: list[int] = []

    def sendmsg(self, buffers: Any, _ancillary: object, flags: int) -> int:
        offered = b"".join(buffers)
        count = min(next(self._takes), len(offered))
        self.taken += offered[:count]
        self.calls.append(flags)
        return count

    def gettimeout(self) -> float | None:
        return self._timeout


def test_header_and_payload_go_in_one_call_when_they_fit() -> None:
    target: Any = Slow([1 << 20])
    send_all(target, (b"head", memoryview(bytes(1000)), bytearray(b"end")), socket.MSG_MORE)
    assert target.taken == b"head" + bytes(1000) + b"end"
    assert target.calls == [socket.MSG_MORE]


@pytest.mark.parametrize("takes", [[1], [3], [7, 0, 1], [4, 5], [100]])
def test_what_is_taken_in_parts_arrives_whole(takes: list[int]) -> None:
    parts = (b"head", b"", memoryview(b"a payload"), bytearray(b"x"), b"", b"the end")
    target: Any = Slow(takes)
    send_all(target, parts)
    assert target.taken == b"".join(parts)


def test_who_takes_a_little_at_a_time_is_given_up_after_the_time_out_of_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = itertools.count(0, 9)
    monkeypatch.setattr(moving.time, "monotonic", lambda: float(next(clock)))
    target: Any = Slow([1], timeout=20.0)
    with pytest.raises(TimeoutError, match="too slow"):
        send_all(target, (bytes(100),))
    assert len(target.taken) == 4
    patient: Any = Slow([1], timeout=None)
    send_all(patient, (bytes(100),))
    assert len(patient.taken) == 100


def test_who_always_has_something_and_who_has_a_little_get_their_turns_alike() -> None:
    always, sometimes = os.pipe(), os.pipe()
    os.write(always[1], b"x")
    turns: list[str] = []

    def take(name: str, fd: int) -> None:
        ready = Ready(fd, READ)
        try:
            while len(turns) < 30:
                ready.wait()
                turns.append(name)
        finally:
            ready.close()

    greedy = [gevent.spawn(take, name, always[0]) for name in ("a", "b")]
    late = gevent.spawn(take, "late", sometimes[0])
    gevent.sleep(0)
    while len(turns) < 10:
        gevent.sleep(0.0001)
    before = len(turns)
    os.write(sometimes[1], b"x")
    gevent.joinall([*greedy, late], timeout=10)
    assert "late" in turns[before : before + 4], turns
    assert abs(turns.count("a") - turns.count("b")) <= 1
    for fd in (*always, *sometimes):
        os.close(fd)


def test_what_is_small_is_served_before_what_is_large_and_came_at_the_same_time() -> None:
    pipes = [os.pipe() for _ in range(8)]
    served: list[int] = []

    def take(number: int) -> None:
        ready = Ready(pipes[number][0], READ)
        ready.wait(first=number == 5)
        served.append(number)
        ready.close()

    takers = [gevent.spawn(take, number) for number in range(8)]
    gevent.sleep(0)
    for _, writing in pipes:
        os.write(writing, b"x")
    gevent.joinall(takers, timeout=10)
    assert served[0] == 5
    assert sorted(served) == list(range(8))
    for fd in itertools.chain(*pipes):
        os.close(fd)


def test_what_is_small_goes_between_any_two_large_pieces_and_those_come_in_turns() -> None:
    reading, writing = os.pipe()
    turns, order = Turns(), []

    def move(name: str) -> None:
        for _ in range(3):
            turns.wait()
            order.append(name)
            if len(order) == 5:
                os.write(writing, b"x")

    def answer() -> None:
        ready = Ready(reading, READ)
        ready.wait()
        order.append("small")
        ready.close()

    movers = [gevent.spawn(move, name) for name in "abcdefgh"]
    gone = gevent.spawn(move, "gone")
    gevent.spawn(gone.kill)
    gevent.joinall([*movers, gevent.spawn(answer)], timeout=10)
    assert 5 <= order.index("small") <= 6, order
    large = [name for name in order if name not in ("small", "gone")]
    assert sorted(large) == sorted("abcdefgh" * 3)
    assert set(large[:9]) == set("abcdefgh"), "nobody has a third turn before all had one"
    os.close(reading)
    os.close(writing)


def test_a_wait_ends_after_its_time_and_the_next_begins_anew() -> None:
    reading, writing = os.pipe()
    ready = Ready(reading, READ, 0.01)
    for _ in range(2):
        with pytest.raises(TimeoutError, match="does not move"):
            ready.wait()
    os.write(writing, b"x")
    ready.wait()
    ready.close()
    os.close(reading)
    os.close(writing)


def test_each_wait_has_the_whole_time() -> None:
    reading, writing = os.pipe()
    ready = Ready(reading, READ, 1.5)
    for _ in range(3):
        gevent.spawn_later(0.6, os.write, writing, b"x")
        ready.wait()
        assert os.read(reading, 10) == b"x"
    ready.close()
    os.close(reading)
    os.close(writing)


class Narrow:
    """A socket whose buffers are small, and a pipe with *data* that is to be moved there."""

    def __init__(self, data: bytes, timeout: float) -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            self._here = socket.create_connection(listener.getsockname())
            self.there = listener.accept()[0]
        self._here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        for end in (self._here, self.there):
            end.setblocking(False)
        self.reading, self._writing = os.pipe2(os.O_NONBLOCK)
        fcntl.fcntl(self._writing, fcntl.F_SETPIPE_SZ, max(4096, len(data)))
        os.write(self._writing, data)
        self.fileno = self._here.fileno
        self._timeout = timeout

    def gettimeout(self) -> float:
        return self._timeout

    def take(self, size: int) -> bytes:
        try:
            return self.there.recv(size)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        for end in (self._here, self.there):
            end.close()
        for fd in (self.reading, self._writing):
            os.close(fd)


@pytest.fixture
def narrow() -> Iterator[Callable[[bytes, float], Any]]:
    """Return a function that makes a ``Narrow``."""
    with contextlib.ExitStack() as made:

        def one(data: bytes, timeout: float) -> Narrow:
            target = Narrow(data, timeout)
            made.callback(target.close)
            return target

        yield one


def test_what_the_kernel_moves_arrives_whole_though_the_other_side_is_slow(narrow: Callable[..., Any]) -> None:
    data = random.Random(1).randbytes(60_000)
    target = narrow(data, timeout=10.0)
    sender = gevent.spawn(splice_all, target.reading, target, len(data))
    found = b""
    while len(found) < len(data):
        found += target.take(1000)
        gevent.sleep(0.0001)
    sender.get(timeout=10)
    assert found == data


def test_who_takes_a_large_frame_drop_by_drop_is_given_up_after_a_time_for_all_of_it(
    narrow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "SLOWEST", 1e9)
    length = 1 << 20
    target = narrow(bytes(length), timeout=2.0)
    sender = gevent.spawn(splice_all, target.reading, target, length)
    taken = 0
    with gevent.Timeout(60):
        while not sender.ready():
            taken += len(target.take(2048))
            gevent.sleep(0.02)
    with pytest.raises(TimeoutError, match="too slow"):
        sender.get()
    assert 0 < taken < length, "some was taken all the time, and was never awaited for as long as the time-out"


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 125, 126, 511, 512, 513, 70_000])
def test_a_payload_is_unmasked_as_rfc_6455_says(length: int) -> None:
    payload, mask = random.Random(length).randbytes(length), b"\x01\x82\xf3\x04"
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    assert BrowserSocket(1 << 20)._unmask(masked, mask) == payload
    assert WebSocket()._unmask(masked, mask) == payload


def test_a_messages_parts_are_one_frame_and_one_call() -> None:
    browser = BrowserSocket(1 << 20)
    target: Any = Slow([1 << 20])
    browser.socket = target
    browser.send_parts(b"one ", memoryview(b"two"))
    assert target.taken == frame_header(7) + b"one two"
    assert len(target.calls) == 1


def test_a_frame_of_which_the_kernel_has_nothing_to_move_is_not_held_back_for_more() -> None:
    browser = BrowserSocket(1 << 20)
    target: Any = Slow([1 << 20])
    browser.socket = target
    browser.send_spliced(b"all there is", -1, 0)
    assert target.taken == frame_header(12) + b"all there is"
    assert target.calls == [0]
