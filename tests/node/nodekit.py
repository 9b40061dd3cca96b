"""What the node's tests share: a node agent of their own, viewers that speak its streams, looks at processes."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg

from tvcore.batch.plan import Plan, TilePlan
from tvcore.node import wire
from tvcore.node.rfb import Client, Connected, Pixels, Updated
from tvcore.tunnel import agents

PAINTER = (sys.executable, str(Path(__file__).parent / "painter.py"))
LISTENER = (sys.executable, str(Path(__file__).parent / "listener.py"))


def wait_for(condition: Callable[[], Any], seconds: float = 20.0, what: str = "it") -> Any:
    """Wait until *condition* is true and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"after {seconds:.0f} s, still not so: {what}"
        time.sleep(0.02)
    return value


def process_state(pid: int) -> str:
    """Return the state of a process as in proc(5); Z, a zombie, where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def alive(pid: int) -> bool:
    """Return whether a process runs (or is stopped)."""
    return process_state(pid) not in "ZX"


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class NodeAgent:
    """A node agent in a process of its own, with tiles of these commands."""

    def __init__(
        self,
        home: Path,
        *commands: tuple[str, ...],
        scratch: str = "",
        plan: Mapping[str, Any] | None = None,
        gpus: Sequence[int | None] = (),
        job: str = "local-1",
        ensemble: Path | None = None,
        job_environment: Mapping[str, str] | None = None,
        **tile: Any,
    ) -> None:
        self.home = home
        tile.setdefault("environment", {})
        self.plan = Plan(
            **{"case": "test", **(plan or {})},
            title="test",
            state=str(home),
            scratch=scratch,
            ensemble=str(ensemble) if ensemble else None,
            live=ensemble is not None,
            tiles=tuple(
                TilePlan(
                    index=i,
                    title=f"tile {i}",
                    command=command,
                    gpu=gpus[i] if gpus else None,
                    member=i if ensemble else None,
                    **{**tile, "environment": {**tile["environment"], "PAINT": str(self._fifo(i))}},
                )
                for i, command in enumerate(commands)
            ),
        )
        self.log = home / "agent.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tvcore.node"],
                stdin=subprocess.PIPE,
                stderr=log,
                stdout=log,
                env={
                    **os.environ,
                    "TILEDVIZ_JOB": job,
                    "XDG_RUNTIME_DIR": str(home.parent / "run"),
                    **(job_environment or {}),
                },
            )
        assert self.process.stdin
        with self.process.stdin as stdin:
            stdin.write(self.plan.model_dump_json().encode() + b"\n")
        self.registration: agents.Registration = wait_for(self._registered, what="the agent registers")
        self.folder = Path(self.registration.socket).parent

    def _fifo(self, index: int) -> Path:
        path = self.home.parent / f"paint-{index}"  # not in the state folder, which programs do not see
        os.mkfifo(path)
        return path

    def _registered(self) -> agents.Registration | None:
        assert self.process.poll() is None, self.log.read_text()
        return next(agents.registrations(self.home), None)

    def status(self, index: int = 0) -> dict[str, Any]:
        """Return the status of one tile."""
        found: dict[str, Any] = agents.call(self.registration, "status")["tiles"][index]
        return found

    def wait_state(self, state: str, index: int = 0, seconds: float = 20.0) -> dict[str, Any]:
        """Wait until a tile is in this state and return its status."""
        last: dict[str, Any] = {}

        def reached() -> bool:
            last.update(self.status(index))
            return last["state"] == state

        try:
            wait_for(reached, seconds)
        except AssertionError as error:
            raise AssertionError(f"tile {index} is not {state} but {last}\n{self.log.read_text()}") from error
        return last

    def call(self, method: str, index: int = 0, **arguments: Any) -> Any:
        """Ask something of one tile and return what it says."""
        return agents.call(self.registration, method, timeout=20, tile=index, **arguments)

    def said(self, index: int = 0) -> list[str]:
        """Return what the program of one tile has printed."""
        lines = self.call("log", index, lines=1000)["lines"]
        return [line for line in lines if not line.startswith("[tiledviz]")]

    def paint(self, line: str, index: int = 0) -> None:
        """Tell the painter of a tile to draw."""
        with (self.home.parent / f"paint-{index}").open("w") as fifo:
            fifo.write(line + "\n")

    def stop(self) -> int:
        """End the agent in order and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()

    def framebuffer(self, index: int = 0) -> Pixels:
        """Return what the display shows, (height, width, 3) RGB, by a focus stream."""
        with agents.connect(self.registration, "rfb", tile=index) as connection:
            return read_framebuffer(connection)


