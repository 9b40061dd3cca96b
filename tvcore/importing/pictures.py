"""Imports a folder of pictures: a tile per file in natural order, with EXIF, sidecar files, and subfolders as tags.

A sidecar is ``NAME.json`` or ``NAME.png.json`` beside ``NAME.png``: a JSON object whose values become columns, nested
ones by dotted names (``run.seed``); its ``title``, ``tags`` and ``note`` become the tile's own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tvcore.errors import TiledVizError
from tvcore.importing.exif import UNITS, properties
from tvcore.importing.kit import kind_of, natural
from tvcore.importing.report import Report
from tvcore.importing.typed import column_name, flat, one_line, typed_column
from tvcore.tilesets.document import COLUMNS_MAX, TAGS_MAX, TEXT_MAX, TILES_MAX, Column, Kind, Tile, TileSet, Value

SIDECAR_MAX = 1 << 20  # bytes
ENTRIES_MAX = 200_000  # of all folders together
DEPTH_MAX = 16
TITLE_MAX = 1000


class Options(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subfolders: bool = Field(default=True, description="pictures of folders within are taken too, tagged by them")


def reads(path: Path) -> bool:
    """Return whether *path* is a folder."""
    return path.is_dir()


def read(path: Path, options: Options, report: Report) -> TileSet:
    """Return the tile set of the pictures, movies and PDFs in the folder *path*. Raises TiledVizError."""
    files = sorted(_files(path, options, report), key=lambda file: natural(str(file.relative_to(path))))
    return read_files(files, [path], report)


def read_files(files: Sequence[Path], tops: Sequence[Path], report: Report) -> TileSet:
    """Return the tile set of those of *files* that are pictures, movies and PDFs, in their order; others are told.

    Where a file is in one of the folders *tops*, the folders between are its tags; the set is called as the first is.
    Raises TiledVizError.
    """
    where = one_line(str(tops[0]) if tops else "", 500)
    kinds = {file: kind_of(file) for file in files}
    shown = {file: kind for file in files if (kind := kinds[file]) is not None}
    sidecars = _sidecars(list(shown), {file for file in files if kinds[file] is None})
    used = set(sidecars.values())
    for file in files:
        if kinds[file] is None and file not in used:
            report.about(f"left: {one_line(_within(file, tops), 200)} is no picture, movie or PDF")
    if not shown:
        raise TiledVizError(f"{where}: there is no picture in this folder")
    if len(shown) > TILES_MAX:
        raise TiledVizError(f"{where}: it has {len(shown)} pictures, and a tile set has at most {TILES_MAX} tiles")
    rows: list[dict[str, Any]] = []
    tiles: list[dict[str, Any]] = []
    for row, (file, kind) in enumerate(shown.items(), 1):
        tile, values = _tile(tops, file, kind, row, report)
        if sidecar := sidecars.get(file):
            _take_sidecar(sidecar, tile, values, row, report)
        if tile["kind"] == "card":
            report.in_vain[row] = str(file)
        tiles.append(tile)
        rows.append(values)
    columns, cells = _columns(rows, report)
    made = tuple(
        Tile(key=key, values=values, **tile) for key, (tile, values) in enumerate(zip(tiles, cells, strict=True), 1)
    )
    title = one_line(tops[0].absolute().name, TITLE_MAX) if tops else ""
    return TileSet(title=title or "Pictures", columns=columns, tiles=made)


def _files(top: Path, options: Options, report: Report) -> Iterator[Path]:
    """Yield the files of *top* and of the folders in it; links to folders may lead in circles, and are not followed."""
    entries = 0
    waiting = [(top, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as found:
                there = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            where = one_line(str(folder), 300)
            if folder == top:
                raise TiledVizError(f"{where}: the folder cannot be read: {error.strerror}") from error
            report.about(f"left: the folder {where} cannot be read: {error.strerror}")
            continue
        entries += len(there)
        if entries > ENTRIES_MAX:
            raise TiledVizError(f"{top}: there are more than {ENTRIES_MAX} files in this folder: choose one within it")
        for entry in there:
            name = one_line(os.path.relpath(entry.path, top), 200)
            if not _utf8(entry.path) or not entry.name.isprintable():
                report.about(f"left: {name}: a tile set cannot hold this name, which is no plain line of UTF-8")
            elif entry.name.startswith("."):
                report.about(f"left: {name} is hidden")
            elif entry.is_dir(follow_symlinks=False):
                if options.subfolders and depth < DEPTH_MAX:
                    waiting.append((Path(entry.path), depth + 1))
                else:
                    report.about(f"left: the folder {name}")
            elif _is_file(entry):
                yield Path(entry.path).absolute()
            else:
                report.about(f"left: {name} is a link to a folder or to nothing, or no file")


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # links in a circle
        return False


def _utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sidecars(shown: list[Path], others: set[Path]) -> dict[Path, Path]:
    """Return the sidecar file of each of the files *shown* that has one among *others*."""
    found = {}
    for file in shown:
        for candidate in (file.with_name(f"{file.name}.json"), file.with_suffix(".json")):
            if candidate in others:
                found[file] = candidate
                break
    return found


def _within(file: Path, tops: Sequence[Path]) -> str:
    """Return *file* as seen from the first of *tops* that it is in, else its name."""
    return next((str(file.relative_to(top)) for top in tops if file.is_relative_to(top)), file.name)


def _tile(
    tops: Sequence[Path], file: Path, kind: Kind, row: int, report: Report
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the tile of *file* is, and its values; a picture that cannot be read becomes a card."""
    tags = [tag for part in Path(_within(file, tops)).parent.parts if (tag := one_line(part, 200))]
    tile: dict[str, Any] = {"title": one_line(file.stem, TITLE_MAX), "kind": kind, "source": str(file), "tags": tags}
    values: dict[str, Any] = {}
    if kind == "picture":
        values, problems = properties(file)
        for problem in problems:
            report.changed(row, f"{one_line(file.name, 200)}: {problem}")
        if "width" not in values:
            tile |= {"kind": "card", "source": ""}
    return tile, values


