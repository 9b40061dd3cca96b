"""``tiledviz try``: one tile of a case by hand, before the job."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from tvcore import api
from tvcore.causes import Cause
from tvcore.cli_kit import as_json, parse_settings, set_option
from tvcore.errors import TiledVizError, UsageError
from tvcore.terminal import Progress


@click.command(name="try")
@click.argument("case")
@click.option("--member", type=int, default=0, show_default=True, metavar="K", help="Which member, counted from 0.")
@set_option
@click.option(
    "--picture", type=click.Path(dir_okay=False, path_type=Path), help="Write what the tile shows to this PNG file."
)
@click.option("--seconds", type=click.FloatRange(min=0), help="End so many seconds after the tile is live.")
@as_json
def try_(
    case: str, member: int, settings: tuple[str, ...], picture: Path | None, seconds: float | None, as_json: bool
) -> None:
    """Run one tile of CASE here, in this terminal, with what a job would give it; say each command before it runs.

    Nothing is started again when it ends, and nothing joins the wall. The exit code is 1 when the tile fails. Within a
    job of yours (salloc, srun --pty) it has the node's GPUs.
    """
    if member < 0:
        raise UsageError(f"--member {member}: members are counted from 0")
    if picture is not None and (picture.suffix.lower() != ".png" or not picture.absolute().parent.is_dir()):
        raise UsageError(f"--picture {picture}: name a file NAME.png in a folder that there is")
    from tvcore.node import trial

    with Progress() as progress:
        plan, _ = api.plan_case(case, parse_settings(settings), report=progress.report, indices=[member])

    def say(text: str) -> None:
        click.echo(text, err=True)

    say(f"member {member} of {case}: {plan.tiles[0].title}")
    status = asyncio.run(trial.run(plan, say, picture, seconds))
    if as_json:
        click.echo(json.dumps(asdict(status), indent=2, ensure_ascii=False))
    if status.state == "failed":
        advice = f" {Cause(status.cause).advice}" if status.cause else ""
        raise TiledVizError(f"{status.cause}: {status.reason}.{advice}")
    sys.exit(0)
