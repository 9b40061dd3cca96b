"""Many people in one session: how long an act takes from one page to all, and how many acts a second go round.

``.venv/bin/python tests/benchmarks/together.py`` has 50 pages (sockets in a process of their own, each of a person of
its own) join the session of a real portal, which orders, checks and stores what they do. Beside it, in the same run, a
relay that does nothing but send each message to everyone (``websockets.broadcast``): what the machine, the sockets
and the pages cost by themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import secrets
import selectors
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "portal"), str(HERE.parent)]

from bench_kit import cpu_seconds, percentile, report, tree  # noqa: E402
from portal_kit import RunningPortal  # noqa: E402
from viewers import PATIENCE, Viewer, _request  # noqa: E402

WINDOW = 4  # acts of one page that are under way while it is measured how many go round
ACT = re.compile(rb'"id": ?"(bench-[0-9a-f]+-[0-9]+)"')
PLAIN = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + (
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


# --------------------------------------------------------------- the pages' process


class Page(Viewer):
    """One page in the session: what it does, and what it hears of the others."""

    def __init__(self, host: str, request: str, number: int) -> None:
        super().__init__(host, request, 0)
        self.number = number
        self.begin()
        self.came: deque[str] = deque()

    def begin(self) -> None:
        """Count from now on, by names that were not there before."""
        self.name = f"bench-{secrets.token_hex(4)}"
        self.done = self.seen = self.own = 0

    def _draw(self, start: int, end: int) -> int:
        for match in ACT.finditer(self._data, start, end):
            name = match[1].decode()
            self.seen += 1
            self.own += name.startswith(self.name)
            self.came.append(name)
        return 0

    def act(self, count: int = 1) -> str:
        """Do something, or several things; return the last one's name."""
        names = [f"{self.name}-{self.done + i}" for i in range(1, count + 1)]
        self.done += count
        self.say(ops=[{"id": name, "set": [["layout/gap", self.done % 200]]} for name in names])
        return names[-1]


def take(waiting: selectors.BaseSelector, seconds: float) -> list[Page]:
    """Read what has come; return who was told something."""
    told = []
    for key, _ in waiting.select(seconds):
        key.data.read()
        told.append(key.data)
    return told


def delays(pages: list[Page], waiting: selectors.BaseSelector, count: int) -> list[list[float]]:
    """Return, of each of *count* acts, one after another, after how many seconds each page had it."""
    found = []
    for i in range(count):
        for page in pages:
            page.came.clear()
        begun, name = time.monotonic(), pages[i % len(pages)].act()
        arrived: dict[int, float] = {}
        while len(arrived) < len(pages):
            for page in take(waiting, 1.0):
                if name in page.came:
                    arrived.setdefault(page.number, time.monotonic() - begun)
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"{name} came to {len(arrived)} of {len(pages)} pages")
        found.append(sorted(arrived.values()))
    return found


def rounds(pages: list[Page], waiting: selectors.BaseSelector, seconds: float) -> float:
    """Return how many acts a second come to all when every page does the next as soon as it sees its own."""
    for page in pages:
        page.begin()
    for page in pages:
        page.act(WINDOW)
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        for page in take(waiting, 0.1):
            if (room := WINDOW - (page.done - page.own)) > 0:
                page.act(room)
    return min(page.seen for page in pages) / seconds


def serve_pages() -> None:
    """Be all pages, as the line on stdin says."""
    told = json.loads(sys.stdin.readline())
    pages = [Page(told["host"], request, number) for number, request in enumerate(told["requests"])]
    waiting = selectors.DefaultSelector()
    for page in pages:
        waiting.register(page.socket, selectors.EVENT_READ, page)
        if told["join"]:
            page.say(join=None)
    until = time.monotonic() + told["settle"]
    while time.monotonic() < until:
        take(waiting, 0.1)
    late = delays(pages, waiting, told["acts"])
    print(json.dumps({"delays": late, "rate": rounds(pages, waiting, told["seconds"])}))


def measure(host: str, requests: list[str], join: bool, given: argparse.Namespace) -> dict[str, float]:
    """Have the pages do their acts at *host*; return the figures."""
    told = {"host": host, "requests": requests, "join": join, "acts": given.acts, "seconds": given.seconds, "settle": 2}
    done = subprocess.run(
        [sys.executable, __file__, "--as-pages"],
        input=json.dumps(told) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)
    last = [1000 * each[-1] for each in found["delays"]]
    return {
        "to_all_ms_p50": percentile(last, 0.5),
        "to_all_ms_p95": percentile(last, 0.95),
        "to_one_ms_p50": 1000 * percentile([when for each in found["delays"] for when in each], 0.5),
        "acts_s": found["rate"],
    }


# -------------------------------------------------------------------- the peer


async def relay() -> None:
    """Send every message to everyone, and know nothing."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve
    from websockets.exceptions import ConnectionClosed

    there: set[ServerConnection] = set()

    async def one(connection: ServerConnection) -> None:
        there.add(connection)
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                broadcast(there, message)
        there.discard(connection)

    async with serve(one, "127.0.0.1", 0, compression=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await server.serve_forever()


@contextlib.contextmanager
def peer() -> Iterator[tuple[str, int]]:
    """Run the relay; yield its address and the process."""
    process = subprocess.Popen([sys.executable, __file__, "--relay"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield f"127.0.0.1:{int(process.stdout.readline())}", process.pid
    finally:
        process.terminate()
        process.wait(10)


# ------------------------------------------------------------------- measuring


def run(portal: RunningPortal, given: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure once: the portal, and the relay right after it."""
    requests = [_request(portal, portal.login()) for _ in range(given.pages)]
    begun, before = time.monotonic(), cpu_seconds(tree(portal.process.pid))
    ours = measure(portal.host, requests, True, given)
    ours["cores"] = (cpu_seconds(tree(portal.process.pid)) - before) / (time.monotonic() - begun)
    with peer() as (host, pid):
        begun, before = time.monotonic(), cpu_seconds([pid])
        bare = measure(host, [PLAIN] * given.pages, False, given)
        bare["cores"] = (cpu_seconds([pid]) - before) / (time.monotonic() - begun)
    print({"portal": ours, "relay": bare}, file=sys.stderr)
    return {"portal": ours, "relay": bare}


def main() -> None:
    """Measure, both in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--acts", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--relay", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--as-pages", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.relay:
        asyncio.run(relay())
        return
    if given.as_pages:
        serve_pages()
        return
    with tempfile.TemporaryDirectory(prefix="tvt-", dir="/tmp") as folder:
        (Path(folder) / "state").mkdir(mode=0o700)
        portal = RunningPortal(Path(folder) / "state")
        try:
            runs = [run(portal, given) for _ in range(given.repeat)]
        finally:
            portal.stop()
    figures = {
        name: {figure: round(statistics.median(each[name][figure] for each in runs), 3) for figure in runs[0][name]}
        for name in ("portal", "relay")
    }
    report("together", {"pages": given.pages, **figures})


if __name__ == "__main__":
    main()
