"""What the portal knows of the wall: kept true by worker processes and node agents, told to the viewers."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from pydantic import ValidationError

from tvcore.errors import TiledVizError
from tvcore.session import SESSION
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration
from tvcore.workers import Workers

SYNC_WATCHED, SYNC_ALONE = 1.0, 5.0  # seconds from one sync to the next, with viewers and without
LOCAL_ONLY = 30.0  # from one look for a batch system to the next, where there was none
SYNC_LONGEST = 30.0
ASK_LONGEST = 60.0  # for a batch system to answer, or not
ENDPOINT_LONGEST = 30.0
STORE_LONGEST = 25.0  # a little more than the store waits for another process's transaction
ASK_AGENT = 4.0  # from one sign of life that an agent is asked for to the next
SILENCE = 10.0  # after which an agent that said nothing does not answer
AWAY_AFTER = 2.0  # what a tunnel that is opened again may take before it is worth a word
PAUSE = 0.1  # between two looks at the wall, or two writes of states
RETRY_FIRST, RETRY_LONGEST = 0.25, 5.0
LINE_MAX = 1 << 24

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Agent:
    """A node agent, and the number of its wall streams."""

    number: int
    registration: Registration


class Viewer(Protocol):
    """Who is told what changes; none of these may wait."""

    def wall_changed(self) -> None:
        """Tiles or sets came, went, or changed as a whole: ``Monitor.wall`` is new."""
        ...

    def tiles_changed(self, tiles: list[dict[str, Any]]) -> None:
        """These fields of these tiles changed."""
        ...

    def agents_changed(self) -> None:
        """Node agents came or went, or tiles are somewhere else."""
        ...

    def notices_changed(self) -> None:
        """Something that the wall depends on is away, or is back."""
        ...


def changed_tiles(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return id and changed fields of each tile that changed from wall *old* to *new*; None: it is another wall."""
    before = {tile["id"]: tile for tile in old["tiles"]}
    if old["sets"] != new["sets"] or list(before) != [tile["id"] for tile in new["tiles"]]:
        return None
    found = []
    for tile in new["tiles"]:
        was = before[tile["id"]]
        fields = {name: value for name, value in tile.items() if name not in was or was[name] != value}
        if fields:
            found.append({"id": tile["id"]} | fields)
    return found


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
    """The wall as it is now, and the node agents behind it."""

    def __init__(self, quick: Workers, slow: Workers, batch: Workers, head_seen: Callable[[int], None]) -> None:
        self._head_seen = head_seen  # told how far the session's operations have come in the store
        self._quick = quick
        self._slow = slow
        self._batch = batch
        self.wall: dict[str, Any] = {"session": SESSION, "revision": 0, "notices": [], "sets": [], "tiles": []}
        self._by_name: dict[str, Agent] = {}
        self._marks: dict[str, list[int]] = {}
        self._streams: dict[tuple[str, int], Agent] = {}
        self._places: dict[int, tuple[Agent, int]] = {}
        self._shown: dict[str, set[int]] = {}  # by job, the indices of its tiles on the wall
        self._ending: set[tuple[str, int]] = set()
        self._last_number = 0
        self._viewers: set[Viewer] = set()
        self._watches: dict[str, gevent.Greenlet] = {}
        self._states: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
        self._members: dict[tuple[str, str], dict[str, Any]] = {}
        self._away: dict[str, float] = {}  # by an agent's name, when it was last heard: those that do not answer
        self._states_came = Event()
        self._wall_stale = Event()
        self._sync_now = Event()
        self._refreshing = BoundedSemaphore(1)
        self._complaints: dict[str, str] = {}
        self._loops: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Begin to watch; the first look at the store is done when this returns. Raises TiledVizError."""
        self.refresh()
        self._loops = [
            gevent.spawn(loop)
            for loop in (self._sync_loop, self._ask_loop, self._endpoint_loop, self._refresh_loop, self._states_loop)
        ]

    def stop(self) -> None:
        """Watch no longer."""
        gevent.killall([*self._loops, *self._watches.values()])

    # --------------------------------------------------------------- viewers

    def add(self, viewer: Viewer) -> None:
        """Tell *viewer* what changes from now on."""
        self._viewers.add(viewer)
        self._sync_now.set()

    def remove(self, viewer: Viewer) -> None:
        """Tell *viewer* no longer."""
        self._viewers.discard(viewer)

    def place(self, tile: int) -> tuple[Agent, int] | None:
        """Return the agent that runs *tile*, and the tile's index there; None when no agent does."""
        return self._places.get(tile)

    def agents(self) -> list[Agent]:
        """Return the agents there are."""
        return list(self._by_name.values())

    def look(self) -> None:
        """Ask schedulers and agents soon: somebody looks."""
        self._sync_now.set()

    def hint(self) -> None:
        """Look at everything soon: something was done that changes it."""
        self._sync_now.set()
        self._wall_stale.set()

    # ------------------------------------------------------------------ wall

    def refresh(self) -> dict[str, Any]:
        """Read the wall from the store, tell the viewers what is new, and return it. Raises TiledVizError."""
        with self._refreshing:
            wall: dict[str, Any] = self._quick.call("wall", STORE_LONGEST, session=SESSION)
            places, shown = {}, defaultdict(set)
            for tile in wall["tiles"]:
                shown[tile["job"]].add(tile["index"])
                agent = self._streams.get((tile["job"], tile["index"]))
                tile["stream"] = agent.number if agent else None
                tile["away"] = self._away.get(agent.registration.name) if agent else None
                if agent:
                    places[tile["id"]] = (agent, tile["index"])
            changed = changed_tiles(self.wall, wall)
            moved = places != self._places
            noticed = self.wall["notices"] != wall["notices"]
            self.wall, self._places, self._shown = wall, places, dict(shown)
            for viewer in list(self._viewers):
                if changed is None:
                    viewer.wall_changed()
                elif changed:
                    viewer.tiles_changed(changed)
                if noticed and changed is not None:
                    viewer.notices_changed()
                if moved:
                    viewer.agents_changed()
            return wall

    def _refresh_loop(self) -> None:
        while True:
            self._wall_stale.wait()
            self._wall_stale.clear()
            try:
                self.refresh()
            except TiledVizError as error:
                log.warning("the wall cannot be read: %s", error)
                self._wall_stale.set()
                gevent.sleep(1)
            gevent.sleep(PAUSE)

    # ------------------------------------------------------------------ sync

    def _sync_loop(self) -> None:
        while True:
            if found := self._call(self._slow, "sync", SYNC_LONGEST, session=SESSION, known=self._marks):
                self._take(found)
            # However many hints there are, one sync a second is enough.
            gevent.sleep(SYNC_WATCHED)
            self._sync_now.wait(0 if self._viewers else SYNC_ALONE - SYNC_WATCHED)
            self._sync_now.clear()

    def _ask_loop(self) -> None:
        """Have the batch systems asked, apart from all else: one that hangs holds up nothing but this loop."""
        while True:
            there = self._call(self._batch, "ask_schedulers", ASK_LONGEST)
            gevent.sleep(LOCAL_ONLY if there is False else SYNC_WATCHED if self._viewers else SYNC_ALONE)

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
        self._head_seen(found["head"])
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
        if gone or new or found["revision"] != self.wall["revision"]:
            self._wall_stale.set()

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
                        self._wall_stale.set()
                    if said.get("event") == "tiles":
                        self._take_states(registration, said["tiles"])
                    elif said.get("event") == "members":
                        self._take_members(registration, said)
            # It does not answer: the scheduler may know why.
            self._sync_now.set()
            if time.time() - heard > AWAY_AFTER and registration.name not in self._away:
                self._away[registration.name] = heard
                self._wall_stale.set()
            gevent.sleep(pause)
            pause = min(RETRY_LONGEST, pause * 2)

    def _take_states(self, registration: Registration, tiles: list[dict[str, Any]]) -> None:
        pending = self._states.setdefault((registration.job, registration.node), {})
        pending.update((int(tile["index"]), tile) for tile in tiles)
        self._states_came.set()
        shown = self._shown.get(registration.job)
        for tile in tiles:
            if shown and tile["index"] not in shown and tile["state"] in ("starting", "live"):
                gevent.spawn(self._end_removed, registration, tile["index"])

    def _take_members(self, registration: Registration, said: Mapping[str, Any]) -> None:
        """Take metadata of tiles, to be written with the states: what is said later of a tile replaces this."""
        of = (registration.job, registration.node)
        self._members[of] = merged(self._members.get(of), said)
        self._states_came.set()

    def _end_removed(self, registration: Registration, index: int) -> None:
        """End a tile that runs though it was taken off the wall; when that fails, its next state brings it here."""
        tile = (registration.job, index)
        if tile not in self._ending:
            self._ending.add(tile)
            with contextlib.suppress(TiledVizError):
                agents.call(registration, "stop", tile=index)
            self._ending.discard(tile)

    def _states_loop(self) -> None:
        while True:
            self._states_came.wait()
            self._states_came.clear()
            members, self._members = self._members, {}
            for (job, node), said in members.items():
                try:
                    if self._quick.call("apply_members", STORE_LONGEST, job=job, node=node, said=said):
                        self._wall_stale.set()
                except TiledVizError as error:
                    log.warning("members of job %s cannot be kept: %s", job, error)
                    self._members[job, node] = merged(said, self._members.get((job, node)))
                    self._states_came.set()
            waiting, self._states = self._states, {}
            for (job, node), tiles in waiting.items():
                try:
                    found = list(tiles.values())
                    if self._quick.call("apply_status", STORE_LONGEST, job=job, node=node, tiles=found):
                        self._wall_stale.set()
                except TiledVizError as error:
                    log.warning("states of job %s cannot be kept: %s", job, error)
                    self._states[job, node] = tiles | self._states.get((job, node), {})
                    self._states_came.set()
            gevent.sleep(PAUSE)
