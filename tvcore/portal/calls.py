"""What the portal's worker processes do: the store, schedulers, HDF5, logs. Arguments and results are JSON."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

from tvcore import api, paths
from tvcore.analysis.made import Made
from tvcore.batch import watch
from tvcore.portal.access_calls import ACCESS_FUNCTIONS
from tvcore.portal.account_calls import ACCOUNT_FUNCTIONS
from tvcore.portal.analysis_calls import ANALYSIS_FUNCTIONS
from tvcore.portal.audit_calls import AUDIT_FUNCTIONS
from tvcore.portal.chosen import Part
from tvcore.portal.export_calls import EXPORT_FUNCTIONS
from tvcore.portal.finite import finite
from tvcore.portal.health_calls import HEALTH_FUNCTIONS
from tvcore.portal.launch_calls import LAUNCH_FUNCTIONS
from tvcore.portal.login_calls import LOGIN_FUNCTIONS
from tvcore.portal.opened import opened_store
from tvcore.portal.project_calls import PROJECT_FUNCTIONS
from tvcore.portal.roles import Role
from tvcore.portal.search_calls import SEARCH_FUNCTIONS
from tvcore.portal.session_calls import SESSION_FUNCTIONS
from tvcore.portal.tile_calls import TILE_FUNCTIONS
from tvcore.portal.tileset_calls import TILESET_FUNCTIONS
from tvcore.tunnel.agents import Registration
from tvcore.tunnel.keep import keep


def open_store() -> None:
    """Open the store, so that one that is broken is told at the portal's start."""
    opened_store()


def wall(session: str) -> Any:
    """Return the wall document."""
    return finite(opened_store().wall(session))


def apply_status(job: str, node: str, tiles: list[dict[str, Any]]) -> dict[str, Any]:
    """Write what the agent of *job* on *node* says of its tiles.

    Returns the ids of those that ``changed``, and the indices of those that run though they were ``removed``.
    """
    store = opened_store()
    running = [tile["index"] for tile in tiles if tile["state"] in ("starting", "live")]
    return {"changed": store.apply_tiles(job, node, tiles), "removed": store.removed(job, running)}


def apply_members(job: str, node: str, said: dict[str, Any]) -> bool:
    """Write what the agent of *job* on *node* *said* of members; return whether it is news."""
    return opened_store().apply_members(job, node, said)


def sync(walls: list[str], rooms: list[str], known: dict[str, list[int]]) -> dict[str, Any]:
    """Bring the store up to date with the node agents.

    Returns the revision of each of *walls* and the number of the last operation in each of *rooms*, both by session,
    and the registrations. Nothing here waits for a batch system: ``ask_schedulers`` does. *known* is a mark of the
    file by the registration's name (size, time, inode); what is not known comes whole.
    """
    watch.sync_here(opened_store())
    names, changed = {}, {}
    for path, mark in paths.marks(sorted(paths.agents_dir().glob("*.json"))).items():
        name = Path(path).name
        if known.get(name) != list(mark):
            try:
                changed[name] = Registration.model_validate_json(Path(path).read_bytes()).model_dump(mode="json")
            except (OSError, ValueError):
                continue
        names[name] = mark
    revisions = opened_store().revisions()
    heads = {session: opened_store().rooms.head(session) for session in rooms}
    found = {session: revisions.get(session, 0) for session in walls}
    return {"revisions": found, "heads": heads, "names": names, "changed": changed}


def append_ops(session: str, acts: list[dict[str, Any]], after: int) -> dict[str, Any]:
    """Put in order what persons do (*acts*: person, role, ops); return what came of each, and all since *after*.

    Of each of *acts* there is what was refused, and the names of what had its number before: a page that was away
    sends again what it does not know to be ordered.
    """
    # One transaction a person, however many pages of theirs; of each page the order stays.
    whose: dict[tuple[str, Role], list[int]] = {}
    for number, act in enumerate(acts):
        whose.setdefault((act["person"], act["role"]), []).append(number)
    came: list[dict[str, Any]] = [{} for _ in acts]
    for (person, role), numbers in whose.items():
        together = [op for number in numbers for op in acts[number]["ops"]]
        done = iter(opened_store().rooms.append(session, person, role, together))
        for number in numbers:
            own = list(islice(done, len(acts[number]["ops"])))
            known = [each["op"]["id"] for each in own if "op" in each and each["op"]["seq"] <= after]
            came[number] = {"refused": [each for each in own if "refused" in each], "known": known}
    return {"came": came, **ops_since(session, after)}


