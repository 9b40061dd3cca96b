"""What a person can do with TiledViz: one function each, called alike by the command line and the web API."""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tvcore import paths, searching
from tvcore.batch import script, watch
from tvcore.batch.scheduler import JobState
from tvcore.batch.schedulers import default as default_scheduler
from tvcore.batch.schedulers import schedulers
from tvcore.cases import manager
from tvcore.cases.hookspecs import Report
from tvcore.config import load, split_settings
from tvcore.errors import TiledVizError, UsageError
from tvcore.planning import plan_case, silent
from tvcore.portal import instance
from tvcore.portal.roles import Role
from tvcore.session import SESSION, acts
from tvcore.store import Store
from tvcore.tunnel import agents
from tvcore.tunnel.keep import keep

__all__ = [
    "ask_agents", "cases", "jobs", "launch", "launch_again", "login_url", "logs", "notices", "plan_case",
    "render", "settings", "silent", "stop", "tail", "tiles", "wait_until_live",
]  # fmt: skip

STOP_SECONDS = 5.0
LOG_BYTES = 1 << 18
WAIT_SHORT, WAIT_LONG = 0.2, 1.0  # seconds between two looks at tiles that start, and at those that wait


# ------------------------------------------------------------------------ cases


def cases() -> list[dict[str, Any]]:
    """Return a dictionary per case, broken ones with their ``error``."""
    good, broken = manager.discover()
    found = [_case_document(case) for case in good.values()]
    found += [{"name": b.name, "source": b.source, "error": b.error} for b in broken]
    return sorted(found, key=lambda case: str(case["name"]))


def _case_document(case: manager.Case) -> dict[str, Any]:
    document = {"name": case.info.name, "source": case.source}
    try:
        schema = case.schema()
    except TiledVizError as error:
        return document | {"error": str(error)}
    return document | {
        "title": case.info.title,
        "description": case.info.description,
        "parameters": schema,
    }


def render(
    name: str, given: Mapping[str, object] | None = None, tiles: int | None = None, report: Report = silent
) -> str:
    """Return the job script that ``launch`` would submit."""
    plan, settings = plan_case(name, given, tiles, report=report)
    return script.render(plan, settings.job)


def settings() -> list[dict[str, Any]]:
    """Return a dictionary per setting: ``key``, ``value``, ``source`` (where the value comes from), ``description``."""
    return list(load().show())


# ------------------------------------------------------------------------- jobs


