"""Imports a table of comma-separated values: a tile per row."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tvcore.errors import UsageError
from tvcore.importing import table
from tvcore.importing.report import Report
from tvcore.importing.rfc4180 import SEPARATORS, Quoted, decoded, rows_of, separator_of
from tvcore.importing.table import TypedColumn
from tvcore.importing.texts import values_of
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import COLUMNS_MAX, TILES_MAX, Tile, TileSet

BYTES_MAX = 64 << 20
SUFFIXES = (".csv", ".tsv", ".tab")


class Options(table.Options):
    """What one may choose."""

    separator: Literal["", ",", ";", "tab", "|"] = Field(default="", description="between values; else found out")


def reads(path: Path) -> bool:
    """Return whether *path* is a file that is called as tables are."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def read(path: Path, options: Options, report: Report) -> TileSet:
    """Return the tile set of the rows of *path*. Raises UsageError that names the line."""
    text = text_of(path, report)
    separator = SEPARATORS.get(options.separator, "")
    if found := re.match(r"sep=([,;|\t])\r?\n", text):  # what Excel puts first
        separator, text = separator or found[1], "\n" + text[found.end() :]  # lines keep their numbers
    names, lines, columns = columns_of(path, text, separator or separator_of(text.lstrip("\n")), report)
    given = typed(names, lines, columns, options, report, comma=(separator or separator_of(text)) != ",")
    found_set = table.tile_set(path, given, options, report, title=path.stem, lines=lines)
    return titled(found_set, given, options)


def text_of(path: Path, report: Report) -> str:
    """Return the text in the file *path*. Raises UsageError for one that is too large, or no text."""
    with path.open("rb") as file:
        data = file.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise UsageError(f"{one_line(str(path), 500)}: a table has at most {BYTES_MAX >> 20} MiB here")
    try:
        return decoded(data, report)
    except UsageError as error:
        raise UsageError(f"{one_line(str(path), 500)}: {error}") from error


def columns_of(path: Path, text: str, separator: str, report: Report) -> tuple[list[str], list[int], list[list[str]]]:
    """Return the columns' names, the lines of the rows, and the values by column.

    Rows of more or fewer values are told. Raises UsageError that names the file and the line.
    """
    shown = one_line(str(path), 500)
    rows = rows_of(text, separator, report)
    try:
        _, names = next(rows, (0, []))
        if not any(name.strip() for name in names):
            raise UsageError("it is empty: its first line is to have the names of the columns")
        if len(names) > COLUMNS_MAX:
            raise UsageError(f"its first line has {len(names)} names: a tile set has at most {COLUMNS_MAX} columns")
        lines: list[int] = []
        columns: list[list[str]] = [[] for _ in names]
        for line, cells in rows:
            if len(lines) == TILES_MAX:
                raise UsageError(f"line {line}: it has more than {TILES_MAX} rows, the most tiles of a set")
            lines.append(line)
            if len(cells) < len(names):
                report.changed(line, f"it has {len(cells)} of {len(names)} values: the last are missing")
                cells += [""] * (len(names) - len(cells))
            for value in cells[len(names) :]:
                if value.strip():
                    report.left(line, f"a value beyond the {len(names)} columns: {one_line(value, 60)}")
            for column, value in zip(columns, cells, strict=False):
                column.append(value)
    except UsageError as error:
        raise UsageError(f"{shown}: {error}") from error
    while not names[-1].strip() and not any(columns[-1]):  # lines that end in a separator
        report.about("left: a last column without name and values")
        del names[-1], columns[-1]
    return names, lines, columns


def typed(
    names: Sequence[str],
    lines: Sequence[int],
    columns: Sequence[list[str]],
    options: table.Options,
    report: Report,
    *,
    comma: bool,
) -> list[TypedColumn]:
    """Return the columns with values of their kinds; titles, notes and files stay as they are written.

    *comma*: numbers may have decimal commas.
    """
    as_written = {options.title, options.note, options.source} - {""}
    # numbers without quotes beside texts in quotes: then the quotes say what is text
    quotes_tell = not all(isinstance(value, Quoted) for column in [names, *columns] for value in column if value)
    found = []
    for name, texts in zip(names, columns, strict=True):
        plain = name.strip().casefold()
        values: list[Any]
        if name == options.tags or plain == "tags":
            values = [_tags(text) for text in texts]
        elif name in as_written or plain in ("title", "note"):
            values = [str(text) if text or isinstance(text, Quoted) else None for text in texts]
        else:
            values = values_of(name, texts, lines, report, comma=comma, quotes_tell=quotes_tell)
        found.append(TypedColumn(str(name), values))
    return found


def _tags(text: str) -> Any:
    """Return the list that *text* is as JSON, for tags with commas in them; else the text."""
    if text.startswith('["'):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return str(text)
        if all(isinstance(tag, str) for tag in found):
            return found
    return str(text)


def titled(found: TileSet, given: Sequence[TypedColumn], options: table.Options) -> TileSet:
    """Return *found* with titles, where no column has them: what each tile shows, or the number of its row."""
    if options.title == "-" or any(
        column.name == options.title or column.name.strip().casefold() in table.NAMES["title"] for column in given
    ):
        return found
    return found.model_copy(update={"tiles": tuple(_titled(tile) for tile in found.tiles)})


def _titled(tile: Tile) -> Tile:
    name = tile.source.rstrip("/").rsplit("/", 1)[-1] if tile.source else f"row {tile.key}"
    return tile.model_copy(update={"title": one_line(name, table.LINE_MAX)})
