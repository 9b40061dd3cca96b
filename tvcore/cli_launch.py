"""``tiledviz launch``: submit a job, and show how its tiles get live."""

from __future__ import annotations

import sys
from typing import Any

import click

from tvcore import api, launch_form, presets, words
from tvcore.cli_kit import (
    as_json,
    opened_store,
    parse_settings,
    session_key,
    session_option,
    set_option,
    show,
    tiles_option,
)
from tvcore.errors import UsageError
from tvcore.launching import Launch
from tvcore.store import Store
from tvcore.terminal import Progress, printable

Given = tuple[str, dict[str, object], int | None]


@click.command()
@click.argument("case", required=False)
@set_option
@tiles_option
@click.option("--preset", metavar="NAME", help="Take what was kept as NAME; --set and --tiles count more.")
@click.option("--again", metavar="JOB", help="Launch what JOB, which is over, showed; its tiles are replaced.")
@session_option
@click.option("--detach", is_flag=True, help="Do not wait until the tiles are live.")
@click.option("--prepare-only", is_flag=True, help="Do all but submit the job: print what to type to run each tile.")
@as_json
def launch(
    case: str | None,
    settings: tuple[str, ...],
    tiles: int | None,
    preset: str | None,
    again: str | None,
    session: str | None,
    detach: bool,
    prepare_only: bool,
    as_json: bool,
) -> None:
    """Submit a job that shows CASE, and wait until its tiles are live; they are on the wall from the start.

    A set of parameters is one of the session's project.

    Ctrl-C leaves the job to itself. The exit code is 1 when a tile failed.
    """
    if again is not None and (prepare_only or preset is not None):
        raise UsageError("--again launches as before: it takes neither --preset nor --prepare-only")
    if (case is None and preset is None) == (again is None):
        raise UsageError("name a CASE (`tiledviz cases` lists them), or a job with --again JOB: one of the two")
    if again is not None and (settings or tiles is not None):
        raise UsageError("--again launches as before: it takes neither --set nor --tiles")
    with opened_store() as store:
        key = session_key(store, session)
        if prepare_only:
            _prepare(_given(store, case, settings, tiles, preset, key), as_json)
            return
        with Progress() as progress:
            if again is not None:
                job = api.launch_again(store, again, progress.report)
            else:
                name, given, count = _given(store, case, settings, tiles, preset, key)
                job = api.launch(store, name, given, count, report=progress.report, session=key)
        if detach:
            text = f"Job {job['id']}: {job['tiles']} tiles of {job['case']}. `tiledviz tiles` shows them."
            show(job, as_json, lambda: text)
            return
        found = wait(store, job["id"], as_json)
        job = next((now for now in api.jobs(store, ask=False) if now["id"] == job["id"]), job)
    show(job, as_json, lambda: f"Job {job['id']}: {words.outcome(found)}")
    if any(tile["state"] != "live" for tile in found) or not found:
        sys.exit(1)


def _given(
    store: Store, case: str | None, settings: tuple[str, ...], tiles: int | None, preset: str | None, session: str
) -> Given:
    """Return case, what is set, and how many tiles: as typed, over what the set *preset* has."""
    typed = parse_settings(settings)
    if preset is None:
        return str(case), typed, tiles
    kept = presets.read(store, preset, store.sessions.project_of(session))
    if case not in (None, kept.case):
        raise UsageError(f"the set of parameters {preset} is for the case {kept.case}, not {case}")
    return kept.case, presets.over(kept, typed), kept.tiles if tiles is None else tiles


def _prepare(wanted: Given, as_json: bool) -> None:
    case, given, tiles = wanted
    with Progress() as progress:
        found = launch_form.prepare_only(case, given, tiles, progress.report)
    lines = [f"{each['command']}  # {printable(each['title'])}" for each in found["commands"]]
    head = [f"The script is {found['path']}", *([found["submit"]] if found["submit"] else [])]
    show(found, as_json, lambda: "\n".join([*head, *lines]))


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
