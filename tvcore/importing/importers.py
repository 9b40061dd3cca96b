"""All importers by name, and the one function that imports: JSON in, JSON out, so that it can run apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tvcore.errors import UsageError
from tvcore.importing import cinema, csv_table, hdf5, parquet, pictures, tiledviz_file, tileset
from tvcore.importing.report import Report
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import TileSet

TITLE_MAX = 1_000  # letters


@dataclass(frozen=True)
class Importer:
    """How files of one format are told and read; *options* is the model of what one may choose."""

    name: str
    title: str
    reads: Callable[[Path], bool]
    read: Callable[[Path, Any, Report], TileSet]
    options: type[BaseModel]


IMPORTERS: dict[str, Importer] = {
    each.name: each
    for each in (
        Importer("tileset", "a tile set of TiledViz", tileset.reads, tileset.read, tileset.Options),
        Importer("tiledviz", "a file of TiledViz", tiledviz_file.reads, tiledviz_file.read, tiledviz_file.Options),
        Importer("hdf5", "an ensemble in HDF5 or netCDF-4", hdf5.reads, hdf5.read, hdf5.Options),
        Importer("parquet", "a table in Parquet", parquet.reads, parquet.read, parquet.Options),
        Importer("cinema", "a Cinema database", cinema.reads, cinema.read, cinema.Options),
        Importer("csv", "a table of values with commas", csv_table.reads, csv_table.read, csv_table.Options),
        Importer("pictures", "a folder of pictures", pictures.reads, pictures.read, pictures.Options),
    )
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
    if "\0" in path:
        raise UsageError("a path has no zero byte in it")
    where = Path(path).absolute()
    try:
        usable = where.is_file() or where.is_dir()
    except OSError:  # links in a circle, a name that is too long
        usable = False
    if not usable:  # a pipe or device would keep one waiting for ever
        raise UsageError(f"{_shown(where)}: there is no such file or folder")
    if format is not None and format not in IMPORTERS:
        raise UsageError(f"there is no format {one_line(format, 40)}: there are {', '.join(IMPORTERS)}")
    importer = IMPORTERS[format or detect(where)]
    report = Report()
    try:
        found = importer.read(where, _options(importer, options), report)
    except OSError as error:
        why = error.strerror or "it is damaged"
        raise UsageError(f"{_shown(where)}: it cannot be read as {importer.title}: {why}") from error
    if title is not None and one_line(title, TITLE_MAX):
        found = found.model_copy(update={"title": one_line(title, TITLE_MAX)})
    report.took, report.columns = len(found.tiles), len(found.columns)
    return {"document": found.plain(), "report": report.plain()}


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
