"""What the portal's worker processes look up for ``/metrics`` and ``/health/ready``."""

from __future__ import annotations

from typing import Any

from tvcore import paths
from tvcore.portal.opened import opened_store
from tvcore.tunnel.address import read_endpoint
from tvcore.tunnel.keep import SERVICE


def store_counts() -> Any:
    """Return how many jobs and tiles there are, by state, and how many people, projects and sessions."""
    return opened_store().counts()


def ready() -> Any:
    """Ask the store for something; return whether the tunnels' ``endpoint`` is up, None where none is needed."""
    store = opened_store()
    store.access.version()
    error, info = store.services.state(SERVICE).error, read_endpoint(paths.state_dir())
    if info is None and not error:
        return {"endpoint": None}
    return {"endpoint": info is not None and not error and (info.alive or not info.here)}


HEALTH_FUNCTIONS = {function.__name__: function for function in (store_counts, ready)}
