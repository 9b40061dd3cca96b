"""How much a person may say over streams, in all their pages together: so that more pages are not more of a say.

What is paid for is what it costs everyone else. Who says too much waits for a while, and nobody else does.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 4096  # allowances
FRAMES, FRAMES_BURST = 4000.0, 20_000.0  # frames a second, of any kind: a wall of displays may be one's
FRAME_BYTES = 1024.0  # that count as one frame more
RATE, BURST = 100.0, 1000.0  # operations a second, and at once: more than hands do, and what was done offline
QUIET_RATE, QUIET_BURST = 10.0, 200.0  # of who may not arrange: they choose what they look at
OPERATION_BYTES = 2048.0  # of a message that count as one operation more
JOINS, JOINS_BURST = 1.0, 32.0  # the store may have to be read for one
HERE, HERE_BURST = 200.0, 1000.0  # what each says of where they look is told to everyone
HERE_BYTES = 256.0  # of a message that count as one more


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


class Allowances:
    """An allowance for each name."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._given = (rate, burst)
        self._clock = clock
        self._all: OrderedDict[str, Allowance] = OrderedDict()  # the last used is last

    def take(self, name: str, cost: float) -> float:
        """Take *cost* of *name*'s; return for how many seconds they have to wait."""
        now = self._clock()
        if name not in self._all:
            self._all[name] = Allowance(now, *self._given)
        self._all.move_to_end(name)
        while len(self._all) > REMEMBERED:  # those not used for the longest have all of theirs again
            self._all.popitem(last=False)
        return self._all[name].take(cost, now)


class Shares:
    """What each person may say of each kind."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._frames = Allowances(FRAMES, FRAMES_BURST, clock)
        self._operations = Allowances(RATE, BURST, clock)
        self._quiet = Allowances(QUIET_RATE, QUIET_BURST, clock)
        self._joins = Allowances(JOINS, JOINS_BURST, clock)
        self._here = Allowances(HERE, HERE_BURST, clock)

    def frames(self, person: str, count: int, size: int) -> float:
        """Take for *count* frames, of *size* bytes in all; return, as all do here, the seconds that *person* waits."""
        return self._frames.take(person, count + size / FRAME_BYTES)

    def operations(self, person: str, arranges: bool, count: int, size: int) -> float:
        """Take for *count* operations in a message of *size* bytes."""
        of = self._operations if arranges else self._quiet
        return of.take(person, count + size / OPERATION_BYTES)

    def join(self, person: str) -> float:
        """Take for joining a session."""
        return self._joins.take(person, 1.0)

    def here(self, person: str, size: int) -> float:
        """Take for saying, in *size* bytes, what one looks at."""
        return self._here.take(person, 1.0 + size / HERE_BYTES)
