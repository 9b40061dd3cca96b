"""The wall stream: one per viewer, over it pictures from all node agents whose tiles that viewer shows.

Pictures are passed on as they come, without decoding. An agent sends one only for a credit, which the page
returns once it has drawn: a slow viewer gets fewer pictures, never older ones, and holds up nobody else.

The first message of a stream is the event ``wall`` with ``v``: PAGE_PROTOCOL. In every release it has that form, so
that a page of another one, left open while the portal was updated, knows it and reads nothing that follows.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from collections.abc import Mapping
from typing import Annotated, Any

import gevent
from gevent.event import Event
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tvcore.errors import TiledVizError
from tvcore.node import wire
from tvcore.portal.monitor import RETRY_FIRST, RETRY_LONGEST, Agent, Monitor
from tvcore.portal.websocket import BAD_PAYLOAD, BrowserSocket, CloseError
from tvcore.tunnel import agents

MESSAGE_MAX = 1 << 20
PAGE_PROTOCOL = 1  # what page and portal say to each other; the page's own number is in web_static/wire.js
EVENT = b"\x00"  # the first byte of what the portal says itself; an agent's pictures begin with their kind, 1

log = logging.getLogger(__name__)

Pixels = Annotated[int, Field(ge=1, le=16384)]


class PageMessage(BaseModel):
    """What a page says: the tiles it shows with their sizes in device pixels, and pictures it has drawn."""

    model_config = ConfigDict(extra="forbid", strict=True)

    demand: Annotated[list[tuple[int, Pixels, Pixels]], Field(max_length=0xFFFF)] | None = None
    credit: dict[str, Annotated[int, Field(ge=0, le=0xFFFF)]] | None = None


def read_page_message(message: bytes) -> PageMessage:
    """Return what the page says in *message*. Raises CloseError when it cannot be."""
    try:
        # Strict would refuse JSON's arrays for tuples if the text were parsed elsewhere.
        return PageMessage.model_validate_json(message)
    except ValidationError as error:
        raise CloseError(BAD_PAYLOAD, f"not a message of the wall stream: {error.errors()[0]['msg']}") from None


def receive_exactly(connection: socket.socket, buffer: memoryview) -> None:
    """Fill *buffer* from *connection*. Raises EOFError when it ends before."""
    filled = 0
    while filled < len(buffer):
        count = connection.recv_into(buffer[filled:])
        if not count:
            raise EOFError
        filled += count


def receive_message(connection: socket.socket) -> memoryview:
    """Return the next message of the wall stream from an agent. Raises EOFError, OSError or ValueError."""
    length_bytes = bytearray(wire.LENGTH.size)
    receive_exactly(connection, memoryview(length_bytes))
    (length,) = wire.LENGTH.unpack(length_bytes)
    if not wire.HEADER.size <= length <= wire.MESSAGE_MAX:
        raise ValueError(f"a wall message of {length} bytes cannot be")
    message = memoryview(bytearray(length))
    receive_exactly(connection, message)
    return message


class AgentLink:
    """One viewer's wall stream to one agent: opened again, with the same demand, whenever it breaks."""

    def __init__(self, agent: Agent, browser: BrowserSocket) -> None:
        self.agent = agent
        self._browser = browser
        self._demand: list[list[int]] = []
        self._demand_changed = False
        self._credit = 0
        self._undrawn = 0
        self._to_say = Event()
        self._pause = RETRY_FIRST
        self._reader = gevent.spawn(self._run)

    def demand(self, tiles: list[list[int]]) -> None:
        """Ask for *tiles*: index, width and height of each."""
        if tiles != self._demand:
            self._demand, self._demand_changed = tiles, True
            self._to_say.set()

    def credit(self, count: int) -> None:
        """Take note that *count* pictures were drawn; more than were passed on there cannot be."""
        count = min(count, self._undrawn)
        if count:
            self._undrawn -= count
            self._credit += count
            self._to_say.set()

    def close(self) -> None:
        """End the stream."""
        self._reader.kill(block=False)

    def _run(self) -> None:
        while True:
            self._pause = min(RETRY_LONGEST, self._pause * 2)
            with contextlib.suppress(TiledVizError, OSError, EOFError, ValueError):
                self._serve()
            gevent.sleep(self._pause)

    def _serve(self) -> None:
        """Pass pictures on until the agent goes away."""
        with agents.connect(self.agent.registration, "wall", number=self.agent.number) as connection:
            # A fresh stream has its own credits and knows nothing of what was demanded.
            self._undrawn = self._credit = 0
            self._demand_changed = True
            self._to_say.set()
            connection.settimeout(None)
            writer = gevent.spawn(self._write, connection)
            try:
                while True:
                    message = receive_message(connection)
                    self._pause = RETRY_FIRST
                    self._undrawn += 1
                    self._pass_on(message)
            finally:
                writer.kill()

    def _pass_on(self, message: memoryview) -> None:
        try:
            self._browser.send_parts(message)
        except (CloseError, OSError) as error:
            # The viewer is gone or too slow; its own greenlet notices when the socket is shut.
            self._browser.cut()
            raise gevent.GreenletExit from error

    def _write(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._to_say.wait()
                self._to_say.clear()
                lines: list[Mapping[str, Any]] = []
                if self._demand_changed:
                    self._demand_changed = False
                    lines.append({"demand": self._demand})
                if self._credit:
                    credit, self._credit = self._credit, 0
                    lines.append({"credit": credit})
                connection.sendall(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


class WallViewer:
    """One page that shows the wall."""

    def __init__(self, browser: BrowserSocket, monitor: Monitor) -> None:
        self._browser = browser
        self._monitor = monitor
        self._links: dict[str, AgentLink] = {}
        self._shown: dict[int, tuple[int, int]] = {}
        self._whole = True
        self._changed: dict[int, dict[str, Any]] = {}
        self._noticed = False
        self._to_tell = Event()

    def run(self) -> None:
        """Serve the page until it leaves. Raises CloseError."""
        teller = gevent.spawn(self._tell)
        self._monitor.add(self)
        self._to_tell.set()
        try:
            for message in self._browser.messages():
                self._take(read_page_message(message))
        finally:
            self._monitor.remove(self)
            teller.kill(block=False)
            for link in self._links.values():
                link.close()

    def _take(self, said: PageMessage) -> None:
        if said.demand is not None:
            self._shown = {tile: (width, height) for tile, width, height in said.demand}
            self.agents_changed()
        for number, count in (said.credit or {}).items():
            for link in self._links.values():
                if str(link.agent.number) == number:
                    link.credit(count)

    # ------------------------------------------------- told by the monitor

    def wall_changed(self) -> None:
        """Send the whole wall."""
        self._whole = True
        self._to_tell.set()

    def tiles_changed(self, tiles: list[dict[str, Any]]) -> None:
        """Send what changed; a slow viewer gets just the last of several changes."""
        for tile in tiles:
            self._changed.setdefault(tile["id"], {}).update(tile)
        self._to_tell.set()

    def notices_changed(self) -> None:
        """Send the notices: nothing else of the wall changed."""
        self._noticed = True
        self._to_tell.set()

    def agents_changed(self) -> None:
        """Ask each agent for those of the tiles shown that it runs."""
        there = {agent.registration.name: agent for agent in self._monitor.agents()}
        for name, link in list(self._links.items()):
            if there.get(name) != link.agent:
                link.close()
                del self._links[name]
        wanted: dict[str, list[list[int]]] = {name: [] for name in self._links}
        for tile, (width, height) in self._shown.items():
            place = self._monitor.place(tile)
            if place is not None and place[0].registration.name in there:
                wanted.setdefault(place[0].registration.name, []).append([place[1], width, height])
        for name, tiles in wanted.items():
            if name not in self._links:
                self._links[name] = AgentLink(there[name], self._browser)
            self._links[name].demand(tiles)

    def _tell(self) -> None:
        try:
            while True:
                self._to_tell.wait()
                self._to_tell.clear()
                for event in self._news():
                    self._browser.send_parts(EVENT, json.dumps(event, allow_nan=False).encode())
        except (CloseError, OSError):
            self._browser.cut()

    def _news(self) -> list[dict[str, Any]]:
        """Return the events that the page has not been told; a whole wall has all of it."""
        wall, whole, noticed = self._monitor.wall, self._whole, self._noticed
        changed, self._changed = self._changed, {}
        self._whole = self._noticed = False
        if whole:
            return [{"event": "wall", "v": PAGE_PROTOCOL, "wall": wall}]
        news: list[dict[str, Any]] = []
        if changed:
            news.append({"event": "tiles", "tiles": list(changed.values())})
        if noticed:
            news.append({"event": "notices", "notices": wall.get("notices", [])})
        return news
