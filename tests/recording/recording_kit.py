"""Small recordings made by hand, and an agent that plays one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import simplejpeg

from tvcore.batch.plan import Plan, TilePlan
from tvcore.errors import TiledVizError
from tvcore.node import wire
from tvcore.node.rpc import Rpc
from tvcore.node.streams import Server
from tvcore.recording.file import Header, Job, Message, Recording, Tile, Writer
from tvcore.recording.player import Player, Score
from tvcore.tunnel.agents import Registration, register

SIDE = 16


def tile(index: int, **fields: Any) -> Tile:
    known = {"title": f"tile {index}", "state": "live", "width": 64, "height": 48, "metadata": {"F": 0.03, "n": index}}
    return Tile.model_validate({"index": index, **known, **fields})


def header(*indices: int) -> Header:
    columns = [{"name": "F", "dtype": "float64"}, {"name": "n", "dtype": "int64"}]
    job = Job.model_validate({"job": "7", "case": "c", "title": "t", "columns": columns, "tiles": map(tile, indices)})
    return Header(recorded=1e9, jobs=[job])


def jpeg(level: int, cells: int = 1) -> bytes:
    flat = np.full((SIDE, SIDE * cells, 3), level, np.uint8)
    return bytes(simplejpeg.encode_jpeg(flat, colorspace="RGB"))


def cell(index: int, place: int = 0, whole: bool = True, frame: int = 1) -> wire.Cell:
    flags = wire.WHOLE if whole else 0
    return wire.Cell(index, flags, frame, 1e9, SIDE * place, 0, SIDE, SIDE, 0, 0, SIDE, SIDE)


def picture(*cells: wire.Cell, level: int = 50, sequence: int = 1) -> bytes:
    return wire.pack(5, sequence, cells, jpeg(level, len(cells)))


def write(path: Path, head: Header, *messages: tuple[float, bytes]) -> Path:
    with contextlib.closing(Writer(path, head)) as writer:
        for moment, data in messages:
            writer.add(Message(0, moment, data))
    return path


def pictures_in(path: Path) -> int:
    """Return how many pictures *path* has: none where it is told, in one line, that it is no recording."""
    try:
        return len(Recording(path))
    except TiledVizError as error:
        told = str(error)
    assert str(path) in told
    assert "\n" not in told
    return 0


@contextlib.contextmanager
def playing(path: Path, state: Path, job: str = "7") -> Iterator[Registration]:
    """Play the first job of the recording *path* as an agent that is registered in the folder *state*."""
    recording = Recording(path)
    tiles = tuple(
        TilePlan(index=t.index, title=t.title, command=("x",), width=t.width, height=t.height)
        for t in recording.header.jobs[0].tiles
    )
    plan = Plan(case="c", title="t", state=str(state), tiles=tiles)
    folder = Path(tempfile.mkdtemp(prefix="tvp-"))
    registration = Registration(
        job=job, ordinal=0, node="n", pid=os.getpid(), started=0, socket=str(folder / "s"), secret="s" * 32, plan=plan
    )
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    ended = asyncio.Event()

    async def serve() -> None:
        known = cast(Mapping[int, Any], {plan.index: SimpleNamespace(plan=plan, rfb_socket=None) for plan in tiles})
        player = Player(Score(recording, 0), recording[len(recording) - 1].time)
        server = Server(known, Rpc(known), registration.secret, player)
        await server.start(folder / "s")
        ready.set()
        await ended.wait()
        await server.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        register(registration)
        yield registration
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
