"""What a route of the web API is, and what a call of one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from tvcore.portal.auth import Login, StreamName
from tvcore.portal.core import Portal
from tvcore.portal.roles import About, Need, Right
from tvcore.portal.websocket import BrowserSocket

PREFIX = "/api/v1"
BODY_MAX = 65536

Access = Literal["open", "login", "ticket"]


class ApiError(Exception):
    """The answer is *status* with one line that says why, and *more* that a program can use.

    *retry_after*: it may be tried again after so many seconds.
    """

    def __init__(
        self,
        status: int,
        text: str,
        at: int | None = None,
        more: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.at = at
        self.more = more or {}
        self.retry_after = None if retry_after is None else max(1, math.ceil(retry_after))


@dataclass
class Call:
    """One call of a route, after all checks: WSGI *headers* in, *answer_headers* out with its answer.

    *login* knows who calls, the session that it is about by its key (``login.session``), and what they may do there.
    A handler may add to *noted* what the audit keeps of it besides: no secrets.
    """

    portal: Portal
    login: Login
    path: dict[str, Any]
    query: Any
    body: Any
    headers: Mapping[str, str]
    answer_headers: dict[str, str] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """A route: who may call it, what it takes, what it does, and what it answers.

    *access* is ``open``, ``login`` (cookie and key, or an API token) or ``ticket`` (a WebSocket: cookie and one-time
    ticket). Unless it is open, who calls it needs the *right* in what it is *about*: the session that the header
    ``X-TiledViz-Session`` names by its key (else the first that they are in), or the project in its path; what is
    about a ``person`` is for all but guests, unless it is for *guests* too, and about the ``portal`` for
    administrators. *chosen*: who was invited to chosen tiles may as well. A tile or job in the path, and tiles in a
    body (its fields ``tile`` and ``tiles``), are ones of that session: that is checked before *handle*.

    *body_max* bytes of a body are taken, more than the usual only from who may
    call it. One that is *unread* is handed on as text: to read it takes long, and is for a worker process. *media* is
    the type of what it answers where that is bytes and no JSON.
    """

    method: Literal["GET", "POST"]
    path: str
    summary: str
    handle: Callable[[Call], Any] | None = None
    answer: type[BaseModel] | None = None
    many: bool = False
    media: str = ""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_max: int = BODY_MAX
    unread: bool = False
    access: Access = "login"
    about: About = "session"
    right: Right = "see"
    chosen: bool = False
    guests: bool = False
    stream: StreamName | None = None
    run: Callable[[Portal, BrowserSocket, Login, int | None], None] | None = None
    message_max: int = 0
    audit: str = ""
    kept: tuple[str, ...] = ()

    @property
    def need(self) -> Need:
        """What a call of this needs."""
        return Need(self.about, self.right, self.chosen, self.guests)


# Path parameters by name: what they look like, and their type.
PATH_PARAMETERS: dict[str, tuple[str, type]] = {
    "tile": ("[0-9]{1,15}", int),
    "job": ("[A-Za-z0-9._-]{1,80}", str),
    "version": ("[0-9]{1,9}", int),
    "request": ("[A-Za-z0-9-]{8,64}", str),
    "name": ("[A-Za-z0-9][A-Za-z0-9._-]{0,79}", str),
    "project": ("[0-9]{1,9}", int),
    "person": ("[0-9]{1,9}", int),
    "session": ("[A-Za-z0-9._-]{1,80}", str),
    "invitation": ("[0-9]{1,9}", int),
    "token": ("[0-9]{1,9}", int),
    "case": ("[a-z][a-z0-9_]{0,39}", str),
}
