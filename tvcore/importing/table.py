"""A tile set of columns whose values have types: what all files have in common that are tables.

Some columns are more than values: the titles, the tags, the notes, and the files or pages that tiles show. They are
known by their role, by their name, or because one says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tvcore.errors import UsageError
from tvcore.importing.kit import resolved_source
from tvcore.importing.report import Report
from tvcore.importing.typed import column_name, one_line, typed_column
from tvcore.tilesets.document import TAGS_MAX, TEXT_MAX, Column, Kind, Role, Tile, TileSet, Value

LINE_MAX = 1_000  # letters of a title
# Names by which the columns are known, without regard to case.
NAMES = {
    "title": ("title",),
    "tags": ("tags",),
    "note": ("note",),
    "source": ("source", "file", "path", "image", "url"),
}

_TAG = re.compile(r"(?:\{[^{}]*+\}|[^,])++")  # between commas; those of a numeric tag, {age,0,3,20}, are its own


class Options(BaseModel):
    """What one may choose: which column is what, ``-`` for none; by default the one of that name or role."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(default="", description="the column of titles")
    tags: str = Field(default="", description="the column of tags, with commas between")
    note: str = Field(default="", description="the column of notes")
    source: str = Field(default="", description="the column of files, or addresses of pages, that tiles show")


@dataclass(frozen=True)
class TypedColumn:
    """A column as its file has it: one of *values* a row, None where it is missing."""

    name: str
    values: Sequence[Any]
    unit: str = ""
    description: str = ""
    role: Role = "result"


def tile_set(
    path: Path,
    given: Sequence[TypedColumn],
    options: Options,
    report: Report,
    *,
    title: str = "",
    pictures: Sequence[str] = (),
    lines: Sequence[int] = (),
) -> TileSet:
    """Return the tile set of the columns *given* of the file *path*, rows counted from 1, or called by *lines*.

    *pictures* are files that the tiles show, whatever the columns say. Raises UsageError for a column chosen that is
    not there.
    """
    chosen = {what: _chosen(path, what, getattr(options, what), given) for what in NAMES}
    count = len(given[0].values) if given else 0
    rows = report.numbers = lines or range(1, count + 1)
    taken = [chosen[what] for what in ("title", "note", "source") if chosen[what]]
    if pictures and chosen["source"]:
        taken.remove(chosen["source"])
    columns: dict[str, Column] = {}
    values: list[dict[str, Value | None]] = [{} for _ in rows]
    for column in given:
        # tags given as lists, or a column called so, are the tiles' tags; one of the role is a column besides
        if column in taken or (column is chosen["tags"] and column.role != "tag"):
            continue
        name = column_name(column.name, columns, report)
        columns[name], found = typed_column(
            name, column.values, rows, report, unit=column.unit, description=column.description, role=column.role
        )
        for tile, value in zip(values, found, strict=True):
            if value is not None:
                tile[name] = value
    tagged = [column for column in given if column.role == "tag" or column is chosen["tags"]]
    tiles = []
    for at, row in enumerate(rows):
        kind, source = _source(path, None if pictures else chosen["source"], at, row, report)
        if pictures:
            kind, source = "picture", pictures[at]
        tiles.append(
            Tile(
                key=at + 1,
                title=_line(chosen["title"], at, row, report),
                kind=kind,
                source=source,
                tags=_tags(tagged, at, row, report),
                note=_note(chosen["note"], at, row, report),
                values=values[at],
            )
        )
    return TileSet(
        title=one_line(title, LINE_MAX) or one_line(path.stem, LINE_MAX) or "Table",
        columns=tuple(columns.values()),
        tiles=tuple(tiles),
    )


def _chosen(path: Path, what: str, name: str, given: Sequence[TypedColumn]) -> TypedColumn | None:
    """Return the column that is the tiles' *what*: the one called *name*, else by its role, else by its name."""
    if name == "-":
        return None
    if name:
        found = next((column for column in given if column.name == name), None)
        if found is None:
            there = ", ".join(one_line(column.name, 40) for column in given[:40])
            raise UsageError(f"{path}: there is no column {one_line(name, 60)} for {what}; there are {there or 'none'}")
        return found
    role = {"title": "title", "source": "path"}.get(what)
    for column in given:
        if column.role == role:
            return column
    for known in NAMES[what]:
        for column in given:
            if column.name.strip().casefold() == known and (what == "tags" or _is_text(column)):
                return column
    return None


def _is_text(column: TypedColumn) -> bool:
    return all(value is None or isinstance(value, str) for value in column.values)


def _text(column: TypedColumn | None, at: int) -> str:
    """Return the value as text, empty where there is none."""
    value = column.values[at] if column else None
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _line(column: TypedColumn | None, at: int, row: int, report: Report) -> str:
    text = _text(column, at)
    found = one_line(text, LINE_MAX)
    if found != text:
        report.changed(row, "title: it is made one line that can be shown")
    return found


def _note(column: TypedColumn | None, at: int, row: int, report: Report) -> str:
    text = _text(column, at)
    found = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:TEXT_MAX]
    if found != text:
        report.changed(row, f"note: cut after {TEXT_MAX} letters, or characters that cannot be kept are replaced")
    return found


def _tags(columns: Sequence[TypedColumn], at: int, row: int, report: Report) -> tuple[str, ...]:
    given: list[str] = []
    for column in columns:
        value = column.values[at]
        if isinstance(value, list | tuple):
            given += [str(tag) for tag in value if tag is not None]
        else:
            given += _TAG.findall(_text(column, at))
    found = list(dict.fromkeys(tag for each in given if (tag := one_line(each, 200))))
    if len(found) > TAGS_MAX:
        report.left(row, f"{len(found) - TAGS_MAX} tags: a tile has at most {TAGS_MAX}")
    return tuple(found[:TAGS_MAX])


def _source(path: Path, column: TypedColumn | None, at: int, row: int, report: Report) -> tuple[Kind, str]:
    text = _text(column, at)
    if not text:
        return "card", ""
    kind, source = resolved_source(text, path.parent, row, report)
    if kind == "card":
        report.in_vain[at + 1] = text
    return kind, source
