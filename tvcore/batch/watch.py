"""Keeping the store true: what the scheduler and the node agents say of jobs and tiles.

``sync`` may wait (scheduler, HDF5), so the portal calls it in a worker process; the command line calls it as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tvcore import paths
from tvcore.batch.local import LocalScheduler
from tvcore.batch.plan import Plan
from tvcore.batch.scheduler import JobState, Scheduler
from tvcore.errors import TiledVizError
from tvcore.store import Members, Store
from tvcore.tunnel import agents


def schedulers() -> Mapping[str, Scheduler]:
    """Return the schedulers that there are, by name."""
    return {"local": LocalScheduler()}


def scheduler_of(job: str) -> str:
    """Return the name of the scheduler whose id *job* is."""
    return "local" if job.startswith("local-") else "slurm"


def read_members(plan: Plan) -> Members:
    """Return what the plan's ensemble says of its tiles; a file that cannot be read is told in ``note``."""
    if plan.ensemble is None:
        return Members()
    from tvcore.ensemble import open_ensemble  # HDF5 is loaded by those who need it

    try:
        with open_ensemble(Path(plan.ensemble)) as ensemble:
            columns = [asdict(column) for column in ensemble.columns]
            rows = [{} if tile.member is None else ensemble.row(tile.member) for tile in plan.tiles]
    except TiledVizError as error:
        return Members(note=str(error))
    return Members(columns, rows)


def sync(store: Store) -> bool:
    """Bring *store* up to date with registrations and schedulers; return whether anything changed.

    Jobs that nobody told the store of (a script submitted by hand) are adopted through their agents'
    registrations; what agents of jobs that are over left behind is removed.
    """
    before = {job["id"]: job for job in store.jobs()}
    registered = list(agents.registrations())
    changed = False
    for registration in registered:
        here = (paths.agents_dir() / registration.name).exists()  # it may have gone since it was read
        if here and registration.job not in before and scheduler_of(registration.job) in schedulers():
            adopt(store, registration.plan, registration.job)
            changed = True
    active: dict[str, list[str]] = defaultdict(list)
    for job in store.jobs(active=True):
        active[job["scheduler"]].append(job["id"])
    for name, ids in active.items():
        statuses = schedulers()[name].jobs(ids)
        changed = store.apply_jobs(statuses.values()) or changed
    running = {job["id"] for job in store.jobs(active=True)}
    known = {job["id"] for job in store.jobs()}
    for registration in registered:
        if registration.job in known - running:
            agents.discard(registration)
    return changed


def adopt(store: Store, plan: Plan, job: str) -> int:
    """Put the tiles of *job*, which runs *plan*, on the wall; return the tile set's id."""
    return store.add_run(plan, scheduler_of(job), job, read_members(plan), JobState.PENDING)


def apply_status(store: Store, registration: agents.Registration, tiles: Iterable[dict[str, Any]]) -> list[int]:
    """Write what the agent of *registration* says of its tiles; return the ids of the tiles that changed."""
    return store.apply_tiles(registration.job, registration.node, tiles)
