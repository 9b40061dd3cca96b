"""Who may come in: addresses of the portal, logins, and tickets for streams.

On a login node the attacker is another user of the same machine: he reaches the port, and his own server on
the next port is sent our cookie by the browser (cookies know no ports, RFC 6265, section 8.5). So a request
needs cookie *and* key, comes to a name of ours (against DNS rebinding), and from a page of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import gevent
from gevent.lock import BoundedSemaphore

from tvcore.portal.roles import Right, Role, may

LOGIN_SECONDS = 7 * 24 * 3600
TICKET_SECONDS = 30
TICKETS_MAX = 256  # outstanding, per login
COOKIES_MAX = 4  # of our name in one request: any local server may add some
PERSON_DIGITS = 12
TRUST_SECONDS = 10  # a login found valid is not looked up again for so long
DELAY_FIRST, DELAY_LONGEST, DELAY_FORGET = 0.1, 1.0, 60.0

_SECRET = re.compile(r"[0-9a-f]{64}")
_LOGIN_TICKET = re.compile(r"[0-9A-Za-z_-]{16,128}")

StreamName = Literal["wall", "rfb"]


def new_secret() -> str:
    """Return 256 random bits, in hexadecimal."""
    return secrets.token_hex(32)


def is_secret(text: str) -> bool:
    """Return whether *text* has the shape of a secret made here."""
    return _SECRET.fullmatch(text) is not None


def digest(secret: str) -> str:
    """Return the SHA-256 of *secret*: what is kept of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Hosts:
    """The names by which browsers may call this portal, as a Host header gives them."""

    def __init__(self, host: str, port: int, public: Iterable[str] = ()) -> None:
        names = {"127.0.0.1", "localhost", "[::1]"}
        if host not in ("", "0.0.0.0", "::"):  # noqa: S104
            names.add(f"[{host}]" if ":" in host else host)
        self._allowed = {f"{name}:{port}".lower() for name in names} | {name.lower() for name in public}
        if port == 80:
            self._allowed |= {name.lower() for name in names}

    def allowed(self, host: str) -> bool:
        """Return whether *host*, a Host header, names this portal."""
        return host.lower() in self._allowed

    def origin_allowed(self, origin: str, host: str) -> bool:
        """Return whether *origin*, an Origin header, is a page that this portal served as *host*."""
        return self.allowed(host) and origin.lower() == f"http://{host.lower()}"


class LoginStore(Protocol):
    """What of the store is needed here; each may wait."""

    def use_login_ticket(self, ticket: str) -> Role | None:
        """Return whose role *ticket* was good for, None if it was not; it is not any more."""
        ...

    def add_login(self, cookie: str, key: str, seconds: float, role: Role) -> None:
        """Let in whoever shows both, with *role*."""
        ...

    def login_valid(self, cookie: str, key: str) -> Role | None:
        """Return the role of the login to which both belong, if there is one."""
        ...

    def cookie_known(self, cookie: str) -> bool:
        """Return whether a page of the browser with *cookie* is logged in."""
        ...

    def remove_login(self, cookie: str) -> None:
        """End the logins of a browser."""
        ...


@dataclass(frozen=True)
class Login:
    """A page that is logged in; *id* is the digest of its browser's *cookie*, which other pages share, in any role."""

    id: str
    cookie: str
    role: Role

    @property
    def person(self) -> str:
        """Return what others know this browser by, which says nothing of its cookie."""
        return digest(f"person {self.id}")[:PERSON_DIGITS]

    def may(self, right: Right) -> bool:
        """Return whether this login has *right*."""
        return may(self.role, right)


