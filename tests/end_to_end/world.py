"""A TiledViz as its user has it: real processes in folders of their own; and looking at pictures of its page."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Error as PageError
from playwright.sync_api import Page, expect

Picture = npt.NDArray[np.uint8]

expect.set_options(timeout=30_000)  # milliseconds, of all tests: machines are busy


class World:
    """One person's TiledViz: the folders, the command, and every process that came of it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tve-", dir="/tmp"))
        self.home = self.folder / "state"
        for path in (self.home, self.folder / "run"):
            path.mkdir(mode=0o700)
        self.env = {**os.environ, "TILEDVIZ_HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.folder / "run")}
        self.started: list[subprocess.Popen[bytes]] = []

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "tvcore", *arguments]

    def start(self, *arguments: str) -> tuple[subprocess.Popen[bytes], Path]:
        """Start a verb that stays; return its process and the file with what it prints."""
        log = self.folder / f"{arguments[0]}-{len(self.started)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                self.command(*arguments), env=self.env, stdout=file, stderr=file, start_new_session=True
            )
        self.started.append(process)
        return process, log

    def end_started(self) -> None:
        """End the verbs that were started and still run."""
        for process in self.started:
            if process.poll() is None:
                process.terminate()
                process.wait(20)

    def ask(self, *arguments: str) -> Any:
        """Run a verb with --json and return its document."""
        done = subprocess.run(
            self.command(*arguments, "--json"), env=self.env, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def tiles(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("tiles")
        return found

    def wait(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                said = "\n".join(path.read_text(errors="replace")[-3000:] for path in self.folder.glob("*.log"))
                pytest.fail(f"after {seconds:.0f} s, still not so: {what}\n{said}\n{self.ask('tiles')}")
            time.sleep(0.1)

    def wait_live(self, count: int, seconds: float = 90) -> list[dict[str, Any]]:
        def live() -> bool:
            return [tile["state"] for tile in self.tiles()].count("live") == count

        self.wait(live, seconds, f"{count} tiles are live")
        return self.tiles()

    def opened(self, log: Path, seconds: float = 240) -> str:
        """Return the address that *log* offers in its line ``Open: ...``."""

        def lines() -> list[str]:
            assert self.started[-1].poll() is None, log.read_text()
            return [line for line in log.read_text().splitlines() if line.startswith("Open: ")]

        self.wait(lines, seconds, f"{log.name} has a line Open: ...")
        return lines()[0].removeprefix("Open: ")

    def processes(self) -> dict[int, str]:
        """Return the living processes that came of this world, with their command lines."""
        mark = f"TILEDVIZ_HOME={self.home}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                try:
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except OSError:
                    continue
        return found

    def end(self) -> None:
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)


def shot(page: Page, path: Path | None = None) -> Picture:
    """Return what *page* shows, height × width × BGR; keep it as *path* too."""
    data = page.screenshot(path=path)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.astype(np.uint8, copy=False)


def part(picture: Picture, rect: dict[str, float], inset: float = 0.12) -> Picture:
    """Return the middle of *rect* (CSS pixels, at one device pixel each) of *picture*."""
    x, y = rect["x"] + inset * rect["width"], rect["y"] + inset * rect["height"]
    w, h = (1 - 2 * inset) * rect["width"], (1 - 2 * inset) * rect["height"]
    return picture[int(y) : int(y + h), int(x) : int(x + w)]


def difference(a: Picture, b: Picture) -> float:
    """Return the mean absolute difference of two pictures of one size, in grey levels."""
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())


def until(page: Page, expression: str, arg: object = None, seconds: float = 30) -> None:
    """Wait until the JavaScript *expression* (or function of *arg*) holds in *page*.

    Playwright's own wait_for_function evaluates text inside the page, which the portal's policy forbids.
    """
    deadline = time.monotonic() + seconds

    def holds() -> bool:
        try:
            return bool(page.evaluate(expression, arg))
        except PageError:  # the page is still loading, and window.tiledviz not there yet
            return False

    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds:.0f} s, still not so in the page: {expression} ({arg})")
        time.sleep(0.05)
