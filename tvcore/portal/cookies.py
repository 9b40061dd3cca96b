"""The cookie of a login: its name and how far it goes, for each way by which browsers reach the portal.

A browser itself sees to what a name begins with (RFC 6265bis, section 4.1.3): ``__Host-`` was set by this very host,
encrypted, for all of it; ``__Secure-`` encrypted, for one path. On plain http, which is for one's own machine and the
tunnel to it, neither can be had.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tvcore.portal.hosts import Front, Hosts

COOKIES_MAX = 4  # of our name in one request: any local server may add some

_SECRET = re.compile(r"[0-9a-f]{64}")


class CookieJar:
    """The cookies named *base* of a portal at *hosts*; *headers* are always a request's, as WSGI has them."""

    def __init__(self, hosts: Hosts, base: str) -> None:
        self._hosts = hosts
        self._base = base

    def values(self, headers: Mapping[str, Any]) -> list[str]:
        """Return the values of our cookie that can be ours."""
        front = self._hosts.of(headers)
        if front is None:
            return []
        ours, found = cookie_name(front, self._base), []
        for pair in headers.get("HTTP_COOKIE", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == ours and _SECRET.fullmatch(value):
                found.append(value)
        return found[:COOKIES_MAX]

    def given(self, headers: Mapping[str, Any], value: str, seconds: int) -> str:
        """Return the header Set-Cookie that gives *value* to who asks; no seconds: that takes it away."""
        front = self._hosts.of(headers)
        assert front is not None, "a request for another name is refused before"
        name, secure = cookie_name(front, self._base), "; Secure" if front.secure else ""
        return f"{name}={value}; Max-Age={seconds}; Path={front.path}; HttpOnly; SameSite=Strict{secure}"


def cookie_name(front: Front, base: str) -> str:
    """Return what the cookie *base* is called at *front*."""
    if not front.secure:
        return base
    return f"__Host-{base}" if front.path == "/" else f"__Secure-{base}"