class Logins:
    """Logins: by a one-time ticket in, by cookie and key recognised."""

    def __init__(self, store: LoginStore, cookie_name: str) -> None:
        self.cookie_name = cookie_name
        self._store = store
        self._trusted: dict[str, tuple[Login, float]] = {}
        self._failures = 0
        self._last_failure = 0.0
        # What strangers send is looked up one at a time, so that they cannot keep the store from anyone else.
        self._one_stranger = BoundedSemaphore(1)

    def cookies(self, headers: Mapping[str, str]) -> list[str]:
        """Return the values of our cookie in WSGI *headers* that can be ours."""
        found = []
        for pair in headers.get("HTTP_COOKIE", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self.cookie_name and is_secret(value):
                found.append(value)
        return found[:COOKIES_MAX]

    def log_in(self, ticket: str, headers: Mapping[str, str]) -> tuple[Login, str] | None:
        """Return login and key for a good *ticket*, else None, the later the more often that happens.

        A browser that is logged in keeps its cookie, known by WSGI *headers*, so that its other pages go on.
        """
        if _LOGIN_TICKET.fullmatch(ticket):
            with self._one_stranger:
                role = self._store.use_login_ticket(ticket)
            if role:
                # One that is not known was not made here: another port of this host may have set it.
                known = (cookie for cookie in self.cookies(headers) if self._store.cookie_known(cookie))
                cookie, key = next(known, None) or new_secret(), new_secret()
                self._store.add_login(cookie, key, LOGIN_SECONDS, role)
                return Login(digest(cookie), cookie, role), key
        now = time.monotonic()
        self._failures = self._failures + 1 if now - self._last_failure < DELAY_FORGET else 0
        self._last_failure = now
        gevent.sleep(min(DELAY_LONGEST, DELAY_FIRST * 2.0 ** min(self._failures, 16)))
        return None

    def recognise(self, headers: Mapping[str, str]) -> Login | None:
        """Return the login whose cookie and key are in WSGI *headers*."""
        key = headers.get("HTTP_X_TILEDVIZ_KEY", "")
        if not is_secret(key):
            return None
        for cookie in self.cookies(headers):
            if login := self._known(cookie, key):
                return login
        return None

    def _known(self, cookie: str, key: str) -> Login | None:
        now = time.monotonic()
        both = digest(cookie + key)
        self._trusted = {name: entry for name, entry in self._trusted.items() if entry[1] > now}
        if both in self._trusted:
            return self._trusted[both][0]
        with self._one_stranger:
            role = self._store.login_valid(cookie, key)
        if role is None:
            return None
        login = Login(digest(cookie), cookie, role)
        self._trusted[both] = (login, now + TRUST_SECONDS)
        return login

    def log_out(self, login: Login) -> None:
        """End *login*, in every page of its browser."""
        self._store.remove_login(login.cookie)
        self._trusted = {name: entry for name, entry in self._trusted.items() if entry[0].id != login.id}


@dataclass(frozen=True)
class _Grant:
    login: Login
    stream: StreamName
    tile: int | None
    until: float


class Tickets:
    """One-time tickets for streams: a WebSocket's handshake cannot carry the key's header."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._grants: dict[str, _Grant] = {}

    def issue(self, login: Login, stream: StreamName, tile: int | None) -> str | None:
        """Return a ticket for one *stream* of *login*, or None when it holds too many already."""
        now = self._clock()
        self._grants = {name: grant for name, grant in self._grants.items() if grant.until >= now}
        if sum(grant.login.id == login.id for grant in self._grants.values()) >= TICKETS_MAX:
            return None
        ticket = new_secret()
        self._grants[digest(ticket)] = _Grant(login, stream, tile, now + TICKET_SECONDS)
        return ticket

    def use(self, ticket: str, cookies: Iterable[str], stream: StreamName, tile: int | None) -> Login | None:
        """Return the login that *ticket* is good for together with one of *cookies*; it is spent in any case."""
        grant = self._grants.pop(digest(ticket), None)
        if grant is None or grant.until < self._clock() or (grant.stream, grant.tile) != (stream, tile):
            return None
        if not any(hmac.compare_digest(digest(cookie), grant.login.id) for cookie in cookies):
            return None
        return grant.login

    def revoke(self, login: Login) -> None:
        """Spend all tickets of *login*."""
        self._grants = {name: grant for name, grant in self._grants.items() if grant.login.id != login.id}
