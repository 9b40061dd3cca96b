"""Columns of values that have types already (Parquet, HDF5, EXIF, JSON), as a tile set's columns hold them.

What a column cannot hold as it was is changed, and told: nothing is dropped in silence.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from tvcore.tilesets.document import INTEGER_MAX, TEXT_MAX, Column, ColumnKind, Role, Value

NAME_MAX = 200  # letters
FLAT_MAX = 300  # values of one nested object
DEPTH_MAX = 16  # of objects within each other


class Told(Protocol):
    """What hears of changes; see ``tvcore.importing.report``."""

    def changed(self, row: int, text: str) -> None:
        """Hear that something of *row* is not as it was."""

    def about(self, text: str) -> None:
        """Hear something about all of it."""


def typed_column(
    name: str,
    values: Sequence[Any],
    rows: Sequence[int],
    told: Told,
    *,
    unit: str = "",
    description: str = "",
    role: Role = "result",
) -> tuple[Column, list[Value | None]]:
    """Return the column *name* that can hold *values*, and them as it holds them; None is a value that is missing.

    *rows* are the numbers of their rows as people count them.
    """
    found = [_plain(value, row, name, told) for value, row in zip(values, rows, strict=True)]
    kind = kind_of_values(found)
    if kind == "integer" and any(isinstance(value, int) and abs(value) > INTEGER_MAX for value in found):
        told.about(f"column {name}: integers of more than 53 bits are kept as text, with all their digits")
        kind = "text"
    elif kind == "text" and any(value is not None and not isinstance(value, str) for value in found):
        told.about(f"column {name} has numbers and texts: all are kept as text")
    if kind == "text":
        found = [value if value is None or isinstance(value, str) else _written(value) for value in found]
    elif kind == "number":
        found = [None if value is None else float(value) for value in found]
    column = Column(
        name=name, kind=kind, unit=one_line(unit, 1000), description=_text(description)[:TEXT_MAX], role=role
    )
    return column, found


def kind_of_values(values: Sequence[Value | None]) -> ColumnKind:
    """Return the kind of the column that can hold *values*."""
    types = {type(value) for value in values if value is not None}
    if not types or types == {float}:
        return "number"
    if types == {bool}:
        return "flag"
    if types == {int}:
        return "integer"
    # a float holds what is not of more than 53 bits
    if types == {int, float} and all(abs(value) <= INTEGER_MAX for value in values if type(value) is int):
        return "number"
    return "text"


def _written(value: Value) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _plain(value: Any, row: int, name: str, told: Told) -> Value | None:
    """Return *value* as a tile set can hold it."""
    if hasattr(value, "item") and not isinstance(value, str | bytes):  # a scalar of NumPy
        value = value.item()
    match value:
        case None | bool() | int():
            return value
        case float():
            if math.isinf(value):
                told.changed(row, f"column {name}: an infinite number is left out")
            return value if math.isfinite(value) else None
        case str():
            return _kept_text(value, row, name, told)
        case bytes() | bytearray():
            try:
                return _kept_text(bytes(value).decode(), row, name, told)
            except UnicodeDecodeError:
                told.changed(row, f"column {name}: bytes that are no text are kept as hexadecimal digits")
                return _kept_text(bytes(value[:TEXT_MAX]).hex(), row, name, told)
        case decimal.Decimal():
            return float(value) if value.is_finite() else None
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return value.total_seconds()
    told.changed(row, f"column {name}: a nested value is kept as JSON text")
    return _kept_text(json.dumps(value, default=str, ensure_ascii=False), row, name, told)


def _kept_text(value: str, row: int, name: str, told: Told) -> str:
    text = _text(value)
    if text != value:
        told.changed(row, f"column {name}: characters that cannot be kept are replaced")
    if len(text) > TEXT_MAX:
        told.changed(row, f"column {name}: a text is cut after {TEXT_MAX} of its {len(text)} letters")
    return text[:TEXT_MAX]


def _text(value: str) -> str:
    """Return *value* without zero bytes and halves of characters, which can be stored nowhere."""
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def one_line(value: str, most: int) -> str:
    """Return *value* as one line that can be shown, of at most *most* letters."""
    text = " ".join(_text(value).split())[:most]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def column_name(name: str, taken: Collection[str], told: Told) -> str:
    """Return *name* as a column may be called while those in *taken* are; a change is told."""
    base = one_line(name, NAME_MAX) or "column"
    found, number = base, 1
    while found in taken:
        number += 1
        found = f"{base[: NAME_MAX - 10]} {number}"
    if found != name:
        shown = one_line(name, 60)
        told.about(f"column {shown!r} is called {found[:80]!r} here: its name is empty, taken, or no plain line")
    return found


def flat(found: Mapping[str, Any], row: int, told: Told) -> dict[str, Any]:
    """Return what the nested JSON object *found* says by dotted names; lists of plain values are texts with commas."""
    values: dict[str, Any] = {}
    left = 0

    def visit(name: str, value: Any, depth: int) -> None:
        nonlocal left
        if len(values) >= FLAT_MAX or depth > DEPTH_MAX:
            left += 1
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                visit(f"{name}.{key}" if name else str(key), inner, depth + 1)
        elif isinstance(value, list) and not any(isinstance(each, list | Mapping) for each in value):
            values[name] = ", ".join("" if each is None else str(each) for each in value)
        else:
            values[name] = value

    visit("", found, 0)
    if left:
        told.changed(row, f"{left} values beyond {FLAT_MAX} of a tile, or {DEPTH_MAX} levels deep, are left out")
    return values
