"""Follows a file that a simulation writes: what is new since one looked last, whatever becomes of the file.

``python -P -m tvcore.ensemble.follow PATH`` does so for another program, so that a file that makes HDF5 crash costs
nothing else: it reads lines ``{"members": [0, 5], "every": 0.2}`` (one at first; a later one is asked instead) and
writes a line of JSON, the fields of ``Seen``, each time there is something new, until its input ends.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tvcore.ensemble.guard import SWMR, WRITING, CutShortError, open_state
from tvcore.ensemble.holders import Writer
from tvcore.ensemble.reader import Ensemble, open_ensemble
from tvcore.ensemble.rows import plain
from tvcore.ensemble.schema import Value
from tvcore.errors import TiledVizError

EVERY = 0.2  # seconds between two looks
QUIET = 2.0  # seconds without news after which one asks whether the writer is there at all, and between two times
RACY = 0.1  # seconds in which a file may change twice and bear the same time
LONGEST = 60  # seconds of a look, for HDF5 can hang on a broken file
ROOM = 2 << 30  # bytes of address space for a file, beyond what the program has


@dataclass
class Seen:
    """What is new: made of plain values, so that it can be written as JSON.

    *columns*: the fields of ``Column`` each, None when they are as before. *length*: how many members the file has
    now. *rows*: by member what is new or changed of it, all its columns. *note*: one line on what is wrong, "" when
    nothing is; what was seen before stays true. *complete*: the writer has finished.
    """

    columns: list[dict[str, str]] | None = None
    length: int = 0
    rows: dict[int, dict[str, Value | None]] = field(default_factory=dict)
    note: str = ""
    complete: bool = False


class Follower:
    """Looks at the file *path* again and again, for the rows of *members*. It never raises for the file's sake."""

    def __init__(self, path: Path | str, members: Collection[int]) -> None:
        self.path = Path(path)
        self.members = sorted(set(members))
        self._ensemble: Ensemble | None = None  # open beside its writer; others are closed after each look
        self._mark: tuple[int, ...] = ()
        self._place: tuple[int, ...] = ()  # device and number of the file
        self._size = 0  # it had at the last look
        self._looked = 0.0  # when, by the clock of files
        self._fresh = True  # the file is another one than that of before: everything is read
        self._changes = 0
        self._known = 0  # members with a lower number have been read of this file
        self._told: dict[int, dict[str, Value | None]] = {}
        self._columns: list[dict[str, str]] | None = None
        self._most = 0
        self._last = Seen()
        self._first = True
        self._quiet = time.monotonic()
        self._writer = Writer(self.path)
        self._gone = False

    def look(self) -> Seen | None:
        """Return what is new since the last look, None when nothing is."""
        try:
            seen = self._look()
        except (TiledVizError, OSError, MemoryError, RuntimeError, ValueError) as error:
            self._forget()
            seen = Seen(length=self._last.length, note=self._line(error), complete=False)
        new = self._first or seen.columns is not None or bool(seen.rows)
        new = new or (seen.length, seen.note, seen.complete) != (
            self._last.length, self._last.note, self._last.complete,
        )  # fmt: skip
        self._last, self._first = seen, False
        return seen if new else None

    def ask(self, members: Collection[int]) -> None:
        """Follow *members* from now on; rows of these that were not asked for before come with the next look."""
        wanted = sorted(set(members))
        if wanted != self.members:
            self.members, self._mark, self._fresh = wanted, (), True

    def close(self) -> None:
        """Close the file."""
        self._forget()

    def _line(self, error: BaseException) -> str:
        if isinstance(error, FileNotFoundError):
            return (
                f"{self.path}: there is no such file yet"
                if not self._most
                else (f"{self.path}: it was removed; what was shown stays")
            )
        if isinstance(error, OSError):
            return f"{self.path}: cannot be read: {error.strerror or error}"
        return str(error) or f"{self.path}: there is not enough memory to read it"

    def _look(self) -> Seen:
        found = _stat(self.path)
        mark = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        if mark == self._mark and found.st_mtime < self._looked - RACY:
            return self._unchanged()
        if mark[:2] != self._place:
            self._forget()
            self._place, self._size = mark[:2], 0
        elif mark != self._mark:
            self._quiet, self._gone = time.monotonic(), False
        if found.st_size < self._size and open_state(self.path) & SWMR:
            # HDF5 would try for minutes to read what is not there any more
            raise CutShortError(f"{self.path}: it was cut short while it was written; what was shown stays")
        looked = time.time()
        seen = self._read()
        self._mark, self._looked, self._size = mark, looked, found.st_size
        return seen

    def _unchanged(self) -> Seen:
        """Return what one knows of a file that did not change: whether its writer is there at all."""
        last = self._last
        if last.complete or time.monotonic() - self._quiet < QUIET:
            return Seen(length=last.length, note=last.note, complete=last.complete)
        self._quiet = time.monotonic()
        self._gone = self._writer.is_gone()
        return Seen(length=last.length, note=self._note(last.length, complete=False), complete=False)

    def _read(self) -> Seen:
        ensemble = self._opened()
        try:
            ensemble.refresh()
            return self._seen(ensemble)
        finally:
            if not ensemble.live:
                ensemble.close()

    def _opened(self) -> Ensemble:
        if self._ensemble is not None and open_state(self.path) & WRITING:
            return self._ensemble
        if self._ensemble is not None:  # its writer has closed it: it is a file like others now
            self._ensemble.close()
            self._ensemble = None
        if not self.path.is_file():
            raise TiledVizError(f"{self.path}: it is no file")
        ensemble = open_ensemble(self.path)
        if ensemble.live:
            self._ensemble = ensemble
        return ensemble

    def _seen(self, ensemble: Ensemble) -> Seen:
        length = len(ensemble)
        rows = self._rows(ensemble, length)
        columns = [{key: str(value) for key, value in asdict(column).items()} for column in ensemble.columns]
        new = columns if columns != self._columns else None
        changed = {member: row for member, row in rows.items() if self._told.get(member) != row}
        self._columns = columns
        self._told.update(changed)
        self._known, self._changes, self._fresh = length, ensemble.changed, False
        self._most = max(self._most, length)
        return Seen(new, length, changed, self._note(length, ensemble.complete), ensemble.complete)

    def _rows(self, ensemble: Ensemble, length: int) -> dict[int, dict[str, Value | None]]:
        """Return the rows that may be new."""
        there = [member for member in self.members if 0 <= member < length]
        if not self._fresh and ensemble.has_changes and self._known <= length and self._changes <= ensemble.changed:
            updated = set(ensemble.changes(self._changes))
            there = [member for member in there if member >= self._known or member in updated]
        if not there:
            return {}
        return {member: plain(row) for member, row in zip(there, ensemble.rows(there), strict=True)}

    def _note(self, length: int, complete: bool) -> str:
        if length < self._most:
            return f"{self.path}: it has {length} members now and had {self._most}; what was shown stays"
        if self._gone and not complete:
            return f"{self.path}: its writer is gone and had not finished; what it wrote, {length} members, is shown"
        return ""

    def _forget(self) -> None:
        if self._ensemble is not None:
            self._ensemble.close()
        self._ensemble, self._mark, self._fresh, self._known, self._changes = None, (), True, 0, 0
        self._gone, self._quiet = False, time.monotonic()