def _take_sidecar(sidecar: Path, tile: dict[str, Any], values: dict[str, Any], row: int, report: Report) -> None:
    """Put what *sidecar* says into *tile* and *values*; what is wrong with it is told."""
    name = one_line(sidecar.name, 200)
    try:
        with sidecar.open("rb") as file:
            raw = file.read(SIDECAR_MAX + 1)
        found = json.loads(raw.decode("utf-8-sig")) if len(raw) <= SIDECAR_MAX else None
    except OSError as error:
        report.left(row, f"{name}: it cannot be read: {error.strerror}")
        return
    except (ValueError, RecursionError):
        report.left(row, f"{name}: it is no JSON")
        return
    if not isinstance(found, dict):
        report.left(row, f"{name}: it is larger than {SIDECAR_MAX >> 20} MiB, or no JSON object")
        return
    if isinstance(title := found.get("title"), str) and one_line(title, TITLE_MAX):
        tile["title"] = one_line(title, TITLE_MAX)
        del found["title"]
    note = found.get("note")
    if isinstance(note, str) and len(note) <= TEXT_MAX and "\0" not in note and _utf8(note):
        tile["note"] = note
        del found["note"]
    tags = found.get("tags")
    if isinstance(tags, list) and all(isinstance(tag, str) and one_line(tag, 200) == tag != "" for tag in tags):
        tile["tags"] += [tag for tag in dict.fromkeys(tags) if tag not in tile["tags"]]
        del found["tags"]
        if len(tile["tags"]) > TAGS_MAX:
            report.left(row, f"{name}: {len(tile['tags']) - TAGS_MAX} tags: a tile has at most {TAGS_MAX}")
            del tile["tags"][TAGS_MAX:]
    for key, value in flat(found, row, report).items():
        if key in values:
            report.changed(row, f"{name}: its {one_line(key, 60)} stands for the picture's own")
        values[key] = value


def _columns(rows: list[dict[str, Any]], report: Report) -> tuple[tuple[Column, ...], list[dict[str, Value | None]]]:
    """Return the columns of *rows*, and their values as these can hold them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) > COLUMNS_MAX:
        report.about(f"left: {len(names) - COLUMNS_MAX} columns: a tile set has at most {COLUMNS_MAX}")
    numbers = range(1, len(rows) + 1)
    columns: dict[str, Column] = {}
    cells: list[dict[str, Value | None]] = [{} for _ in rows]
    for name in names[:COLUMNS_MAX]:
        called = column_name(name, columns, report)
        given = [row.get(name) for row in rows]
        columns[called], found = typed_column(called, given, numbers, report, unit=UNITS.get(name, ""))
        for cell, value in zip(cells, found, strict=True):
            if value is not None:
                cell[called] = value
    return tuple(columns.values()), cells
