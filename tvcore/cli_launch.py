"""``tiledviz launch``: submit a job, and show how its tiles get live."""

from __future__ import annotations

import sys
from typing import Any

import click

from tvcore import api, words
from tvcore.cli_kit import as_json, opened_store, parse_settings, set_option, show, tiles_option
from tvcore.errors import UsageError
from tvcore.launching import Launch
from tvcore.store import Store
from tvcore.terminal import Progress


@click.command()
@click.argument("case", required=False)
@set_option
@tiles_option
@click.option("--again", metavar="JOB", help="Launch what JOB, which is over, showed; its tiles are replaced.")
@click.option("--detach", is_flag=True, help="Do not wait until the tiles are live.")
@as_json
def launch(
    case: str | None, settings: tuple[str, ...], tiles: int | None, again: str | None, detach: bool, as_json: bool
) -> None:
    """Submit a job that shows CASE, and wait until its tiles are live; they are on the wall from the start.

    Ctrl-C leaves the job to itself. The exit code is 1 when a tile failed.
    """
    if (case is None) == (again is None):
        raise UsageError("name a CASE (`tiledviz cases` lists them), or a job with --again JOB: one of the two")
    if again is not None and (settings or tiles is not None):
        raise UsageError("--again launches as before: it takes neither --set nor --tiles")
    with opened_store() as store:
        with Progress() as progress:
            if again is not None:
                job = api.launch_again(store, again, progress.report)
            else:
                job = api.launch(store, str(case), parse_settings(settings), tiles, report=progress.report)
        if detach:
            text = f"Job {job['id']}: {job['tiles']} tiles of {job['case']}. `tiledviz tiles` shows them."
            show(job, as_json, lambda: text)
            return
        found = wait(store, job["id"], as_json)
        job = next((now for now in api.jobs(store, ask=False) if now["id"] == job["id"]), job)
    show(job, as_json, lambda: f"Job {job['id']}: {words.outcome(found)}")
    if any(tile["state"] != "live" for tile in found) or not found:
        sys.exit(1)


def wait(store: Store, job: str, silently: bool) -> list[dict[str, Any]]:
    """Wait until no tile of *job* is on its way any more, and return its tiles."""
    try:
        if silently:
            return api.wait_until_live(store, job, lambda _job, _tiles: None)
        with Launch(lambda tile, lines: api.logs(store, str(tile), lines)) as shown:
            return api.wait_until_live(store, job, shown.report)
    except KeyboardInterrupt:
        follow = f"`tiledviz tiles` shows its tiles, `tiledviz stop {job}` ends it."
        click.echo(f"\nJob {job} goes on: {follow}", err=True)
        sys.exit(130)
