"""A node agent whose displays are played from pictures that were encoded before: true to the protocol, nearly free.

``.venv/bin/python tests/benchmarks/player.py --tiles N --state DIR [--rate 10]`` registers N displays of 1920×1080 in
the state folder DIR and puts them on its wall, prints ``ready``, and plays until SIGTERM. The door is the agent's own
(``tvcore.node.streams``), and so are the rules: only what is demanded, at the size demanded; a picture only while
there is credit; the latest or none.

Every frame of every tile is another picture: a field of colours that moves, and over it a code in blocks of grey.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg

from tvcore import proc
from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState
from tvcore.node import wire
from tvcore.node.encode import MOVING, picture_size
from tvcore.node.logs import Log
from tvcore.node.rpc import Rpc
from tvcore.node.status import TileStatus
from tvcore.node.streams import Server, ServesWall
from tvcore.store import Members, Store
from tvcore.tunnel.agents import Registration, register

KINDS = ("spots", "waves", "mazes", "dead")
NATIVE = (1920, 1080)
PHASES = 16  # pictures of a tile that differ, one after the other
COLUMNS, ROWS = 4, 2  # of the code's blocks
LEVELS = (40, 105, 170, 235)  # greys: two bits a block
MOST_CELLS = 64
MOST_PIXELS = 1 << 20
PAD, MARGIN = 16, 2  # pixels, as tvcore/node/encode.py lays cells out
FIELD = 2560  # pixels: side of the field of colours
STEP = 6  # pixels that it moves from one phase to the next

Pixels = npt.NDArray[np.uint8]
FIELDS = "tile:>u2 flags:>u2 frame:>u4 captured:>f8 place:(4,)>u2 corner:(2,)>u2 size:(2,)>u2"
TABLE = np.dtype([tuple(name.split(":")) for name in FIELDS.split()])


def code_of(tile: int, frame: int) -> tuple[int, ...]:
    """Return the grey levels that say which frame of which tile this is: the phase, the tile, and a check."""
    phase = frame % PHASES
    digits = [phase >> 2, phase & 3, *(tile >> shift & 3 for shift in (8, 6, 4, 2, 0))]
    return tuple(LEVELS[digit] for digit in [*digits, sum(digits) & 3])


def draw_code(picture: Pixels, tile: int, frame: int) -> None:
    """Draw the code: blocks an eighth of the picture wide, a sixth high; a sixteenth and a twelfth from its edges."""
    height, width = picture.shape[:2]
    for block, level in enumerate(code_of(tile, frame)):
        column, row = block % COLUMNS, block // COLUMNS
        x, y = round(width * (1 + 2 * column) / 16), round(height * (1 + 2 * row) / 12)
        picture[y : round(height * (3 + 2 * row) / 12), x : round(width * (3 + 2 * column) / 16)] = level


def field_of_colours() -> Pixels:
    """Return what moves through the displays, (FIELD, FIELD, 4): of the detail of a simulation's picture."""
    random = np.random.default_rng(7)
    total = np.zeros((FIELD, FIELD), np.float32)
    for side, weight in ((40, 1.0), (160, 0.05)):
        noise = random.random((side, side), dtype=np.float32)
        total += weight * cv2.resize(noise, (FIELD, FIELD), interpolation=cv2.INTER_CUBIC)
    values = ((np.sin(total * 6) + 1) * 127).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(values, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2BGRA)  # type: ignore[return-value]


@dataclass(frozen=True)
class Group:
    """Tiles that are in one picture, all of one size."""

    tiles: tuple[int, ...]
    width: int
    height: int

    @property
    def across(self) -> int:
        """Return how many are side by side: as many as below each other."""
        return math.ceil(math.sqrt(len(self.tiles)))


