"""Writes a tile set as a table of comma-separated values (RFC 4180): texts in quotes, numbers without."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from tvcore.importing.report import Report
from tvcore.tilesets.document import Column, Tile, TileSet, Value

HEAD = ("title", "tags", "note", "source")


def write(found: TileSet, report: Report) -> str:
    """Return *found* as CSV text; what the format cannot hold is told to *report*, rows counted by tiles from 1."""
    about_set(found, report)
    lines = [",".join([*HEAD, *map(quoted, names_of(found.columns, is_ours, report))])]
    for row, tile in enumerate(found.tiles, 1):
        about_tile(row, tile, report)
        lines.append(",".join([*head_of(tile), quoted(tile.source), *cells_of(tile, found.columns)]))
    return "\r\n".join(lines) + "\r\n"


def about_set(found: TileSet, report: Report) -> None:
    """Tell what no format but our own holds of *found* as a whole."""
    if found.description:
        report.about("left: the description of the set")
    if any(tile.key != row for row, tile in enumerate(found.tiles, 1)):
        report.about("left: the tiles' keys: read again, they are numbered from 1")
    told = [column.name for column in found.columns if column.unit or column.description or column.role != "result"]
    if told:
        more = f" and {len(told) - 20} more" if len(told) > 20 else ""
        report.about(f"left: units, descriptions and roles of the columns {', '.join(told[:20])}{more}")
    for column in found.columns:
        if all(tile.values.get(column.name) is None for tile in found.tiles) and column.kind != "number":
            report.about(f"column {column.name} has no values: read again, it is one of numbers")


def names_of(columns: Sequence[Column], means: Callable[[str], bool], report: Report) -> list[str]:
    """Return what *columns* are called: otherwise where a name *means* something of its own in that format."""
    names = {column.name for column in columns}
    found = []
    for column in columns:
        name, number = column.name, 1
        base = name.lower() if means(f"{name} 2") else name
        while means(name) or (name != column.name and name in names):
            name = base[:190] if number == 1 else f"{base[:190]} {number}"
            number += 1
        if name != column.name:
            report.about(f"column {column.name} is called {name}: its own name means something else there")
        names.add(name)
        found.append(name)
    return found


def is_ours(name: str) -> bool:
    """Return whether a column called *name* would be read again as the tiles' titles, tags, notes or sources."""
    return name.strip().casefold() in HEAD


def about_tile(row: int, tile: Tile, report: Report) -> None:
    """Tell what a table cannot hold of *tile*."""
    for value, what in ((tile.variable, "TiledViz number"), (tile.place, "place"), (tile.stream, "stream")):
        if value:
            report.left(row, f"its {what}: a table has no such column")
    about_spaces(row, tile, report)


def about_spaces(row: int, tile: Tile, report: Report) -> None:
    """Tell of spaces in *tile* that importers take for one."""
    if any(text != " ".join(text.split()) for text in (tile.title, tile.variable, *tile.tags)):
        report.changed(row, "spaces in its title or tags: read again, there is one where there were several")


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
