"""What the display walls of a session show, and from when on: what one page says is told to all their screens.

A change of view is told with the time at which it begins, in the portal's clock (``portal_ms``), a little ahead: each
screen knows by how much its own clock differs, and begins then. What is shown is no part of the session's document: it
is spread as it changes, the last of it told to who comes later, and forgotten with the room. No I/O.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

AHEAD_MS = 100.0  # from when a change is told to when it begins: longer than it takes to come to a screen
WALLS_MAX = 64  # of a session, of which is known what they show

_STARTED_MS = (time.time() - time.monotonic()) * 1000.0


def portal_ms() -> float:
    """Return the portal's time, in ms since the epoch; it goes on evenly, whatever is done to the machine's clock."""
    return _STARTED_MS + time.monotonic() * 1000.0


class Watcher(Protocol):
    """What of a page (``room.Member``) is needed here."""

    person: str
    page: str

    @property
    def wake(self) -> Callable[[], None]:
        """Is called when there is something to be told to it; may not wait."""
        ...


@dataclass
class _Wall:
    """A display wall: what it shows, who *leads* it, who watches, and which of those are its screens."""

    number: int = 0  # counts up whenever there is something new to be told
    view: dict[str, Any] | None = None
    at: float = 0.0
    duration: float = 0.0
    even: bool = False
    leader: Watcher | None = None
    screens: dict[Watcher, tuple[int, int]] = field(default_factory=dict)
    told: dict[Watcher, int] = field(default_factory=dict)  # up to which number


class Presenting:
    """The display walls of a session, by their names."""

    def __init__(self, clock: Callable[[], float] = portal_ms) -> None:
        self._clock = clock
        self._walls: dict[str, _Wall] = {}
        self._watched: dict[Watcher, str] = {}

    def watch(self, page: Watcher, wall: str | None, screen: tuple[int, int] | None = None) -> None:
        """Let *page* know what *wall* shows from now on, None: of none; it may be its *screen*, by column and row."""
        self.leave(page, leads=False)
        if wall is None or (there := self._wall(wall)) is None:
            return
        self._watched[page] = wall
        there.told[page] = -1
        if screen is None:
            page.wake()
            return
        there.screens[page] = screen
        self._tell(there)

    def lead(
        self, page: Watcher, wall: str, view: dict[str, Any], duration: float, even: bool = False, take: bool = False
    ) -> bool:
        """Have *wall* show *view*; return whether *page* leads it, which it does from now on if it *takes* it.

        *duration* is how many ms the change takes, *even* whether it is as quick all the time. One page leads a wall:
        who did before sees that.
        """
        there = self._wall(wall)
        if there is None or not page.page:
            return False
        if there.leader is not page:
            if there.leader is not None and not take and there.leader.page != page.page:
                return False
            there.leader = page
        there.view, there.duration, there.even = view, duration, even
        there.at = max(there.at, self._clock() + AHEAD_MS)
        self._tell(there)
        return True

    def leave(self, page: Watcher, leads: bool = True) -> None:
        """Tell *page* nothing any more; with *leads* it leads none either, and what it had shown stays."""
        name = self._watched.pop(page, None)
        if name is not None and (there := self._walls.get(name)) is not None:
            there.told.pop(page, None)
            if there.screens.pop(page, None) is not None:
                self._tell(there)
        if leads:
            for there in self._walls.values():
                if there.leader is page:
                    there.leader = None
                    self._tell(there)

    def news(self, page: Watcher) -> list[bytes]:
        """Return what is to be told to *page* now: how its wall is, and nothing of how it was meanwhile."""
        name = self._watched.get(page)
        if name is None or (there := self._walls[name]).told[page] == there.number:
            return []
        there.told[page] = there.number
        leader = there.leader and {"page": there.leader.page, "person": there.leader.person}
        event = {
            "event": "shown", "wall": name, "view": there.view, "at": there.at, "duration": there.duration,
            "even": there.even, "leader": leader, "screens": sorted(set(there.screens.values())),
        }  # fmt: skip
        return [json.dumps(event, allow_nan=False).encode()]

    def _wall(self, name: str) -> _Wall | None:
        """Return the wall *name*; None: there are too many."""
        if name not in self._walls:
            unused = [each for each, wall in self._walls.items() if not wall.told and wall.leader is None]
            if len(self._walls) >= WALLS_MAX and not unused:
                return None
            if len(self._walls) >= WALLS_MAX:
                del self._walls[unused[0]]
            self._walls[name] = _Wall()
        return self._walls[name]

    @staticmethod
    def _tell(wall: _Wall) -> None:
        wall.number += 1
        for page in wall.told:
            page.wake()
