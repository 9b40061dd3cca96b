"""Launches that pages have under way: how far the case is that first makes what its members need."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from tvcore.errors import UsageError
from tvcore.workers import Talk

KEPT_SECONDS = 60.0  # for which one that is over can be asked about
MOST_KEPT = 64

Owner = tuple[str, str]  # a login, by its id, and the session that it launches for


class Launch:
    """One launch, as far as it has come; *talk* is the line to the worker process that does it."""

    def __init__(self) -> None:
        self.talk = Talk(self._heard)
        self.ended: float | None = None
        self._said: dict[str, Any] = {"fraction": 0.0, "text": ""}

    def _heard(self, told: dict[str, Any]) -> None:
        self._said = told

    def document(self) -> dict[str, Any]:
        """Return how far it is, and whether it is over."""
        return {**self._said, "over": self.ended is not None}


class Launches:
    """The launches under way, by whose they are (``Login.owner``) and the name that their page gave each."""

    def __init__(self) -> None:
        self._all: dict[tuple[Owner, str], Launch] = {}

    @contextlib.contextmanager
    def one(self, owner: Owner, request: str) -> Iterator[Launch]:
        """Have a new one while it lasts; *request* is its name, or empty. Raises UsageError when that is taken."""
        self._forget()
        if request and (owner, request) in self._all:
            raise UsageError("request: there is a launch of this name already")
        made = Launch()
        if request:
            self._all[owner, request] = made
        try:
            yield made
        finally:
            made.ended = time.monotonic()

    def find(self, owner: Owner, request: str) -> Launch | None:
        """Return the launch *request* of *owner*, None where there is none (any more)."""
        return self._all.get((owner, request))

    def _forget(self) -> None:
        late = time.monotonic() - KEPT_SECONDS
        over = [key for key, launch in self._all.items() if launch.ended is not None]
        for key in [key for key in over if (self._all[key].ended or 0.0) < late] + over[:-MOST_KEPT]:
            self._all.pop(key, None)
