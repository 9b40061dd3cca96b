"""Imports an ensemble in HDF5, of our layout or netCDF-4: a tile per member, a card or the slice of a field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from tvcore.ensemble import Ensemble, open_ensemble
from tvcore.errors import UsageError
from tvcore.importing.report import Report
from tvcore.importing.slices import slice_folder, write_slices
from tvcore.importing.table import Options as TableOptions
from tvcore.importing.table import TypedColumn, tile_set
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import COLUMNS_MAX, TILES_MAX, TileSet

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_AT_MOST = 1 << 20  # bytes before the signature: it may stand at 0, 512, 1024, 2048, ...
TEXT_BYTES_MAX = 1 << 28  # of a text column as it is decoded, four bytes a letter


class Options(TableOptions):
    """What one may choose."""

    show: str = Field(default="", description="a field: each tile is a picture of its middle slice")


def reads(path: Path) -> bool:
    """Return whether *path* is an HDF5 file, by its signature."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        at = 0
        while at <= _AT_MOST:
            file.seek(at)
            found = file.read(len(SIGNATURE))
            if found == SIGNATURE:
                return True
            if len(found) < len(SIGNATURE):
                return False
            at = at * 2 or 512
    return False


def read(path: Path, options: Options, report: Report) -> TileSet:
    """Return the tile set of the members of *path*. Raises TiledVizError."""
    with open_ensemble(path) as ensemble:
        if len(ensemble) > TILES_MAX:
            raise UsageError(
                f"{path}: it has {len(ensemble)} members, and a tile set has at most {TILES_MAX} tiles: write those to "
                "be shown into a file of their own"
            )
        if len(ensemble.columns) > COLUMNS_MAX:
            raise UsageError(
                f"{path}: it has {len(ensemble.columns)} columns, and a tile set has at most {COLUMNS_MAX}"
            )
        for note in ensemble.notes:
            report.about(one_line(note, 500))
        if not ensemble.complete:
            report.about("its writer has not finished: it is taken as it is now")
        columns = [_column(ensemble, number) for number in range(len(ensemble.columns))]
        pictures = _pictures(ensemble, options.show, report) if options.show else []
        if ensemble.fields and not options.show:
            there = ", ".join(field.name for field in ensemble.fields)
            report.about(f"fields are not shown: choose one with show=FIELD ({there})")
        return tile_set(path, columns, options, report, title=ensemble.title, pictures=pictures)


def _column(ensemble: Ensemble, number: int) -> TypedColumn:
    column = ensemble.columns[number]
    if column.is_text and len(ensemble) * np.dtype(column.dtype).itemsize * 4 > TEXT_BYTES_MAX:
        raise UsageError(
            f"{ensemble.path}: column {column.name} has room for {np.dtype(column.dtype).itemsize} bytes of text a "
            "member, which is too much: write it with less"
        )
    stored = ensemble.table([column.name])[column.name]
    values: list[Any]
    if stored.dtype.kind == "f" and stored.dtype.itemsize < 8:
        values = [float(str(value)) for value in stored]  # as people know it: 0.03, not 0.029999999329447746
    else:
        values = stored.tolist()
    return TypedColumn(column.name, values, column.unit, column.description, column.role)


def _pictures(ensemble: Ensemble, name: str, report: Report) -> list[str]:
    files, (low, high) = write_slices(ensemble, name, slice_folder(ensemble.path, name))
    report.about(f"each tile shows the middle slice of {name}, from {low:.6g} (dark) to {high:.6g} (bright)")
    return [str(file) for file in files]
