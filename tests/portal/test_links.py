"""What comes from a node agent over the wall stream, and what waits to be told to one; values in, values out."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import tracemalloc

import pytest

from tvcore.node import wire
from tvcore.portal.links import INPUT_MAX, Outbox, read_picture, receive_message

CELL = wire.Cell(0, wire.WHOLE, 1, 1.0, 0, 0, 8, 8, 0, 0, 8, 8)
PICTURE = wire.pack(9, 1, [CELL], bytes(range(50)))
RECORDED = wire.address([3, 65535], PICTURE) + wire.address([3], PICTURE)


def received(data: bytes) -> list[tuple[tuple[int, ...], bytes]]:
    """Return what is understood of *data*, after which an agent ends. Raises EOFError or ValueError where it must."""
    ours, theirs = socket.socketpair()
    found = []
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(EOFError):
            while True:
                numbers, picture = read_picture(receive_message(ours), 9)
                found.append((numbers, bytes(picture)))
    return found


def test_pictures_come_as_they_were_sent_with_whom_they_are_for() -> None:
    assert received(RECORDED) == [((3, 65535), PICTURE), ((3,), PICTURE)]


def test_a_picture_shares_its_bytes_with_the_message() -> None:
    message = memoryview(bytearray(wire.address([3, 4], PICTURE)[wire.LENGTH.size :]))
    _, picture = read_picture(message, 9)
    message[-1] = 0xAB
    assert picture[-1] == 0xAB


def test_of_a_stream_that_ends_anywhere_just_the_whole_messages_count() -> None:
    first = len(wire.address([3, 65535], PICTURE))
    for length in range(len(RECORDED)):
        assert len(received(RECORDED[:length])) == (length >= first)


def test_noise_and_hostile_sizes_are_an_end_or_one_plain_error() -> None:
    noise = random.Random(7)
    tracemalloc.start()
    for _ in range(300):
        size = noise.choice([0, 1, 18, 30, 1 << 16, wire.MESSAGE_MAX + 1, 0xFFFFFFFF])
        with contextlib.suppress(ValueError):
            received(struct.pack("!I", size) + noise.randbytes(60))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1 << 20, "no more than a message may have is made room for"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00",
        b"\x00\x01\x00\x05",
        b"\xff\xff" + PICTURE,
        b"\x00\x00" + b"\x00" + PICTURE[1:],
        b"\x00\x00" + b"\x01\x02" + PICTURE[2:],
        b"\x00\x00" + PICTURE[:2] + b"\x00\x08" + PICTURE[4:],
    ],
)
def test_a_message_that_is_no_picture_of_the_agents_own_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut short|no picture of its own"):
        read_picture(memoryview(message), 9)


def told(outbox: Outbox) -> list[dict[str, object]]:
    return [json.loads(line) for line in outbox.take().splitlines()]


def test_of_what_waits_only_the_last_demand_is_told_credit_in_sum_and_input_in_order() -> None:
    outbox = Outbox()
    outbox.say(1, {"tiles": [0], "key": [97, True]})
    outbox.demand(1, [[0, 10, 10, 1]])
    outbox.demand(1, [[0, 20, 20, 1]])
    outbox.credit(1, 1000)
    outbox.credit(2, 5)
    outbox.credit(1, 24)
    outbox.say(1, {"tiles": [0], "key": [97, False]})
    assert told(outbox) == [
        {"viewer": 1, "demand": [[0, 20, 20, 1]]},
        {"viewer": 1, "credit": 1024},
        {"viewer": 2, "credit": 5},
        {"viewer": 1, "tiles": [0], "key": [97, True]},
        {"viewer": 1, "tiles": [0], "key": [97, False]},
    ]
    assert told(outbox) == []


def test_who_has_left_is_told_nothing_more_of_but_that() -> None:
    outbox = Outbox()
    outbox.demand(1, [[0, 10, 10, 1]])
    outbox.credit(1, 1000)
    outbox.leave(1)
    assert told(outbox) == [{"viewer": 1, "gone": True}]


def test_input_that_an_agent_does_not_take_is_not_kept_without_bound() -> None:
    outbox = Outbox()
    for _ in range(INPUT_MAX):
        outbox.say(1, {"tiles": [0], "pointer": [1, 1, 0]})
    with pytest.raises(ValueError, match="wait to be taken"):
        outbox.say(1, {"release": True})
