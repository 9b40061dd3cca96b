"""Who may do what: the table of roles and rights, as data, and the one decision that is made from it.

A job runs as the portal's Unix user. So whoever may launch, run a command, put a file, or press a key in a tile holds
that user's shell: that is the right ``operate``, apart from all others. A project's owners have it; others have it
where an owner granted it to them, for a project or by an invitation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Role = Literal["owner", "admin", "editor", "viewer", "guest"]
Right = Literal["see", "read", "arrange", "host", "manage", "own", "operate"]
About = Literal["session", "project", "person", "portal"]

ROLES: tuple[Role, ...] = get_args(Role)

RIGHTS: Mapping[Right, str] = {
    "see": "the wall: its pictures, names, metadata and notes, search, and a tile opened to look at",
    "read": "what can be taken away: logs, exports, versions and tile sets, and who is a member",
    "arrange": "change how the wall stands: order, tags, notes, drawings",
    "host": "make, copy, rename and archive sessions",
    "manage": "add and remove members, say what role they have, invite people, delete sessions",
    "own": "say who may operate, hand the project over, delete it, and read who did what",
    "operate": "launch and end jobs, run commands, files, keys and pointer in tiles: a shell as the portal's Unix user",
}

TABLE: Mapping[Role, frozenset[Right]] = {
    "owner": frozenset({"see", "read", "arrange", "host", "manage", "own", "operate"}),
    "admin": frozenset({"see", "read", "arrange", "host", "manage"}),
    "editor": frozenset({"see", "read", "arrange", "host"}),
    "viewer": frozenset({"see", "read"}),
    "guest": frozenset({"see"}),
}

SHELL = "whoever operates has a shell as the Unix user {user}: give this only to who may have that account"


@dataclass(frozen=True)
class Grant:
    """What somebody may do in a project or session.

    *operate* was granted beside the *role*. *tiles* are the ids of those that an invitation is for, None for all.
    *scope* is what an API token is for: the rights that it has of its person's; None for all. *leads*: it is for the
    remote control of a display wall.
    """

    role: Role
    operate: bool = False
    tiles: frozenset[int] | None = None
    scope: frozenset[Right] | None = None
    leads: bool = False

    def may(self, right: Right) -> bool:
        """Return whether this has *right*."""
        if self.scope is not None and right not in self.scope:
            return False
        return right in TABLE[self.role] or (right == "operate" and self.operate)

    def may_lead(self) -> bool:
        """Return whether this may say what display walls show: who arranges the session, and their remote controls."""
        return self.tiles is None and (self.may("arrange") or (self.leads and self.may("see")))

    def rights(self) -> list[Right]:
        """Return the rights that this has, in the order of the table."""
        return [right for right in RIGHTS if self.may(right)]

    def reaches(self, tiles: Iterable[int]) -> bool:
        """Return whether all of *tiles*, by their ids, are among those that this is for."""
        return self.tiles is None or self.tiles.issuperset(tiles)


@dataclass(frozen=True)
class Need:
    """What a call needs: the *right*, in what it is *about*.

    About a ``person`` (whoever calls) it needs none, and about the ``portal`` an administrator. *chosen*: also who was
    invited to chosen tiles may; *guests*: also who came by an invitation may, of what is about a person.
    """

    about: About = "session"
    right: Right = "see"
    chosen: bool = False
    guests: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why a call may not be: an HTTP *status*, and one line."""

    status: int
    text: str


def refusal(need: Need, grant: Grant | None, administrator: bool = False, guest: bool = False) -> Refusal | None:
    """Return why somebody may not do what has this *need*; None: it may be.

    *grant* is what they have in the session or project that it is about, None when they are no member there: they are
    told what they would be told if it did not exist. *administrator* and *guest* say what they are in the portal.
    """
    if need.about == "portal":
        return None if administrator else Refusal(403, "this is for the portal's administrators")
    if need.about == "person":
        return Refusal(403, "this is for members, not for guests") if guest and not need.guests else None
    if grant is None:
        return Refusal(404, f"there is no such {need.about}, or you are no member of it")
    if not grant.may(need.right):
        return Refusal(403, lacking(grant, need.right))
    if grant.tiles is not None and not need.chosen:
        return Refusal(403, "your invitation is for chosen tiles of this session, and for nothing else of it")
    return None


def lacking(grant: Grant, right: Right) -> str:
    """Return the line for who has *grant*, and not *right*."""
    if grant.scope is not None and right not in grant.scope:
        return f"this API token is not for the right `{right}`: {RIGHTS[right]}"
    return f"the role {grant.role} has not the right `{right}`: {RIGHTS[right]}"


def known(text: str) -> Role | None:
    """Return the role *text*; None if there is none of that name, as one of a later release."""
    return next((role for role in ROLES if role == text), None)


def grant_of(said: Mapping[str, Any]) -> Grant | None:
    """Return the grant in a JSON object with ``role``, ``operate``, ``tiles``, ``scope``, ``leads``.

    None: an unknown role.
    """
    role = known(said["role"])
    if role is None:
        return None
    tiles, scope = said.get("tiles"), said.get("scope")
    return Grant(
        role,
        bool(said.get("operate")),
        None if tiles is None else frozenset(tiles),
        None if scope is None else frozenset(right for right in RIGHTS if right in scope),
        bool(said.get("leads")),
    )


OWNER = Grant("owner")


def may(role: Role, right: Right) -> bool:
    """Return whether who has *role* alone has *right*."""
    return right in TABLE[role]
