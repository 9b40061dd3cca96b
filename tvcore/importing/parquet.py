"""Imports a Parquet file: a tile per row, columns with their types, nested ones by dotted names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tvcore.errors import TiledVizError, UsageError
from tvcore.importing.report import Report
from tvcore.importing.table import Options as TableOptions
from tvcore.importing.table import TypedColumn, tile_set
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import COLUMNS_MAX, TILES_MAX, TileSet

MAGIC = b"PAR1"
ROWS_AT_ONCE = 4096
FLATTEN_MAX = 8  # levels of columns within columns
TEXT_BYTES_MAX = 64 << 20  # of a column
THRIFT_MAX = 16 << 20  # bytes, and elements, of what a file's footer may claim


class Options(TableOptions):
    """What one may choose."""


def reads(path: Path) -> bool:
    """Return whether *path* begins as a Parquet file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read(path: Path, options: BaseModel, report: Report) -> TileSet:
    """Return the tile set of the rows of *path*. Raises TiledVizError, one line about what is wrong."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet
    except ImportError as error:
        raise TiledVizError(f"{path}: reading Parquet needs pyarrow: pip install 'tiledviz[parquet]'") from error
    chosen = TableOptions.model_validate(options.model_dump())
    try:
        columns = list(_columns(path, report))
    except (MemoryError, TiledVizError):
        raise
    except (
        arrow.ArrowException,
        OSError,
        ValueError,
        KeyError,
        IndexError,
        OverflowError,
        NotImplementedError,
    ) as error:
        why = one_line(str(error), 200)
        raise TiledVizError(f"{path}: it cannot be read as Parquet: it is cut short or damaged ({why})") from error
    return tile_set(path, columns, chosen, report)


def _columns(path: Path, report: Report) -> Iterator[TypedColumn]:
    """Yield the columns of *path*, after looking at what they claim to be."""
    import pyarrow as arrow
    import pyarrow.parquet

    limits = {"thrift_string_size_limit": THRIFT_MAX, "thrift_container_size_limit": THRIFT_MAX}
    with pyarrow.parquet.ParquetFile(path, **limits) as file:
        schema = file.schema_arrow
    # texts are kept once each, until it is known how much they come to: repeated, they take no room in the file
    texts = [field.name for field in schema if arrow.types.is_string(field.type) or arrow.types.is_binary(field.type)]
    with pyarrow.parquet.ParquetFile(path, read_dictionary=texts, **limits) as file:
        rows, leaves = file.metadata.num_rows, file.metadata.num_columns
        if rows > TILES_MAX:
            raise UsageError(
                f"{path}: it has {rows} rows, and a tile set has at most {TILES_MAX} tiles: take some of them"
            )
        if leaves > COLUMNS_MAX:
            raise UsageError(f"{path}: it has {leaves} columns, and a tile set has at most {COLUMNS_MAX}: take some")
        batches = []
        for batch in file.iter_batches(ROWS_AT_ONCE, use_threads=False):
            batches.append(batch)
            if sum(len(each) for each in batches) > TILES_MAX:
                raise TiledVizError(f"{path}: it holds more rows than it says: it is damaged")
        table = arrow.Table.from_batches(batches, file.schema_arrow)
    for _ in range(FLATTEN_MAX):
        if not any(arrow.types.is_struct(field.type) for field in table.schema):
            break
        table = table.flatten()
    for field, column in zip(table.schema, table.columns, strict=True):
        _check_text(path, field.name, column)
        said = field.metadata or {}
        unit = said.get(b"unit") or said.get(b"units") or b""
        yield TypedColumn(
            name=field.name,
            values=_values(column, field.name, report),
            unit=unit.decode("utf-8", "replace"),
            description=said.get(b"description", b"").decode("utf-8", "replace"),
        )


def _check_text(path: Path, name: str, column: Any) -> None:
    """Raise UsageError for a column of texts that come to more than a tile set should hold."""
    import pyarrow as arrow
    import pyarrow.compute as compute

    kind = column.type.value_type if arrow.types.is_dictionary(column.type) else column.type
    tests = (arrow.types.is_string, arrow.types.is_large_string, arrow.types.is_binary, arrow.types.is_large_binary)
    if not any(is_kind(kind) for is_kind in tests):
        return
    total = 0
    for chunk in column.chunks:
        if arrow.types.is_dictionary(column.type):
            lengths = compute.take(compute.binary_length(chunk.dictionary), chunk.indices)
        else:
            lengths = compute.binary_length(chunk)
        total += compute.sum(lengths).as_py() or 0
    if total > TEXT_BYTES_MAX:
        raise UsageError(
            f"{path}: column {one_line(name, 60)} holds {total >> 20} MiB of text, and at most "
            f"{TEXT_BYTES_MAX >> 20} are taken: write the file without it"
        )


def _values(column: Any, name: str, report: Report) -> list[Any]:
    """Return the values of an Arrow *column* as Python has them, where it has them."""
    import pyarrow as arrow
    import pyarrow.compute as compute

    kind = column.type
    if getattr(kind, "unit", "") == "ns":  # of times, and Python's end at microseconds
        if arrow.types.is_timestamp(kind):
            coarser = arrow.timestamp("us", kind.tz)
        else:
            coarser = arrow.duration("us") if arrow.types.is_duration(kind) else arrow.time64("us")
        cast = compute.cast(column, coarser, safe=False)
        if not compute.cast(cast, kind, safe=False).equals(column):
            report.about(f"column {name}: times are kept to the microsecond")
        column = cast
    if arrow.types.is_float32(kind) or arrow.types.is_float16(kind):
        # the shortest number that is the same in the file's type, as people know it: 0.03, not 0.029999999329447746
        found = column.to_numpy(zero_copy_only=False)
        present = column.is_valid().to_pylist()
        return [float(str(value)) if there else None for value, there in zip(found, present, strict=True)]
    if arrow.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = column.cast(arrow.binary() if arrow.types.is_string(kind) else arrow.large_binary()).to_pylist()
    return values
