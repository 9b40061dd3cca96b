"""How many requests one may send: a bucket of tokens for each login, and for each address of those who have none.

Who is logged in has a bucket of their own, so that a stranger at the same address (a proxy's, a network's behind one
address) can empty the strangers' alone. What is remembered is bounded, however many come.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

BURST_SECONDS = 10.0  # a bucket holds what comes in so long
STATIC_COST = 0.1  # a first visit asks for all files of the page
REMEMBERED = 4096  # buckets, and logins


class Buckets:
    """Buckets by name, into each of which *rate* tokens drip a second; 0: no bound."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._most = rate * BURST_SECONDS
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens at a time; the last used is last

    def __len__(self) -> int:
        return len(self._left)

    def take(self, name: str, cost: float = 1.0) -> float:
        """Take *cost* tokens of *name*'s bucket: 0 if it had them, else the seconds until it has."""
        if not self._rate:
            return 0.0
        tokens = self._tokens(name)
        wait = max(0.0, (cost - tokens) / self._rate)
        self._put(name, tokens if wait else tokens - cost)
        return wait

    def give(self, name: str, cost: float) -> None:
        """Give back to *name*'s bucket what was taken for something that was another's."""
        if self._rate:
            self._put(name, min(self._most, self._tokens(name) + cost))

    def _tokens(self, name: str) -> float:
        tokens, then = self._left.get(name, (self._most, 0.0))
        return min(self._most, tokens + (self._clock() - then) * self._rate)

    def _put(self, name: str, tokens: float) -> None:
        self._left[name] = (tokens, self._clock())
        self._left.move_to_end(name)
        # The first was not used for the longest: forgotten while it is not full only when thousands come at once.
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)


class Rates:
    """Who may ask how often: *rate* requests a second for a login, or for an address without one."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._logins = Buckets(rate, clock)
        self._others = Buckets(rate, clock)
        self._known: OrderedDict[str, str] = OrderedDict()  # credential → login

    def take(self, credential: str, whence: str, cost: float = 1.0) -> float:
        """Count a request with *credential* (its digest, empty: none) from *whence*; return seconds to wait, or 0.

        What is not known to be a login's is *whence*'s until ``move``.
        """
        login = self._known.get(credential)
        if login is None:
            return self._others.take(whence, cost)
        self._known.move_to_end(credential)
        return self._logins.take(login, cost)

    def known(self, credentials: Iterable[str]) -> str:
        """Return the first of *credentials* that is known to be a login's; empty: none is."""
        return next((each for each in credentials if each in self._known), "")

    def move(self, credential: str, whence: str, cost: float) -> None:
        """Count for its login what was taken for *whence* before *credential* was known, and for *whence* no more."""
        self._others.give(whence, cost)
        self._logins.take(self._known[credential], cost)

    def meet(self, browsers: Iterable[str]) -> None:
        """Know the cookies, by their digests, of *browsers* that were logged in before the portal began, last first."""
        for browser in reversed(list(browsers)):
            self.remember_browser(browser)

    def remember_browser(self, browser: str) -> None:
        """Know the cookie with this digest where a browser shows no more than that: for files, and in upgrades."""
        self.remember(browser, f"cookie {browser}")

    def remember(self, credential: str, login: str) -> None:
        """Know from now on that *credential* is that of *login*. This lets nobody in: it only says who is counted."""
        self._known[credential] = login
        self._known.move_to_end(credential)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
