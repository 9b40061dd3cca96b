"""Calls to the agent: a line of JSON each way.

``{"id": n, "call": NAME, ...}`` → ``{"id": n, "result": ...}`` or ``{"id": n, "error": "..."}``. The calls:
``status``; ``log`` (``tile``, ``lines``); ``watch``: after its result come ``{"event": "tiles", "tiles": [...]}``,
first with all tiles, then with those that changed; that only the count of frames grew is said once a second. What may
be asked of one ``tile`` besides is in ``tvcore.node.control``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from tvcore.errors import TiledVizError
from tvcore.node.control import Action, Anything
from tvcore.node.media_control import Play, do
from tvcore.node.media_tile import AnyTile

FRAMES_EVERY = 1.0  # seconds between events that only say that frames were seen
MOST_LINES = 10_000
_logger = logging.getLogger(__name__)


class _Status(BaseModel):
    id: int
    call: Literal["status", "watch"]


class _Log(BaseModel):
    id: int
    call: Literal["log"]
    tile: int | None = None
    lines: int = Field(default=50, ge=1, le=MOST_LINES)


_Call: TypeAdapter[_Status | _Log | Play | Action] = TypeAdapter(
    Annotated[_Status | _Log | Play | Anything, Field(discriminator="call")]
)


class Rpc:
    """Answers calls about *tiles*, and tells who watches what changed."""

    def __init__(self, tiles: Mapping[int, AnyTile]) -> None:
        self._tiles = tiles
        self._watchers: set[_Watcher] = set()

    def changed(self, tile: AnyTile, at_once: bool) -> None:
        """Note that the status of *tile* changed; *at_once*: more than its count of frames."""
        for watcher in self._watchers:
            watcher.changed(tile.plan.index, at_once)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer calls until the caller goes. Raises ValueError for what is not even JSON."""
        watcher: _Watcher | None = None
        try:
            while line := await reader.readline():
                document = json.loads(line)
                answer = await self._answer(document)
                _write(writer, answer)
                if "result" in answer and document["call"] == "watch" and watcher is None:
                    watcher = _Watcher(self._tiles, writer)
                    self._watchers.add(watcher)
                await writer.drain()
        finally:
            if watcher:
                self._watchers.discard(watcher)
                watcher.close()

    async def _answer(self, document: object) -> dict[str, object]:
        number = document.get("id") if isinstance(document, dict) else None
        try:
            call = _Call.validate_python(document)
        except ValidationError as error:
            return {"id": number, "error": f"this is not a call: {_first(error)}"}
        if isinstance(call, _Status):
            every = {"tiles": [asdict(tile.status) for tile in self._tiles.values()]}
            return {"id": number, "result": every if call.call == "status" else {}}
        tile = None if call.tile is None else self._tiles.get(call.tile)
        if tile is None:
            return {"id": number, "error": f"there is no tile {call.tile} on this node"}
        if isinstance(call, _Log):
            return {"id": number, "result": {"lines": tile.log.tail(call.lines)}}
        try:
            return {"id": number, "result": await do(call, tile)}
        except TiledVizError as error:
            return {"id": number, "error": str(error)}
        except Exception as error:
            _logger.exception("a call for tile %d", call.tile)
            return {"id": number, "error": f"a mistake in the node agent, its log has more: {error!r}"}


def _first(error: ValidationError) -> str:
    """Return where *error* is and what it is, in one line; a call that is not known is one of ``call``."""
    first = error.errors()[0]
    if first["type"].startswith("union_tag"):
        return f"call: {first['msg']}"
    where = ".".join(str(part) for part in first["loc"][1:] or first["loc"])
    return f"{where}: {first['msg']}"


class _Watcher:
    """Tells one caller what changed; a slow one gets fewer lines, each true when it was written."""

    def __init__(self, tiles: Mapping[int, AnyTile], writer: asyncio.StreamWriter) -> None:
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
