"""``tiledviz record`` and ``tiledviz replay``: what the wall showed, for bug reports."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from tvcore.cli_kit import as_json, opened_store, session_key, session_option, show
from tvcore.cli_tiles import chosen
from tvcore.terminal import Progress

file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@file_argument
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=10.0, show_default=True, help="For how long.")
@click.option(
    "--width", type=click.IntRange(16, 16384), default=480, show_default=True, help="Of each tile, in pixels."
)
@click.option("--tiles", "wanted", default="all", show_default=True, metavar="TILES", help="As in `tiledviz tile`.")
@session_option
@as_json
def record(file: Path, seconds: float, width: int, wanted: str, session: str | None, as_json: bool) -> None:
    """Write what the tiles of a session show, as the browser gets it, into FILE; Ctrl-C ends it sooner.

    FILE holds their pictures, titles and metadata: show it (`tiledviz replay FILE`) before you send it to anybody.
    """
    from tvcore.recording.record import header_of
    from tvcore.recording.record import record as make

    with opened_store() as store:
        key = session_key(store, session)
        ids = chosen(store, wanted, "", key)  # this asks the agents, and so the wall that follows is true
        header = header_of(store.wall(key), ids, time.time())
    with Progress() as progress:
        outcome = make(file, header, width, seconds, progress.report)
    for reason in outcome.away:
        click.echo(f"tiledviz: not recorded: {reason}", err=True)
    show(
        {"file": str(file), **asdict(outcome)},
        as_json,
        lambda: (
            f"{file}: {outcome.tiles} tiles, {outcome.pictures} pictures, {outcome.bytes / 1e6:.1f} MB"
            f" in {outcome.seconds:.0f} s. It holds pictures, titles and metadata of these tiles:"
            f" look at it with `tiledviz replay {file}` before you send it to anybody."
        ),
    )


@click.command()
@file_argument
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the portal [default: 8765 or a free one]")
def replay(file: Path, port: int | None) -> None:
    """Show what FILE recorded on a wall of its own, again and again, until Ctrl-C."""
    from tvcore.recording.replay import run_replay

    run_replay(file, port)
