"""How small a viewer on a bad line sees the wall, so that what he sees is young. No I/O.

Each level halves the sides of what he asked for. A wall that comes to rest is sent as he asked for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

MOST_LEVEL = 3
LATE = 0.4  # seconds that a change may wait for credit, and back that one who had none may have waited for it
AIM = 0.3  # seconds in which all that waits is to be sent
CALM = 0.1  # waits so short for so long allow the next level, at which they are some four times as long
CALM_SECONDS = 3.0
STILL_SECONDS = 0.7  # nothing changed for so long: all levels at once
SETTLE = 1.0  # seconds between two changes of level
WINDOW = 0.3  # seconds over which the line's rate is taken


class Shrink:
    """One viewer's level; *now* is always the same clock's time, in seconds."""

    def __init__(self, now: float) -> None:
        self.level = 0
        self._drawn = self._passed = 0.0  # bytes and seconds, of late
        self._credited: float | None = None  # when credit came last
        self._settled = now
        self._calm = now  # since when no change has waited longer than CALM for credit
        self._dry = -math.inf  # when there was no credit left
        self._busy = now  # when a change was last sent, or waited

    def credited(self, count: int, now: float) -> None:
        """Note that *count* bytes more may be sent: so many were drawn since this was last called; at first, none."""
        before, self._credited = self._credited, now
        if before is None:
            return
        passed = max(now - before, 1e-3)
        kept = math.exp(-passed / WINDOW)
        self._drawn, self._passed = self._drawn * kept + count, self._passed * kept + passed

    def ran_dry(self, now: float) -> None:
        """Note that no credit is left."""
        self._dry = now

    def waited(self, seconds: float, now: float) -> None:
        """Note how long a change has waited that is sent now, or still waits."""
        self._busy = now
        if seconds > CALM and now - self._dry < LATE:
            self._calm = now

    def review(self, wait: float | None, size: Callable[[int], float], dry: bool, now: float) -> bool:
        """Return whether ``level`` has changed.

        *wait* is how long the oldest change waits now (None: there is none), *size* says how many bytes all that
        waits comes to at a level, and *dry* whether it is credit that it waits for.
        """
        if wait is not None:
            self.waited(wait, now)
        level = self.level
        if wait is not None and wait > LATE and dry:
            goes = AIM * self._drawn / max(self._passed, 1e-3)
            if now < self._settled or level == MOST_LEVEL or size(level) <= goes:
                return False
            fits = (at for at in range(level + 1, MOST_LEVEL) if size(at) <= goes)
            self.level = next(fits, MOST_LEVEL)
        elif level and now - self._busy > STILL_SECONDS:
            self.level = 0
        elif level and now - self._calm > CALM_SECONDS:
            self.level -= 1
        if self.level == level:
            return False
        self._settled = now + SETTLE
        self._calm = now
        return True
