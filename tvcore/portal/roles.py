"""Who may do what: the table of roles and rights, as data.

A job runs as the portal's Unix user. So whoever may launch, run a command, put a file, or press a key in a tile holds
that user's shell: that is the right ``operate``, apart from all others, and the owner's alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["owner", "admin", "editor", "viewer", "guest"]
Right = Literal["see", "arrange", "manage", "operate"]

ROLES: tuple[Role, ...] = get_args(Role)

RIGHTS: Mapping[Right, str] = {
    "see": "the wall: its pictures, metadata and logs, and a tile opened to look at",
    "arrange": "change how the wall stands: order, tags, notes",
    "manage": "invite people, and say who may do what",
    "operate": "launch and end jobs, run commands, files, keys and pointer in tiles: a shell as the portal's Unix user",
}

TABLE: Mapping[Role, frozenset[Right]] = {
    "owner": frozenset({"see", "arrange", "manage", "operate"}),
    "admin": frozenset({"see", "arrange", "manage"}),
    "editor": frozenset({"see", "arrange"}),
    "viewer": frozenset({"see"}),
    "guest": frozenset({"see"}),
}


def known(text: str) -> Role | None:
    """Return the role *text*; None if there is none of that name, as one of a later release."""
    return next((role for role in ROLES if role == text), None)


def rights(role: Role) -> list[Right]:
    """Return the rights that *role* has, in the order of the table."""
    return [right for right in RIGHTS if may(role, right)]


def may(role: Role, right: Right) -> bool:
    """Return whether who has *role* has *right*."""
    return right in TABLE[role]
