"""What a person can do with invitations: make, list, revoke and accept them."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Sequence
from typing import Any

from tvcore.errors import UsageError
from tvcore.people.by import By, NoneSuchError, NotAllowedError, shell
from tvcore.people.names import guest_name, skeleton
from tvcore.portal.roles import Grant
from tvcore.store import Store
from tvcore.store.invitations import Wanted
from tvcore.tilesets.document import TILES_MAX

DAY = 86_400.0
DAYS, DAYS_MAX = 7.0, 366.0
USES_MAX = 1000
NOTE_MAX = 80
FRAGMENT = "#invite="  # of an address: no server is sent it, and no log has it

_SECRET = re.compile(r"[0-9A-Za-z_-]{43}")


class LookalikeError(UsageError):
    """The name is a member's or another guest's, or looks like one."""


def new_invitation(
    store: Store,
    by: By,
    session: str,
    control: bool = False,
    tiles: Sequence[int] | None = None,
    days: float = DAYS,
    uses: int | None = 1,
    note: str = "",
    display: str | None = None,
    leads: bool = False,
) -> dict[str, Any]:
    """Invite to a session; return the ``invitation`` and its ``secret``, which is told this once.

    With *control* guests operate, which only who operates may give (``shell`` says what it is). *tiles*: for those
    alone, by their ids. It is good for *days*, for so many *uses* (None: any number). *display*, *leads*: for a screen
    of a display wall of that name, or for its remote control (``display_walls``). Raises UsageError.
    """
    _check_rights(by, control)
    if not (math.isfinite(days) and 0 < days <= DAYS_MAX):
        raise UsageError(f"an invitation is good for more than 0 and at most {DAYS_MAX:.0f} days, not {days}")
    if uses is not None and not 1 <= uses <= USES_MAX:
        raise UsageError(f"an invitation is for 1 to {USES_MAX} guests, or for any number, not {uses}")
    note = note.strip()
    if len(note) > NOTE_MAX or not (note.isprintable()):
        raise UsageError(f"the note of an invitation has at most {NOTE_MAX} letters that can be printed")
    if tiles is not None:
        _check_tiles(store, session, tiles)
    secret = secrets.token_urlsafe(32)
    wanted = Wanted(control, tiles, days * DAY, uses, note, display, leads)

    def check(now: Grant | None) -> None:
        # What *by* may was so when the portal asked last: in the meantime it may have been taken from them.
        if now is None:
            raise NotAllowedError("you are no member of this project any more")
        _check_rights(By(by.person, now), control)

    made = store.invitations.new(session, secret, wanted, by.person, check)
    return {"invitation": store.invitations.read(made), "secret": secret}


def _check_rights(by: By, control: bool) -> None:
    by.need("manage")
    if control:
        by.need("operate", "only who operates invites with control: it is a shell as the portal's Unix user")


def _check_tiles(store: Store, session: str, tiles: Sequence[int]) -> None:
    if not 1 <= len(tiles) <= TILES_MAX:
        raise UsageError("choose one tile at least, or invite to the whole session")
    there = {tile["id"] for tile in store.tiles(tiles, session)}
    if missing := sorted(set(tiles) - there):
        raise UsageError(f"tile {missing[0]} is not in this session: `tiledviz tiles` lists those there are")


def invitations(store: Store, session: str) -> dict[str, Any]:
    """Return the ``invitations`` to a session, the newest first, and the sentence on a ``shell``."""
    return {"invitations": store.invitations.listed(session), "shell": shell()}


def revoke_invitation(store: Store, by: By, session: str, invitation: int) -> dict[str, Any]:
    """Make an invitation to *session* good for nothing, and have all who came by it be nobody; return it."""
    by.need("manage")
    if store.invitations.read(invitation)["session"] != session:
        raise NoneSuchError(f"there is no invitation {invitation} to this session")
    return store.invitations.revoke(invitation)


def accept_invitation(store: Store, secret: str, name: str, here: Sequence[int] = ()) -> int | None:
    """Return the id of a new guest who has *secret* and is called *name*; None: it is good for nobody (any more).

    Raises UsageError for a name that cannot be one, LookalikeError for one that looks like a member's, or like that of
    another guest of the session of those who are *here* now, by their ids. Who left may come again as who they were.
    """
    called = guest_name(name)
    if not _SECRET.fullmatch(secret):
        return None

    def check(members: Sequence[str], guests: Sequence[str]) -> None:
        for names, whose in ((members, "a member"), (guests, "another guest, who is here now")):
            if skeleton(called) in map(skeleton, names):
                raise LookalikeError(f"this is the name of {whose}, or looks like it: take another one")

    return store.invitations.accept(secret, called, here, check)
