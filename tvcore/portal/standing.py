"""Whether those who are here may still do what they may: asked anew as soon as anything about that changed.

The store counts such changes (``tvcore.store.access``). A look at that number is cheap, and is taken twice a second
while anybody is here; what this portal itself changed it knows at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import gevent
from gevent.event import Event

from tvcore.errors import TiledVizError
from tvcore.portal.access import Access, access_of
from tvcore.portal.auth import Login
from tvcore.portal.websocket import GOING_AWAY, POLICY

LOOK_SECONDS = 0.5
ALL_SECONDS = 60.0  # everyone is asked about so often in any case: a login ends by itself, too
ASK_LONGEST = 25.0
OUT = "you are no longer in this session"
LOGGED_OUT = "this login has ended"
OTHERWISE = "you may do something else here from now on"

log = logging.getLogger(__name__)


class Calls(Protocol):
    """What of ``tvcore.workers.Workers`` is needed here."""

    def call(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Return what the function *name* of ``calls`` returns. Raises TiledVizError."""
        ...


class Holder(Protocol):
    """What is held by logins: streams, or tickets for them."""

    def logins(self) -> Iterable[Login]:
        """Return the logins that hold something."""
        ...

    def judge(self, verdict: Callable[[Login], tuple[int, str] | None]) -> None:
        """End what a login holds for which *verdict* has a close code and a reason."""
        ...


class Standing:
    """Has all that *holders* have for logins end, or begin anew, when these may something else.

    *trusting* says whether anyone is believed without being asked about; *doubt* has that end.
    """

    def __init__(
        self, workers: Calls, holders: Iterable[Holder], trusting: Callable[[], bool], doubt: Callable[[], None]
    ) -> None:
        self._workers = workers
        self._holders = tuple(holders)
        self._trusting = trusting
        self._doubt = doubt
        self._changed = Event()
        self._version: int | None = None  # None: everyone has to be asked about
        self._good: frozenset[Login] = frozenset()  # those who may as of that version what they hold something for
        self._asked: float  # when that was done last
        self._complained = False
        self._loop: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to look."""
        self._loop = gevent.spawn(self._run)

    def stop(self) -> None:
        """Look no more."""
        if self._loop is not None:
            self._loop.kill()

    def changed(self) -> None:
        """Ask anew at once: something was done here that changes what somebody may."""
        self._doubt()
        self._changed.set()

    def _run(self) -> None:
        while True:
            told = self._changed.wait(LOOK_SECONDS)
            self._changed.clear()
            if not self._trusting() and not any(True for holder in self._holders for _ in holder.logins()):
                continue
            try:
                self._look(told)
                self._complained = False
            except TiledVizError as error:
                if not self._complained:
                    log.warning("whether people may still do what they may cannot be asked now: %s", error)
                self._complained = True
                if told:
                    self._changed.set()
                gevent.sleep(LOOK_SECONDS)

    def _look(self, told: bool) -> None:
        version = self._workers.call("access_version", ASK_LONGEST)
        if version != self._version:
            self._doubt()
        elif not told and not self._unasked(version) and time.monotonic() < self._asked + ALL_SECONDS:
            return
        self._version = version  # of before: what changed meanwhile is asked once more
        try:
            self.ask()
        except TiledVizError:
            self._version = None
            raise

    def _unasked(self, version: int) -> bool:
        """Return whether somebody who came while it changed holds something by what they might before *version*."""
        held = (login for holder in self._holders for login in holder.logins())
        return any(login.access.version != version and login not in self._good for login in held)

    def ask(self) -> None:
        """Ask about everyone who holds something, and end what is not theirs any more. Raises TiledVizError."""
        held = frozenset(login for holder in self._holders for login in holder.logins())
        pages = list({login.key for login in held})
        self._asked, self._good = time.monotonic(), frozenset()
        if not held:
            return
        found = self._workers.call("of_logins", ASK_LONGEST, pages=pages)
        now = {page: None if said is None else access_of(said) for page, said in zip(pages, found, strict=True)}

        def verdict(login: Login) -> tuple[int, str] | None:
            # One that came meanwhile was asked about when it did.
            return judged(login, now[login.key]) if login.key in now else None

        self._good = frozenset(login for login in held if verdict(login) is None)
        for holder in self._holders:
            holder.judge(verdict)


def judged(login: Login, access: Access | None) -> tuple[int, str] | None:
    """Return by which code and for what reason what *login* holds in its session ends, by what it may now; None: not.

    Pure. Who may something else there comes back by itself; who may nothing is thrown out.
    """
    if access is None:
        return POLICY, LOGGED_OUT
    there = access.sessions.get(login.session)
    if there is None:
        return POLICY, OUT
    if there.grant != login.grant or access.who != login.who:
        return GOING_AWAY, OTHERWISE
    return None
