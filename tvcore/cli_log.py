"""``tiledviz log``: how much the portal says of itself, changed while it runs."""

from __future__ import annotations

from typing import cast

import click

from tvcore import logs
from tvcore.cli_kit import as_json, show
from tvcore.portal.instance import running


@click.command()
@click.argument("level", required=False, type=click.Choice(logs.LEVELS))
@as_json
def log(level: str | None, as_json: bool) -> None:
    """Have the portal log at LEVEL from now on, or say at which it does; it need not be started again."""
    if level is not None:
        logs.choose(cast("logs.Level", level))
    there = running() is not None
    found = {"level": logs.level(), "portal": there}
    whose = "The portal logs" if there else "No portal runs: the next one logs"
    show(found, as_json, lambda: f"{whose} at the level {found['level']}.")
