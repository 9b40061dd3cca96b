"""A portal as a real process, a browser's side of it, and a node agent that speaks the real protocol."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect

import fake_commands
from tvcore import proc
from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState
from tvcore.errors import TiledVizError
from tvcore.node import wire
from tvcore.portal.roles import Role
from tvcore.store import Members, Store
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration, TokenBook

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


class Looker:
    """One viewer of a wall stream, as the agent knows it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.credit = 0
        self.demands: list[list[list[int]]] = []
        self.input: list[dict[str, Any]] = []  # lines in the order in which they came
        self.gone = False


class WallStream:
    """The agent's side of a wall stream."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        self.connection = connection
        self.number = number
        self.sent = 0
        self.lookers: dict[int, Looker] = {}
        self.open = True
        self._news = threading.Condition()

    def listen(self) -> None:
        with contextlib.suppress(OSError, ValueError), self.connection.makefile("rb") as file:
            for line in file:
                with self._news:
                    self._take(json.loads(line))
                    self._news.notify_all()
        with self._news:
            self.open = False
            self._news.notify_all()

    def _take(self, said: dict[str, Any]) -> None:
        number = said.pop("viewer")
        if "demand" in said:
            self.lookers.setdefault(number, Looker(number)).demands.append(said["demand"])
            return
        looker = self.lookers[number]  # none of the rest may come before
        assert not looker.gone
        looker.credit += said.get("credit", 0)
        looker.gone = "gone" in said
        if not {"credit", "gone"} & said.keys():
            looker.input.append(said)

    def looker(self, which: int = -1) -> Looker:
        """Return the viewer that came last, or as *which* says."""
        return list(self.lookers.values())[which]

    @property
    def demand(self) -> list[list[int]] | None:
        """Return what the viewer that came last asks for."""
        return self.looker().demands[-1] if self.lookers else None

    def send(self, tile: int, jpeg: bytes, lookers: list[Looker] | None = None) -> bytes:
        """Send a picture of a tile that is 8 × 8, as ``send_picture`` does."""
        cell = wire.Cell(tile, wire.WHOLE, self.sent, time.time(), 0, 0, 8, 8, 0, 0, 8, 8)
        return self.send_picture([cell], jpeg, lookers)

    def send_picture(self, cells: list[wire.Cell], jpeg: bytes, lookers: list[Looker] | None = None) -> bytes:
        """Send a picture to *lookers* (all), as soon as each has credit, and return what they get. Raises OSError."""

        def chosen() -> list[Looker]:
            return [each for each in self.lookers.values() if not each.gone] if lookers is None else lookers

        def ready() -> bool:
            return not self.open or (bool(chosen()) and all(each.credit > 0 for each in chosen()))

        with self._news:
            assert self._news.wait_for(ready, 15), "no credit"
            picture = wire.pack(self.number, self.sent, cells, jpeg)
            for looker in chosen():
                looker.credit -= len(picture)
            self.sent += 1
            self.connection.sendall(wire.address([looker.number for looker in chosen()], picture))
        return picture


class FakeAgent:
    """A node agent without displays, behind the real door: opening line, tokens, rpc, wall, rfb (echo)."""

    def __init__(self, home: Path, job: str, plan: Plan) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tvf-", dir="/tmp"))
        self.registration = Registration(
            job=job, ordinal=0, node="node1", pid=os.getpid(), started=time.time(),
            socket=str(self.folder / "agent.sock"), secret=secrets.token_hex(16), plan=plan,
        )  # fmt: skip
        self.book = TokenBook(self.registration.secret)
        self.tiles = {
            tile.index: {
                "index": tile.index, "state": "live", "reason": "", "frames": 1, "renderer": "llvmpipe",
                "display": f":{tile.index}", "pid": 1, "xvnc": 1, "restarts": 0, "width": 640, "height": 480,
                "since": 1.0,
            }
            for tile in plan.tiles
        }  # fmt: skip
        self.walls: list[WallStream] = []
        self.watches: list[socket.socket] = []
        self.calls: list[dict[str, Any]] = []  # what was asked of tiles
        self.answers: dict[str, dict[str, Any]] = {}  # by call, when it is not an empty result
        self.picture = b""  # what a tile shows, as PNG
        self.mute = False  # takes what it is asked and says nothing, as one that hangs
        self.serve_rfb = echo
        self.displayed: list[str] = []  # by which stream each display was opened
        self.rfb_bytes = 0
        self._open: list[socket.socket] = []
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(self.registration.socket)
        self._door.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        self._file = agents.register(self.registration)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._door.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, TiledVizError), connection:  # the portal may end before it has asked
            said = json.loads(agents.read_line(connection))
            if not self.book.accept(said["token"], said["stream"], said.get("tile")):
                connection.sendall(b'{"error": "this token is not good"}\n')
                return
            connection.sendall(b'{"ok": true, "v": 1}\n')
            if said["stream"] == "wall":
                stream = WallStream(connection, said["number"])
                self.walls.append(stream)
                stream.listen()
            elif said["stream"] in ("rfb", "view"):
                self.displayed.append(said["stream"])
                self.serve_rfb(self, connection)
            elif said["stream"] == "run":
                fake_commands.run(connection)
            elif said["stream"] == "act":
                fake_commands.act(connection, self.registration, said["tile"])
            elif said["stream"] == "picture":
                fake_commands.frames(connection, self.picture)
            else:
                self._rpc(connection)

    def _rpc(self, connection: socket.socket) -> None:
        for line in connection.makefile("rb"):
            if self.mute:
                continue
            said = json.loads(line)
            everything = list(self.tiles.values())
            if said["call"] not in ("status", "watch"):
                self.calls.append({name: value for name, value in said.items() if name != "id"})
            answer = self.answers.get(said["call"], {"result": {}})
            if said["call"] == "status":
                answer = {"result": {"tiles": everything}}
            connection.sendall(json.dumps({"id": said["id"], **answer}).encode() + b"\n")
            if said["call"] == "watch" and connection not in self.watches:
                connection.sendall(json.dumps({"event": "tiles", "tiles": everything}).encode() + b"\n")
                self.watches.append(connection)

    def change(self, index: int, **fields: Any) -> None:
        """Let a tile change, and tell those who watch."""
        self.tiles[index].update(fields)
        for watch in self.watches:
            with contextlib.suppress(OSError):
                watch.sendall(json.dumps({"event": "tiles", "tiles": [self.tiles[index]]}).encode() + b"\n")

    def say_members(self, rows: dict[int, dict[str, Any]], note: str = "", **more: Any) -> None:
        """Tell those who watch what an ensemble says that is written meanwhile: metadata by the tiles' indices."""
        said = {"event": "members", "columns": None, "rows": rows, "note": note, "complete": False, **more}
        for watch in self.watches:
            with contextlib.suppress(OSError):
                watch.sendall(json.dumps(said).encode() + b"\n")

    def stream(self) -> WallStream:
        """Return the wall stream that was opened last."""
        return self.walls[-1]

    def die(self) -> None:
        """End as a killed agent does: the registration stays."""
        for connection in [self._door, *self._open]:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        """End as an agent does that is told to."""
        self._file.unlink(missing_ok=True)
        self.die()


def echo(agent: FakeAgent, connection: socket.socket) -> None:
    """Send back what comes, by a thread of its own so that neither direction waits for the other."""
    chunks: queue.Queue[bytes] = queue.Queue()

    def back() -> None:
        with contextlib.suppress(OSError):
            while chunk := chunks.get():
                connection.sendall(chunk)

    thread = threading.Thread(target=back, daemon=True)
    thread.start()
    while data := connection.recv(1 << 16):
        agent.rfb_bytes += len(data)
        chunks.put(data)
    chunks.put(b"")
    thread.join(5)


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
        self.runner.kill()
        self.runner.wait()
        self.agent.stop()
        with contextlib.suppress(Exception):
            self.portal.store.remove_run(self.id)


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
