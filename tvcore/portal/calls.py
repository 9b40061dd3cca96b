"""What the portal's worker processes do: the store, schedulers, HDF5, logs. Arguments and results are JSON."""

from __future__ import annotations

import json
import math
from itertools import islice
from pathlib import Path
from typing import Any

from tvcore import api, paths
from tvcore.batch import watch
from tvcore.portal.export_calls import EXPORT_FUNCTIONS
from tvcore.portal.opened import opened_store
from tvcore.portal.roles import Role
from tvcore.portal.search_calls import SEARCH_FUNCTIONS
from tvcore.portal.session_calls import SESSION_FUNCTIONS
from tvcore.portal.tile_calls import TILE_FUNCTIONS
from tvcore.portal.tileset_calls import TILESET_FUNCTIONS
from tvcore.tunnel.agents import Registration
from tvcore.tunnel.keep import keep


def finite(value: Any) -> Any:
    """Return *value* with null for each number that JSON does not have (RFC 8259, section 6)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return value


def open_store() -> None:
    """Open the store, so that one that is broken is told at the portal's start."""
    opened_store()


def use_login_ticket(ticket: str) -> str | None:
    """Return whose role the login ticket was good for, None if it was not; it is not any more."""
    return opened_store().use_login_ticket(ticket)


def add_login(cookie: str, key: str, seconds: float, role: Role) -> None:
    """Let in whoever shows *cookie* and *key*, with *role*."""
    opened_store().add_login(cookie, key, seconds, role)


def login_valid(cookie: str, key: str) -> str | None:
    """Return the role of the login to which *cookie* and *key* belong, if there is one."""
    return opened_store().login_valid(cookie, key)


def cookie_known(cookie: str) -> bool:
    """Return whether a page of the browser with *cookie* is logged in."""
    return opened_store().cookie_known(cookie)


def remove_login(cookie: str) -> None:
    """End the login of *cookie*."""
    opened_store().remove_login(cookie)


def wall(session: str) -> Any:
    """Return the wall document."""
    return finite(opened_store().wall(session))


def apply_status(job: str, node: str, tiles: list[dict[str, Any]]) -> list[int]:
    """Write what the agent of *job* on *node* says of its tiles; return the ids of those that changed."""
    return opened_store().apply_tiles(job, node, tiles)


def apply_members(job: str, node: str, said: dict[str, Any]) -> bool:
    """Write what the agent of *job* on *node* *said* of members; return whether it is news."""
    return opened_store().apply_members(job, node, said)


def sync(session: str, known: dict[str, list[int]]) -> dict[str, Any]:
    """Bring the store up to date with the node agents; return its revision, and the registrations.

    Its head is the number of the session's last operation. Nothing here waits for a batch system: ``ask_schedulers``
    does. *known* is a mark of the file by the registration's name (size, time, inode); what is not known comes whole.
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
    head = opened_store().rooms.head(session)
    return {"revision": opened_store().revision(session), "head": head, "names": names, "changed": changed}


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


def ops_since(session: str, seq: int | None) -> dict[str, Any]:
    """Return what the session came to after *seq*, as the message that tells a page, and the number it comes to."""
    found = opened_store().rooms.since(session, seq)
    if seq is not None and seq > found["head"]:  # of another store, or of one that was put back
        seq, found = None, opened_store().rooms.since(session, None)
    if seq is None or found["base"] is not None:
        event = {"event": "document", **found}
    else:
        event = {"event": "ops", "after": seq, "ops": found["ops"]}
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


def tiles() -> Any:
    """Return what ``tiledviz tiles --json`` prints, as far as it is known: nobody is asked for it."""
    return finite(opened_store().tiles())


def jobs() -> Any:
    """Return what ``tiledviz jobs --json`` prints, as far as it is known: nobody is asked for it."""
    return finite(api.jobs(opened_store(), ask=False))


def cases() -> Any:
    """Return what ``tiledviz cases --json`` prints."""
    return finite(api.cases())


def launch(case: str, settings: dict[str, Any], tiles: int | None) -> Any:
    """Submit a job that shows *case*."""
    return finite(api.launch(opened_store(), case, settings, tiles))


def stop(job: str) -> Any:
    """End *job*."""
    return finite(api.stop(opened_store(), job))


def launch_again(job: str) -> Any:
    """Launch once more what *job* showed."""
    return finite(api.launch_again(opened_store(), job))


FUNCTIONS = TILE_FUNCTIONS | TILESET_FUNCTIONS | EXPORT_FUNCTIONS | SESSION_FUNCTIONS | SEARCH_FUNCTIONS | {
    function.__name__: function
    for function in (
        open_store, use_login_ticket, add_login, login_valid, cookie_known, remove_login, wall, apply_status,
        apply_members, sync, append_ops, settle, ops_since, ask_schedulers, keep_endpoint, logs, tiles, jobs, cases,
        launch, stop, launch_again,
    )
}  # fmt: skip
