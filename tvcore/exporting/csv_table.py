"""Writes a tile set as a table of comma-separated values (RFC 4180): texts in quotes, numbers without."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tvcore.importing.report import Report
from tvcore.tilesets.document import Column, Tile, TileSet, Value

HEAD = ("title", "tags", "note", "source")


def write(found: TileSet, report: Report) -> str:
    """Return *found* as CSV text; what the format cannot hold is told to *report*, rows counted by lines of tiles."""
    about_columns(found, report)
    lines = [",".join([*HEAD, *(quoted(column.name) for column in found.columns)])]
    for row, tile in enumerate(found.tiles, 1):
        about_tile(row, tile, report)
        lines.append(",".join([*head_of(tile), quoted(tile.source), *cells_of(tile, found.columns)]))
    return "\r\n".join(lines) + "\r\n"


def about_columns(found: TileSet, report: Report) -> None:
    """Tell what a table cannot say of the columns of *found*."""
    for column in found.columns:
        if column.unit or column.description:
            report.about(f"column {column.name}: unit and description are left: a table has none")
        if column.name.strip().casefold() in HEAD:
            report.about(f"column {column.name} is called as one that each tile has: read again, it may change")


def about_tile(row: int, tile: Tile, report: Report) -> None:
    """Tell what a table cannot hold of *tile*."""
    if tile.variable or tile.place or tile.stream:
        report.left(row, "its TiledViz number, place or stream: a table has no such columns")


def head_of(tile: Tile) -> list[str]:
    """Return title, tags and note of *tile* as cells."""
    return [quoted(tile.title), quoted(_tags(tile.tags)), quoted(tile.note)]


def cells_of(tile: Tile, columns: Sequence[Column]) -> list[str]:
    """Return the values of *tile* as cells, nothing where one is missing."""
    return [_cell(tile.values.get(column.name), column) for column in columns]


def quoted(text: str) -> str:
    """Return *text* in quotes."""
    return '"' + text.replace('"', '""') + '"'


def _tags(tags: Sequence[str]) -> str:
    plain = all(tag == tag.strip() and not set(tag) & set(',{}"[') for tag in tags)
    return ",".join(tags) if plain else json.dumps(list(tags), ensure_ascii=False)


def _cell(value: Value | None, column: Column) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(float(value)) if column.kind == "number" else str(value)
