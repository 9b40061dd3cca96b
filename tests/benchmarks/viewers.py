"""Many viewers of one wall: what they cost the node and the portal, and whether a slow one holds up another.

``.venv/bin/python tests/benchmarks/viewers.py`` shows 64 synthetic displays (``synthetic.py``) to 1, 10 and 50 viewers
through a real portal, then to one alone and to the same one beside one whose line takes 200 kB/s. The viewers are
sockets in a process of their own that draw in no time; the node's CPU is its loop and encoders, painting apart.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "portal"), str(HERE.parent)]

from bench_kit import cpu_seconds, memory_gb, percentile, report  # noqa: E402
from portal_kit import API, Browser, RunningPortal  # noqa: E402
from tvcore.node import wire  # noqa: E402

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10  # opcodes of frames (RFC 6455, section 11.8)
URGENCY = 1
SLOW = 200_000  # bytes per second
SLOW_TURN = 0.02  # seconds from one reading of a slow line to the next
SLOW_BUFFER = 1 << 14  # bytes that its kernel takes ahead
FAST_BUFFER = 1 << 18
SETTLE = 3.0  # seconds from the demand to what is measured
PATIENCE = 60.0
OLD_EVERY = 0.1  # seconds from one look at the oldest tile to the next


# ------------------------------------------------------------- viewers' process


class Viewer:
    """One page: what it was shown of each tile; *rate*: bytes per second that its line takes, 0 for all."""

    def __init__(self, host: str, request: str, rate: int) -> None:
        name, _, port = host.partition(":")
        self.socket = socket.socket()
        self.rate = rate
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER if rate else FAST_BUFFER)
        self.socket.settimeout(PATIENCE)
        self.socket.connect((name, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request.encode())
        self.bytes = self.cells = self.pictures = 0
        self.shown: dict[int, tuple[int, float]] = {}  # by tile: frame, when it was captured
        self._first: dict[int, int] = {}  # by tile, the first frame that counts
        self.old: list[float] = []
        self.trips: list[float] = []
        self._data = self._opened()
        self._read_at = time.monotonic()

    def _opened(self) -> bytearray:
        """Wait until the connection is a WebSocket; return what came after that."""
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = self.socket.recv(1 << 16)
            assert more, data
            data += more
        assert b" 101 " in data[:end], data[:end]
        return data[end + 4 :]

    def say(self, **said: Any) -> None:
        """Send a message to the portal."""
        self._send(BINARY, json.dumps(said).encode())

    def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        first = 0x80 | opcode
        head = struct.pack("!BB", first, 0x80 | size) if size < 126 else struct.pack("!BBH", first, 0xFE, size)
        self.socket.sendall(head + bytes(4) + payload)

    def read(self) -> None:
        """Take what has come, draw it, and say so."""
        most = 1 << 20
        if self.rate:
            now = time.monotonic()
            most = max(1, int(self.rate * min(2 * SLOW_TURN, now - self._read_at)))
            self._read_at = now
        data = self.socket.recv(most)
        if not data:
            raise SystemExit("the portal closed a viewer's connection")
        self._data += data
        drawn = sum(self._draw(start, end) for start, end in self._messages())
        if drawn:
            self.say(drawn=drawn)

    def _messages(self) -> Iterator[tuple[int, int]]:
        """Yield where each whole message is, answer pings, and drop them after that (RFC 6455, section 5.2)."""
        at = 0
        while len(self._data) >= at + 2:
            size, start = self._data[at + 1], at + 2
            if size == 126 and len(self._data) >= at + 4:
                (size,), start = struct.unpack_from("!H", self._data, at + 2), at + 4
            elif size == 127 and len(self._data) >= at + 10:
                (size,), start = struct.unpack_from("!Q", self._data, at + 2), at + 10
            elif size > 125:
                break
            if len(self._data) < start + size:
                break
            opcode = self._data[at] & 0x0F
            if opcode == PING:
                self._send(PONG, bytes(self._data[start : start + size]))
            elif opcode == CLOSE:
                raise SystemExit(f"the portal closed a viewer's connection: {self._data[start + 2 : start + size]!r}")
            else:
                yield start, start + size
            at = start + size
        del self._data[:at]

    def _draw(self, start: int, end: int) -> int:
        """Take note of the tiles in a picture; return its bytes."""
        if end == start or self._data[start] != wire.PICTURE:
            return 0
        count = wire.HEADER.unpack_from(self._data, start)[3]
        table = memoryview(self._data)[start + wire.HEADER.size : start + wire.HEADER.size + count * wire.CELL.size]
        now = time.time()
        for tile, _flags, frame, captured, *_ in wire.CELL.iter_unpack(table):
            if self.shown.get(tile, (None, 0.0))[0] != frame:
                self.cells += 1  # frames of tiles, however many pieces one came in
                self._first.setdefault(tile, frame)
            self.shown[tile] = (frame, captured)
            self.trips.append(now - captured)
        table.release()
        self.pictures += 1
        self.bytes += end - start
        return end - start

    def measured(self) -> dict[str, Any]:
        """Return what was seen since ``begin``."""
        return {
            "bytes": self.bytes,
            "frames": self.cells,
            "painted": sum(self.shown[tile][0] + 1 - first for tile, first in self._first.items()),
            "pictures": self.pictures,
            "trips": self.trips[-20000:],
            "old": self.old,
        }

    def begin(self) -> None:
        """Count from now on."""
        self.bytes = self.cells = self.pictures = 0
        self.old, self.trips, self._first = [], [], {}


def serve_viewers() -> None:
    """Be all viewers: told on stdin, by lines of JSON and then ``show``, ``begin`` and ``end``."""
    told = json.loads(sys.stdin.readline())
    viewers = [Viewer(told["host"], each["request"], each["rate"]) for each in told["viewers"]]
    fast = selectors.DefaultSelector()
    for viewer in viewers:
        if not viewer.rate:
            fast.register(viewer.socket, selectors.EVENT_READ, viewer)
    slow = [viewer for viewer in viewers if viewer.rate]
    fast.register(sys.stdin, selectors.EVENT_READ, None)
    print("open", flush=True)
    turn = old = time.monotonic()
    begun = 0.0
    while True:
        for key, _ in fast.select(SLOW_TURN if slow else OLD_EVERY):
            if key.data is not None:
                key.data.read()
                continue
            order = os.read(0, 100).decode().strip()
            if order == "show":
                for viewer in viewers:
                    viewer.say(demand=told["demand"])
            elif order == "begin":
                begun = time.process_time()
                for viewer in viewers:
                    viewer.begin()
            else:
                print(json.dumps({"cpu": time.process_time() - begun, "seen": [v.measured() for v in viewers]}))
                return
        now = time.monotonic()
        if slow and now - turn >= SLOW_TURN:
            turn = now
            for viewer in slow:
                viewer.socket.setblocking(False)
                with suppress(BlockingIOError):
                    viewer.read()
                viewer.socket.setblocking(True)
        if now - old >= OLD_EVERY:
            old, clock = now, time.time()
            for viewer in viewers:
                if len(viewer.shown) == len(told["demand"]):
                    viewer.old.append(clock - min(captured for _, captured in viewer.shown.values()))


class Viewers:
    """The process with the viewers."""

    def __init__(self, portal: RunningPortal, browser: Browser, rates: list[int], demand: list[list[int]]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--viewers"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        viewers = [{"request": _request(portal, browser), "rate": rate} for rate in rates]
        self.tell(json.dumps({"host": portal.host, "viewers": viewers, "demand": demand}))
        self.hear()

    def tell(self, line: str) -> None:
        """Send a line."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """Return the next line. Raises EOFError."""
        assert self.process.stdout
        if line := self.process.stdout.readline():
            return line
        raise EOFError("the viewers ended")

    def end(self) -> dict[str, Any]:
        """End them, and return what they saw."""
        self.tell("end")
        found: dict[str, Any] = json.loads(self.hear())
        self.process.wait(10)
        return found


def _request(portal: RunningPortal, browser: Browser) -> str:
    return (
        f"GET {API}/wall/stream HTTP/1.1\r\nHost: {portal.host}\r\nOrigin: {portal.origin}\r\n"
        f"Cookie: {browser.cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Protocol: tiledviz, ticket.{browser.ticket('wall')}\r\n\r\n"
    )


# ------------------------------------------------------------------- measuring


@contextmanager
def node(portal: RunningPortal, tiles: int, size: str, rate: float) -> Iterator[subprocess.Popen[str]]:
    """A node agent with synthetic displays on the portal's wall; its last line says what it cost."""
    process = subprocess.Popen(
        [
            *(sys.executable, str(HERE / "synthetic.py"), "--state", str(portal.home)),
            *("--tiles", str(tiles), "--size", size, "--rate", str(rate)),
        ],
        env={**os.environ, "TILEDVIZ_HOME": str(portal.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline().strip() == "ready"
        yield process
    finally:
        process.terminate()
        process.wait(20)


def run(portal: RunningPortal, given: argparse.Namespace, rates: list[int]) -> dict[str, Any]:
    """Show the wall to viewers with these *rates*, and return the figures."""
    browser = portal.login()
    with node(portal, given.tiles, given.size, given.rate) as agent:
        shown = [*map(int, given.shown.split("x")), URGENCY]
        demand = [[tile, *shown] for tile in _live(browser, given.tiles)]
        viewers = Viewers(portal, browser, rates, demand)
        begun, at_begin = time.monotonic(), cpu_seconds([portal.process.pid])
        viewers.tell("show")
        time.sleep(SETTLE)
        viewers.tell("begin")
        time.sleep(given.seconds)
        memory = memory_gb([portal.process.pid])
        seen = viewers.end()
        took = time.monotonic() - begun
        portal_cores = (cpu_seconds([portal.process.pid]) - at_begin) / took
        agent.terminate()
        _, said = agent.communicate(timeout=30)
        spent = json.loads(said.splitlines()[-1])
    if not all(each["frames"] for each in seen["seen"]):
        raise SystemExit(f"a viewer saw nothing; the node agent said:\n{said}")
    fastest = seen["seen"][0]
    figures = {
        "viewers": len(rates),
        "node_cores": sum(spent[stage] for stage in ("scale", "jpeg", "loop")) / took,
        "painted_fps": spent["frames"] / given.tiles / took,
        "portal_cores": portal_cores,
        "portal_mb": memory * 1000,
        "viewer_cores": seen["cpu"] / given.seconds,
        "fps": fastest["frames"] / given.tiles / given.seconds,
        "shown_of_painted": fastest["frames"] / fastest["painted"],
        "fps_least": min(each["frames"] for each in seen["seen"]) / given.tiles / given.seconds,
        "mb_s": fastest["bytes"] / given.seconds / 1e6,
        "age_ms_p50": 1000 * percentile(fastest["trips"], 0.5),
        "age_ms_p99": 1000 * percentile(fastest["trips"], 0.99),
    }
    slow = [each for each, rate in zip(seen["seen"], rates, strict=True) if rate]
    if slow:
        figures |= {
            "slow_kb_s": slow[0]["bytes"] / given.seconds / 1e3,
            "slow_oldest_s_p50": percentile(slow[0]["old"], 0.5),
            "slow_oldest_s_max": max(slow[0]["old"], default=float("inf")),
            "slow_age_s_p99": percentile(slow[0]["trips"], 0.99),
        }
    print({name: round(value, 3) for name, value in figures.items()}, file=sys.stderr)
    return figures


def _live(browser: Browser, count: int) -> list[int]:
    """Return the ids of the tiles of the newest job, as soon as the portal knows where they are."""
    deadline = time.monotonic() + PATIENCE
    while True:
        tiles = [tile for tile in browser.get("/wall").json["tiles"] if tile.get("stream")]
        newest = max((tile["stream"] for tile in tiles), default=0)
        found = [tile["id"] for tile in tiles if tile["stream"] == newest]
        if len(found) == count:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} of {count} tiles came")
        time.sleep(0.1)


def medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {name: round(statistics.median(each[name] for each in runs), 4) for name in runs[0]}


def _of(run: dict[str, Any]) -> float:
    """Return what a frame painted has cost the node."""
    return float(run["node_cores"] / run["painted_fps"])


def main() -> None:
    """Measure, all kinds in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--tiles", type=int, default=64)
    parser.add_argument("--size", default="640x480")
    # At 240x135, 50 viewers take 360 MB/s of this texture: more than two cores pass on and read.
    parser.add_argument("--shown", default="120x68")
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--viewers", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.viewers:
        serve_viewers()
        return
    counts: dict[str, list[int]] = {"1": [0], "10": [0] * 10, "50": [0] * 50, "alone": [0], "beside": [0, SLOW]}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in counts}
    with tempfile.TemporaryDirectory(prefix="tvv-", dir="/tmp") as folder:
        (Path(folder) / "state").mkdir(mode=0o700)
        portal = RunningPortal(Path(folder) / "state")
        try:
            for _ in range(given.repeat):
                for name, rates in counts.items():
                    print(name, file=sys.stderr)
                    runs[name].append(run(portal, given, rates))
        finally:
            portal.stop()
    found = {name: medians(each) for name, each in runs.items()}
    # By what was painted: on a machine with other work that is less at times, of which the viewers are innocent.
    ratios = [_of(b) / _of(a) for a, b in zip(runs["1"], runs["50"], strict=True)]
    losses = [
        1 - b["shown_of_painted"] / a["shown_of_painted"] for a, b in zip(runs["alone"], runs["beside"], strict=True)
    ]
    report(
        "viewers",
        {
            "walls": [found[name] for name in ("1", "10", "50")],
            "node_ratio_50": round(statistics.median(ratios), 3),
            "slow_beside": found["beside"],
            "loss_beside_slow": round(statistics.median(losses), 4),
            "delay_beside_slow": round(found["beside"]["age_ms_p50"] / found["alone"]["age_ms_p50"], 3),
        },
    )


if __name__ == "__main__":
    main()
