"""The session's room: acts of pages are put in order by the store, and told to every page; and who is here.

Nothing here waits for the store but one greenlet of the room's own, which hands it all acts that came meanwhile in
one call, in a worker process. What came of it is serialised there, once for all pages, and kept (``spread``): each
page has its own greenlet, which fetches what is new for it when its line takes it. Acts that others appended, a
command line or another portal, are seen by the store's head.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import gevent
from gevent.event import Event

from tvcore.errors import TiledVizError
from tvcore.portal.chosen import Part
from tvcore.portal.presenting import Presenting
from tvcore.portal.roles import Role
from tvcore.portal.spread import KEPT_BYTES, KEPT_MESSAGES, Spread
from tvcore.workers import CallFailedError, CallRefusedError

ORDER_LONGEST = 25.0  # a little more than the store waits for another process's transaction
SETTLE_EVERY, SETTLE_AGAIN = 10.0, 60.0  # seconds from one look at what can be settled to the next; if it failed
TOGETHER = 500  # operations that are ordered in one call
KEPT = (KEPT_BYTES, KEPT_MESSAGES)  # of operations that were spread
PRESENCE_EVERY = 0.2  # seconds from one telling of who moved to the next
HAND_EVERY = 0.1  # the same while somebody shows a pointer: it is to move smoothly
PEOPLE_BYTES, PEOPLE_MESSAGES = 1 << 18, 256
PART_BYTES = 1 << 16  # of news that are taken apart here for who may see a part; what is more, a worker process does
PAUSE_FIRST, PAUSE_LONGEST = 0.25, 5.0

Operation = dict[str, Any]

log = logging.getLogger(__name__)


class Calls(Protocol):
    """What of ``tvcore.workers.Workers`` is needed here."""

    def call(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Return what the function *name* of ``calls`` returns. Raises TiledVizError."""
        ...


