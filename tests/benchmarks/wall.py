"""A wall of live tiles in one browser tab, ours beside one noVNC per tile.

``.venv/bin/python tests/benchmarks/wall.py [--tiles 1024] [--repeat 5] [--seconds 5]`` shows N displays of 1920×1080
that change 10 times a second in a Chromium of 3840×2160: pictures that were encoded before, from an agent true to the
protocol (``player.py``), through a real portal and its page; and in the same Chromium, in turns, full-size noVNCs
(``novnc_peer.py``). A second kind of row, ``"encoder": "real"``, has a real agent encode
(``synthetic.py``), from displays small enough to be painted by the same two cores.

Frames count only as they are on the canvas: every tile carries a code that changes with every frame, which is read back
there from some tiles at a time right after each drawing. ``delay``: from the change of the display to that moment.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bench_kit
from bench_world import World, bytes_sent, world
from devtools import Browser, Page, Target
from player import PHASES  # so many are encoded when they are played for the first time

HERE = Path(__file__).parent
COUNTS = (1, 4, 16, 64, 256, 1024)
REAL = {
    64: ("960x540", 1.0),
    1024: ("240x135", 0.1),
}  # size and share that changes: what can be painted beside all else
MOST_NOVNC = 64
VIEW = (3840, 2160)
SETTLE = 2.0  # seconds from the first picture of the last tile, or the last noVNC's, until measuring begins
PATIENCE = 90.0
MOST_WRONG = 0.02  # share of codes that may be misread

PROBE = (HERE / "wall_probe.js").read_text()
OURS = """(places) => {
  const { scene, pictures } = tiledviz;
  const seen = (id) => ({ context: scene.context, captured: () => pictures.of(id)?.captured });
  globalThis.probe = new Probe(places.map((place) => ({ ...place, ...seen(place.id) })));
  const drawn = scene.onDrawn;
  scene.onDrawn = () => { probe.look(); drawn(); };
}"""
PLACES = """(() => {
  const stage = document.getElementById('stage').getBoundingClientRect();
  return window.tiledviz.tiles().map(({ id, title, rect }) => ({ id, code: Number(title.split(' ').at(-1)),
    x: (rect.x - stage.x) * devicePixelRatio, y: (rect.y - stage.y) * devicePixelRatio,
    width: rect.width * devicePixelRatio, height: rect.height * devicePixelRatio }));
})()"""
NOVNC = """(() => {
  const whole = ({ width, height }) => ({ x: 0, y: 0, width, height });
  const seen = ({ index, canvas }) => ({ code: index, context: canvas.getContext('2d'), ...whole(canvas) });
  window.probe = new Probe(window.tiles.map(seen));
  const look = () => { probe.look(); requestAnimationFrame(look); };
  look();
})()"""


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


class Wall:
    """A portal with a wall of tiles of the agent *node*, and its page in a browser, opened anew each time."""

    def __init__(self, world: World, browser: Browser, tiles: int, first: int, *node: str) -> None:
        self._world = world
        self._browser = browser
        self._tiles = tiles
        self._first = first  # pictures of each tile before anything is measured
        self._portal, self._url = world.portal()
        self._node = world.start(*node, "--tiles", str(tiles), "--state", str(world.state))
        world.line(self._node, "ready")
        self._looked = 0.0  # seconds, in all

    @contextmanager
    def _page(self) -> Iterator[tuple[Page, Target]]:
        url = self._world.line(self._world.start("-m", "tvcore", "open"), "Open: ")
        page, begun = self._browser.open(url), time.monotonic()
        try:
            page.until("window.tiledviz?.connection() === 'open'", PATIENCE)
            worker = page.worker("wall")
            counts = "Object.values(globalThis.tiledviz?.pictures.drawnCounts() ?? {})"
            worker.until(f"{counts}.filter((count) => count >= {self._first}).length >= {self._tiles}", PATIENCE)
            time.sleep(SETTLE)
            yield page, worker
        finally:
            self._looked += time.monotonic() - begun
            page.close()

    def measure(self, seconds: float) -> dict[str, float]:
        """Return one row's figures."""
        with self._page() as (page, worker):
            worker.evaluate(PROBE)
            worker.evaluate(f"({OURS})({json.dumps(page.evaluate(PLACES))})")
            groups = {
                "chromium": self._browser.pids(),
                "portal": bench_kit.tree(self._portal.pid),
                "node": bench_kit.tree(self._node.pid),
            }
            sent, busy, begun = bytes_sent(self._url), page.metrics()["TaskDuration"], time.monotonic()
            cores = bench_kit.cores(groups, lambda: time.sleep(seconds))
            took = time.monotonic() - begun
            found = checked(worker.evaluate("probe.result()"))
            return {
                "ours_fps": found["fps"],
                "main_thread": (page.metrics()["TaskDuration"] - busy) / took,
                "chromium_cores": cores["chromium"],
                "chromium_gb": bench_kit.memory_gb(groups["chromium"]),
                "mb_s": (bytes_sent(self._url) - sent) / took / 1e6,
                "portal_cores": cores["portal"],
                "node_cores": cores["node"],
                "delay_ms_p50": bench_kit.percentile(found["delays"], 0.5),
                "delay_ms_p99": bench_kit.percentile(found["delays"], 0.99),
            }

    def stages(self) -> dict[str, float]:
        """End the node; return the cores that each stage of its work took while the page was open."""
        self._node.terminate()
        self._node.wait(30)
        last = (log.read_text().rstrip().rpartition("\n")[2] for log in self._world.folder.glob("*.log"))
        spent = json.loads(next(line for line in last if line.startswith('{"paint"')))
        return {stage: round(spent[stage] / self._looked, 4) for stage in spent if stage not in ("frames", "pictures")}


