"""What one node agent over real Xvncs costs, and how late its pictures are at the portal's end of the stream.

``.venv/bin/python tests/benchmarks/node.py [--repeat 5] [--seconds 5] [--only NAME]`` starts one agent per row with
displays in which every pixel changes ten times a second (``tests/node/textured.py``; in the row ``gl`` glxgears runs,
which changes few), and reads its wall stream as the portal does. The last line is one JSON object: per row the medians
over the repeats of the CPU per tile, in percent of a core, of the agent, of the Xvncs and of both together, and apart
that of the programs; frames per second and tile, MB per second, and the delay from the time painted into the
framebuffer, before it is handed to the display, to its bytes here; ``unread`` is the share of pictures whose time
could not be read. The row ``cells`` has 1,024 displays of ``synthetic.py``, of which the same tenth changes: percent
of a core that encoding (scaling and JPEG) takes in all, and MB per second.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import simplejpeg

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(TESTS / "node")]

import textured  # noqa: E402
from bench_kit import cpu_seconds, medians, percentile, report, tree  # noqa: E402
from bench_world import world  # noqa: E402
from nodekit import NodeAgent  # noqa: E402
from tvcore.node import wire  # noqa: E402
from tvcore.tunnel import agents  # noqa: E402

VIEWER = 1
WINDOW = 1 << 20  # bytes of pictures on their way; the portal gives about as many
SETTLE = 1.5  # seconds that pictures come before they count
PATIENCE = 120.0  # seconds for all displays to come up
TEXTURED = (sys.executable, str(TESTS / "node" / "textured.py"), "10")


@dataclass(frozen=True)
class Row:
    """So many tiles of *size*, shown at *shown*, each with *command* in it."""

    tiles: int
    size: tuple[int, int]
    shown: tuple[int, int]
    command: tuple[str, ...] = TEXTURED


ROWS = {
    "1080p_at_480x270": Row(16, (1920, 1080), (480, 270)),
    "480p_at_full_size": Row(16, (640, 480), (640, 480)),
    "480p_at_240x180": Row(16, (640, 480), (240, 180)),
    "gl": Row(4, (640, 480), (320, 240), ("glxgears",)),
}


CELLS = 1024
CELL = (120, 68)


class Portal:
    """The portal's end of a wall stream with one viewer: keeps what comes, and gives credit for it at once."""

    def __init__(self, registration: agents.Registration) -> None:
        self.came: list[tuple[float, wire.Picture]] = []  # when (seconds since the epoch), what
        self._line = agents.connect(registration, "wall", number=1)
        self._line.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()

    def show(self, tiles: int, size: tuple[int, int]) -> None:
        """Demand all *tiles* at *size*."""
        self._say(demand=[[index, *size, 1] for index in range(tiles)], credit=WINDOW)

    def close(self) -> None:
        """End the stream."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()

    def _say(self, **what: object) -> None:
        self._line.sendall(json.dumps({"viewer": VIEWER, **what}).encode() + b"\n")

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._line.makefile("rb", buffering=1 << 18) as file:
            while head := file.read(wire.LENGTH.size):
                message = file.read(wire.LENGTH.unpack(head)[0])
                now = time.time()
                _, picture = wire.read_address(message)
                self.came.append((now, wire.unpack(bytes(picture))))
                self._say(credit=len(picture))


def groups_of(agent: NodeAgent) -> dict[str, list[int]]:
    """Return the processes of the agent itself, its displays and its programs."""
    tiles = agents.call(agent.registration, "status")["tiles"]
    xvnc = [pid for tile in tiles for pid in tree(tile["xvnc"])]
    programs = [pid for tile in tiles for pid in tree(tile["pid"])]
    others = set(xvnc) | set(programs)
    return {"agent": [pid for pid in tree(agent.process.pid) if pid not in others], "xvnc": xvnc, "program": programs}


def delays(came: Sequence[tuple[float, wire.Picture]]) -> tuple[list[float], int]:
    """Return how old each time painted was when it first came, in seconds, and how many times could not be read."""
    last: dict[int, int] = {}
    found: list[float] = []
    unread = 0
    for now, picture in came:
        grey = simplejpeg.decode_jpeg(picture.jpeg, "GRAY")[..., 0]
        for cell in picture.cells:
            if (cell.left, cell.top) != (0, 0) or cell.w < cell.width:
                continue
            code = textured.read_code(grey[cell.y : cell.y + cell.h, cell.x : cell.x + cell.w])
            if code is None:
                unread += 1
            elif last.get(cell.tile) != code:
                last[cell.tile] = code
                found.append(textured.age(code, now))
    return found, unread


def measure(agent: NodeAgent, portal: Portal, row: Row, seconds: float) -> dict[str, float]:
    """Return the figures of *seconds* of a stream that runs."""
    groups = groups_of(agent)
    before, begin, first = (
        {name: cpu_seconds(pids) for name, pids in groups.items()},
        time.monotonic(),
        len(portal.came),
    )
    time.sleep(seconds)
    took, came = time.monotonic() - begin, portal.came[first:]
    cpu = {name: 100 * (cpu_seconds(pids) - before[name]) / took / row.tiles for name, pids in groups.items()}
    figures = {f"{name}_percent": percent for name, percent in cpu.items()}
    figures["together_percent"] = cpu["agent"] + cpu["xvnc"]
    size = sum(len(picture.jpeg) + len(picture.cells) * wire.CELL.size for _, picture in came)
    figures |= {"mb_s": size / took / 1e6, "load": os.getloadavg()[0]}
    if row.command != TEXTURED:
        cells = sum(len(picture.cells) for _, picture in came)
        return figures | {"fps": cells / took / row.tiles}
    ages, unread = delays(came)
    figures |= {"fps": len(ages) / took / row.tiles, "unread": unread / max(1, unread + len(ages))}
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        figures[f"delay_ms_{name}"] = 1000 * percentile(ages, share)
    return figures


@contextlib.contextmanager
def running(row: Row) -> Iterator[tuple[NodeAgent, Portal]]:
    """Give an agent whose tiles all live, and a stream that shows them."""
    with tempfile.TemporaryDirectory(prefix="tvb-", dir="/tmp") as folder:
        for name in ("state", "run"):
            (Path(folder) / name).mkdir(mode=0o700)
        width, height = row.size
        agent = NodeAgent(Path(folder) / "state", *[row.command] * row.tiles, width=width, height=height)
        try:
            for index in range(row.tiles):
                agent.wait_state("live", index, PATIENCE)
            with contextlib.closing(Portal(agent.registration)) as portal:
                portal.show(row.tiles, row.shown)
                time.sleep(SETTLE)
                yield agent, portal
        finally:
            agent.stop()


def cells(seconds: float) -> dict[str, float]:
    """Return what encoding a tenth of many small displays costs: CPU with it minus that of the first whole pictures."""
    spent, sizes = [], []
    for rate in ("0", "10"):
        with world() as made:
            options = ("--size", f"{CELL[0]}x{CELL[1]}", "--share", "0.1", "--rate", rate)
            node = made.synthetic(CELLS, *options)
            (registration,) = agents.registrations(made.state)
            with contextlib.closing(Portal(registration)) as portal:
                portal.show(CELLS, CELL)
                time.sleep(SETTLE)
                first = len(portal.came)
                time.sleep(seconds)
                sizes.append(sum(len(picture.jpeg) for _, picture in portal.came[first:]))
            node.terminate()
            node.wait(30)
            stages = json.loads(made.said().strip().rpartition("\n")[2])
            spent.append(stages["scale"] + stages["jpeg"])
    encoding = 100 * (spent[1] - spent[0]) / (seconds + SETTLE)
    return {"encoding_percent": encoding, "mb_s": sizes[1] / seconds / 1e6}


def main() -> None:
    """Measure each row and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--only", choices=[*ROWS, "cells"])
    given = parser.parse_args()
    result: dict[str, object] = {"repeat": given.repeat, "seconds": given.seconds}
    for name, row in ROWS.items():
        if given.only in (None, name):
            runs = []
            with running(row) as (agent, portal):
                for _ in range(given.repeat):
                    runs.append(measure(agent, portal, row, given.seconds))
                    print(name, medians(runs[-1:], 2), file=sys.stderr, flush=True)
                    portal.came.clear()
            result[name] = {"tiles": row.tiles, **medians(runs, 3)}
    if given.only in (None, "cells"):
        result["cells"] = medians([cells(given.seconds) for _ in range(given.repeat)], 3)
    report("node", result)


if __name__ == "__main__":
    main()