def read_framebuffer(connection: socket.socket) -> Pixels:
    """Return the framebuffer behind an RFB connection, (height, width, 3) RGB."""
    client = Client()
    while True:
        data = connection.recv(1 << 16)
        assert data, "the display closed the connection"
        events = client.receive(data)
        if any(isinstance(event, Updated) and event.damage for event in events):
            return client.pixels[..., 2::-1].copy()
        if any(isinstance(event, Connected | Updated) for event in events):
            client.request()
        connection.sendall(client.outgoing())


class Canvas:
    """What a page draws of the pictures that it gets: one canvas a tile."""

    def __init__(self) -> None:
        self.tiles: dict[int, Pixels] = {}

    def draw(self, picture: wire.Picture) -> None:
        """Draw the cells of one picture, (height, width, 3) RGB."""
        pixels = simplejpeg.decode_jpeg(picture.jpeg, "RGB")
        for c in picture.cells:
            old = self.tiles.get(c.tile)
            if old is None or old.shape[:2] != (c.height, c.width):
                assert c.flags & wire.WHOLE, "a part came before the whole"
                old = self.tiles[c.tile] = np.zeros((c.height, c.width, 3), np.uint8)
            if c.flags & wire.WHOLE:
                assert (c.left, c.top, c.w, c.h) == (0, 0, c.width, c.height)
            old[c.top : c.top + c.h, c.left : c.left + c.w] = pixels[c.y : c.y + c.h, c.x : c.x + c.w]


class WallViewer:
    """A portal with viewers of the wall; *viewer* is the one that it speaks of where nothing else is said."""

    def __init__(self, agent: NodeAgent, number: int = 3, viewer: int = 1) -> None:
        self.connection = agents.connect(agent.registration, "wall", number=number)
        self.messages: list[wire.Picture] = []
        self.viewer = viewer
        self._canvas = Canvas()
        self._left = b""

    @property
    def canvas(self) -> dict[int, Pixels]:
        """Return what was drawn, by tile."""
        return self._canvas.tiles

    def say(self, **what: Any) -> None:
        """Send one line."""
        self.connection.sendall(json.dumps({"viewer": self.viewer, **what}).encode() + b"\n")

    def show(self, *shown: tuple[int, int, int], credit: int = 1 << 20) -> None:
        """Demand tiles (tile, width, height), all as urgent, and allow so many bytes."""
        self.say(demand=[[*each, 1] for each in shown], credit=credit)

    def read(self, seconds: float = 10.0) -> wire.Picture | None:
        """Return the next message, None when none comes in time."""
        addressed = self.read_addressed(seconds)
        return addressed and addressed[1]

    def read_addressed(self, seconds: float = 10.0) -> tuple[tuple[int, ...], wire.Picture] | None:
        """Return the next message and whom it is for, None when none comes in time."""
        deadline = time.monotonic() + seconds
        while len(self._left) < 4 or len(self._left) < 4 + wire.LENGTH.unpack(self._left[:4])[0]:
            wait = max(0.0, deadline - time.monotonic())
            if not select.select([self.connection], [], [], wait)[0]:
                return None
            data = self.connection.recv(1 << 20)
            if not data:
                return None
            self._left += data
        end = 4 + wire.LENGTH.unpack(self._left[:4])[0]
        viewers, picture = wire.read_address(self._left[4:end])
        message, self._left = wire.unpack(bytes(picture)), self._left[end:]
        if self.viewer in viewers:
            self._canvas.draw(message)
        self.messages.append(message)
        return viewers, message

    def settle(self, quiet: float = 0.6, seconds: float = 15.0) -> list[wire.Picture]:
        """Read, giving back the credit of each message, until nothing comes any more; return what came."""
        deadline = time.monotonic() + seconds
        came = []
        while message := self.read(quiet):
            came.append(message)
            self.say(credit=size_of(message))
            assert time.monotonic() < deadline, "the wall does not come to rest"
        return came

    def close(self) -> None:
        """Go away."""
        self.connection.close()


def size_of(picture: wire.Picture) -> int:
    """Return the bytes of a picture, as credit counts them."""
    return wire.HEADER.size + wire.CELL.size * len(picture.cells) + len(picture.jpeg)


def area_average(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return *pixels* scaled down by an exact area average, for sizes that divide."""
    rows, columns = pixels.shape[0] // height, pixels.shape[1] // width
    blocks = pixels[: height * rows, : width * columns].reshape(height, rows, width, columns, -1)
    return np.rint(blocks.astype(float).mean(axis=(1, 3))).astype(np.uint8)


def psnr(a: Pixels, b: Pixels) -> float:
    """Return the peak signal-to-noise ratio of two pictures, dB."""
    error = float(((a.astype(float) - b.astype(float)) ** 2).mean())
    return 10 * np.log10(255**2 / error) if error else float("inf")
