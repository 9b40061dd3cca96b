"""``tiledviz export``: what is on the wall, as a file that others read."""

from __future__ import annotations

from pathlib import Path

import click

from tvcore.cli_kit import as_json, matching, opened_store, show
from tvcore.exporting.exports import FORMATS
from tvcore.terminal import printable


@click.command()
@click.argument("how", metavar="FORMAT", type=click.Choice(FORMATS))
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("query", default="")
@as_json
def export(how: str, path: Path, query: str, as_json: bool) -> None:
    """Write the tiles that QUERY matches, without it all of the wall, to the new PATH.

    FORMAT is tiledviz, csv, cinema (PATH is NAME.cdb) or tileset. What it cannot hold is said row by row.
    """
    from tvcore.exporting.exports import export as export_to
    from tvcore.exporting.freeze import tileset_of_wall
    from tvcore.importing.report import Report, report_lines

    report = Report()
    with opened_store() as store:
        ids = [tile["id"] for tile in matching(store, query)] if query else None
        found = tileset_of_wall(store, ids, report)
    done = export_to(found, how, path, report)
    show(done, as_json, lambda: printable("\n".join([f"wrote {done['path']}", *report_lines(done["report"])])))
