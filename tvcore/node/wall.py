"""The wall stream: what a portal says of its viewers is read, what they are owed is sent (``tvcore.node.wire``)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import Protocol

from tvcore.node.damage import Rect
from tvcore.node.encode import Encoded
from tvcore.node.held import Held, Touchable
from tvcore.node.hub import Hub, Job
from tvcore.node.owed import Source
from tvcore.node.pool import Encoders
from tvcore.node.streams import first_of
from tvcore.node.tile import FOCUS_RATE, WALL_RATE
from tvcore.node.wall_line import Line, read_line

MOST_UNSENT = 1 << 20  # bytes that the portal has not taken yet, before the next picture is made


class Shown(Source, Touchable, Protocol):
    """A tile as the wall needs it."""

    viewers: set[Callable[[int, tuple[Rect, ...]], None]]

    def look(self, rate: int, pictures: bool) -> Callable[[], None]:
        """Note that somebody looks; call the result at the end."""
        ...


class Wall:
    """Serves wall streams of *tiles*, whose pictures *encoders* make."""

    def __init__(self, tiles: Mapping[int, Shown], encoders: Encoders) -> None:
        self._tiles = tiles
        self._encoders = encoders

    async def serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve the stream of one portal until it goes. Raises OSError, and ValueError for what is none of it."""
        stream = _Stream(number, self._tiles, self._encoders, writer)
        try:
            await first_of(stream.send(), stream.listen(reader))
        finally:
            stream.close()


class _Stream:
    """One portal's stream: fresh with each connection."""

    def __init__(
        self, number: int, tiles: Mapping[int, Shown], encoders: Encoders, writer: asyncio.StreamWriter
    ) -> None:
        self._tiles = tiles
        self._encoders = encoders
        self._writer = writer
        self._hub = Hub(number, tiles)
        self._held = Held(tiles)
        self._wake = asyncio.Event()
        self._looks: dict[int, tuple[int, Callable[[], None]]] = {}  # by tile: at which rate, and what ends it
        self._failure: BaseException | None = None
        self._closed = False
        self._clock = asyncio.get_running_loop().time
        writer.transport.set_write_buffer_limits(MOST_UNSENT)

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Take what the portal says until it goes. Raises ValueError for a line that is none of the stream."""
        while text := await reader.readline():
            self._take(read_line(text))
            self._wake.set()

    async def send(self) -> None:
        """Have made and send what is owed, whenever there is something and credit for it; never ends by itself."""
        while True:
            await self._writer.drain()
            if self._failure:
                raise self._failure
            now = self._clock()
            job = self._hub.next(now) if self._encoders.ready_at() <= now else None
            if job is None:
                await self._wait()
            else:
                self._encoders.start(job, lambda made, job=job: self._made(job, made))  # type: ignore[misc]

    def close(self) -> None:
        """Look at nothing any more, and let go of every key."""
        self._closed = True
        self._held.release_all()
        self._look()

    def _take(self, line: Line) -> None:
        """Do what one line says; who has not shown anything yet has nothing to say but that."""
        viewer, now = line.viewer, self._clock()
        if line.demand is not None:
            self._hub.demand(viewer, line.demand, now)
            self._look()
        if not self._hub.knows(viewer):
            return
        self._hub.allow(viewer, line.credit, now)
        for index in line.tiles:
            if line.key:
                self._held.press(viewer, index, *line.key)
            if line.pointer:
                self._held.point(viewer, index, line.pointer[:2], line.pointer[2])
        if line.release or line.gone:
            self._held.release(viewer)
        if line.gone:
            self._hub.gone(viewer)
            self._look()

    async def _wait(self) -> None:
        """Wait for something to send: a change, a demand, credit, an encoder, or that a tile has come to rest."""
        free = self._encoders.ready_at()
        if math.isinf(free):
            self._encoders.wake(self._wake)
        until = max(self._hub.next_time(), free)
        try:
            async with asyncio.timeout_at(None if math.isinf(until) else until):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _made(self, job: Job, made: Encoded | BaseException) -> None:
        """Send the picture of *job*, on the event loop."""
        if self._closed:
            return
        if isinstance(made, BaseException):
            self._failure = made
        else:
            self._writer.write(self._hub.done(job, made))
        self._wake.set()

    def _look(self) -> None:
        """Tell the tiles which are looked at, at which rate, and which are not any more."""
        rates = {} if self._closed else dict.fromkeys(self._hub.tiles, WALL_RATE)
        rates |= dict.fromkeys(self._hub.worked_in & rates.keys(), FOCUS_RATE)
        for index, rate in rates.items():
            before, away = self._looks.get(index, (0, None))
            if rate == before:
                continue
            tile = self._tiles[index]
            self._looks[index] = (rate, tile.look(rate, pictures=True))
            tile.viewers.add(self._changed)
            if away:
                away()
        for index in self._looks.keys() - rates.keys():
            self._tiles[index].viewers.discard(self._changed)
            self._looks.pop(index)[1]()

    def _changed(self, tile: int, damage: tuple[Rect, ...]) -> None:
        if self._hub.changed(tile, damage, self._clock()):
            self._wake.set()
