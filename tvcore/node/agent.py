"""The node agent: one per node of a job. It makes the tiles of its node live and serves their streams."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import time
from pathlib import Path

from tvcore import paths
from tvcore.batch.plan import Plan
from tvcore.node import limit
from tvcore.node.guard import node_name
from tvcore.node.media_tile import AnyTile, tile_of
from tvcore.node.members import Members, members_log
from tvcore.node.pool import Encoders
from tvcore.node.prepare import prepared
from tvcore.node.rpc import Rpc
from tvcore.node.streams import Server
from tvcore.node.tile import Tile
from tvcore.node.tunnel import Tunnel
from tvcore.node.wall import Wall
from tvcore.tunnel.agents import Registration, register

_logger = logging.getLogger(__name__)


async def run(plan: Plan, job: str, ordinal: int) -> None:
    """Run the tiles that *plan* gives to node *ordinal* of *job*, until SIGTERM or SIGINT. Raises TiledVizError."""
    ours = plan.on_node(ordinal)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logs = paths.secure_folder(Path(plan.state) / "jobs" / job)
    tiles: dict[int, AnyTile] = {}
    rpc = Rpc(tiles)
    if plan.live and plan.ensemble:
        rpc.members = Members(plan.ensemble, ours, rpc.members_changed)
    async with prepared(plan, ours, logs, rpc.changed, job=(job, ordinal), members=rpc.members) as node:
        tiles.update((tile.index, tile_of(tile, node)) for tile in ours)
        socket = node.folder / "agent.sock"
        secret = secrets.token_hex(32)
        encoders = Encoders(plan.encoders, plan.cores)
        server = Server(tiles, rpc, secret, Wall(tiles, encoders), node.hooks)
        await server.start(socket)
        tunnel = None
        if "SLURM_JOB_ID" in os.environ or os.environ.get("TILEDVIZ_REMOTE"):  # the portal is on another machine
            tunnel = Tunnel(node.children, node.folder, Path(plan.state), job, ordinal, socket)
        registered = register(
            Registration(
                job=job,
                ordinal=ordinal,
                node=node_name(os.environ),
                pid=os.getpid(),
                started=time.time(),
                socket=str(socket),
                secret=secret,
                key=await tunnel.make_key() if tunnel else "",
                plan=plan,
            )
        )
        _logger.info("job %s, node %d: %d tiles, sockets in %s", job, ordinal, len(tiles), node.folder)
        lives = [asyncio.create_task(tile.run()) for tile in tiles.values()]
        if rpc.members:
            lives.append(asyncio.create_task(rpc.members.run(node.children, members_log(logs, ordinal))))
        if tunnel:
            lives.append(asyncio.create_task(tunnel.run()))
        lives.append(asyncio.create_task(limit.watch(tiles.values(), plan.warning, os.environ, node.children)))
        try:
            await stop.wait()
            _logger.info("asked to stop")
            last = [tile.last() for tile in tiles.values() if isinstance(tile, Tile)]
            await asyncio.gather(*last, return_exceptions=True)
        finally:
            registered.unlink(missing_ok=True)
            await server.close()
            encoders.close()
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
    _logger.info("stopped")
