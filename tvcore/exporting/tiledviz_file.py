"""Writes a tile set as TiledViz has it: ``{"nodes": [...]}``."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from tvcore.importing.report import Report
from tvcore.tilesets.document import Tile, TileSet

FIELDS = ("url", "title", "name", "variable", "usersNotes", "tags", "pos_px_x", "pos_px_y", "IdLocation")


def write(found: TileSet, report: Report) -> str:
    """Return *found* as JSON text; what the format cannot hold is told to *report*, rows counted from 1."""
    for column in found.columns:
        if column.unit or column.description:
            report.about(f"column {column.name}: unit and description are left: TiledViz has none")
    return json.dumps({"nodes": [_node(row, each, report) for row, each in enumerate(found.tiles, 1)]}, indent=1) + "\n"


def _node(row: int, tile: Tile, report: Report) -> dict[str, Any]:
    node: dict[str, Any] = {"url": tile.source, "title": tile.title, "tags": list(tile.tags)}
    if tile.stream:
        asked = {"host": tile.stream.host} | ({"port": tile.stream.port} if tile.stream.port else {})
        node["url"] = f"vnc.html?{urlencode(asked)}"
    if tile.variable:
        node["variable"] = tile.variable
    if tile.note:
        node["usersNotes"] = tile.note
    if tile.place:
        node |= {"pos_px_x": tile.place.x, "pos_px_y": tile.place.y, "IdLocation": tile.place.index}
    for name, value in tile.values.items():
        if value is None:
            continue
        if name in FIELDS:
            report.left(row, f"column {name}: TiledViz has a field of its own that is called so")
        else:
            node[name] = value
    return node
