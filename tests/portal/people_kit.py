"""People of a running portal: with an account, without the time that a password costs."""

from __future__ import annotations

import secrets

from portal_kit import Browser, RunningPortal
from tvcore.portal.roles import Role
from tvcore.store.projects import Standing


def person(portal: RunningPortal, display: str = "") -> tuple[int, str]:
    """Have somebody with an account that nobody else of the tests has; return their id and name."""
    name = f"p{secrets.token_hex(4)}"
    return portal.store.access.came("accounts", name, None, display), name


def enter(portal: RunningPortal, who: int) -> Browser:
    """Return a browser in which somebody is logged in."""
    cookie, key = secrets.token_hex(32), secrets.token_hex(32)
    assert portal.store.access.add_login(cookie, key, 3600.0, who) is not None
    browser = Browser(portal)
    browser.cookie, browser.key = f"{portal.login().cookie.partition('=')[0]}={cookie}", key
    return browser


def member(portal: RunningPortal, project: int, role: Role, operate: bool = False, display: str = "") -> Browser:
    """Return the browser of somebody who is a member of *project*; ``browser.get("/me")`` says who."""
    who, _ = person(portal, display)
    portal.store.projects.change(project, who, lambda _: Standing(role, operate), lambda _: None)
    return enter(portal, who)
