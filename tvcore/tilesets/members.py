"""The columns of a tile set as those of an ensemble, which cannot leave a value out. Pure.

A number that is missing is NaN, a text the empty text. A column of integers with some missing becomes one of numbers,
one of true and false the texts ``true``, ``false`` and nothing. Of a long text the beginning is on the wall.
"""

from __future__ import annotations

from typing import Any

from tvcore.ensemble.schema import Column as EnsembleColumn
from tvcore.tilesets.document import Column, TileSet

TEXT_SHOWN = 2_000  # bytes
_DTYPES = {"number": "float64", "integer": "int64", "flag": "bool"}


def columns_of(found: TileSet) -> list[EnsembleColumn]:
    """Return the columns of the ensemble that *found* makes; a column without a value in any tile stays."""
    return [
        EnsembleColumn(ensemble_name(column.name), _dtype(found, column), column.unit, column.description, column.role)
        for column in found.columns
    ]


def rows_of(found: TileSet) -> list[dict[str, Any]]:
    """Return a row per tile, by the names of ``columns_of``, None where a number is missing."""
    made = [(column, ensemble_name(column.name), _dtype(found, column)) for column in found.columns]
    return [{name: _value(tile.values.get(column.name), dtype) for column, name, dtype in made} for tile in found.tiles]


def ensemble_name(name: str) -> str:
    """Return *name* as a dataset may be called: without a slash."""
    return name.replace("/", "\N{DIVISION SLASH}") if name not in (".", "..") else f"{name} "


def _dtype(found: TileSet, column: Column) -> str:
    given = [tile.values.get(column.name) for tile in found.tiles]
    missing = any(value is None for value in given)
    if column.kind == "text" or (column.kind == "flag" and missing):
        texts = (_value(value, "S") for value in given)
        return f"S{max([1, *(len(text.encode()) for text in texts)])}"
    return "float64" if missing else _DTYPES[column.kind]


def _value(value: Any, dtype: str) -> Any:
    if dtype.startswith("S"):
        return "" if value is None else str(value).lower() if isinstance(value, bool) else _beginning(value)
    return float(value) if dtype == "float64" and value is not None else value


def _beginning(text: str) -> str:
    raw = text.encode()
    return text if len(raw) <= TEXT_SHOWN else f"{raw[: TEXT_SHOWN - 3].decode(errors='ignore')}…"
