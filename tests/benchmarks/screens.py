"""Eight screens as one display wall on one machine: how far apart they paint a change of view.

``.venv/bin/python tests/benchmarks/screens.py [--tiles 32] [--changes 40] [--repeat 3] [--delay 80]`` opens eight pages
of 960 × 540 as one wall of 4 × 2, on a real portal with tiles that play pictures (``player.py``), and has a leader
change the view again and again. Of each change every page notes when it had drawn its first frame of it, in the
portal's time as the page knows it; the spread of a change is the last of these less the first. In turns with it, the
naive way: the same pages begin each change when the message comes.

All of it once over the machine's own lines, and once with each screen behind a line of its own that holds up what comes
by up to ``--delay`` ms, mostly by less, as a wireless network does. The last line is one JSON object; ``p95_ms`` of
``presented`` should be under 100.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright
from websockets.exceptions import ConnectionClosed

HERE = Path(__file__).parent
sys.path += [str(HERE), *(str(HERE.parent / name) for name in ("portal", "browser", "")), str(HERE.parent)]

from bench_kit import percentile, report  # noqa: E402
from breaking_line import BreakingLine  # noqa: E402
from portal_kit import RunningPortal, WallPage  # noqa: E402
from tvcore.people import display_walls  # noqa: E402
from tvcore.people.by import here  # noqa: E402

COLUMNS, ROWS, SIZE = 4, 2, (960, 540)
CHROMIUM = "/usr/bin/chromium"
PATIENCE = 120.0
BETWEEN = 0.45  # seconds from one change to the next
TARGET_MS = 100
MOST = 60  # changes that a page keeps in mind
WALL = "bench"
# The naive way: a change begins when it is heard of.
SWITCH = """(() => {
  const { scene } = tiledviz;
  const tell = scene.setCamera.bind(scene);
  globalThis.naive = false;
  scene.setCamera = (motion) => tell(globalThis.naive ? { ...motion, start: Date.now() } : motion);
})()"""


class Screen:
    """A screen of the wall: its page, and the worker that draws it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        until(lambda: page.evaluate("window.tiledviz?.connection() == 'open' && window.tiledviz.tiles().length > 0"))
        (self.worker,) = page.workers
        self.worker.evaluate(SWITCH)

    def naive(self, yes: bool) -> None:
        self.worker.evaluate("yes => void (globalThis.naive = yes)", yes)

    def painted(self, count: int) -> list[float]:
        """Return when the first frames of the last *count* changes were drawn, in the portal's time in ms."""
        ahead = float(self.page.evaluate("window.tiledvizScreen.ahead()"))
        drawn = self.worker.evaluate("n => tiledviz.scene.motions.drawn.slice(-n).map(({ drawn }) => drawn)", count)
        return [each + ahead for each in drawn]


def until(holds: Any) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit("a page does not come up")
        time.sleep(0.1)


def views(count: int, columns: int, rows: int) -> Iterator[dict[str, Any]]:
    """Yield *count* views, each another than the one before: of all the wall, of parts of it, of single tiles."""
    for number in range(count):
        part = (1.0, 0.5, 0.25)[number % 3]
        width, height = columns * part, rows * part
        x, y = (number * 0.37) % max(columns - width, 0.01), (number * 0.23) % max(rows - height, 0.01)
        yield {
            "rect": [x, y, width, height], "columns": columns, "layout": [1920.0, 960.0], "zoomed": [], "focus": None,
        }  # fmt: skip


def spreads(leader: WallPage, screens: Sequence[Screen], changes: int, naive: bool) -> list[float]:
    """Return the spread of each of so many *changes*, in ms."""
    for screen in screens:
        screen.naive(naive)
    time.sleep(1)
    for view in views(changes, 8, 4):
        leader.say(lead={"wall": WALL, "view": view, "duration": 0, "take": True})
        time.sleep(BETWEEN)
    time.sleep(1)
    times = [screen.painted(changes) for screen in screens]
    if any(len(each) != changes for each in times):
        raise SystemExit("a screen has missed a change")
    found = [max(of) - min(of) for of in zip(*times, strict=True)]
    print(("naive" if naive else "presented"), figures(found), file=sys.stderr, flush=True)
    return found