def _stat(path: Path) -> os.stat_result:
    """Return what *path* is now: opened, because a network file system may answer with what it was. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not keep one waiting
    try:
        return os.fstat(handle)
    finally:
        os.close(handle)


def main() -> int:
    """Follow the file that the command line names, until the input ends."""
    if len(sys.argv) != 2:
        print("usage: python -P -m tvcore.ensemble.follow PATH", file=sys.stderr)
        return 2
    _limit()
    source = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 (buffered, a line could wait behind another)
    asked = source.readline()
    if not asked:
        return 0
    wish = _wish(asked)
    follower = Follower(Path(sys.argv[1]), wish["members"])
    try:
        while True:
            signal.alarm(LONGEST)  # the end of this program: whoever started it starts it again
            seen = follower.look()
            signal.alarm(0)
            if seen is not None:
                print(json.dumps(asdict(seen)), flush=True)
            if select.select([0], [], [], wish["every"])[0]:
                asked = source.readline()
                if not asked:
                    return 0
                wish = _wish(asked)
                follower.ask(wish["members"])
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left to be written has no reader
        return 0
    finally:
        follower.close()


def _wish(line: bytes) -> dict[str, Any]:
    """Return what is asked: members, and seconds between two looks. Raises ValueError and the like."""
    asked = json.loads(line)
    return {
        "members": [int(member) for member in asked["members"]],
        "every": max(0.01, float(asked.get("every", EVERY))),
    }


def _limit() -> None:
    """Leave no more room for a file than ROOM, and write no core."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + ROOM
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
