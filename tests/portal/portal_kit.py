"""A portal as a real process, a browser's side of it, and a job on its wall."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect

from fake_agent import FakeAgent
from tvcore import proc
from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState
from tvcore.portal.roles import Role
from tvcore.store import Members, Store

API = "/api/v1"
START_SECONDS = 120.0
# A value for each parameter of a route's path.
PATH_VALUES = {
    "tile": "1", "job": "local-1", "version": "1", "request": "request-1", "name": "brains", "case": "gears",
    "project": "1", "person": "1", "session": "main", "invitation": "1", "token": "1",
}  # fmt: skip


def filled(path: str, **values: str) -> str:
    """Return a route's *path* with a value for each of its parameters, those of *values* where there are."""
    return path.format_map(PATH_VALUES | values)


class RunningPortal:
    """``tiledviz up`` with a state folder of its own; *changed*: code that makes another release of it."""

    trusted: ssl.SSLContext | None = None  # where it speaks TLS: what its browsers know it by
    base = ""  # below which it is, at a reverse proxy
    url: str | None = "sqlite:///{home}/store.sqlite"  # of its store; None: the one of the settings

    def __init__(self, home: Path, *arguments: str, port: int = 0, changed: str = "") -> None:
        self.begin(home, *arguments, port=port, changed=changed)
        self.wait()

    def begin(
        self, home: Path, *arguments: str, port: int = 0, changed: str = "", environment: dict[str, str] | None = None
    ) -> None:
        """Start it; it is there after ``wait``."""
        self.home = home
        self.log = home.parent / f"portal-{secrets.token_hex(3)}.log"
        code = f"from gevent import monkey\nmonkey.patch_all()\n{changed}\nfrom tvcore.cli import main\nmain()"
        program = ["-c", code] if changed else ["-m", "tvcore"]
        command = [sys.executable, *program, "up", "--port", str(port), *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, "TILEDVIZ_HOME": str(home), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def wait(self) -> None:
        """Wait until it listens."""
        deadline = time.monotonic() + START_SECONDS
        while (info := self.info()) is None or info["pid"] != self.process.pid:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the portal did not start: " + self.log.read_text()
            time.sleep(0.02)
        self.store = Store.open(self.url and self.url.format(home=self.home))
        self.port = info["port"]
        self.socket: str | None = info["socket"]
        self.host = f"127.0.0.1:{self.port}"
        self.origin = f"http://{self.host}"

    def info(self) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.home / "portal.json").read_text())
        return None

    def children(self) -> list[int]:
        return proc.descendants(self.process.pid)

    def login_ticket(self, seconds: float = 600, role: Role = "owner") -> str:
        ticket = secrets.token_hex(16)
        self.store.access.add_ticket(ticket, seconds, role)
        return ticket

    def login(self, role: Role = "owner") -> Browser:
        browser = Browser(self)
        answer = browser.post("/login", {"ticket": self.login_ticket(role=role)})
        assert answer.status == 200, answer.json
        browser.key = answer.json["key"]
        return browser

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(15)
        finally:
            self.process.kill()
            self.store.close()


class ConfiguredPortal(RunningPortal):
    """One on the store that the test's settings name."""

    url = None


class Spares:
    """Portals, each for one test, begun while the test before runs: starting one takes seconds."""

    def __init__(self, changed: str = "") -> None:
        self._changed = changed
        self._next: RunningPortal | None = None
        self._ending: list[RunningPortal] = []

    @contextlib.contextmanager
    def one(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningPortal]:
        """Have a portal that nobody used; the test's own folders are the portal's."""
        running, self._next = self._next or self._begun(), None
        running.wait()
        for name, folder in _folders(running.home.parent).items():
            monkeypatch.setenv(name, folder)
        self._next = self._begun()
        self._reap()
        yield running
        self._end(running)

    def _begun(self) -> RunningPortal:
        folder = Path(tempfile.mkdtemp(prefix="tvs-", dir="/tmp"))
        for name in ("state", "run"):
            (folder / name).mkdir(mode=0o700)
        made = RunningPortal.__new__(RunningPortal)
        made.begin(folder / "state", changed=self._changed, environment=_folders(folder))
        return made

    def _end(self, running: RunningPortal) -> None:
        if running.process.poll() is None:
            running.process.terminate()
        self._ending.append(running)

    def _reap(self) -> None:
        for running in self._ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(15)
            running.process.kill()
            running.process.wait()
            if store := getattr(running, "store", None):
                store.close()
            shutil.rmtree(running.home.parent, ignore_errors=True)
        self._ending.clear()

    def close(self) -> None:
        """End those that are left."""
        if self._next is not None:
            self._end(self._next)
            self._next = None
        self._reap()


