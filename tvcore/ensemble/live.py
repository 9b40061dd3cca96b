"""Writes an ensemble that others read while it grows: for a simulation that shows its members as they come.

HDF5 calls it SWMR: one program writes, any number read. What was flushed is seen by readers within milliseconds,
and stays readable when the writer is killed. Nothing can be created and no attribute changed from the start on, so
the layout is whole before the file gets its name, and what changes later stands in two datasets, ``/live`` and
``/changes`` (see ``tvcore.ensemble.schema``).

Columns have no checksums here: a writer killed while it writes a chunk again then leaves the members that stood in
it as they were, where a checksum would make HDF5 refuse them all.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tvcore.ensemble.schema import CHANGES, FIELDS, LAYOUT, LIVE, MEMBERS, Array, Column, Field, Value, encode
from tvcore.ensemble.writer import check_names, check_unique, encode_rows, lay_out, new_file
from tvcore.errors import TiledVizError

ROWS_PER_CHUNK = 512  # of a column: a flush writes the last chunk of each again


def open_live(path: Path | str, columns: Sequence[Column], fields: Iterable[Field] = (), title: str = "") -> LiveWriter:
    """Make the ensemble *path*, which others can read from now on, and return its writer, a context manager.

    What stood at *path* is replaced in one step. Leaving the context by an exception leaves the file as it was
    flushed last, and not complete. Raises TiledVizError.
    """
    return LiveWriter(Path(path), tuple(columns), tuple(fields), title)


class LiveWriter:
    """Appends and updates members of a file that is read meanwhile; made by ``open_live``. Not for many threads."""

    def __init__(self, path: Path, columns: tuple[Column, ...], fields: tuple[Field, ...], title: str) -> None:
        check_unique(columns, fields)
        self.path = path
        self.columns = columns
        self.fields = fields
        self.length = 0
        self._by_name = {column.name: column for column in columns}
        self._changed: dict[int, None] = {}  # since the last flush, in the order of the updates
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        self.file = new_file(partial)
        try:
            self.file.attrs.update({"tiledviz": LAYOUT, "title": title})
            lay_out(self.file, columns, fields, ROWS_PER_CHUNK, checksums=False)
            self._live = self.file.create_dataset(LIVE, (3,), "int64", chunks=(3,), fillvalue=0)
            self._live[...] = 0
            self._changes = self.file.create_dataset(CHANGES, (0,), "int64", maxshape=(None,), chunks=(ROWS_PER_CHUNK,))
            self._data = {(group, name): data for group in (MEMBERS, FIELDS) for name, data in self.file[group].items()}
            self.file.swmr_mode = True
            self.file.flush()
            os.replace(partial, path)
        except BaseException:
            self.file.close()
            partial.unlink(missing_ok=True)
            raise

    def append(self, rows: Sequence[Mapping[str, Value]], fields: Mapping[str, Array] | None = None) -> None:
        """Append one member per row; *fields* holds per field an array (len(rows), ...). Seen after ``flush``.

        Raises TiledVizError, with nothing appended, when a column or field is missing, unknown or does not fit.
        """
        if not rows:
            return
        encoded, given = encode_rows(self.columns, self.fields, rows, fields or {})
        end = self.length + len(rows)
        with _writing(self.path):
            for group, arrays in ((FIELDS, given), (MEMBERS, encoded)):
                for name, values in arrays.items():
                    data = self._data[group, name]
                    data.resize(end, axis=0)
                    data[self.length : end] = values
        self.length = end

    def update(self, member: int, **values: Value) -> None:
        """Change *values*, by column, of *member*, which was appended before. Seen after ``flush``.

        Raises TiledVizError, with nothing changed, when there is no such member or column, or a value does not fit.
        """
        if not 0 <= member < self.length:
            raise TiledVizError(f"{self.path}: there is no member {member} to update; it has {self.length} so far")
        check_names("column", set(), set(values), self._by_name)
        encoded = {name: encode(self._by_name[name], [value]) for name, value in values.items()}
        with _writing(self.path):
            for name, value in encoded.items():
                self._data[MEMBERS, name][member] = value[0]
        self._changed[member] = None

    def flush(self) -> None:
        """Let readers see what was appended and updated. Raises TiledVizError, when the disk is full for instance."""
        self._flush(complete=False)

    def _flush(self, complete: bool) -> None:
        with _writing(self.path):
            self.file.flush()
            changed = len(self._changes)
            if self._changed:
                self._changes.resize(changed + len(self._changed), axis=0)
                self._changes[changed:] = np.fromiter(self._changed, np.int64)
                self._changes.flush()
            # counted last: whoever reads this finds all that is counted
            self._live[...] = (self.length, int(complete), len(self._changes))
            self._live.flush()
        self._changed.clear()

    def close(self) -> None:
        """Flush, say that the file is complete, and close it. Closing again does nothing. Raises TiledVizError."""
        if self.file:
            try:
                self._flush(complete=True)
            finally:
                self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif self.file:
            self.file.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what HDF5 says when it cannot write into one line."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise TiledVizError(f"{path}: cannot be written: is there room, and is the writer open?") from error
