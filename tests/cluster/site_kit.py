"""A person's TiledViz on the test cluster: the portal on its login node, jobs on its compute nodes, and who looks."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cluster import Cluster
from portal_kit import Browser, WallPage
from tvcore.node import wire
from waiting import wait_until

CHUNK = 1 << 16
# A case of the bundled ones that starts fast and draws something else at every moment.
SMALL_SWEEP = ("--set", "size=16", "--set", "steps=40")


class Forward:
    """A port of this machine that leads to a unix socket, as ``ssh -L PORT:/SOCKET`` makes one."""

    def __init__(self, path: Path, port: int = 0) -> None:
        self._path = path
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def point_at(self, path: Path) -> None:
        """Lead to another socket from now on."""
        self._path = path

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._lead, args=(browser,), daemon=True).start()

    def _lead(self, browser: socket.socket) -> None:
        with browser, socket.socket(socket.AF_UNIX) as portal, contextlib.suppress(OSError):
            portal.connect(str(self._path))
            back = threading.Thread(target=_move, args=(portal, browser), daemon=True)
            back.start()
            _move(browser, portal)
            back.join()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()


def _move(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Site:
    """The TiledViz of *user* on *cluster*."""

    base = ""  # as of any portal: nothing stands before it

    def __init__(self, cluster: Cluster, user: str = "tv", python_path: str = "") -> None:
        self.cluster = cluster
        self._environment = {"PYTHONPATH": python_path} if python_path else {}
        self.user = user
        self.state = cluster.home(user) / ".local" / "state" / "tiledviz"
        self.host = self.origin = self.url = ""
        self.port = 0
        self._forward: Forward | None = None
        self._portal: subprocess.Popen[bytes] | None = None
        self._log = cluster.home(user) / "portal.log"

    def configure(self, text: str) -> None:
        """Make *text* the user's own settings."""
        self.cluster.run("login", ["mkdir", "-p", f"/home/{self.user}/.config/tiledviz"], user=self.user)
        self.cluster.run("login", ["tee", f"/home/{self.user}/.config/tiledviz/config.toml"], self.user, input=text)

    # the command line

    def command(self, *arguments: str, node: str = "login", seconds: float = 120, check: bool = True) -> Any:
        """Run a verb of the command line as the user; return what it prints."""
        done = self.cluster.tiledviz(
            node, *arguments, user=self.user, timeout=seconds, check=False, env=self._environment
        )
        if check:
            assert done.returncode == 0, f"tiledviz {' '.join(arguments)}: {done.stderr}\n{self.cluster.logs()}"
        return done

    def ask(self, *arguments: str, seconds: float = 120) -> Any:
        """Return the JSON document that a verb prints."""
        return json.loads(self.command(*arguments, "--json", seconds=seconds).stdout)

    def launch(self, *arguments: str, tiles: int = 8, nodes: int = 2) -> str:
        """Launch a small sweep over *nodes*; return the job's id."""
        sweep = ("gray_scott", "--tiles", str(tiles), *SMALL_SWEEP, "--set", f"nodes={nodes}")
        return str(self.ask("launch", "--detach", *sweep, *arguments, seconds=300)["id"])

    def tiles(self, job: str | None = None) -> list[dict[str, Any]]:
        """Return the tiles, of one *job* or all."""
        return [tile for tile in self.ask("tiles") if job in (None, tile["job"])]

    def wait_live(self, job: str, count: int = 8, seconds: float = 90) -> list[dict[str, Any]]:
        """Wait until *count* tiles of *job* are live and return them."""
        found: list[dict[str, Any]] = []

        def live() -> bool:
            found[:] = self.tiles(job)
            return [tile["state"] for tile in found].count("live") == count

        try:
            wait_until(live, seconds, f"{count} tiles of job {job} are live")
        except BaseException:
            print([(tile["state"], tile["reason"], tile["node"]) for tile in found], file=sys.stderr)
            print(self.diagnosis(job), file=sys.stderr)
            raise
        return found

    def job(self, job: str) -> dict[str, Any]:
        """Return what ``tiledviz jobs`` says of *job*."""
        return next(found for found in self.ask("jobs") if found["id"] == job)

    def stop_all(self) -> None:
        """End all jobs of the user and take their tiles off the wall."""
        for job in self.ask("jobs"):
            self.command("stop", job["id"], "--remove")
        self.cluster.run("login", ["scancel", "--me", "--full"], user=self.user, check=False)

        def empty() -> bool:
            return not self.cluster.run("login", ["squeue", "-h", "--me"], user=self.user).stdout.strip()

        wait_until(empty, 40, "the queue is empty")

    def diagnosis(self, job: str) -> str:
        """Return the ends of the logs that tell why something did not come about."""
        parts = []
        for path in (self._log, self.state / "endpoint.log", self.state / "jobs" / f"slurm-{job}.log"):
            with contextlib.suppress(OSError):
                parts.append(f"--- {path}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-40:]))
        return "\n".join(parts)

    # the portal

    def up(self) -> None:
        """Start the portal on a unix socket of the login node, and a port of this machine that leads there."""
        if self._forward is None:
            self._forward = Forward(Path("/nowhere"))
        port = self._forward.port
        if self._portal and self._portal.stdout:  # the one before was killed
            self._portal.wait(20)
            self._portal.stdout.close()
        with self._log.open("ab") as log:
            self._portal = self.cluster.popen(
                "login", [*self.tiledviz, "up", "--socket", "--port", str(port)], self.user,
                env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self._portal.stdout
        self.url = ""
        for line in self._portal.stdout:
            if found := re.match(r"Open: (\S+)", line.decode()):
                self.url = found[1]
                break
        assert self.url, self._log.read_text()
        self._forward.point_at(self.node_path("login", Path(self.portal_info()["socket"])))
        self.port, self.host = port, f"127.0.0.1:{port}"
        self.origin = f"http://{self.host}"

    @property
    def tiledviz(self) -> list[str]:
        """Return the beginning of the command, as it stands on every node."""
        return [sys.executable, "-m", "tvcore"]

    def portal_info(self) -> dict[str, Any]:
        """Return what the portal says of itself in its state folder."""
        found: dict[str, Any] = json.loads((self.state / "portal.json").read_text())
        return found

    def endpoint_info(self) -> dict[str, Any]:
        """Return what the endpoint says of itself."""
        found: dict[str, Any] = json.loads((self.state / "endpoint.json").read_text())
        return found

    def registrations(self, job: str) -> list[dict[str, Any]]:
        """Return the registrations of the agents of *job*."""
        found = sorted((self.state / "agents").glob(f"{job}.*.json"))
        return [json.loads(path.read_text()) for path in found]

    def node_path(self, node: str, path: Path) -> Path:
        """Return how *path* of *node* is reached from this machine."""
        return Path(f"/proc/{self.cluster.pid(node)}/root{path}")

    def kill(self, node: str, pid: int, signal: str = "KILL") -> None:
        """Send a signal to a process of *node* by its id there."""
        self.cluster.run(node, ["kill", f"-{signal}", str(pid)])

    def down(self) -> None:
        """End the portal, as Ctrl-C does."""
        if self._portal and self._portal.poll() is None:
            self.kill("login", self.portal_info()["pid"], "INT")
            self._portal.wait(30)
        if self._portal and self._portal.stdout:
            self._portal.stdout.close()

    def close(self) -> None:
        """End all of it."""
        self.stop_all()
        self.down()
        with contextlib.suppress(OSError, ValueError):
            self.kill("login", self.endpoint_info()["pid"], "TERM")
        if self._forward:
            self._forward.close()

    def login(self) -> Browser:
        """Return a browser that is logged in."""
        url = self.url or self.ask("open")["url"]
        self.url = ""  # it is good once
        browser = Browser(self)  # type: ignore[arg-type]  # what it needs of a portal is here
        answer = browser.post("/login", {"ticket": url.partition("#login=")[2]})
        assert answer.status == 200, answer.json
        browser.key = answer.json["key"]
        return browser


class Watcher:
    """Somebody who looks at the whole wall: which tiles sent pictures, when, and the longest gap between any two."""

    def __init__(self, browser: Browser, size: tuple[int, int] = (240, 180)) -> None:
        self._browser = browser
        self._size = size
        self._places: dict[tuple[int, int], int] = {}
        self._demanded: list[list[int]] = []
        self.times: list[float] = []
        self.counts: dict[int, int] = {}
        self.last: dict[int, float] = {}
        self.notices: list[str] = []
        self.breaks: list[str] = []  # why the stream had to be opened again
        self._indices: dict[int, int] = {}
        self._page = browser.wall()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look(self._page)
            except Exception as error:
                self.breaks.append(repr(error))
            if not self._stop.is_set():  # as the page does: it comes back when the portal does
                time.sleep(0.2)
                with contextlib.suppress(Exception):
                    self._page = self._browser.wall()
                    self._demanded = []

    def _look(self, page: WallPage) -> None:
        while not self._stop.is_set():
            page.receive(60)
            for event in page.events:
                self._take(page, event)
            page.events.clear()
            for message in page.pictures:
                picture = wire.unpack(message)
                page.say(drawn=len(message))
                self.times.append(time.monotonic())
                for cell in picture.cells:
                    tile = self._places.get((picture.number, cell.tile))
                    if tile is not None:
                        self.counts[tile] = self.counts.get(tile, 0) + 1
                        self.last[tile] = time.monotonic()
            page.pictures.clear()

    def _take(self, page: WallPage, event: dict[str, Any]) -> None:
        document = event.get("wall", event)
        self.notices = document.get("notices", self.notices)
        if event["event"] not in ("wall", "tiles"):
            return
        for tile in document["tiles"]:
            if "index" in tile:
                self._indices[tile["id"]] = tile["index"]
            if tile.get("stream") is not None:
                self._places[tile["stream"], self._indices[tile["id"]]] = tile["id"]
        if event["event"] == "wall":
            demand = [[tile["id"], *self._size, 1] for tile in document["tiles"]]
            if demand != self._demanded:
                self._demanded = demand
                page.say(demand=demand)

    def longest_gap(self, since: float, until: float | None = None) -> float:
        """Return the longest time without a picture from *since* on (to *until*, default now), seconds."""
        until = time.monotonic() if until is None else until
        inside = [since, *(t for t in self.times if since < t < until), until]
        return max(b - a for a, b in itertools.pairwise(inside))

    def fresh(self, tiles: list[int], seconds: float = 3.0) -> bool:
        """Return whether each of *tiles* sent a picture within the last *seconds*."""
        now = time.monotonic()
        return all(now - self.last.get(tile, -1e9) < seconds for tile in tiles)

    def close(self) -> None:
        """Look away."""
        self._stop.set()
        self._page.close()
        self._thread.join(5)


class States:
    """The states that a page sees each tile of a job go through, by the tile's id."""

    def __init__(self, browser: Browser, job: str) -> None:
        self.states: dict[int, list[str]] = {}
        self._page, self._job = browser.wall(), job
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(Exception):  # closed: whoever looks at the states says what is missing
            while True:
                self._page.receive(120)
                for event in self._page.events:
                    self._take(event)
                self._page.events.clear()

    def _take(self, event: dict[str, Any]) -> None:
        for tile in event.get("wall", event).get("tiles", ()):
            if tile.get("job") == self._job:
                self.states.setdefault(tile["id"], [])
            seen = self.states.get(tile["id"])
            if seen is not None and tile.get("state") not in (None, *seen[-1:]):
                seen.append(tile["state"])

    def close(self) -> None:
        """Look away."""
        self._page.close()
        self._thread.join(5)


class Prober:
    """Asks the portal for this and that, one after the other, and keeps how long each answer took."""

    PATHS = ("/health", "/wall", "/jobs", "/tiles", "/query?q=F%3E0", "/cases")

    def __init__(self, browser: Browser) -> None:
        self.slowest: tuple[float, str] = (0.0, "")
        self.failed: list[str] = []
        self.answers = 0
        self._browser = browser
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            for path in self.PATHS:
                begun = time.monotonic()
                try:
                    status = self._browser.get(path).status
                except OSError as error:
                    self.failed.append(f"{path}: {error}")
                    continue
                self.answers += 1
                if status != 200:
                    self.failed.append(f"{path}: {status}")
                self.slowest = max(self.slowest, (time.monotonic() - begun, path))
            self._stop.wait(0.2)

    def close(self) -> None:
        """Ask no more."""
        self._stop.set()
        self._thread.join(30)


class Stalls:
    """How long this machine kept one waiting who only wanted to wake up: what others on it take from everybody."""

    STEP = 0.02

    def __init__(self) -> None:
        self.longest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            time.sleep(self.STEP)
            self.longest = max(self.longest, time.monotonic() - begun - self.STEP)

    def close(self) -> float:
        """Measure no more, and return the longest stall, in seconds."""
        self._stop.set()
        self._thread.join(5)
        return self.longest


@contextmanager
def looking(site: Site) -> Iterator[Watcher]:
    """Look at the wall meanwhile."""
    watcher = Watcher(site.login())
    try:
        yield watcher
    finally:
        watcher.close()


@contextmanager
def probing(site: Site) -> Iterator[Prober]:
    """Ask the portal for this and that meanwhile."""
    prober = Prober(site.login())
    try:
        yield prober
    finally:
        prober.close()


def processes(site: Site, job: str) -> Callable[[], set[tuple[str, int]]]:
    """Return a function that gives node and id of each program of *job*: the same set later means none restarted."""

    def now() -> set[tuple[str, int]]:
        return {(tile["node"], tile["pid"]) for tile in site.tiles(job)}

    return now


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """A portal on the cluster, for the tests of one module."""
    made = Site(cluster)
    made.up()
    yield made
    made.close()
