"""Two hundred people in one session: whether all hear of what each does in time, while all look at a live wall.

``.venv/bin/python tests/benchmarks/people.py`` has 200 people (sockets in a process of their own, each logged in by
itself) show a wall of 64 synthetic displays through a real portal, each with a wall stream of at most 20 kB/s, while
ten operations a second are done by one after another. Beside it, in the same run, the same operations to as many
sockets through a relay that does nothing but send each message to everyone (``websockets.broadcast``), and no pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "portal"), str(HERE.parent)]

from bench_kit import cpu_seconds, memory_gb, percentile, report, tree  # noqa: E402
from portal_kit import RunningPortal  # noqa: E402
from together import PLAIN, Page, peer  # noqa: E402
from viewers import URGENCY, Viewer, _live, _request, node  # noqa: E402

SETTLE = 5.0  # seconds from the last page's joining to what is measured
LAST = 5.0  # seconds in which the last operations still come


class Somebody(Page):
    """A page of somebody who looks at the wall and is in its session; *bytes* of pictures that came."""

    def _draw(self, start: int, end: int) -> int:
        drawn = Viewer._draw(self, start, end)
        return drawn or super()._draw(start, end)

    def heard(self) -> list[str]:
        """Return the names of the operations that came since this was asked last."""
        found = list(self.came)
        self.came.clear()
        return found


class People:
    """All pages, in one process, and when each operation came to each of them."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.pages = [Somebody(told["host"], request, number) for number, request in enumerate(told["requests"])]
        self.waiting = selectors.DefaultSelector()
        for page in self.pages:
            self.waiting.register(page.socket, selectors.EVENT_READ, page)
        self.begun: dict[str, float] = {}
        self.delays: list[float] = []
        self.late = 0.0  # of this process's own turns: what it cannot tell from the portal's delay

    def look(self) -> None:
        """Join the session, and ask for the pictures."""
        for page in self.pages:
            if self.told["demand"]:
                page.say(join=None, demand=self.told["demand"])

    def turn(self, seconds: float) -> None:
        """Take what comes within *seconds*."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            ready = self.waiting.select(left)
            came = time.monotonic()
            for key, _ in ready:
                page: Somebody = key.data
                page.read()
                now = time.monotonic()
                for name in page.heard():
                    if name in self.begun:
                        self.delays.append(now - self.begun[name])
            if ready:
                self.late = max(self.late, time.monotonic() - came)

    def act(self) -> None:
        """Have one after another do something, *rate* times a second in all, for *seconds*."""
        rate, seconds = self.told["rate"], self.told["seconds"]
        begun = time.monotonic()
        for number in range(int(rate * seconds)):
            self.turn(begun + number / rate - time.monotonic())
            page = self.pages[number % len(self.pages)]
            at = time.monotonic()
            self.begun[page.act()] = at
        self.turn(LAST)


def serve_people() -> None:
    """Be all people, as the line on stdin says; a line when they are ready, and one with what came of it."""
    people = People(json.loads(sys.stdin.readline()))
    people.look()
    people.turn(SETTLE)
    for page in people.pages:
        Viewer.begin(page)
    print("ready", flush=True)
    begun = time.monotonic()
    people.act()
    took = time.monotonic() - begun
    each = [page.bytes / took for page in people.pages]
    print(
        json.dumps(
            {
                "delays": people.delays,
                "wanted": len(people.begun) * len(people.pages),
                "bytes_s_least": min(each),
                "bytes_s_most": max(each),
                "late": people.late,
            }
        )
    )


class Watch(threading.Thread):
    """The memory of the processes *pids* over time, in MB."""

    def __init__(self, pids: list[int]) -> None:
        super().__init__(daemon=True)
        self._pids = pids
        self._ended = threading.Event()
        self.seen = [1000 * memory_gb(pids)]

    def run(self) -> None:
        while not self._ended.wait(2.0):
            self.seen.append(1000 * memory_gb(self._pids))

    def end(self) -> list[float]:
        """Return what was seen."""
        self._ended.set()
        self.join()
        return self.seen


def measure(
    host: str, requests: list[str], demand: list[list[int]], pids: list[int], given: argparse.Namespace
) -> dict[str, float]:
    """Have the people do what they do at *host*, served by the processes *pids*; return the figures."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--as-people"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    told = {"host": host, "requests": requests, "demand": demand, "rate": given.rate, "seconds": given.seconds}
    process.stdin.write(json.dumps(told) + "\n")
    process.stdin.flush()
    if process.stdout.readline().strip() != "ready":
        raise SystemExit("the people did not come to be")
    watch = Watch(pids)
    watch.start()
    begun, before = time.monotonic(), cpu_seconds(pids)
    line = process.stdout.readline()
    took, after = time.monotonic() - begun, cpu_seconds(pids)
    memory = watch.end()
    if process.wait(30) or not line:
        raise SystemExit("somebody was cut off, or the people ended")
    found = json.loads(line)
    delays = [1000 * delay for delay in found["delays"]]
    return {
        "event_ms_p50": percentile(delays, 0.5),
        "event_ms_p95": percentile(delays, 0.95),
        "event_ms_most": max(delays),
        "missing": found["wanted"] - len(delays),
        "kb_s_least": found["bytes_s_least"] / 1000,
        "kb_s_most": found["bytes_s_most"] / 1000,
        "cores": (after - before) / took,
        "mb_begin": memory[0],
        "mb_most": max(memory),
        "mb_end": memory[-1],
        "people_late_ms": 1000 * found["late"],
    }


