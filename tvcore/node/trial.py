"""One tile by hand: its life in the terminal, with what a job would give it, and each command told before it runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2

from tvcore import paths
from tvcore.batch.plan import Plan
from tvcore.container.gl import Truth
from tvcore.node.children import Child, Children
from tvcore.node.logs import Log
from tvcore.node.media_tile import AnyTile
from tvcore.node.prepare import prepared
from tvcore.node.status import TileStatus
from tvcore.node.tile import Tile

Say = Callable[[str], None]


class _Telling(Children):
    """Children of which each is told before it is started."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self._say = say

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], *others: Any, **named: Any) -> Child:
        self._say(f"$ {as_typed(arguments, environment, os.environ)}")
        return super().start(arguments, environment, *others, **named)


def as_typed(arguments: Sequence[str], environment: Mapping[str, str], inherited: Mapping[str, str]) -> str:
    """Return how a person would type the command into a shell whose environment is *inherited*."""
    new = [f"{name}={shlex.quote(value)}" for name, value in environment.items() if inherited.get(name) != value]
    return " ".join([*new, shlex.join(arguments)])


class _Terminal(Log):
    """A log that is seen in the terminal while it is written."""

    def write(self, data: bytes) -> None:
        super().write(data)
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


async def run(plan: Plan, say: Say, picture: Path | None = None, seconds: float | None = None) -> TileStatus:
    """Run the one tile of *plan* on this machine until its program ends, SIGINT or SIGTERM; return how it ended.

    *say* gets a line per command and per step. *picture*: a file for what the tile shows once it is live (PNG), and
    again at the end. *seconds*: how long to go on once it is live. Raises TiledVizError.
    """
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    live = asyncio.Event()
    looked = asyncio.Event()

    def changed(tile: AnyTile, _at_once: bool) -> None:
        status = tile.status
        for event, reached in ((live, status.state == "live"), (looked, status.gl), (over, status.state == "failed")):
            if reached:
                event.set()

    with tempfile.TemporaryDirectory(prefix="try-", dir=paths.secure_folder(Path(plan.state) / "jobs")) as logs:
        async with prepared(plan, plan.tiles, Path(logs), changed, children=lambda: _Telling(say), tries=1) as node:
            tile = Tile(plan.tiles[0], node)
            tile.log.close()
            tile.log = _Terminal(tile.log.path)
            life = asyncio.create_task(tile.run())
            away = tile.look(10, pictures=True)
            try:
                await _first(live, over)
                if live.is_set() and not over.is_set():
                    await _first(looked, over)
                    _tell_live(tile, say, picture)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(seconds):
                            await over.wait()
                _save(tile, picture)
                status = tile.status
            finally:
                away()
                life.cancel()
                await asyncio.gather(life, return_exceptions=True)
    return status


def _tell_live(tile: Tile, say: Say, picture: Path | None) -> None:
    status = tile.status
    truth = Truth(**status.gl) if status.gl else None
    drawn = f", drawn by {truth.renderer}" if truth else ""
    note = f" ({truth.note})" if truth and truth.note else ""
    say(f"live: {status.width} × {status.height} pixels{drawn}{note}")
    if _save(tile, picture):
        say(f"what it shows: {picture}")
    say("Ctrl-C ends it.")


def _save(tile: Tile, picture: Path | None) -> bool:
    return picture is not None and tile.pixels.size > 0 and cv2.imwrite(str(picture), tile.pixels[:, :, :3])


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
