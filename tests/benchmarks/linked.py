"""From a step of a brush to the frame that shows it: our parallel axes beside plotly's.

``.venv/bin/python tests/benchmarks/linked.py [--members 100000,1000000] [--peer 1000,10000,100000] [--repeat 3]``
has Chromium, without a GPU, show made-up members on twelve axes, and brush four of these, forty steps each. Ours are
the page's own modules (``linked_page.js``); a step's clock runs from its call to the frame that shows it. Of plotly
(``linked_peer.html``), moved by a mouse, until it has no frame to come, as it draws a step in pieces. The package
is fetched once, by npm, into ``~/.cache/tiledviz/peers``.

The last line is one JSON object: milliseconds at the 50th and 95th percentile, medians of the repeats, and how much
faster ours is where both were measured. ``same``: after all steps each pixel is that of a picture drawn anew.
"""

from __future__ import annotations

import argparse
import http.server
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import bench_kit
from devtools import Browser, DevToolsError, Page

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEERS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tiledviz" / "peers"
PLOTLY = "plotly.js-dist-min@4.1.2"
AXES = 12
VIEW = (1400, 600)
# WebGL by software: without it plotly draws nothing, and ours does not need it.
FLAGS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
TARGETS = {100_000: 33, 1_000_000: 100}
PEER_SECONDS = 60  # that the peer has for its steps; what it came to by then counts


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def plotly() -> Path:
    """Return the file of plotly, fetched if it is not there."""
    file = PEERS / "node_modules" / "plotly.js-dist-min" / "plotly.min.js"
    if not file.exists():
        PEERS.mkdir(parents=True, exist_ok=True)
        options = ("--no-audit", "--no-fund", "--ignore-scripts", "--silent")
        subprocess.run(["npm", "install", *options, "--prefix", str(PEERS), PLOTLY], check=True)
    return file


class _Files(http.server.SimpleHTTPRequestHandler):
    """What both pages are made of."""

    def translate_path(self, path: str) -> str:
        """Return the file of an address."""
        if path == "/plotly.min.js":
            return str(plotly())
        return str(ROOT / path.lstrip("/")) if path.startswith("/web_static/") else str(HERE / path.lstrip("/"))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    """Serve both pages, to this machine alone; the value is where."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(HERE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def brush(page: Page, name: str, members: int, seconds: float = 600) -> dict[str, Any]:
    """Return the figures of all steps of one side, *name*, as far as *seconds* go."""
    made = page.evaluate(f"{name}.make({members}, {AXES})")
    if name == "linked":
        page.evaluate("linked.prepare()")
    took: list[float] = []
    worked: list[float] = []
    passing = 0
    for number in range(made["steps"]):
        shown, work, passing = page.evaluate(f"{name}.step({number})")
        took.append(shown)
        worked.append(work)
        if sum(took) > seconds * 1000:
            break
    return {
        "p50": bench_kit.percentile(took, 0.5), "p95": bench_kit.percentile(took, 0.95), "max": max(took),
        "work_p95": bench_kit.percentile(worked, 0.95), "ready": made["ready_ms"], "steps": len(took),
        "passing": passing,
    }  # fmt: skip


def side(address: str, name: str, page_name: str, members: int, repeat: int) -> dict[str, Any]:
    """Return the medians of one side over *repeat* browsers."""
    runs: list[dict[str, Any]] = []
    same = True
    for _ in range(repeat):
        with Browser(*VIEW, flags=FLAGS) as browser:
            page = browser.open(f"{address}/{page_name}")
            page.until(f"window.{name} !== undefined", 60)
            runs.append(brush(page, name, members, 600 if name == "linked" else PEER_SECONDS))
            if name == "linked":
                same = same and page.evaluate("linked.same()")
            elif not any(page.evaluate("peer.ranges()")):
                raise DevToolsError("the mouse brushed nothing")
            page.close()
        say(f"{name}, {members} members: {runs[-1]}")
    found = {f"{key}_ms": round(statistics.median(run[key] for run in runs), 1) for key in ("p50", "p95", "max")}
    found |= {f"{key}_ms": round(statistics.median(run[key] for run in runs), 1) for key in ("work_p95", "ready")}
    found |= {"steps": min(run["steps"] for run in runs)}
    return found | ({"same": same, "passing": runs[-1]["passing"]} if name == "linked" else {})


def compare(sizes: list[int], peers: list[int], repeat: int) -> dict[str, Any]:
    """Return the figures of each size, ours and the peer's."""
    rows: dict[str, Any] = {}
    with served() as address:
        for members in sorted({*sizes, *peers}):
            row: dict[str, Any] = {"ours": side(address, "linked", "linked_page.html", members, repeat)}
            if members in TARGETS:
                row["target_p95_ms"] = TARGETS[members]
            if members in peers:
                try:
                    row["plotly"] = side(address, "peer", "linked_peer.html", members, repeat)
                    for key in ("p50_ms", "p95_ms"):
                        row[f"times_faster_{key[:3]}"] = round(row["plotly"][key] / row["ours"][key], 1)
                except (DevToolsError, TimeoutError) as error:
                    row["plotly"] = {"failed": str(error).splitlines()[0][:200]}
            rows[str(members)] = row
    return {"axes": AXES, "repeat": repeat, "view": "1320x480", "members": rows}


def main() -> None:
    """Measure as asked and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--members", default="100000,1000000", help="sizes of ours, parted by commas")
    parser.add_argument("--peer", default="1000,10000,100000", help="sizes at which plotly is measured too")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    sizes, peers = ([int(size) for size in text.split(",") if size] for text in (given.members, given.peer))
    bench_kit.report("linked", compare(sizes, peers, given.repeat))


if __name__ == "__main__":
    main()
