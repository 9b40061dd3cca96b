"""A file of a kind that a plugin draws becomes a picture, by a process of its own with a time limit."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tvcore.batch.plan import TilePlan
from tvcore.causes import Cause, TileFailureError
from tvcore.node.logs import Log
from tvcore.node.node import Node

BIRTH_SECONDS = 60.0  # until the plugin is asked: everything is loaded before, from a slow disk perhaps


async def draw(plan: TilePlan, node: Node, folder: Path, log: Log) -> str:
    """Return the path of the picture that the plugin of *plan* makes of its file in *folder*.

    What the plugin prints goes to *log*. Raises TileFailureError, one line.
    """
    assert plan.drawn_by
    if not await asyncio.to_thread(os.access, plan.source, os.R_OK):
        raise TileFailureError(Cause.FILE_MISSING, f"{plan.source} cannot be read")
    program = [sys.executable, "-P", "-m", "tvcore.cases.kinds"]
    by = plan.drawn_by
    arguments = [*program, by.plugin, by.kind, plan.source, str(folder), str(by.seconds)]
    environment = os.environ | {"TILEDVIZ_HOME": str(node.state)}
    async with node.slots:
        code, said = await node.children.ask(arguments, environment, by.seconds + BIRTH_SECONDS)
    printed, _, last = said.rstrip("\n").rpartition("\n")
    for line in printed.splitlines():
        if line.strip():
            log.write(f"{line}\n".encode())
    if code in (None, -signal.SIGALRM):
        raise _broken(plan, f"its kind of tile, {by.kind}, took longer than {by.seconds:g} s (plugins.seconds)")
    try:
        answer = json.loads(last)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or code:
        raise _broken(plan, f"the process that draws it ended with exit code {code}: the tile's log has its words")
    if "picture" not in answer:
        raise _broken(plan, str(answer.get("error")))
    return str(answer["picture"])


def _broken(plan: TilePlan, why: str) -> TileFailureError:
    return TileFailureError(Cause.FILE_BROKEN, f"{plan.source} cannot be shown: {why}")
