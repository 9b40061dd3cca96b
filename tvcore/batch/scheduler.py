"""What a scheduler is to TiledViz: four verbs, and one enumeration of a job's states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tvcore.errors import TiledVizError


class JobState(StrEnum):
    """Where a job stands; each scheduler maps its own states to these."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    NODE_FAIL = "node failure"

    @property
    def ended(self) -> bool:
        """Return whether a job in this state is over."""
        return self not in (JobState.PENDING, JobState.RUNNING)


class SchedulerAwayError(TiledVizError):
    """The scheduler does not answer now: nothing is known of its jobs that was not known before."""


@dataclass(frozen=True)
class JobStatus:
    """What a scheduler says of one job; times in seconds since the epoch.

    *nodes* are the nodes that the job has now, by the scheduler's names: a node that failed is not among them.
    *ends* is when its time limit ends a running job, None where there is no limit.
    """

    id: str
    state: JobState
    reason: str = ""
    exit_code: int | None = None
    expected_start: float | None = None
    started: float | None = None
    ended: float | None = None
    nodes: tuple[str, ...] = ()
    ends: float | None = None


class Scheduler(Protocol):
    """A batch system. Every method may wait, so the portal calls it from a worker process only.

    Every method raises SchedulerAwayError when the batch system does not answer.
    """

    name: str

    def submit(self, script: str) -> str:
        """Queue *script* (the text of a shell script) and return the job's id. Raises TiledVizError."""
        ...

    def jobs(self, ids: Iterable[str]) -> dict[str, JobStatus]:
        """Return the status of each of *ids* that the scheduler still knows, in one call to it for all."""
        ...

    def cancel(self, job: str) -> None:
        """End *job*; one that is over already is left as it is. Raises TiledVizError when it is unknown."""
        ...

    def estimate(self, script: str) -> float | None:
        """Return when *script* would start if it were submitted now, or None when nobody can say."""
        ...

    def addresses(self, node: str) -> tuple[str, ...]:
        """Return the host names and addresses by which the batch system reaches *node*; none where it has none."""
        ...
