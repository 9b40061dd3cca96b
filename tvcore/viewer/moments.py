"""The moments of a file's data: which there are, and which one is meant by a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from tvcore.errors import UsageError

FIRST, LAST = "first", "last"
EVEN = 1e-6  # of a gap: by so much others may differ from it where all count as one


@dataclass(frozen=True)
class Moments:
    """The *times* of the moments in the order of the file, in *unit* (as the file says it); none: it has no time."""

    times: tuple[float, ...] = ()
    unit: str = ""

    def __len__(self) -> int:
        return len(self.times)

    def place(self, wanted: float | str) -> int:
        """Return which is meant by *wanted*: ``first``, ``last``, or the nearest to a time, of two as near the earlier.

        Raises UsageError for what is no time.
        """
        if wanted in (FIRST, LAST):
            return 0 if wanted == FIRST else max(0, len(self) - 1)
        time = time_of(wanted)
        return min(range(len(self)), key=lambda i: (abs(self.times[i] - time), self.times[i]), default=0)

    def words(self, place: int) -> str:
        """Return the moment at *place* as one reads it, with its unit."""
        return f"t = {self.times[place]:.10g} {self.unit}".rstrip()


def time_of(text: float | str) -> float:
    """Return *text* as a time. Raises UsageError where it is none."""
    try:
        time = float(text)
    except (TypeError, ValueError):
        time = math.nan
    if not math.isfinite(time):
        raise UsageError(f"a time is a number, {FIRST} or {LAST}, not {text!r:.80}")
    return time


def even_gap(times: Sequence[float]) -> float | None:
    """Return the time from each moment to the next where that is always the same, else None."""
    in_order = sorted(times)
    gaps = [later - earlier for earlier, later in itertools.pairwise(in_order)]
    least, most = (min(gaps), max(gaps)) if gaps else (0.0, 0.0)
    return (in_order[-1] - in_order[0]) / len(gaps) if least > 0 and most - least <= EVEN * most else None
