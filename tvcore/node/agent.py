"""The node agent: one per node of a job. It makes the tiles of its node live and serves their streams."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from tvcore import paths
from tvcore.batch.plan import Plan
from tvcore.errors import TiledVizError
from tvcore.node.children import Children
from tvcore.node.display import find_xvnc
from tvcore.node.guard import node_name
from tvcore.node.rpc import Rpc
from tvcore.node.streams import Server
from tvcore.node.tile import Node, Tile
from tvcore.node.tunnel import Tunnel
from tvcore.tunnel.agents import Registration, register

_logger = logging.getLogger(__name__)


async def run(plan: Plan, job: str, ordinal: int) -> None:
    """Run the tiles that *plan* gives to node *ordinal* of *job*, until SIGTERM or SIGINT. Raises TiledVizError."""
    xvnc = find_xvnc()
    for tool, package in (("setpriv", "util-linux"), ("nice", "coreutils")):
        if shutil.which(tool) is None:
            raise TiledVizError(f"{tool} is not installed: as root, apt-get install {package}")
    cv2.setNumThreads(1)  # our pictures are small: its threads cost more than they bring
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logs = paths.secure_folder(Path(plan.state) / "jobs" / job)
    with _folder() as folder:
        children = Children()
        tiles: dict[int, Tile] = {}
        rpc = Rpc(tiles)
        slots = asyncio.Semaphore((os.cpu_count() or 1) + 2)
        node = Node(xvnc, folder, logs, children, slots, rpc.changed, isolation=plan.isolation, scratch=plan.scratch)
        tiles.update((tile.index, Tile(tile, node)) for tile in plan.on_node(ordinal))
        secret = secrets.token_hex(32)
        server = Server(tiles, rpc, secret)
        await server.start(folder / "agent.sock")
        tunnel = None
        if "SLURM_JOB_ID" in os.environ:  # the portal is on another machine
            tunnel = Tunnel(children, folder, Path(plan.state), job, ordinal, folder / "agent.sock")
        registered = register(
            Registration(
                job=job,
                ordinal=ordinal,
                node=node_name(os.environ),
                pid=os.getpid(),
                started=time.time(),
                socket=str(folder / "agent.sock"),
                secret=secret,
                key=await tunnel.make_key() if tunnel else "",
                plan=plan,
            )
        )
        _logger.info("job %s, node %d: %d tiles, sockets in %s", job, ordinal, len(tiles), folder)
        lives = [asyncio.create_task(tile.run()) for tile in tiles.values()]
        if tunnel:
            lives.append(asyncio.create_task(tunnel.run()))
        try:
            await stop.wait()
            _logger.info("asked to stop")
        finally:
            registered.unlink(missing_ok=True)
            await server.close()
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
            await children.end_orphans()
    _logger.info("stopped")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make the folder for sockets and cookies, and remove it with all in it."""
    folder = paths.runtime_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
