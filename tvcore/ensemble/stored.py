"""A column as it stands in a file: which dataset, how it is kept there, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import h5py
import numpy as np

from tvcore.ensemble.guard import read_problem
from tvcore.ensemble.schema import Array, Column, decode
from tvcore.errors import TiledVizError

Kind = Literal["plain", "letters", "loose", "packed"]
LOOSE_BYTES_MAX = 1 << 28  # of a column of texts of variable length
SPAN = 4096  # rows between two that are wanted which are rather read than left out


@dataclass(frozen=True)
class Packing:
    """How netCDF keeps numbers: the number is *scale* times what stands there plus *offset*; *fill* is missing."""

    scale: float = 1.0
    offset: float = 0.0
    fill: tuple[float, ...] = ()


class Stored:
    """One column: *data* of *kind*.

    ``plain`` are numbers or text of fixed length, ``letters`` text as an array (member, letter) of netCDF,
    ``loose`` text of variable length, ``packed`` numbers to be worked out by *packing*.
    """

    def __init__(
        self, column: Column, data: h5py.Dataset, where: str, kind: Kind = "plain", packing: Packing | None = None
    ) -> None:
        self.column = column
        self.data = data
        self.where = where
        self._kind = kind
        self._packing = packing or Packing()

    def __len__(self) -> int:
        return int(self.data.shape[0])

    def values(self, start: int, stop: int) -> Array:
        """Return rows *start* to *stop*: numbers, bool, or text (``U``). Raises TiledVizError for what is no text."""
        raw = self.raw(start, stop)
        if raw.dtype.kind == "U":
            return raw
        try:
            return decode(self.column, raw)
        except TiledVizError as error:
            raise TiledVizError(f"{self.where} holds text that is not UTF-8") from error

    def raw(self, start: int, stop: int) -> Array:
        """Return rows *start* to *stop* as ``values`` does, but text as bytes (``S``) where the file has it so.

        Raises ValueError where it is more than can be read at once.
        """
        if self._kind == "loose":
            return self._loose[start:stop]
        problem = read_problem(
            (stop - start, *self.data.shape[1:]), self.data.dtype.itemsize * (4 if self._text else 1)
        )
        if problem:
            raise ValueError(problem)
        found = cast(Array, self.data[start:stop])
        if self._kind == "letters":
            width = self.data.shape[1]
            text: Array = np.ascontiguousarray(found).view(f"S{width}").reshape(len(found))
            return np.char.rstrip(text, b" ")  # with which Fortran fills up
        return self._unpacked(found) if self._kind == "packed" else found

    def rows(self, wanted: Array) -> Array:
        """Return the rows *wanted*, ascending indices, reading not much more than these."""
        if not len(wanted):
            return self.values(0, 0)
        parts = np.split(wanted, np.flatnonzero(np.diff(wanted) > SPAN) + 1)
        found = [self.values(int(part[0]), int(part[-1]) + 1)[part - part[0]] for part in parts]
        return np.concatenate(found)

    @property
    def _text(self) -> bool:
        return self.column.is_text

    def _unpacked(self, found: Array) -> Array:
        packing = self._packing
        numbers: Array = found.astype(np.float64) * packing.scale + packing.offset
        for fill in packing.fill:
            numbers[found == fill] = np.nan
        return numbers

    @cached_property
    def _loose(self) -> Array:
        """Return texts of variable length, read a few at first: many rows can name one huge text."""
        parts: list[Array] = []
        at, step, size = 0, 16, 0
        while at < len(self):
            block = [_decoded(value, self.where) for value in self.data[at : at + step]]
            size += sum(map(len, block))
            width = max(map(len, block))
            if size > LOOSE_BYTES_MAX or (width + 1) * len(self) * 4 > 4 * LOOSE_BYTES_MAX:
                raise ValueError(f"holds more than {LOOSE_BYTES_MAX >> 20} MiB of text")
            parts.append(np.array(block, "U"))
            at, step = at + step, min(4096, step * 2 if width * step < 1 << 20 else step)
        return np.concatenate(parts) if parts else np.empty(0, "U1")


def _decoded(value: object, where: str) -> str:
    try:
        return value.decode() if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError as error:
        raise TiledVizError(f"{where} holds text that is not UTF-8") from error
