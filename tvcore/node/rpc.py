"""Calls to the agent: a line of JSON each way.

``{"id": n, "call": NAME, ...}`` → ``{"id": n, "result": ...}`` or ``{"id": n, "error": "..."}``. The calls:
``status``; ``log`` (``tile``, ``lines``); ``watch``: after its result come ``{"event": "tiles", "tiles": [...]}``,
first with all tiles, then with those that changed; that only the count of frames grew is said once a second. Where the
ensemble is a live one, ``{"event": "members", "columns": [...] or null, "rows": {INDEX: {...}}, "note": "...",
"complete": ...}`` come besides, first with all that is known; ``status`` has that as ``members``. What may be asked of
one ``tile`` besides is in ``tvcore.node.control``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from tvcore.errors import TiledVizError
from tvcore.node.control import Action, Anything
from tvcore.node.media_control import Play, do
from tvcore.node.media_tile import AnyTile
from tvcore.node.members import Members

FRAMES_EVERY = 1.0  # seconds between events that only say that frames were seen
MOST_LINES = 10_000
MOST_ROWS = 500  # of metadata in one line
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
        self.members: Members | None = None  # of an ensemble that is written meanwhile
        self._tiles = tiles
        self._watchers: set[_Watcher] = set()

    def changed(self, tile: AnyTile, at_once: bool) -> None:
        """Note that the status of *tile* changed; *at_once*: more than its count of frames."""
        for watcher in self._watchers:
            watcher.changed(tile.plan.index, at_once)

    def members_changed(self, indices: Iterable[int]) -> None:
        """Note that the metadata of the tiles *indices* changed, or else something of the ensemble as a whole."""
        for watcher in self._watchers:
            watcher.members_changed(indices)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer calls until the caller goes. Raises ValueError for what is not even JSON."""
        watcher: _Watcher | None = None
        try:
            while line := await reader.readline():
                document = json.loads(line)
                answer = await self._answer(document)
                _write(writer, answer)
                if "result" in answer and document["call"] == "watch" and watcher is None:
                    watcher = _Watcher(self._tiles, self.members, writer)
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
            if call.call == "watch":
                return {"id": number, "result": {}}
            every: dict[str, Any] = {"tiles": [asdict(tile.status) for tile in self._tiles.values()]}
            return {"id": number, "result": every | ({"members": self.members.document()} if self.members else {})}
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

    def __init__(self, tiles: Mapping[int, AnyTile], members: Members | None, writer: asyncio.StreamWriter) -> None:
        self._tiles = tiles
        self._members = members
        self._rows: set[int] | None = set(members.rows) if members else None  # to be told; None: no news of members
        self._columns: Any = None  # those that were told
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

    def members_changed(self, indices: Iterable[int]) -> None:
        self._rows = {*(self._rows or ()), *indices}
        self._now.set()

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
            if indices:
                _write(self._writer, {"event": "tiles", "tiles": [asdict(self._tiles[i].status) for i in indices]})
            if self._members and self._rows is not None:
                rows, self._rows = sorted(self._rows), None
                for begin in range(0, len(rows) or 1, MOST_ROWS):
                    new, self._columns = self._columns is not self._members.columns, self._members.columns
                    told = self._members.document(rows[begin : begin + MOST_ROWS], new)
                    _write(self._writer, {"event": "members", **told})
            try:
                await self._writer.drain()
            except OSError:
                return  # the caller is gone: ``serve`` ends as well


def _write(writer: asyncio.StreamWriter, document: Mapping[str, Any]) -> None:
    writer.write(json.dumps(document).encode() + b"\n")
