"""``tiledviz import`` and ``tiledviz tileset``: tile sets that are kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tvcore.cli_kit import (
    as_json,
    opened_store,
    parse_settings,
    project_id,
    project_option,
    session_key,
    session_option,
    set_option,
    show,
)
from tvcore.cli_launch import wait
from tvcore.importing.report import report_lines
from tvcore.store import Store
from tvcore.terminal import Progress, printable, table, when
from tvcore.tilesets import library

name_argument = click.argument("name")


def _list_formats(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the formats that can be imported, those of plugins too, and end."""
    if not wanted:
        return
    from tvcore.importing.formats import formats

    found, problems = formats()
    click.echo(table(("format", "what it is", "from"), [(row["name"], row["title"], row["origin"]) for row in found]))
    for problem in problems:
        click.echo(f"tiledviz: {printable(problem)}", err=True)
    context.exit(0)


@click.command(name="import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--as", "how", metavar="FORMAT", help="One of those that --formats lists [default: found out]")
@click.option("--formats", is_flag=True, is_eager=True, expose_value=False, callback=_list_formats, help="List them.")
@click.option("--name", help="What the tile set is called [default: as the file]")
@click.option("--title", help="The title that people read [default: the file's]")
@click.option(
    "--set", "options", multiple=True, metavar="KEY=VALUE", help="An option of the format: docs/importing.md."
)
@click.option("--show/--no-show", "shown", default=True, help="Put it on the wall [default: yes]")
@session_option
@as_json
def import_(
    path: Path,
    how: str | None,
    name: str | None,
    title: str | None,
    options: tuple[str, ...],
    shown: bool,
    session: str | None,
    as_json: bool,
) -> None:
    """Keep what a file or folder holds as a tile set, and put it on the wall.

    It may be a TiledViz file, a Cinema database, a CSV or Parquet table, a folder of pictures, an HDF5 ensemble, or a
    tile set. What was taken, changed and left is said row by row.
    """
    with opened_store() as store:
        key = session_key(store, session)
        with Progress() as progress:
            progress.report(0.0, f"reading {path.name}")
            done = library.import_set(
                store, str(path), how, parse_settings(options), name, title, project=store.sessions.project_of(key)
            )
        if not as_json:
            lines = [f"tile set {done['name']}", *report_lines(done["report"])]
            click.echo("\n".join(printable(line) for line in lines))
        if shown and done["report"]["took"]:
            done["job"] = _put(store, done["name"], {}, None, key, as_json)
    show(done, as_json, lambda: f"`tiledviz tileset edit {done['name']}` opens it in your editor.")


def _put(
    store: Store, name: str, settings: dict[str, object], replace: str | None, session: str, as_json: bool
) -> dict[str, Any]:
    """Show a set in a session and wait until its tiles are there; return the job."""
    job = library.show_set(store, name, settings, replace, session)
    wait(store, job["id"], as_json)
    return job


@click.group(name="tileset")
def tileset() -> None:
    """Keep tile sets: list, show, edit, copy, rename, remove; what they were can be had back."""


@tileset.command(name="list")
@click.argument("query", default="")
@project_option
@as_json
def list_(query: str, project: str | None, as_json: bool) -> None:
    """List the tile sets that have QUERY in their name or title; all without one."""
    with opened_store() as store:
        found = library.saved(store, query, project_id(store, project))
    rows = [
        (each["name"], printable(each["title"]), each["tiles"], each["columns"], each["revision"], when(each["at"]),
         " ".join(each["jobs"]))
        for each in found
    ]  # fmt: skip
    empty = "No such tile set." if query else "No tile sets: `tiledviz import PATH` makes one."
    header = ("name", "title", "tiles", "columns", "revision", "changed", "on the wall by")
    show(found, as_json, lambda: table(header, rows) if rows else empty)


