"""A real Chromium that comes in by every kind of link, and all that it shows of its secrets to others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from planted_kit import Planted
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from world import until

LONG = 30_000
CHROMIUM = "/usr/bin/chromium"
KEY = "tiledviz.key"  # in the storage of a page: the one secret that docs/security.md has there


@contextmanager
def chromium() -> Iterator[Browser]:
    """Have Chromium."""
    arguments = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    if os.getuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses its sandbox to root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


class Watched:
    """Somebody's page, and all that leaves it or stays behind."""

    def __init__(self, planted: Planted, browser: Browser, whose: str) -> None:
        self.planted, self.whose = planted, whose
        self.context = browser.new_context(
            viewport={"width": 1200, "height": 800}, locale="en-GB", ignore_https_errors=True
        )
        self.requests: list[Request] = []
        self.page: Page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("websocket", lambda socket: self.see("address of a stream", socket.url))
        self.page.on("console", lambda line: self.see("console", line.text))
        self.page.on("pageerror", lambda error: self.see("console", str(error)))

    def see(self, where: str, text: str) -> None:
        """Note what can be read *where*."""
        self.planted.seen.append((f"{where} of {self.whose}", text))

    def come(self, rest: str) -> Page:
        """Go to the portal's address with *rest*: from elsewhere, so that one can go back to it."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.planted.portal.origin}/{rest}")
        return self.page

    def on_wall(self) -> None:
        """Wait for the wall, and note the login that the page has."""
        until(self.page, "window.tiledviz?.connection() === 'open'")
        self.planted.keep(f"key of {self.whose}", self.page.evaluate(f"sessionStorage.getItem('{KEY}')"))
        (cookie,) = self.context.cookies()
        self.planted.keep(f"cookie of {self.whose}", cookie["value"])

    def end(self) -> None:
        """Go back through all that was visited; then note what the page asked for, keeps, and has behind it."""
        page = self.page
        page.goto(f"{self.planted.portal.origin}/static/icon.svg")
        for _ in range(3):
            page.go_back()
            self.see("address", page.evaluate("location.href"))
            self.see("referrer", page.evaluate("document.referrer"))
        devtools = self.context.new_cdp_session(page)
        for entry in devtools.send("Page.getNavigationHistory")["entries"]:
            self.see("history", entry["url"])
        page.goto(f"{self.planted.portal.origin}/static/icon.svg")
        self.see("local storage", page.evaluate("JSON.stringify(localStorage)"))
        kept = page.evaluate("Object.entries(sessionStorage)")
        self.see("session storage", str([each for each in kept if each[0] != KEY]))
        self.see("cookies for scripts", page.evaluate("document.cookie"))
        self.see("databases", page.evaluate("indexedDB.databases().then(JSON.stringify)"))
        for request in self.requests:
            # Chromium tells the fragment here too, which it sends to nobody.
            self.see("address asked for", request.url.partition("#")[0])
            self.see("referrer sent", request.headers.get("referer", ""))
        self.context.close()

    def tickets(self, answers: list[Any]) -> None:
        """Note the tickets of streams that the page was given."""
        for number, answer in enumerate(answers):
            self.planted.keep(f"ticket {number} of {self.whose}", answer.json()["ticket"])


def browse(planted: Planted, browser: Browser, links: dict[str, str], password: str, wait: Any) -> None:
    """Come in by each of *links*: open a tile, invite by hand, choose *password*; *wait* for mail, which has a link."""
    owner = Watched(planted, browser, "the owner's page")
    answers: list[Any] = []
    owner.page.on("response", lambda answer: answers.append(answer) if answer.url.endswith("/tickets") else None)
    page = owner.come(f"#login={links['login']}")
    owner.on_wall()
    until(page, "window.tiledviz.tiles().every(tile => tile.state === 'live')")
    page.get_by_role("gridcell").first.focus()
    with page.expect_websocket(lambda socket: socket.url.endswith("/rfb"), timeout=LONG):
        page.keyboard.press("Enter")
    owner.tickets(answers[:2])
    page.keyboard.press("Escape")
    until(page, "!location.hash.includes('open=1')")  # a page that is loaded anew shows what its address says
    page.reload()
    owner.on_wall()
    until(page, "window.tiledviz.tiles().length > 0 && window.tiledviz.session.loaded")
    page.keyboard.press("Shift+I")
    page.get_by_role("button", name="New invitation").click()
    page.get_by_role("button", name="Make the link").click()
    made = page.get_by_role("dialog", name="The invitation is made")
    expect(made.get_by_role("img", name="Code that opens the invitation")).to_be_visible(timeout=LONG)
    invited = planted.keep("invitation of a page", made.locator("code").inner_text().partition("#invite=")[2])
    # A link that is pasted into a page that is open, and leads nowhere.
    page.evaluate("link => { location.hash = link; }", f"login={links['login']}")
    until(page, "!location.hash.includes('login')")
    owner.on_wall()
    owner.end()

    guest = Watched(planted, browser, "a guest's page")
    page = guest.come(f"#invite={invited}")
    page.get_by_label("Your name").fill("Gwen")
    page.get_by_role("button", name="Come in").click()
    guest.on_wall()
    guest.end()

    reader = Watched(planted, browser, "the page of who reads mail")
    page = reader.come("")
    page.get_by_role("button", name="Forgot the password").click()
    page.get_by_label("Name or mail address").fill("lee")
    page.get_by_role("button", name="Send the link").click()
    page = reader.come(f"#reset={wait('reset')}")
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("The password of lee is changed", timeout=LONG)
    page = reader.come(f"#verify={links['verify']}")
    expect(page.get_by_role("alert")).to_contain_text("used already", timeout=LONG)
    page = reader.come("")
    form = page.get_by_role("form", name="Log in")
    form.get_by_label("Name").fill("lee")
    form.get_by_label("Password").fill(password)
    form.get_by_role("button", name="Log in").click()
    reader.on_wall()
    reader.end()
