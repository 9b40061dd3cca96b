"""One wall stream to each node agent, for all viewers who look at something there (``tvcore.node.wire``).

A picture comes once, for all viewers that it names, and goes into each one's queue as it is, neither decoded nor
copied. No viewer is waited for here. A stream that breaks is opened again, and all that is demanded told anew; the
agent has let go of all keys by then, since it does so at the end of a stream.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import gevent
from gevent.event import Event

from tvcore.errors import TiledVizError
from tvcore.node import wire
from tvcore.portal.monitor import RETRY_FIRST, RETRY_LONGEST
from tvcore.portal.walls import Agent
from tvcore.tunnel import agents

INPUT_MAX = 4096  # lines that wait for an agent
SEND_SECONDS = 20.0  # an agent that takes nothing for so long hangs
NUMBERS = 1 << 16

Tiles = Sequence[Sequence[int]]  # index, width, height and urgency of each

log = logging.getLogger(__name__)


class Viewer(Protocol):
    """Whom pictures are for; none of these may wait."""

    number: int

    def opened(self, link: Link) -> None:
        """The stream of *link* is new: it knows this viewer's demand, and of no credit."""
        ...

    def closed(self, link: Link) -> None:
        """The stream of *link* has ended."""
        ...

    def picture(self, link: Link, picture: memoryview) -> None:
        """Take *picture*. Raises ValueError when the agent had no credit for it."""
        ...


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
    if not wire.COUNT.size + wire.HEADER.size <= length <= wire.MESSAGE_MAX:
        raise ValueError(f"a wall message of {length} bytes cannot be")
    message = memoryview(bytearray(length))
    receive_exactly(connection, message)
    return message


def read_picture(message: memoryview, stream: int) -> tuple[tuple[int, ...], memoryview]:
    """Return whom *message* is for, and the picture. Raises ValueError when it is none of the agent's, *stream*."""
    numbers, picture = wire.read_address(message)
    found = wire.HEADER.unpack_from(picture)[:3]
    # The page tells the portal's own words from pictures by the kind, and whose tile a cell shows by the stream.
    if found != (wire.PICTURE, wire.VERSION, stream):
        raise ValueError("a message of kind {}, version {}, for stream {} is no picture of its own".format(*found))
    return numbers, picture


class Outbox:
    """What waits to be told to an agent: of each viewer its last demand, the sum of its credit, and lines in order."""

    def __init__(self) -> None:
        self._demands: dict[int, Tiles] = {}
        self._credit: dict[int, int] = {}
        self._lines: list[bytes] = []

    def demand(self, viewer: int, tiles: Tiles) -> None:
        """Replace what *viewer* asks for."""
        self._demands[viewer] = tiles

    def credit(self, viewer: int, size: int) -> None:
        """Allow further bytes for *viewer*."""
        self._credit[viewer] = self._credit.get(viewer, 0) + size

    def say(self, viewer: int, said: Mapping[str, Any]) -> None:
        """Add a line. Raises ValueError when too many wait."""
        if len(self._lines) >= INPUT_MAX:
            raise ValueError(f"{INPUT_MAX} lines wait to be taken")
        self._lines.append(_line({"viewer": viewer, **said}))

    def leave(self, viewer: int) -> None:
        """Add that *viewer* is gone."""
        self._demands.pop(viewer, None)
        self._credit.pop(viewer, None)
        self._lines.append(_line({"viewer": viewer, "gone": True}))

    def take(self) -> bytes:
        """Return all of it; nothing waits any more."""
        lines = [_line({"viewer": viewer, "demand": tiles}) for viewer, tiles in self._demands.items()]
        lines += [_line({"viewer": viewer, "credit": size}) for viewer, size in self._credit.items()]
        lines += self._lines
        self.clear()
        return b"".join(lines)

    def clear(self) -> None:
        """Forget all of it."""
        self._demands, self._credit, self._lines = {}, {}, []


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


