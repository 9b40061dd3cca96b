"""The focus stream through the portal against websockify and against socat, in one run, in turns.

``.venv/bin/python tests/benchmarks/relay.py [--repeat 5] [--seconds 3]`` with Debian's socat and the websockify of the
test environment. Behind each is the same display on a unix socket, before each the same browser, both as cheap as can
be: the display sends from one large buffer, a thread for each connection, the browser takes whatever there is and looks
at none of it. A connection begins as noVNC's does, with RFB's greeting and a key, and a ping is a key too
(RFC 6143, 7.5.4), which the display sends back. The last line is one JSON object of medians::

    {"relay": {"ours": {...}, "websockify": {...}, "socat": {...}, "ratios": {...}}}

with MB/s over one stream and over 64, CPU seconds of the relay's processes per GB with 64, the round trip of a ping in
µs, idle and beside 16 streams that take all they get, and the relay's memory (PSS) per connection in MB while all 64
are busy; *ratios* are ours to websockify's.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bench_kit
from bench_kit import percentile

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "portal")]

from fake_agent import FakeAgent  # noqa: E402
from portal_kit import API, RunningJob, RunningPortal  # noqa: E402
from waiting import wait_until  # noqa: E402

STREAMS, BUSY = 64, 16
PINGS, TURNS = 3000, 30
WARM_SECONDS = 0.5
POUR, ECHO = 1, 2  # keysyms of the key with which a connection begins: what the display is to do
GREETING = b"RFB 003.008\n\x01\x01"
RATIOS = ("mb_s_64", "cpu_s_gb_64", "ping_us_p99", "ping_busy_us_p99")

fork = multiprocessing.get_context("fork")


def key(keysym: int) -> bytes:
    """Return the message that says that a key went down."""
    return struct.pack("!BBxxI", 4, 1, keysym)


# --------------------------------------------------------------------- display


def show(_agent: FakeAgent | None, connection: socket.socket) -> None:
    """Be the display of one connection: send without end, or send back what comes."""
    wanted = connection.recv(len(GREETING) + 8, socket.MSG_WAITALL)
    with contextlib.suppress(OSError):
        if wanted.endswith(key(POUR)):
            much = bytes(4 << 20)
            while True:
                connection.sendall(much)
        while data := connection.recv(4096):
            connection.sendall(data)


def serve_displays(path: Path, job: RunningJob, ready: Any) -> None:
    """Run the displays, at *path* and behind the agent of *job*, until this process is ended."""
    agent = job.restart_agent()
    agent.serve_rfb = show

    def end(*_: object) -> None:
        agent.stop()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen(STREAMS + BUSY)
        ready.set()
        while True:
            connection, _ = door.accept()
            threading.Thread(target=show, args=(None, connection), daemon=True).start()


# ---------------------------------------------------------------------- relays


@dataclass(frozen=True)
class Relay:
    """One way from a browser to the displays: a new connection's socket, its frames, and the relay's processes."""

    name: str
    connect: Callable[[], socket.socket]
    framed: bool
    pids: Callable[[], list[int]]

    def open(self, keysym: int) -> socket.socket:
        """Return a connection whose display does what *keysym* says."""
        connection = self.connect()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(self.frame(GREETING) + self.frame(key(keysym)))
        return connection

    def frame(self, message: bytes) -> bytes:
        """Return *message* as the browser sends it: in a frame of RFC 6455, its mask all zero, where there are some."""
        return bytes((0x82, 0x80 | len(message), 0, 0, 0, 0)) + message if self.framed else message


def shake_hands(port: int, path: str, headers: dict[str, str]) -> socket.socket:
    """Return a WebSocket to *path*, as it is behind the handshake."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    fixed = {
        "Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(secrets.token_bytes(16)).decode(),
    }  # fmt: skip
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**fixed, **headers}.items())]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, head
        head += byte
    assert head.startswith(b"HTTP/1.1 101 "), head
    return connection


