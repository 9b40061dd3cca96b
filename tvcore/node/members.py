"""The ensemble of a job that is written while its tiles are shown: the agent follows it where it lies.

HDF5 is read by a child (``tvcore.ensemble.follow``), which is started again when a file made it crash. What was seen
of a member stays, whatever becomes of the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tvcore.batch.plan import TilePlan
from tvcore.node.children import Child, Children, describe_exit
from tvcore.node.logs import Drain, Log
from tvcore.node.supervise import BackOff

EVERY = 0.1  # seconds between two looks at a file that grows
EVERY_DONE = 2.0  # and at one whose writer has finished: it may be replaced by another
LINE_MAX = 1 << 26  # bytes of what the child says at once: some ten thousand members
_logger = logging.getLogger(__name__)


class Members:
    """What is known of the members that *tiles* show, of the ensemble *path*; ``run`` is its life.

    *tell* is called with the indices of the tiles that have other metadata now, none of them when something else is
    new: columns, note, whether it is complete.
    """

    def __init__(self, path: str, tiles: Sequence[TilePlan], tell: Callable[[Iterable[int]], None]) -> None:
        self.path = path
        self.columns: list[dict[str, str]] | None = None
        self.rows: dict[int, dict[str, Any]] = {}  # by the tile's index
        self.length = 0
        self.note = ""
        self.complete = False
        self._tell = tell
        self._tiles: dict[int, list[int]] = defaultdict(list)
        for tile in tiles:
            if tile.member is not None:
                self._tiles[tile.member].append(tile.index)
        self._news = asyncio.Event()

    def document(self, indices: Iterable[int] | None = None, columns: bool = True) -> dict[str, Any]:
        """Return what is known, as callers are told: the rows of the tiles *indices* (all by default)."""
        wanted = self.rows if indices is None else sorted(indices)
        return {
            "columns": self.columns if columns else None,
            "rows": {index: self.rows[index] for index in wanted},
            "note": self.note,
            "complete": self.complete,
        }

    async def there(self, tile: TilePlan, say: Callable[[str], None]) -> None:
        """Wait until the member of *tile* is in the file; *say* is called with why it is waited, whenever that changed.

        A tile without a member is not waited for.
        """
        said = ""
        while tile.member is not None and tile.index not in self.rows:
            if (why := self._why(tile.member)) != said:
                said = why
                say(why)
            await self._news.wait()

    def _why(self, member: int) -> str:
        what = f"{self.path} is complete with" if self.complete else f"{self.path} has"
        there = f"{what} {self.length}{'' if self.complete else ' so far'}"
        return f"waits for member {member}: {self.note or there}"

    async def run(self, children: Children, log: Log) -> None:
        """Follow the file until cancelled; what the child complains of goes into *log*."""
        back_off = BackOff()
        clock = asyncio.get_running_loop().time
        while True:
            begun = clock()
            why = await self._follow_once(children, log)
            back_off = back_off.failed(clock() - begun)
            self._set_note(f"{self.path}: {why}; it is read again in {back_off.delay:g} s, what was shown stays")
            log.note(self.note)
            await asyncio.sleep(back_off.delay)

    async def _follow_once(self, children: Children, log: Log) -> str:
        """Take what a child says until it ends; return in words how it did."""
        try:
            async with _follower(self.path, children, log) as (child, said, ask):
                ask({"members": sorted(self._tiles), "every": EVERY})
                async for line in _lines(said):
                    was = self.complete
                    self._take(json.loads(line))
                    if self.complete != was:
                        ask({"members": sorted(self._tiles), "every": EVERY_DONE if self.complete else EVERY})
                return f"the program that reads it ended with {describe_exit(await child.wait())}"
        except (OSError, ValueError, LookupError, TypeError) as error:
            _logger.exception("following %s", self.path)
            return f"it cannot be followed: {' '.join(str(error).split())}"

    def _take(self, seen: dict[str, Any]) -> None:
        """Take over what was seen, a ``tvcore.ensemble.follow.Seen``, and tell what of it is new."""
        columns = seen["columns"]
        new = columns is not None and columns != self.columns
        if new:
            self.columns = columns
        changed = []
        for member, row in seen["rows"].items():
            for index in self._tiles.get(int(member), ()):
                if self.rows.get(index) != row:
                    self.rows[index] = row
                    changed.append(index)
        said = (int(seen["length"]), str(seen["note"]), bool(seen["complete"]))
        told = said[1:] != (self.note, self.complete)
        self.length, self.note, self.complete = said
        self._wake()
        if new or changed or told:
            self._tell(changed)

    def _set_note(self, note: str) -> None:
        self.note = note
        self._wake()
        self._tell(())

    def _wake(self) -> None:
        self._news, news = asyncio.Event(), self._news
        news.set()


@contextlib.asynccontextmanager
async def _follower(
    path: str, children: Children, log: Log
) -> AsyncIterator[tuple[Child, asyncio.StreamReader, Callable[[dict[str, Any]], None]]]:
    """Give a child that follows *path*: itself, what it says, and how to ask it; it is ended at the end."""
    given, asking = _pipe()
    saying, out = _pipe()
    drain = Drain(log)
    try:
        try:
            command = [sys.executable, "-P", "-m", "tvcore.ensemble.follow", path]
            child = children.start(command, os.environ, out, given=given, errors=drain.write_end)
        finally:
            for end in (given, out, drain.write_end):
                os.close(end)
        said = asyncio.StreamReader(LINE_MAX)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(said), os.fdopen(saying, "rb", buffering=0)
        )
        try:
            yield child, said, lambda wish: _write(asking, wish)
        finally:
            transport.close()
            await child.stop(0)
    finally:
        os.close(asking)
        drain.close()


def _pipe() -> tuple[int, int]:
    return os.pipe2(os.O_CLOEXEC)


def _write(handle: int, document: dict[str, Any]) -> None:
    """Write *document* as a line; a child that ended is noticed where it is read from."""
    with contextlib.suppress(BrokenPipeError):
        os.write(handle, json.dumps(document).encode() + b"\n")


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while (line := await reader.readline()).endswith(b"\n"):
        yield line


def members_log(logs: Path, ordinal: int) -> Log:
    """Return the log of what reads the ensemble on node *ordinal*, in the job's folder *logs*."""
    return Log(logs / f"members-{ordinal}.log")
