"""Our connection to a display: what is asked for and when, what is received, and that who reads is let read."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.batch.plan import TilePlan
from tvcore.node.damage import Rect
from tvcore.node.screen import AHEAD, MOST_UNSENT, Pace, Screen
from tvcore.node.tile import FOCUS_RATE, WALL_RATE, Tile

WIDTH, HEIGHT = 64, 48
REQUEST, KEY, POINTER = 3, 4, 5
LENGTHS = {REQUEST: 10, KEY: 8, POINTER: 6}


class FakeDisplay:
    """An RFB server that sends what it is told to, and keeps what it is sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.said: list[bytes] = []
        self.news = asyncio.Event()
        self.writer = writer
        self._reader = reader

    @property
    def requests(self) -> int:
        """Return how often an update was asked for."""
        return sum(message[0] == REQUEST for message in self.said)

    async def greet(self) -> None:
        """Do the handshake and take what the client says about formats."""
        self.writer.write(b"RFB 003.008\n\x01\x01")
        await self._reader.readexactly(13)
        self.writer.write(bytes(4))
        await self._reader.readexactly(1)
        self.writer.write(struct.pack("!HH16sI", WIDTH, HEIGHT, bytes(16), 0))
        await self._reader.readexactly(20 + 20)

    async def listen(self) -> None:
        """Keep what the client says."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):  # the client went away
            while kind := await self._reader.read(1):
                self.said.append(kind + await self._reader.readexactly(LENGTHS[kind[0]] - 1))
                self.news.set()

    def update(self, level: int, x: int = 0, y: int = 0, width: int = WIDTH, height: int = HEIGHT) -> bytes:
        """Return the message that fills a rectangle with one grey."""
        return struct.pack("!BxHHHHHi", 0, 1, x, y, width, height, 0) + bytes([level]) * (4 * width * height)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until *condition* holds, looking again whenever the client says something."""
        while not condition():
            self.news.clear()
            await self.news.wait()


Body = Callable[[Screen, FakeDisplay], Awaitable[None]]


def run(home: Path, body: Body, rate: float = 1000.0) -> list[tuple[Rect, ...]]:
    """Run *body* with a Screen and the display it is connected to; return the damage that the Screen told of."""
    damage: list[tuple[Rect, ...]] = []

    async def main() -> None:
        displays: asyncio.Queue[FakeDisplay] = asyncio.Queue()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await displays.put(FakeDisplay(reader, writer))

        path = home.parent / "run" / "rfb"
        server = await asyncio.start_unix_server(serve, path)
        screen = await Screen.connect(path, damage.append)
        screen.rate = rate
        display = await displays.get()
        await display.greet()
        listening = asyncio.create_task(display.listen())
        try:
            async with asyncio.timeout(20):
                await body(screen, display)
        finally:
            screen.close()
            await listening
            display.writer.close()
            with contextlib.suppress(ConnectionError):
                await display.writer.wait_closed()
            server.close()
            await server.wait_closed()

    asyncio.run(main())
    return damage


