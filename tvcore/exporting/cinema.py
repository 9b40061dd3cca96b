"""Writes a tile set as a Cinema database of Spec D: a folder ``NAME.cdb`` with ``data.csv`` and the tiles' files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tvcore.errors import UsageError
from tvcore.exporting.csv_table import about_columns, about_tile, cells_of, head_of, quoted
from tvcore.importing.report import Report
from tvcore.tilesets.document import Tile, TileSet

FILES = "files"
HEAD = ("title", "tags", "note")


def write(found: TileSet, folder: Path, report: Report) -> None:
    """Write *found* to the new folder *folder*: all of it, or nothing.

    A file that cannot be had is told to *report*, rows counted from 1. Raises UsageError for a folder that is there
    already, cannot be written, or is not called NAME.cdb.
    """
    if folder.suffix != ".cdb":
        raise UsageError(f"{folder}: a Cinema database is called NAME.cdb")
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder}: it is there already, and nothing is overwritten: choose another name")
    clash = [column.name for column in found.columns if column.name.startswith("FILE")]
    if clash:
        raise UsageError(f"column {clash[0]}: in Cinema, FILE begins the names of columns of files: rename it")
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise UsageError(f"{folder}: it cannot be written: {error.strerror}") from error
    try:
        _fill(found, beside, report)
        beside.rename(folder)
    except OSError as error:
        raise UsageError(f"{folder}: it cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fill(found: TileSet, folder: Path, report: Report) -> None:
    about_columns(found, report)
    (folder / FILES).mkdir()
    lines = [",".join([*HEAD, *(quoted(column.name) for column in found.columns), "FILE"])]
    for row, tile in enumerate(found.tiles, 1):
        about_tile(row, tile, report)
        lines.append(",".join([*head_of(tile), *cells_of(tile, found.columns), _file(row, tile, folder, report)]))
    (folder / "data.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode())


def _file(row: int, tile: Tile, folder: Path, report: Report) -> str:
    """Return the cell that names the file of *tile*, which is copied; nothing where there is none."""
    if tile.kind == "card":
        report.left(row, "it is a card: there is no file")
        return ""
    if tile.kind == "page":
        return quoted(tile.source)
    name = f"{FILES}/{row:05}{Path(tile.source).suffix}"
    try:
        if not Path(tile.source).is_file():
            raise FileNotFoundError(2, "there is no such file")
        shutil.copyfile(tile.source, folder / name)
    except OSError as error:
        (folder / name).unlink(missing_ok=True)
        report.left(row, f"{tile.source}: {error.strerror}")
        return ""
    return quoted(name)