def settle(session: str) -> bool:
    """Fold the oldest operations of *session* when there are too many; return whether there were."""
    return opened_store().rooms.settle(session)


def ops_since(session: str, seq: int | None, tiles: list[int] | None = None, person: str = "") -> dict[str, Any]:
    """Return what the session came to after *seq*, as the message that tells a page, and the number it comes to.

    With *tiles* it is what *person* may see who was invited to those alone.
    """
    found = opened_store().rooms.since(session, seq)
    if seq is not None and seq > found["head"]:  # of another store, or of one that was put back
        seq, found = None, opened_store().rooms.since(session, None)
    if seq is None or found["base"] is not None:
        event = {"event": "document", **found}
    else:
        event = {"event": "ops", "after": seq, "ops": found["ops"]}
    if tiles is not None:
        event = Part(frozenset(tiles), person).event(event)
    return {"head": found["head"], "message": json.dumps(event, allow_nan=False)}


def ask_schedulers() -> bool:
    """Ask the batch systems for the jobs, if it is time; return whether there are any."""
    return watch.ask_batch(opened_store())


def keep_endpoint() -> bool:
    """See that the tunnels' endpoint runs where there is a batch system, and note when it cannot.

    Returns whether there is one.
    """
    return keep(opened_store())


def logs(tile: int, lines: int) -> list[str]:
    """Return the last lines of a tile's log."""
    return api.logs(opened_store(), str(tile), lines)


def tiles(session: str) -> Any:
    """Return what ``tiledviz tiles --json`` prints of *session*, as far as it is known: nobody is asked for it."""
    store = opened_store()
    return finite(Made(store.rooms.document(session)).tiles(store.tiles(session=session)))


def jobs(session: str) -> Any:
    """Return what ``tiledviz jobs --json`` prints of *session*, as far as it is known: nobody is asked for it."""
    return finite(opened_store().jobs(session=session))


def shows(session: str, tile: int) -> bool:
    """Return whether *tile* is on the wall of *session*."""
    return opened_store().shows(session, tile)


def shows_job(session: str, job: str) -> bool:
    """Return whether *job* feeds the wall of *session*."""
    return opened_store().shows_job(session, job)


def cases() -> Any:
    """Return what ``tiledviz cases --json`` prints."""
    return finite(api.cases())


def stop(job: str) -> Any:
    """End *job*."""
    return finite(api.stop(opened_store(), job))


def launch_again(job: str) -> Any:
    """Launch once more what *job* showed."""
    return finite(api.launch_again(opened_store(), job))


_OTHERS = (
    TILE_FUNCTIONS, TILESET_FUNCTIONS, EXPORT_FUNCTIONS, SESSION_FUNCTIONS, SEARCH_FUNCTIONS, LAUNCH_FUNCTIONS,
    LOGIN_FUNCTIONS, ACCOUNT_FUNCTIONS, ACCESS_FUNCTIONS, AUDIT_FUNCTIONS, HEALTH_FUNCTIONS, PROJECT_FUNCTIONS,
    ANALYSIS_FUNCTIONS,
)  # fmt: skip
FUNCTIONS = {name: function for others in _OTHERS for name, function in others.items()} | {
    function.__name__: function
    for function in (
        open_store, wall, apply_status,
        apply_members, sync, append_ops, settle, ops_since, ask_schedulers, keep_endpoint, logs, tiles, jobs, shows,
        shows_job, cases, stop, launch_again,
    )
}  # fmt: skip
