"""API tokens: for programs that act for a person, with no more than what the person says of their own rights."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Collection
from typing import Any

from tvcore.errors import UsageError
from tvcore.portal.roles import RIGHTS, Right
from tvcore.store import Store

PREFIX = "tvz_"
DAYS, DAYS_MOST = 90, 366
NAME_MAX = 80


def mine(store: Store, person: int) -> list[dict[str, Any]]:
    """Return the tokens of *person*: of a token itself nothing is kept but its hash."""
    return store.tokens.of(person)


def new(
    store: Store, person: int, name: str, rights: Collection[str], session: str | None = None, days: int = DAYS
) -> dict[str, Any]:
    """Return a new token of *person*, with ``token`` itself, which is shown this once.

    It has those of their *rights* that are named, in the one *session* whose key is named or wherever they are, for so
    many *days*. Raises UsageError.
    """
    shown = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(shown) <= NAME_MAX or not shown.isprintable():
        raise UsageError(f"a token's name has 1 to {NAME_MAX} letters that can be printed: say what it is for")
    if unknown := sorted(set(rights) - set(RIGHTS)):
        raise UsageError(f"there is no right {unknown[0]}: there are {', '.join(RIGHTS)}")
    if not rights:
        raise UsageError(f"name the rights that it has: some of {', '.join(RIGHTS)}")
    if not 1 <= days <= DAYS_MOST:
        raise UsageError(f"a token is good for 1 to {DAYS_MOST} days, not {days}")
    access = store.access.of_person(person)
    if access is None or (session is not None and all(each["key"] != session for each in access["sessions"])):
        raise UsageError(f"there is no session {session} of yours")
    kept: list[Right] = [right for right in RIGHTS if right in rights]
    token = PREFIX + secrets.token_urlsafe(32)
    return store.tokens.add(person, shown, token, kept, session, days * 86400.0) | {"token": token}


def revoke(store: Store, person: int, number: int) -> dict[str, Any]:
    """Make the token with this *number* good for nothing, at once; return what it was."""
    return store.tokens.revoke(person, number)


def find(store: Store, person: int, name: str) -> int:
    """Return the number of the token of *person* called *name*. Raises UsageError."""
    for each in store.tokens.of(person):
        if each["name"] == name:
            number: int = each["id"]
            return number
    raise UsageError(f"there is no API token {name} of yours: `tiledviz token list` has those there are")
