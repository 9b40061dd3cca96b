"""Keeping the tunnels' endpoint at work, where there is a batch system whose nodes need one."""

from __future__ import annotations

from tvcore import paths
from tvcore.batch.schedulers import needs_tunnel, schedulers
from tvcore.errors import TiledVizError
from tvcore.store import Store
from tvcore.tunnel.address import PROTOCOL, EndpointInfo
from tvcore.tunnel.process import ensure_endpoint

SERVICE = "tunnels"


def stale(info: EndpointInfo) -> str:
    """Return what to say of an endpoint that another release started, and that jobs of this one cannot use."""
    if info.v == PROTOCOL:
        return ""
    return (
        f"the tunnels' endpoint (process {info.pid}) is of another release: jobs of that one go on, those started now "
        f"have no tunnel; `kill {info.pid}` ends it, and the portal starts another"
    )


def keep(store: Store) -> bool:
    """Start the endpoint if none of ours runs on this machine; where it cannot, that is told as a notice.

    Returns whether there is a batch system, whose nodes need one.
    """
    if not any(map(needs_tunnel, schedulers().values())):
        return False
    try:
        error = stale(ensure_endpoint(paths.state_dir()))
    except TiledVizError as problem:
        error = str(problem)
    if error != store.services.state(SERVICE).error:
        store.services.tell(SERVICE, error)
    return True
