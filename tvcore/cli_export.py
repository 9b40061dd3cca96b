"""``tiledviz export``: what is on the wall, as a file that others read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from tvcore.cli_kit import as_json, matching, opened_store, session_key, session_option, show
from tvcore.errors import UsageError
from tvcore.exporting import FORMATS
from tvcore.exporting.sheet_layout import PAPERS, SheetOptions
from tvcore.terminal import Progress, printable

SHEET = "sheet"


def _grid(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Return how many tiles stand side by side and one below the other in ``4x6``."""
    if value is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]?)x([1-9][0-9]?)", value, re.ASCII)
    if match is None:
        raise click.BadParameter(f"{value!r}: write it as ACROSSxDOWN, e.g. 4x6", context, parameter)
    return int(match[1]), int(match[2])


@click.command()
@click.argument("how", metavar="FORMAT", type=click.Choice([*FORMATS, SHEET]))
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("query", default="")
@click.option(
    "--pictures", type=click.Path(path_type=Path), metavar="FOLDER", help="Keep what the tiles show in this new folder."
)
@click.option("--set", "name", metavar="NAME", help="Export a tile set that is kept, instead of the wall.")
@click.option("--columns", metavar="A,B", help="Of a sheet: whose values stand below each picture.")
@click.option("--tags", is_flag=True, default=None, help="Of a sheet: the tags stand there too.")
@click.option("--per-page", callback=_grid, metavar="4x6", help="Of a sheet: tiles across and down on a page.")
@click.option("--paper", type=click.Choice(list(PAPERS)), help="Of a sheet.  [default: a4]")
@click.option("--landscape", is_flag=True, default=None, help="Of a sheet.")
@click.option("--title", help="Of a sheet: what stands on each page.  [default: the session's title]")
@click.option(
    "--font", type=click.Path(path_type=Path), help="Of a sheet: a font file (TrueType) that has the letters."
)
@session_option
@as_json
def export(
    how: str,
    path: Path,
    query: str,
    pictures: Path | None,
    name: str | None,
    session: str | None,
    as_json: bool,
    font: Path | None,
    **look: Any,
) -> None:
    """Write the tiles of a session that QUERY matches, without it all of its wall, to the new PATH.

    FORMAT is tiledviz, csv, cinema (PATH is NAME.cdb, with pictures of the tiles in it), tileset or sheet (PATH is
    NAME.pdf or NAME.png: pages of pictures with titles and values). What it cannot hold is said row by row.
    """
    given = {option: value for option, value in (look | {"font": font}).items() if value is not None}
    if how == SHEET:
        if name or pictures:
            raise UsageError("a contact sheet is of a wall: leave --set and --pictures out")
        _sheet(path, query, font, _options(given), session, as_json)
        return
    if given:
        raise UsageError(
            f"--{next(iter(given)).replace('_', '-')} is for a contact sheet: `tiledviz export sheet PATH`"
        )
    from tvcore.exporting.exports import export_set, export_wall
    from tvcore.importing.report import Report, report_lines

    if name and (query or pictures):
        raise UsageError("a tile set that is kept is exported as it is: leave QUERY and --pictures out")
    with opened_store() as store, Progress() as progress:
        key = session_key(store, session)
        if name:
            done = export_set(store, name, how, path, Report(), store.sessions.project_of(key))
        else:
            ids = [tile["id"] for tile in matching(store, query, session=key)] if query else None
            told = progress.report
            done = export_wall(store, ids, how, path, Report(), pictures=pictures, progress=told, session=key)
    lines = [f"wrote {done['path']}", *report_lines(done["report"])]
    show(done, as_json, lambda: "\n".join(printable(line) for line in lines))


def _sheet(path: Path, query: str, font: Path | None, options: SheetOptions, session: str | None, json: bool) -> None:
    from tvcore.exporting.sheet import write_sheet
    from tvcore.importing.report import Report, report_lines

    with opened_store() as store, Progress() as progress:
        key = session_key(store, session)
        ids = [tile["id"] for tile in matching(store, query, session=key)] if query else None
        done = write_sheet(store, ids, path, options, Report(), font=font, progress=progress.report, session=key)
    lines = [*(f"wrote {each}" for each in done["paths"]), *report_lines(done["report"])]
    show(done, json, lambda: "\n".join(printable(line) for line in lines))


def _options(given: dict[str, Any]) -> SheetOptions:
    look = {option: value for option, value in given.items() if option != "font"}
    if "columns" in look:
        look["columns"] = tuple(name.strip() for name in look["columns"].split(",") if name.strip())
    if "per_page" in look:
        look["across"], look["down"] = look.pop("per_page")
    try:
        return SheetOptions(**look)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"--{first['loc'][0]}: {first['msg']}") from error