def padded(length: int, margin: int) -> int:
    """Return the side of a cell with its margins, in whole blocks."""
    return -(-(length + 2 * margin) // PAD) * PAD


def groups_of(demand: Sequence[Sequence[int]]) -> list[Group]:
    """Return the pictures in which these tiles come: the small ones in mosaics."""
    sizes: dict[tuple[int, int], list[int]] = {}
    for tile, width, height, *_ in demand:
        sizes.setdefault(picture_size(NATIVE, (width, height)).size(*NATIVE), []).append(tile)
    groups = []
    for (width, height), tiles in sizes.items():
        most = max(1, min(MOST_CELLS, MOST_PIXELS // (padded(width, MARGIN) * padded(height, MARGIN))))
        groups += [Group(tuple(tiles[at : at + most]), width, height) for at in range(0, len(tiles), most)]
    return groups


class Reel:
    """The pictures, each encoded when it is played for the first time."""

    def __init__(self) -> None:
        self._field = field_of_colours()
        self._encoded: dict[tuple[Group, int], tuple[Any, bytes]] = {}

    def message(self, number: int, sequence: int, group: Group, frame: int, captured: float) -> bytes:
        """Return the picture of *group* at *frame*, packed (``tvcore.node.wire``)."""
        key = (group, frame % PHASES)
        if key not in self._encoded:
            self._encoded[key] = self._encode(group, frame)
        table, jpeg = self._encoded[key]
        table["frame"], table["captured"] = frame & 0xFFFFFFFF, captured
        head = wire.HEADER.pack(wire.PICTURE, wire.VERSION, number, len(table), 0, sequence & 0xFFFFFFFF)
        return b"".join((head, table.tobytes(), jpeg))

    def _encode(self, group: Group, frame: int) -> tuple[Any, bytes]:
        margin = MARGIN if len(group.tiles) > 1 else 0
        across, down = padded(group.width, margin), padded(group.height, margin)
        rows = -(-len(group.tiles) // group.across)
        picture = np.zeros((rows * down, group.across * across, 4), np.uint8)
        table = np.zeros(len(group.tiles), TABLE)
        for i, tile in enumerate(group.tiles):
            x, y = i % group.across * across, i // group.across * down
            around = (margin, down - group.height - margin, margin, across - group.width - margin)
            cell = cv2.copyMakeBorder(self._cell(tile, frame, group), *around, cv2.BORDER_REPLICATE)
            picture[y : y + down, x : x + across] = cell
            place = ((x + margin, y + margin, group.width, group.height), (0, 0), (group.width, group.height))
            table[i] = (tile, wire.WHOLE, 0, 0, *place)
        return table, bytes(simplejpeg.encode_jpeg(picture, MOVING[0], "BGRX", MOVING[1], fastdct=True))

    def _cell(self, tile: int, frame: int, group: Group) -> Pixels:
        x = (tile * 37 + frame % PHASES * STEP) % (FIELD - group.width)
        y = (tile * 91) % (FIELD - group.height)
        cell = self._field[y : y + group.height, x : x + group.width].copy()
        draw_code(cell, tile, frame)
        return cell


@dataclass
class Show:
    """What one viewer is owed: each group's frame that is newest now, and none twice."""

    rate: float
    credit: int = 0
    groups: dict[Group, int] = field(default_factory=dict)  # the frame that was sent last

    def demand(self, entries: Sequence[Sequence[int]]) -> None:
        """Play these tiles from now on."""
        self.groups = {group: self.groups.get(group, -1) for group in groups_of(entries)}

    def _start(self, place: int) -> float:
        """Return how far into a frame's time the group at *place* changes: displays do not keep step."""
        return place / len(self.groups) / self.rate

    def next_change(self, now: float) -> float:
        """Return when the next picture changes after *now*, in seconds since the epoch."""
        starts = (self._start(place) for place in range(len(self.groups)))
        return min((s + (math.floor((now - s) * self.rate) + 1) / self.rate for s in starts), default=now + 1)

    def owed(self, now: float) -> Iterator[tuple[Group, int, float]]:
        """Yield group, frame and when it was captured while there is credit, the longest waiting first.

        Whoever takes one subtracts its bytes from ``credit`` before the next.
        """
        waiting = []
        for place, (group, sent) in enumerate(self.groups.items()):
            start = self._start(place)
            frame = math.floor((now - start) * self.rate)
            if frame > sent:
                waiting.append((sent, place, group, frame, start + frame / self.rate))
        for _, _, group, frame, captured in sorted(waiting, key=lambda one: one[:2]):
            if self.credit <= 0:
                return
            self.groups[group] = frame
            yield group, frame, captured


class Wall:
    """The wall stream: what pages ask for is played to each of them."""

    def __init__(self, rate: float, tiles: dict[int, PlayedTile], rpc: Rpc) -> None:
        self._rate = rate
        self._tiles = tiles
        self._rpc = rpc
        self._reel = Reel()

    async def serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play until the portal goes. Raises ValueError for a line that is none."""
        shows: dict[int, Show] = {}
        wake = asyncio.Event()
        playing = asyncio.create_task(self._play(number, shows, wake, writer))
        try:
            while line := await reader.readline():
                self._hear(json.loads(line), shows)
                wake.set()
        finally:
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing

    def _hear(self, said: dict[str, Any], shows: dict[int, Show]) -> None:
        viewer = said["viewer"]
        if said.get("gone"):
            shows.pop(viewer, None)
        elif "demand" in said:
            shows.setdefault(viewer, Show(self._rate)).demand(said["demand"])
        elif viewer in shows:
            shows[viewer].credit += said.get("credit", 0)

    async def _play(
        self, number: int, shows: dict[int, Show], wake: asyncio.Event, writer: asyncio.StreamWriter
    ) -> None:
        sequence = 0
        while True:
            now = time.time()
            for viewer, show in list(shows.items()):
                for group, frame, captured in show.owed(now):
                    picture = self._reel.message(number, sequence, group, frame, captured)
                    show.credit -= len(picture)
                    sequence += 1
                    self._count(group)
                    writer.write(wire.address([viewer], picture))
                    await writer.drain()
            change = min((show.next_change(time.time()) for show in shows.values()), default=now + 1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0005, change - time.time())):
                    await wake.wait()
            wake.clear()

    def _count(self, group: Group) -> None:
        for index in group.tiles:
            self._tiles[index].frames += 1
            self._rpc.changed(self._tiles[index], at_once=False)  # type: ignore[arg-type]


class PlayedTile:
    """What the agent's door and calls ask of a tile."""

    rfb_socket = None

    def __init__(self, plan: TilePlan, log: Log) -> None:
        self.plan = plan
        self.log = log
        self.frames = 0
        self._since = time.time()

    @property
    def status(self) -> TileStatus:
        """Return what is known of it."""
        return TileStatus(
            index=self.plan.index, state="live", reason="", cause="", frames=self.frames, renderer="played", gl=None,
            image=None, display=f":{self.plan.index}", pid=os.getpid(), xvnc=os.getpid(), restarts=0,
            width=self.plan.width, height=self.plan.height, since=self._since, isolated=True,
        )  # fmt: skip


def put_on_wall(
    state: Path, count: int, size: tuple[int, int], title: str, members: Members | None = None
) -> tuple[Plan, str]:
    """Put *count* tiles of a job that is this process on the wall of *state*; return its plan and name."""
    job = f"local-{secrets.token_hex(4)}"
    tiles = (
        TilePlan(index=i, title=f"{title} {i}", command=("true",), width=size[0], height=size[1]) for i in range(count)
    )
    plan = Plan(case="gears", title=title, state=str(state), tiles=tuple(tiles))
    folder = state / "jobs" / job
    folder.mkdir(mode=0o700, parents=True)
    me = proc.Process.current()
    (folder / "started.json").write_text(json.dumps({"pid": me.pid, "start": me.start, "time": time.time()}))
    store = Store.open(f"sqlite:///{state}/store.sqlite")
    try:
        store.add_run(plan, "local", job, members, state=JobState.RUNNING)
    finally:
        store.close()
    return plan, job


def members_of(count: int) -> Members:
    """Return what an ensemble would say of *count* tiles: of which kind each is, and a number."""
    about = {"unit": None, "description": None, "role": "parameter"}
    columns = [{"name": "kind", "dtype": "str", **about}, {"name": "F", "dtype": "float64", **about}]
    rows = [{"kind": KINDS[i % len(KINDS)], "F": round(i * 0.618034 % 1, 4)} for i in range(count)]
    return Members(columns, rows)


@contextlib.asynccontextmanager
async def serving(
    plan: Plan, job: str, folder: Path, tiles: Mapping[int, PlayedTile], rpc: Rpc, wall: ServesWall
) -> AsyncIterator[asyncio.Event]:
    """Be the node agent of *job* with these *tiles*, its socket in *folder*; give the event that SIGTERM sets."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    secret = secrets.token_hex(32)
    server = Server(tiles, rpc, secret, wall)  # type: ignore[arg-type]
    await server.start(folder / "agent.sock")
    registered = register(
        Registration(
            job=job, ordinal=0, node="node1", pid=os.getpid(), started=time.time(),
            socket=str(folder / "agent.sock"), secret=secret, plan=plan,
        )
    )  # fmt: skip
    try:
        yield stop
    finally:
        registered.unlink(missing_ok=True)
        await server.close()


async def play(plan: Plan, job: str, folder: Path, rate: float) -> None:
    """Serve the streams of the tiles of *plan* until SIGTERM."""
    log = Log(folder / "tiles.log")
    tiles = {tile.index: PlayedTile(tile, log) for tile in plan.tiles}
    rpc = Rpc(tiles)  # type: ignore[arg-type]
    async with serving(plan, job, folder, tiles, rpc, Wall(rate, tiles, rpc)) as stop:
        print("ready", flush=True)
        await stop.wait()


def main() -> None:
    """Play."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tiles", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--members", action="store_true", help="give each tile a kind and a number")
    given = parser.parse_args()
    plan, job = put_on_wall(
        given.state.resolve(), given.tiles, NATIVE, "played", members_of(given.tiles) if given.members else None
    )
    with tempfile.TemporaryDirectory(prefix="tvp-", dir="/tmp") as folder:
        asyncio.run(play(plan, job, Path(folder), given.rate))


if __name__ == "__main__":
    main()