def checked(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a probe found. Raises RuntimeError when it read no codes, or many that are none."""
    if not found["read"] or found["wrong"] > MOST_WRONG * found["read"]:
        raise RuntimeError(f"{found['wrong']} of {found['read']} codes on the canvas are not those of their tiles")
    return found


def novnc(browser: Browser, url: str, tiles: int, seconds: float) -> float:
    """Return the frames per second and tile of noVNCs side by side."""
    page = browser.open(url)
    try:
        page.until(f"window.tiles?.filter(({{ rfb }}) => rfb._fbWidth > 0).length === {tiles}", PATIENCE)
        time.sleep(SETTLE)
        page.evaluate(PROBE)
        page.evaluate(NOVNC)
        time.sleep(seconds)
        return float(checked(page.evaluate("window.probe.result()"))["fps"])
    finally:
        page.close()


def compare(tiles: int, repeat: int, seconds: float) -> dict[str, Any]:
    """Return the row of *tiles* played tiles, beside noVNC where that can be."""
    runs: list[Mapping[str, float]] = []
    with world() as made, Browser(*VIEW) as browser:
        wall = Wall(made, browser, tiles, PHASES + 1, str(HERE / "player.py"))
        peer = tiles <= MOST_NOVNC
        if peer:
            url = made.line(made.start(str(HERE / "novnc_peer.py"), "--tiles", str(tiles)), "ready ")
        for number in range(repeat):
            run = wall.measure(seconds)
            if peer:
                run["novnc_fps"] = novnc(browser, url, tiles, seconds)
            say(f"{tiles} tiles, run {number + 1}: {shown(run)}")
            runs.append(run)
    middle = bench_kit.medians(runs, 3)
    ratio = {"ratio": round(middle["ours_fps"] / max(middle["novnc_fps"], 0.01), 1)} if peer else {"novnc_fps": None}
    return {"tiles": tiles, **middle, **ratio}


def encode(tiles: int, repeat: int, seconds: float) -> dict[str, Any]:
    """Return the row of *tiles* tiles that a real agent encodes."""
    with world() as made, Browser(*VIEW) as browser:
        size, share = REAL[tiles]
        options = ("--size", size, "--share", str(share), "--another")
        wall = Wall(made, browser, tiles, 1, str(HERE / "synthetic.py"), *options)
        runs = [wall.measure(seconds) for _ in range(repeat)]
        row = {
            "tiles": tiles,
            "encoder": "real",
            "display": size,
            "share": share,
            **bench_kit.medians(runs, 3),
            "node_stages": wall.stages(),
        }
    say(f"{tiles} tiles, encoded: {row}")
    return row


def shown(run: Mapping[str, float]) -> str:
    """Return figures for whoever waits."""
    return ", ".join(f"{name} {value:.3g}" for name, value in run.items())


def main() -> None:
    """Measure as asked and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tiles", type=int, action="append", help="how many; may be given again")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    counts = given.tiles or COUNTS
    rows = [compare(tiles, given.repeat, given.seconds) for tiles in counts]
    rows += [encode(tiles, given.repeat, given.seconds) for tiles in counts if tiles in REAL]
    bench_kit.report("wall", rows)


if __name__ == "__main__":
    main()
