"""Where a person's tunnel endpoint is: ``STATE/endpoint.json``, written by the endpoint, read by agents and portal.

The state folder is the owner's, 0700, and seen by login and compute nodes alike, so whoever reads the file may
trust what it says: the host key in it is the one that node agents pin.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from tvcore import paths
from tvcore.whereabouts import Whereabouts

PROTOCOL = 1  # of the tunnel: what an endpoint and a node agent expect of each other
FILE = "endpoint.json"


class EndpointInfo(Whereabouts):
    """A tunnel endpoint at work on a login node, and how it is reached.

    *id* is another one at each start. Node agents try *hosts*, names or addresses, in order, at *port*, and accept
    *host_key* alone (``TYPE BASE64``). Where *way* is ``sshd``, hosts and port are those of the site's sshd, through
    which they come as *user*, and *host_key* is that of the endpoint behind it. *folder* is the 0700 folder on the
    login node in which each node's unix socket is; see ``socket_of``.

    Fields may come; *v*, *id* and *node* stay what they are in every release.
    """

    v: int = PROTOCOL
    id: str
    hosts: tuple[str, ...]
    port: int
    host_key: str
    folder: str
    way: Literal["endpoint", "sshd"] = "endpoint"
    user: str = ""

    def socket_of(self, job: str, ordinal: int) -> Path:
        """Return the path of the unix socket behind which node *ordinal* of *job* is, while its tunnel is up."""
        return Path(self.folder) / f"{job}.{ordinal}.sock"


def welcome_file(state: Path, user: str) -> Path:
    """Return the file in which the endpoint writes the key of node *user* once the site's sshd lets it in.

    Until then the node does not try: OpenSSH from 9.8 on shuts out an address whose keys it does not know.
    """
    return state / "endpoint" / "welcome" / user


def read_endpoint(state: Path | None = None) -> EndpointInfo | None:
    """Return what the endpoint last wrote, whether it still runs or not; None where there is nothing to read."""
    try:
        return EndpointInfo.model_validate_json(((state or paths.state_dir()) / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def write_endpoint(info: EndpointInfo, state: Path) -> None:
    """Tell node agents and portal where the endpoint is."""
    paths.write_atomic(state / FILE, info.model_dump_json())


def withdraw_endpoint(info: EndpointInfo, state: Path) -> None:
    """Remove what *info* told, unless another endpoint took over."""
    if read_endpoint(state) == info:
        with contextlib.suppress(OSError):
            (state / FILE).unlink()
