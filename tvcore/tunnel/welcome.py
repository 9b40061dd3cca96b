"""Which nodes the site's sshd lets through to the endpoint, where nodes come that way."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from tvcore import paths
from tvcore.errors import TiledVizError
from tvcore.tunnel.address import welcome_file
from tvcore.tunnel.admission import Facts, RefusedError, gone, read_registration, user_of
from tvcore.tunnel.agents import registrations
from tvcore.tunnel.authorized import AuthorizedKeys, is_key

log = logging.getLogger(__name__)


class Welcome:
    """Keeps *keys* what the inbox of *state* and *facts* say, and tells the nodes when they may come."""

    def __init__(self, state: Path, facts: Facts, keys: AuthorizedKeys) -> None:
        self._state = state
        self._facts = facts
        self._keys = keys
        self._let_in: dict[str, str] = {}  # keys with a line, by node
        self._told = ""

    def look(self) -> None:
        """Look for nodes that want to come, and for those that are gone; on trouble all stays as it is."""
        try:
            self._write(self._wanted())
        except TiledVizError as error:
            if str(error) != self._told:
                log.warning("who may come through sshd stays as it is: %s", error)
            self._told = str(error)
        else:
            self._told = ""

    def close(self) -> None:
        """Let nobody through any more. Raises TiledVizError."""
        self._write({})

    def _wanted(self) -> dict[str, str]:
        """Return the keys of the nodes whose jobs run. Raises TiledVizError while the batch system is away."""
        found = {}
        for name in [user_of(one) for one in registrations(self._state) if is_key(one.key)]:
            try:
                found[name] = read_registration(self._state, name)
            except RefusedError as error:
                log.warning("refused: %s", error)
        jobs = sorted({one.job for one in found.values()})
        urgent = not set(found) <= set(self._let_in)
        facts = self._facts.job_facts(jobs, urgent) if jobs else {}
        return {name: one.key for name, one in found.items() if is_key(one.key) and not gone(one, facts.get(one.job))}

    def _write(self, good: Mapping[str, str]) -> None:
        self._keys.write(good)
        folder = paths.secure_folder(self._state / "endpoint" / "welcome")
        for path in folder.iterdir():
            if path.name not in good:
                path.unlink(missing_ok=True)
        for name, key in good.items():
            if self._let_in.get(name) != key:
                paths.write_atomic(welcome_file(self._state, name), key)
        self._let_in = dict(good)
