"""Playing a recording: what a node agent would send of one job, in its time, again and again.

A viewer gets just the tiles that it demands, at the size at which they were recorded, and nothing without credit. One
that was not there before, or lags behind, gets each of its tiles from the last picture on that covers it.
"""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tvcore.node import wire
from tvcore.node.wall_line import MOST_VIEWERS, Line, read_line
from tvcore.recording.file import Recording

PAUSE = 1.0  # seconds from the last picture to the next begin
TICK = 0.01  # and at least from one look at what is owed to the next


class Score:
    """The pictures of one job of *recording*, by their places in it: when each comes, and which tiles it has."""

    def __init__(self, recording: Recording, job: int) -> None:
        self._recording = recording
        self._times = array("d")
        self._numbers = array("L")
        self._of_tile: dict[int, array[int]] = defaultdict(lambda: array("L"))
        self._wholes: dict[int, array[int]] = defaultdict(lambda: array("L"))
        for number, message in enumerate(recording):
            if message.job == job:
                for cell in wire.unpack(message.data).cells:
                    self._of_tile[cell.tile].append(len(self._times))
                    if cell.flags & wire.WHOLE:
                        self._wholes[cell.tile].append(len(self._times))
                self._times.append(message.time)
                self._numbers.append(number)

    def until(self, moment: float) -> int:
        """Return how many pictures have come at *moment*, s since the beginning."""
        return bisect_right(self._times, moment)

    def next_time(self, come: int) -> float:
        """Return when the next picture comes after *come* of them; infinity: none does."""
        return self._times[come] if come < len(self._times) else math.inf

    def time(self, place: int) -> float:
        """Return when the picture at *place* comes."""
        return self._times[place]

    def picture(self, place: int) -> wire.Picture:
        """Return the picture at *place*."""
        return wire.unpack(self._recording[self._numbers[place]].data)

    def begin(self, tile: int, come: int) -> int | None:
        """Return the place of the last of the first *come* pictures that covers *tile*; None: there is none."""
        wholes = self._wholes[tile]
        count = bisect_left(wholes, come)
        return wholes[count - 1] if count else None

    def places(self, tile: int, begin: int, end: int) -> Iterator[int]:
        """Yield the places of the pictures of *tile* from *begin* to before *end*."""
        of_tile = self._of_tile[tile]
        yield from of_tile[bisect_left(of_tile, begin) : bisect_left(of_tile, end)]


@dataclass
class _Viewer:
    """One page: *seen* has, for each tile it demands, up to where it was sent what there is."""

    credit: int = 0
    seen: dict[int, int] = field(default_factory=dict)


class Player:
    """The wall service of one played job (``tvcore.node.streams.Server``); *length* of the whole recording in s."""

    def __init__(self, score: Score, length: float) -> None:
        self._score = score
        self._round = length + PAUSE
        self._clock = asyncio.get_running_loop().time
        self._begun = self._clock()

    async def serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play to the portal that opened a wall stream until it goes. Raises ValueError for a line that is none."""
        stream = _Stream(number, self._score, writer)
        playing = asyncio.create_task(self._play(stream))
        try:
            while text := await reader.readline():
                stream.take(read_line(text))
        finally:
            playing.cancel()
            await asyncio.wait([playing])

    async def _play(self, stream: _Stream) -> None:
        now = -1.0
        while True:
            turn, moment = divmod(self._clock() - self._begun, self._round)
            if turn != now:
                now = turn
                stream.rewind()
            come = self._score.until(moment)
            await stream.send(come, moment)
            pause = min(self._score.next_time(come), self._round) - moment
            await stream.wait(self._clock() + pause)
            await asyncio.sleep(TICK)


class _Stream:
    """What one portal is owed."""

    def __init__(self, number: int, score: Score, writer: asyncio.StreamWriter) -> None:
        self._number = number
        self._score = score
        self._writer = writer
        self._viewers: dict[int, _Viewer] = {}
        self._sequence = 0
        self._said = asyncio.Event()

    def take(self, line: Line) -> None:
        """Note what the portal says. Raises ValueError for one viewer too many."""
        if line.gone:
            self._viewers.pop(line.viewer, None)
        elif line.demand is not None:
            viewer = self._viewers.setdefault(line.viewer, _Viewer())
            viewer.seen = {tile: viewer.seen.get(tile, 0) for tile, *_ in line.demand}
        if len(self._viewers) > MOST_VIEWERS:
            raise ValueError(f"there are more than {MOST_VIEWERS} viewers")
        if line.viewer in self._viewers:
            self._viewers[line.viewer].credit += line.credit
        self._said.set()

    def rewind(self) -> None:
        """Begin anew: nothing of this round was sent to anybody."""
        for viewer in self._viewers.values():
            viewer.seen = dict.fromkeys(viewer.seen, 0)

    async def wait(self, until: float) -> None:
        """Wait for something that the portal says, or the time *until* of the loop's clock."""
        try:
            async with asyncio.timeout_at(until):
                await self._said.wait()
        except TimeoutError:
            return
        self._said.clear()

    async def send(self, come: int, moment: float) -> None:
        """Send each viewer what it lacks of the first *come* pictures, as far as its credit goes."""
        for number, viewer in list(self._viewers.items()):
            for place, tiles in self._owed(viewer, come):
                if viewer.credit <= 0 or self._viewers.get(number) is not viewer:
                    break
                picture = self._cut(place, tiles, moment)
                viewer.credit -= len(picture)
                viewer.seen.update(dict.fromkeys(tiles & viewer.seen.keys(), place + 1))
                self._writer.write(wire.address([number], picture))
                await self._writer.drain()

    def _owed(self, viewer: _Viewer, come: int) -> list[tuple[int, set[int]]]:
        """Return the places of the pictures that *viewer* lacks, and which of their tiles."""
        owed: dict[int, set[int]] = defaultdict(set)
        for tile, seen in viewer.seen.items():
            begin = self._score.begin(tile, come)
            if begin is not None:
                for place in self._score.places(tile, max(begin, seen), come):
                    owed[place].add(tile)
        return sorted(owed.items())

    def _cut(self, place: int, tiles: set[int], moment: float) -> bytes:
        """Return the picture at *place* with the cells of *tiles* alone, as if it were of now."""
        picture = self._score.picture(place)
        captured = time.time() - (moment - self._score.time(place))
        cells = [replace(cell, captured=captured) for cell in picture.cells if cell.tile in tiles]
        self._sequence += 1
        return wire.pack(self._number, self._sequence, cells, picture.jpeg)
