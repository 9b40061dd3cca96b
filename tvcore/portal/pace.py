"""How much one viewer is sent: what is under way to it is measured, and credit given accordingly. No I/O, no clock.

The rate at which a viewer takes pictures is measured as BBR does (draft-cheng-iccrg-delivery-rate-estimation), from
what the page says it has drawn, so that a slow browser counts as a slow line does. So much may be under way that the
line is just kept busy: what it takes in its least round trip, and ``QUEUE`` more. All sizes in bytes, times in
seconds of the caller's clock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

FIRST = 1 << 16  # the window before anything was measured
LEAST = 1 << 14
MOST = 1 << 22
START = 1 << 11  # what an agent may always send one picture for, so that it can begin
OVERDRAFT = MOST  # several pictures are in the making at once, each begun while there was credit
QUEUE = 0.15  # how long what is under way may wait for what is before it: in the line, or for a browser that is busy
MEMORY = 3.0  # how long the best rate measured counts
LATELY = 1.0  # who sent something within it shares the window
PROBE_AFTER = (
    10.0  # of a line kept busy without a round trip near the least, its queue is let run dry to see what that is now
)
PROBE_SECONDS = 0.2
NEAR, NEAR_SECONDS = 1.25, 0.005  # a round trip so little above the least confirms it
BURST = 0.1  # seconds of the cap that may be sent at once
TICK = 0.001  # the shortest time after which to ask again

A = TypeVar("A")

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def bytes_per_second(text: str) -> float:
    """Return what the setting ``wall.viewer_rate`` says: ``2M``; nothing is no bound."""
    if not text:
        return math.inf
    number = text.rstrip("KMGkmg")
    return float(number) * UNITS.get(text[len(number) :].upper(), 1)


@dataclass(slots=True)
class _Sent(Generic[A]):
    """A picture under way, and what was known of the line when it was sent."""

    agent: A
    size: int
    at: float
    delivered: int
    delivered_at: float
    first_at: float
    full: bool  # the line had about as much to do as it was allowed


class Line(Generic[A]):
    """What is under way to one viewer, from agents *A*, and what its line takes."""

    def __init__(self, now: float) -> None:
        self.under_way = 0
        self.by_agent: dict[A, int] = {}  # pictures under way
        self.least = math.inf  # round trip
        self._sent: deque[_Sent[A]] = deque()
        self._partly = 0  # drawn of the first of them
        self._delivered = 0
        self._delivered_at = self._first_at = now
        self._rates: deque[tuple[float, float]] = deque()  # time, rate: falling, the first is the best there is
        self._tried = False  # a rate was measured that the line, not the agents, set
        self._busy = -math.inf  # when that was last so
        self._confirmed = now  # when the least round trip was last seen
        self._probe: tuple[float, float] | None = None  # until when, and the least round trip seen meanwhile

    @property
    def rate(self) -> float:
        """Return the bytes per second that the viewer takes, 0 before anything was measured."""
        return self._rates[0][1] if self._rates else 0.0

    @property
    def window(self) -> int:
        """Return how much may be under way."""
        queue = QUEUE if self._probe is None else 0.0
        wanted = int(self.rate * (self.least + queue)) if self._rates else 0
        return min(MOST, max(LEAST if self._tried else FIRST, wanted))

    def send(self, agent: A, size: int, now: float) -> None:
        """Take note of a picture on its way."""
        if not self._sent:
            self._delivered_at = self._first_at = now
        self.under_way += size
        self.by_agent[agent] = self.by_agent.get(agent, 0) + 1
        full = 2 * self.under_way >= self.window
        sent = _Sent(agent, size, now, self._delivered, self._delivered_at, self._first_at, full)
        self._sent.append(sent)

    def drawn(self, size: int, now: float) -> None:
        """Take note that the next *size* bytes were drawn; more than are under way cannot be."""
        size = min(size, self.under_way)
        if not size:
            return
        self.under_way -= size
        self._delivered += size
        self._delivered_at = now
        self._partly += size
        last: _Sent[A] | None = None
        while self._sent and self._partly >= self._sent[0].size:
            last = self._sent.popleft()
            self._partly -= last.size
            self.by_agent[last.agent] -= 1
            if not self.by_agent[last.agent]:
                del self.by_agent[last.agent]
        if last is not None:
            self._time(now - last.at, now)
            self._measure(last, now)

    def _time(self, trip: float, now: float) -> None:
        """Take a round trip into account, and see to it that the least is one of late."""
        if self._probe is not None:
            until, seen = self._probe
            self._probe = until, min(seen, trip)
            if now >= until:
                self.least, self._confirmed, self._probe = min(seen, trip), now, None
        elif trip <= self.least * NEAR + NEAR_SECONDS:
            self.least, self._confirmed = min(self.least, trip), now
        elif now - self._confirmed > PROBE_AFTER and now - self._busy < PROBE_SECONDS:
            self._probe = now + PROBE_SECONDS + 2 * trip, trip

    def _measure(self, last: _Sent[A], now: float) -> None:
        """Take the rate into account at which the line took what was sent from *last*'s time on."""
        took = max(now - last.delivered_at, last.at - last.first_at)
        self._first_at = last.at
        if took < self.least or took <= 0:
            return
        rate = (self._delivered - last.delivered) / took
        # Pictures that had to wait were held up by the line, however little there was to send.
        limit = last.full or now - last.at > self.least + 2 * QUEUE
        if limit or rate >= self.rate:
            self._tried = self._tried or limit
            self._busy = now if limit else self._busy
            while self._rates and self._rates[0][0] < now - MEMORY:
                self._rates.popleft()
            while self._rates and self._rates[-1][1] <= rate:
                self._rates.pop()
            self._rates.append((now, rate))


