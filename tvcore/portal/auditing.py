"""The portal's part of the audit: what is called by whom, and what came of it (``tvcore.audit`` writes it down).

It is written in a worker process, as everything that may wait for a disk. A route says what it is called in the audit
(``Route.audit``), and which fields of its body may be kept there (``Route.kept``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import gevent
from gevent.queue import Empty, Full, Queue
from pydantic import BaseModel

from tvcore.audit import MANY, By, Entry, Outcome
from tvcore.errors import TiledVizError
from tvcore.portal.auth import Login
from tvcore.portal.whence import whence
from tvcore.settings import ProxySettings
from tvcore.workers import Workers

SECONDS = 10.0
NOTES_MAX = 1000  # that wait to be written
REFUSALS, REFUSALS_PER_SECOND = 20.0, 1 / 60  # of strangers that are written down, at once and then on the average

log = logging.getLogger(__name__)


def address(environ: Mapping[str, Any], proxies: ProxySettings) -> str:
    """Return from where a request with this WSGI *environ* came: an address, a user of this machine, by a proxy."""
    try:
        return whence(environ, proxies).key
    except TiledVizError:  # what shows that this is a proxy cannot be read
        return whence(environ, ProxySettings()).key


def whom(login: Login) -> str:
    """Return *login* as the access log has it: one word, no secret, nothing of a stranger's own choice but letters."""
    who = login.who
    name = f"{who.way}:{who.name}" + (f"/{who.token}" if who.token else "")
    return ascii(name)[1:-1].replace(" ", "\\x20")[:100]


def about(login: Login, path: Mapping[str, Any]) -> dict[str, Any]:
    """Return the project and session that a call of *login* with these *path* parameters is about."""
    there = login.access.sessions.get(login.session)
    if there is None:  # a name that a stranger gave, or of no session
        return {"project": path.get("project"), "session": ""}
    return {"project": there.project, "session": there.key}


def named(path: Mapping[str, Any], body: Any, kept: tuple[str, ...]) -> tuple[list[int], dict[str, Any]]:
    """Return the tiles that a call names, and what else is kept: of its path, and the fields *kept* of its *body*."""
    what = {name: value for name, value in path.items() if name not in ("project", "session", "tile")}
    tiles = [path["tile"]] if "tile" in path else []
    if isinstance(body, BaseModel):
        of = getattr(body, "tiles", None)  # in some bodies their number
        tiles += of if isinstance(of, list) else []
        tiles += [tile] if isinstance(tile := getattr(body, "tile", None), int) else []
        said = body.model_dump(mode="json", include=set(kept), exclude_none=True)
        what |= said
    return tiles, what


def _by(login: Login, came_from: str) -> By:
    who = login.who
    role = login.role if login.grant else ""
    return By(who.display or who.name, who.way, who.id or None, role, who.token, came_from)


class Auditor:
    """Writes into the audit: at once where the call has to wait for it, or a moment later."""

    def __init__(self, workers: Workers, proxies: ProxySettings) -> None:
        self._workers = workers
        self._proxies = proxies
        self._notes: Queue[tuple[Entry, Outcome, str]] = Queue(NOTES_MAX)
        self._writer: gevent.Greenlet | None = None
        self._refusals, self._at, self._unwritten = REFUSALS, time.monotonic(), 0

    def address(self, environ: Mapping[str, Any]) -> str:
        """Return from where a request with this WSGI *environ* came."""
        return address(environ, self._proxies)

    def by(self, login: Login, environ: Mapping[str, Any]) -> By:
        """Return *login*, in a request with this WSGI *environ*, as it is written down."""
        return _by(login, self.address(environ))

    def hands(self, login: Login, came_from: str, verb: str, tiles: Sequence[int]) -> None:
        """Note that *login*, by a stream that *came_from* somewhere, can press keys in *tiles* from now on."""
        self.note(Entry(_by(login, came_from), verb, tiles=list(tiles), **about(login, {})))

    def begin(self, entry: Entry) -> None:
        """Write down that *entry* is about to be done. Raises TiledVizError: then it may not be."""
        try:
            self._write(entry, "begun", "")
        except TiledVizError as error:
            raise TiledVizError(f"this is not done, since it cannot be written down: {error}") from error

    def end(self, entry: Entry, outcome: Outcome, error: str = "", failed: int = 0) -> None:
        """Write down what came of *entry*, in *failed* tiles an error; where that cannot be, the log has it."""
        try:
            self._write(entry, outcome, error, failed)
        except TiledVizError as problem:
            log.error("%s: %s of %s is not written down: %s", problem, entry.verb, ascii(entry.by.who), outcome)

    def refused(self, entry: Entry, error: str) -> None:
        """Write down that *entry* of a stranger was refused: only so many, that they push nothing else out of it."""
        now = time.monotonic()
        self._refusals = min(REFUSALS, self._refusals + (now - self._at) * REFUSALS_PER_SECOND)
        self._at = now
        if self._refusals < 1:
            self._unwritten += 1
            return
        self._refusals -= 1
        more = {"more, not written down": self._unwritten} if self._unwritten else {}
        self._unwritten = 0
        self.note(replace(entry, what=entry.what | more), "refused", error)

    def note(self, entry: Entry, outcome: Outcome = "done", error: str = "") -> None:
        """Write *entry* down a moment later: for what must not wait, as a stream."""
        try:
            self._notes.put_nowait((entry, outcome, error))
        except Full:
            log.error("too much is to be written down: %s of %s is not", entry.verb, ascii(entry.by.who))
        if self._writer is None or self._writer.dead:
            self._writer = gevent.spawn(self._write_notes)

    def _write_notes(self) -> None:
        while True:
            try:
                entry, outcome, error = self._notes.get_nowait()
            except Empty:
                return
            self.end(entry, outcome, error)

    def settle(self, seconds: float) -> None:
        """Wait until what was noted is written."""
        if self._writer is not None:
            self._writer.join(seconds)

    def _write(self, entry: Entry, outcome: Outcome, error: str, failed: int = 0) -> None:
        said = asdict(entry)
        said["tiles"], said["of"] = entry.tiles[:MANY], max(entry.of, len(entry.tiles))
        self._workers.call("write_audit", SECONDS, entry=said, outcome=outcome, error=error, failed=failed)