def run(portal: RunningPortal, given: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure once: the portal, and the relay right after it."""
    with node(portal, given.tiles, given.size, given.paint):
        browsers = [portal.login("editor") for _ in range(given.people)]
        width, height = map(int, given.shown.split("x"))
        demand = [[tile, width, height, URGENCY] for tile in _live(browsers[0], given.tiles)]
        requests = [_request(portal, browser) for browser in browsers]
        ours = measure(portal.host, requests, demand, tree(portal.process.pid), given)
    with peer() as (host, pid):
        bare = measure(host, [PLAIN] * given.people, [], [pid], given)
    bare = {name: value for name, value in bare.items() if not name.startswith("kb_s")}
    print({"portal": ours, "relay": bare}, file=sys.stderr)
    return {"portal": ours, "relay": bare}


def main() -> None:
    """Measure, both in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--tiles", type=int, default=64)
    parser.add_argument("--size", default="640x360", help="of a display")
    parser.add_argument("--shown", default="160x90", help="size in which a page shows a tile")
    parser.add_argument("--paint", type=float, default=1.0, help="how often a second each display changes")
    parser.add_argument("--rate", type=float, default=10.0, help="operations a second, in all")
    parser.add_argument("--stream", default="20k", help="bytes a second of each page's wall stream, at most")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--as-people", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.as_people:
        serve_people()
        return
    with tempfile.TemporaryDirectory(prefix="tvt-", dir="/tmp") as folder:
        (Path(folder) / "state").mkdir(mode=0o700)
        config = Path(folder) / "config" / "tiledviz"
        config.mkdir(mode=0o700, parents=True)
        (config / "config.toml").write_text(f'[wall]\nviewer_rate = "{given.stream}"\n')
        os.environ["XDG_CONFIG_HOME"] = str(config.parent)
        portal = RunningPortal(Path(folder) / "state")
        try:
            runs = [run(portal, given) for _ in range(given.repeat)]
        except SystemExit:
            print(portal.log.read_text()[-4000:], file=sys.stderr)
            raise
        finally:
            portal.stop()
    figures: dict[str, Any] = {
        name: {figure: round(statistics.median(each[name][figure] for each in runs), 2) for figure in runs[0][name]}
        for name in ("portal", "relay")
    }
    ratio = figures["portal"]["event_ms_p95"] / figures["relay"]["event_ms_p95"]
    about = {"people": given.people, "tiles": given.tiles, "rate": given.rate, "seconds": given.seconds}
    report("people", {**about, **figures, "p95_ratio": round(ratio, 2)})


if __name__ == "__main__":
    main()
