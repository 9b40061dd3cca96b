"""``tiledviz replay``: a recording on a wall of its own, with a portal and what plays the node agents."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

import click

from tvcore import api, paths
from tvcore.batch.plan import Plan, TilePlan, refused_by_name
from tvcore.batch.runner import write_started
from tvcore.batch.scheduler import JobState
from tvcore.errors import TiledVizError
from tvcore.node.rpc import Rpc
from tvcore.node.status import State, TileStatus
from tvcore.node.streams import Server
from tvcore.node.tile import Tile
from tvcore.own_portal import choose_port, end_portal, ended_by_signals, portal_log, start_portal, wait_for_portal
from tvcore.recording.file import Job, Recording
from tvcore.recording.file import Tile as Recorded
from tvcore.recording.player import Player, Score
from tvcore.store import Members, Store
from tvcore.store.address import OWN
from tvcore.terminal import printable
from tvcore.tunnel.agents import Registration, register
from tvcore.tunnel.process import end_endpoint

NODE = "recording"  # what is shown as the node of its tiles


class _NoLog:
    """What a recording has of a program's log."""

    def tail(self, _lines: int) -> list[str]:
        return []


class _PlayedTile:
    """A tile that was recorded, as the agent's server knows tiles; nothing can be done in it."""

    rfb_socket = None
    screen = None
    log = _NoLog()

    def __init__(self, plan: TilePlan, recorded: Recorded) -> None:
        self.plan = plan
        state: State = "starting" if recorded.state == "queued" else recorded.state
        self.status = TileStatus(
            index=recorded.index,
            state=state,
            reason=recorded.reason,
            cause=recorded.cause,
            frames=0,
            renderer=recorded.renderer,
            gl=None,
            image=None,
            display=None,
            pid=None,
            xvnc=None,
            restarts=0,
            width=recorded.width,
            height=recorded.height,
            since=time.time(),
            isolated=True,
        )

    def restart(self) -> NoReturn:
        raise TiledVizError("this tile is a recording")

    async def stop(self) -> NoReturn:
        raise TiledVizError("this tile is a recording")

    def resized(self, _width: int, _height: int) -> NoReturn:
        raise TiledVizError("this tile is a recording")


@dataclass(frozen=True)
class _Played:
    """A recorded job as one of the wall that shows it; *number* is its place in the recording."""

    number: int
    id: str
    plan: Plan
    tiles: Mapping[int, _PlayedTile]


def run_replay(path: Path, port: int | None) -> None:
    """Show the recording *path* on a portal at *port* (default: 8765, or a free one) until SIGINT or SIGTERM.

    All state is in a folder of its own, which is removed at the end. Raises TiledVizError.
    """
    recording = Recording(path)
    with contextlib.ExitStack() as at_the_end:
        at_the_end.enter_context(ended_by_signals("replay"))
        os.environ["TILEDVIZ_HOME"] = str(at_the_end.enter_context(_own_state()))
        os.environ[OWN] = "own"
        store = Store.open()
        at_the_end.callback(store.close)
        played = [_put_on_wall(store, number, job) for number, job in enumerate(recording.header.jobs)]
        process = start_portal(choose_port(port))
        at_the_end.callback(end_portal, process)
        wait_for_portal(process)
        click.echo(f"Open: {api.login_url(store)}")
        click.echo(_what(recording) + " Ctrl-C ends all of it.")
        asyncio.run(_play(recording, played, process))


def _what(recording: Recording) -> str:
    header = recording.header
    when = time.strftime("%d %b %Y %H:%M", time.localtime(header.recorded))
    tiles = sum(len(job.tiles) for job in header.jobs)
    seconds, release = recording[len(recording) - 1].time, printable(header.release)
    return f"{tiles} tiles, {len(recording)} pictures in {seconds:.0f} s, of {when} by TiledViz {release}."


@contextlib.contextmanager
def _own_state() -> Iterator[Path]:
    """Make a state folder, which goes with everything that a portal left in it."""
    folder = Path(tempfile.mkdtemp(prefix="tiledviz-replay-"))
    try:
        yield folder
    finally:
        end_endpoint(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _put_on_wall(store: Store, number: int, job: Job) -> _Played:
    """Put *job* into the store as a local job that runs: its runner is this process."""
    name = f"local-{number:08x}"
    with refused_by_name("the recording"):
        tiles = tuple(
            TilePlan(
                index=tile.index, title=tile.title, command=("recording",), member=tile.member, tags=tuple(tile.tags),
                width=tile.width, height=tile.height,
            )
            for tile in job.tiles
        )  # fmt: skip
        plan = Plan(case=job.case, title=job.title, state=os.environ["TILEDVIZ_HOME"], tiles=tiles)
    rows: list[dict[str, Any]] = [tile.metadata for tile in job.tiles]
    members = Members([column.model_dump() for column in job.columns], rows)
    store.add_run(plan, "local", name, members, JobState.RUNNING)
    write_started(paths.secure_folder(paths.jobs_dir() / name))
    played = {tile.index: _PlayedTile(tile, of) for tile, of in zip(tiles, job.tiles, strict=True)}
    return _Played(number, name, plan, played)


async def _play(recording: Recording, played: list[_Played], portal: subprocess.Popen[bytes]) -> None:
    """Play until the portal ends, which is an error here: a signal ends this process before."""
    ended = asyncio.Event()
    handle = os.pidfd_open(portal.pid)
    asyncio.get_running_loop().add_reader(handle, ended.set)
    async with contextlib.AsyncExitStack() as at_the_end:
        at_the_end.callback(os.close, handle)
        length = recording[len(recording) - 1].time
        for job in played:
            await at_the_end.enter_async_context(_agent(recording, job, length))
        await ended.wait()
        asyncio.get_running_loop().remove_reader(handle)
    raise TiledVizError(f"the portal ended by itself with exit code {portal.wait()}: see {portal_log()}")


@contextlib.asynccontextmanager
async def _agent(recording: Recording, job: _Played, length: float) -> AsyncIterator[None]:
    """Be a node agent that registers for *job* and plays its pictures."""
    secret = os.urandom(32).hex()
    tiles = cast(Mapping[int, Tile], job.tiles)
    folder = paths.runtime_folder()
    server = Server(tiles, Rpc(tiles), secret, Player(Score(recording, job.number), length))
    try:
        await server.start(folder / "agent.sock")
        registration = register(
            Registration(
                job=job.id, ordinal=0, node=NODE, pid=os.getpid(), started=time.time(),
                socket=str(folder / "agent.sock"), secret=secret, plan=job.plan,
            )
        )  # fmt: skip
        try:
            yield
        finally:
            registration.unlink(missing_ok=True)
            await server.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
