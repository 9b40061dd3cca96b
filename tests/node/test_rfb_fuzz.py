"""What a display's server may send: a real stream cut, split, changed, and what was never one. RFC 6143.

Whatever comes, the parser waits for more or says in one sentence what is wrong, keeps to its bound of memory, and is
the same whether bytes are handed to it or received where it wants them.
"""

from __future__ import annotations

import re
import socket
import struct
import tracemalloc
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from display_kit import display
from soak import examples
from tvcore.node.rfb import (
    DESKTOP_SIZE,
    EXTENDED_DESKTOP_SIZE,
    RAW,
    SCRATCH,
    Client,
    Connected,
    Event,
    RfbError,
    SizeAnswered,
    Updated,
)

MOST_PIXELS = 4096
MARGIN = 300_000  # bytes that the parser may need besides its framebuffer and what it takes at once
SENTENCE = re.compile(r"(the server|the conversation) [^\n]{0,220}")
HELLO = b"RFB 003.008\n\x01\x01\0\0\0\0" + struct.pack("!HH16sI4s", 8, 6, bytes(16), 4, b"tile")

NUMBERS = st.sampled_from([0, 1, 2, 7, 8, 255, 256, 4095, 32767, 65535])
ENCODINGS = st.sampled_from([RAW, DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE, 1, 16, -1, 2**31 - 1, -(2**31)])
RECTANGLES = st.builds(lambda *fields: struct.pack("!HHHHi", *fields), NUMBERS, NUMBERS, NUMBERS, NUMBERS, ENCODINGS)
MESSAGES = st.one_of(
    st.builds(
        lambda count, parts, rest: struct.pack("!BxH", 0, count) + b"".join(parts) + rest,
        NUMBERS,
        st.lists(RECTANGLES, max_size=4),
        st.binary(max_size=300),
    ),
    st.builds(lambda count, rest: struct.pack("!BxHH", 1, 0, count) + rest, NUMBERS, st.binary(max_size=40)),
    st.builds(lambda length, rest: struct.pack("!B3xI", 3, length) + rest, NUMBERS, st.binary(max_size=40)),
    st.just(b"\x02"),
    st.binary(max_size=40),
)


class Recorded(bytes):
    """What a server sent; not printed whole when a test fails."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Return what a real server sent: handshake, whole pictures, a part, sizes granted and refused; and then, not its
    own, what it sends when it beeps, has something to paste, and has a palette."""
    said = b""
    with display(tmp_path_factory.mktemp("rfb") / "d", size="48x32") as server, socket.socket(socket.AF_UNIX) as line:
        line.settimeout(20)
        line.connect(str(server.folder / "rfb"))
        client = Client(MOST_PIXELS)

        def until(kind: type[Event]) -> None:
            nonlocal said
            while True:
                line.sendall(client.outgoing())
                more = line.recv(1 << 16)
                assert more, "the display closed the connection"
                said += more
                if any(isinstance(event, kind) for event in client.receive(more)):
                    return

        until(Connected)
        client.request()
        until(Updated)
        client.point(20, 10)  # the server draws the pointer where it was and where it is
        client.request()
        until(Updated)
        for size in ((80, 40), (0, 0)):
            client.resize(*size)
            client.request()
            until(SizeAnswered)
        client.request_whole()
        until(Updated)
    return Recorded(said + b"\x02" + struct.pack("!B3xI", 3, 5) + b"paste" + struct.pack("!BxHH", 1, 0, 2) + bytes(12))


def hand_over(client: Client, pieces: Iterable[bytes], *, where_it_wants: bool) -> tuple[list[Event], str]:
    """Give *pieces* to *client*, as they are or into the room it offers; return what happened and its error."""
    events: list[Event] = []
    try:
        for piece in pieces:
            if not where_it_wants:
                events += client.receive(piece)
                continue
            while piece:
                room = client.room()
                count = min(len(room), len(piece))
                assert count > 0
                room[:count] = piece[:count]
                events += client.received(count)
                piece = piece[count:]
    except RfbError as error:
        said = str(error)
    else:
        return events, ""
    assert SENTENCE.fullmatch(said), said
    with pytest.raises(RfbError):
        client.receive(b"\x02")
    return events, said


def both_ways(pieces: list[bytes]) -> tuple[list[Event], str, Client]:
    """Hand *pieces* over in both ways, see that they come to the same, and return what that is."""
    one, other = Client(MOST_PIXELS), Client(MOST_PIXELS)
    outcome = hand_over(one, pieces, where_it_wants=False)
    in_place = hand_over(other, pieces, where_it_wants=True)
    # An error in bytes taken at once takes with it the events of those before it.
    assert in_place[1] == outcome[1]
    assert outcome[1] or in_place[0] == outcome[0]
    assert one.pixels.shape == other.pixels.shape
    assert (one.pixels == other.pixels).all()
    assert one.busy == other.busy
    assert one.pixels.size // 4 <= MOST_PIXELS
    return *outcome, one


