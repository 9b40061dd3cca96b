"""``tiledviz demo``: an ensemble, a job and a portal on this machine, which end together."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import click

from tvcore import api, paths
from tvcore.errors import TiledVizError
from tvcore.portal.instance import DEFAULT_PORT, running
from tvcore.store import Store
from tvcore.terminal import Progress

CASE = "gray_scott"
TITLE = "Gray-Scott demo"
PORTAL_SECONDS = 30.0
LIVE_SECONDS = 120.0


def run_demo(port: int | None, tiles: int, as_json: bool = False) -> None:
    """Show *tiles* members on a portal at *port* (default: 8765, or a free one) until SIGINT or SIGTERM.

    Prints the address to open as soon as there is one; with *as_json* one document, when the tiles are live.
    """
    portal = running()
    if portal is not None:
        raise TiledVizError(
            f"a portal of yours already runs at {portal.url} (process {portal.pid}): end it first, "
            f"or add tiles to it with `tiledviz launch {CASE}`"
        )
    store = Store.open()
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(store.close)
        at_the_end.enter_context(_ended_by_signals())
        _remove_earlier(store)
        with Progress() as progress:
            process = _start_portal(_choose_port(port))
            at_the_end.callback(_end, process)
            started = time.monotonic()
            job = api.launch(store, CASE, {"scheduler.backend": "local"}, tiles, TITLE, report=progress.report)["id"]
        at_the_end.callback(_end_job, store, job)
        _wait_for_portal(process)
        url = api.login_url(store)
        if not as_json:
            click.echo(f"Open: {url}")
        with Progress() as progress:
            shown = api.wait_until_live(store, job, _reporter(progress), LIVE_SECONDS)
        live, seconds = _live(shown), time.monotonic() - started
        if as_json:
            click.echo(json.dumps({"url": url, "job": job, "tiles": tiles, "live": live, "seconds": round(seconds, 1)}))
        else:
            click.echo(f"{live} of {tiles} tiles are live after {seconds:.0f} s. Ctrl-C ends all of it.")
        code = process.wait()
        raise TiledVizError(f"the portal ended by itself with exit code {code}: see {_log()}")


def _live(tiles: list[dict[str, Any]]) -> int:
    return sum(tile["state"] == "live" for tile in tiles)


def _reporter(progress: Progress) -> Callable[[dict[str, Any], list[dict[str, Any]]], None]:
    def report(_job: dict[str, Any], tiles: list[dict[str, Any]]) -> None:
        progress.report(_live(tiles) / max(1, len(tiles)), "tiles live")

    return report


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into the exit of this block, and leave what follows undisturbed by further ones."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        click.echo("\nEnding the demo ...", err=True)
        raise SystemExit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    yield


def _choose_port(port: int | None) -> int:
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


def _log() -> Path:
    return paths.state_dir() / "portal.log"


def _start_portal(port: int) -> subprocess.Popen[bytes]:
    """Start the portal in a session of its own, so that a Ctrl-C in the terminal is ours to pass on."""
    command = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-P", "-m", "tvcore", "up", "--port", str(port)]
    with os.fdopen(os.open(_log(), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
        )


def _wait_for_portal(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PORTAL_SECONDS
    while (portal := running()) is None or portal.pid != process.pid:
        if process.poll() is not None:
            said = api.tail(_log(), 1) or [f"exit code {process.returncode}"]
            raise TiledVizError(f"the portal did not start: {said[0].removeprefix('tiledviz: ')}")
        if time.monotonic() > deadline:
            raise TiledVizError(f"the portal did not start within {PORTAL_SECONDS:.0f} s: see {_log()}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_job(store: Store, job: str) -> None:
    api.stop(store, job, remove=True)


def _remove_earlier(store: Store) -> None:
    """End and forget the jobs of a demo that was killed."""
    for job in api.jobs(store):
        if job["title"] == TITLE:
            api.stop(store, job["id"], remove=True)
