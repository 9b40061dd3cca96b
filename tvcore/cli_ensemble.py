"""``tiledviz ensemble``: the members of a file are searched, sorted, grouped and summed up, without a wall."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tvcore.cli_kit import as_json, query_error, show
from tvcore.errors import UsageError
from tvcore.terminal import printable, table

if TYPE_CHECKING:  # NumPy is loaded by the verb alone
    from tvcore.ensemble.table import MemberTable

LIMIT = 20
BAR = 40  # characters of the longest bar of a histogram
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
HDF5 = b"\x89HDF\r\n\x1a\n"


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.argument("query", default="")
@click.option("--columns", metavar="A,B", help="Show these columns alone.")
@click.option("--sort", "order", metavar="F,-K", help="Sort by columns; one after - from the greatest down.")
@click.option("--group", metavar="COLUMN", help="Count the members by their values of COLUMN.")
@click.option("--histogram", metavar="COLUMN", help="Show how the values of COLUMN are spread.")
@click.option("--bins", type=int, default=20, show_default=True, help="Bins of the histogram.")
@click.option("--quantiles", metavar="COLUMN", help="Show least, quartiles and greatest of COLUMN.")
@click.option("--nearest", type=int, metavar="ROW", help="Show the members most like ROW, in --columns or all numbers.")
@click.option("--limit", type=click.IntRange(min=1), default=LIMIT, show_default=True, help="Members to show.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--check", is_flag=True, help="Read all of an HDF5 file, and say whether it is whole.")
@as_json
def ensemble(
    file: Path,
    query: str,
    columns: str | None,
    order: str | None,
    group: str | None,
    histogram: str | None,
    bins: int,
    quantiles: str | None,
    nearest: int | None,
    limit: int,
    as_csv: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Search the members of FILE (HDF5, netCDF-4, or what `tiledviz import` reads): 'F>0.03 & class=spots'.

    Rows are counted from 0.
    """
    asked = [
        name for name, given in (("--group", group), ("--histogram", histogram), ("--quantiles", quantiles)) if given
    ]
    asked += ["--nearest"] if nearest is not None else []
    if len(asked) > 1:
        raise UsageError(f"{' and '.join(asked)} answer different questions: ask one at a time")
    if as_csv and as_json:
        raise UsageError("--csv and --json are two forms: choose one")
    with _members(file, check) as members:
        with query_error(query):
            found = members.filter(query)
        if group:
            _show(_groups(members, group, found), as_csv, as_json)
        elif histogram:
            _show_histogram(members, histogram, bins, found, as_csv, as_json)
        elif quantiles:
            values = members.quantiles(quantiles, SHARES, found)
            rows = [{"share": share, quantiles: value} for share, value in zip(SHARES, values, strict=True)]
            _show(rows, as_csv, as_json)
        elif nearest is not None:
            near, far = members.nearest(nearest, limit, _split(columns), found)
            rows = [{"distance": distance} | row for distance, row in zip(far, _rows(members, near, []), strict=True)]
            _show(rows, as_csv, as_json)
        else:
            _show_members(members, found, _split(columns), _split(order), limit, as_csv, as_json)


@contextmanager
def _members(file: Path, check: bool) -> Iterator[MemberTable]:
    """Open the members of *file*: HDF5 where it lies, anything else as an importer reads it, apart."""
    from tvcore.ensemble.reader import open_ensemble
    from tvcore.ensemble.table import MemberTable

    if file.is_file():
        with file.open("rb") as begun:
            is_hdf5 = begun.read(len(HDF5)) == HDF5
        if is_hdf5:
            with open_ensemble(file) as opened:
                for note in opened.notes:
                    click.echo(f"tiledviz: {file}: {printable(note)}", err=True)
                if check:
                    opened.verify()
                    click.echo(f"{file}: whole, {len(opened)} members", err=True)
                yield MemberTable.of(opened)
            return
    if check:
        raise UsageError(f"{file} is not HDF5: --check reads HDF5")
    yield MemberTable(_imported(file))


def _imported(file: Path) -> dict[str, Any]:
    from tvcore.apart import Apart

    apart = Apart()
    try:
        arguments: dict[str, Any] = {"path": str(file.absolute()), "format": None, "options": {}, "title": None}
        found = apart.call("tvcore.importing.importers:import_source", arguments, what=str(file))
    finally:
        apart.end()
    tiles = found["document"].get("tiles", [])
    named = [column["name"] for column in found["document"].get("columns", [])]
    columns = {name: [tile.get("values", {}).get(name) for tile in tiles] for name in named}
    return {
        "title": [tile.get("title", "") for tile in tiles],
        "tags": [tile.get("tags", ()) for tile in tiles],
    } | columns


def _split(names: str | None) -> list[str]:
    return [name.strip() for name in (names or "").split(",") if name.strip()]


def _rows(members: MemberTable, rows: list[int], columns: list[str]) -> list[dict[str, Any]]:
    """Return *rows* with *columns*, all by default, as plain values."""
    from tvcore.ensemble.expression import TAGS, column_of
    from tvcore.ensemble.table import plain

    chosen = [column_of(members, name, 0) for name in columns or members]
    found = []
    for row in rows:
        of = {name: list(values.given[row]) if name == TAGS else plain(values, row) for name, values in chosen}
        found.append({"row": row} | of)
    return found


def _show_members(
    members: MemberTable, found: Any, columns: list[str], order: list[str], limit: int, as_csv: bool, as_json: bool
) -> None:
    down = [name.startswith("-") for name in order]
    rows = members.sort([name.removeprefix("-") for name in order], down, found).tolist()
    _show(_rows(members, rows[:limit], columns), as_csv, as_json)
    if len(rows) > limit:
        click.echo(f"tiledviz: {len(rows)} members match, the first {limit} are shown: --limit shows more", err=True)


def _groups(members: MemberTable, column: str, found: Any) -> list[dict[str, Any]]:
    return [{column: group.value, "members": group.count} for group in members.group(column, found)]


def _show_histogram(members: MemberTable, column: str, bins: int, found: Any, as_csv: bool, as_json: bool) -> None:
    of = members.histogram(column, bins, found)
    edges, counts = of.edges.tolist(), of.counts.tolist()
    rows = [{"from": edges[at], "to": edges[at + 1], "members": count} for at, count in enumerate(counts)]
    if not as_csv and not as_json:
        most = max(counts, default=1)
        rows = [row | {"": "#" * round(BAR * count / most)} for row, count in zip(rows, counts, strict=True)]
    _show(rows, as_csv, as_json)
    if of.missing:
        click.echo(f"tiledviz: {of.missing} members have no value of {column}", err=True)


def _show(rows: list[dict[str, Any]], as_csv: bool, as_json: bool) -> None:
    if as_csv:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(rows[0] if rows else [])
        writer.writerows([_cell(value, exact=True) for value in row.values()] for row in rows)
        click.echo(text.getvalue(), nl=False)
        return
    whole = [{name: _json(value) for name, value in row.items()} for row in rows]
    cells = [[_cell(value) for value in row.values()] for row in rows]
    show(whole, as_json, lambda: table([printable(name) for name in rows[0]], cells) if rows else "No member matches.")


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Any, exact: bool = False) -> str:
    """Return *value* as people read it, or *exact*ly for other programs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if exact else f"{value:.6g}"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if exact else printable(text)
