"""Keeping the store true: what the schedulers and the node agents say of jobs and tiles.

Whatever runs (portal, tunnel endpoint, command line) brings the store up to date by ``sync``, and all of them read
there. It may wait (scheduler, HDF5), so portal and endpoint call it in worker processes.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from tvcore import apart, paths
from tvcore.batch.plan import Plan
from tvcore.batch.scheduler import JobState, JobStatus, Scheduler
from tvcore.batch.schedulers import scheduler_of, schedulers
from tvcore.errors import TiledVizError, UsageError
from tvcore.node.last_words import last_words_of, read_last_words
from tvcore.paths import Mark, marks
from tvcore.store import Members, Store
from tvcore.tunnel import agents

EVERY = 3.0  # seconds between two questions to a batch system, whoever asks
SOON = 0.5  # and when somebody waits for the answer
MEANWHILE = "Jobs and tiles go on; their states are shown as they were then."
FORGOTTEN = "it ended while nobody looked: the scheduler no longer knows it"


@dataclass(frozen=True)
class _Glance:
    """What shows that nothing changed: the store's revisions, the local jobs, and marks of what agents wrote."""

    revisions: Mapping[str, int]
    local: Mapping[str, JobStatus]
    files: Mapping[str, Mark]


_glances: WeakKeyDictionary[Store, _Glance] = WeakKeyDictionary()


def read_members(plan: Plan) -> Members:
    """Return what the plan's ensemble says of its tiles; a file that cannot be read is told in ``note``.

    It is read in a process of its own: it may be anything. One that is live is read by the node agents alone.
    """
    if plan.ensemble is None or plan.live:
        return Members()
    wanted = sorted({tile.member for tile in plan.tiles if tile.member is not None})
    try:
        found = apart.call(
            "tvcore.ensemble.rows:read_rows", {"path": plan.ensemble, "members": wanted}, what=plan.ensemble
        )
    except TiledVizError as error:
        return Members(note=str(error))
    rows = dict(zip(wanted, found["rows"], strict=True))
    return Members(found["columns"], [{} if tile.member is None else rows[tile.member] for tile in plan.tiles])


def sync(store: Store, every: float = EVERY) -> bool:
    """Bring *store* up to date with node agents and schedulers; return whether anything changed.

    A batch system is asked once for all jobs, at most each *every* seconds in all processes together.
    """
    return _sync(store, schedulers(), every)


def sync_here(store: Store) -> bool:
    """Do what ``sync`` does, but ask nothing that may keep one waiting: just files of this machine and the agents'.

    While nothing changed since this process did it last, it costs no more than to see that.
    """
    local = schedulers()["local"]
    found = _glance(store, local)
    if _glances.get(store) == found:
        return False
    changed = _sync(store, {"local": local}, EVERY)
    _glances[store] = found  # of before: what the sync itself changed is looked at once more
    return changed


def ask_batch(store: Store, every: float = EVERY) -> bool:
    """Ask the batch systems there are for their jobs, if it is time, and nobody else; return whether there is one."""
    asked = {name: scheduler for name, scheduler in schedulers().items() if name != "local"}
    for name, scheduler in asked.items():
        ask_scheduler(store, name, scheduler, every)
    return bool(asked)


def _glance(store: Store, local: Scheduler) -> _Glance:
    """Return what ``sync_here`` depends on."""
    jobs = store.active_jobs()
    files = [path for job in jobs for path in last_words_of(paths.state_dir(), job)]
    found: Mapping[str, JobStatus] = {}
    with contextlib.suppress(TiledVizError):  # an id that is none of the local scheduler's: the sync tells of it
        found = local.jobs(job for job, scheduler in jobs.items() if scheduler == "local")
    return _Glance(store.revisions(), found, marks([*files, *paths.agents_dir().glob("*.json")]))


def _sync(store: Store, asked: Mapping[str, Scheduler], every: float) -> bool:
    registered = list(agents.registrations())
    changed = _adopt_unknown(store, registered)
    for name, scheduler in asked.items():
        changed = ask_scheduler(store, name, scheduler, every) or changed
    return _follow_agents(store, registered) or changed


