"""Browsers of several people at one portal, each in a Chromium window of their own."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from portal_kit import RunningPortal
from tvcore import config
from world import until

HOUR = 3600.0


@contextlib.contextmanager
def portal_of(folder: Path, settings: str, *arguments: str, port: int = 0) -> Iterator[RunningPortal]:
    """Have a portal of somebody with these *settings*, whose folders are below *folder*."""
    patch = pytest.MonkeyPatch()
    for name, of in (("TILEDVIZ_HOME", "state"), ("XDG_RUNTIME_DIR", "run"), ("XDG_CONFIG_HOME", "config")):
        (folder / of).mkdir(mode=0o700)
        patch.setenv(name, str(folder / of))
    config.own_file().parent.mkdir(parents=True, exist_ok=True)
    config.own_file().write_text(settings)
    running = RunningPortal(folder / "state", *arguments, port=port)
    try:
        yield running
    finally:
        patch.undo()
        assert running.stop() == 0


class People:
    """Browsers of several people."""

    def __init__(self, chromium: Browser, portal: RunningPortal) -> None:
        self.chromium = chromium
        self.portal = portal
        self.contexts: list[BrowserContext] = []
        self.problems: list[str] = []

    def page(self, hash_: str = "", width: int = 1440, locale: str = "en-GB") -> Page:
        context = self.chromium.new_context(viewport={"width": width, "height": 900}, locale=locale)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        self.contexts.append(context)
        page = context.new_page()
        page.goto(f"{self.portal.origin}/{hash_}")
        return page

    def known(self, name: str, hash_: str = "") -> Page:
        """Return the page of somebody with an account, who is logged in without the time that a password costs."""
        cookie, key = secrets.token_hex(32), secrets.token_hex(32)
        who = self.portal.store.access.came("accounts", name, None, name)
        assert self.portal.store.access.add_login(cookie, key, HOUR, who) is not None
        page = self.page("nothing")
        page.context.add_cookies([{"name": f"tiledviz_{self.portal.port}", "value": cookie, "url": self.portal.origin}])
        page.evaluate("key => sessionStorage.setItem('tiledviz.key', key)", key)
        page.goto(f"{self.portal.origin}/{hash_}")
        return page

    def owner(self) -> Page:
        page = self.page(f"#login={self.portal.login_ticket()}")
        on_wall(page)
        return page


def on_wall(page: Page) -> None:
    until(page, "window.tiledviz?.connection() === 'open' && window.tiledviz.session.loaded")
