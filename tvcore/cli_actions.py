"""``tiledviz tile actions``, ``act`` and ``play``: what the cases of tiles offer, having it done; movies and PDFs."""

from __future__ import annotations

import time

import click

from tvcore import tiles as acts
from tvcore.cli_kit import as_json, opened_store, show
from tvcore.cli_tiles import chosen, tell, tile, tiles_argument, where_option
from tvcore.terminal import printable, table

__all__ = ["tile"]


@tile.command()
@tiles_argument
@where_option
@as_json
def actions(wanted: str, where: str, as_json: bool) -> None:
    """List the actions that the cases of TILES offer; `tiledviz tile act` does them."""
    with opened_store() as store:
        found = acts.actions(store, chosen(store, wanted, where))
    rows = [
        (
            each["name"],
            each["case"],
            printable(each["title"]),
            "each" if each["each"] == "tile" else "all at once",
            len(each["tiles"]),
        )
        for each in found["actions"]
    ]
    for error in found["errors"]:
        click.echo(f"tiledviz: {printable(error)}", err=True)
    if not rows and not as_json:
        click.echo("These tiles offer no actions: only live ones do, whose case has some.")
        return
    show(found, as_json, lambda: table(("action", "case", "", "done for", "tiles"), rows))


@tile.command()
@tiles_argument
@click.argument("at", type=click.FloatRange(min=0))
@click.option("--pause", is_flag=True, help="Stay there.")
@click.option("--rate", type=click.FloatRange(-64, 64), default=1.0, help="Seconds, or pages, a second.")
@where_option
@as_json
def play(wanted: str, at: float, pause: bool, rate: float, where: str, as_json: bool) -> None:
    """Play the movies of TILES from AT seconds on, all at the same moment; of PDFs AT is a page (with --pause)."""
    with opened_store() as store:
        ids = chosen(store, wanted, where)
        results = acts.play(store, ids, at, None if pause else time.time(), rate)
    tell(results, as_json, lambda _: "shown")


@tile.command()
@click.argument("name")
@tiles_argument
@where_option
@as_json
def act(name: str, wanted: str, where: str, as_json: bool) -> None:
    """Have the case of TILES do its action NAME: `tiledviz tile actions all` lists them."""
    with opened_store() as store:
        results = acts.act(store, chosen(store, wanted, where), name)
    tell(results, as_json, lambda found: printable(found["said"]))
