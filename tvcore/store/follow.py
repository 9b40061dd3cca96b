"""What a scheduler's word on a job means for the job's row and for its tiles."""

from __future__ import annotations

import time
from typing import Any

from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.causes import Cause
from tvcore.store.models import Base, JobRow, TileRow

OVER = (JobState.COMPLETED, JobState.CANCELLED)
# The program is gone with its job: what told of it would mislead.
_GONE: dict[str, Any] = {"pid": None, "display": None}
_CAUSES = {
    JobState.TIMEOUT: Cause.TIME_LIMIT,
    JobState.OUT_OF_MEMORY: Cause.OUT_OF_MEMORY,
    JobState.NODE_FAIL: Cause.NODE_FAILURE,
}


def cause_of(status: JobStatus) -> str:
    """Return what kind of failure ended a job, empty when none did.

    A job that failed with an exit code began: what it ran, its node agents, ended. Others never came so far.
    """
    if status.state is JobState.FAILED:
        return Cause.AGENT_ENDED if status.exit_code else Cause.BATCH_SYSTEM
    return _CAUSES.get(status.state, "")


def follow_job(job: JobRow, status: JobStatus) -> None:
    """Write *status* into the row of *job*, its nodes and those that it has no more included."""
    new: dict[str, Any] = {
        "state": status.state.value, "exit_code": status.exit_code, "reason": status.reason, "cause": cause_of(status),
        "expected_start": status.expected_start, "started": status.started or job.started,
        "ended": status.ended or job.ended, "ends": job.ends if status.state.ended else status.ends,
    }  # fmt: skip
    if status.state is JobState.PENDING:
        new |= {"nodes": [], "lost": []}
    elif status.state is JobState.RUNNING and status.nodes:
        nodes = job.nodes or list(status.nodes)
        new |= {"nodes": nodes, "lost": [node for node in nodes if node not in status.nodes]}
    change(job, new)


def follow_tile(tile: TileRow, status: JobStatus) -> None:
    """Set the state of *tile* to what its job's *status* means for it."""
    new: dict[str, Any] = {}
    if status.state is JobState.PENDING:  # also one that the site's administrators put back into the queue
        new = {"state": "queued", "reason": status.reason, "cause": "", "node": None, "gl": None, **_GONE}
    elif status.state is JobState.RUNNING and tile.state == "queued":
        new = {"state": "starting", "reason": ""}
    elif status.state in OVER and tile.state != "failed":
        new = {"state": "stopped", "reason": status.reason, **_GONE}
    elif status.state.ended and tile.state != "failed":
        reason = status.reason or f"the job ended: {status.state}"
        new = {"state": "failed", "reason": reason, "cause": cause_of(status), **_GONE}
    if "state" in new and new["state"] != tile.state:
        tile.since = status.ended or time.time()
    change(tile, new)


def fail(tile: TileRow, reason: str, cause: str) -> None:
    """Mark *tile* as failed."""
    tile.state, tile.reason, tile.cause, tile.since = "failed", reason, cause, time.time()
    tile.pid = tile.display = None


def node_of(tile: TileRow, job: JobRow) -> str | None:
    """Return the node of *tile*: the one that spoke of it, else the one that is to run it."""
    return tile.node or (job.nodes[tile.ordinal] if tile.ordinal < len(job.nodes) else None)


def change(row: Base, new: dict[str, Any]) -> bool:
    """Write what is different in *new* into *row*; return whether anything was: the rest does not count as changed."""
    different = {name: value for name, value in new.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)
