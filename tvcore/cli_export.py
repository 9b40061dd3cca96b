"""``tiledviz export``: what is on the wall, as a file that others read."""

from __future__ import annotations

from pathlib import Path

import click

from tvcore.cli_kit import as_json, matching, opened_store, session_key, session_option, show
from tvcore.errors import UsageError
from tvcore.exporting import FORMATS
from tvcore.terminal import Progress, printable


@click.command()
@click.argument("how", metavar="FORMAT", type=click.Choice(FORMATS))
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("query", default="")
@click.option(
    "--pictures", type=click.Path(path_type=Path), metavar="FOLDER", help="Keep what the tiles show in this new folder."
)
@click.option("--set", "name", metavar="NAME", help="Export a tile set that is kept, instead of the wall.")
@session_option
@as_json
def export(
    how: str, path: Path, query: str, pictures: Path | None, name: str | None, session: str | None, as_json: bool
) -> None:
    """Write the tiles of a session that QUERY matches, without it all of its wall, to the new PATH.

    FORMAT is tiledviz, csv, cinema (PATH is NAME.cdb, with pictures of the tiles in it) or tileset. What it cannot hold
    is said row by row.
    """
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
