"""What a person can do with sessions: one function each, called alike by the command line and the web API."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from tvcore.people.by import By
from tvcore.people.names import title as titled
from tvcore.portal.roles import OWNER, Grant
from tvcore.store import Store
from tvcore.store.walls import Lost

Archived = Literal["no", "yes", "all"]


def sessions(
    store: Store,
    grants: Mapping[str, Grant] | None = None,
    projects: Collection[int] = (),
    query: str = "",
    archived: Archived = "no",
) -> list[dict[str, Any]]:
    """Return a dictionary per session with *query* in its title or its project's name, by project, the oldest first.

    All for *grants* of None, else those that somebody has one in, by their keys, who is a member of *projects*: who was
    invited learns of no project, and who was invited to chosen tiles of nothing but those.
    """
    wanted = query.strip().casefold()
    rows = store.sessions.listed(grants)
    found = rows if grants is None else [_seen(store, each, grants[each["key"]], projects) for each in rows]
    found = [each | _may(OWNER) if grants is None else each for each in found]
    return [
        each
        for each in sorted(found, key=lambda each: (each["project"], each["created"]))
        if (archived == "all" or each["archived"] == (archived == "yes"))
        and (wanted in each["title"].casefold() or wanted in each["project_name"].casefold())
    ]


def _seen(store: Store, found: dict[str, Any], grant: Grant, projects: Collection[int]) -> dict[str, Any]:
    said = found | _may(grant)
    if found["project"] not in projects:
        said |= {"project_name": "", "changed": None}
    if grant.tiles is not None:
        said |= {"sets": 0, "tiles": store.sessions.chosen_tiles(found["key"], grant.tiles)}
    return said


def _may(grant: Grant) -> dict[str, Any]:
    return {"role": grant.role, "rights": grant.rights(), "chosen": grant.tiles is not None}


def session(store: Store, by: By, key: str) -> dict[str, Any]:
    """Return one, with the ``jobs`` that it shows, and what a delete ``loses``. Raises UsageError: there is none."""
    return store.sessions.read(key) | _may(by.grant)


def _plain(store: Store, by: By, key: str) -> dict[str, Any]:
    (found,) = store.sessions.listed([key])
    return found | _may(by.grant)


def new_session(store: Store, by: By, project: int, title: str) -> dict[str, Any]:
    """Make an empty session in a project."""
    by.need("host")
    return _plain(store, by, store.sessions.new(project, titled(title, "session")))


def rename_session(store: Store, by: By, key: str, title: str) -> dict[str, Any]:
    """Call a session otherwise; its key, and so every link to it, stays."""
    by.need("host")
    store.sessions.rename(key, titled(title, "session"))
    return _plain(store, by, key)


def copy_session(store: Store, by: By, key: str, title: str) -> dict[str, Any]:
    """Make a session that shows the same tiles, with what people made of them: not its versions and invitations."""
    by.need("host")
    return _plain(store, by, store.sessions.copy(key, titled(title, "session")))


def archive_session(store: Store, by: By, key: str, archived: bool) -> dict[str, Any]:
    """Put a session away, or have it back: it is there as before, and listed apart."""
    by.need("host")
    store.sessions.archive(key, archived)
    return _plain(store, by, key)


def show_job(store: Store, by: By, key: str, job: str) -> dict[str, Any]:
    """Have a session show the tiles of a *job* of another session of its project too."""
    by.need("host")
    store.sessions.show(key, job)
    return _plain(store, by, key)


def hide_job(store: Store, by: By, key: str, job: str) -> dict[str, Any]:
    """Have a session show the tiles of another session's *job* no more."""
    by.need("host")
    store.sessions.hide(key, job)
    return _plain(store, by, key)


def delete_session(store: Store, by: By, key: str) -> dict[str, Any]:
    """Delete a session; return its ``title`` and what was ``lost``. Raises TiledVizError: a job runs for it alone."""
    by.need("manage")
    (found,) = store.sessions.listed([key]) or [{"title": key}]
    return {"title": found["title"], "lost": store.sessions.delete(key).plain()}


def lost_line(lost: Mapping[str, int]) -> str:
    """Return what was lost as people read it."""
    return Lost(**lost).line() or "nothing"
