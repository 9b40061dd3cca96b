"""Reads an ensemble, and says in one line what is wrong with a file that is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from weakref import WeakValueDictionary

import h5py
import numpy as np

from tvcore.ensemble import netcdf, ours
from tvcore.ensemble.found import Found, NotLaidOutError
from tvcore.ensemble.guard import READ_MAX, data_problem, member_of, open_file, read_problem
from tvcore.ensemble.schema import FIELDS, LIVE, Array, Value
from tvcore.ensemble.stored import Stored
from tvcore.errors import TiledVizError


def open_ensemble(path: Path | str) -> Ensemble:
    """Return the ensemble in the file *path*, open for reading; a context manager.

    It has our layout (``tvcore.ensemble.schema``), written to its end or growing yet, or is netCDF-4. Columns and
    fields are read when they are asked for. Raises TiledVizError when the file is missing, broken or laid out
    otherwise; its subclasses LockedError and BeingWrittenError (``tvcore.ensemble.guard``) pass with time.
    """
    return Ensemble(Path(path))


class Ensemble:
    """The members of one file: their table and their fields; made by ``open_ensemble``.

    *notes* says in one line each what of the file was left. *live* says that it may still grow: ``refresh`` then
    sees what there is now.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._reading("the file"):
            if not path.is_file():
                raise TiledVizError(f"{path}: there is no such file")
            self.file = open_file(path)
        try:
            self.live = bool(self.file.swmr_mode)
            if self.live:
                self._claim()
            with self._reading("the layout"):
                self._found = self._find()
                self.title = self._found.title
                self.notes = tuple(self._found.notes)
                self._columns = {stored.column.name: stored for stored in self._found.columns}
                self._fields = {field.name: data for field, data in self._found.fields}
                self.columns = tuple(stored.column for stored in self._found.columns)
                self.fields = tuple(field for field, _ in self._found.fields)
                if self.live:
                    self._refresh()  # what was found before the writer's word on it may be older than that
                else:
                    self._count(self._told())
        except BaseException:
            self.file.close()
            raise

    def _claim(self) -> None:
        """See that this program has the growing file open once: of two HDF5 refreshes one, and reads wrong rows."""
        found = self.path.stat()
        other = _open_live.get((found.st_dev, found.st_ino))
        if other is not None and other.file:
            raise TiledVizError(f"{self.path}: it grows, and this program has it open already: close it there first")
        _open_live[found.st_dev, found.st_ino] = self

    def _find(self) -> Found:
        if "tiledviz" not in self.file.attrs and netcdf.is_netcdf(self.file):
            return netcdf.find(self.file)
        return ours.find(self.file)

    def _told(self) -> tuple[int, int, int] | None:
        """Return what ``/live`` says by now: members, complete, changes."""
        if self._found.live is None:
            return None
        there, complete, changed = (int(number) for number in self._found.live[:])
        if there < 0 or changed < 0:
            raise NotLaidOutError(LIVE, f"says that it has {min(there, changed)} members or changes")
        return there, complete, changed

    def _count(self, told: tuple[int, int, int] | None) -> None:
        """Count the members; of a file that grows those that its writer *told* of before the rest was looked at."""
        lengths = {name: len(stored) for name, stored in self._columns.items()}
        first = self.columns[0].name
        if told is None and not self.live:
            for name, length in lengths.items():
                if length != lengths[first]:
                    raise NotLaidOutError(self._columns[name].where, f"has {length} rows, {first} has {lengths[first]}")
            for name, data in self._fields.items():
                if len(data) != lengths[first]:
                    where = f"{FIELDS}/{name}" if data.name.startswith(f"/{FIELDS}/") else name
                    raise NotLaidOutError(where, f"has {len(data)} members, the table has {lengths[first]}")
        # a file that grows has a member when all its columns have it, and its writer says so
        self._length, self.complete, self.changed = min(lengths.values()), self._found.complete and not self.live, 0
        if self._found.changes is not None:
            self.changed = len(self._found.changes)
        if told is not None:
            self._length, self.changed = min(self._length, told[0]), min(self.changed, told[2])
            self.complete = told[1] != 0

    def refresh(self) -> None:
        """See how many members a *live* file has by now, and read anew what is asked for. Raises TiledVizError."""
        if not self.live:
            return
        with self._reading("the layout"):
            self._refresh()

    def _refresh(self) -> None:
        if self._found.live is not None:
            self._found.live.refresh()
        told = self._told()  # before the rest is looked at: whatever the writer counts is then there
        changes = () if self._found.changes is None else (self._found.changes,)
        for data in (*changes, *(stored.data for stored in self._found.columns), *self._fields.values()):
            data.refresh()
        self._count(told)

    @property
    def has_changes(self) -> bool:
        """Return whether the file says which members were changed later."""
        return self._found.changes is not None

    def changes(self, start: int) -> list[int]:
        """Return the members of the updates *start* to ``changed``, each once. Raises TiledVizError."""
        if self._found.changes is None or start >= self.changed:
            return []
        with self._reading("changes"):
            found = np.unique(self._found.changes[start : self.changed])
            return [int(member) for member in found if 0 <= member < self._length]

    def __len__(self) -> int:
        return self._length

    def table(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        """Return the columns *names* (all by default), each an array of len(self): numbers, bool, or text (``U``).

        Raises TiledVizError for a column that is not there or cannot be read.
        """
        chosen = list(self._columns) if names is None else list(names)
        return {name: self._read(self._stored(name), text=True) for name in chosen}

    def stored(self, name: str) -> Array:
        """Return column *name* as ``table`` does, but text as the bytes of UTF-8 (``S``) where the file has it so.

        Raises TiledVizError as ``table`` does; whether the bytes are UTF-8 is not looked at.
        """
        return self._read(self._stored(name), text=False)

    def row(self, index: int) -> dict[str, Value]:
        """Return member *index* as plain Python values by column. Raises TiledVizError when there is none."""
        return self.rows([index])[0]

    def rows(self, indices: Sequence[int]) -> list[dict[str, Value]]:
        """Return the members *indices*, each as plain Python values by column; every column is read once.

        Raises TiledVizError when one is not there.
        """
        for index in indices:
            self._check_member(index)
        wanted, back = np.unique(np.array(indices, np.int64), return_inverse=True)
        columns = {}
        for name, stored in self._columns.items():
            with self._reading(stored.where):
                columns[name] = stored.rows(wanted)[back].tolist()
        return [{name: values[at] for name, values in columns.items()} for at in range(len(indices))]

    def field(self, name: str, member: int) -> Array:
        """Return field *name* of *member*, an array of the field's shape. Raises TiledVizError."""
        self._check_member(member)
        if name not in self._fields:
            there = ", ".join(self._fields) or "none"
            raise TiledVizError(f"{self.path}: there is no field {name}; there are {there}")
        data = self._fields[name]
        if member >= len(data):
            raise TiledVizError(f"{self.path}: there is no field {name} of member {member} yet; there are {len(data)}")
        with self._reading(data.name.lstrip("/")):
            self._check_size(data.shape[1:], data.dtype.itemsize)
            return cast(Array, data[member])

    def dataset(self, name: str) -> Array:
        """Return the dataset *name* of a group that belongs to the case, read whole. Raises TiledVizError."""
        with self._reading(name):
            found: object = self.file
            for part in name.split("/"):
                found = member_of(found, part) if isinstance(found, h5py.Group) else None
            if not isinstance(found, h5py.Dataset):
                raise self._broken(f"the dataset {name}", "is missing")
            problem = data_problem(found)
            if problem:
                raise NotLaidOutError(f"the dataset {name}", problem)
            self._check_size(found.shape, found.dtype.itemsize)
            return cast(Array, found[()])

    def _stored(self, name: str) -> Stored:
        if name not in self._columns:
            raise TiledVizError(f"{self.path}: there is no column {name}; there are {', '.join(self._columns)}")
        return self._columns[name]

    def _read(self, stored: Stored, text: bool) -> Array:
        with self._reading(stored.where):
            return (stored.values if text else stored.raw)(0, self._length)

    @staticmethod
    def _check_size(shape: tuple[int, ...], itemsize: int) -> None:
        problem = read_problem(shape, itemsize)
        if problem:
            raise ValueError(problem)

    def _check_member(self, index: int) -> None:
        if not 0 <= index < self._length:
            have = f"members 0 to {self._length - 1}" if self._length else "no members"
            raise TiledVizError(f"{self.path}: there is no member {index}; the file has {have}")

    @contextmanager
    def _reading(self, where: str) -> Iterator[None]:
        """Turn what HDF5 says of a broken file (OSError, RuntimeError, ...) into one line that names *where*."""
        try:
            yield
        except NotLaidOutError as error:
            raise self._broken(error.where, error.what) from error
        except TiledVizError as error:
            raise self._named(error) from error
        except PermissionError as error:
            raise TiledVizError(f"{self.path}: you may not read it: chmod u+r, or ask its owner") from error
        except MemoryError as error:
            raise TiledVizError(f"{self.path}: {where} needs more memory than there is") from error
        except ValueError as error:
            if str(error).startswith(("says that it has", "holds more than", "the attribute ")):
                raise self._broken(where, str(error)) from error
            raise self._broken(where, CUT_SHORT) from error
        except (OSError, RuntimeError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            raise self._broken(where, CUT_SHORT) from error

    def _named(self, error: TiledVizError) -> TiledVizError:
        """Return *error* with the file's name, unless it has it."""
        text = str(error)
        return error if text.startswith(f"{self.path}: ") else TiledVizError(f"{self.path}: {text}{REMEDY}")

    def _broken(self, where: str, what: str) -> TiledVizError:
        if not where.isprintable():  # the name of a dataset may be anything
            where = ascii(where)[1:-1]
        return TiledVizError(f"{self.path}: {where[:200]} {what}{REMEDY}")

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
                problem = data_problem(data)
                if problem:
                    raise NotLaidOutError(name, problem)
                for start in range(0, len(data) if data.ndim else 0, _rows_at_once(data)):
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


_open_live: WeakValueDictionary[tuple[int, int], Ensemble] = WeakValueDictionary()
CUT_SHORT = "cannot be read: the file is cut short, damaged or not HDF5"
REMEDY = "; have the file written again by what made it"


def _rows_at_once(data: h5py.Dataset) -> int:
    """Return how many rows of *data* fit into some megabytes."""
    row: int = data.dtype.itemsize * math.prod(data.shape[1:])
    return max(1, min(READ_MAX, (1 << 24) // max(1, row)))
