"""The layout of an ensemble's HDF5 file, and what its columns and fields are.

::

    /            attributes: tiledviz = 1 (version of the layout), title, complete
    /members     one dataset of one dimension per column: attributes unit, description, role
    /fields      datasets (member, ...), usually (member, z, y, x): attributes unit, description
    /live        of a file that is read while it grows, int64 (3): members, complete (0 or 1), length of /changes
    /changes     int64 (any): the member of each later update, in the order of the updates

All datasets are chunked and extensible along the member axis, and text is UTF-8 of fixed length: this is what
HDF5 can append to while others read (SWMR). Other groups belong to the case that wrote them. All of it is in
docs/ensemble-format.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import h5py
import numpy as np
import numpy.typing as npt

from tvcore.errors import TiledVizError

LAYOUT = 1
MEMBERS = "members"
FIELDS = "fields"
LIVE = "live"
CHANGES = "changes"
CHUNK_BYTES = 1 << 20  # of a field: HDF5's default chunk cache holds one chunk of this size

Role = Literal["parameter", "result", "tag", "title", "path"]
ROLES: tuple[str, ...] = get_args(Role)
Value = int | float | str | bool
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Column:
    """One column of the members' table.

    *dtype* is NumPy's name of a type: ``float64``, ``int32``, ``bool``, or ``S16`` for text of at most 16 bytes
    of UTF-8. *unit* is as printed, ``1`` for a number without one.
    """

    name: str
    dtype: str
    unit: str = ""
    description: str = ""
    role: Role = "result"

    def __post_init__(self) -> None:
        check_name(self.name, "column")
        if self.role not in ROLES:
            raise TiledVizError(f"column {self.name}: no role is called {self.role!r}; there are {', '.join(ROLES)}")
        if column_type(self.dtype) is None:
            raise TiledVizError(
                f"column {self.name}: a column holds integers, floats, bool or text (S16), not {self.dtype!r}"
            )

    @property
    def is_text(self) -> bool:
        """Return whether the column holds text."""
        return np.dtype(self.dtype).kind == "S"


@dataclass(frozen=True)
class Field:
    """One field: every member has an array of this *shape*, usually (z, y, x)."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    unit: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        check_name(self.name, "field")
        if not self.shape or min(self.shape) < 1:
            raise TiledVizError(f"field {self.name}: the shape {self.shape} holds nothing")

    @property
    def chunk(self) -> tuple[int, ...]:
        """Return the shape of a chunk: one member, or as many of its first axis as fit into CHUNK_BYTES."""
        whole = int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize
        slices = max(1, self.shape[0] * CHUNK_BYTES // whole)
        return (1, min(self.shape[0], slices), *self.shape[1:])


def check_name(name: str, what: str) -> None:
    """Raise TiledVizError unless *name* can name a dataset, and be shown on one line."""
    if not name or name in (".", "..") or "/" in name or not name.isprintable():
        raise TiledVizError(f"{name!r} cannot name a {what}: it must be printable, without a slash")


def column_type(dtype: str) -> np.dtype[Any] | None:
    """Return the type called *dtype* if a column can have it, else None."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        return None
    number = found.kind in "iufb" and found.itemsize <= 8  # of long doubles neither Python nor JSON knows
    return found if (number or (found.kind == "S" and found.itemsize > 0)) and found.shape == () else None


def stored_type(column: Column) -> np.dtype[Any]:
    """Return the type that *column* has in the file."""
    plain = np.dtype(column.dtype)
    return np.dtype(h5py.string_dtype("utf-8", plain.itemsize)) if column.is_text else plain


def encode(column: Column, values: Sequence[object] | Array) -> Array:
    """Return *values* as they stand in the file. Raises TiledVizError for one that the column cannot hold."""
    if column.is_text:
        return np.array([_encode_text(column, value) for value in values], dtype=stored_type(column))
    plain = np.asarray(values)
    if plain.dtype.kind not in "iufb" or not np.can_cast(plain.dtype, column.dtype, "same_kind"):
        raise TiledVizError(f"column {column.name} holds {column.dtype}, and cannot hold {values[0]!r}")
    stored: Array = plain.astype(column.dtype)
    if plain.dtype.kind in "iu" and not np.array_equal(stored, plain):
        raise TiledVizError(f"column {column.name} holds {column.dtype}: a value is out of its range")
    return stored


def _encode_text(column: Column, value: object) -> bytes:
    if not isinstance(value, str):
        raise TiledVizError(f"column {column.name} holds text, and cannot hold {value!r}")
    try:
        raw = value.encode()
    except UnicodeEncodeError as error:
        raise TiledVizError(f"column {column.name}: {value!r} is not text that UTF-8 can hold") from error
    room = np.dtype(column.dtype).itemsize
    if len(raw) > room or "\0" in value:
        raise TiledVizError(f"column {column.name} holds {room} bytes of text: {value[:40]!r} does not fit")
    return raw


def decode(column: Column, stored: Array) -> Array:
    """Return what is *stored* in the file as numbers, or as NumPy text (``U``). Raises TiledVizError."""
    if not column.is_text:
        return stored
    if not stored.size:
        return np.empty(0, "U1")
    letters = np.ascontiguousarray(stored).view(np.uint8)
    if letters.max() < 128:  # then a letter is its byte: much faster than to decode each
        return letters.astype(np.uint32).view(f"U{stored.dtype.itemsize}")
    try:
        text: Array = np.char.decode(stored, "utf-8")
    except UnicodeDecodeError as error:
        raise TiledVizError(f"column {column.name} holds text that is not UTF-8") from error
    return text
