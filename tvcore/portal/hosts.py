"""The addresses of the portal, as browsers know them: scheme, name, and the path below which it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tvcore.errors import UsageError

URL_MAX = 200
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_PATH = re.compile(r"/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*")
_OURS = ("/api/", "/static/")  # below them a path would be taken for one of the portal's own


@dataclass(frozen=True)
class Front:
    """One way by which browsers reach the portal.

    *host* is as a Host header has it, *secure* whether by https, and *path*, from slash to slash, where it is there.
    """

    host: str
    secure: bool = False
    path: str = "/"

    @property
    def origin(self) -> str:
        """The origin of its pages (RFC 6454, section 6.2)."""
        return f"{'https' if self.secure else 'http'}://{self.host}"

    @property
    def sockets(self) -> str:
        """Where its pages open WebSockets."""
        return f"{'wss' if self.secure else 'ws'}://{self.host}"

    @property
    def url(self) -> str:
        """The address to open."""
        return self.origin + self.path

    def inner(self, target: str) -> str:
        """Return what of a request's *target* is the portal's own; empty: the path itself, without its last slash.

        A proxy may have taken the path away already: then *target* stays.
        """
        if self.path == "/":
            return target
        if target.startswith(self.path):
            return target[len(self.path) - 1 :]
        path, mark, query = target.partition("?")
        return mark + query if path + "/" == self.path else target


class Hosts:
    """The ways by which browsers may reach this portal, each known by the Host header that comes with it."""

    def __init__(self, host: str, port: int, public: Iterable[str] = (), public_url: str = "") -> None:
        names = {"127.0.0.1", "localhost", "[::1]"}
        if host not in ("", "0.0.0.0", "::"):  # noqa: S104
            names.add((f"[{host}]" if ":" in host else host).lower())
        given = {name.lower() for name in public}
        self._own = {
            secure: {f"{name}:{port}" for name in names} | given | (names if port == _PORTS[scheme] else set())
            for scheme, secure in (("http", False), ("https", True))
        }
        self.public = read_url(public_url) if public_url else None

    def front(self, host: str, encrypted: bool = False) -> Front | None:
        """Return what a request for *host*, a Host header, came by; *encrypted*: on a connection that we encrypt.

        None: it is no name of ours.
        """
        host = host.lower()
        if self.public is not None and host == self.public.host:
            return self.public
        return Front(host, encrypted) if host in self._own[encrypted] else None

    def of(self, headers: Mapping[str, Any]) -> Front | None:
        """Return the same for WSGI *headers*."""
        return self.front(headers.get("HTTP_HOST", ""), headers.get("wsgi.url_scheme") == "https")

    def allowed(self, host: str, encrypted: bool = False) -> bool:
        """Return whether *host*, a Host header, names this portal."""
        return self.front(host, encrypted) is not None

    def origin_allowed(self, origin: str, host: str, encrypted: bool = False) -> bool:
        """Return whether *origin*, an Origin header, is a page that this portal served as *host*."""
        front = self.front(host, encrypted)
        return front is not None and origin.lower() == front.origin


def read_url(url: str) -> Front:
    """Return the way that *url* names, e.g. ``https://login.example/tiledviz/``. Raises UsageError."""
    wrong = f"--public-url {url[:URL_MAX]!r}: "
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(wrong + "this is not an address: write it as https://HOST/ or https://HOST/PATH/") from None
    host = parts.netloc.lower().removesuffix(f":{port}")
    plain = re.fullmatch("[!-~]+", url) and len(url) <= URL_MAX and not re.search("[?#]", url)
    if not plain or parts.scheme not in _PORTS or not _NAME.fullmatch(host):
        raise UsageError(wrong + "this is not an address: write it as https://HOST/ or https://HOST/PATH/")
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    if not _PATH.fullmatch(path):
        raise UsageError(wrong + "its path may have letters, digits and any of ._~- between slashes")
    if path.startswith(_OURS):
        raise UsageError(wrong + "the portal has paths of its own below /api and /static: choose another")
    name = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    return Front(name, parts.scheme == "https", path)
