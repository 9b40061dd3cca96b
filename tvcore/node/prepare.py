"""What a node is made ready with before its first tile: tools, folder, container command, GPUs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import cv2

from tvcore import paths
from tvcore.batch.plan import Plan, TilePlan
from tvcore.causes import TileFailureError
from tvcore.container.command import Runtime, find_runtime
from tvcore.container.gl import find_gpus
from tvcore.errors import TiledVizError
from tvcore.node.children import Children
from tvcore.node.display import find_xvnc
from tvcore.node.hooks import Hooks
from tvcore.node.media_tile import AnyTile
from tvcore.node.members import Members
from tvcore.node.node import NO_CONTAINERS, Node
from tvcore.node.scratch import remove_linked
from tvcore.node.supervise import TRIES


@contextlib.asynccontextmanager
async def prepared(
    plan: Plan,
    tiles: Sequence[TilePlan],
    logs: Path,
    changed: Callable[[AnyTile, bool], None],
    *,
    children: Callable[[], Children] = Children,
    job: tuple[str, int] | None = None,
    tries: int = TRIES,
    members: Members | None = None,
) -> AsyncIterator[Node]:
    """Give what *tiles* of *plan* share on this node; at the end nothing of it is left. Raises TiledVizError.

    *logs* is the folder of their logs; *changed* is called when a tile's status changed (see ``Node``); *job* is whose
    tiles they are, and the ordinal of this node in it; *tries* is how often a program is started that fails at once;
    *members* are what tiles wait for.
    """
    xvnc = "" if tiles and all(tile.image or tile.kind != "live" for tile in tiles) else find_xvnc()
    for tool, package in (("setpriv", "util-linux"), ("nice", "coreutils")):
        if shutil.which(tool) is None:
            raise TiledVizError(f"{tool} is not installed: as root, apt-get install {package}")
    cv2.setNumThreads(1)  # our pictures are small: its threads cost more than they bring
    # What starts processes by itself comes before Children, which takes the status of every process that ends.
    runtime, gpus = await asyncio.gather(_runtime(plan, tiles), asyncio.to_thread(find_gpus, os.environ))
    with _folder() as folder:
        started = children()
        try:
            yield Node(
                xvnc,
                folder,
                logs,
                started,
                slots=asyncio.Semaphore((os.cpu_count() or 1) + 2),
                changed=changed,
                isolation=plan.isolation,
                scratch_base=plan.scratch,
                runtime=runtime,
                gpus=gpus,
                gl=plan.gl,
                hooks=Hooks(*job, plan.hooks, started, logs.parent.parent) if job else None,
                tries=tries,
                members=members,
            )
        finally:
            await started.end_orphans()


async def _runtime(plan: Plan, tiles: Sequence[TilePlan]) -> Runtime | TileFailureError:
    """Return the container command that *tiles* need, or why there is none."""
    if plan.container == "none" or not any(tile.image for tile in tiles):
        return NO_CONTAINERS
    try:
        return await asyncio.to_thread(find_runtime, plan.container)
    except TileFailureError as failure:
        return failure


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make the folder for sockets and cookies, and remove it with all in it, and the scratch folder."""
    folder = paths.runtime_folder()
    try:
        yield folder
    finally:
        remove_linked(folder)
        shutil.rmtree(folder, ignore_errors=True)
