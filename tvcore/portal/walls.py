"""The walls of the sessions that somebody looks at: read from the store when first used, told to their viewers.

Each is dropped when nobody has used it for a while. The node agents behind them are one for all (``monitor``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore

from tvcore.errors import TiledVizError
from tvcore.tunnel.agents import Registration
from tvcore.workers import Workers

STORE_LONGEST = 25.0  # a little more than the store waits for another process's transaction
PAUSE = 0.1  # between two looks at the walls
UNUSED_SECONDS = 300.0  # after which a wall that nobody looks at is dropped
UNUSED_MAX = 16  # walls that nobody looks at, and that are kept

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Agent:
    """A node agent, and the number of its wall streams."""

    number: int
    registration: Registration


Place = tuple[Agent, int]  # the agent that runs a tile, and the tile's index there


class Viewer(Protocol):
    """Who is told what changes; none of these may wait."""

    def wall_changed(self) -> None:
        """Tiles or sets came, went, or changed as a whole: ``Wall.document`` is new."""
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


class Streams(Protocol):
    """Who runs which tiles now."""

    def stream(self, job: str, index: int) -> Agent | None:
        """Return the agent that runs a tile of *job*."""
        ...

    def away(self, agent: Agent) -> float | None:
        """Return since when *agent* does not answer; None: it does."""
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


class Wall:
    """The wall of one *session*, by its key, as it is now."""

    def __init__(self, session: str, used: Callable[[], None]) -> None:
        self.session = session
        self.document: dict[str, Any] = {"session": session, "revision": 0, "notices": [], "sets": [], "tiles": []}
        self.jobs: frozenset[str] = frozenset()
        self.viewers: set[Viewer] = set()
        self.reading = BoundedSemaphore(1)
        self.read = False
        self.stale = False
        self.used = time.monotonic()
        self._used = used
        self._tiles: dict[int, dict[str, Any]] = {}
        self._places: dict[int, Place] = {}

    def add(self, viewer: Viewer) -> None:
        """Tell *viewer* what changes from now on."""
        self.viewers.add(viewer)
        self._used()

    def remove(self, viewer: Viewer) -> None:
        """Tell *viewer* no longer."""
        self.viewers.discard(viewer)
        self.used = time.monotonic()

    def tile(self, tile: int) -> dict[str, Any] | None:
        """Return what is known of *tile*, None when it is not on this wall."""
        return self._tiles.get(tile)

    def place(self, tile: int) -> Place | None:
        """Return the agent that runs *tile*, and the tile's index there; None when no agent does, or it is not here."""
        return self._places.get(tile)

    def take(self, document: dict[str, Any], streams: Streams) -> None:
        """Be what *document* says from now on, and tell the viewers what is new."""
        places: dict[int, Place] = {}
        means: dict[str, tuple[str, ...]] = {}
        for tile in document["tiles"]:
            agent = streams.stream(tile["job"], tile["index"])
            tile["stream"] = agent.number if agent else None
            tile["away"] = streams.away(agent) if agent else None
            if agent:
                places[tile["id"]] = (agent, tile["index"])
                means[tile["job"]] = agent.registration.plan.means
        for tile_set in document["sets"]:
            tile_set["means"] = list(means.get(tile_set["job"], ()))
        changed = changed_tiles(self.document, document)
        moved = places != self._places
        noticed = self.document["notices"] != document["notices"]
        self.document, self._places, self.read = document, places, True
        self._tiles = {tile["id"]: tile for tile in document["tiles"]}
        self.jobs = frozenset(each["job"] for each in (*document["tiles"], *document["sets"]))
        for viewer in list(self.viewers):
            if changed is None:
                viewer.wall_changed()
            elif changed:
                viewer.tiles_changed(changed)
            if noticed and changed is not None:
                viewer.notices_changed()
            if moved:
                viewer.agents_changed()


class Walls:
    """The walls that are used, by their sessions' keys; *looked* is called when somebody begins to look at one."""

    def __init__(self, workers: Workers, streams: Streams, looked: Callable[[], None]) -> None:
        self._workers = workers
        self._streams = streams
        self._looked = looked
        self._walls: dict[str, Wall] = {}
        self._wake = Event()

    @property
    def watched(self) -> bool:
        """Whether anybody looks at any of them."""
        return any(wall.viewers for wall in self._walls.values())

    def sessions(self) -> list[str]:
        """Return the keys of the sessions whose walls are used."""
        return list(self._walls)

    def of(self, session: str) -> Wall:
        """Return the wall of *session*, read from the store if it is not used yet. Raises TiledVizError."""
        wall = self._walls.get(session)
        if wall is None:
            self._drop_unused()
            wall = self._walls[session] = Wall(session, self._looked)
        wall.used = time.monotonic()
        if not wall.read:
            self._read(wall, anyhow=False)
        return wall

    def fresh(self, session: str) -> Wall:
        """Return the wall of *session* as the store has it now. Raises TiledVizError."""
        known = self._walls.get(session)
        wall = self.of(session)
        if known is wall:
            self._read(wall)
        return wall

    def _read(self, wall: Wall, anyhow: bool = True) -> None:
        with wall.reading:
            if anyhow or not wall.read:  # another may have read it meanwhile
                wall.stale = False
                try:
                    document = self._workers.call("wall", STORE_LONGEST, session=wall.session)
                except TiledVizError:
                    wall.stale = True
                    self._wake.set()
                    raise
                wall.take(document, self._streams)

    def compare(self, revisions: Mapping[str, int]) -> None:
        """Have those read anew soon that are of another revision than *revisions* says, by session."""
        for session, wall in self._walls.items():
            if revisions.get(session, wall.document["revision"]) != wall.document["revision"]:
                wall.stale = True
                self._wake.set()

    def changed(self, job: str | None = None) -> None:
        """Have those read anew soon that show *job*; None: all."""
        for wall in self._walls.values():
            if job is None or job in wall.jobs:
                wall.stale = True
                self._wake.set()

    def _drop_unused(self) -> None:
        now = time.monotonic()
        # Who waits for one that is being read is about to look at it.
        idle = (each for each in self._walls.values() if not each.viewers and not each.reading.locked())
        unused = sorted(idle, key=lambda each: each.used)
        for number, wall in enumerate(unused):
            if wall.used < now - UNUSED_SECONDS or len(unused) - number >= UNUSED_MAX:
                del self._walls[wall.session]

    def loop(self) -> None:
        """Keep them true, for ever."""
        while True:
            self._wake.wait(UNUSED_SECONDS)
            self._wake.clear()
            self._drop_unused()
            for wall in [each for each in self._walls.values() if each.stale]:
                try:
                    self._read(wall)
                except TiledVizError as error:
                    log.warning("the wall of session %s cannot be read: %s", wall.session, error)
                    wall.stale = True
                    self._wake.set()
                    gevent.sleep(1)
            gevent.sleep(PAUSE)
