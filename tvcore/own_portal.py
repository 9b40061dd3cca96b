"""A portal in a process of its own beside a command that ends with it: ``tiledviz demo``, ``tiledviz replay``."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from tvcore import api, paths
from tvcore.errors import TiledVizError
from tvcore.portal.instance import DEFAULT_PORT, running

PORTAL_SECONDS = 30.0


@contextlib.contextmanager
def ended_by_signals(what: str) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into the exit of this block, and leave what follows undisturbed by further ones."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        click.echo(f"\nEnding the {what} ...", err=True)
        raise SystemExit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    yield


def choose_port(port: int | None) -> int:
    """Return *port*, or the default one, or 0 (any) where somebody else has that."""
    if port is None:
        return DEFAULT_PORT if _is_free(DEFAULT_PORT) else 0
    if port and not _is_free(port):
        raise TiledVizError(f"port {port} on 127.0.0.1 is in use: choose another with --port, or leave it out")
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def portal_log() -> Path:
    """Return the file with what the portal says."""
    return paths.state_dir() / "portal.log"


def start_portal(port: int) -> subprocess.Popen[bytes]:
    """Start the portal in a session of its own, so that a Ctrl-C in the terminal is ours to pass on."""
    command = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-P", "-m", "tvcore", "up", "--port", str(port)]
    with os.fdopen(os.open(portal_log(), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
        )


def wait_for_portal(process: subprocess.Popen[bytes]) -> None:
    """Wait until the portal of *process* listens. Raises TiledVizError when it does not start."""
    deadline = time.monotonic() + PORTAL_SECONDS
    while (portal := running()) is None or portal.pid != process.pid:
        if process.poll() is not None:
            said = api.tail(portal_log(), 1) or [f"exit code {process.returncode}"]
            raise TiledVizError(f"the portal did not start: {said[0].removeprefix('tiledviz: ')}")
        if time.monotonic() > deadline:
            raise TiledVizError(f"the portal did not start within {PORTAL_SECONDS:.0f} s: see {portal_log()}")
        time.sleep(0.05)


def end_portal(process: subprocess.Popen[bytes]) -> None:
    """End the portal, by force if need be."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
