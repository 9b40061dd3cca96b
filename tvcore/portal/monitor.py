"""What keeps the walls true: worker processes that look at the store, and the node agents, one for all sessions."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

import gevent
from gevent.event import Event
from pydantic import ValidationError

from tvcore.errors import TiledVizError
from tvcore.portal.rooms import Rooms
from tvcore.portal.walls import STORE_LONGEST, Agent, Walls
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration
from tvcore.workers import Workers

SYNC_WATCHED, SYNC_ALONE = 1.0, 5.0  # seconds from one sync to the next, with viewers and without
LOCAL_ONLY = 30.0  # from one look for a batch system to the next, where there was none
SYNC_LONGEST = 30.0
ASK_LONGEST = 60.0  # for a batch system to answer, or not
ENDPOINT_LONGEST = 30.0
ASK_AGENT = 4.0  # from one sign of life that an agent is asked for to the next
SILENCE = 10.0  # after which an agent that said nothing does not answer
AWAY_AFTER = 2.0  # what a tunnel that is opened again may take before it is worth a word
PAUSE = 0.1  # between two writes of states
RETRY_FIRST, RETRY_LONGEST = 0.25, 5.0
LINE_MAX = 1 << 24

log = logging.getLogger(__name__)


def _events(registration: Registration) -> Iterator[dict[str, Any]]:
    """Yield what the agent of *registration* says, until it goes away or is silent for too long.

    It is asked to say something now and then: what it answers is no event, and yielded as well.
    """
    with agents.connect(registration, "rpc") as connection, connection.makefile("rb") as file:
        connection.settimeout(SILENCE)
        asking = gevent.spawn(_keep_asking, connection)
        try:
            while line := file.readline(LINE_MAX):
                yield json.loads(line)
        finally:
            asking.kill(block=False)


def merged(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what *old* and then *new* say of members, as one; None says nothing. Pure."""
    if old is None or new is None:
        return dict(old or new or {})
    columns = old["columns"] if new["columns"] is None else new["columns"]
    rows = {**old["rows"], **new["rows"]}
    return {"columns": columns, "rows": rows, "note": new["note"], "complete": new["complete"]}


def _keep_asking(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b'{"id": 1, "call": "watch"}\n')
            gevent.sleep(ASK_AGENT)


