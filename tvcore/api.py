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

from tvcore import paths
from tvcore.batch import script, watch
from tvcore.batch.place import Ask, place
from tvcore.batch.plan import Plan, TilePlan, refused_by_name
from tvcore.batch.scheduler import JobState
from tvcore.batch.schedulers import default as default_scheduler
from tvcore.batch.schedulers import schedulers
from tvcore.cases import manager
from tvcore.cases.hookspecs import Report
from tvcore.config import Settings, load, split_settings
from tvcore.errors import TiledVizError, UsageError
from tvcore.portal import instance
from tvcore.store import Store
from tvcore.tunnel import agents
from tvcore.tunnel.keep import keep

STOP_SECONDS = 5.0
LOG_BYTES = 1 << 18
RESERVED = ("title", "tags", "state", "node", "case", "job")


def silent(_fraction: float, _text: str) -> None:
    """Take a report of progress and say nothing."""


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


def plan_case(
    name: str,
    given: Mapping[str, object] | None = None,
    tiles: int | None = None,
    title: str | None = None,
    report: Report = silent,
) -> tuple[Plan, Settings]:
    """Return the plan that shows *tiles* members of the case *name*, and the settings that its job is to have.

    *given* are parameters of the case and settings of the job alike. What the members need is made first. Raises
    UsageError for an unknown case, key or value.
    """
    case = manager.find(name)
    for_case, for_job = split_settings(given or {}, case.parameter_names())
    settings = load(for_job).settings
    parameters = case.parameters(for_case)
    if tiles is not None and tiles < 1:
        raise UsageError(f"--tiles {tiles}: a wall needs at least one tile")
    case.prepare(parameters, report)
    members = case.members(parameters, tiles)
    if not members or (tiles is not None and len(members) < tiles):
        raise UsageError(f"the case {name} has {len(members)} members with these parameters, fewer than {tiles or 1}")
    ensemble = case.ensemble(parameters)
    planned = [(member, case.tile(parameters, member)) for member in members]
    gpus = settings.job.gpus_per_node
    places = place([Ask(gpu=spec.gpu) for _, spec in planned], settings.job.nodes, gpus)
    paths.jobs_dir()  # where Slurm is to write the job's log
    with refused_by_name(f"the case {name}"):
        plan = Plan(
            case=name,
            title=title or case.info.title,
            state=str(paths.state_dir()),
            ensemble=str(ensemble) if ensemble else None,
            parameters=parameters.model_dump(mode="json"),
            tiles=tuple(
                TilePlan(
                    index=index,
                    title=member.title,
                    tags=member.tags,
                    member=member.index if ensemble else None,
                    command=spec.command,
                    environment=spec.environment,
                    width=spec.width,
                    height=spec.height,
                    unwatched=spec.unwatched,
                    node=there.node,
                    gpu=there.gpu,
                )
                for index, ((member, spec), there) in enumerate(zip(planned, places, strict=True))
            ),
            container=settings.job.container,
            scratch=settings.job.scratch,
            isolation=settings.tiles.isolation,
            tunnel_way=settings.tunnel.way,
        )
    return plan, settings


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
) -> dict[str, Any]:
    """Submit a job that shows the case *name*; return the job as ``jobs`` does. Its tiles are on the wall at once."""
    plan, settings = plan_case(name, given, tiles, title, report)
    scheduler = default_scheduler(settings.scheduler.backend)
    job = scheduler.submit(script.render(plan, settings.job))
    watch.adopt(store, plan, job)
    if scheduler.name != "local":
        keep(store)
    return _job(store, job)


def jobs(store: Store, ask: bool = True) -> list[dict[str, Any]]:
    """Return a dictionary per job, oldest first; unless *ask* is false the schedulers are asked first."""
    if ask:
        watch.sync(store)
    return store.jobs()


def notices(store: Store) -> list[str]:
    """Return a sentence for each service (scheduler, tunnels) that is away, so that what is shown may be old."""
    return store.services.notices()


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
        store.remove_run(job)
    return found


def _job(store: Store, job: str) -> dict[str, Any]:
    for found in store.jobs():
        if found["id"] == job:
            return found
    raise UsageError(f"there is no job {job}: `tiledviz jobs` lists those there are")


# ------------------------------------------------------------------------ tiles


def tiles(store: Store, query: str = "") -> list[dict[str, Any]]:
    """Return a dictionary per tile that *query* matches (all, if it is empty), as the node agents know them now."""
    ask_agents(store)
    found = store.tiles()
    if not query.strip():
        return found
    wanted = set(match(found, query))
    return [tile for tile in found if tile["id"] in wanted]


def ask_agents(store: Store) -> None:
    """Bring *store* up to date with schedulers and node agents."""
    watch.sync(store)
    running = {job["id"] for job in store.jobs(active=True)}
    for registration in agents.registrations():
        if registration.job in running:
            # One that does not answer is still starting, or ending: the store knows the last it said.
            with contextlib.suppress(TiledVizError):
                watch.apply_status(store, registration, agents.call(registration, "status")["tiles"])


def match(found: Sequence[Mapping[str, Any]], query: str) -> list[int]:
    """Return the ids of the tiles among *found* that *query* matches (``tvcore.ensemble.query``).

    Columns: title, tags, state, node, case, job, and the members' metadata; a tile without a column never matches
    a comparison with it. Raises QueryError with the position of what is wrong.
    """
    from tvcore.ensemble.query import parse  # NumPy is loaded by those who search

    expression = parse(query)
    table: dict[str, list[Any]] = {name: [_reserved(tile, name) for tile in found] for name in RESERVED}
    names = {name for tile in found for name in tile["metadata"]}
    for name in sorted(names - set(RESERVED)):
        values = [tile["metadata"].get(name) for tile in found]
        text = any(isinstance(value, str) for value in values)
        table[name] = [_missing(value, text) for value in values]
    return [int(tile["id"]) for tile, hit in zip(found, expression.evaluate(table), strict=True) if hit]


def _reserved(tile: Mapping[str, Any], name: str) -> Any:
    return tile[name] if name == "tags" else tile[name] or ""


def _missing(value: Any, text: bool) -> Any:
    if value is None:
        return "" if text else math.nan
    return str(value) if text else value


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


def login_url(store: Store) -> str:
    """Return an address that logs one browser in, once, within ten minutes. Raises TiledVizError without a portal."""
    portal = instance.running()
    if portal is None:
        raise TiledVizError("no portal of yours is running: start one with `tiledviz up`")
    ticket = secrets.token_hex(16)
    store.add_login_ticket(ticket)
    return f"{portal.url}#login={ticket}"


def wait_until_live(
    store: Store, job: str, report: Callable[[dict[str, int]], None], timeout: float = 120.0
) -> dict[str, int]:
    """Wait until no tile of *job* is queued or starting, calling *report* with the number of tiles in each state."""
    deadline = time.monotonic() + timeout
    while True:
        states: dict[str, int] = {}
        for tile in tiles(store):
            if tile["job"] == job:
                states[tile["state"]] = states.get(tile["state"], 0) + 1
        report(states)
        if not states.get("queued") and not states.get("starting"):
            return states
        if time.monotonic() > deadline:
            return states
        time.sleep(0.2)
