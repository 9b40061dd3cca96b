"""All importers by name, and the one function that imports: JSON in, JSON out, so that it can run apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tvcore.errors import UsageError
from tvcore.importing import cinema, csv_table, hdf5, parquet, pictures, tiledviz_file, tileset
from tvcore.importing.importer import Importer
from tvcore.importing.names import BUNDLED
from tvcore.importing.report import Report
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import TileSet

__all__ = ["IMPORTERS", "Importer", "detect", "import_source", "read_source", "told"]

TITLE_MAX = 1_000  # letters

_MODULES = {
    "tileset": tileset, "tiledviz": tiledviz_file, "hdf5": hdf5, "parquet": parquet, "cinema": cinema,
    "csv": csv_table, "pictures": pictures,
}  # fmt: skip
IMPORTERS: dict[str, Importer] = {
    name: Importer(name, title, _MODULES[name].reads, _MODULES[name].read, _MODULES[name].Options)
    for name, title in BUNDLED.items()
}


def detect(path: Path) -> str:
    """Return the name of the importer that reads *path*. Raises UsageError when none does."""
    for importer in IMPORTERS.values():
        if importer.reads(path):
            return importer.name
    formats = ", ".join(IMPORTERS)
    raise UsageError(f"{_shown(path)}: what it is cannot be told by how it begins: choose one of {formats}")


def import_source(
    path: str,
    format: str | None,  # noqa: A002 (callers name it so)
    options: dict[str, Any],
    title: str | None,
) -> dict[str, Any]:
    """Return the tile set that *path* holds, and the report of its import: ``{"document": ..., "report": ...}``.

    *format* names an importer; without, it is found out. *title* is the set's, instead of the file's. Raises
    TiledVizError or UsageError, one line about what is wrong.
    """
    return titled(*read_source(path, format, options), title)


def titled(found: TileSet, report: Report, title: str | None) -> dict[str, Any]:
    """Return *found*, called *title* if that is given, and its *report* as JSON."""
    if title is not None and one_line(title, TITLE_MAX):
        found = found.model_copy(update={"title": one_line(title, TITLE_MAX)})
    return {"document": found.plain(), "report": report.plain()}


def read_source(path: str, format: str | None, options: dict[str, Any]) -> tuple[TileSet, Report]:  # noqa: A002
    """Return the tile set that *path* holds, and what was changed or left of it, as ``import_source`` does."""
    where = usable(path)
    if format is not None and format not in IMPORTERS:
        raise UsageError(f"there is no format {one_line(format, 40)}: there are {', '.join(IMPORTERS)}")
    importer = IMPORTERS[format or detect(where)]
    return read_by(importer, where, options, importer.read)


def read_by(
    importer: Importer, where: Path, options: dict[str, Any], read: Callable[[Path, Any, Report], TileSet]
) -> tuple[TileSet, Report]:
    """Return what *read* makes of *where*, with the *options* of *importer*, and its report. Raises UsageError."""
    report = Report()
    chosen = _options(importer, options)
    try:
        found = read(where, chosen, report)
    except OSError as error:
        why = error.strerror or "it is damaged"
        raise UsageError(f"{_shown(where)}: it cannot be read as {importer.title}: {why}") from error
    report.took, report.columns = len(found.tiles), len(found.columns)
    return found, report


def told(path: str) -> str | None:
    """Return which of TiledViz' own importers reads *path*, None where none does. Raises UsageError."""
    where = usable(path)
    return next((importer.name for importer in IMPORTERS.values() if importer.reads(where)), None)


def usable(path: str) -> Path:
    """Return the path of the file or folder *path*. Raises UsageError where there is none."""
    if "\0" in path:
        raise UsageError("a path has no zero byte in it")
    where = Path(path).absolute()
    try:
        usable = where.is_file() or where.is_dir()
    except OSError:  # links in a circle, a name that is too long
        usable = False
    if not usable:  # a pipe or device would keep one waiting for ever
        raise UsageError(f"{_shown(where)}: there is no such file or folder")
    return where


def _shown(path: Path) -> str:
    return one_line(str(path), 500)


def _options(importer: Importer, given: dict[str, Any]) -> BaseModel:
    known = ", ".join(importer.options.model_fields) or "none"
    try:
        return importer.options.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = one_line(".".join(str(part) for part in first["loc"]), 60)
        if first["type"] == "extra_forbidden":
            raise UsageError(f"{importer.name} has no option {name}: it has {known}") from error
        raise UsageError(f"option {name} of {importer.name}: {first['msg']}") from error
