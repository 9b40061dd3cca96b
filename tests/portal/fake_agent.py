"""A node agent without displays that speaks the real protocol, and what a test asks it of those who look."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import fake_commands
from tvcore.batch.plan import Plan
from tvcore.errors import TiledVizError
from tvcore.node import wire
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration, TokenBook


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
        if "gone" in said and number not in self.lookers:
            return  # it left before its first demand was told
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