class Link:
    """The wall stream of one agent: opened again whenever it breaks, until it is closed."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self._viewers: dict[int, Viewer] = {}
        self._demands: dict[int, Tiles] = {}
        self._connection: socket.socket | None = None
        self._outbox = Outbox()
        self._to_say = Event()
        self._pause = RETRY_FIRST
        self._complaint = ""
        self._runner = gevent.spawn(self._run)

    def knows(self, viewer: Viewer) -> bool:
        """Return whether *viewer* is known to the agent, or will be as soon as that is there."""
        return viewer.number in self._viewers

    def demand(self, viewer: Viewer, tiles: Tiles) -> None:
        """Ask for *tiles* on behalf of *viewer*, who may be new."""
        new = viewer.number not in self._viewers
        if new or tiles != self._demands[viewer.number]:
            self._viewers[viewer.number] = viewer
            self._demands[viewer.number] = tiles
            if self._connection is not None:
                self._outbox.demand(viewer.number, tiles)
                self._to_say.set()
        if new and self._connection is not None:
            viewer.opened(self)

    def demanded(self) -> bool:
        """Return whether anybody asks for anything."""
        return any(self._demands.values())

    def credit(self, viewer: Viewer, size: int) -> None:
        """Allow *size* further bytes for *viewer*."""
        if self._connection is not None:
            self._outbox.credit(viewer.number, size)
            self._to_say.set()

    def say(self, viewer: Viewer, said: Mapping[str, Any]) -> None:
        """Say a line on behalf of *viewer*, if the agent is there: what is done later was not meant."""
        if self._connection is None and self._pause > RETRY_FIRST:
            return
        try:
            self._outbox.say(viewer.number, said)
        except ValueError as error:
            self._complain(error)
            self._cut()
        self._to_say.set()

    def leave(self, viewer: Viewer) -> None:
        """Forget *viewer*, with all keys that it holds."""
        if self._viewers.pop(viewer.number, None) is not None:
            del self._demands[viewer.number]
            if self._connection is not None:
                self._outbox.leave(viewer.number)
                self._to_say.set()

    def close(self) -> None:
        """End the stream."""
        for viewer in self._viewers.values():
            viewer.closed(self)
        self._viewers.clear()
        self._demands.clear()
        self._runner.kill(block=False)

    def _run(self) -> None:
        while True:
            try:
                self._serve()
            except ValueError as error:
                self._complain(error)
            except (TiledVizError, OSError, EOFError):
                pass  # the monitor notices too, and says so on the wall
            self._pause = min(RETRY_LONGEST, self._pause * 2)
            gevent.sleep(self._pause)

    def _serve(self) -> None:
        """Pass pictures on until the agent goes away. Raises ValueError for what no agent may send."""
        with agents.connect(self.agent.registration, "wall", number=self.agent.number) as connection:
            connection.settimeout(None)
            self._connection = connection
            # A fresh stream has its own credit and knows nothing of what was demanded.
            for number, tiles in self._demands.items():
                self._outbox.demand(number, tiles)
            for viewer in list(self._viewers.values()):
                viewer.opened(self)
            self._to_say.set()
            writer = gevent.spawn(self._write, connection)
            try:
                while True:
                    self._deliver(receive_message(connection))
                    self._pause, self._complaint = RETRY_FIRST, ""
                    # An agent that always has something ready must not keep the others waiting.
                    gevent.sleep(0)
            finally:
                self._connection = None
                self._outbox.clear()
                for viewer in self._viewers.values():
                    viewer.closed(self)
                writer.kill(block=False)

    def _deliver(self, message: memoryview) -> None:
        numbers, picture = read_picture(message, self.agent.number)
        for number in numbers:
            if (viewer := self._viewers.get(number)) is not None:
                viewer.picture(self, picture)

    def _write(self, connection: socket.socket) -> None:
        try:
            while True:
                self._to_say.wait()
                self._to_say.clear()
                if waiting := self._outbox.take():
                    with gevent.Timeout(SEND_SECONDS, TimeoutError("the agent takes nothing")):
                        connection.sendall(waiting)
        except OSError:
            self._cut()

    def _cut(self) -> None:
        """End the stream as it is now; it is opened again."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def _complain(self, error: ValueError) -> None:
        """Say once what is wrong, until something is right."""
        registration = self.agent.registration
        complaint = f"the wall stream of job {registration.job} on {registration.node} is cut: {error}"
        if complaint != self._complaint:
            self._complaint = complaint
            log.warning("%s", complaint)


class Links:
    """The wall streams there are, each for as long as somebody demands something there or holds it open."""

    def __init__(self) -> None:
        self._links: dict[int, Link] = {}  # by the agent's number
        self._holds: dict[int, frozenset[int]] = {}  # by viewer: agents whose streams it needs for its input
        self._last = 0

    def number(self) -> int:
        """Return a number for a new viewer that no other has, nor had of late."""
        while True:
            self._last = (self._last + 1) % NUMBERS
            if self._last not in self._holds:
                self._holds[self._last] = frozenset()
                return self._last

    def demand(self, viewer: Viewer, wanted: Iterable[tuple[Agent, Tiles]], held: Collection[Agent] = ()) -> None:
        """Ask for the tiles *wanted* on behalf of *viewer*, and for no others; keep the streams to those *held* too."""
        by_number = {agent.number: (agent, tiles) for agent, tiles in wanted}
        for agent in held:
            by_number.setdefault(agent.number, (agent, []))
        self._holds[viewer.number] = frozenset(agent.number for agent in held)
        for number, link in self._links.items():
            if number not in by_number and link.knows(viewer):
                link.demand(viewer, [])
        for agent, tiles in by_number.values():
            self._link(agent).demand(viewer, tiles)
        self._close_unused()

    def say(self, viewer: Viewer, agent: Agent, said: Mapping[str, Any]) -> None:
        """Tell *agent* what *viewer* does in its tiles; the stream stays open until it demands something else."""
        link = self._link(agent)
        if not link.knows(viewer):
            link.demand(viewer, [])
            self._holds[viewer.number] |= {agent.number}
        link.say(viewer, said)

    def release(self, viewer: Viewer, agent: Agent) -> None:
        """Let go of all that *viewer* holds down in tiles of *agent*; without a stream nothing is."""
        if agent.number in self._links:
            self._links[agent.number].say(viewer, {"release": True})

    def leave(self, viewer: Viewer) -> None:
        """Forget *viewer*, with all it demanded and the keys it holds."""
        self._holds.pop(viewer.number, None)
        for link in self._links.values():
            link.leave(viewer)
        self._close_unused()

    def _link(self, agent: Agent) -> Link:
        if agent.number not in self._links:
            self._links[agent.number] = Link(agent)
        return self._links[agent.number]

    def _close_unused(self) -> None:
        held = frozenset().union(*self._holds.values())
        for number, link in list(self._links.items()):
            if number not in held and not link.demanded():
                link.close()
                del self._links[number]
