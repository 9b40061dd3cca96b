"""What was written down by ``tvcore.audit``, read again: the newest first, filtered, in pages."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tvcore import audit
from tvcore.errors import TiledVizError

PIECE = 1 << 18  # bytes read at a time, from a file's end on
PAGE = 100
MARK_MAX = 18  # characters

Found = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which entries: each of these that is given has to fit.

    *projects* are ids, None for all there are; with *first* what is done at the command line without any counts too.
    *who* is a part of the name, in any case; *verb* the whole verb. *since* and *until* are seconds since the epoch.
    """

    projects: frozenset[int] | None = None
    session: str = ""
    who: str = ""
    verb: str = ""
    outcome: str = ""
    tile: int | None = None
    since: float | None = None
    until: float | None = None
    first: bool = False

    def fits(self, entry: Found) -> bool:
        """Return whether *entry* is wanted."""
        return (
            self._in_project(entry)
            and (not self.session or entry.get("session") == self.session)
            and (not self.who or self.who.casefold() in str(entry.get("who", "")).casefold())
            and (not self.verb or entry.get("verb") == self.verb)
            and (not self.outcome or entry.get("outcome") == self.outcome)
            and (self.tile is None or self.tile in _list(entry.get("tiles")))
            and (self.until is None or _time(entry) <= self.until)
        )

    def _in_project(self, entry: Found) -> bool:
        if self.projects is None or entry.get("project") in self.projects:
            return True
        return self.first and entry.get("project") is None and entry.get("address") == audit.HERE


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _time(entry: Found) -> float:
    found = entry.get("time")
    return float(found) if isinstance(found, (int, float)) else 0.0


def page(wanted: Wanted, before: str = "", limit: int = PAGE) -> Found:
    """Return up to *limit* ``entries`` that are *wanted*, newest first, of those older than what *before* says.

    ``before`` of what is returned is for the next page; empty when there is nothing more. All pages are of what was
    written down when the first was asked for. Raises TiledVizError when the files cannot be read.
    """
    found: list[Found] = []
    top, _, last = before.partition("-")
    passed = not last
    for entry in _newest_first(top):
        top = top or _mark(entry)
        if wanted.since is not None and _time(entry) < wanted.since:
            break
        if passed and wanted.fits(entry):
            if len(found) == limit:
                return {"entries": found, "before": f"{top}-{_mark(found[-1])}"}
            found.append(entry)
        passed = passed or _mark(entry) == last
    return {"entries": found, "before": ""}


def entries(wanted: Wanted | None = None) -> Iterator[Found]:
    """Yield all that is *wanted*, the newest first; a line that was cut short is passed over."""
    wanted = wanted or Wanted()
    for entry in _newest_first():
        if wanted.since is not None and _time(entry) < wanted.since:
            return
        if wanted.fits(entry):
            yield entry


def _mark(entry: Found) -> str:
    """Return what tells the line of *entry* from all others, without a dash; what is done has two."""
    name = str(entry.get("id") or entry.get("time"))[:MARK_MAX].replace("-", "_")
    return name + ("b" if entry.get("outcome") == "begun" else "e")


def _newest_first(top: str = "") -> Iterator[Found]:
    """Yield the last line of each entry, as of when the line *top* was the newest."""
    seen: set[str] = set()  # ids of what is known how it ended, and whose beginning is older
    for line in _lines_back():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict) or (top and _mark(entry) != top):
            continue
        top = ""
        name = str(entry.get("id", ""))
        if entry.get("outcome") == "begun":
            if name in seen:
                seen.discard(name)
                continue
        elif name:
            seen.add(name)
        yield entry


def _lines_back() -> Iterator[bytes]:
    """Yield the lines of all files, the last one first."""
    with contextlib.ExitStack() as opened:
        for file in _open(opened):
            try:
                yield from _back(file)
            except OSError as error:
                raise _unreadable(file.name, error) from error


def _open(opened: contextlib.ExitStack) -> list[BinaryIO]:
    """Return all files, the newest first, each once; what is put aside from then on stays what it is here."""
    while True:
        newest = _inode(audit.newest())
        found: dict[tuple[int, int], BinaryIO] = {}
        for path in audit.files():
            try:
                file = opened.enter_context(path.open("rb"))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _unreadable(path, error) from error
            there = os.fstat(file.fileno())
            found.setdefault((there.st_dev, there.st_ino), file)
        if _inode(audit.newest()) == newest:
            return list(found.values())
        opened.close()  # one was put aside meanwhile, and another begun


def _inode(path: Path) -> tuple[int, int] | None:
    with contextlib.suppress(FileNotFoundError):
        there = path.stat()
        return there.st_dev, there.st_ino
    return None


def _unreadable(path: object, error: OSError) -> TiledVizError:
    return TiledVizError(f"{path} cannot be read: {error.strerror}")


def _back(file: BinaryIO) -> Iterator[bytes]:
    left, rest = file.seek(0, 2), b""
    while left:
        step = min(PIECE, left)
        left -= step
        file.seek(left)
        rest, *whole = (file.read(step) + rest).split(b"\n")
        yield from reversed(whole)
    yield rest
