"""The documents that everybody reads of the store's rows: jobs, tile sets, tiles."""

from __future__ import annotations

from typing import Any

from tvcore.batch.scheduler import JobState
from tvcore.causes import Cause
from tvcore.store.members import told
from tvcore.store.models import JobRow, TileRow, TileSetRow

WARN_SHARE = 0.1  # of a job's length is left when the wall begins to warn of its time limit
WARN_LEAST, WARN_MOST = 60.0, 600.0  # seconds


def advice(cause: str) -> str:
    """Return what a person can do about *cause*; nothing of one that only a later release knows."""
    return Cause(cause).advice if cause in list(Cause) else ""


def warns(job: JobRow) -> float | None:
    """Return from when on the wall warns of the time limit of *job*; None while it has none, or does not run."""
    if job.ends is None or job.state != JobState.RUNNING:
        return None
    length = job.ends - (job.started or job.submitted)
    return job.ends - min(WARN_MOST, max(WARN_LEAST, WARN_SHARE * length))


def job_document(tile_set: TileSetRow, tiles: int, live: int) -> dict[str, Any]:
    """Return the job of *tile_set* as ``jobs`` lists it: with how many *tiles*, of which are *live*."""
    job = tile_set.job
    return {
        "id": job.id_there, "scheduler": job.scheduler, "state": job.state, "reason": job.reason, "cause": job.cause,
        "advice": advice(job.cause), "exit_code": job.exit_code, "case": tile_set.case, "title": tile_set.title,
        "session": tile_set.session.name, "tiles": tiles, "live": live,
        "submitted": job.submitted, "expected_start": job.expected_start, "started": job.started,
        "ends": job.ends, "ended": job.ended,
        "nodes": [node for node in job.nodes if node not in job.lost], "lost": job.lost,
    }  # fmt: skip


def set_document(tile_set: TileSetRow) -> dict[str, Any]:
    """Return *tile_set* as it is part of the wall."""
    job = tile_set.job
    return {
        "id": tile_set.id, "case": tile_set.case, "title": tile_set.title, "job": job.id_there, "state": job.state,
        "reason": job.reason or told(tile_set.note), "complete": tile_set.complete,
        "columns": tile_set.columns, "images": tile_set.images,
        "expected_start": _expected_start(job), "started": job.started, "ends": job.ends, "warns": warns(job),
    }  # fmt: skip


def tile_document(tile: TileRow) -> dict[str, Any]:
    """Return *tile* as it is part of the wall, and as ``tiles`` lists it."""
    job = tile.tile_set.job
    return {
        "id": tile.id, "set": tile.set_id, "index": tile.index, "title": tile.title, "state": tile.state,
        "reason": tile.reason, "cause": tile.cause, "advice": advice(tile.cause),
        "expected_start": _expected_start(job) if tile.state == "queued" else None,
        "node": tile.node, "job": job.id_there, "case": tile.tile_set.case, "image": tile.image,
        "kind": tile.kind, "media": tile.media,
        "frames": tile.frames, "renderer": tile.renderer, "gl": tile.gl, "width": tile.width, "height": tile.height,
        "tags": tile.tags, "member": tile.member, "metadata": tile.metadata_, "pid": tile.pid,
        "display": tile.display, "restarts": tile.restarts, "since": tile.since,
    }  # fmt: skip


def _expected_start(job: JobRow) -> float | None:
    return job.expected_start if job.state == JobState.PENDING else None
