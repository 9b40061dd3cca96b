"""Writes a tile set as a Cinema database of Spec D: a folder ``NAME.cdb`` with ``data.csv`` and the tiles' files."""

from __future__ import annotations

import shutil
from pathlib import Path

from tvcore.errors import UsageError
from tvcore.exporting.csv_table import about_set, about_tile, cells_of, head_of, is_ours, names_of, quoted
from tvcore.exporting.new_folder import check_new, new_folder
from tvcore.importing.report import Report
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import Tile, TileSet

FILES = "files"
HEAD = ("title", "tags", "note")


def check(folder: Path) -> None:
    """Raise UsageError where *folder* can be no new database: it is there, or is not called NAME.cdb."""
    if folder.suffix != ".cdb":
        raise UsageError(f"{folder}: a Cinema database is called NAME.cdb")
    check_new(folder)


def write(found: TileSet, folder: Path, report: Report, own: Path | None = None) -> None:
    """Write *found* to the new folder *folder*: all of it, or nothing. Files in the folder *own* are moved.

    A file that cannot be had is told to *report*, rows counted from 1. Raises UsageError for a folder that is there
    already, cannot be written, or is not called NAME.cdb, and for no tiles at all.
    """
    check(folder)
    if not found.tiles:
        raise UsageError(f"{folder}: there are no tiles: a Cinema database has at least one row")
    with new_folder(folder) as beside:
        (beside / FILES).mkdir()
        about_set(found, report)
        names = names_of(found.columns, lambda name: is_ours(name) or name.startswith("FILE"), report)
        lines = [",".join([*HEAD, *map(quoted, names), "FILE"])]
        for row, tile in enumerate(found.tiles, 1):
            about_tile(row, tile, report)
            file = _file(row, tile, beside, report, own)
            lines.append(",".join([*head_of(tile), *cells_of(tile, found.columns), file]))
        (beside / "data.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode())


def _file(row: int, tile: Tile, folder: Path, report: Report, own: Path | None) -> str:
    """Return the cell that names the file of *tile*, which is copied or moved; nothing where there is none."""
    if tile.kind == "card":
        report.about("cards have no file: their rows are without FILE")
        return ""
    if tile.kind == "page":
        return quoted(tile.source)
    source = Path(tile.source)
    suffix = source.suffix if len(source.suffix) < 10 else ""
    target = folder / f"{FILES}/{row:05}{suffix}"
    if own and source.is_relative_to(own.absolute()):
        source.rename(target)
        return quoted(f"{FILES}/{target.name}")
    try:
        if not source.is_file():
            raise FileNotFoundError(2, "there is no such file")
        file = source.open("rb")
    except OSError as error:
        report.left(row, f"{one_line(tile.source, 500)}: {error.strerror}")
        return ""
    with file, target.open("xb") as copy:
        shutil.copyfileobj(file, copy, 1 << 20)
    return quoted(f"{FILES}/{target.name}")
