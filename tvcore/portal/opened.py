"""The store that a worker process of the portal has open: one, whatever it is asked."""

from __future__ import annotations

from functools import cache

from tvcore.store import Store
from tvcore.store.database import PORTAL


@cache
def opened_store() -> Store:
    """Return the store, opened at the first call."""
    return Store.open(program=PORTAL)
