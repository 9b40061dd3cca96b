"""The protocol with byte strings alone: RFC 6143, and servers that do not keep to it."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.node.damage import Rect
from tvcore.node.rfb import (
    COMPARE,
    DESKTOP_SIZE,
    DO_NOT_COMPARE,
    EXTENDED_DESKTOP_SIZE,
    Client,
    Connected,
    RfbError,
    SizeAnswered,
    Updated,
)

HELLO = b"RFB 003.008\n\x01\x01\0\0\0\0"


def server_init(width: int, height: int, name: bytes = b"tile") -> bytes:
    return struct.pack("!HH16sI", width, height, bytes(16), len(name)) + name


def rectangle(x: int, y: int, w: int, h: int, encoding: int, data: bytes = b"") -> bytes:
    return struct.pack("!HHHHi", x, y, w, h, encoding) + data


def update(*rectangles: bytes) -> bytes:
    return struct.pack("!BxH", 0, len(rectangles)) + b"".join(rectangles)


def connected(width: int = 8, height: int = 6) -> Client:
    client = Client()
    assert client.receive(HELLO + server_init(width, height)) == [Connected(width, height, "tile")]
    client.outgoing()
    return client


def test_the_handshake_chooses_no_security_and_asks_for_raw_pixels() -> None:
    client = Client()
    assert client.receive(b"RFB 003.008\n") == []
    assert client.outgoing() == b"RFB 003.008\n"
    client.receive(b"\x02\x02\x01")
    assert client.outgoing() == b"\x01"
    client.receive(b"\0\0\0\0")
    assert client.outgoing() == b"\x01"
    assert client.receive(server_init(8, 6)) == [Connected(8, 6, "tile")]
    pixel_format = bytes([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0])
    encodings = struct.pack("!BxHiiii", 2, 4, EXTENDED_DESKTOP_SIZE, DESKTOP_SIZE, 0, DO_NOT_COMPARE)
    assert client.outgoing() == pixel_format + encodings
    assert client.outgoing() == b""


def test_the_first_request_asks_for_everything_and_the_next_for_changes() -> None:
    client = connected()
    client.request()
    assert client.outgoing() == struct.pack("!BBHHHH", 3, 0, 0, 0, 8, 6)
    client.request()
    assert client.outgoing() == struct.pack("!BBHHHH", 3, 1, 0, 0, 8, 6)


@given(st.data())
def test_raw_rectangles_are_painted_whatever_pieces_they_come_in(data: st.DataObject) -> None:
    client = connected()
    expected = np.zeros((6, 8, 4), np.uint8)
    message = b""
    for _ in range(data.draw(st.integers(1, 3))):
        x, y = data.draw(st.integers(0, 7)), data.draw(st.integers(0, 5))
        w, h = data.draw(st.integers(0, 8 - x)), data.draw(st.integers(0, 6 - y))
        block = np.frombuffer(data.draw(st.binary(min_size=4 * w * h, max_size=4 * w * h)), np.uint8).reshape(h, w, 4)
        expected[y : y + h, x : x + w] = block
        message += update(rectangle(x, y, w, h, 0, block.tobytes()))
    events = []
    while message:
        n = data.draw(st.integers(1, len(message)))
        events += client.receive(message[:n])
        message = message[n:]
    assert (client.pixels == expected).all()
    assert all(isinstance(event, Updated) for event in events)


def test_an_update_says_what_was_damaged() -> None:
    client = connected()
    pixels = bytes(range(24))
    assert client.receive(update(rectangle(1, 2, 3, 2, 0, pixels))) == [Updated((Rect(1, 2, 4, 4),), False)]
    assert client.pixels[2:4, 1:4].tobytes() == pixels


@pytest.mark.parametrize(
    "resize", [rectangle(0, 0, 4, 10, DESKTOP_SIZE), rectangle(0, 0, 4, 10, EXTENDED_DESKTOP_SIZE, b"\x01" + bytes(19))]
)
def test_a_display_that_changes_its_size_is_asked_for_everything_again(resize: bytes) -> None:
    client = connected()
    client.request()
    client.outgoing()
    assert client.receive(update(resize)) == [Updated((Rect(0, 0, 4, 10),), True)]
    assert client.pixels.shape == (10, 4, 4)
    client.request()
    assert client.outgoing() == struct.pack("!BBHHHH", 3, 0, 0, 0, 4, 10)


def test_a_refused_resize_changes_nothing() -> None:
    client = connected()
    refusal = rectangle(1, 3, 100, 100, EXTENDED_DESKTOP_SIZE, b"\x01" + bytes(19))
    assert client.receive(update(refusal)) == [SizeAnswered("it does not take that size"), Updated((), False)]
    assert client.pixels.shape == (6, 8, 4)


def test_a_size_is_asked_for_by_the_screen_that_the_server_has() -> None:
    client = connected()
    layout = struct.pack("!B3xIHHHHI", 1, 77, 0, 0, 8, 6, 5)
    assert client.receive(update(rectangle(0, 0, 8, 6, EXTENDED_DESKTOP_SIZE, layout))) == [Updated((), False)]
    client.resize(10, 4)
    assert client.outgoing() == struct.pack("!BxHHBxIHHHHI", 251, 10, 4, 1, 77, 0, 0, 10, 4, 5)
    client.receive(update(rectangle(0, 0, 2, 1, 0, b"abcdefgh")))
    answer = rectangle(1, 0, 10, 4, EXTENDED_DESKTOP_SIZE, struct.pack("!B3xIHHHHI", 1, 77, 0, 0, 10, 4, 5))
    assert client.receive(update(answer)) == [SizeAnswered(""), Updated((Rect(0, 0, 10, 4),), True)]
    assert client.pixels.shape == (4, 10, 4)
    assert client.pixels[0, :2].tobytes() == b"abcdefgh", "what was there stays"


def test_a_server_is_told_to_compare_what_is_painted_and_not_to() -> None:
    client = connected()
    for wanted, how in ((True, COMPARE), (False, DO_NOT_COMPARE)):
        client.compare(wanted)
        assert client.outgoing() == struct.pack("!BxHiiii", 2, 4, EXTENDED_DESKTOP_SIZE, DESKTOP_SIZE, 0, how)


def test_keys_and_the_pointer_are_said_as_the_protocol_has_it() -> None:
    client = connected()
    client.press(0xFF0D, True)
    client.press(0xFF0D, False)
    client.point(3, 5, 4)
    said = struct.pack("!BBxxI", 4, 1, 0xFF0D) + struct.pack("!BBxxI", 4, 0, 0xFF0D) + struct.pack("!BBHH", 5, 4, 3, 5)
    assert client.outgoing() == said


def test_bells_clipboards_and_colour_maps_are_passed_over() -> None:
    client = connected(1, 1)
    noise = b"\x02" + b"\x03\0\0\0" + struct.pack("!I", 5) + b"hello" + b"\x01\0\0\0\0\x02" + bytes(12)
    assert client.receive(noise + update(rectangle(0, 0, 1, 1, 0, b"abcd"))) == [Updated((Rect(0, 0, 1, 1),), False)]
    assert client.pixels.tobytes() == b"abcd"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"RFB 003.003\n", "not RFB 3.8"),
        (b"HTTP/1.1 400", "not RFB 3.8"),
        (b"RFB 003.008\n\0\0\0\0\x04busy", "refuses: busy"),
        (b"RFB 003.008\n\0\0\0\0\x07so\nbu\0y", r"refuses: so\?bu\?y$"),
        (b"RFB 003.008\n\0\0\0\xff\0" + b"x" * 0xFF00, "refuses: x{200}$"),
        (b"RFB 003.008\n\0\xff\xff\xff\xff", "text of 4294967295 bytes"),
        (b"RFB 003.008\n\x01\x02", "password"),
        (b"RFB 003.008\n\x01\x01\0\0\0\x01\0\0\0\x02no", "refuses: no"),
        (HELLO + server_init(0, 10), "framebuffer of 0x10"),
        (HELLO + server_init(65535, 65535), "framebuffer of 65535x65535"),
        (HELLO + server_init(16384, 16384), "framebuffer of 16384x16384"),
        (HELLO + server_init(8, 6)[:-8] + b"\xff\xff\xff\xff", "text of 4294967295 bytes"),
        (HELLO + server_init(8, 6) + b"\x09", "unknown type 9"),
        (HELLO + server_init(8, 6) + b"\x03\0\0\0\xff\xff\xff\xff", "clipboard of 4294967295 bytes"),
        (HELLO + server_init(8, 6) + update(rectangle(7, 0, 2, 1, 0)), "outside of 8x6"),
        (HELLO + server_init(8, 6) + update(rectangle(0, 0, 65535, 65535, 0)), "outside of 8x6"),
        (HELLO + server_init(8, 6) + update(rectangle(0, 0, 1, 1, 16)), "encoding 16"),
        (HELLO + server_init(8, 6) + update(rectangle(0, 0, 60000, 60000, DESKTOP_SIZE)), "framebuffer of 60000x60000"),
    ],
)
def test_what_a_hostile_server_says_is_an_error_that_stays(said: bytes, words: str) -> None:
    client = Client()
    with pytest.raises(RfbError, match=words):
        client.receive(said)
    with pytest.raises(RfbError):
        client.receive(bytes(64))


@given(st.binary(max_size=400), st.integers(0, 40))
def test_no_bytes_of_a_server_do_more_than_an_rfb_error(noise: bytes, cut: int) -> None:
    client = Client(most_pixels=1000)
    start = HELLO + server_init(8, 6) + update(rectangle(0, 0, 2, 2, 0, bytes(16)))
    with contextlib.suppress(RfbError):
        client.receive(start[: len(start) - cut] + noise)
    assert client.pixels.nbytes <= 4000
