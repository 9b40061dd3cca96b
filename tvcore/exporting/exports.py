"""Exports of a tile set to a path, by the name of the format: JSON, and a report of what the format cannot hold."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal, get_args

from tvcore.errors import UsageError
from tvcore.exporting import cinema, csv_table, tiledviz_file
from tvcore.importing.report import Report
from tvcore.tilesets.document import TileSet

Format = Literal["tiledviz", "csv", "cinema", "tileset"]
FORMATS: tuple[str, ...] = get_args(Format)


def text_of(found: TileSet, how: str, report: Report) -> str:
    """Return *found* as the text of a file of format *how*. Raises UsageError for one that is no text."""
    match how:
        case "tiledviz":
            return tiledviz_file.write(found, report)
        case "csv":
            return csv_table.write(found, report)
        case "tileset":
            return json.dumps(found.plain(), indent=1, ensure_ascii=False) + "\n"
    raise UsageError(f"there is no format {how[:40]!r} of one file: there are tiledviz, csv and tileset")


def export(found: TileSet, how: str, path: Path, report: Report) -> dict[str, Any]:
    """Write *found* to the new file or folder *path*; return ``{"path", "report"}``. Nothing is written over.

    Raises UsageError for a path that is there already, or cannot be written.
    """
    report.took, report.columns = len(found.tiles), len(found.columns)
    if how == "cinema":
        cinema.write(found, path, report)
    else:
        _new_file(path, text_of(found, how, report))
    return {"path": str(path.absolute()), "report": report.plain()}


def _new_file(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError as error:
        raise UsageError(f"{path}: it is there already, and nothing is overwritten: choose another name") from error
    except OSError as error:
        raise UsageError(f"{path}: it cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UsageError(f"{path}: it cannot be written: {error.strerror}") from error
