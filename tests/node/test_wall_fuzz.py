"""The agent's side of the wall protocol against whatever a portal may say: one line why, nothing kept, nobody hurt."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_kit import Display as Picture
from soak import examples
from tvcore.node import wire
from tvcore.node.damage import Rect
from tvcore.node.encode import Encoder
from tvcore.node.pool import Encoders
from tvcore.node.streams import MOST_LINE
from tvcore.node.wall import Wall, read_line


class Tile(Picture):
    """A tile that counts who looks, and which keys and buttons are down."""

    def __init__(self) -> None:
        super().__init__()
        self.viewers: set[Callable[[int, tuple[Rect, ...]], None]] = set()
        self.lookers = 0
        self.down: set[int] = set()
        self.buttons = 0

    @property
    def screen(self) -> Tile:
        return self

    def look(self, rate: int, pictures: bool) -> Callable[[], None]:
        self.lookers += 1

        def away() -> None:
            self.lookers -= 1

        return away

    def press(self, keysym: int, down: bool) -> None:
        (self.down.add if down else self.down.discard)(keysym)

    def point(self, x: int, y: int, buttons: int = 0) -> None:
        assert 0 <= x < 640
        assert 0 <= y < 480
        self.buttons = buttons

    def park_pointer(self) -> None:
        assert not self.buttons


class Portal:
    """The other end of a stream, which takes all that comes."""

    def __init__(self) -> None:
        self.pictures: list[bytes] = []
        self.transport = self

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def write(self, message: bytes) -> None:
        if message:
            self.pictures.append(message)

    async def drain(self) -> None:
        pass


async def say(tiles: dict[int, Tile], encoders: Encoders, text: bytes, turns: int = 0) -> tuple[str, Portal]:
    """Have a portal say *text*, and go; return why it was cut, if it was, and what it got."""
    reader, portal = asyncio.StreamReader(limit=MOST_LINE), Portal()
    reader.feed_data(text)
    serving = asyncio.create_task(Wall(tiles, encoders).serve(1, reader, portal))  # type: ignore[arg-type]
    for _ in range(turns):
        await asyncio.sleep(0.01)
    reader.feed_eof()
    why = ""
    try:
        await serving
    except ValueError as error:
        why = str(error)
    while any(tile.holds for tile in tiles.values()):
        made = asyncio.Event()
        encoders.wake(made)
        await made.wait()
    return why, portal


def is_as_before(tiles: dict[int, Tile]) -> bool:
    return not any(t.lookers or t.viewers or t.down or t.buttons or t.holds for t in tiles.values())


CONVERSATION = b"".join(
    json.dumps(line).encode() + b"\n"
    for line in (
        {"viewer": 1, "demand": [[0, 320, 240, 1], [1, 160, 120, 2], [7, 1, 1, 3]], "credit": 100_000},
        {"viewer": 2, "demand": [[0, 320, 240, 0]]},
        {"viewer": 2, "credit": 50_000},
        {"viewer": 1, "tiles": [0, 1], "key": [0xFFE1, True]},
        {"viewer": 1, "tiles": [0], "pointer": [30_000, 65_535, 1]},
        {"viewer": 2, "tiles": [1, 9], "key": [0x61, True]},
        {"viewer": 1, "release": True},
        {"viewer": 2, "gone": True},
        {"viewer": 1, "demand": []},
    )
)


def test_every_truncation_of_a_conversation_ends_in_order() -> None:
    async def try_all() -> None:
        tiles, encoders = {0: Tile(), 1: Tile()}, Encoders(2)
        for end in range(len(CONVERSATION) + 1):
            why, _ = await say(tiles, encoders, CONVERSATION[:end])
            assert bool(why) == (CONVERSATION[:end][-1:] not in (b"", b"\n", b"}")), (end, why)
            assert "\n" not in why
            assert is_as_before(tiles), end
        encoders.close()

    asyncio.run(try_all())


def test_the_conversation_brings_pictures() -> None:
    async def try_it() -> None:
        tiles, encoders = {0: Tile(), 1: Tile()}, Encoders(2)
        _, portal = await say(tiles, encoders, CONVERSATION.split(b"\n", 1)[0] + b"\n", turns=20)
        assert wire.read_address(portal.pictures[0][wire.LENGTH.size :])[0] == (1,)
        encoders.close()

    asyncio.run(try_it())


def test_a_picture_that_cannot_be_made_ends_the_stream_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(*_: object) -> None:
        raise MemoryError("no room for a picture")

    monkeypatch.setattr(Encoder, "encode", encode)

    async def try_it() -> None:
        tiles, encoders = {0: Tile(), 1: Tile()}, Encoders(1)
        with pytest.raises(MemoryError, match="no room"):
            await say(tiles, encoders, CONVERSATION.split(b"\n", 1)[0] + b"\n", turns=30)
        assert is_as_before(tiles)
        encoders.close()

    asyncio.run(try_it())


@settings(max_examples=examples(100, 20_000))
@given(st.binary(max_size=200))
def test_bytes_that_are_no_line_are_an_error_in_one_line(text: bytes) -> None:
    with pytest.raises(ValueError, match="a line of the wall stream cannot be read") as error:
        read_line(text)
    assert "\n" not in str(error.value)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=10,
)
FIELDS = st.sampled_from(["viewer", "demand", "credit", "tiles", "key", "pointer", "release", "gone"])


@settings(max_examples=examples(100, 20_000))
@given(st.dictionaries(FIELDS, ANY))
def test_a_field_that_holds_something_else_is_an_error_in_one_line_or_none(line: dict[str, object]) -> None:
    why = ""
    try:
        read_line(json.dumps(line).encode())
    except ValueError as error:
        why = str(error)
    assert "\n" not in why


SIDE = st.integers(0, 0xFFFF) | st.sampled_from([0, 1, 0xFFFF])
LINES = st.fixed_dictionaries(
    {"viewer": st.integers(0, 5)},
    optional={
        "demand": st.lists(st.tuples(st.integers(0, 3), SIDE, SIDE, st.integers(0, 3)), max_size=6),
        "credit": st.integers(0, 1 << 30),
        "tiles": st.lists(st.integers(0, 3), max_size=6),
        "key": st.tuples(st.integers(0, 0xFFFFFFFF), st.booleans()),
        "pointer": st.tuples(SIDE, SIDE, st.integers(0, 255)),
        "release": st.booleans(),
        "gone": st.booleans(),
    },
)


@settings(deadline=None, max_examples=examples(60, 5_000))
@given(st.lists(LINES, max_size=30))
def test_whatever_lines_come_all_is_let_go_of_at_the_end(lines: list[dict[str, object]]) -> None:
    async def try_it() -> None:
        tiles, encoders = {0: Tile(), 1: Tile(), 2: Tile()}, Encoders(1)
        text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        why, _ = await say(tiles, encoders, text, turns=1)
        assert why == ""
        assert is_as_before(tiles)
        encoders.close()

    asyncio.run(try_it())


def test_a_hostile_portal_makes_the_agent_keep_little() -> None:
    async def try_it() -> None:
        tiles, encoders = {i: Tile() for i in range(4)}, Encoders(1)
        lines = []
        for viewer in range(1024):
            lines.append({"viewer": viewer, "demand": [[i % 5, 9, 9, 0] for i in range(200)]})
            lines.append({"viewer": viewer, "tiles": [0] * 100, "key": [viewer, True]})
        text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        tracemalloc.start()
        why, _ = await say(tiles, encoders, text)
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert why == ""
        assert peak < 64 << 20
        assert kept < 4 << 20
        assert is_as_before(tiles)
        why, _ = await say(tiles, encoders, text + b'{"viewer": 1024, "demand": []}\n')
        assert why == "there are more than 1024 viewers"
        encoders.close()

    asyncio.run(try_it())
