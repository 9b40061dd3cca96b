"""What the tunnel endpoint wants to know of jobs before it lets a node in (a table for ``tvcore.workers``).

It asks through the store, as the portal does, so that all of them together ask the batch system once.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from tvcore.batch import watch
from tvcore.batch.schedulers import scheduler_of, schedulers
from tvcore.errors import TiledVizError
from tvcore.store import Store

FRESH = 5.0  # seconds for which an answer of the scheduler may let a node in


@cache
def _store() -> Store:
    return Store.open()


def job_facts(ids: list[str], urgent: bool) -> dict[str, dict[str, Any]]:
    """Return state, reason and present nodes of those of the jobs *ids* that there are.

    *urgent*: a node waits to be let in, so old knowledge will not do. Raises TiledVizError when the scheduler is away.
    """
    store = _store()
    watch.sync(store, watch.SOON if urgent else watch.EVERY)
    if urgent:
        for name in {scheduler_of(job) for job in ids} - {"local"}:
            state = store.services.state(name)
            if state.error or time.time() - state.answered > FRESH:
                raise TiledVizError(state.error or f"the scheduler ({name}) has not answered yet")
    wanted = set(ids)
    return {
        job["id"]: {"state": job["state"], "reason": job["reason"], "nodes": job["nodes"]}
        for job in store.jobs()
        if job["id"] in wanted
    }


def node_addresses(job: str, node: str) -> list[str]:
    """Return the names and addresses by which the scheduler of *job* reaches *node*."""
    scheduler = schedulers().get(scheduler_of(job))
    return list(scheduler.addresses(node)) if scheduler else []


FUNCTIONS = {"job_facts": job_facts, "node_addresses": node_addresses}
