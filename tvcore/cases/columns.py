"""The values of a case's members as the columns of an ensemble, which cannot leave a value out. Pure.

A number that is missing is NaN, a text the empty text. Without declared columns they are told by the values: whole
numbers, numbers, true and false, else texts; a column of several kinds is one of texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tvcore.cases.case import Member
from tvcore.ensemble.schema import Column
from tvcore.errors import TiledVizError

TEXT_MOST = 2_000  # bytes of a text that are kept: what is longer ends in an ellipsis

Row = dict[str, bool | int | float | str]


def table_of(members: Sequence[Member], declared: Sequence[Column]) -> tuple[list[Column], list[Row]]:
    """Return the columns of *members*, and a row for each of them. Raises TiledVizError for a value of another kind.

    *declared* columns keep their type, unit and role; a text is as long as the longest there is.
    """
    given = [member.values for member in members]
    names = {column.name for column in declared}
    for number, values in enumerate(given):
        if declared and (unknown := [name for name in values if name not in names]):
            raise TiledVizError(f"member {number} has a value for {unknown[0]!r}, which is no column of case_columns")
    columns = list(declared) or [Column(name, _dtype([values.get(name) for values in given])) for name in _names(given)]
    columns = [_long_enough(column, given) if column.is_text else column for column in columns]
    rows = [
        {column.name: _value(column, values.get(column.name), number) for column in columns}
        for number, values in enumerate(given)
    ]
    return columns, rows


def _names(given: Iterable[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(name for values in given for name in values))


def _dtype(values: Sequence[object]) -> str:
    kinds = {type(value) for value in values if value is not None}
    missing = any(value is None for value in values)
    if kinds == {bool} and not missing:
        return "bool"
    if kinds == {int} and not missing and all(-(2**63) <= value < 2**63 for value in values):  # type: ignore[operator]
        return "int64"
    if kinds and kinds <= {int, float}:
        return "float64"
    return "S1"


def _long_enough(column: Column, given: Sequence[Mapping[str, object]]) -> Column:
    longest = max((len(_text(values.get(column.name)).encode()) for values in given), default=1)
    return replace(column, dtype=f"S{max(1, longest)}")


def _text(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    raw = text.encode(errors="replace")
    return text if len(raw) <= TEXT_MOST else f"{raw[: TEXT_MOST - 3].decode(errors='ignore')}…"


def _value(column: Column, value: Any, number: int) -> bool | int | float | str:
    if column.is_text:
        return _text(value)
    kind = column.dtype.rstrip("0123456789")
    if value is None:
        if kind == "float":
            return math.nan
        raise TiledVizError(
            f"member {number} has no {column.name}, and a column of {column.dtype} cannot leave one out"
        )
    fits = isinstance(value, bool) if kind == "bool" else isinstance(value, int | float) and not isinstance(value, bool)
    if not fits or (kind in ("int", "uint") and value != int(value)):
        raise TiledVizError(f"member {number} has {column.name}={value!r}, which is no {column.dtype}")
    return int(value) if kind in ("int", "uint") else value
