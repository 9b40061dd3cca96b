"""What the benchmarks of the whole way share: a state folder, node agents with real displays, a portal, its traffic."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from player import put_on_wall
from tvcore.batch.plan import Plan
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration

HERE = Path(__file__).parent
PATIENCE = 120.0  # seconds for all displays to come up
LOOK = 0.05


class World:
    """The folders of one person, and what runs in them until the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        for path in (self.state, folder / "run"):
            path.mkdir(mode=0o700)
        self._env = {**os.environ, "TILEDVIZ_HOME": str(self.state), "XDG_RUNTIME_DIR": str(folder / "run")}
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, plan: Plan | None = None, **environment: str) -> subprocess.Popen[bytes]:
        """Start a Python program of ours, with *plan* on its standard input."""
        with (self.folder / f"{len(self._started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command], env=self._env | environment, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self._started.append(process)
        assert process.stdin
        with process.stdin as stdin:
            stdin.write(plan.model_dump_json().encode() + b"\n" if plan else b"")
        return process

    def line(self, process: subprocess.Popen[bytes], begin: str) -> str:
        """Return the rest of the first line of *process*' output that begins with *begin*."""
        assert process.stdout
        for line in process.stdout:
            if line.decode().startswith(begin):
                return line.decode().removeprefix(begin).strip()
        raise RuntimeError(f"no line {begin!r}: {self.said()}")

    def said(self) -> str:
        """Return the ends of what everything said."""
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(self.folder.glob("*.log")))

    def synthetic(self, tiles: int, *options: str) -> subprocess.Popen[bytes]:
        """Start a node agent with *tiles* synthetic displays."""
        process = self.start(str(HERE / "synthetic.py"), "--tiles", str(tiles), "--state", str(self.state), *options)
        self.line(process, "ready")
        return process

    def displays(
        self, count: int, size: tuple[int, int], command: tuple[str, ...]
    ) -> tuple[subprocess.Popen[bytes], Registration]:
        """Start a node agent with *count* real displays of *size* in which *command* runs; return when all are live."""
        plan, job = put_on_wall(self.state, count, size, "display")
        tiles = tuple(tile.model_copy(update={"command": command}) for tile in plan.tiles)
        plan = plan.model_copy(update={"tiles": tiles})
        process = self.start("-m", "tvcore.node", plan=plan, TILEDVIZ_JOB=job)
        deadline = time.monotonic() + PATIENCE
        while True:
            registration = next((found for found in agents.registrations(self.state) if found.job == job), None)
            if registration and all(tile["state"] == "live" for tile in agents.call(registration, "status")["tiles"]):
                return process, registration
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the displays do not come up: {self.said()}")
            time.sleep(LOOK)

    def portal(self) -> tuple[subprocess.Popen[bytes], str]:
        """Start a portal; return it and an address that logs in."""
        process = self.start("-m", "tvcore", "up", "--port", "0")
        return process, self.line(process, "Open: ")

    def end(self) -> None:
        """End everything, the last started first."""
        for process in reversed(self._started):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


@contextlib.contextmanager
def world() -> Iterator[World]:
    """Give a world that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="tvb-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        made = World(Path(folder))
        try:
            yield made
        finally:
            made.end()


def bytes_sent(url: str) -> int:
    """Return how many bytes the portal at *url* has sent over the connections that are open now (ss(8))."""
    found = re.search(r":(\d+)/", url)
    assert found
    command: Sequence[str] = ["ss", "-tinH", "state", "established", f"sport = :{found[1]}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sum(int(count) for count in re.findall(r"bytes_sent:(\d+)", said))