def _folders(folder: Path) -> dict[str, str]:
    """Return the environment of a person whose folders are in *folder*."""
    return {
        "TILEDVIZ_HOME": str(folder / "state"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }


def connected(portal: Any, seconds: float = 20) -> socket.socket:
    """Return a connection to where *portal* listens: a port of this machine, or its ``socket`` if it has one."""
    path = getattr(portal, "socket", None)
    if path is None:
        connection = socket.create_connection(("127.0.0.1", portal.port), timeout=seconds)
        trusted = getattr(portal, "trusted", None)
        return trusted.wrap_socket(connection, server_hostname="localhost") if trusted else connection
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds)
    connection.connect(path)
    return connection


class Reply:
    """An HTTP answer."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.content = answer.read()

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class Browser:
    """What a browser keeps of the portal: a cookie, and the key in its page's storage."""

    def __init__(self, portal: RunningPortal) -> None:
        self.portal = portal
        self.cookie = ""
        self.key = ""
        self.session = ""  # the key of the one that the page is in, unless that is the first

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        """Send a request as given: with the cookie, the key and Host unless *headers* has others (None: leave out)."""
        given: dict[str, str | None] = {"Cookie": self.cookie or None, "X-TiledViz-Key": self.key or None}
        given["Host"] = self.portal.host
        given |= {"X-TiledViz-Session": self.session or None}
        given |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port)
        connection.sock = connected(self.portal)
        with contextlib.closing(connection):
            connection.request(method, path, body, {k: v for k, v in given.items() if v is not None})
            reply = Reply(connection.getresponse())
        if found := reply.headers.get("Set-Cookie"):
            self.cookie = found.partition(";")[0]
        return reply

    def get(self, path: str, **headers: str) -> Reply:
        return self.request("GET", self.portal.base + API + path, headers=headers)

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        content = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        kind |= {"Origin": self.portal.origin} | (headers or {})
        return self.request("POST", self.portal.base + API + path, content, kind)

    def ticket(self, stream: str, tile: int | None = None) -> str:
        reply = self.post("/tickets", {"stream": stream, "tile": tile})
        assert reply.status == 200, reply.json
        return str(reply.json["ticket"])

    def open(self, path: str, ticket: str, **changes: Any) -> ClientConnection:
        """Open the WebSocket *path* as a page does; *changes*: ``cookie``, ``origin``, ``protocols``."""
        # Entered, not used as a context: some releases allow nothing else, and a test may close it when it likes.
        return connect(
            f"ws://{self.portal.host}{self.portal.base}{API}{path}",
            sock=connected(self.portal),
            origin=changes.get("origin", self.portal.origin),
            subprotocols=changes.get("protocols", ["tiledviz", f"ticket.{ticket}"]),
            additional_headers={"Cookie": changes.get("cookie", self.cookie)},
            max_size=None,
            compression=None,
            proxy=None,
            open_timeout=20,
            close_timeout=1,
        ).__enter__()

    def wall(self) -> WallPage:
        return WallPage(self.open("/wall/stream", self.ticket("wall")))

    def rfb(self, tile: int) -> ClientConnection:
        return self.open(f"/tiles/{tile}/rfb", self.ticket("rfb", tile))


