"""What a page is given that has just come in."""

from __future__ import annotations

from typing import Any

from tvcore.portal.auth import LOGIN_SECONDS, Login
from tvcore.portal.me import me
from tvcore.portal.route import Call


def come_in(call: Call, login: Login, key: str) -> dict[str, Any]:
    """Return the answer to a page that is *login* from now on, by its *key*; its browser gets the cookie."""
    call.answer_headers["Set-Cookie"] = call.portal.logins.jar.given(call.headers, login.cookie, LOGIN_SECONDS)
    call.login = login
    return {"key": key, **me(login.within(login.access.first))}