def ours(portal: RunningPortal, job: RunningJob) -> Relay:
    """Return the portal's relay."""
    browser = portal.login()
    tile = job.tiles[0]

    def connect() -> socket.socket:
        protocols = f"tiledviz, ticket.{browser.ticket('rfb', tile)}"
        headers = {"Origin": portal.origin, "Cookie": browser.cookie, "Sec-WebSocket-Protocol": protocols}
        return shake_hands(portal.port, f"{API}/tiles/{tile}/rfb", headers)

    wait_until(lambda: browser.post("/tickets", {"stream": "rfb", "tile": tile}).status == 200, what="the tile")
    return Relay("ours", connect, True, lambda: bench_kit.tree(portal.process.pid))


@contextmanager
def started(name: str, command: Callable[[int], list[str]], framed: bool) -> Iterator[Relay]:
    """Run another relay, by its own command line with a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def connect() -> socket.socket:
        return shake_hands(port, "/", {}) if framed else socket.create_connection(("127.0.0.1", port), timeout=20)

    def answers() -> bool:
        with contextlib.suppress(OSError):
            connect().close()
            return True
        return False

    try:
        wait_until(answers, what=name)
        yield Relay(name, connect, framed, lambda: bench_kit.tree(process.pid))
    finally:
        process.terminate()
        process.wait(10)


# ------------------------------------------------------------------ measuring


class Sink:
    """A browser that takes what many connections bring and looks at none of it."""

    def __init__(self, connections: list[socket.socket]) -> None:
        self._poll = select.epoll()
        self._connections = {connection.fileno(): connection for connection in connections}
        for number, connection in self._connections.items():
            connection.setblocking(False)
            self._poll.register(number, select.EPOLLIN)
        self._buffer = bytearray(1 << 20)

    def take(self, seconds: float) -> int:
        """Take for so many *seconds* and return how many bytes came."""
        taken, until = 0, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for number, _ in self._poll.poll(left):
                taken += self._connections[number].recv_into(self._buffer)
        return taken


def pings(relay: Relay, connection: socket.socket, count: int, seconds: float) -> list[float]:
    """Return the round trips of *count* keys, or as many as there are in *seconds*, in µs."""
    message = relay.frame(key(ECHO))
    back = len(message) - 4 if relay.framed else len(message)  # nothing is masked towards the browser
    found, until = [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < until:
        begin = time.perf_counter_ns()
        connection.sendall(message)
        assert len(connection.recv(back, socket.MSG_WAITALL)) == back
        found.append((time.perf_counter_ns() - begin) / 1000)
    return found


def pour(relay: Relay, streams: int, seconds: float) -> dict[str, float]:
    """Return what *streams* that take all they get bring, and cost."""
    before = bench_kit.memory_gb(relay.pids())
    with ExitStack() as stack:
        sink = Sink([stack.enter_context(relay.open(POUR)) for _ in range(streams)])
        sink.take(WARM_SECONDS)
        pids = relay.pids()
        used, begin = bench_kit.cpu_seconds(pids), time.monotonic()
        taken = sink.take(seconds)
        took, used = time.monotonic() - begin, bench_kit.cpu_seconds(pids) - used
        memory = bench_kit.memory_gb(relay.pids()) - before
    return {"mb_s": taken / took / 1e6, "cpu_s_gb": used / (taken / 1e9), "mb": memory * 1000 / streams}


def busy_pings(relay: Relay, seconds: float) -> list[float]:
    """Return the round trips beside ``BUSY`` streams that take all they get."""
    with ExitStack() as stack:
        sink = Sink([stack.enter_context(relay.open(POUR)) for _ in range(BUSY)])
        taking = fork.Process(target=sink.take, args=(3600.0,), daemon=True)
        taking.start()
        try:
            connection = stack.enter_context(relay.open(ECHO))
            pings(relay, connection, PINGS, WARM_SECONDS)
            return pings(relay, connection, PINGS, seconds)
        finally:
            taking.kill()
            taking.join()


def idle_pings(relays: Sequence[Relay]) -> list[list[float]]:
    """Return the round trips through each of *relays* with nothing beside them, taken in many short turns."""
    found: list[list[float]] = [[] for _ in relays]
    with ExitStack() as stack:
        connections = [stack.enter_context(relay.open(ECHO)) for relay in relays]
        for turn in range(TURNS + 1):
            for relay, connection, times in zip(relays, connections, found, strict=True):
                taken = pings(relay, connection, PINGS // TURNS, 3600.0)
                times += taken if turn else ()  # the first turn warms up
    return found


def settle(relay: Relay, processes: int) -> None:
    """Wait until *relay* has no more than its *processes*: it has ended those of connections that are closed."""
    wait_until(lambda: len(relay.pids()) <= processes, what=f"the end of the connections of {relay.name}")


def measure(relays: Sequence[Relay], seconds: float) -> list[dict[str, float]]:
    """Return one run's figures of each of *relays*."""
    found: list[dict[str, float]] = [{} for _ in relays]
    processes = [len(relay.pids()) for relay in relays]
    for streams in (1, STREAMS):
        for relay, figures, at_rest in zip(relays, found, processes, strict=True):
            poured = pour(relay, streams, seconds)
            settle(relay, at_rest)
            figures[f"mb_s_{streams}"] = poured["mb_s"]
            if streams == STREAMS:
                figures |= {f"cpu_s_gb_{streams}": poured["cpu_s_gb"], "mb_per_connection": poured["mb"]}
    for figures, times in zip(found, idle_pings(relays), strict=True):
        figures |= {"ping_us_p50": percentile(times, 0.5), "ping_us_p99": percentile(times, 0.99)}
    for relay, figures, at_rest in zip(relays, found, processes, strict=True):
        settle(relay, at_rest)
        times = busy_pings(relay, seconds)
        settle(relay, at_rest)
        figures |= {"ping_busy_us_p50": percentile(times, 0.5), "ping_busy_us_p99": percentile(times, 0.99)}
    return found


