"""Actions that pages have under way: how far each is, asked for by the page, and cancelled."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tvcore.errors import UsageError
from tvcore.portal.auth import Login
from tvcore.workers import Talk

KEPT_SECONDS = 60.0  # for which one that is over can be asked about
MOST = 6  # under way for one person
MOST_LOOKING = 2  # for one who does not operate: few worker processes are for all of those (``core``)
MOST_KEPT = 512


@dataclass(frozen=True)
class Asker:
    """The person who asks, in all their browsers and sessions, and whether they operate where they do."""

    person: str
    operates: bool


class Act:
    """One action with *tiles*, as far as it has come; *talk* is the line to the worker process that does it."""

    def __init__(self, tiles: Iterable[int], asker: Asker) -> None:
        self.talk = Talk(self._heard)
        self.asker = asker
        self.ended: float | None = None
        self._tiles: dict[int, dict[str, Any]] = {
            tile: {"tile": tile, "fraction": 0.0, "text": "", "state": "waits"} for tile in tiles
        }

    def _heard(self, told: dict[str, Any]) -> None:
        if told["tile"] in self._tiles:
            self._tiles[told["tile"]] = told

    def document(self) -> dict[str, Any]:
        """Return how far it is in each tile, and whether it is over."""
        return {"tiles": list(self._tiles.values()), "over": self.ended is not None}


class Acts:
    """The actions under way, by the login that asked, its session, and the name that its page gave each."""

    def __init__(self) -> None:
        self._all: dict[tuple[tuple[str, str], str], Act] = {}

    def begin(self, login: Login, request: str, tiles: Iterable[int]) -> Act:
        """Return a new one. Raises UsageError where the name is taken, or too much is under way for who asks."""
        self._forget()
        asker = Asker(login.person, login.may("operate"))
        most = MOST if asker.operates else MOST_LOOKING
        if sum(act.asker == asker and act.ended is None for act in self._all.values()) >= most:
            raise UsageError(f"{most} actions are under way already: wait for one, or cancel it")
        if request and (login.owner, request) in self._all:
            raise UsageError("request: there is an action of this name already")
        act = Act(tiles, asker)
        self._all[login.owner, request or f"?{id(act)}"] = act
        return act

    def find(self, login: Login, request: str) -> Act | None:
        """Return the action *request* of *login* in its session, None where there is none (any more)."""
        return self._all.get((login.owner, request))

    def _forget(self) -> None:
        late = time.monotonic() - KEPT_SECONDS
        over = [key for key, act in self._all.items() if act.ended is not None]
        for key in [key for key in over if (self._all[key].ended or 0.0) < late] + over[:-MOST_KEPT]:
            self._all.pop(key, None)
