"""Writes an ensemble: beside its place under a temporary name, renamed when it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import h5py
import numpy as np

from tvcore.ensemble.schema import FIELDS, LAYOUT, MEMBERS, Array, Column, Field, Value, encode, stored_type
from tvcore.errors import TiledVizError

ROWS_PER_CHUNK = 1024
LIBRARY = ("v110", "v110")  # the first format of HDF5 that can be appended to while others read


def create(path: Path, columns: Sequence[Column], fields: Iterable[Field] = (), title: str = "") -> EnsembleWriter:
    """Start the ensemble *path* and return its writer, a context manager.

    Until the context ends the file has the name that ``partial_files`` finds; what stood at *path* is replaced
    at the end in one step, and left alone when the context ends by an exception. Raises TiledVizError.
    """
    return EnsembleWriter(path, tuple(columns), tuple(fields), title)


def partial_files(path: Path) -> list[Path]:
    """Return the half-written files of *path*, each of a writer at work or of one that was killed."""
    return sorted(path.parent.glob(f".{path.name}.*.partial"))


class EnsembleWriter:
    """Appends members to a new ensemble; made by ``create``."""

    def __init__(self, path: Path, columns: tuple[Column, ...], fields: tuple[Field, ...], title: str) -> None:
        check_unique(columns, fields)
        self.path = path
        self.columns = columns
        self.fields = fields
        self.length = 0
        self._partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        self.file = new_file(self._partial)
        try:
            self.file.attrs.update({"tiledviz": LAYOUT, "title": title, "complete": False})
            lay_out(self.file, columns, fields, ROWS_PER_CHUNK, checksums=True)
        except BaseException:
            self._discard()
            raise

    def append(self, rows: Sequence[Mapping[str, Value]], fields: Mapping[str, Array] | None = None) -> None:
        """Append one member per row; *fields* holds per field an array (len(rows), ...).

        Raises TiledVizError, with nothing appended, when a column or field is missing, unknown or does not fit.
        """
        if not rows:
            return
        encoded, given = encode_rows(self.columns, self.fields, rows, fields or {})
        end = self.length + len(rows)
        for group, arrays in ((MEMBERS, encoded), (FIELDS, given)):
            for name, values in arrays.items():
                dataset = self.file[group][name]
                dataset.resize(end, axis=0)
                dataset[self.length : end] = values
        self.length = end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._discard()
            return
        try:
            self.file.attrs["complete"] = True
            self.file.close()
            _flush(self._partial)
            os.replace(self._partial, self.path)
            _flush(self.path.parent)
        except BaseException:
            self._discard()
            raise

    def _discard(self) -> None:
        try:
            self.file.close()
        finally:
            self._partial.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Put *path*, a file or folder, on the disk, so that a rename never outlives the data (rename(2), fsync(2))."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def new_file(path: Path) -> h5py.File:
    """Return the new file *path*, without a lock where the file system has none. Raises TiledVizError."""
    try:
        try:
            return h5py.File(path, "x", libver=LIBRARY, locking="best-effort")
        except OSError as error:
            if "unable to lock file" not in str(error):
                raise
            path.unlink(missing_ok=True)
            return h5py.File(path, "x", libver=LIBRARY, locking=False)
    except OSError as error:
        raise TiledVizError(f"cannot write into {path.parent}: is it there, yours, and is there room?") from error


def lay_out(
    file: h5py.File, columns: Sequence[Column], fields: Sequence[Field], rows_per_chunk: int, checksums: bool
) -> None:
    """Make the empty datasets of *columns* and *fields*; *checksums* of columns, fields have theirs always."""
    members = file.create_group(MEMBERS, track_order=True)
    for column in columns:
        dataset = members.create_dataset(
            column.name, (0,), stored_type(column), maxshape=(None,), chunks=(rows_per_chunk,), fletcher32=checksums
        )
        dataset.attrs.update({"unit": column.unit, "description": column.description, "role": column.role})
    group = file.create_group(FIELDS, track_order=True)
    for field in fields:
        shape, limit = (0, *field.shape), (None, *field.shape)
        dataset = group.create_dataset(
            field.name, shape, field.dtype, maxshape=limit, chunks=field.chunk, fletcher32=True
        )
        dataset.attrs.update({"unit": field.unit, "description": field.description})


def encode_rows(
    columns: Sequence[Column], fields: Sequence[Field], rows: Sequence[Mapping[str, Value]], given: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return *rows* by column as they stand in the file, and the fields *given*.

    Raises TiledVizError when a column or field is missing, unknown or does not fit.
    """
    names = {column.name: column for column in columns}
    for row in rows:
        check_names("column", set(names), set(row), names)
    known = {field.name: field for field in fields}
    check_names("field", set(known), set(given), known)
    encoded = {column.name: encode(column, [row[column.name] for row in rows]) for column in columns}
    for field in fields:
        expected = (len(rows), *field.shape)
        if np.shape(given[field.name]) != expected:
            raise TiledVizError(f"field {field.name} has the shape {np.shape(given[field.name])}, not {expected}")
    return encoded, dict(given)


def check_unique(columns: Sequence[Column], fields: Sequence[Field]) -> None:
    """Raise TiledVizError when there is no column, or a name twice."""
    if not columns:
        raise TiledVizError("an ensemble needs at least one column")
    for what, names in (("column", [c.name for c in columns]), ("field", [f.name for f in fields])):
        for name in names:
            if names.count(name) > 1:
                raise TiledVizError(f"two {what}s are called {name}")


def check_names(what: str, wanted: set[str], given: set[str], known: Mapping[str, object]) -> None:
    """Raise TiledVizError when one of the names *wanted* is not *given*, or one that is given not *known*."""
    for name in sorted(wanted - given):
        raise TiledVizError(f"the {what} {name} is missing in what is appended")
    for name in sorted(given - set(known)):
        raise TiledVizError(f"the ensemble has no {what} {name}: it has {', '.join(sorted(known)) or 'none'}")
