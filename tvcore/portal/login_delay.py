"""How long somebody waits before the next try to come in: the longer the more often it failed.

What is tried (an account's name, or the digest of a secret) and from where are counted together and each alone: many
tries at one account from one place, from many places, and from one place at many accounts all grow slow. Only the
pair of both ever waits, and no more than a minute: whatever strangers do elsewhere, who has the password gets a try
within a minute of asking for one. A place from which an account was entered before does not wait for what others do.

Memory is bounded: what was tried least lately is forgotten first.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tvcore.errors import TiledVizError

FREE_PAIR, FREE_ACCOUNT, FREE_PLACE = 3, 20, 20  # failures that cost nothing: people mistype
FIRST, LONGEST = 1.0, 60.0
FORGET = 900.0  # a count that rested so long begins anew
PAIRS, OTHERS = 8192, 4096
BUSY = 1.0  # while the same is being tried from the same place

K = TypeVar("K")


class TooManyTriesError(TiledVizError):
    """This may be tried again after so many *seconds*."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many tries: wait a moment, and try again")
        self.seconds = seconds


@dataclass
class Attempt:
    """A try under way: whoever makes it says whether it was *right*; None: it came to nothing, and does not count."""

    right: bool | None = None


@dataclass
class _Count:
    failures: int
    at: float
    until: float = 0.0
    known: bool = False  # it was right once


class LoginDelay:
    """Counts of failures; *clock* gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._busy: set[tuple[str, str]] = set()
        self._pairs: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._whats: OrderedDict[str, _Count] = OrderedDict()
        self._places: OrderedDict[str, _Count] = OrderedDict()

    @contextlib.contextmanager
    def attempt(self, place: str, what: str) -> Iterator[Attempt]:
        """Try *what* from *place* within this block, one at a time. Raises TooManyTriesError: it is too early."""
        if wait := BUSY if (place, what) in self._busy else self.wait(place, what):
            raise TooManyTriesError(wait)
        self._busy.add((place, what))
        attempt = Attempt()
        try:
            yield attempt
        finally:
            self._busy.discard((place, what))
            if attempt.right is not None:
                (self.succeeded if attempt.right else self.failed)(place, what)

    def wait(self, place: str, what: str) -> float:
        """Return for how many seconds *what* may not be tried from *place*; 0: it may be now."""
        now = self._clock()
        pair = _get(self._pairs, (place, what), now)
        if pair is None:
            longest = max(_delay(_get(self._whats, what, now), FREE_ACCOUNT), self._of_place(place, now))
            if longest:
                # From now on it is this pair's alone: what others do does not put it off again.
                _put(self._pairs, (place, what), _Count(0, now, now + longest), PAIRS)
            return longest
        return max(0.0, pair.until - now)

    def failed(self, place: str, what: str) -> None:
        """Note that *what* was tried from *place*, and was wrong."""
        now = self._clock()
        of_what = _more(self._whats, what, now, OTHERS)
        _more(self._places, place, now, OTHERS)
        pair = _more(self._pairs, (place, what), now, PAIRS)
        others = 0.0 if pair.known else max(_delay(of_what, FREE_ACCOUNT), self._of_place(place, now))
        pair.until = now + max(_delay(pair, FREE_PAIR), others)

    def succeeded(self, place: str, what: str) -> None:
        """Note that *what* was right, from *place*."""
        _put(self._pairs, (place, what), _Count(0, self._clock(), known=True), PAIRS)

    def _of_place(self, place: str, now: float) -> float:
        return _delay(_get(self._places, place, now), FREE_PLACE)


def _delay(count: _Count | None, free: int) -> float:
    if count is None or count.failures <= free:
        return 0.0
    return min(LONGEST, FIRST * 2.0 ** min(count.failures - free - 1, 16))


def _get(counts: OrderedDict[K, _Count], key: K, now: float) -> _Count | None:
    found = counts.get(key)
    if found is None or (not found.known and now - found.at > FORGET):
        return None
    counts.move_to_end(key)
    return found


def _more(counts: OrderedDict[K, _Count], key: K, now: float, most: int) -> _Count:
    found = _get(counts, key, now) or _Count(0, now)
    found.failures = 1 if now - found.at > FORGET else found.failures + 1
    found.at = now
    _put(counts, key, found, most)
    return found


def _put(counts: OrderedDict[K, _Count], key: K, count: _Count, most: int) -> None:
    counts[key] = count
    counts.move_to_end(key)
    while len(counts) > most:
        counts.popitem(last=False)
