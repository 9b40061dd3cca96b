"""What a route of the web API is, and what a call of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from tvcore.portal.auth import Login, StreamName
from tvcore.portal.core import Portal
from tvcore.portal.roles import Right
from tvcore.portal.websocket import BrowserSocket

PREFIX = "/api/v1"
BODY_MAX = 65536

Access = Literal["open", "login", "ticket"]


class ApiError(Exception):
    """The answer is *status* with one line that says why, and *more* that a program can use."""

    def __init__(self, status: int, text: str, at: int | None = None, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.at = at
        self.more = more or {}


@dataclass
class Call:
    """One call of a route, after all checks: WSGI *headers* in, *answer_headers* out with its answer."""

    portal: Portal
    login: Login
    path: dict[str, Any]
    query: Any
    body: Any
    headers: Mapping[str, str]
    answer_headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """A route: who may call it, what it takes, what it does, and what it answers.

    *access* is ``open``, ``login`` (cookie and key) or ``ticket`` (a WebSocket: cookie and one-time ticket); unless it
    is open, who calls it needs the *right*. *body_max* bytes of a body are taken, more than the usual only from who may
    call it. One that is *unread* is handed on as text: to read it takes long, and is for a worker process.
    """

    method: Literal["GET", "POST"]
    path: str
    summary: str
    handle: Callable[[Call], Any] | None = None
    answer: type[BaseModel] | None = None
    many: bool = False
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_max: int = BODY_MAX
    unread: bool = False
    access: Access = "login"
    right: Right = "see"
    stream: StreamName | None = None
    run: Callable[[Portal, BrowserSocket, Login, int | None], None] | None = None
    message_max: int = 0


# Path parameters by name: what they look like, and their type.
PATH_PARAMETERS: dict[str, tuple[str, type]] = {
    "tile": ("[0-9]{1,15}", int),
    "job": ("[A-Za-z0-9._-]{1,80}", str),
    "version": ("[0-9]{1,9}", int),
    "name": ("[A-Za-z0-9][A-Za-z0-9._-]{0,79}", str),
}
