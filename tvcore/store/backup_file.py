"""A copy of the store as a file: what its lines are, and that all of them are there.

The file is gzip'd text, a JSON value a line: what it is; for each table a line that says so and a line for each row;
and at last how many rows there were, with the SHA-256 of all that comes before. Columns of JSON stand in it as the text
that they are.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvcore.errors import TiledVizError

FORMAT, VERSION = "tiledviz-store", 1
LINE_MAX = 1 << 30  # bytes of one row
BATCH = 500  # rows from one report to the next

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Copy:
    """What a copy of a store is: its *rows* in all, the *schema* of its tables, when and by what it was *made*."""

    rows: int
    schema: str
    made: float
    release: str
    engine: str


class Lines:
    """Lines that are written to *file*, the first of them what *copy* says."""

    def __init__(self, file: gzip.GzipFile, copy: Copy) -> None:
        self._file = file
        self._sum = hashlib.sha256()
        self._rows = 0
        self._add({"format": FORMAT, "version": VERSION, **vars(copy)})

    def table(self, name: str, columns: list[str], last: int | None) -> None:
        """Begin with the table *name*; *last* is the last id that it gave, None where it gives none."""
        self._add({"table": name, "columns": columns, "last": last})

    def row(self, values: list[Any]) -> int:
        """Add a row; return how many there are now."""
        self._add(values)
        self._rows += 1
        return self._rows

    def end(self) -> None:
        """Say that this is all."""
        self._add({"end": self._rows, "sha256": self._sum.hexdigest()})

    def _add(self, value: object) -> None:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self._sum.update(line)
        self._file.write(line)


def verified(path: Path, report: Report | None = None) -> Copy:
    """Return what the file *path* is. Raises TiledVizError unless all of it is there as it was written."""
    copy, rows = head(path), 0
    for value in values(path):
        rows += isinstance(value, list)
        if report is not None and rows % BATCH == 1:
            report(rows / copy.rows, "rows looked at")
    return copy


def head(path: Path) -> Copy:
    """Return what the file *path* says that it is. Raises TiledVizError."""
    with _told(path), gzip.open(path, "rb") as file:
        return _head(path, file.readline(LINE_MAX))


def values(path: Path) -> Iterator[dict[str, Any] | list[Any]]:
    """Read the tables, as dictionaries, and their rows, as lists. Raises TiledVizError when one is missing."""
    summed, rows = hashlib.sha256(), 0
    with _told(path), gzip.open(path, "rb") as file:
        line = file.readline(LINE_MAX)
        expected = _head(path, line).rows
        while True:
            summed.update(line)
            line = file.readline(LINE_MAX)
            if not line.endswith(b"\n"):
                raise EOFError
            value = json.loads(line)
            if isinstance(value, dict) and "end" in value:
                if value["sha256"] != summed.hexdigest() or not value["end"] == rows == expected:
                    raise ValueError("it does not say what was written")
                if file.read(1):
                    raise ValueError("it goes on after its end")
                return
            rows += isinstance(value, list)
            yield value


def _head(path: Path, line: bytes) -> Copy:
    said = json.loads(line) if line.endswith(b"\n") else None
    if not isinstance(said, dict) or said.pop("format", None) != FORMAT:
        raise TiledVizError(f"{path} is no copy of a store: `tiledviz db backup FILE` makes one")
    if said.pop("version") != VERSION:
        raise TiledVizError(f"{path} was made by a later TiledViz ({said.get('release')}): use that release")
    return Copy(**said)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Have what is wrong with the file *path* told in one line."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError, KeyError, TypeError, RecursionError) as error:
        what = str(error) if type(error) is ValueError else "it cannot be read to its end"
        raise TiledVizError(f"{path} is damaged, or no copy of a store: {what}") from error
    except OSError as error:
        raise TiledVizError(f"cannot read {path}: {error.strerror}") from error
