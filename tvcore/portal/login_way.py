"""How one comes in who has no one-time address: what the setting ``portal.login`` names, and who may.

Strangers call this. So what a way asks for is found out once a minute at most, few are checked at a time, and who may
not come in hears the same, after the same time, whatever is wrong.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore

from tvcore.errors import TiledVizError
from tvcore.people.accounts import Came, typed_name
from tvcore.portal.access import TOKEN
from tvcore.portal.auth import Login
from tvcore.portal.roles import known
from tvcore.portal.whence import Whence, whence
from tvcore.settings import ProxySettings
from tvcore.store.accounts import ACCOUNTS
from tvcore.workers import Workers

PROXY = "proxy"
BROKEN = "broken"
KEPT_SECONDS = 60.0
ASK_SECONDS = 60.0
CHECK_SECONDS = 30.0  # more than the check's own limit: it may wait for a process
AT_ONCE = 2
WAITING_MOST, WAITING_OF_ONE = 64, 16  # in all, and from one place
STEP = 1.0  # a refusal comes whole steps after the question, so that its time says nothing
HEADER_MAX = 80

log = logging.getLogger(__name__)


class BusyError(TiledVizError):
    """Too many want to log in."""


@dataclass(frozen=True)
class Entry:
    """What came of a try to come in: ``in`` as the *person* of this id, or why not (``tvcore.people.accounts``)."""

    came: Came
    person: int = 0


class LoginWays:
    """What the setting ``portal.login`` names, asked in worker processes."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._asking = BoundedSemaphore(1)
        self._slots = BoundedSemaphore(AT_ONCE)
        self._waiting: Counter[str] = Counter()
        self._found: dict[str, Any] = {}
        self._proxies = ProxySettings()
        self._until = 0.0

    def ask(self) -> dict[str, Any]:
        """Return the way's name (``token``; ``broken``: none works), title, fields and plugin, and what one may do."""
        with self._asking:
            if time.monotonic() >= self._until:
                try:
                    self._found = self._workers.call("login_way", ASK_SECONDS)
                    self._proxies = ProxySettings.model_validate(self._found["proxies"])
                except TiledVizError as error:
                    log.warning("portal.login: %s", error)
                    self._found = {"way": BROKEN, "title": "", "fields": [], "registration": "no", "mail": False}
                    self._proxies = ProxySettings()
                self._until = time.monotonic() + KEPT_SECONDS
            return self._found

    def whence(self, environ: Mapping[str, Any]) -> Whence:
        """Return from where a request with this WSGI *environ* comes."""
        self.ask()
        try:
            return whence(environ, self._proxies)
        except TiledVizError as error:
            log.warning("%s", error)
            return whence(environ, ProxySettings())

    def about(self, given: Mapping[str, str], environ: Mapping[str, Any]) -> str:
        """Return whom one tries to be who gives *given*, as tries are counted."""
        way = self.ask()
        if way["way"] == PROXY:
            return f"{PROXY} {environ.get(self._header, '')}"[:HEADER_MAX]
        shown = next((field["name"] for field in way["fields"] if not field["secret"]), "")
        return f"{way['way']} {typed_name(given.get(shown, ''))}"

    def check(self, given: Mapping[str, str], environ: Mapping[str, Any]) -> Entry:
        """Return what comes of *given*, in a request with this WSGI *environ*; it takes whole seconds when it is "no".

        Raises BusyError.
        """
        begun = time.monotonic()
        found = self._checked(given, environ)
        if found.came == "no":
            gevent.sleep(STEP - (time.monotonic() - begun) % STEP)
        return found

    def _checked(self, given: Mapping[str, str], environ: Mapping[str, Any]) -> Entry:
        way = self.ask()
        asked = {field["name"] for field in way["fields"]}
        if way["way"] in (TOKEN, BROKEN) or set(given) - {"code"} != asked - {"code"}:
            return Entry("no")
        place = self.whence(environ)
        if self._waiting.total() >= WAITING_MOST or self._waiting[place.key] >= WAITING_OF_ONE:
            raise BusyError("too many log in at once: try again in a moment")
        self._waiting[place.key] += 1
        try:
            with self._slots:
                if way["way"] == ACCOUNTS:
                    return Entry(**self._workers.call("check_account", CHECK_SECONDS, **given))
                if "code" in given and "code" not in asked:
                    return Entry("no")
                return self._by_proxy(place, environ) if way["way"] == PROXY else self._by_plugin(way, given)
        except TiledVizError as error:
            log.warning("the way to log in %s: %s", way["way"], error)
            return Entry("no")
        finally:
            self._waiting[place.key] -= 1
            self._waiting += Counter()  # without those that are at nought

    def _by_plugin(self, way: dict[str, Any], given: Mapping[str, str]) -> Entry:
        said = self._workers.call(
            "check_login", CHECK_SECONDS, plugin=way["plugin"], way=way["way"], fields=dict(given)
        )
        if "failed" in said:
            log.warning("the way to log in %s: %s", way["way"], said["failed"])
        role = known(said.get("role", ""))
        if role is None:
            return Entry("no")
        log.info("%s logged in by %s as %s", said["name"], way["way"], role)
        arguments = {"way": way["way"], "name": said["name"], "role": role}
        return Entry("in", self._workers.call("came_by_plugin", CHECK_SECONDS, **arguments))

    def _by_proxy(self, place: Whence, environ: Mapping[str, Any]) -> Entry:
        name = self._said(environ) if place.proxy else None
        if name is None:
            if self._header in environ:
                log.warning("%s says who it is as a proxy does, and is none that may", place.key)
            return Entry("no")
        return Entry("in", self._workers.call("came_by_proxy", CHECK_SECONDS, name=name))

    def fits(self, login: Login, environ: Mapping[str, Any]) -> bool:
        """Return whether a request of *login* is not one that a proxy says is somebody else's."""
        if login.who.way != PROXY or login.who.token is not None or self._header not in environ:
            return True
        return not self.whence(environ).proxy or self._said(environ) == login.who.name

    @property
    def _header(self) -> str:
        return "HTTP_" + self._proxies.header.upper().replace("-", "_")

    def _said(self, environ: Mapping[str, Any]) -> str | None:
        """Return who the proxy says it is; None: nobody, or several: a header that is there twice comes as a list."""
        name = str(environ.get(self._header, "")).strip()
        try:
            name = name.encode("latin-1").decode()  # WSGI's way to give bytes (PEP 3333)
        except UnicodeError:
            return None
        plain = name.isprintable() and not set(name) & set(" ,;\"'\\<>")
        return name if plain and 1 <= len(name) <= HEADER_MAX else None
