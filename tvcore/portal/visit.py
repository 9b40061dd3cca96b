"""What one page says to the session's room, within its limits."""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent

from tvcore.portal.auth import Login
from tvcore.portal.page_messages import Here, Operation, PageMessage
from tvcore.portal.room import Member, Room
from tvcore.portal.websocket import POLICY, CloseError

WAITING_MAX = 2000  # operations of one page that have no number yet
RATE, BURST = 100.0, 1000.0  # operations a second, and at once: more than hands do, and what was done offline
EASED_LONGEST = 30.0
QUIET_RATE, QUIET_BURST = 10.0, 200.0  # of who may not arrange: they choose what they look at
BYTES = 2048.0  # of a message that count as one operation more


class Allowance:
    """How much may be done: *rate* a second, *burst* at once. No clock of its own."""

    def __init__(self, now: float, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = now

    def take(self, cost: float, now: float) -> float:
        """Return for how many seconds who wants to do this much has to wait."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= cost
        return max(0.0, -self._left / self._rate)


class Visit:
    """A page's stay in the room."""

    def __init__(self, room: Room, login: Login, wake: Callable[[], None]) -> None:
        self._room = room
        self._member = Member(login.person, login.role, wake)
        rate = (RATE, BURST) if login.may("arrange") else (QUIET_RATE, QUIET_BURST)
        self._allowance = Allowance(time.monotonic(), *rate)

    def take(self, said: PageMessage, size: int) -> None:
        """Do what a message of *size* bytes says. Who says too much waits here, and nobody else does.

        Raises CloseError.
        """
        if "join" in said.model_fields_set:
            self._room.join(self._member, said.join)
        if said.ops:
            self._offer(said.ops, size)
        if said.here is not None:
            self._here(said.here)

    def _offer(self, operations: list[Operation], size: int) -> None:
        if not self._member.joined:
            raise CloseError(POLICY, "a page joins the session before it does something there")
        gevent.sleep(self._allowance.take(len(operations) + size / BYTES, time.monotonic()))
        while self._member.waiting > WAITING_MAX:
            self._member.eased.clear()
            if not self._member.eased.wait(EASED_LONGEST):
                raise CloseError(POLICY, "the session's operations cannot be ordered now")
        self._room.offer(self._member, [operation.model_dump() for operation in operations])

    def _here(self, here: Here) -> None:
        self._room.here(self._member, here.page, here.model_dump(exclude={"page"}))

    def news(self) -> list[bytes]:
        """Return what is to be told to the page now."""
        return self._room.news(self._member)

    def leave(self) -> None:
        """End the stay."""
        self._room.leave(self._member)
