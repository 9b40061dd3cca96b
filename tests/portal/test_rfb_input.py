"""The client's half of RFB, taken apart: as noVNC sends it, in pieces, broken, and hostile."""

from __future__ import annotations

import random
import struct
import tracemalloc

import pytest

from tvcore.portal.rfb_input import CLIPBOARD_MAX, Event, InputError, Key, Pointer, RfbInput

GREETING = b"RFB 003.008\n\x01\x01"

# What noVNC's ``RFB.messages`` writes (core/rfb.js), by what it is, and whether it acts on the display.
PIXEL_FORMAT = bytes.fromhex("00000000 20180001 00ff00ff00ff 000810 000000")
ENCODINGS = struct.pack("!BxH6i", 2, 6, 1, 7, -260, 0, -308, -1063131698)
UPDATE = struct.pack("!BB4H", 3, 1, 0, 0, 640, 480)
CONTINUOUS = struct.pack("!BB4H", 150, 1, 0, 0, 640, 480)
FENCE = struct.pack("!B3xIB", 248, 3, 4) + b"\x04\x05\xff\x06"
KEY = struct.pack("!BBxxI", 4, 1, 0xFF0D)
POINTER = struct.pack("!BBHH", 5, 0x05, 12, 34)
MORE_BUTTONS = struct.pack("!BBHHB", 5, 0x82, 56, 78, 1)
QEMU_KEY = struct.pack("!BBHII", 255, 0, 0, 0x61, 30)
CUT_TEXT = struct.pack("!B3xI", 6, 5) + b"\x04\x05\x06\xff\x03"
CLIPBOARD = struct.pack("!B3xiI", 6, -4, 1 << 27 | 1)
RESIZE = struct.pack("!BxHHBxIHHHHI", 251, 800, 600, 1, 7, 0, 0, 800, 600, 0)
XVP = struct.pack("!BxBB", 250, 1, 2)

HARMLESS = [PIXEL_FORMAT, ENCODINGS, UPDATE, CONTINUOUS, FENCE]
ACTS = [KEY, POINTER, MORE_BUTTONS, QEMU_KEY, CUT_TEXT, CLIPBOARD, RESIZE, XVP]
TALK = [
    PIXEL_FORMAT, ENCODINGS, UPDATE, CLIPBOARD, KEY, FENCE, POINTER, CONTINUOUS, MORE_BUTTONS, RESIZE, QEMU_KEY, UPDATE,
    CUT_TEXT, XVP, KEY, KEY, UPDATE,
]  # fmt: skip
EVENTS: list[Event] = [
    Key(0xFF0D, True), Pointer(12, 34, 5), Pointer(56, 78, 2), Key(0x61, False), Key(0xFF0D, True), Key(0xFF0D, True),
]  # fmt: skip


def feed(pieces: list[bytes], operate: bool = True) -> tuple[bytes, list[Event]]:
    """Return all that goes on of *pieces*, and the events in them."""
    read, passed, events = RfbInput(operate), b"", []
    for piece in pieces:
        more, happened = read.feed(piece)
        passed += more
        events += happened
    return passed, events


def refusal(read: RfbInput, pieces: list[bytes], passed: bytearray) -> str:
    """Feed *pieces*, collecting in *passed* what goes on, and return why they are refused, empty if they are not."""
    try:
        for piece in pieces:
            passed += read.feed(piece)[0]
    except InputError as error:
        return str(error)
    return ""


def test_who_may_operate_is_passed_on_byte_for_byte_with_the_events_in_it() -> None:
    assert feed([GREETING, *TALK]) == (GREETING + b"".join(TALK), EVENTS)
    assert feed([GREETING + b"".join(TALK)]) == (GREETING + b"".join(TALK), EVENTS)


def test_of_who_may_only_look_nothing_that_acts_goes_on_and_nothing_else_is_lost() -> None:
    left = GREETING + b"".join(message for message in TALK if message not in ACTS)
    assert feed([GREETING + b"".join(TALK)], operate=False) == (left, [])
    assert feed([GREETING, *TALK], operate=False) == (left, [])
    for message in ACTS:
        assert feed([GREETING, message], operate=False) == (GREETING, [])
    for message in HARMLESS:
        assert feed([GREETING, message], operate=False) == (GREETING + message, [])


def test_nobody_throws_the_others_out() -> None:
    assert feed([GREETING[:-1] + b"\x00", KEY]) == (GREETING + KEY, [Key(0xFF0D, True)])
    assert feed([GREETING[:-1], b"\x00" + KEY], operate=False) == (GREETING, [])


