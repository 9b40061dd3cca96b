"""Reads an ensemble, and says in one line what is wrong with a file that is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import h5py
import numpy as np

from tvcore.ensemble.schema import (
    FIELDS,
    LAYOUT,
    MEMBERS,
    ROLES,
    Array,
    Column,
    Field,
    Role,
    Value,
    decode,
    plain_row,
)
from tvcore.errors import TiledVizError


def open_ensemble(path: Path | str) -> Ensemble:
    """Return the ensemble in the file *path*, open for reading; a context manager.

    Raises TiledVizError when the file is missing, broken, or not laid out as ``tvcore.ensemble.schema`` says.
    """
    return Ensemble(Path(path))


class Ensemble:
    """The members of one file: their table and their fields; made by ``open_ensemble``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._reading("the file"):
            if not path.is_file():
                raise TiledVizError(f"{path}: there is no such file")
            # a file system without locks must not keep anybody from reading
            self.file = h5py.File(path, "r", locking="best-effort")
        try:
            with self._reading("the layout"):
                self._check_root()
                self.columns = tuple(self._column(name, data) for name, data in self._group(MEMBERS, required=True))
                self.fields = tuple(self._field(name, data) for name, data in self._group(FIELDS, required=False))
                self._length = self._common_length()
        except BaseException:
            self.file.close()
            raise

    def _check_root(self) -> None:
        version = self.file.attrs.get("tiledviz")
        if version is None:
            raise self._broken("the attribute tiledviz", "is missing")
        if not isinstance(version, int | np.integer) or version != LAYOUT:
            raise self._broken("the attribute tiledviz", f"says {version}, and this TiledViz reads layout {LAYOUT}")
        self.title = _text(self.file.attrs.get("title", ""))
        self.complete = bool(self.file.attrs.get("complete", True))

    def _group(self, name: str, required: bool) -> list[tuple[str, h5py.Dataset]]:
        group = self.file.get(name)
        if group is None and not required:
            return []
        if not isinstance(group, h5py.Group):
            raise self._broken(f"the group {name}", "is missing")
        found = []
        for key, item in group.items():
            if not isinstance(item, h5py.Dataset):
                raise self._broken(f"{name}/{key}", "is not a dataset")
            found.append((key, item))
        if required and not found:
            raise self._broken(f"the group {name}", "holds no column")
        return found

    def _column(self, name: str, data: h5py.Dataset) -> Column:
        where = f"{MEMBERS}/{name}"
        if data.ndim != 1:
            raise self._broken(where, f"has {data.ndim} dimensions, a column has one")
        text = h5py.check_string_dtype(data.dtype)
        if text is not None and text.length is None:
            raise self._broken(where, "holds text of variable length, which a column may not")
        role = _text(data.attrs.get("role", "result"))
        if role not in ROLES:
            raise self._broken(where, f"has the role {role!r}; there are {', '.join(ROLES)}")
        dtype = f"S{text.length}" if text is not None else data.dtype.name
        unit, description = (_text(data.attrs.get(key, "")) for key in ("unit", "description"))
        try:
            return Column(name, dtype, unit, description, cast(Role, role))
        except TiledVizError as error:
            raise self._broken(where, f"holds {data.dtype}, neither numbers nor text of fixed length") from error

    def _field(self, name: str, data: h5py.Dataset) -> Field:
        where = f"{FIELDS}/{name}"
        if data.ndim < 2 or min(data.shape[1:]) < 1:
            raise self._broken(where, f"has the shape {data.shape}, a field has a member axis and at least one more")
        if data.dtype.kind not in "iufb":
            raise self._broken(where, f"holds {data.dtype}, not numbers")
        unit, description = (_text(data.attrs.get(key, "")) for key in ("unit", "description"))
        return Field(name, tuple(data.shape[1:]), data.dtype.name, unit, description)

    def _common_length(self) -> int:
        members, first = self.file[MEMBERS], self.columns[0].name
        length = len(members[first])
        for column in self.columns:
            if len(members[column.name]) != length:
                raise self._broken(
                    f"{MEMBERS}/{column.name}", f"has {len(members[column.name])} rows, {first} has {length}"
                )
        for field in self.fields:
            if len(self.file[FIELDS][field.name]) != length:
                have = len(self.file[FIELDS][field.name])
                raise self._broken(f"{FIELDS}/{field.name}", f"has {have} members, the table has {length}")
        return length

    def __len__(self) -> int:
        return self._length

    def table(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        """Return the columns *names* (all by default), each an array of len(self): numbers, bool, or text (``U``).

        Raises TiledVizError for a column that is not there or cannot be read.
        """
        known = {column.name: column for column in self.columns}
        chosen = list(known) if names is None else list(names)
        for name in chosen:
            if name not in known:
                raise TiledVizError(f"{self.path}: there is no column {name}; there are {', '.join(known)}")
        return {name: self._read_column(known[name], slice(None)) for name in chosen}

    def row(self, index: int) -> dict[str, Value]:
        """Return member *index* as plain Python values by column. Raises TiledVizError when there is none."""
        self._check_member(index)
        part = slice(index, index + 1)
        return plain_row(self.columns, {c.name: self._read_column(c, part) for c in self.columns}, 0)

    def field(self, name: str, member: int) -> Array:
        """Return field *name* of *member*, an array of the field's shape. Raises TiledVizError."""
        self._check_member(member)
        if name not in {field.name for field in self.fields}:
            there = ", ".join(field.name for field in self.fields) or "none"
            raise TiledVizError(f"{self.path}: there is no field {name}; there are {there}")
        with self._reading(f"{FIELDS}/{name}"):
            return cast(Array, self.file[FIELDS][name][member])

    def dataset(self, name: str) -> Array:
        """Return the dataset *name* of a group that belongs to the case, read whole. Raises TiledVizError."""
        with self._reading(name):
            found = self.file.get(name)
            if not isinstance(found, h5py.Dataset):
                raise self._broken(f"the dataset {name}", "is missing")
            return cast(Array, found[()])

    def _read_column(self, column: Column, part: slice) -> Array:
        where = f"{MEMBERS}/{column.name}"
        with self._reading(where):
            stored = self.file[MEMBERS][column.name][part]
        try:
            return decode(column, stored)
        except TiledVizError as error:
            raise self._broken(where, "holds text that is not UTF-8") from error

    def _check_member(self, index: int) -> None:
        if not 0 <= index < self._length:
            have = f"members 0 to {self._length - 1}" if self._length else "no members"
            raise TiledVizError(f"{self.path}: there is no member {index}; the file has {have}")

    @contextmanager
    def _reading(self, where: str) -> Iterator[None]:
        """Turn what HDF5 says of a broken file (OSError, RuntimeError, ...) into one line that names *where*."""
        try:
            yield
        except PermissionError as error:
            raise TiledVizError(f"{self.path}: you may not read it: chmod u+r, or ask its owner") from error
        except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
            raise self._broken(where, "cannot be read: the file is cut short, damaged or not HDF5") from error

    def _broken(self, where: str, what: str) -> TiledVizError:
        return TiledVizError(f"{self.path}: {where} {what}; have the file written again by what made it")

    def verify(self) -> None:
        """Read everything once, so that damage anywhere is found (chunks carry checksums). Raises TiledVizError."""
        if not self.complete:
            raise self._broken("the attribute complete", "says that its writer has not finished")
        names: list[str] = []
        with self._reading("the layout"):
            self.file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in names:
            with self._reading(name):
                data = self.file[name]
                for start in range(0, len(data), _rows_at_once(data)):
                    data[start : start + _rows_at_once(data)]

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _text(value: Any) -> str:
    """Return an attribute as text: other libraries write bytes where h5py writes text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _rows_at_once(data: h5py.Dataset) -> int:
    """Return how many rows of *data* fit into some megabytes."""
    row: int = data.dtype.itemsize * math.prod(data.shape[1:])
    return max(1, (1 << 24) // max(1, row))
