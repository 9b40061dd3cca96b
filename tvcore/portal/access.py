"""Who somebody is, and what they may do where: what the store says of a login or an API token, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tvcore.portal.roles import Grant, grant_of

GUEST = "guest"  # the way of those who came by an invitation, or by an address of `tiledviz open --role`
TOKEN = "token"  # noqa: S105 - the way of the portal's own Unix user: one-time addresses


@dataclass(frozen=True)
class Who:
    """Somebody: *name* as the *way* knows them, *display* as others read it.

    *invitation* is the id of the one that a guest came by, *token* the name of the API token that speaks for them.
    """

    id: int
    way: str
    name: str
    display: str
    administrator: bool = False
    invitation: int | None = None
    token: str | None = None

    @property
    def guest(self) -> bool:
        """Whether this is somebody for the while of an invitation, without anything of their own."""
        return self.way == GUEST


@dataclass(frozen=True)
class SessionAccess:
    """A session, by its *key*, of the *project* by its id, and what one may do there."""

    key: str
    title: str
    project: int
    archived: bool
    grant: Grant


@dataclass(frozen=True)
class ProjectAccess:
    """A project that one is a member of, and what one may do there."""

    id: int
    name: str
    grant: Grant


NOBODY_WHO = Who(0, "", "", "")


@dataclass(frozen=True)
class Access:
    """All that *who* may do, as of a *version* of the store's; sessions by their keys, the oldest first."""

    who: Who = NOBODY_WHO
    version: int = 0
    sessions: Mapping[str, SessionAccess] = field(default_factory=dict)
    projects: Mapping[int, ProjectAccess] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The key of the session that one is in who names none; empty: there is none for them."""
        found = next((key for key, session in self.sessions.items() if not session.archived), None)
        return found or next(iter(self.sessions), "")


def access_of(said: Mapping[str, Any]) -> Access:
    """Return the value that the store's JSON (``tvcore.store.access``) stands for."""
    sessions, projects = {}, {}
    for each in said["sessions"]:
        if (grant := grant_of(each)) is not None:
            session = SessionAccess(each["key"], each["title"], each["project"], each["archived"], grant)
            sessions[session.key] = session
    for each in said["projects"]:
        if (grant := grant_of(each)) is not None:
            projects[each["id"]] = ProjectAccess(each["id"], each["name"], grant)
    return Access(Who(**said["who"]), said["version"], sessions, projects)
