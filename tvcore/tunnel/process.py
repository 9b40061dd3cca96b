"""Starting and ending the tunnels' endpoint, which is nobody's child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tvcore.errors import TiledVizError
from tvcore.proc import Process
from tvcore.tunnel.address import EndpointInfo, read_endpoint

LOG = "endpoint.log"
LOG_MAX = 1 << 22  # bytes after which the log begins anew
START_SECONDS = 20.0
END_SECONDS = 10.0
LOOK = 0.05


def _running(state: Path) -> EndpointInfo | None:
    info = read_endpoint(state)
    return info if info is not None and info.here and info.alive else None


def ensure_endpoint(state: Path) -> EndpointInfo:
    """Return the endpoint of this machine for the state folder *state*, started if it does not run.

    Raises TiledVizError, with the last line of its log, when it does not come up.
    """
    if (info := _running(state)) is not None:
        return info
    path = state / LOG
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "ab") as log:
        os.fchmod(log.fileno(), 0o600)
        if log.seek(0, os.SEEK_END) > LOG_MAX:
            log.truncate(0)
        begin = log.seek(0, os.SEEK_END)
        # setsid --fork ends at once, so that the endpoint is nobody's child.
        subprocess.run(
            ["setsid", "--fork", sys.executable, "-P", "-m", "tvcore.tunnel"],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd="/",
            env={**os.environ, "TILEDVIZ_HOME": str(state)},
        )
    deadline = time.monotonic() + START_SECONDS
    while (info := _running(state)) is None:
        said = path.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
        failed = next((line.removeprefix("tiledviz: ") for line in said if line.startswith("tiledviz: ")), "")
        if failed or time.monotonic() > deadline:
            last = failed or (said[-1] if said else f"it said nothing within {START_SECONDS:.0f} s")
            raise TiledVizError(f"the tunnels' endpoint does not start: {last} (all of it in {path})")
        time.sleep(LOOK)
    return info


def end_endpoint(state: Path) -> None:
    """End the endpoint of this machine for *state*, if one runs; the tunnels end with it."""
    if (info := _running(state)) is None:
        return
    process = Process(info.pid, info.start)
    for number, patience in ((signal.SIGTERM, END_SECONDS), (signal.SIGKILL, END_SECONDS)):
        try:
            os.kill(info.pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while process.alive and time.monotonic() < deadline:
            time.sleep(LOOK)
        if not process.alive:
            return
    raise TiledVizError(f"the tunnels' endpoint (pid {info.pid}) does not end")
