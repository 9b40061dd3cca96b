"""Imports a Cinema database of Spec D (Dietrich, 1.0 to 1.2): a folder ``NAME.cdb`` with a ``data.csv`` in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tvcore.errors import UsageError
from tvcore.importing import csv_table, table
from tvcore.importing.kit import kind_of
from tvcore.importing.report import Report
from tvcore.importing.table import TypedColumn
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import TILES_MAX, TileSet

DATA = "data.csv"
FILE = "FILE"  # how the names of columns begin that name files
LOOKED_AT = 100  # rows, to find out which column has the pictures


class Options(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    show: str = Field(
        default="", description="the column of files that tiles show; all: a tile for each; -: none; else the pictures'"
    )
    title: str = Field(default="", description="the column of titles")
    tags: str = Field(default="", description="the column of tags, with commas between")
    note: str = Field(default="", description="the column of notes")


def reads(path: Path) -> bool:
    """Return whether *path* is a Cinema database, or the table in it."""
    if path.name == DATA:
        return path.parent.suffix.lower() == ".cdb" and path.is_file()
    return path.is_dir() and (path / DATA).is_file()


def read(path: Path, options: Options, report: Report) -> TileSet:
    """Return the tile set of the rows of the database *path*. Raises UsageError that names file and line."""
    data = path / DATA if path.is_dir() else path
    if not data.is_file():  # a pipe would keep one waiting
        raise UsageError(f"{one_line(str(path), 500)}: a Cinema database is a folder with a file {DATA} in it")
    names, lines, columns = csv_table.columns_of(data, csv_table.text_of(data, report), ",", report)
    files = [name for name in names if name.startswith(FILE)]
    first = names.index(files[0]) if files else len(names)
    for name in names[first:]:
        if name not in files:
            report.about(f"column {one_line(name, 60)} stands behind {FILE}, where Spec D has columns of files only")
    shown = _shown(data, options.show, files, names, columns, report)
    if len(shown) > 1:
        names, lines, columns = _each_file(data, shown, names, lines, columns, report)
    source = shown[0] if len(shown) == 1 else FILE if shown else "-"
    chosen = table.Options(title=options.title, tags=options.tags, note=options.note, source=source)
    given = csv_table.typed(names, lines, columns, chosen, report, comma=False)
    given = [TypedColumn(each.name, each.values, role="path" if each.name in files else "result") for each in given]
    folder = data.parent
    title = folder.stem if folder.suffix.lower() == ".cdb" else folder.name
    found = table.tile_set(data, given, chosen, report, title=title, lines=lines)
    return csv_table.titled(found, given, chosen)


def _shown(
    data: Path, show: str, files: Sequence[str], names: Sequence[str], columns: Sequence[list[str]], report: Report
) -> list[str]:
    """Return the columns that tiles show: one, none, or each of several."""
    if show == "-":
        return []
    if show == "all":
        return list(files)
    if show:
        if show not in names:
            there = ", ".join(one_line(name, 40) for name in (files or names)[:40])
            raise UsageError(
                f"{one_line(str(data), 500)}: there is no column {one_line(show, 60)} to show; there are {there}"
            )
        return [show]
    if not files:
        report.about(
            f"no column begins with {FILE}: the tiles are cards (a column with files is chosen by show=COLUMN)"
        )
        return []
    best = next((name for name in files if _has_pictures(data.parent, columns[names.index(name)])), files[0])
    if len(files) > 1:
        others = ", ".join(one_line(name, 40) for name in files if name != best)
        report.about(f"the tiles show column {one_line(best, 60)}; {others} stay columns (show=all: a tile for each)")
    return [best]


def _has_pictures(folder: Path, texts: Sequence[str]) -> bool:
    paths = (folder / text for text in texts[:LOOKED_AT] if text and "\0" not in text and "://" not in text)
    return any(kind_of(path) == "picture" for path in paths)


def _each_file(
    data: Path,
    shown: Sequence[str],
    names: Sequence[str],
    lines: Sequence[int],
    columns: Sequence[list[str]],
    report: Report,
) -> tuple[list[str], list[int], list[list[str]]]:
    """Return the table with a row for each file of a row, which one it is, as ``file_column``, and the file itself."""
    of_files = [names.index(name) for name in shown]
    kept = [at for at, name in enumerate(names) if at not in of_files]
    rows: list[tuple[int, list[str]]] = []
    for at, line in enumerate(lines):
        there = [of for of in of_files if columns[of][at]]
        if not there:
            report.changed(line, "it names no file: the tile is a card")
        own = [columns[each][at] for each in kept]
        rows += [(line, [*own, str(names[of]), str(columns[of][at])]) for of in there] or [(line, [*own, "", ""])]
        if len(rows) > TILES_MAX:
            raise UsageError(
                f"{one_line(str(data), 500)}: line {line}: with a tile for each file there are more than {TILES_MAX}"
            )
    found_names = [*(names[each] for each in kept), "file_column", FILE]
    return found_names, [line for line, _ in rows], [list(column) for column in zip(*(r for _, r in rows), strict=True)]
