"""Reads variables of netCDF files of the classic format (CDF-1, CDF-2, CDF-5), which HDF5 does not read.

The format: https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html. A variable looks as one of
h5py does, as far as ``tvcore.viewer.reading`` asks: ``shape``, ``dtype``, ``attrs``, ``dims`` and slices.
"""

from __future__ import annotations

import math
import mmap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tvcore.errors import TiledVizError

MAGIC = b"CDF"
_TYPES = {1: "i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8", 7: "u1", 8: ">u2", 9: ">u4", 10: ">i8", 11: ">u8"}
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
_STREAMING = 0xFFFFFFFF  # for the number of records: nobody wrote how many there are


@dataclass
class Variable:
    """One variable of the file; its numbers are read when it is sliced."""

    name: str
    dimensions: list[int]
    attrs: dict[str, Any]
    dtype: np.dtype[Any]
    begin: int
    shape: tuple[int, ...] = ()
    dims: list[dict[str, Variable]] = field(default_factory=list)  # of each axis its coordinate, if there is one
    values: Any = None

    @property
    def ndim(self) -> int:
        """Return the number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, place: Any) -> Any:
        return self.values[place]


def is_classic(path: str | Path) -> bool:
    """Return whether the file begins as netCDF of the classic format does."""
    with open(path, "rb") as file:
        return file.read(3) == MAGIC


def variables(path: str | Path) -> dict[str, Variable]:
    """Return the variables of the file by name. Raises TiledVizError where it is damaged."""
    with open(path, "rb") as file:
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        return _Header(memory).variables()
    except (IndexError, KeyError, ValueError, OverflowError) as error:
        raise TiledVizError(f"{path}: it is cut short, damaged or no netCDF") from error


class _Header:
    """The header of a file, read from its beginning."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._at = 4
        self._version = memory[3]
        if memory[:3] != MAGIC or self._version not in (1, 2, 5):
            raise ValueError

    def variables(self) -> dict[str, Variable]:
        records = self._number()
        lengths = [(self._name(), self._number()) for _ in range(self._list(_DIMENSIONS))]
        self._attributes()
        found = [self._variable() for _ in range(self._list(_VARIABLES))]
        growing = [one for one in found if one.dimensions and not lengths[one.dimensions[0]][1]]
        sizes = [math.prod(lengths[each][1] for each in one.dimensions[1:]) * one.dtype.itemsize for one in growing]
        step = sizes[0] if len(sizes) == 1 else sum(size + -size % 4 for size in sizes)  # a single one is not padded
        if growing and records == _STREAMING:
            records = max(0, len(self._memory) - min(one.begin for one in growing)) // max(step, 1)
        by_name = {one.name: one for one in found}
        for one in found:
            inner = tuple(lengths[each][1] for each in one.dimensions)
            one.shape = (records, *inner[1:]) if one in growing else inner
            self._place(one, step if one in growing else 0)
        for one in found:
            names = [lengths[each][0] for each in one.dimensions]
            one.dims = [{name: by_name[name]} if name in by_name and by_name[name].ndim == 1 else {} for name in names]
        return by_name

    def _place(self, one: Variable, step: int) -> None:
        """Lay the variable's numbers over the file's memory."""
        size = one.dtype.itemsize
        strides = [math.prod(one.shape[axis + 1 :]) * size for axis in range(one.ndim)]
        if step:
            strides[0] = step
        last = one.begin + sum((length - 1) * stride for length, stride in zip(one.shape, strides, strict=True)) + size
        if min(one.shape, default=1) < 1:
            one.values = np.empty(one.shape, one.dtype)
        elif last > len(self._memory):
            raise ValueError
        else:
            one.values = np.ndarray(one.shape, one.dtype, self._memory, one.begin, strides)

    def _variable(self) -> Variable:
        name = self._name()
        dimensions = [self._number() for _ in range(self._count())]
        attributes = self._attributes()
        dtype = np.dtype(_TYPES[self._small()])
        self._number()  # its size, which may be wrong
        return Variable(name, dimensions, attributes, dtype, self._integer(4 if self._version == 1 else 8))

    def _attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(self._list(_ATTRIBUTES)):
            name, kind, count = self._name(), self._small(), self._count()
            dtype = np.dtype(_TYPES[kind])
            raw = self._take(count * dtype.itemsize)
            text = raw.decode("utf-8", "replace").rstrip("\0")
            found[name] = text if dtype.kind == "S" else np.frombuffer(raw, dtype)
        return found

    def _list(self, tag: int) -> int:
        """Return the length of the list of *tag*, 0 where there is none."""
        there, count = self._small(), self._count()
        if there not in (0, tag) or (not there and count):
            raise ValueError
        return count

    def _name(self) -> str:
        return self._take(self._count()).decode("utf-8", "replace")

    def _count(self) -> int:
        """Return the number of things that follow; there are no more than bytes are left."""
        count = self._number()
        if count > len(self._memory) - self._at:
            raise ValueError
        return count

    def _take(self, size: int) -> bytes:
        """Return what follows, up to a place that is a multiple of four."""
        if size > len(self._memory) - self._at:
            raise ValueError
        data = self._memory[self._at : self._at + size]
        self._at += size + -size % 4
        return data

    def _number(self) -> int:
        return self._integer(8 if self._version == 5 else 4)

    def _small(self) -> int:
        return self._integer(4)

    def _integer(self, size: int) -> int:
        data = self._memory[self._at : self._at + size]
        if len(data) < size:
            raise IndexError
        self._at += size
        return int.from_bytes(data, "big")