class Member:
    """One page in the room; *wake* is called when there is something to be told to it, *end* when the session is gone.

    Neither may wait. *part* is what it may see, None for all; *name* what its person is called on the portal's word.
    """

    def __init__(
        self, person: str, role: Role, wake: Callable[[], None], part: Part | None = None, name: str | None = None,
        end: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.person = person
        self.role = role
        self.wake = wake
        self.end = end
        self.part = part
        self.name = name
        self.joined = False
        self.waiting = 0  # operations that have no number yet
        self.page = ""
        self._at: int | None = None  # how far it was told; None: a document is on its way
        self._people_at: int | None = None
        self._document: bytes | None = None  # the answer to its joining
        self._own: deque[bytes] = deque()  # what came of its operations
        self.eased = Event()  # its operations were ordered

    def tell(self, message: bytes) -> None:
        """Have *message* told to this page alone."""
        self._own.append(message)
        self.wake()

    def refuse(self, operation: str, why: str, taken: bool = False) -> None:
        """Have this page told that its *operation*, by its id, is not done; *taken*: its id is another's."""
        self.tell(encoded({"event": "refused", "what": "op", "op": operation, "why": why, "taken": taken}))


def _large(messages: Sequence[bytes]) -> bool:
    return sum(len(message) for message in messages) > PART_BYTES


def _shown(messages: list[bytes], part: Part | None) -> list[bytes]:
    """Return of each of *messages* what *part* may see."""
    return messages if part is None else [encoded(part.event(json.loads(message))) for message in messages]


def encoded(event: dict[str, Any]) -> bytes:
    """Return *event* as it is sent."""
    return json.dumps(event, allow_nan=False).encode()


class Room:
    """The pages in one session."""

    def __init__(self, workers: Calls, session: str) -> None:
        self._workers = workers
        self._session = session
        self.visitors = 0  # pages that may join, or did
        self.left = time.monotonic()  # when the last of them left
        self.over = False  # the session is gone
        self.presenting = Presenting()  # on display walls
        self._members: set[Member] = set()
        self._spread: Spread | None = None
        self._acts: deque[tuple[Member, Sequence[Operation]]] = deque()
        self._joining: dict[Member, int | None] = {}
        self._stale = False  # somebody else appended something
        self._settles_at = 0.0
        self._wake = Event()
        self._pages: dict[str, tuple[Member, dict[str, Any]]] = {}
        self._moved: set[str] = set()
        self._people = Spread(0, PEOPLE_BYTES, PEOPLE_MESSAGES)
        self._everyone = (-1, b"")  # who is here, as of a number of ``_people``
        self._people_moved = Event()
        self._loops = [gevent.spawn(self._loop), gevent.spawn(self._people_loop)]

    @property
    def busy(self) -> bool:
        """Whether something that was done is not ordered yet."""
        return bool(self._acts)

    def stop(self) -> None:
        """Order nothing any more."""
        gevent.killall(self._loops, block=False)

    # ---------------------------------------------------------------- pages

    def join(self, member: Member, seq: int | None) -> None:
        """Let *member*, who knows all up to *seq*, have what it lacks, and what comes from now on."""
        if self.over:
            member.end()
            return
        member.joined = True
        self._members.add(member)
        missed = self._spread.since(seq) if seq is not None and self._spread else None
        if missed is not None and not (member.part and _large(missed)):
            self._joining.pop(member, None)
            member._at = seq
            member._document = None if missed else encoded({"event": "ops", "after": seq, "ops": []})
            member.wake()
            return
        member._at = None
        self._joining[member] = seq
        self._wake.set()

    def leave(self, member: Member) -> None:
        """Tell *member* nothing any more; what it did is ordered all the same."""
        self._members.discard(member)
        self._joining.pop(member, None)
        if member.page and self._pages.get(member.page, (None,))[0] is member:
            del self._pages[member.page]
            self._people_changed(member.page)

    def offer(self, member: Member, operations: Sequence[Operation]) -> None:
        """Have *operations* of *member* put in order."""
        if self.over:
            return
        member.waiting += len(operations)
        self._acts.append((member, operations))
        self._wake.set()

    def look(self, head: int) -> None:
        """Take note that the store's sequence has come to *head*."""
        if self._spread and self._members and head > self._spread.head:
            self._stale = True
            self._wake.set()

    def news(self, member: Member) -> list[bytes]:
        """Return what is to be told to *member* now. One that is too far behind joins again, by itself."""
        found = []
        if member._document is not None:
            found.append(member._document)
            member._document = None
        if member._at is not None and self._spread:
            missed = self._spread.since(member._at)
            if missed is None or (member.part and _large(missed)):
                self.join(member, member._at)
            else:
                member._at = self._spread.head
                found += _shown(missed, member.part)
        while member._own:
            found.append(member._own.popleft())
        if member.joined and member._people_at != self._people.head:
            changes = None if member._people_at is None else self._people.since(member._people_at)
            found += _shown([self._all_people()] if changes is None else changes, member.part)
            member._people_at = self._people.head
        return found

    # --------------------------------------------------------------- ordering

    def _loop(self) -> None:
        pause = PAUSE_FIRST
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                self._turn()
                pause = PAUSE_FIRST
            except TiledVizError as error:
                if isinstance(error, CallRefusedError) and error.usage:  # not the store: there is no such session
                    self._end(error)
                    return
                log.warning("the session's operations cannot be ordered yet: %s", error)
                gevent.sleep(pause)
                pause = min(PAUSE_LONGEST, pause * 2)
                self._wake.set()

    def _end(self, error: TiledVizError) -> None:
        """Let go of a session that is gone, with all that was still to be done in it, and of its pages."""
        log.info("a session's room ends: %s", error)
        self.over = True
        self._acts.clear()
        self._joining.clear()
        for member in self._members:
            member.end()
            member.eased.set()
        self.stop()

    def _turn(self) -> None:
        """Do what there is to be done, in one call of each kind. Raises TiledVizError: the store is not to be had."""
        if self._spread is None:
            head = self._workers.call("ops_since", ORDER_LONGEST, session=self._session, seq=None)["head"]
            self._spread = Spread(head, *KEPT)
        acted = bool(self._acts)
        while self._acts or self._stale:
            self._stale = False
            taken: list[tuple[Member, Sequence[Operation]]] = []
            while self._acts and (not taken or sum(len(ops) for _, ops in taken) + len(self._acts[0][1]) <= TOGETHER):
                taken.append(self._acts.popleft())
            try:
                self._order(taken)
            except TiledVizError as error:
                if taken and isinstance(error, CallFailedError):
                    self._order_apart(taken)
                    continue
                self._acts.extendleft(reversed(taken))  # what was taken of them already is known by its id
                self._stale = True
                raise
        self._answer_joins()
        if acted and time.monotonic() >= self._settles_at:
            self._settle()

    def _settle(self) -> None:
        """Have the store fold what is old. If it cannot, there is only more to tell who joins."""
        pause = SETTLE_EVERY
        try:
            if self._workers.call("settle", ORDER_LONGEST, session=self._session):
                self._stale = True
                self._wake.set()
        except TiledVizError as error:
            log.warning("the session's old operations cannot be settled: %s", error)
            pause = SETTLE_AGAIN
        self._settles_at = time.monotonic() + pause

    def _order_apart(self, taken: list[tuple[Member, Sequence[Operation]]]) -> None:
        """Order one by one: one of them brought out a fault of ours, of which the others are innocent."""
        waiting = deque((member, [operation]) for member, operations in taken for operation in operations)
        while waiting:
            member, ops = waiting[0]
            try:
                self._order([(member, ops)])
            except CallFailedError:
                why = "an error inside the portal: its log tells more"
                self._refuse(member, {"refused": ops[0]["id"], "why": why})
                self._ease(member, 1)
            except TiledVizError:
                self._acts.extendleft(reversed(waiting))
                raise
            waiting.popleft()

    def _order(self, taken: Sequence[tuple[Member, Sequence[Operation]]]) -> None:
        assert self._spread is not None
        acts = [{"person": member.person, "role": member.role, "ops": list(ops)} for member, ops in taken]
        after = self._spread.head
        found = self._workers.call("append_ops", ORDER_LONGEST, session=self._session, acts=acts, after=after)
        for (member, ops), came in zip(taken, found["came"], strict=True):
            for refused in came["refused"]:
                self._refuse(member, refused)
            if came["known"]:
                member.tell(encoded({"event": "known", "ops": came["known"]}))
            self._ease(member, len(ops))
        if found["head"] > after:
            self._spread.add(found["head"], found["message"].encode())
            for member in self._members:
                member.wake()

    def _refuse(self, member: Member, refused: Mapping[str, Any]) -> None:
        if member in self._members:
            member.refuse(refused["refused"], refused["why"], taken="taken" in refused)

    def _ease(self, member: Member, count: int) -> None:
        member.waiting -= count
        member.eased.set()

    def _answer_joins(self) -> None:
        """Give each page that joined what it lacks: those that know as much share the answer.

        Operations go before: however many join, they wait for one reading of the store.
        """
        for _ in range(len(self._joining)):
            if not self._joining or self._acts:
                break
            member, seq = next(iter(self._joining.items()))
            of = (seq, member.part)
            answer = self._answer(*of)
            for each in [each for each, known in self._joining.items() if (known, each.part) == of]:
                del self._joining[each]
                self._give(each, *answer)
        if self._joining:  # some joined anew meanwhile, or wait for what is to be ordered
            self._wake.set()

    def _give(self, member: Member, head: int, message: bytes) -> None:
        """Answer *member*, who joined, with all up to *head*."""
        assert self._spread is not None
        # What is spread may lag behind what was just read: it is told again then, and counts once.
        member._at = min(head, self._spread.head)
        member._document = message
        member.wake()
        self.look(head)

    def _answer(self, seq: int | None, part: Part | None) -> tuple[int, bytes]:
        """Return what *part* of the session there is after *seq*, and the number it comes to."""
        asked: dict[str, Any] = {"session": self._session}
        if part is not None:
            asked |= {"tiles": sorted(part.tiles), "person": part.person}
        try:
            found = self._workers.call("ops_since", ORDER_LONGEST, seq=seq, **asked)
        except (CallRefusedError, CallFailedError):
            if seq is None:
                raise
            found = self._workers.call("ops_since", ORDER_LONGEST, seq=None, **asked)
        return found["head"], found["message"].encode()

    # ----------------------------------------------------------------- people

    def here(self, member: Member, page: str, presence: dict[str, Any]) -> None:
        """Take note of what *member* looks at. A page has one name, which belongs to who came with it first."""
        there = self._pages.get(page)
        if (there and there[0].person != member.person) or member.page not in ("", page):
            return
        member.page = page
        self._pages[page] = (member, {"person": member.person, "name": member.name, **presence})
        self._people_changed(page)

    def _people_changed(self, page: str) -> None:
        self._moved.add(page)
        self._people_moved.set()

    def _people_loop(self) -> None:
        """Tell who moved, a few times a second at most."""
        while True:
            self._people_moved.wait()
            self._people_moved.clear()
            moved, self._moved = self._moved, set()
            pages = {page: self._pages[page][1] if page in self._pages else None for page in sorted(moved)}
            self._people.add(self._people.head + 1, encoded({"event": "people", "people": pages}))
            for member in self._members:
                member.wake()
            shown = any(here and here.get("hand") for here in pages.values())
            gevent.sleep(HAND_EVERY if shown else PRESENCE_EVERY)

    def _all_people(self) -> bytes:
        if self._everyone[0] != self._people.head:
            people = {page: presence for page, (_, presence) in self._pages.items()}
            self._everyone = (self._people.head, encoded({"event": "people", "all": True, "people": people}))
        return self._everyone[1]
