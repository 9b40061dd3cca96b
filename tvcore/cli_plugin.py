"""``tiledviz plugin``: the plugins there are, and what those who write one need."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tvcore.cli_kit import as_json, parse_settings, set_option, show
from tvcore.errors import UsageError
from tvcore.terminal import Progress, printable, table


@click.group()
def plugin() -> None:
    """Plugins: those there are, a new one, what is wrong with one, and one run for a try (docs/plugins.md)."""


@plugin.command(name="list")
@as_json
def list_(as_json: bool) -> None:
    """List all plugins: where each comes from, whether it counts, and what is wrong with it."""
    from tvcore.authoring.listing import listed

    found = listed()

    def text() -> str:
        rows = [(each["name"], each["state"], printable(each["origin"]), printable(_about(each))) for each in found]
        return table(("plugin", "", "from", ""), rows)

    show(found, as_json, text)


def _about(each: dict[str, Any]) -> str:
    return each["error"] or each["why"] or "; ".join(each["warnings"]) or each["title"]


@plugin.command()
@click.argument("name")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Where its files go [default: ./NAME]."
)
@as_json
def new(name: str, folder: Path | None, as_json: bool) -> None:
    """Write the files of a small case NAME that works: a package with a test, to be changed from there."""
    from tvcore.authoring.template import new as write

    files = write(name, folder)
    root = files[0].parent
    text = "\n".join(
        [
            *(f"{path}" for path in files),
            f"`tiledviz plugin check {root}` says whether anything is wrong, `tiledviz plugin test {root}` runs it,",
            f"and `pip install -e {root}` has it among the cases. How to go on: docs/plugins.md.",
        ]
    )
    show({"name": name, "folder": str(root), "files": [str(path) for path in files]}, as_json, lambda: text)


@plugin.command()
@click.argument("what", metavar="PATH|NAME")
@set_option
@click.option(
    "--members", type=click.IntRange(1, 10_000), default=2, show_default=True, help="How many members to look at."
)
@as_json
def check(what: str, settings: tuple[str, ...], members: int, as_json: bool) -> None:
    """Say in words all that is wrong with a plugin: a module, its folder, its project, or one by its NAME.

    Its hooks are called for the first members, what these need is made. The exit code is 1 when anything is wrong; a
    warning is nothing wrong.
    """
    from tvcore.authoring.check import check as look

    with Progress() as progress:
        found = look(what, parse_settings(settings), members, progress.report)
    show(found.document(), as_json, lambda: "\n".join(printable(line) for line in found.lines()))
    sys.exit(1 if found.errors else 0)


@plugin.command()
@click.argument("what", metavar="PATH|NAME")
@set_option
@click.option("--tiles", type=click.IntRange(1, 1024), default=2, show_default=True, help="How many tiles to run.")
@click.option("--actions", is_flag=True, help="Do the actions too that need no choice.")
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for a picture of each tile [default: ./NAME-test].",
)
@as_json
def test(what: str, settings: tuple[str, ...], tiles: int, actions: bool, pictures: Path | None, as_json: bool) -> None:
    """Run a plugin for a try: a job on this machine that your wall knows nothing of, until its tiles are live.

    A picture of each tile is saved, and the job is ended. The exit code is 1 when a tile was not live, or an action
    failed.
    """
    from tvcore.authoring import trial

    def say(text: str) -> None:
        click.echo(printable(text), err=as_json)

    given = parse_settings(settings)
    if "scheduler.backend" in given:
        raise UsageError("--set scheduler.backend: a try runs on this machine; `tiledviz launch` takes it elsewhere")
    with Progress() as progress:
        seen = trial.run(what, given, tiles, pictures, actions, say, progress.report)
    live = sum(each.state == "live" for each in seen.tiles)
    show(seen.document(), as_json, lambda: f"{seen.plugin}: {live} of {len(seen.tiles)} tiles were live")
    sys.exit(0 if seen.good else 1)
