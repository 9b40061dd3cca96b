"""Who may come in: logins, and tickets for streams.

On a login node the attacker is another user of the same machine: he reaches the port, and his own server on
the next port is sent our cookie by the browser (cookies know no ports, RFC 6265, section 8.5). So a request
needs cookie *and* key, comes to a name of ours (against DNS rebinding), and from a page of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import gevent
from gevent.lock import BoundedSemaphore

from tvcore.portal.access import GUEST, TOKEN, Access, Who
from tvcore.portal.chosen import Part
from tvcore.portal.cookies import CookieJar
from tvcore.portal.roles import Grant, Right, Role

LOGIN_SECONDS = 7 * 24 * 3600
TICKET_SECONDS = 30
TICKETS_MAX = 256  # outstanding, per login
PERSON_DIGITS = 12
TRUST_SECONDS = 10  # a login found valid is not looked up again for so long
DELAY_FIRST, DELAY_LONGEST, DELAY_FORGET = 0.1, 1.0, 60.0

_SECRET = re.compile(r"[0-9a-f]{64}")
_API_TOKEN = re.compile(r"tvz_[0-9A-Za-z_-]{43}")
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


class LoginStore(Protocol):
    """What of the store is needed here; each may wait. Cookies and keys go there as their SHA-256."""

    def use_ticket(self, ticket: str) -> int | None:
        """Return the id of the person that *ticket* was good for, None if for nobody; it is not any more."""
        ...

    def add_login(self, cookie: str, key: str, seconds: float, person: int) -> Access | None:
        """Let in whoever shows both, as *person*; None: they may not come in."""
        ...

    def of_login(self, cookie_hash: str, key_hash: str) -> Access | None:
        """Return what the login to which both belong may do, if there is one."""
        ...

    def of_token(self, token: str) -> Access | None:
        """Return what an API token may do, if there is one."""
        ...

    def cookie_known(self, cookie: str) -> bool:
        """Return whether a page of the browser with *cookie* is logged in."""
        ...

    def remove_login(self, cookie: str) -> None:
        """End the logins of a browser."""
        ...


@dataclass(frozen=True)
class Login:
    """A page that is logged in, or a program with an API token; and the *session* that a call or stream is about.

    *id* is the digest of its browser's *cookie*, which other pages share; *page* that of its own key. *grant* is what
    it may do in the session or project that the call is about, None where that is about none.
    """

    id: str
    cookie: str
    access: Access = field(default_factory=Access, compare=False)
    page: str = ""
    session: str = ""
    grant: Grant | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The digests of cookie and key, by which the store knows this login."""
        return self.id, self.page

    @property
    def owner(self) -> tuple[str, str]:
        """Whose pages arm and disarm each other: this browser's, in one session."""
        return self.id, self.session

    @property
    def who(self) -> Who:
        """Who this is."""
        return self.access.who

    @property
    def person(self) -> str:
        """Return what others know this person by in a session's document, which says nothing of a cookie.

        Who has an account is one person in all browsers; of the others each browser is one.
        """
        of = self.id if self.who.way in ("", TOKEN, GUEST) and not self.who.token else f"account {self.who.id}"
        return digest(f"person {of}")[:PERSON_DIGITS]

    @property
    def part(self) -> Part | None:
        """The part of the session that this is for, of an invitation to chosen tiles; None: all of it."""
        chosen = self.grant.tiles if self.grant else frozenset()
        return None if chosen is None else Part(chosen, self.person)

    @property
    def called(self) -> str | None:
        """The name by which others know this person on the portal's word; None: they say themselves what it is."""
        vouched = self.who.way not in ("", TOKEN, GUEST) or self.who.invitation is not None
        return self.who.display if vouched else None

    @property
    def role(self) -> Role:
        """The role in the session that this is about; a guest's where it is about none."""
        return self.grant.role if self.grant else "guest"

    def may(self, right: Right) -> bool:
        """Return whether this login has *right* in the session that it is about."""
        return self.grant is not None and self.grant.may(right)

    @property
    def rights(self) -> list[Right]:
        """The rights in the session that this is about."""
        return self.grant.rights() if self.grant else []

    def within(self, session: str) -> Login:
        """Return this login, about *session* by its key; ``grant`` is None when it may nothing there."""
        there = self.access.sessions.get(session)
        return replace(self, session=session, grant=there.grant if there else None)

    def in_project(self, project: int) -> Login:
        """Return this login, about a project by its id; ``grant`` is None when it may nothing there."""
        there = self.access.projects.get(project)
        return replace(self, session="", grant=there.grant if there else None)


