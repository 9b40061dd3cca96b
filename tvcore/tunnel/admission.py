"""Who is let in: a node with a key in the owner's inbox, whose job Slurm says runs there, at its address."""

from __future__ import annotations

import logging
import os
import re
import socket
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from gevent.lock import BoundedSemaphore
from pydantic import ValidationError

from tvcore.batch.scheduler import JobState
from tvcore.errors import TiledVizError
from tvcore.tunnel.agents import Registration
from tvcore.tunnel.interfaces import machine_addresses
from tvcore.tunnel.strangers import Address, parse_address

FILE_MAX = 1 << 24  # bytes of a registration; its plan has a line per tile
FRESH = 2.0  # seconds for which what Slurm said of a running job is good for the next node of it
_USER = re.compile(r"([A-Za-z0-9_-]{1,64})\.(0|[1-9][0-9]{0,5})", re.ASCII)

log = logging.getLogger(__name__)


class Facts(Protocol):
    """What the batch system says; both functions may wait, and raise TiledVizError while it is away."""

    def job_facts(self, ids: list[str], urgent: bool) -> dict[str, dict[str, Any]]:
        """Return ``state`` (JobState), ``reason`` and ``nodes`` of those of the jobs *ids* that there are."""
        ...

    def node_addresses(self, job: str, node: str) -> list[str]:
        """Return the names and addresses of *node*, on which *job* runs."""
        ...


class RefusedError(TiledVizError):
    """A node is not let in; the text says why and what to do."""


def split_user(user: str) -> tuple[str, int]:
    """Return job and ordinal of the SSH user name *user*, ``JOB.ORDINAL``. Raises RefusedError."""
    if (found := _USER.fullmatch(user)) is None:
        raise RefusedError(f"the user name {user[:40]!r} is not JOB.ORDINAL: only node agents connect here")
    return found[1], int(found[2])


def user_of(registration: Registration) -> str:
    """Return the SSH user name of the node of *registration*."""
    return f"{registration.job}.{registration.ordinal}"


def read_registration(state: Path, user: str) -> Registration:
    """Return what the node *user* put into the inbox, if only its owner can have. Raises RefusedError."""
    job, ordinal = split_user(user)
    path = state / "agents" / f"{user}.json"
    mend = "remove it and start the job again"
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise RefusedError(
            f"{user} is not registered in {path.parent}: its job is over, or has another TILEDVIZ_HOME"
        ) from None
    except OSError as error:
        raise RefusedError(f"the registration {path} cannot be opened ({error.strerror}): {mend}") from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise RefusedError(f"the registration {path} is not a plain file: {mend}")
        if found.st_uid != os.getuid():
            raise RefusedError(f"the registration {path} is not yours but of uid {found.st_uid}: {mend}")
        if found.st_mode & 0o077:
            raise RefusedError(f"the registration {path} is open to others (mode {found.st_mode & 0o777:o}): {mend}")
        if found.st_size > FILE_MAX:
            raise RefusedError(f"the registration {path} is too large ({found.st_size} bytes): {mend}")
        raw = file.read(FILE_MAX + 1)
    try:
        registration = Registration.model_validate_json(raw)
    except ValidationError:
        raise RefusedError(f"the registration {path} is not one: {mend}") from None
    if (registration.job, registration.ordinal) != (job, ordinal):
        raise RefusedError(
            f"the registration {path} is one of job {registration.job}, node {registration.ordinal}: {mend}"
        )
    return registration


def same_node(one: str, other: str) -> bool:
    """Return whether two names, with or without domain, name one node."""
    return one.partition(".")[0] == other.partition(".")[0]


def gone(registration: Registration, fact: dict[str, Any] | None) -> str:
    """Return why the node of *registration* is no node of a running job, by the batch system's *fact* of that job."""
    job, node = registration.job, registration.node
    if fact is None:
        return f"the batch system knows no job {job}"
    if fact["state"] != JobState.RUNNING:
        reason = f" ({fact['reason']})" if fact["reason"] else ""
        return f"job {job} is not running: {fact['state']}{reason}"
    if not any(same_node(node, name) for name in fact["nodes"]):
        return f"job {job} does not run on {node}, but on {', '.join(fact['nodes']) or 'no node'}"
    return ""


class Admission:
    """Checks nodes that want to come in, against the inbox of *state* and *facts*."""

    def __init__(self, state: Path, facts: Facts, check_address: bool) -> None:
        self._state = state
        self._facts = facts
        self._check_address = check_address
        self._asking = BoundedSemaphore(1)
        self._running: dict[str, tuple[float, dict[str, Any]]] = {}

    def admit(self, user: str, key: str, address: str) -> Registration:
        """Return the registration of the node *user*, which shows *key* and comes from *address*.

        Raises RefusedError.
        """
        registration = read_registration(self._state, user)
        if not key or registration.key != key:
            raise RefusedError(
                f"the key that {user} shows is not the one it registered: it belongs to another node or job"
            )
        self.check_job(registration)
        if self._check_address:
            self._check_from(registration, address)
        return registration

    def check_job(self, registration: Registration) -> None:
        """Ask the batch system whether the job of *registration* runs on its node. Raises RefusedError."""
        try:
            why = gone(registration, self._fact(registration.job))
        except TiledVizError as error:
            raise RefusedError(
                f"{user_of(registration)} must wait, the batch system does not answer: {error}"
            ) from None
        if why:
            raise RefusedError(f"{why}: `tiledviz jobs` shows what runs, `tiledviz launch` starts anew")

    def forget(self, job: str) -> None:
        """Ask anew about *job* when its next node comes: what was said of it is known to be old."""
        self._running.pop(job, None)

    def _fact(self, job: str) -> dict[str, Any] | None:
        with self._asking:  # many nodes of one job come at once: the first asks for all
            then, fact = self._running.get(job, (0.0, {}))
            if time.monotonic() - then < FRESH:
                return fact
            late = time.monotonic() - FRESH
            self._running = {one: (then, fact) for one, (then, fact) in self._running.items() if then > late}
            found = self._facts.job_facts([job], True).get(job)
            if found is not None and found["state"] == JobState.RUNNING:
                self._running[job] = (time.monotonic(), found)
            return found

    def _check_from(self, registration: Registration, address: str) -> None:
        node = registration.node
        names = {node}
        try:
            names |= set(self._facts.node_addresses(registration.job, node))
        except TiledVizError as error:
            log.warning("no addresses of %s from the batch system: %s", node, error)
        known = _resolve(names)
        if same_node(node, socket.gethostname()):
            known |= {parse_address(text) for text in (*machine_addresses(), "127.0.0.1", "::1")}
        if parse_address(address) not in known - {None}:
            listed = ", ".join(sorted(str(one) for one in known)) or "none known"
            raise RefusedError(
                f"{address} is not an address of {node} ({listed}): if nodes come from other addresses here, "
                "set tunnel.check_address = false"
            )


def _resolve(names: Iterable[str]) -> set[Address | None]:
    found: set[Address | None] = set()
    for name in names:
        try:
            found |= {
                parse_address(str(entry[4][0])) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            }
        except (OSError, UnicodeError):
            continue
    return found