class Monitor:
    """The node agents there are, and what they say; the ``walls`` that show it."""

    def __init__(self, quick: Workers, slow: Workers, batch: Workers, rooms: Rooms) -> None:
        self._rooms = rooms
        self._quick = quick
        self._slow = slow
        self._batch = batch
        self._sync_now = Event()
        self.walls = Walls(quick, self, self._sync_now.set)
        self._by_name: dict[str, Agent] = {}
        self._marks: dict[str, list[int]] = {}
        self._streams: dict[tuple[str, int], Agent] = {}
        self._ending: set[tuple[str, int]] = set()
        self._last_number = 0
        self._watches: dict[str, gevent.Greenlet] = {}
        self._states: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
        self._members: dict[tuple[str, str], dict[str, Any]] = {}
        self._away: dict[str, float] = {}  # by an agent's name, when it was last heard: those that do not answer
        self._states_came = Event()
        self._complaints: dict[str, str] = {}
        self._loops: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Begin to watch."""
        loops = (self._sync_loop, self._ask_loop, self._endpoint_loop, self.walls.loop, self._states_loop)
        self._loops = [gevent.spawn(loop) for loop in loops]

    def stop(self) -> None:
        """Watch no longer."""
        gevent.killall([*self._loops, *self._watches.values()])

    def agents(self) -> list[Agent]:
        """Return the agents there are."""
        return list(self._by_name.values())

    def stream(self, job: str, index: int) -> Agent | None:
        """Return the agent that runs a tile of *job*."""
        return self._streams.get((job, index))

    def away(self, agent: Agent) -> float | None:
        """Return since when *agent* does not answer; None: it does."""
        return self._away.get(agent.registration.name)

    def look(self) -> None:
        """Ask schedulers and agents soon: somebody looks."""
        self._sync_now.set()

    def hint(self) -> None:
        """Look at everything soon: something was done that changes it."""
        self._sync_now.set()
        self.walls.changed()

    # ------------------------------------------------------------------ sync

    def _sync_loop(self) -> None:
        while True:
            asked = {"walls": self.walls.sessions(), "rooms": self._rooms.occupied(), "known": self._marks}
            if found := self._call(self._slow, "sync", SYNC_LONGEST, **asked):
                self._take(found)
            # However many hints there are, one sync a second is enough.
            gevent.sleep(SYNC_WATCHED)
            self._sync_now.wait(0 if self.walls.watched else SYNC_ALONE - SYNC_WATCHED)
            self._sync_now.clear()

    def _ask_loop(self) -> None:
        """Have the batch systems asked, apart from all else: one that hangs holds up nothing but this loop."""
        while True:
            there = self._call(self._batch, "ask_schedulers", ASK_LONGEST)
            gevent.sleep(LOCAL_ONLY if there is False else SYNC_WATCHED if self.walls.watched else SYNC_ALONE)

    def _endpoint_loop(self) -> None:
        while True:
            there = self._call(self._slow, "keep_endpoint", ENDPOINT_LONGEST)
            gevent.sleep(LOCAL_ONLY if there is False else SYNC_WATCHED)

    def _call(self, workers: Workers, name: str, seconds: float, **arguments: Any) -> Any:
        """Have *name* done and return what comes of it, or None; a complaint is logged once, until it is another."""
        found, complaint = None, ""
        try:
            found = workers.call(name, seconds, **arguments)
        except TiledVizError as error:
            complaint = str(error)
            if self._complaints.get(name) != complaint:
                log.warning("%s: %s", name, complaint)
        self._complaints[name] = complaint
        return found

    def _take(self, found: Mapping[str, Any]) -> None:
        """Take over what ``calls.sync`` found."""
        self._rooms.look(found["heads"])
        self._marks = dict(found["names"])
        new: dict[str, Registration] = {}
        for name, document in found["changed"].items():
            with contextlib.suppress(ValidationError):
                new[name] = Registration.model_validate(document)
        gone = [name for name in self._by_name if name not in self._marks or name in new]
        for name in gone:
            del self._by_name[name]
            self._away.pop(name, None)
            self._watches.pop(name).kill(block=False)
        for name, registration in new.items():
            agent = Agent(self._next_number(), registration)
            self._by_name[name] = agent
            self._watches[name] = gevent.spawn(self._watch, registration)
        if gone or new:
            self._streams = {
                (agent.registration.job, tile.index): agent
                for agent in self._by_name.values()
                for tile in agent.registration.plan.on_node(agent.registration.ordinal)
            }
            self.walls.changed()
        self.walls.compare(found["revisions"])

    def _next_number(self) -> int:
        taken = {agent.number for agent in self._by_name.values()}
        number = self._last_number % 0xFFFF + 1
        while number in taken:
            number = number % 0xFFFF + 1
        self._last_number = number
        return number

    # ---------------------------------------------------------------- states

    def _watch(self, registration: Registration) -> None:
        """Listen to one agent for as long as it is registered."""
        pause, heard = RETRY_FIRST, time.time()
        while True:
            with contextlib.suppress(TiledVizError, OSError, ValueError, KeyError, TypeError):
                for said in _events(registration):
                    pause, heard = RETRY_FIRST, time.time()
                    if self._away.pop(registration.name, None):
                        self.walls.changed(registration.job)
                    if said.get("event") == "tiles":
                        self._take_states(registration, said["tiles"])
                    elif said.get("event") == "members":
                        self._take_members(registration, said)
            # It does not answer: the scheduler may know why.
            self._sync_now.set()
            if time.time() - heard > AWAY_AFTER and registration.name not in self._away:
                self._away[registration.name] = heard
                self.walls.changed(registration.job)
            gevent.sleep(pause)
            pause = min(RETRY_LONGEST, pause * 2)

    def _take_states(self, registration: Registration, tiles: list[dict[str, Any]]) -> None:
        pending = self._states.setdefault((registration.job, registration.node), {})
        pending.update((int(tile["index"]), tile) for tile in tiles)
        self._states_came.set()

    def _take_members(self, registration: Registration, said: Mapping[str, Any]) -> None:
        """Take metadata of tiles, to be written with the states: what is said later of a tile replaces this."""
        of = (registration.job, registration.node)
        self._members[of] = merged(self._members.get(of), said)
        self._states_came.set()

    def _end_removed(self, job: str, index: int) -> None:
        """End a tile that runs though it was taken off the wall; when that fails, its next state brings it here."""
        tile, agent = (job, index), self.stream(job, index)
        if agent is not None and tile not in self._ending:
            self._ending.add(tile)
            with contextlib.suppress(TiledVizError):
                agents.call(agent.registration, "stop", tile=index)
            self._ending.discard(tile)

    def _states_loop(self) -> None:
        while True:
            self._states_came.wait()
            self._states_came.clear()
            members, self._members = self._members, {}
            for (job, node), said in members.items():
                try:
                    if self._quick.call("apply_members", STORE_LONGEST, job=job, node=node, said=said):
                        self.walls.changed(job)
                except TiledVizError as error:
                    log.warning("members of job %s cannot be kept: %s", job, error)
                    self._members[job, node] = merged(said, self._members.get((job, node)))
                    self._states_came.set()
            waiting, self._states = self._states, {}
            for (job, node), tiles in waiting.items():
                try:
                    came = self._quick.call(
                        "apply_status", STORE_LONGEST, job=job, node=node, tiles=list(tiles.values())
                    )
                    if came["changed"]:
                        self.walls.changed(job)
                    for index in came["removed"]:
                        gevent.spawn(self._end_removed, job, index)
                except TiledVizError as error:
                    log.warning("states of job %s cannot be kept: %s", job, error)
                    self._states[job, node] = tiles | self._states.get((job, node), {})
                    self._states_came.set()
            gevent.sleep(PAUSE)