def figures(found: Sequence[float]) -> dict[str, float]:
    """Return the percentiles of *found*."""
    return {"p50_ms": round(percentile(found, 0.5), 1), "p95_ms": round(percentile(found, 0.95), 1)}


def drain(leader: WallPage) -> None:
    """Read what the leader is told, and forget it."""
    with suppress(ConnectionClosed):
        while True:
            leader.connection.recv()


@contextmanager
def world(tiles: int) -> Iterator[RunningPortal]:
    """Give a portal with so many tiles that play."""
    with tempfile.TemporaryDirectory(prefix="tvb-", dir="/tmp") as folder:
        state = Path(folder) / "state"
        state.mkdir(mode=0o700)
        portal = RunningPortal(state)
        command = [
            sys.executable,
            str(HERE / "player.py"),
            "--tiles",
            str(tiles),
            "--rate",
            "0.2",
            "--state",
            str(state),
        ]
        player = subprocess.Popen(command, env={**os.environ, "TILEDVIZ_HOME": str(state)}, stdout=subprocess.PIPE)
        os.setpriority(os.PRIO_PROCESS, player.pid, 19)  # nodes are other machines
        try:
            assert player.stdout
            until(lambda: player.stdout.readline().startswith(b"ready"))  # type: ignore[union-attr]
            yield portal
        finally:
            player.terminate()
            player.wait(20)
            portal.stop()


def opened(chromium: Chromium, portal: RunningPortal, tiles: int, delay: float, name: str) -> list[Screen]:
    """Return the screens of a wall called *name*, each behind a line of its own where there is a *delay* (seconds)."""
    size = {"width": SIZE[0], "height": SIZE[1], "inches": 24.0}
    made = display_walls.new_display_wall(
        portal.store, here(portal.store), "main", name, COLUMNS, ROWS, 10.0, [size] * (COLUMNS * ROWS)
    )
    found = []
    for number, place in enumerate(made["places"]):
        more: dict[str, Any] = {}
        if delay:
            line = BreakingLine(portal.port, number)
            line.delay = delay
            more["proxy"] = {"server": line.address, "bypass": "<-loopback>"}
        context = chromium.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, **more)
        page = context.new_page()
        screen = f"screen={name},{place['column']},{place['row']}"
        page.goto(f"{portal.origin}/#invite={place['secret']}&s=main&{screen}")
        found.append(Screen(page))
    for each in found:
        until(lambda each=each: each.page.evaluate(f"window.tiledviz.tiles().length == {tiles}"))
    time.sleep(6)  # clocks are known, names gone, pictures there
    return found


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of both ways, over plain lines and over such that hold up what comes."""
    rows: dict[str, Any] = {}
    arguments = ["--disable-gpu", "--disable-background-networking", *(["--no-sandbox"] if os.getuid() == 0 else [])]
    with world(given.tiles) as portal, sync_playwright() as playwright:
        leader = portal.login().wall()
        leader.say(here={"page": secrets.token_hex(6)})
        threading.Thread(target=drain, args=(leader,), daemon=True).start()
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for lines, delay in (("plain_lines", 0.0), ("slow_lines", given.delay / 1000)):
            screens = opened(chromium, portal, given.tiles, delay, WALL)
            found: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(given.repeat):
                for naive in (False, True):
                    found[naive] += spreads(leader, screens, given.changes, naive)
            rows[lines] = {"presented": figures(found[False]), "naive": figures(found[True])}
            for screen in screens:
                screen.page.context.close()
            display_walls.remove_display_wall(portal.store, here(portal.store), "main", WALL)
        chromium.close()
    return {
        "screens": COLUMNS * ROWS, "size": "x".join(map(str, SIZE)), "tiles": given.tiles,
        "changes": given.changes * given.repeat, "delay_ms": given.delay, "target_p95_ms": TARGET_MS, **rows,
    }  # fmt: skip


def main() -> None:
    """Measure as asked and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tiles", type=int, default=32)
    parser.add_argument("--changes", type=int, default=40, help=f"in a turn, at most {MOST}")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--delay", type=float, default=80.0, help="ms that a slow line holds up what comes, at most")
    given = parser.parse_args()
    given.changes = min(given.changes, MOST)
    report("screens", measure(given))


if __name__ == "__main__":
    main()