def _adopt_unknown(store: Store, registered: Iterable[agents.Registration]) -> bool:
    """Put jobs that nobody told of (scripts submitted by hand) on the wall, known by their agents' registrations."""
    known = {job["id"] for job in store.jobs()}
    changed = False
    for registration in registered:
        job = registration.job
        if job not in known and scheduler_of(job) in schedulers() and agents.is_registered(registration):
            with contextlib.suppress(UsageError):  # its session was deleted: it is nobody's to see
                adopt(store, registration.plan, job)
                known.add(job)
                changed = True
    return changed


def _follow_agents(store: Store, registered: Iterable[agents.Registration]) -> bool:
    """Take over what agents left to say, and remove what those of jobs that are over left behind."""
    known = {job["id"]: JobState(job["state"]) for job in store.jobs()}
    changed = _hear_last_words(store, (job for job, state in known.items() if not state.ended))
    for registration in registered:
        if registration.job in known and known[registration.job].ended:
            agents.discard(registration)
        elif strange := agents.unsupported(registration):
            changed = store.explain_node(registration.job, registration.ordinal, strange) or changed
    store.forget_empty()
    return changed


def _hear_last_words(store: Store, jobs: Iterable[str]) -> bool:
    """Fail the tiles of agents that ended before their job did, with the cause that they or their guards wrote."""
    changed = False
    for job in jobs:
        for words in read_last_words(paths.state_dir(), job):
            changed = store.fail_node(job, words.ordinal, words.error, words.cause) or changed
    return changed


def ask_scheduler(store: Store, name: str, scheduler: Scheduler, every: float = EVERY) -> bool:
    """Ask *scheduler* for its jobs that are not over, if it is time; return whether anything changed.

    One that does not answer changes no job: that is told as the service's error, until it answers again.
    """
    ids = [job for job, of in store.active_jobs().items() if of == name]
    away = store.services.state(name).error
    if not ids and not away:
        return False
    local = name == "local"  # costs nothing: a look at some files
    if not local and not store.services.claim(name, every):
        return False
    begun = time.monotonic()
    try:
        found = scheduler.jobs(ids)
    except TiledVizError as error:
        return store.services.tell(name, f"{error}. {MEANWHILE}", time.monotonic() - begun)
    news = False if local else store.services.tell(name, "", time.monotonic() - begun)
    forgotten = [JobStatus(job, JobState.COMPLETED, FORGOTTEN) for job in ids if job not in found]
    # First what the agents said: they know better why they ended than the exit code of their job.
    heard = _hear_last_words(store, ids)
    return store.apply_jobs([*found.values(), *forgotten]) or heard or news


def ask_soon(store: Store, job: str, patience: float) -> None:
    """Ask after *job* until it is over, for *patience* seconds at most."""
    deadline = time.monotonic() + patience
    while True:
        sync(store, SOON)
        if job not in store.active_jobs() or time.monotonic() > deadline:
            return
        time.sleep(SOON)


def adopt(store: Store, plan: Plan, job: str, settings: Mapping[str, object] | None = None) -> int:
    """Put the tiles of *job*, which runs *plan*, on the wall; return the tile set's id.

    *settings* are those that were given for this job, where it was launched from here.
    """
    return store.add_run(plan, scheduler_of(job), job, read_members(plan), JobState.PENDING, settings)


def apply_status(store: Store, registration: agents.Registration, said: Mapping[str, Any]) -> list[int]:
    """Write what the agent of *registration* *said* of its tiles; return the ids of the tiles whose states changed.

    Tiles that were taken off the wall before they ran are stopped.
    """
    tiles: Sequence[dict[str, Any]] = said["tiles"]
    if said.get("members"):
        store.apply_members(registration.job, registration.node, said["members"])
    changed = store.apply_tiles(registration.job, registration.node, tiles)
    running = [tile["index"] for tile in tiles if tile["state"] in ("starting", "live")]
    for index in store.removed(registration.job, running):
        with contextlib.suppress(TiledVizError):  # away: it is told when it speaks of its tiles again
            agents.call(registration, "stop", tile=index)
    return changed
