"""Which portal of this person runs: ``STATE/portal.json``, one at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from tvcore import paths
from tvcore.errors import TiledVizError
from tvcore.proc import Process
from tvcore.whereabouts import Whereabouts

FILE = "portal.json"
DEFAULT_PORT = 8765
START_SECONDS = 10.0


class PortalInfo(Whereabouts):
    """A portal at work, and where it listens.

    One that listens on a unix *socket* alone is reached at *host* and *port* of the person's own machine, by the line
    *ssh*.
    """

    url: str
    host: str
    port: int
    socket: str | None = None
    ssh: str | None = None


def url_of(host: str, port: int, encrypted: bool = False) -> str:
    """Return the address to open for a portal that listens on *host* and *port*, with TLS if *encrypted*."""
    scheme = "https" if encrypted else "http"
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    return f"{scheme}://[{name}]:{port}/" if ":" in name and not name.startswith("[") else f"{scheme}://{name}:{port}/"


def running(state: Path | None = None) -> PortalInfo | None:
    """Return this person's portal, or None when none runs (the file of one that was killed is passed over)."""
    try:
        found = PortalInfo.model_validate_json((_file(state)).read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.alive else None


def _file(state: Path | None) -> Path:
    return (state or paths.state_dir()) / FILE


@contextmanager
def starting(state: Path | None = None) -> Iterator[None]:
    """Keep every other portal from starting, while one starts. Raises TiledVizError when one runs already."""
    file = _file(state)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(folder)
        if (there := running(state)) is not None:
            raise TiledVizError(_already(there, file))
        yield
    finally:
        # By name, not just by closing: a worker process that is forked at this moment has the folder open too.
        with contextlib.suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_UN)
        os.close(folder)


def _lock(folder: int) -> None:
    """Lock *folder* as soon as a portal that starts just now is done."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise TiledVizError("another portal of yours is just starting: try again in a moment") from error
            time.sleep(0.05)
        except OSError:
            return  # a file system without locks: what is left is to look who runs


def _already(there: PortalInfo, file: Path) -> str:
    if there.here:
        return (
            f"a portal of yours already runs at {there.url} (pid {there.pid}): "
            "`tiledviz open` prints a login address, or stop it first"
        )
    return (
        f"a portal of yours already runs on {there.node} at {there.url} (pid {there.pid}): "
        f"use it or stop it there; if it is gone, remove {file}"
    )


def announce(
    host: str,
    port: int,
    state: Path | None = None,
    path: Path | None = None,
    ssh: str | None = None,
    url: str | None = None,
) -> PortalInfo:
    """Write down that this process listens on *host* and *port*, or the unix socket *path*, and is opened at *url*."""
    me = Process.current()
    info = PortalInfo(
        pid=me.pid,
        start=me.start,
        node=socket.gethostname(),
        url=url or url_of(host, port),
        host=host,
        port=port,
        socket=str(path) if path else None,
        ssh=ssh,
    )
    paths.write_atomic(_file(state), info.model_dump_json())
    return info


def withdraw(info: PortalInfo, state: Path | None = None) -> None:
    """Remove what *info* announced, unless it is another portal's by now."""
    if running(state) == info:
        with contextlib.suppress(OSError):
            _file(state).unlink()