def test_a_real_stream_is_understood(recorded: bytes) -> None:
    events, error, client = both_ways([recorded])
    assert not error
    assert isinstance(events[0], Connected)
    answers = [event.refusal for event in events if isinstance(event, SizeAnswered)]
    assert answers[0] == ""
    assert answers[1], "a display of no size is refused"
    assert client.pixels.shape == (40, 80, 4)
    assert not client.busy


def test_a_stream_cut_or_split_anywhere_is_waited_for_and_comes_to_the_same(recorded: bytes) -> None:
    whole = both_ways([recorded])
    step = examples(7, 1)
    for end in range(0, len(recorded), step):
        client = Client(MOST_PIXELS)
        events, error = hand_over(client, [recorded[:end]], where_it_wants=end % 2 == 0)
        assert not error, f"cut after {end} bytes"
        more, error = hand_over(client, [recorded[end:]], where_it_wants=end % 2 == 1)
        assert (events + more, error) == whole[:2]
        assert (client.pixels == whole[2].pixels).all()


@settings(max_examples=examples(150, 20_000), deadline=None)
@given(data=st.data())
def test_a_stream_with_changed_bytes_is_an_error_or_another_stream(recorded: bytes, data: st.DataObject) -> None:
    changed = bytearray(recorded)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1) | st.integers(0, 120))
        change = data.draw(st.sampled_from(["set", "leave out", "put in"]))
        if change == "set":
            changed[at] = data.draw(st.integers(0, 255))
        elif change == "leave out":
            del changed[at : at + data.draw(st.integers(1, 40))]
        else:
            changed[at:at] = data.draw(st.binary(min_size=1, max_size=40))
    both_ways([bytes(changed)])


@settings(max_examples=examples(200, 50_000), deadline=None)
@given(messages=st.lists(MESSAGES, max_size=6), cuts=st.lists(st.integers(0, 2000), max_size=4))
def test_messages_with_hostile_sizes_counts_and_encodings(messages: list[bytes], cuts: list[int]) -> None:
    stream = HELLO + b"".join(messages)
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {len(stream)})
    both_ways([stream[begin:end] for begin, end in zip([0, *ends[:-1]], ends, strict=True)])


@settings(max_examples=examples(200, 50_000), deadline=None)
@given(noise=st.binary(max_size=400), begun=st.integers(0, len(HELLO)))
def test_random_bytes_at_any_point_of_a_handshake(noise: bytes, begun: int) -> None:
    both_ways([HELLO[:begun], noise])


HOSTILE = {
    "a clipboard as large as may be, and another": (struct.pack("!B3xI", 3, 1 << 24) + bytes(1 << 24)) * 2,
    "nothing but bells": b"\x02" * (1 << 18),
    "updates of nothing": struct.pack("!BxH", 0, 0) * (1 << 16),
    "an update of as many rectangles as may be, all empty": (
        struct.pack("!BxH", 0, 65535) + struct.pack("!HHHHi", 8, 6, 0, 0, RAW) * 65535
    ),
    "palettes as large as may be": (struct.pack("!BxHH", 1, 0, 65535) + bytes(6 * 65535)) * 4,
    "as many screens as may be": struct.pack("!BxHHHHHiB3x", 0, 1, 0, 0, 8, 6, EXTENDED_DESKTOP_SIZE, 255)
    + bytes(16 * 255),
    "a size after the other": b"".join(
        struct.pack("!BxHHHHHi", 0, 1, 0, 0, 64, 64 - number % 2, DESKTOP_SIZE) for number in range(500)
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_parser_keeps_to_its_memory_whatever_comes(name: str) -> None:
    client = Client(MOST_PIXELS)
    client.receive(HELLO)
    stream = memoryview(HOSTILE[name])
    tracemalloc.start()
    try:
        while stream:
            room = client.room()
            count = min(len(room), len(stream))
            room[:count] = stream[:count]
            client.received(count)
            stream = stream[count:]
            client.outgoing()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 4 * MOST_PIXELS + SCRATCH + MARGIN


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (65, 64), (65535, 1), (65535, 65535)])
@pytest.mark.parametrize("encoding", [DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE])
def test_a_size_that_no_display_has_is_an_error_before_any_memory_is_taken(
    width: int, height: int, encoding: int
) -> None:
    client = Client(MOST_PIXELS)
    client.receive(HELLO)
    screens = b"\0\0\0\0" if encoding == EXTENDED_DESKTOP_SIZE else b""
    with pytest.raises(RfbError, match=f"framebuffer of {width}x{height} pixels"):
        client.receive(struct.pack("!BxHHHHHi", 0, 1, 0, 0, width, height, encoding) + screens)
    assert client.pixels.shape == (6, 8, 4)


def test_what_is_received_in_place_is_not_copied_over_again() -> None:
    """The bytes of full-width rows go from the socket to where they are shown."""
    client = Client()
    client.receive(HELLO[:18] + struct.pack("!HH16sI", 640, 480, bytes(16), 0))
    client.receive(struct.pack("!BxHHHHHi", 0, 1, 0, 100, 640, 200, RAW))
    room = client.room()
    assert len(room) == 4 * 640 * 200
    assert np.shares_memory(np.frombuffer(room, np.uint8), client.pixels[100:300])
