"""What a wall costs on which nothing changes, while a page shows it.

``.venv/bin/python tests/benchmarks/idle.py [--tiles 1024] [--displays 16] [--seconds 20] [--repeat 1]`` shows a wall of
so many synthetic displays, then one of so many real Xvncs with a still picture each, in a headless Chromium. The last
line is one JSON object: per wall the cores that the node agent, its Xvncs, the portal with its worker processes and the
browser take, and the kB per second that the portal sends to the page.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench_kit import cores, medians, report, tree
from bench_world import World, bytes_sent, world
from devtools import Browser
from tvcore.tunnel import agents

SETTLE = 6.0  # seconds after which a wall that is shown is idle: the last pictures are sharp, the page has come to rest
STILL = (sys.executable, str(Path(__file__).parents[1] / "node" / "presser.py"))  # draws once, then waits
SIZE = (1920, 1080)


def measure(made: World, nodes: Mapping[str, list[int]], tiles: int, seconds: float, repeat: int) -> dict[str, float]:
    """Return the figures of the wall of *made*, whose node has the processes *nodes*."""
    portal, url = made.portal()
    runs = []
    with Browser(*SIZE) as browser:
        page = browser.open(url)
        page.until(f"window.tiledviz?.tiles().filter(tile => tile.state == 'live').length == {tiles}", 60)
        page.until(
            "(async () => Object.keys((await window.tiledviz.drawn()).tiles).length)()"
            f".then(drawn => drawn == {tiles})", 60
        )  # fmt: skip
        time.sleep(SETTLE)
        for _ in range(repeat):
            groups = {**nodes, "portal": tree(portal.pid), "browser": browser.pids()}
            sent, begun = bytes_sent(url), time.monotonic()
            found = cores(groups, lambda: time.sleep(seconds))
            rate = (bytes_sent(url) - sent) / (time.monotonic() - begun) / 1e3
            runs.append({**{f"{name}_cores": share for name, share in found.items()}, "kb_s": rate})
            print(runs[-1], file=sys.stderr, flush=True)
    return {"tiles": tiles, **medians(runs)}


def synthetic(tiles: int, seconds: float, repeat: int) -> dict[str, float]:
    """Measure a wall of still synthetic displays."""
    with world() as made:
        node = made.synthetic(tiles, "--size", "640x480", "--rate", "0")
        return measure(made, {"node": [node.pid]}, tiles, seconds, repeat)


def real(displays: int, seconds: float, repeat: int) -> dict[str, float]:
    """Measure a wall of real displays, in each a program that has drawn once and waits."""
    with world() as made:
        node, registration = made.displays(displays, (640, 480), STILL)
        tiles = agents.call(registration, "status")["tiles"]
        xvnc = [pid for tile in tiles for pid in tree(tile["xvnc"])]
        programs = [pid for tile in tiles for pid in tree(tile["pid"])]
        ours = [pid for pid in tree(node.pid) if pid not in {*xvnc, *programs}]
        return measure(made, {"node": ours, "xvnc": xvnc}, displays, seconds, repeat)


def main() -> None:
    """Measure both walls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tiles", type=int, default=1024)
    parser.add_argument("--displays", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--repeat", type=int, default=1)
    given = parser.parse_args()
    shown = {
        "synthetic": synthetic(given.tiles, given.seconds, given.repeat),
        "displays": real(given.displays, given.seconds, given.repeat),
    }
    report("idle", shown)


if __name__ == "__main__":
    main()
