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
from tvcore.analysis.made import Made
from tvcore.apart import CancelledError
from tvcore.batch import script, watch
from tvcore.batch.scheduler import JobState
from tvcore.batch.schedulers import default as default_scheduler
from tvcore.batch.schedulers import needs_tunnel, schedulers
from tvcore.cases import catalog
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
    """Return a dictionary per case, broken ones with their ``error``; plugins without a case are not among them."""
    return [_case_document(each) for each in catalog.describe_all() if each.is_case]


def _case_document(case: catalog.Description) -> dict[str, Any]:
    document = {"name": case.name, "source": case.origin}
    if case.error:
        return document | {"error": case.error}
    return document | {
        "title": case.title,
        "description": case.description,
        "parameters": case.parameters,
        "picture": bool(case.picture),
        "hooks": list(case.hooks),
        "warnings": list(case.warnings),
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
    cancelled: Callable[[], bool] | None = None,
    session: str = SESSION,
) -> dict[str, Any]:
    """Submit a job that shows the case *name* in *session*; return the job as ``jobs`` does.

    Its tiles are on the session's wall at once.

    Once *cancelled* returns true nothing is submitted any more: CancelledError. Nor is it for a session that is gone.
    """
    plan, settings = plan_case(name, given, tiles, title, report, indices, cancelled, session)
    _, for_job = split_settings(given or {}, list(catalog.describe(name).parameters.get("properties", {})))
    scheduler = default_scheduler(settings.scheduler.backend)
    if plan.nodes > getattr(scheduler, "most_nodes", plan.nodes):
        raise UsageError(f"--set job.nodes={plan.nodes}: jobs of {scheduler.name} have one node")
    text = script.render(plan, settings.job)
    if cancelled and cancelled():
        raise CancelledError("it was cancelled")
    if session != SESSION:
        store.sessions.project_of(session)  # it may have been deleted while the case made its ensemble
    job = scheduler.submit(text)
    try:
        watch.adopt(store, plan, job, for_job)
    except Exception:  # whatever it was: nobody could see the job, nor end it
        with contextlib.suppress(TiledVizError):
            scheduler.cancel(job)
        raise
    if needs_tunnel(scheduler):
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
    session = found["session"]
    new = launch(store, run.case, given, title=run.title, report=report, indices=run.indices, session=session)
    old_ids, new_ids = _by_index(store, job), _by_index(store, new["id"])
    take_over(store, job, new["id"], {tile: new_ids[index] for index, tile in old_ids.items() if index in new_ids})
    store.remove_run(job)
    return new


def take_over(store: Store, old: str, new: str, moved: Mapping[int, int]) -> None:
    """Have the job *new* be shown wherever *old* is, with what people made of its tiles: new ids by old ones."""
    acts.carry_over(store, moved, _job(store, new)["session"])
    for session in store.sessions.showing(old):
        store.sessions.show(session, new)
        acts.carry_over(store, moved, session)


def _by_index(store: Store, job: str) -> dict[int, int]:
    """Return the ids of the tiles of *job* by their numbers within it."""
    return {tile["index"]: tile["id"] for tile in store.tiles() if tile["job"] == job}


def jobs(store: Store, ask: bool = True, session: str | None = None) -> list[dict[str, Any]]:
    """Return a dictionary per job that feeds *session* (None: any), oldest first.

    Unless *ask* is false the schedulers are asked first.
    """
    if ask:
        watch.sync(store)
    return store.jobs(session=session)


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


def tiles(store: Store, query: str = "", sort: Sequence[str] = (), session: str | None = None) -> list[dict[str, Any]]:
    """Return a dictionary per tile of *session* that *query* matches (empty: all), as the node agents know them now.

    None are the tiles of all sessions, with what people wrote in the first one.
    They come in the order of the columns *sort*; one that begins with ``-`` is sorted from the greatest down. Raises
    QueryError, and UsageError for a column to sort by that is not there.
    """
    ask_agents(store)
    document = store.rooms.document(session or SESSION)
    given = store.tiles(session=session)
    found = Made(document).tiles(given)
    if not query.strip() and not sort:
        return found
    members = searching.members(given, document)
    down = [name.startswith("-") for name in sort]
    order = members.sort([name.removeprefix("-") for name in sort], down, members.filter(query))
    return [found[row] for row in order]


def tile_groups(store: Store, query: str, column: str, session: str | None = None) -> list[dict[str, Any]]:
    """Return the tiles of *session* that *query* matches by their values of *column*: ``value`` and ``tiles``.

    A value that is missing is None; a session of None is as ``tiles`` has it.
    Raises QueryError, and UsageError for a *column* that is not there.
    """
    ask_agents(store)
    found = store.tiles(session=session)
    members = searching.members(found, store.rooms.document(session or SESSION))
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
    store.access.add_ticket(ticket, role=role)
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
