"""Writes a tile set as TiledViz has it: ``{"nodes": [...]}``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from tvcore.exporting.csv_table import about_set, about_spaces, names_of
from tvcore.importing.report import Report
from tvcore.tilesets.document import Column, Place, Tile, TileSet, Value

FIELDS = ("url", "title", "name", "variable", "usersNotes", "tags", "pos_px_x", "pos_px_y", "IdLocation")
NONE = {"connection": (0, "0", ""), "comment": ("",)}  # values that say that there is none


def write(found: TileSet, report: Report) -> str:
    """Return *found* as JSON text; what the format cannot hold is told to *report*, rows counted from 1."""
    about_set(found, report)
    places = [tile.place.index if tile.place else -1 for tile in found.tiles]
    if places != sorted(places) and sorted(places) == list(range(len(places))):
        report.about("read again, the tiles stand in the order of their places (IdLocation)")
    own: tuple[str, ...] = FIELDS
    if all(tile.title and tile.values.get("name") != "" for tile in found.tiles):
        own = tuple(field for field in FIELDS if field != "name")  # which is the title only where there is no other
    names = names_of(found.columns, lambda name: name in own, report)
    nodes = [_node(row, tile, found.columns, names, report) for row, tile in enumerate(found.tiles, 1)]
    return json.dumps({"nodes": nodes}, indent=1) + "\n"


def _node(row: int, tile: Tile, columns: Sequence[Column], names: Sequence[str], report: Report) -> dict[str, Any]:
    about_spaces(row, tile, report)
    node: dict[str, Any] = {"url": tile.source, "title": tile.title, "tags": list(tile.tags)}
    if tile.stream and tile.source:
        report.left(row, "its stream: its url is that of what it shows")
    elif tile.stream:
        asked = {"host": tile.stream.host} | ({"port": tile.stream.port} if tile.stream.port else {})
        node["url"] = f"vnc.html?{urlencode(asked)}"
    if tile.variable:
        node["variable"] = tile.variable
    if tile.note:
        node["usersNotes"] = tile.note
    if tile.place and tile.place != Place():
        node |= {"pos_px_x": tile.place.x, "pos_px_y": tile.place.y, "IdLocation": tile.place.index}
    for name, column in zip(names, columns, strict=True):
        value = node[name] = _value(tile.values.get(column.name), column)
        if value is not None and value in NONE.get(name, ()):
            report.changed(row, f"column {name}: {value!r} means there that there is none")
    return node


def _value(value: Value | None, column: Column) -> Value | None:
    return float(value) if column.kind == "number" and value is not None else value