class Logins:
    """Logins: by a one-time ticket or another way in, by cookie and key, or an API token, recognised."""

    def __init__(self, store: LoginStore, jar: CookieJar) -> None:
        self.jar = jar
        self._store = store
        self._trusted: dict[str, tuple[Login, float]] = {}
        self._doubt = object()  # another after each doubt: an answer from before that is believed once, and not kept
        self._delay: float  # of the last refusal
        self._last_failure = -math.inf
        # What strangers send is looked up one at a time, so that they cannot keep the store from anyone else.
        self._one_stranger = BoundedSemaphore(1)

    def cookies(self, headers: Mapping[str, str]) -> list[str]:
        """Return the values of our cookie in WSGI *headers* that can be ours."""
        return self.jar.values(headers)

    def credentials(self, headers: Mapping[str, str]) -> list[str]:
        """Return the digests of what WSGI *headers* show to be let in, good or not: of all of it, and of the cookie.

        All of it is cookie and key, or a token.
        """
        token, cookie = bearer(headers), next(iter(self.cookies(headers)), "")
        if not token and not cookie:
            return []
        whole = digest((token or cookie) + headers.get("HTTP_X_TILEDVIZ_KEY", ""))
        return [whole] if token else [whole, digest(cookie)]

    def log_in(self, ticket: str, headers: Mapping[str, str]) -> tuple[Login, str] | None:
        """Return login and key for a good *ticket*, else None, the later the more often that happens.

        A browser that is logged in keeps its cookie, known by WSGI *headers*, so that its other pages go on.
        """
        if _LOGIN_TICKET.fullmatch(ticket):
            with self._one_stranger:
                person = self._store.use_ticket(ticket)
            if person is not None and (made := self.let_in(person, headers)):
                return made
        self.refuse()
        return None

    def let_in(self, person: int, headers: Mapping[str, str]) -> tuple[Login, str] | None:
        """Return login and key of *person*, who proved who they are; *headers* as ``log_in`` has them.

        None: they may not come in any more.
        """
        # One that is not known was not made here: another port of this host may have set it.
        known = (cookie for cookie in self.cookies(headers) if self._store.cookie_known(cookie))
        cookie, key = next(known, None) or new_secret(), new_secret()
        access = self._store.add_login(cookie, key, LOGIN_SECONDS, person)
        return None if access is None else (Login(digest(cookie), cookie, access, digest(key)), key)

    def refuse(self) -> None:
        """Wait before a refusal is told, the longer the more often there was one lately."""
        now = time.monotonic()
        lately = now - self._last_failure < DELAY_FORGET
        self._delay = min(DELAY_LONGEST, 2 * self._delay) if lately else DELAY_FIRST
        self._last_failure = now
        gevent.sleep(self._delay)

    def recognise(self, headers: Mapping[str, str]) -> Login | None:
        """Return the login whose cookie and key, or API token, are in WSGI *headers*."""
        if token := bearer(headers):
            return self._of_token(token)
        key = headers.get("HTTP_X_TILEDVIZ_KEY", "")
        if not is_secret(key):
            return None
        for cookie in self.cookies(headers):
            if login := self._known(cookie, key):
                return login
        return None

    def _known(self, cookie: str, key: str) -> Login | None:
        both = digest(cookie + key)
        if (trusted := self._trust(both)) is not None:
            return trusted
        with self._one_stranger:
            doubt = self._doubt
            access = self._store.of_login(digest(cookie), digest(key))
        return None if access is None else self._keep(both, Login(digest(cookie), cookie, access, digest(key)), doubt)

    def _of_token(self, token: str) -> Login | None:
        of = digest(token)
        if (trusted := self._trust(of)) is not None:
            return trusted
        with self._one_stranger:
            doubt = self._doubt
            access = self._store.of_token(token)
        return None if access is None else self._keep(of, Login(of, "", access, of), doubt)

    def _trust(self, name: str) -> Login | None:
        now = time.monotonic()
        self._trusted = {known: entry for known, entry in self._trusted.items() if entry[1] > now}
        return self._trusted[name][0] if name in self._trusted else None

    def _keep(self, name: str, login: Login, doubt: object) -> Login:
        if doubt is self._doubt:
            self._trusted[name] = (login, time.monotonic() + TRUST_SECONDS)
        return login

    def log_out(self, login: Login) -> None:
        """End *login*, in every page of its browser."""
        self._store.remove_login(login.cookie)
        self._trusted = {name: entry for name, entry in self._trusted.items() if entry[0].id != login.id}

    @property
    def trusting(self) -> bool:
        """Whether any login is believed without being asked about."""
        return bool(self._trusted)

    def doubt(self) -> None:
        """Ask the store anew for every login: somebody may do something else than before."""
        self._trusted = {}
        self._doubt = object()


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the API token in WSGI *headers* (RFC 6750, section 2.1), None when there is none that could be ours."""
    kind, _, token = headers.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token if kind.lower() == "bearer" and _API_TOKEN.fullmatch(token) else None


@dataclass(frozen=True)
class _Grant:
    login: Login
    stream: StreamName
    tile: int | None
    until: float


class Tickets:
    """One-time tickets for streams, each for a login in one session: a handshake cannot carry the key's header."""

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

    def logins(self) -> Iterable[Login]:
        """Return the logins with tickets that were not used."""
        now = self._clock()
        return [grant.login for grant in self._grants.values() if grant.until >= now]

    def judge(self, verdict: Callable[[Login], object]) -> None:
        """Spend all tickets of the logins for which *verdict* has something to say."""
        self._grants = {name: grant for name, grant in self._grants.items() if not verdict(grant.login)}

    def revoke(self, login: Login) -> None:
        """Spend all tickets of *login*."""
        self.judge(lambda other: other.id == login.id)
