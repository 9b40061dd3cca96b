"""The rooms of the sessions in which somebody is: each is made for the first one, and goes a while after the last."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tvcore.portal.room import Calls, Room
from tvcore.portal.shares import Shares

EMPTY_SECONDS = 60.0  # after which a room is dropped: what was done in it is ordered by then
EMPTY_LONGEST = 600.0  # and if it is not, as its session is gone
EMPTY_MAX = 16  # rooms in which nobody is, and that are kept


class Rooms:
    """The rooms, by their sessions' keys; *shares* is what each person may say in them."""

    def __init__(self, workers: Calls, shares: Shares | None = None) -> None:
        self.shares = shares or Shares()
        self._workers = workers
        self._rooms: dict[str, Room] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def enter(self, session: str) -> Room:
        """Return the room of *session*, kept until ``leave``."""
        self._sweep()
        room = self._rooms.get(session)
        if room is None or room.over:
            room = self._rooms[session] = Room(self._workers, session)
        room.visitors += 1
        return room

    def leave(self, room: Room) -> None:
        """Say that one who entered *room* is gone."""
        room.visitors -= 1
        room.left = time.monotonic()
        self._sweep()

    def occupied(self) -> list[str]:
        """Return the keys of the sessions in whose rooms somebody is."""
        return [session for session, room in self._rooms.items() if room.visitors]

    def look(self, heads: Mapping[str, int]) -> None:
        """Take note that the sequences of sessions have come to *heads* in the store."""
        for session, head in heads.items():
            if room := self._rooms.get(session):
                room.look(head)

    def stop(self) -> None:
        """Order nothing any more."""
        for room in self._rooms.values():
            room.stop()

    def _sweep(self) -> None:
        now = time.monotonic()
        empty = sorted(
            ((room.left, session) for session, room in self._rooms.items() if not room.visitors), reverse=True
        )
        for number, (left, session) in enumerate(empty):
            # To stop one lets others go on meanwhile, who sweep as well.
            if (room := self._rooms.get(session)) is None or room.visitors:
                continue
            over = number >= EMPTY_MAX or left < now - EMPTY_SECONDS
            if (over and not room.busy) or left < now - EMPTY_LONGEST:
                self._rooms.pop(session).stop()
