"""A wall stream: what a viewer says is read, what it is owed is sent (``tvcore.node.wire``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tvcore.node import wire
from tvcore.node.damage import Rect
from tvcore.node.tile import WALL_RATE, Tile
from tvcore.node.viewer import Viewer

_Number = Annotated[int, Field(ge=0, le=0xFFFF)]


class _Line(BaseModel):
    """One line from a viewer."""

    model_config = ConfigDict(extra="ignore", strict=True)

    demand: list[tuple[_Number, _Number, _Number]] | None = None
    credit: int = Field(default=0, ge=0)


class Wall:
    """One viewer's stream of pictures of *tiles*, written to *writer*."""

    def __init__(self, number: int, tiles: Mapping[int, Tile], writer: asyncio.StreamWriter) -> None:
        self._tiles = tiles
        self._writer = writer
        self._viewer = Viewer(number, tiles)
        self._wake = asyncio.Event()
        self._away: dict[int, Callable[[], None]] = {}
        self._clock = asyncio.get_running_loop().time

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Take what the viewer says until it goes. Raises ValueError for a line that is none of the stream."""
        while text := await reader.readline():
            line = _Line.model_validate_json(text)
            if line.demand is not None:
                self._viewer.demand(line.demand, self._clock())
                self._look()
            self._viewer.allow(line.credit)
            self._wake.set()

    async def send(self) -> None:
        """Send what is owed, whenever there is something and credit for it; never ends by itself."""
        while True:
            message = self._viewer.message(self._clock())
            if message is None:
                await self._wait()
                continue
            self._writer.write(wire.LENGTH.pack(len(message)) + message)
            await self._writer.drain()
            await asyncio.sleep(0)  # drain does not give way while there is room, and others wait

    def close(self) -> None:
        """Look at nothing any more."""
        self._viewer.demand([], self._clock())
        self._look()

    async def _wait(self) -> None:
        """Wait for something to send: a change, a demand, credit, or that a tile has come to rest."""
        rest = self._viewer.next_rest() if self._viewer.credit > 0 else None
        try:
            async with asyncio.timeout_at(rest):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _look(self) -> None:
        """Tell the tiles who looks and who does not any more."""
        for index in self._viewer.tiles - self._away.keys():
            tile = self._tiles[index]
            self._away[index] = tile.look(WALL_RATE, pictures=True)
            tile.viewers.add(self._changed)
        for index in self._away.keys() - self._viewer.tiles:
            self._tiles[index].viewers.discard(self._changed)
            self._away.pop(index)()

    def _changed(self, tile: int, damage: tuple[Rect, ...]) -> None:
        self._viewer.changed(tile, damage, self._clock())
        self._wake.set()
