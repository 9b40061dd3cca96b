"""What one page says to the session's room, within its limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent

from tvcore.portal.auth import Login
from tvcore.portal.page_messages import Here, Lead, Operation, PageMessage, Watch
from tvcore.portal.presenting import portal_ms
from tvcore.portal.roles import RIGHTS
from tvcore.portal.room import Member, encoded
from tvcore.portal.rooms import Rooms
from tvcore.portal.websocket import POLICY, CloseError

WAITING_MAX = 2000  # operations of one page that have no number yet
EASED_LONGEST = 30.0


class Visit:
    """A page's stay in the room; *rest* waits so many seconds, or raises CloseError: the stay is over.

    *wake* and *end* are called as ``Member`` says.
    """

    def __init__(
        self, rooms: Rooms, login: Login, wake: Callable[[], None], rest: Callable[[float], object] = gevent.sleep,
        end: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._rest = rest
        self._rooms = rooms
        self._room = rooms.enter(login.session)
        self._part = login.part
        self._member = Member(login.person, login.role, wake, self._part, login.called, end)
        self._shares = rooms.shares
        self._arranges = login.may("arrange")
        self._leads = login.grant is not None and login.grant.may_lead()
        self._wake = wake
        self._asked: list[tuple[float, float]] = []  # what its clock said, and when that came

    def take(self, said: PageMessage, size: int) -> None:
        """Do what a message of *size* bytes says. Who says too much waits here, and nobody else does.

        Raises CloseError.
        """
        if "join" in said.model_fields_set:
            self._rest(self._shares.join(self._member.person))
            self._room.join(self._member, said.join)
        if said.ops:
            self._offer(said.ops, size)
        if said.here is not None:
            self._here(said.here, size)
        if said.clock is not None:
            self._asked.append((said.clock, portal_ms()))
            self._wake()
        if "watch" in said.model_fields_set:
            self._watch(said.watch)
        if said.lead is not None:
            self._lead(said.lead, size)

    def _offer(self, operations: list[Operation], size: int) -> None:
        if not self._member.joined:
            raise CloseError(POLICY, "a page joins the session before it does something there")
        self._rest(self._shares.operations(self._member.person, self._arranges, len(operations), size))
        while self._member.waiting > WAITING_MAX:
            self._member.eased.clear()
            if not self._member.eased.wait(EASED_LONGEST):
                raise CloseError(POLICY, "the session's operations cannot be ordered now")
            self._rest(0.0)
        if allowed := [op for each in operations if self._allowed(op := each.model_dump())]:
            self._room.offer(self._member, allowed)

    def _allowed(self, op: dict[str, Any]) -> bool:
        """Return whether the room is for *op* at all; if not, the page is told why."""
        tile = self._part.foreign(op) if self._part else None
        if tile is not None:
            self._member.refuse(op["id"], f"there is no tile {tile}")
        elif self._member.name is not None and names(op, self._member.person):
            self._member.refuse(op["id"], f"your name here is {self._member.name}")
        else:
            return True
        return False

    def _here(self, here: Here, size: int) -> None:
        self._rest(self._shares.here(self._member.person, size))
        said = here.model_dump(exclude={"page"})
        self._room.here(self._member, here.page, self._part.sight(said) if self._part else said)

    def _watch(self, watch: Watch | None) -> None:
        self._rest(self._shares.join(self._member.person))
        if watch is None or self._part is not None:  # what a wall shows is full of others' tiles
            self._room.presenting.watch(self._member, None)
        else:
            self._room.presenting.watch(self._member, watch.wall, watch.screen)

    def _lead(self, lead: Lead, size: int) -> None:
        self._rest(self._shares.here(self._member.person, size))
        if self._leads:
            view = lead.view.model_dump()
            self._room.presenting.lead(self._member, lead.wall, view, lead.duration, lead.even, lead.take)
        else:
            why = f"this needs the right `arrange`, or the address of a remote control: {RIGHTS['arrange']}"
            self._member.tell(encoded({"event": "refused", "what": "lead", "why": why}))

    def news(self) -> list[bytes]:
        """Return what is to be told to the page now. What is said of clocks is said as late as can be."""
        found = self._room.news(self._member) + self._room.presenting.news(self._member)
        asked, self._asked = self._asked, []
        # RFC 5905's timestamps (section 7.3): when the page asked, when that came, when it is answered.
        return found + [encoded({"event": "clock", "t1": t1, "t2": t2, "t3": portal_ms()}) for t1, t2 in asked]

    def leave(self) -> None:
        """End the stay."""
        self._room.presenting.leave(self._member)
        self._room.leave(self._member)
        self._rooms.leave(self._room)


def names(op: dict[str, Any], person: str) -> bool:
    """Return whether *op* says what *person* is called."""
    sets = op.get("set")
    return isinstance(sets, list) and any(
        isinstance(pair, list) and pair[:1] == [f"person/{person}/name"] for pair in sets
    )