def run(folder: Path, repeat: int, seconds: float, only: str) -> dict[str, Any]:
    """Measure all relays in turns, *repeat* times, and return the medians."""
    home, displays = folder / "state", folder / "display.sock"
    home.mkdir(mode=0o700)
    portal = RunningPortal(home)
    job = RunningJob(portal, tiles=1)
    ready = fork.Event()
    serving = fork.Process(target=serve_displays, args=(displays, job, ready), daemon=True)
    serving.start()
    websockify = Path(sys.executable).with_name("websockify")
    commands: dict[str, tuple[Callable[[int], list[str]], bool]] = {
        "websockify": (lambda port: [str(websockify), f"--unix-target={displays}", f"127.0.0.1:{port}"], True),
        "socat": (
            lambda port: [
                "socat", "-b", "262144", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,backlog=128,nodelay",
                f"UNIX-CONNECT:{displays}",
            ],
            False,
        ),
    }  # fmt: skip
    try:
        assert ready.wait(20)
        with ExitStack() as stack:
            relays = [ours(portal, job)]
            relays += [stack.enter_context(started(name, *how)) for name, how in commands.items()]
            relays = [relay for relay in relays if only in ("", relay.name)]
            runs: dict[str, list[dict[str, float]]] = {relay.name: [] for relay in relays}
            for _ in range(repeat):
                for relay, figures in zip(relays, measure(relays, seconds), strict=True):
                    runs[relay.name].append(figures)
                    rounded = {name: round(value, 3) for name, value in figures.items()}
                    print(f"{relay.name:10}", rounded, file=sys.stderr, flush=True)
    finally:
        serving.terminate()
        serving.join()
        job.end()
        portal.stop()
    found: dict[str, Any] = {name: bench_kit.medians(measured, 3) for name, measured in runs.items()}
    if not only:
        found["ratios"] = {name: round(found["ours"][name] / found["websockify"][name], 3) for name in RATIOS}
    return found


def main() -> None:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", choices=("ours", "websockify", "socat"), default="", help="measure no other")
    given = parser.parse_args()
    if shutil.which("socat") is None:
        sys.exit("relay.py: needs socat: apt-get install socat")
    folder = Path(tempfile.mkdtemp(prefix="tvr-", dir="/tmp"))
    try:
        bench_kit.report("relay", run(folder, given.repeat, given.seconds, given.only))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
