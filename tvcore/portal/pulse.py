"""What the portal looks at by itself for those who watch it: its event loop, the log level, what it needs."""

from __future__ import annotations

import time

import gevent
from gevent.lock import BoundedSemaphore

from tvcore import logs
from tvcore.errors import TiledVizError
from tvcore.portal import metrics
from tvcore.workers import Workers

READY_SECONDS = 3.0  # for the store to answer
KEPT_SECONDS = 2.0  # for which an answer is given again: strangers may ask


class Pulse:
    """What the portal does every second for those who watch it: looks at its own event loop, and for a log level."""

    def __init__(self) -> None:
        self._loops: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Begin."""
        self._loops = [gevent.spawn(loop, gevent.sleep) for loop in (metrics.Lag().loop, logs.Follower().loop)]

    def stop(self) -> None:
        """End."""
        gevent.killall(self._loops)


class Readiness:
    """Whether what the portal needs answers; however many ask, it is looked up once in two seconds."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._one = BoundedSemaphore(1)
        self._at = float("-inf")
        self._wrong: list[str] = []

    def wrong(self) -> list[str]:
        """Return what does not answer."""
        with self._one:
            if time.monotonic() - self._at > KEPT_SECONDS:
                self._wrong = self._look()
                self._at = time.monotonic()
        return self._wrong

    def _look(self) -> list[str]:
        try:
            found = self._workers.call("ready", READY_SECONDS)
        except TiledVizError:
            return ["store"]
        return ["endpoint"] if found["endpoint"] is False else []