class WallPage:
    """A page's side of the wall stream."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.pictures: list[bytes] = []
        self.events: list[dict[str, Any]] = []

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message).encode())

    def receive(self, seconds: float = 15) -> None:
        message = self.connection.recv(seconds)
        assert isinstance(message, bytes)
        if message[0] == 0:
            self.events.append(json.loads(message[1:]))
        else:
            assert message[0] == 1
            self.pictures.append(message)

    def picture(self, seconds: float = 15) -> bytes:
        """Return the next picture, which is drawn as soon as it came."""
        picture = self.undrawn(seconds)
        self.say(drawn=len(picture))
        return picture

    def undrawn(self, seconds: float = 15) -> bytes:
        """Return the next picture, without a word to the portal."""
        while not self.pictures:
            self.receive(seconds)
        return self.pictures.pop(0)

    def event(self, wanted: Any, seconds: float = 15) -> dict[str, Any]:
        """Return the first event for which *wanted* holds."""
        deadline = time.monotonic() + seconds
        while True:
            for event in self.events:
                if wanted(event):
                    self.events.remove(event)
                    return event
            self.receive(max(0.01, deadline - time.monotonic()))

    def close(self) -> None:
        self.connection.close()


class RunningJob:
    """A job on the wall of a portal: one that runs (a process that sleeps), with a node agent."""

    def __init__(
        self,
        portal: RunningPortal,
        tiles: int = 2,
        columns: list[dict[str, Any]] | None = None,
        rows: list[dict[str, Any]] | None = None,
        tags: list[tuple[str, ...]] | None = None,
        plan: dict[str, Any] | None = None,
    ) -> None:
        self.portal = portal
        self.id = f"local-{secrets.token_hex(4)}"
        self.runner = subprocess.Popen(["sleep", "10000"])
        weakref.finalize(self, _end, self.runner)  # of a test that failed before it could: that is no fault of others
        folder = portal.home / "jobs" / self.id
        folder.mkdir(mode=0o700, parents=True)
        started = {"pid": self.runner.pid, "start": proc.Process.of(self.runner.pid).start, "time": time.time()}
        (folder / "started.json").write_text(json.dumps(started))
        self.plan = Plan(
            **{"case": "gears", **(plan or {})}, title="Test", state=str(portal.home),
            tiles=tuple(
                TilePlan(index=i, title=f"tile {i}", command=("x",), tags=tags[i] if tags else (f"tag{i}",))
                for i in range(tiles)
            ),
        )  # fmt: skip
        column = {"name": "F", "dtype": "float64", "unit": "1", "description": "feed", "role": "parameter"}
        members = Members(columns or [column], rows or [{"F": i / 100} for i in range(tiles)])
        portal.store.add_run(self.plan, "local", self.id, members, JobState.RUNNING)
        self.agent = FakeAgent(portal.home, self.id, self.plan)

    @property
    def tiles(self) -> list[int]:
        return [tile["id"] for tile in self.portal.store.tiles() if tile["job"] == self.id]

    def restart_agent(self) -> FakeAgent:
        self.agent.stop()
        self.agent = FakeAgent(self.portal.home, self.id, self.plan)
        return self.agent

    def end(self) -> None:
        _end(self.runner)
        self.agent.stop()
        with contextlib.suppress(Exception):
            self.portal.store.remove_run(self.id)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def closing(connection: ClientConnection) -> Close:
    """Read to the end, and return how the portal closes *connection*."""
    with pytest.raises(ConnectionClosed) as closed:
        drain(connection)
    assert closed.value.rcvd is not None
    return closed.value.rcvd


def drain(connection: ClientConnection) -> None:
    for _ in range(1000):
        connection.recv(15)


def send_raw(portal: RunningPortal, data: bytes, seconds: float = 15) -> bytes:
    """Send *data* to the portal as it is and return all that comes back until it closes."""
    with connected(portal, seconds) as connection:
        connection.sendall(data)
        return receive_all(connection)


def receive_all(connection: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65536):
            found += data
    return found
