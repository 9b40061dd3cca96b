"""A node agent whose displays are arrays that a thread paints: its hub and encoders are the real ones.

``.venv/bin/python tests/benchmarks/synthetic.py --tiles N --state DIR [--size 1920x1080] [--rate 10] [--share 1]``
registers N displays in the state folder DIR, puts them on its wall, prints ``ready`` and paints until SIGTERM: *share*
of them, always the same or, with ``--another``, another choice each time, *rate* times a second (0: never), evenly
over time, and only what is looked at.
Every pixel of a display changes; the code over it is the player's. Its last line on stderr is one JSON object: seconds
of CPU time by stage (paint, scale, jpeg, loop), frames painted, pictures made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from player import FIELD, PlayedTile, draw_code, field_of_colours, put_on_wall, serving
from tvcore.batch.plan import Plan, TilePlan
from tvcore.node.damage import Rect
from tvcore.node.logs import Log
from tvcore.node.pool import Encoders
from tvcore.node.rfb import Pixels
from tvcore.node.rpc import Rpc
from tvcore.node.wall import Wall

SLOTS = 10  # per period, in each of which some of the displays change
STEP = 7  # pixels that the field moves from one frame to the next


class SyntheticTile(PlayedTile):
    """A display that is an array."""

    def __init__(self, plan: TilePlan, log: Log, colours: Pixels) -> None:
        super().__init__(plan, log)
        self.pixels: Pixels = np.empty((plan.height, plan.width, 4), np.uint8)
        self.captured = time.time()
        self.busy = False
        self.screen = None
        self.viewers: set[Callable[[int, tuple[Rect, ...]], None]] = set()
        self._colours = colours
        self._holds = self._lookers = 0
        self.paint(1)
        self.frames = 1

    @property
    def free(self) -> bool:
        """Return whether it may be painted now, and somebody looks."""
        return bool(self._lookers) and not self._holds and not self.busy

    @property
    def watched(self) -> bool:
        """Return whether somebody looks."""
        return self._lookers > 0

    def hold(self) -> None:
        """Have it not be painted."""
        self._holds += 1

    def release(self) -> None:
        """Let it be painted again."""
        self._holds -= 1

    def look(self, rate: int, pictures: bool) -> Callable[[], None]:
        """Note that somebody looks."""
        self._lookers += 1

        def away() -> None:
            self._lookers -= 1

        return away

    def paint(self, frame: int) -> None:
        """Change every pixel."""
        height, width = self.pixels.shape[:2]
        index = self.plan.index
        left = (37 * index + STEP * frame) % (FIELD - width)
        top = (91 * index + STEP * (frame // 2)) % (FIELD - height)
        self.pixels[:] = self._colours[top : top + height, left : left + width]
        draw_code(self.pixels, index, frame)


Choose = Callable[[Sequence[SyntheticTile]], list[SyntheticTile]]


def chooser(share: float, another: bool, seed: int) -> Choose:
    """Return what says which of some displays change now: *share* of them, always the same or *another* choice."""
    dice = random.Random(seed)

    def choose(tiles: Sequence[SyntheticTile]) -> list[SyntheticTile]:
        return [t for t in tiles if (dice.random() if another else (t.plan.index * 0.618034 + seed) % 1) < share]

    return choose


class Painter:
    """Paints *tiles* in a thread of its own."""

    def __init__(self, tiles: Sequence[SyntheticTile], rpc: Rpc, choose: Choose) -> None:
        self._tiles = tiles
        self._rpc = rpc
        self._choose = choose
        self._pool = ThreadPoolExecutor(1)
        self.seconds = 0.0
        self.frames = 0

    async def run(self, rate: float) -> None:
        """Paint until cancelled; a display that is being read is painted as soon as it may be."""
        loop = asyncio.get_running_loop()
        at, slot, late = loop.time(), 0, list[SyntheticTile]()
        while True:
            some = self._choose(self._tiles[slot::SLOTS])
            due = dict.fromkeys([*late, *some])
            late = [tile for tile in due if tile.watched and not tile.free]
            await self._paint([tile for tile in due if tile.free])
            at, slot = at + 1 / rate / SLOTS, (slot + 1) % SLOTS
            await asyncio.sleep(max(0.0, at - loop.time()))

    async def _paint(self, tiles: list[SyntheticTile]) -> None:
        for tile in tiles:
            tile.busy = True
        for tile in tiles:
            self.seconds += await asyncio.get_running_loop().run_in_executor(self._pool, _timed, tile)
            tile.busy = False
            tile.frames += 1
            tile.captured = time.time()
            self.frames += 1
            for changed in list(tile.viewers):
                changed(tile.plan.index, (Rect(0, 0, tile.plan.width, tile.plan.height),))
            self._rpc.changed(tile, False)  # type: ignore[arg-type]

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown()


def _timed(tile: SyntheticTile) -> float:
    begun = time.thread_time()
    tile.paint(tile.frames + 1)
    return time.thread_time() - begun


async def serve(plan: Plan, job: str, folder: Path, rate: float, choose: Choose) -> dict[str, float]:
    """Serve the streams of the tiles of *plan* until SIGTERM; return what it has cost."""
    log, colours = Log(folder / "tiles.log"), field_of_colours()
    tiles = {tile.index: SyntheticTile(tile, log, colours) for tile in plan.tiles}
    rpc = Rpc(tiles)  # type: ignore[arg-type]
    encoders = Encoders(plan.encoders, plan.cores)
    painter = Painter(list(tiles.values()), rpc, choose)
    wall = Wall(tiles, encoders)  # type: ignore[arg-type]
    async with serving(plan, job, folder, tiles, rpc, wall) as stop:
        painting = [asyncio.create_task(painter.run(rate))] if rate else []
        loop_begun = time.thread_time()
        print("ready", flush=True)
        await stop.wait()
        for task in painting:
            task.cancel()
        await asyncio.gather(*painting, return_exceptions=True)
    encoders.close()
    painter.close()
    return {
        "paint": round(painter.seconds, 3),
        **{stage: round(seconds, 3) for stage, seconds in encoders.spent.items()},
        "loop": round(time.thread_time() - loop_begun, 3),
        "frames": painter.frames,
        "pictures": encoders.pictures,
    }


def main(arguments: Iterable[str] | None = None) -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tiles", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--share", type=float, default=1)
    parser.add_argument("--another", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(None if arguments is None else list(arguments))
    width, height = map(int, given.size.split("x"))
    choose = chooser(given.share, given.another, given.seed)
    plan, job = put_on_wall(given.state.resolve(), given.tiles, (width, height), "synthetic")
    with tempfile.TemporaryDirectory(prefix="tvs-", dir="/tmp") as folder:
        spent = asyncio.run(serve(plan, job, Path(folder), given.rate, choose))
    print(json.dumps(spent), file=sys.stderr)


if __name__ == "__main__":
    main()
