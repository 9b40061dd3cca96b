"""Where cohorts wait for their next picture. No I/O."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tvcore.node.owed import Channel, Cohort

if TYPE_CHECKING:
    from tvcore.node.hub import Viewer

REST = 0.3  # seconds without change after which a tile is sent again, sharp
MOST_COHORTS = 4  # of a channel that are owed something; more are made one that is owed what any of them is
WEIGHTS = (8.0, 4.0, 2.0, 1.0)  # of the time that a tile waits, by its urgency


class Queues:
    """Each cohort that is owed something waits in one queue: for what changed, by urgency; to rest; to become sharp.

    One of which nobody has credit is parked, so that nobody who has looks through all that others wait for.
    """

    def __init__(self) -> None:
        self._moving: tuple[dict[Cohort, float], ...] = tuple({} for _ in WEIGHTS)  # the oldest first
        self._resting: dict[Cohort, float] = {}  # when each has rested, the soonest first
        self._sharp: dict[Cohort, float] = {}
        self._parked: dict[Cohort, float] = {}

    # who waits

    def moving(self, now: float) -> Iterator[Cohort]:
        """Return who waits for what changed, longest first."""
        queues = [queue for queue in self._moving if queue]
        if len(queues) == 1:
            return iter(queues[0])
        return heapq.merge(*queues, key=lambda cohort: (cohort.since - now) * WEIGHTS[cohort.channel.urgency])

    def rested(self, now: float) -> Iterator[Cohort]:
        """Return who waits to see sharp what has come to rest."""
        while self._resting and (first := next(iter(self._resting.items())))[1] <= now:
            first[0].since = now
            self._put(first[0], self._sharp, now)
        return iter(self._sharp)

    def next_rest(self) -> float:
        """Return when the next has rested, infinite when none is to."""
        return next(iter(self._resting.values()), float("inf"))

    def late(self, viewer: Viewer) -> Iterator[float]:
        """Yield since when *viewer* sees what is not there any more, by urgency, of what waits longest."""
        for queue in (*self._moving, self._parked):
            for cohort in queue:
                if cohort.stale is not None and viewer in cohort.viewers:
                    yield cohort.stale
                    break

    # what becomes of them

    def wait(self, cohort: Cohort, now: float) -> None:
        """Have *cohort* wait for what changed, from now on if it does not yet."""
        queue = self._moving[cohort.channel.urgency]
        if cohort.queue is not queue and cohort.queue is not self._parked:
            cohort.since = now
            self._put(cohort, queue, now)

    def served(self, cohort: Cohort, still: bool, now: float) -> None:
        """Have *cohort*, which has got what it was owed, wait for what is not sharp yet."""
        rest = self._sharp if still else self._resting
        self._put(cohort, rest if cohort.blurred else None, now + REST)

    def park(self, cohort: Cohort) -> None:
        """Have *cohort* wait until it is unparked."""
        self._put(cohort, self._parked, 0)

    def unpark(self, cohorts: Iterable[Cohort]) -> None:
        """Have those of *cohorts* that are parked wait where they did, in the order in which they began to."""
        for cohort in sorted((c for c in cohorts if c.queue is self._parked), key=lambda c: c.since):
            queue = self._moving[cohort.channel.urgency] if cohort.owed else self._sharp
            self._put(cohort, queue, cohort.since)

    def urge(self, channel: Channel, urgency: int) -> None:
        """Have *channel* as urgent as that."""
        old, channel.urgency = channel.urgency, urgency
        for cohort in channel.cohorts:
            if cohort.queue is self._moving[old]:
                self._put(cohort, self._moving[urgency], cohort.since)

    def drop(self, cohort: Cohort) -> None:
        """Have *cohort* no more."""
        self._put(cohort, None, 0)
        cohort.channel.cohorts.remove(cohort)

    def keep_few(self, channel: Channel) -> None:
        """Of too many cohorts of *channel* that are owed something, make the latest two one."""
        owed = [cohort for cohort in channel.cohorts if cohort.owed]
        if len(owed) > MOST_COHORTS:
            owed[-2].take(owed[-1])
            self.drop(owed[-1])
            self.unpark(owed[-2:-1])

    @staticmethod
    def _put(cohort: Cohort, queue: dict[Cohort, float] | None, when: float) -> None:
        """Have *cohort* last in *queue*, and in no other."""
        if cohort.queue is not None:
            del cohort.queue[cohort]
        cohort.queue = queue
        if queue is not None:
            queue[cohort] = when
