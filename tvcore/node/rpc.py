"""Calls to the agent: a line of JSON each way.

``{"id": n, "call": NAME, ...}`` → ``{"id": n, "result": ...}`` or ``{"id": n, "error": "..."}``. The calls:
``status``; ``log`` (``tile``, ``lines``); ``watch``: after its result come ``{"event": "tiles", "tiles": [...]}``,
first with all tiles, then with those that changed; that only the count of frames grew is said once a second.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from tvcore.node.tile import Tile

FRAMES_EVERY = 1.0  # seconds between events that only say that frames were seen
MOST_LINES = 10_000


class _Call(BaseModel):
    id: int
    call: Literal["status", "log", "watch"]
    tile: int | None = None
    lines: int = Field(default=50, ge=1, le=MOST_LINES)


class Rpc:
    """Answers calls about *tiles*, and tells who watches what changed."""

    def __init__(self, tiles: Mapping[int, Tile]) -> None:
        self._tiles = tiles
        self._watchers: set[_Watcher] = set()

    def changed(self, tile: Tile, at_once: bool) -> None:
        """Note that the status of *tile* changed; *at_once*: more than its count of frames."""
        for watcher in self._watchers:
            watcher.changed(tile.plan.index, at_once)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer calls until the caller goes. Raises ValueError for what is not even JSON."""
        watcher: _Watcher | None = None
        try:
            while line := await reader.readline():
                document = json.loads(line)
                answer = self._answer(document)
                _write(writer, answer)
                if "result" in answer and document["call"] == "watch" and watcher is None:
                    watcher = _Watcher(self._tiles, writer)
                    self._watchers.add(watcher)
                await writer.drain()
        finally:
            if watcher:
                self._watchers.discard(watcher)
                watcher.close()

    def _answer(self, document: object) -> dict[str, object]:
        number = document.get("id") if isinstance(document, dict) else None
        try:
            call = _Call.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            return {"id": number, "error": f"this is not a call: {where}: {first['msg']}"}
        if call.call == "status":
            return {"id": number, "result": {"tiles": [asdict(tile.status) for tile in self._tiles.values()]}}
        if call.call == "watch":
            return {"id": number, "result": {}}
        tile = None if call.tile is None else self._tiles.get(call.tile)
        if tile is None:
            return {"id": number, "error": f"there is no tile {call.tile} on this node"}
        return {"id": number, "result": {"lines": tile.log.tail(call.lines)}}


class _Watcher:
    """Tells one caller what changed; a slow one gets fewer lines, each true when it was written."""

    def __init__(self, tiles: Mapping[int, Tile], writer: asyncio.StreamWriter) -> None:
        self._tiles = tiles
        self._writer = writer
        self._changed = set(tiles)
        self._now = asyncio.Event()
        self._now.set()
        self._timer: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._tell())

    def changed(self, index: int, at_once: bool) -> None:
        self._changed.add(index)
        if at_once:
            self._now.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FRAMES_EVERY, self._now.set)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._task.cancel()

    async def _tell(self) -> None:
        while True:
            await self._now.wait()
            self._now.clear()
            if self._timer:
                self._timer.cancel()
                self._timer = None
            indices, self._changed = sorted(self._changed), set()
            _write(self._writer, {"event": "tiles", "tiles": [asdict(self._tiles[i].status) for i in indices]})
            try:
                await self._writer.drain()
            except OSError:
                return  # the caller is gone: ``serve`` ends as well


def _write(writer: asyncio.StreamWriter, document: Mapping[str, Any]) -> None:
    writer.write(json.dumps(document).encode() + b"\n")
