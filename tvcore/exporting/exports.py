"""Exports of a tile set, or of the wall, by the name of the format; what that cannot hold is reported."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tvcore.errors import UsageError
from tvcore.exporting import cinema, csv_table, tiledviz_file
from tvcore.exporting.freeze import freeze, tileset_of_wall
from tvcore.exporting.new_folder import check_new
from tvcore.importing.report import Report
from tvcore.planning import silent
from tvcore.session import SESSION
from tvcore.store import Store
from tvcore.tilesets.document import TileSet, read
from tvcore.tilesets.library import read_set


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


def export(found: TileSet, how: str, path: Path | None, report: Report, own: Path | None = None) -> dict[str, Any]:
    """Write *found* to the new file or folder *path*; return ``{"path", "text", "report"}``. Nothing is written over.

    Without a path the text is not written but returned. Files in the folder *own* are nobody else's: a Cinema database
    takes them. Raises UsageError for a path that is there already, or cannot be written.
    """
    report.took, report.columns = len(found.tiles), len(found.columns)
    text = None
    if how == "cinema":
        cinema.write(found, _folder(path), report, own)
    else:
        text = text_of(found, how, report)
        if path:
            _new_file(path, text)
    return {
        "path": str(path.absolute()) if path else None, "text": None if path else text, "report": report.plain(),
    }  # fmt: skip


def export_wall(
    store: Store,
    ids: Sequence[int] | None,
    how: str,
    path: Path | None,
    report: Report,
    *,
    pictures: Path | None = None,
    progress: Callable[[float, str], None] = silent,
    session: str = SESSION,
) -> dict[str, Any]:
    """Write the tiles *ids* of the wall of *session*, all where it is None, to the new *path*, or return its text.

    A Cinema database has pictures of the live tiles in it; other formats name those in the new folder *pictures*.
    Raises UsageError, before anything is asked for, for what is there already.
    """
    if how == "cinema":
        if pictures:
            raise UsageError("a Cinema database has its pictures in itself: leave --pictures out")
        return _frozen(store, ids, _folder(path), report, progress, session)
    if path:
        check_new(path)
    if pictures is None:
        return export(tileset_of_wall(store, ids, report, session), how, path, report)
    found = freeze(store, ids, pictures, report, progress, session)
    try:
        return export(found, how, path, report)
    except BaseException:
        shutil.rmtree(pictures, ignore_errors=True)  # it was made just now, for nothing
        raise


def _frozen(
    store: Store,
    ids: Sequence[int] | None,
    folder: Path,
    report: Report,
    progress: Callable[[float, str], None],
    session: str,
) -> dict[str, Any]:
    """Write tiles of the wall to the new Cinema database *folder*: its pictures are made beside it, and then moved."""
    cinema.check(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name[:100]}.", dir=folder.parent) as kept:
            found = freeze(store, ids, Path(kept) / "pictures", report, progress, session)
            return export(found, "cinema", folder, report, own=Path(kept))
    except OSError as error:
        raise UsageError(f"{folder}: it cannot be written: {error.strerror}") from error


def export_set(
    store: Store, name: str, how: str, path: Path | None, report: Report, project: int | None = None
) -> dict[str, Any]:
    """Write the tile set that *project*, None: the first one, keeps as *name* to the new *path*, or return its text."""
    return export(read(read_set(store, name, project=project)["document"]), how, path, report)


def _folder(path: Path | None) -> Path:
    if path is None:
        raise UsageError("a Cinema database is a folder: say by `path` where it is to be")
    return path


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