def launch(
    store: Store,
    name: str,
    given: Mapping[str, object] | None = None,
    tiles: int | None = None,
    title: str | None = None,
    report: Report = silent,
    indices: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Submit a job that shows the case *name*; return the job as ``jobs`` does. Its tiles are on the wall at once."""
    plan, settings = plan_case(name, given, tiles, title, report, indices)
    scheduler = default_scheduler(settings.scheduler.backend)
    job = scheduler.submit(script.render(plan, settings.job))
    _, for_job = split_settings(given or {}, list(plan.parameters))
    watch.adopt(store, plan, job, for_job)
    if scheduler.name != "local":
        keep(store)
    return _job(store, job)


def launch_again(store: Store, job: str, report: Report = silent) -> dict[str, Any]:
    """Launch what *job*, which is over, showed: the tiles that are still on the wall, which the new ones replace.

    Case, parameters and settings are those it was launched with; what people made of a tile is the new one's.
    """
    found = _job(store, job)
    if not JobState(found["state"]).ended:
        raise UsageError(f"job {job} is not over: its tiles can be started again (`tiledviz tile restart`)")
    run = store.run_of(job)
    here = {"scheduler.backend": "local"} if found["scheduler"] == "local" else {}
    given = {**run.parameters, **here, **run.settings}
    new = launch(store, run.case, given, title=run.title, report=report, indices=run.indices)
    old_ids, new_ids = _by_index(store, job), _by_index(store, new["id"])
    moved = {tile: new_ids[index] for index, tile in old_ids.items() if index in new_ids}
    acts.carry_over(store, moved, found["session"])
    store.remove_run(job)
    return new


def _by_index(store: Store, job: str) -> dict[int, int]:
    """Return the ids of the tiles of *job* by their numbers within it."""
    return {tile["index"]: tile["id"] for tile in store.tiles() if tile["job"] == job}


def jobs(store: Store, ask: bool = True) -> list[dict[str, Any]]:
    """Return a dictionary per job, oldest first; unless *ask* is false the schedulers are asked first."""
    if ask:
        watch.sync(store)
    return store.jobs()


def notices(store: Store) -> list[str]:
    """Return a sentence for each service and each live ensemble that is away, so that what is shown may be old."""
    return store.notices()


def stop(store: Store, job: str, remove: bool = False) -> dict[str, Any]:
    """End *job*; with *remove* its tiles leave the wall too. Returns the job as it is then.

    A batch system may take longer to end it than this waits: the job is then still ``running``.
    """
    found = _job(store, job)
    scheduler = schedulers().get(found["scheduler"])
    if scheduler is None:
        raise TiledVizError(f"job {job} belongs to {found['scheduler']}, which is not on this machine: stop it there")
    if not JobState(found["state"]).ended:
        scheduler.cancel(job)
        watch.ask_soon(store, job, STOP_SECONDS)
    found = _job(store, job)
    if remove:
        if JobState(found["state"]).ended:
            store.remove_run(job)
        else:  # it is known until it is over: what its agents say must not bring it back
            store.remove_tiles(tile["id"] for tile in store.tiles() if tile["job"] == job)
    return found


def _job(store: Store, job: str) -> dict[str, Any]:
    for found in store.jobs():
        if found["id"] == job:
            return found
    raise UsageError(f"there is no job {job}: `tiledviz jobs` lists those there are")


# ------------------------------------------------------------------------ tiles


def tiles(store: Store, query: str = "", sort: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return a dictionary per tile that *query* matches (all, if it is empty), as the node agents know them now.

    They come in the order of the columns *sort*; one that begins with ``-`` is sorted from the greatest down. Raises
    QueryError, and UsageError for a column to sort by that is not there.
    """
    ask_agents(store)
    found = store.tiles()
    if not query.strip() and not sort:
        return found
    members = searching.members(found, store.rooms.document(SESSION))
    down = [name.startswith("-") for name in sort]
    order = members.sort([name.removeprefix("-") for name in sort], down, members.filter(query))
    return [found[row] for row in order]


def tile_groups(store: Store, query: str, column: str) -> list[dict[str, Any]]:
    """Return the tiles that *query* matches by their values of *column*: ``value`` (None: missing) and ``tiles``.

    Raises QueryError, and UsageError for a *column* that is not there.
    """
    ask_agents(store)
    found = store.tiles()
    members = searching.members(found, store.rooms.document(SESSION))
    groups = members.group(column, members.filter(query))
    return [{"value": group.value, "tiles": [found[row]["id"] for row in group.rows]} for group in groups]


def ask_agents(store: Store) -> None:
    """Bring *store* up to date with schedulers and node agents."""
    watch.sync(store)
    running = {job["id"] for job in store.jobs(active=True)}
    for registration in agents.registrations():
        if registration.job in running:
            # One that does not answer is still starting, or ending: the store knows the last it said.
            with contextlib.suppress(TiledVizError):
                watch.apply_status(store, registration, agents.call(registration, "status"))


def logs(store: Store, what: str, lines: int = 50) -> list[str]:
    """Return the last *lines* of the log of *what*: a tile's id, or a job's."""
    if what.isdecimal():
        tile = store.tile(int(what))
        return tail(paths.jobs_dir() / tile.job / f"tile-{tile.index}.log", lines)
    _job(store, what)
    return tail(paths.jobs_dir() / what / "job.log", lines) or tail(paths.jobs_dir() / f"slurm-{what}.log", lines)


def tail(path: Path, lines: int) -> list[str]:
    """Return the last *lines* lines of the file *path*, none if it is not there; at most 256 KiB are read."""
    if lines < 1:
        raise UsageError(f"{lines} lines of a log cannot be shown: ask for one at least")
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_BYTES))
            text = file.read(LOG_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TiledVizError(f"the log {path} cannot be read: {error.strerror}") from error
    return text.splitlines()[-lines:]


# ----------------------------------------------------------------------- portal


def login_url(store: Store, role: Role = "owner") -> str:
    """Return an address that logs one browser in with *role*, once, within ten minutes.

    Raises TiledVizError without a portal.
    """
    portal = instance.running()
    if portal is None:
        raise TiledVizError("no portal of yours is running: start one with `tiledviz up`")
    ticket = secrets.token_hex(16)
    store.add_login_ticket(ticket, role=role)
    return f"{portal.url}#login={ticket}"


def wait_until_live(
    store: Store,
    job: str,
    report: Callable[[dict[str, Any], list[dict[str, Any]]], None],
    timeout: float | None = None,
) -> list[dict[str, Any]]:
    """Wait until no tile of *job* is queued or starting, for *timeout* seconds at most; return its tiles.

    *report* is called with the job and its tiles, as ``jobs`` and ``tiles`` have them, at every look.
    """
    deadline = math.inf if timeout is None else time.monotonic() + timeout
    while True:
        found = [tile for tile in tiles(store) if tile["job"] == job]
        report(_job(store, job), found)
        coming = any(tile["state"] in ("queued", "starting") for tile in found)
        if not coming or time.monotonic() > deadline:
            return found
        time.sleep(WAIT_LONG if all(tile["state"] == "queued" for tile in found) else WAIT_SHORT)
