"""For cases: what the importers read, row by row, as ``Member.values`` and ``case_columns`` take it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvcore.ensemble.schema import Column
from tvcore.errors import UsageError
from tvcore.importing import pictures
from tvcore.importing.importers import IMPORTERS, read_source, usable
from tvcore.importing.report import Report
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import Kind, TileSet, Value
from tvcore.tilesets.members import columns_of, ensemble_name

TOLD_MAX = 20
_CARD = ": the tile is a card"  # what only tile sets have


@dataclass(frozen=True)
class Row:
    """One row: its *kind* and *source* as a TileSpec has them, or ``card`` and nothing.

    *number* is the row's as its file counts, and as remarks name it. *in_vain* is what a card was to show and cannot:
    a file that is not there, or of another kind. *values* are by the names of the columns, all of them; None: missing.
    """

    number: int
    title: str
    kind: Kind
    source: str
    in_vain: str
    tags: tuple[str, ...]
    note: str
    values: dict[str, Value | None]


@dataclass(frozen=True)
class Table:
    """All rows, the columns of their values, and *remarks*: what was changed or left, a line each."""

    title: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    remarks: tuple[str, ...]

    def tell(self, what: str) -> None:
        """Print the remarks about *what* on standard error, which a terminal shows; of very many the first."""
        for remark in self.remarks[:TOLD_MAX]:
            print(f"{what}: {remark}", file=sys.stderr)
        if len(self.remarks) > TOLD_MAX:
            print(f"{what}: and {len(self.remarks) - TOLD_MAX} more remarks of this kind", file=sys.stderr)


def read_table(path: str | Path, format: str = "", **options: Any) -> Table:  # noqa: A002 (as `import --format`)
    """Return what the file or folder *path* holds, in any format that `tiledviz import` reads.

    *format* is its name; empty: it is found out. *options* are those of the format. Raises TiledVizError and
    UsageError in one line.
    """
    return _table(*read_source(str(path), format or _format_of(str(path), options), options))


def _format_of(path: str, options: Mapping[str, Any]) -> str:
    """Return the first format that *path* is in and that has the *options*: what has none of them is no table."""
    where = usable(path)
    for importer in IMPORTERS.values():
        if set(options) <= set(importer.options.model_fields) and importer.reads(where):
            return importer.name
    raise UsageError(f"{one_line(path, 500)}: it is no table: name a CSV, Parquet or HDF5 file")


def read_pictures(files: Sequence[Path], folders: Sequence[Path] = ()) -> Table:
    """Return a row for each of *files* that is a picture, movie or PDF, in their order.

    Its values are size, EXIF, and what the sidecar files beside *files* say; its tags the folders between it and that
    of *folders* that it is in. Raises TiledVizError.
    """
    report = Report()
    beside = [file.with_name(f"{file.name}.json") for file in files] + [file.with_suffix(".json") for file in files]
    sidecars = [file for file in dict.fromkeys(beside) if file.is_file()]
    return _table(pictures.read_files([*files, *sidecars], folders, report), report)


def _table(found: TileSet, report: Report) -> Table:
    names = {column.name: ensemble_name(column.name) for column in found.columns}
    rows = tuple(
        Row(
            number=report.numbers[at] if report.numbers else at + 1,
            title=tile.title,
            kind=tile.kind,
            source=tile.source,
            in_vain=report.in_vain.get(tile.key, ""),
            tags=tile.tags,
            note=tile.note,
            values={shown: tile.values.get(name) for name, shown in names.items()},
        )
        for at, tile in enumerate(found.tiles)
    )
    remarks = tuple(line.removesuffix(_CARD) for line in report.lines()[1:])
    return Table(found.title, rows, tuple(columns_of(found)), remarks)
