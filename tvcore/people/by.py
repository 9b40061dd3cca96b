"""Who does something with a project or a session, and how it is told that they may not."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tvcore.errors import TiledVizError
from tvcore.portal.roles import OWNER, RIGHTS, SHELL, Grant, Right, grant_of
from tvcore.store import Store


class NotAllowedError(TiledVizError):
    """Who asks may not do this."""


class NoneSuchError(TiledVizError):
    """There is no such thing, or not for who asks."""


@dataclass(frozen=True)
class By:
    """A person by their id, and what they may do in the project or session that it is about."""

    person: int
    grant: Grant

    def need(self, right: Right, why: str = "") -> None:
        """Check that they have *right*. Raises NotAllowedError."""
        if not self.grant.may(right):
            raise NotAllowedError(why or f"this needs the right `{right}`: {RIGHTS[right]}")

    def plain(self) -> dict[str, Any]:
        """Return this as JSON, for a worker process."""
        grant = self.grant
        return {
            "person": self.person, "role": grant.role, "operate": grant.operate,
            "tiles": None if grant.tiles is None else sorted(grant.tiles),
            "scope": None if grant.scope is None else sorted(grant.scope),
        }  # fmt: skip


def by_of(said: Mapping[str, Any]) -> By:
    """Return what *said*, as ``plain`` has it, stands for."""
    return By(said["person"], grant_of(said) or Grant("guest"))


def here(store: Store) -> By:
    """Return who the command line speaks for: whose portal it is, who can do all that the store's file allows."""
    return By(store.access.owner(), OWNER)


def shell() -> str:
    """Return the sentence to be shown wherever ``operate`` is granted."""
    return SHELL.format(user=unix_user())


def unix_user() -> str:
    """Return the name of the Unix user as whom all jobs run."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
