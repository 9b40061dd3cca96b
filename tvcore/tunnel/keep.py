"""Keeping the tunnels' endpoint at work, where there is a batch system whose nodes need one."""

from __future__ import annotations

from tvcore import paths
from tvcore.batch.schedulers import schedulers
from tvcore.errors import TiledVizError
from tvcore.store import Store
from tvcore.tunnel.process import ensure_endpoint

SERVICE = "tunnels"


def keep(store: Store) -> None:
    """Start the endpoint if none of ours runs on this machine; where it cannot, that is told as a notice."""
    if set(schedulers()) == {"local"}:
        return
    try:
        ensure_endpoint(paths.state_dir())
        error = ""
    except TiledVizError as problem:
        error = str(problem)
    if error != store.services.state(SERVICE).error:
        store.services.tell(SERVICE, error)