@pytest.mark.parametrize("operate", [True, False])
def test_every_split_of_a_conversation_is_read_the_same(operate: bool) -> None:
    whole = GREETING + b"".join(TALK)
    expected = feed([whole], operate)
    for at in range(len(whole) + 1):
        assert feed([whole[:at], b"", whole[at:]], operate) == expected
    assert feed([bytes([byte]) for byte in whole], operate) == expected


@pytest.mark.parametrize("operate", [True, False])
def test_of_a_conversation_cut_short_anywhere_goes_on_what_it_would_have_been(operate: bool) -> None:
    whole = GREETING + b"".join(TALK)
    passed, events = feed([whole], operate)
    for at in range(len(whole)):
        begun, happened = feed([whole[:at]], operate)
        assert passed.startswith(begun)
        assert events[: len(happened)] == happened
        assert len(begun) <= at


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"\x01" + bytes(40), "messages of kind 1 are not known"),
        (b"\xfd" + bytes(40), "messages of kind 253 are not known"),
        (struct.pack("!BBHHH", 255, 1, 2, 0, 0) + bytes(4), "QEMU's messages of kind 1 are not known"),
        (struct.pack("!BxH", 2, 257), "257 encodings are too many"),
        (struct.pack("!B3xI", 6, CLIPBOARD_MAX + 1), "bytes of clipboard are too many"),
        (struct.pack("!B3xi", 6, -CLIPBOARD_MAX - 1), "bytes of clipboard are too many"),
        (struct.pack("!B3xi", 6, -(1 << 31)), "2147483648 bytes of clipboard are too many"),
        (struct.pack("!B3xIB", 248, 0, 65), "65 bytes in a fence are too many"),
        (struct.pack("!BxHHBx", 251, 65535, 600, 1), "65535 pixels of a side are too many"),
        (struct.pack("!BxHHBx", 251, 800, 600, 17), "17 screens are too many"),
    ],
)
@pytest.mark.parametrize("operate", [True, False])
def test_what_is_not_known_or_too_large_is_told_in_one_line_before_any_of_it_goes_on(
    message: bytes, words: str, operate: bool
) -> None:
    for pieces in ([GREETING, message], [GREETING, *(message[i : i + 1] for i in range(len(message)))]):
        passed = bytearray()
        told = refusal(RfbInput(operate), pieces, passed)
        assert words in told
        assert "\n" not in told
        assert passed == GREETING


@pytest.mark.parametrize(
    "greeting", [b"RFB 003.003\n", b"RFB 003.007\n\x01", b"GET / HTTP/1.1", b"RFB 003.008\n\x02", b"\x00" * 14]
)
def test_another_greeting_is_refused(greeting: bytes) -> None:
    for pieces in ([greeting], [bytes([byte]) for byte in greeting]):
        with pytest.raises(InputError, match="greeting"):
            feed(pieces)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_a_clear_error_or_nothing_and_never_comes_out_longer(seed: int) -> None:
    chance = random.Random(seed)
    kinds = [0, 2, 3, 4, 5, 6, 150, 248, 250, 251, 255]
    for _ in range(200):
        noise = bytes([chance.choice(kinds)]) + chance.randbytes(chance.randrange(60))
        cut, passed = chance.randrange(len(noise)), bytearray()
        told = refusal(RfbInput(chance.random() < 0.5), [GREETING, noise[:cut], noise[cut:]], passed)
        assert "\n" not in told
        assert len(passed) <= len(GREETING + noise)
        assert not told or told.endswith(("not known here", "may be"))


def test_a_conversation_with_a_byte_changed_passes_nothing_that_acts() -> None:
    chance = random.Random(5)
    whole = bytearray(b"".join(message for message in TALK if message not in (CUT_TEXT, CLIPBOARD)))
    for _ in range(2000):
        broken = bytearray(whole)
        broken[chance.randrange(len(broken))] = chance.randrange(256)
        read = RfbInput(operate=False)
        read.feed(GREETING)
        try:
            passed, events = read.feed(bytes(broken))
        except InputError:
            continue
        assert events == []
        # What goes on is read by the display from the same places: taken apart again it has nothing to drop.
        assert feed([GREETING, passed], operate=False)[0] == GREETING + passed


@pytest.mark.parametrize("operate", [True, False])
def test_a_large_clipboard_goes_through_and_is_not_kept(operate: bool) -> None:
    read = RfbInput(operate)
    read.feed(GREETING)
    read.feed(struct.pack("!B3xI", 6, CLIPBOARD_MAX))
    piece = bytes(1 << 10)
    tracemalloc.start()
    try:
        for _ in range(CLIPBOARD_MAX >> 10):
            assert read.feed(piece) == (piece if operate else b"", [])
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()
    assert read.feed(UPDATE) == (UPDATE, [])