async def turns(count: int = 50) -> None:
    """Let the loop do all that it can do by now."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    while not condition():  # noqa: ASYNC110 - what the client does sets no event
        await asyncio.sleep(0.001)


def test_a_display_that_nobody_wants_is_asked_nothing(home: Path) -> None:
    async def body(screen: Screen, display: FakeDisplay) -> None:
        await display.until(lambda: display.said)
        await turns()
        assert display.said == [struct.pack("!BBHH", POINTER, 0, WIDTH - 1, HEIGHT - 1)], "the pointer is parked"
        screen.wanted = True
        await display.until(lambda: display.requests == 1)

    assert run(home, body) == []


def test_a_display_that_does_not_change_is_asked_once(home: Path) -> None:
    async def body(screen: Screen, display: FakeDisplay) -> None:
        screen.wanted = True
        await display.until(lambda: display.requests == 1)
        screen.wanted = False
        screen.wanted = True
        screen.rate = 10
        screen.hold()
        screen.release()
        await turns()
        assert display.requests == 1
        display.writer.write(display.update(9))
        await display.until(lambda: display.requests == 2)
        await turns()
        assert display.requests == 2
        assert screen.frames == 1

    assert run(home, body) == [(Rect(0, 0, WIDTH, HEIGHT),)]


def test_an_update_that_comes_in_pieces_is_busy_until_it_is_whole(home: Path) -> None:
    async def body(screen: Screen, display: FakeDisplay) -> None:
        screen.wanted = True
        await display.until(lambda: display.requests == 1)
        assert not screen.busy, "asked is not yet begun"
        message = display.update(200)
        display.writer.write(message[:5000])
        await until(lambda: screen.busy)
        await turns()
        assert screen.frames == 0
        display.writer.write(message[5000:])
        await until(lambda: screen.frames)
        assert not screen.busy
        assert (screen.pixels == 200).all()

    run(home, body)


def test_while_somebody_holds_the_framebuffer_it_stays_as_it_is(home: Path) -> None:
    async def body(screen: Screen, display: FakeDisplay) -> None:
        screen.wanted = True
        await display.until(lambda: display.requests == 1)
        display.writer.write(display.update(1))
        await display.until(lambda: display.requests == 2)
        screen.hold()
        screen.hold()
        display.writer.write(display.update(2))
        screen.release()
        await turns()
        assert (screen.pixels == 1).all(), "one of the two who hold it still reads"
        screen.release()
        await until(lambda: screen.frames == 2)
        assert (screen.pixels == 2).all()

    run(home, body)


def test_what_is_held_is_asked_for_no_more_until_it_is_let_go(home: Path) -> None:
    async def body(screen: Screen, display: FakeDisplay) -> None:
        screen.wanted = True
        await display.until(lambda: display.requests == 1)
        screen.hold()
        display.writer.write(display.update(1))
        await turns()
        assert screen.frames == 0
        screen.release()
        await until(lambda: screen.frames == 1)
        await display.until(lambda: display.requests == 2)

    run(home, body)


def test_an_update_that_has_begun_is_received_though_somebody_holds(home: Path) -> None:
    async def body(screen: Screen, display: FakeDisplay) -> None:
        screen.wanted = True
        await display.until(lambda: display.requests == 1)
        message = display.update(7)
        display.writer.write(message[:100])
        await until(lambda: screen.busy)
        screen.hold()
        display.writer.write(message[100:])
        await until(lambda: screen.frames == 1)
        await turns()
        assert display.requests == 1
        screen.release()
        await display.until(lambda: display.requests == 2)

    run(home, body)


def test_an_update_is_whole_before_what_comes_with_it_is_looked_at(home: Path) -> None:
    """Both messages are in the socket when the first is read; who is told of it holds, and the second waits."""

    async def body(screen: Screen, display: FakeDisplay) -> None:
        screen._damaged = lambda damage: screen.hold()  # as whoever is told may do
        screen.wanted = True
        await display.until(lambda: display.requests == 1)
        display.writer.write(display.update(1) + display.update(2))
        await until(lambda: screen.frames)
        await turns()
        assert (screen.pixels[8:] == 1).all()
        screen.release()
        await until(lambda: screen.frames == 2)
        assert (screen.pixels == 2).all()

    run(home, body)


def test_rectangles_of_all_widths_come_to_their_places(home: Path) -> None:
    draw = np.random.default_rng(1)
    picture = np.zeros((HEIGHT, WIDTH, 4), np.uint8)

    async def body(screen: Screen, display: FakeDisplay) -> None:
        screen.wanted = True
        for _ in range(40):
            x, y = int(draw.integers(WIDTH)), int(draw.integers(HEIGHT))
            w, h = int(draw.integers(WIDTH - x)) + 1, int(draw.integers(HEIGHT - y)) + 1
            if draw.random() < 0.5:
                x, w = 0, WIDTH
            block = draw.integers(0, 256, (h, w, 4), np.uint8)
            picture[y : y + h, x : x + w] = block
            message = struct.pack("!BxHHHHHi", 0, 1, x, y, w, h, 0) + block.tobytes()
            cut = int(draw.integers(len(message)))
            display.writer.write(message[:cut])
            await turns(3)
            display.writer.write(message[cut:])
        await until(lambda: screen.frames == 40)
        assert (screen.pixels == picture).all()

    run(home, body)


def test_what_changes_all_the_time_is_asked_for_at_the_rate(home: Path) -> None:
    rate, updates = 200.0, 30

    async def body(screen: Screen, display: FakeDisplay) -> None:
        begun = time.monotonic()
        screen.wanted = True
        for number in range(1, updates + 1):
            await display.until(lambda number=number: display.requests == number)
            display.writer.write(display.update(number))
        assert time.monotonic() - begun >= (updates - 2) / (AHEAD * rate)

    run(home, body, rate)


def test_a_display_that_takes_no_input_is_sent_no_more_of_it(home: Path) -> None:
    async def body(screen: Screen, display: FakeDisplay) -> None:
        display.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for number in range(200_000):
            screen.point(number % WIDTH, 1)
            screen.press(97, True)
        transport = screen._transport
        assert transport
        assert 0 < transport.get_write_buffer_size() < MOST_UNSENT + 100
        display.writer.transport.resume_reading()  # type: ignore[attr-defined]

    run(home, body)


def test_a_display_that_goes_away_says_why_once(home: Path) -> None:
    async def body(screen: Screen, display: FakeDisplay) -> None:
        display.writer.write(b"\x09")
        assert "unknown type 9" in await screen.lost
        assert not screen.connected
        screen.hold()
        screen.release()
        screen.point(1, 1)

    run(home, body)


@given(st.lists(st.floats(-0.045, 0.045), min_size=2, max_size=60))
def test_pictures_that_come_at_the_rate_though_unevenly_never_wait(jitter: list[float]) -> None:
    pace = Pace(10.0)
    for number, late in enumerate(jitter):
        now = 1000.0 + number / 10 + late
        assert pace.wait(now) <= 1e-9
        pace.asked(now)


@given(st.floats(0.5, 60), st.integers(2, 200))
def test_nothing_is_asked_for_more_often_than_the_rate_and_once_more(rate: float, count: int) -> None:
    pace, now = Pace(rate), 1000.0
    for _ in range(count):
        now += max(0.0, pace.wait(now))
        pace.asked(now)
    assert now - 1000.0 >= (count - 2) / (AHEAD * rate) - 1e-6


@pytest.fixture
def tile(home: Path) -> Iterator[Tile]:
    """Return a tile whose node has nothing but folders."""
    node: Any = SimpleNamespace(
        members=None,
        logs=home, folder=home, house=lambda plan, folder: None, children=None, slots=None,
        graphics=SimpleNamespace(of=lambda gpu, house: None), changed=lambda tile, now: None,
    )  # fmt: skip
    tile = Tile(TilePlan(index=0, title="t", command=("true",)), node)
    yield tile
    tile.log.close()


class HeldScreen:
    """Counts who holds it."""

    connected, frames, busy, rate, wanted = True, 1, True, 0.0, False

    def __init__(self) -> None:
        self.holds = 0
        self.parked = 0

    def hold(self) -> None:
        self.holds += 1

    def release(self) -> None:
        self.holds -= 1

    def park_pointer(self) -> None:
        self.parked += 1


def test_a_tile_without_a_display_may_be_held_and_let_go(tile: Tile) -> None:
    assert not tile.busy
    tile.hold()
    new: Any = HeldScreen()
    tile.stage.screen = new
    assert tile.busy
    tile.release()
    assert new.holds == 0, "it is not this display that was held"


def test_a_display_that_came_meanwhile_is_not_let_go_for_the_one_before(tile: Tile) -> None:
    old: Any = HeldScreen()
    new: Any = HeldScreen()
    tile.stage.screen = old
    tile.hold()
    tile.stage.screen = new
    tile.hold()
    tile.release()
    assert (old.holds, new.holds) == (0, 1)
    tile.release()
    assert (old.holds, new.holds) == (0, 0)


def test_a_display_is_asked_as_often_as_the_most_eager_of_those_who_see_its_pictures_wants(tile: Tile) -> None:
    screen: Any = HeldScreen()
    tile.stage.screen = screen
    wall = tile.look(WALL_RATE, pictures=True)
    assert (screen.rate, screen.wanted) == (WALL_RATE, True)
    focus = tile.look(FOCUS_RATE, pictures=False)
    assert (screen.rate, tile.watched) == (WALL_RATE, FOCUS_RATE), "that one sees the display itself"
    working = tile.look(FOCUS_RATE, pictures=True)
    assert screen.rate == FOCUS_RATE
    working()
    assert screen.rate == WALL_RATE
    focus()
    wall()


def test_the_pointer_is_parked_unless_somebody_has_the_tile_open(tile: Tile) -> None:
    screen: Any = HeldScreen()
    tile.stage.screen = screen
    tile.look(WALL_RATE, pictures=True)
    leave = tile.look(FOCUS_RATE, pictures=False)
    tile.park_pointer()
    assert screen.parked == 0
    leave()
    assert screen.parked == 1
    tile.park_pointer()
    assert screen.parked == 2


@pytest.mark.parametrize("wrong", [b"HTTP/1.1 400", b"RFB 003.003\n"])
def test_what_is_no_display_is_lost_with_its_words(home: Path, wrong: bytes) -> None:
    async def main() -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(wrong)
            await reader.read()
            writer.close()

        path = home.parent / "run" / "rfb"
        async with await asyncio.start_unix_server(serve, path):
            screen = await Screen.connect(path, lambda damage: None)
            async with asyncio.timeout(10):
                why = await screen.lost
            await turns()
            return why

    assert "not RFB 3.8" in asyncio.run(main())