@dataclass(slots=True)
class _Account:
    credit: int = 0
    last: float = 0.0  # when it sent something


class Pace(Generic[A]):
    """The credit of the agents *A* that send pictures to one viewer; *cap*: bytes per second in all."""

    def __init__(self, now: float, cap: float = math.inf) -> None:
        self.again: float | None = None  # when to ask for grants though nothing happened
        self._line: Line[A] = Line(now)
        self._accounts: dict[A, _Account] = {}
        self._written = 0  # of what is under way, given to the connection
        self._cap = cap
        self._most_tokens = max(LEAST, cap * BURST)
        self._tokens, self._filled = self._most_tokens, now

    @property
    def window(self) -> int:
        """Return how much may be under way."""
        return self._line.window

    @property
    def under_way(self) -> int:
        """Return how much was taken from agents and is not drawn yet."""
        return self._line.under_way

    def join(self, agent: A, now: float) -> None:
        """Open an account for *agent*, whose stream is new."""
        self._accounts[agent] = _Account(last=now)

    def leave(self, agent: A) -> None:
        """Close the account of *agent*."""
        self._accounts.pop(agent, None)

    def came(self, agent: A, size: int, now: float) -> None:
        """Take note of a picture from *agent*. Raises ValueError when it had no credit for one by far."""
        account = self._accounts.get(agent)
        if account is None or account.credit <= -OVERDRAFT:
            raise ValueError(f"a picture of {size} bytes came for a viewer without credit")
        account.credit -= size
        account.last = now
        self._line.send(agent, size, now)

    def wrote(self, size: int) -> None:
        """Take note that a picture was given to the connection."""
        self._written += size

    def drawn(self, size: int, now: float) -> None:
        """Take note that *size* bytes were drawn; more than were given to the connection cannot have been."""
        size = min(size, self._written)
        self._written -= size
        self._line.drawn(size, now)

    def grants(self, now: float) -> Iterator[tuple[A, int]]:
        """Give credit: yield the agents that get some, and how much. ``again`` is known when all were taken."""
        self.again = None
        self._fill(now)
        since = now - LATELY
        active = sum(account.last >= since for account in self._accounts.values())
        share = self.window // max(1, active)
        held = sum(min(share, max(0, a.credit)) for a in self._accounts.values() if a.last >= since)
        room = self.window - self.under_way - held
        for agent, account in sorted(self._accounts.items(), key=lambda entry: entry[1].last):
            holds = max(0, account.credit)
            if holds > share // 2:
                continue
            most = min(share, room + holds) if account.last >= since else 0
            if most - holds < max(START, share // 8):
                if account.credit > 0 or agent in self._line.by_agent:
                    continue
                most = START
            given = self._afford(most - account.credit, START - account.credit, now)
            if given:
                account.credit += given
                room -= max(0, account.credit) - holds
                yield agent, given

    def _fill(self, now: float) -> None:
        if math.isfinite(self._cap):
            self._tokens = min(self._most_tokens, self._tokens + (now - self._filled) * self._cap)
            self._filled = now

    def _afford(self, wanted: int, least: int, now: float) -> int:
        """Return how much of *wanted* the cap allows now; nothing if that is less than *least* would be."""
        if not math.isfinite(self._cap):
            return wanted
        # A picture may have cost more than the bucket holds: then all of it must do.
        least = min(wanted, least, int(self._most_tokens))
        if self._tokens < least:
            at = now + max(TICK, (least - self._tokens) / self._cap)
            self.again = at if self.again is None else min(self.again, at)
            return 0
        given = min(wanted, int(self._tokens))
        self._tokens -= given
        return given