@tileset.command(name="show")
@name_argument
@set_option
@click.option("--replace", metavar="JOB", help="A job that shows the set as it was: its tiles are replaced.")
@session_option
@as_json
def show_(name: str, settings: tuple[str, ...], replace: str | None, session: str | None, as_json: bool) -> None:
    """Put a tile set on the wall; on this machine, without a batch job, unless --set scheduler.backend says else."""
    with opened_store() as store:
        job = _put(store, name, parse_settings(settings), replace, session_key(store, session), as_json)
        found = [tile for tile in store.tiles() if tile["job"] == job["id"]]
    show(job, as_json, lambda: f"Job {job['id']}: {len(found)} tiles on the wall.")


@tileset.command(name="print")
@name_argument
@click.option("--revision", type=click.IntRange(min=1), help="As it was then.")
@project_option
def print_(name: str, revision: int | None, project: str | None) -> None:
    """Print a tile set as JSON: what `tileset edit` opens."""
    with opened_store() as store:
        found = library.read_set(store, name, revision, project_id(store, project))
    show(found["document"], True, str)


@tileset.command()
@name_argument
@project_option
@as_json
def edit(name: str, project: str | None, as_json: bool) -> None:
    """Open a tile set as JSON in $VISUAL or $EDITOR, and keep what you save.

    What is wrong is said at the top of the file, and the editor opened again; nothing that you typed is lost.
    """
    edit_named(name, as_json, project)


def edit_named(name: str, as_json: bool, project: str | None = None) -> None:
    """Edit the set *name*, and say what came of it."""
    from tvcore.tilesets.edit import edit_set

    def again(problem: str) -> bool:
        click.echo(f"tiledviz: {printable(problem)}", err=True)
        return sys.stdin.isatty() and click.confirm("Edit again?", default=True, err=True)

    with opened_store() as store:
        done = edit_set(store, name, again, project_id(store, project))
    show(done, as_json, lambda: _edited(name, done))


def _edited(name: str, done: dict[str, Any]) -> str:
    if not done:
        return f"{name} is as it was."
    wall = done["wall"]
    lines = [f"{name} is at revision {done['revision']}."]
    if wall["updated"]:
        lines.append(f"{wall['updated']} tiles on the wall say so.")
    lines += [f"`tiledviz tileset show {name} --replace {job}` shows the rest." for job in wall["again"]]
    return "\n".join(lines)


@tileset.command()
@name_argument
@click.argument("to")
@project_option
@as_json
def copy(name: str, to: str, project: str | None, as_json: bool) -> None:
    """Keep a copy of a tile set as TO."""
    with opened_store() as store:
        done = library.copy_set(store, name, to, project=project_id(store, project))
    show(done, as_json, lambda: f"{to} is a copy of {name}.")


@tileset.command()
@name_argument
@click.argument("to")
@project_option
@as_json
def rename(name: str, to: str, project: str | None, as_json: bool) -> None:
    """Call a tile set TO."""
    with opened_store() as store:
        done = library.rename_set(store, name, to, project_id(store, project))
    show(done, as_json, lambda: f"{name} is called {to} now.")


@tileset.command()
@name_argument
@project_option
@as_json
def remove(name: str, project: str | None, as_json: bool) -> None:
    """Remove a tile set; its tiles stay on the wall."""
    with opened_store() as store:
        done = library.remove_set(store, name, project_id(store, project))
    back = f"`tiledviz tileset restore {name} {done['revision']}` has it back."
    show(done, as_json, lambda: f"{name} is removed. {back}")


@tileset.command()
@name_argument
@project_option
@as_json
def revisions(name: str, project: str | None, as_json: bool) -> None:
    """List what a tile set was, the last first."""
    with opened_store() as store:
        found = library.revisions(store, name, project_id(store, project))
    rows = [
        (each["revision"], when(each["at"]), printable(each["person"]), each["tiles"], printable(each["label"]))
        for each in found
    ]
    show(found, as_json, lambda: table(("revision", "at", "by", "tiles", ""), rows))


@tileset.command()
@name_argument
@click.argument("revision", type=click.IntRange(min=1))
@project_option
@as_json
def restore(name: str, revision: int, project: str | None, as_json: bool) -> None:
    """Make a tile set what it was at REVISION; also one that was removed."""
    with opened_store() as store:
        done = library.restore_set(store, name, revision, project=project_id(store, project))
    show(done, as_json, lambda: f"{name} is what it was at revision {revision}.")
