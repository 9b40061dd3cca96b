"""When what died is started again, and when it is given up: a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST = 0.5  # seconds before the first new start; doubled each time
LONGEST = 30.0
HEALTHY = 60.0  # seconds of life after which earlier failures are forgotten
TRIES = 5  # failures in a row, then it is given up


@dataclass(frozen=True)
class BackOff:
    """So many failures in a row, and what follows from them."""

    failures: int = 0
    tries: int = TRIES

    def failed(self, lived: float) -> BackOff:
        """Return what holds after a further failure of something that *lived* so many seconds."""
        return replace(self, failures=1 if lived >= HEALTHY else self.failures + 1)

    @property
    def given_up(self) -> bool:
        """Return whether it is not to be started again."""
        return self.failures >= self.tries

    @property
    def delay(self) -> float:
        """Return the seconds to wait before the next start."""
        return min(LONGEST, FIRST * 2.0 ** (self.failures - 1)) if self.failures else 0.0
