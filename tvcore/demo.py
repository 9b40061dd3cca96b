"""``tiledviz demo``: an ensemble, a job and a portal on this machine, which end together."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from typing import Any

import click

from tvcore import api
from tvcore.errors import TiledVizError
from tvcore.own_portal import choose_port, end_portal, ended_by_signals, portal_log, start_portal, wait_for_portal
from tvcore.portal.instance import running
from tvcore.store import Store
from tvcore.store.address import OWN
from tvcore.terminal import Progress

CASE = "gray_scott"
TITLE = "Gray-Scott demo"
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
    os.environ[OWN] = "own"  # a site's store is for more than a look
    store = Store.open()
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(store.close)
        at_the_end.enter_context(ended_by_signals("demo"))
        _remove_earlier(store)
        with Progress() as progress:
            process = start_portal(choose_port(port))
            at_the_end.callback(end_portal, process)
            started = time.monotonic()
            job = api.launch(store, CASE, {"scheduler.backend": "local"}, tiles, TITLE, report=progress.report)["id"]
        at_the_end.callback(_end_job, store, job)
        wait_for_portal(process)
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
        raise TiledVizError(f"the portal ended by itself with exit code {code}: see {portal_log()}")


def _live(tiles: list[dict[str, Any]]) -> int:
    return sum(tile["state"] == "live" for tile in tiles)


def _reporter(progress: Progress) -> Callable[[dict[str, Any], list[dict[str, Any]]], None]:
    def report(_job: dict[str, Any], tiles: list[dict[str, Any]]) -> None:
        progress.report(_live(tiles) / max(1, len(tiles)), "tiles live")

    return report


def _end_job(store: Store, job: str) -> None:
    api.stop(store, job, remove=True)


def _remove_earlier(store: Store) -> None:
    """End and forget the jobs of a demo that was killed."""
    for job in api.jobs(store):
        if job["title"] == TITLE:
            api.stop(store, job["id"], remove=True)
