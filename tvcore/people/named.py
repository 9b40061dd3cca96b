"""Which person a name means, as one types it: ``name``, or ``way:name`` where several are called so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from tvcore.errors import UsageError
from tvcore.portal.access import GUEST

SAID = 5  # of several that a name could mean


def called(people: Collection[dict[str, Any]], name: str, ways: Collection[str]) -> list[dict[str, Any]]:
    """Return those of *people* whom *name* means, where people come in by these *ways*.

    A guest, whose name is a number that nobody knows, is called what others read, where nobody else is called so. Who
    comes by another way may be called ``accounts:anna``: that is nobody's name where accounts are a way.
    """
    way, colon, rest = name.partition(":")
    if colon and way in ways:
        return [each for each in people if (each["way"], each["name"]) == (way, rest)]
    found = [each for each in people if each["name"] == name]
    return found or [each for each in people if each["way"] == GUEST and each["display"] == name]


def the_one(found: Sequence[dict[str, Any]], name: str, nobody: str) -> dict[str, Any]:
    """Return the one of *found*. Raises UsageError: there is none, as *nobody* says, or several are called *name*."""
    if not found:
        raise UsageError(nobody)
    if len(found) > 1:
        which = " or ".join(f"{each['way']}:{each['name']}" for each in found[:SAID])
        more = " or another" if len(found) > SAID else ""
        raise UsageError(f"several people are called {name[:80]!r}: write {which}{more}")
    return found[0]
