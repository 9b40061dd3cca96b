"""Makes a tile set of what is on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from tvcore.importing.report import Report
from tvcore.importing.typed import column_name, one_line, typed_column
from tvcore.session.document import Document
from tvcore.store import Store
from tvcore.tilesets.document import TAGS_MAX, TEXT_MAX, Column, Tile, TileSet, Value


def tileset_of_wall(store: Store, ids: Sequence[int] | None, report: Report, session: str = "main") -> TileSet:
    """Return the tiles *ids*, all where it is None, with people's tags and notes. Each is a card.

    What a tile set cannot hold is told to *report*, tiles counted from 1.
    """
    wall = store.wall(session)
    by_id = {tile["id"]: tile for tile in wall["tiles"]}
    chosen = list(by_id.values()) if ids is None else [by_id[each] for each in ids if each in by_id]
    if ids is not None and len(chosen) < len(ids):
        report.about(f"left: {len(ids) - len(chosen)} tiles that are not on the wall")
    if chosen:
        report.about("left: what the tiles show: they are cards, with their titles and values")
    rows = range(1, len(chosen) + 1)
    said: dict[str, dict[str, Any]] = {each["name"]: each for of in wall["sets"] for each in of["columns"]}
    names = list(dict.fromkeys([*said, *(name for tile in chosen for name in tile["metadata"])]))
    columns: dict[str, Column] = {}
    values: list[dict[str, Value | None]] = [{} for _ in rows]
    for name in names:
        about = said.get(name, {})
        called = column_name(name, columns, report)
        given = [tile["metadata"].get(name) for tile in chosen]
        columns[called], found = typed_column(
            called, given, rows, report, unit=about.get("unit") or "", description=about.get("description") or ""
        )
        for cells, value in zip(values, found, strict=True):
            if value is not None:
                cells[called] = value
    written = store.rooms.document(session)
    tiles = [
        Tile(
            key=row,
            title=one_line(tile["title"], 1_000),
            tags=_tags(tile, written, row, report),
            note=written.text(f"note/{tile['id']}")[:TEXT_MAX],
            values=cells,
        )
        for row, tile, cells in zip(rows, chosen, values, strict=True)
    ]
    return TileSet(title=one_line(session, 1_000) or "Wall", columns=tuple(columns.values()), tiles=tuple(tiles))


def _tags(tile: dict[str, Any], written: Document, row: int, report: Report) -> tuple[str, ...]:
    by_hand = {unquote(name): on is True for name, on in written.below(f"tags/{tile['id']}/")}
    kept = [tag for tag in tile["tags"] if by_hand.get(tag, True)] + [tag for tag, on in by_hand.items() if on]
    found = list(dict.fromkeys(shown for tag in kept if (shown := one_line(tag, 200))))
    if len(found) > TAGS_MAX:
        report.left(row, f"{len(found) - TAGS_MAX} tags: a tile has at most {TAGS_MAX}")
    return tuple(found[:TAGS_MAX])
