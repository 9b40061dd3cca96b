"""On a network without internet: whatever is opened, the page asks its portal, and nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from hands_kit import TinyRfb
from portal_kit import RunningJob, RunningPortal
from world import until

LEFT_OUT = re.compile(r"^Language: ")  # then all of them have other names
COMMANDS_LEAST = 60
# All that the commands did to the wall is taken back.
UNDONE = """
(room => {
  const own = path => !path.startsWith('person/') || path.startsWith(`person/${room.person}/`);
  const paths = room.document.below('').map(([path]) => path).filter(own);
  room.set(paths.map(path => [path, null]), 'x');
})(window.tiledviz.session)
"""


class Watched:
    """What is asked for in a browser's window, and what a page's own policy kept it from asking."""

    def __init__(self, context: BrowserContext, portal: RunningPortal) -> None:
        self.asked: list[str] = []
        self.kept: list[str] = []
        self._origin = urlsplit(portal.origin)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("console", self._said)
        context.on("page", lambda page: page.on("websocket", lambda socket: self.asked.append(socket.url)))

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "ERR_NAME_NOT_RESOLVED" in message.text:
            self.kept.append(message.text)

    @property
    def elsewhere(self) -> list[str]:
        """What was asked of anybody but the portal."""
        return [url for url in self.asked if not self._own(url)]

    def _own(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme in ("about", "data", "blob") or (
            parts.scheme in ("http", "ws") and parts.netloc == self._origin.netloc
        )


@pytest.fixture
def watched(chromium: Browser, own_portal: RunningPortal) -> Iterator[tuple[Page, Watched, RunningPortal]]:
    context = chromium.new_context(viewport={"width": 1700, "height": 900}, locale="en-GB", accept_downloads=True)
    seen = Watched(context, own_portal)
    yield context.new_page(), seen, own_portal
    context.close()
    assert seen.elsewhere == []
    assert seen.kept == []
    assert len(seen.asked) > 20


def test_the_pages_before_one_is_in_ask_the_portal_alone(watched: tuple[Page, Watched, RunningPortal]) -> None:
    page, _, portal = watched
    for hash_ in ("", "#login=wrong", f"#invite={'a' * 43}", f"#reset={'a' * 43}", f"#verify={'a' * 43}", "#s=no-such"):
        page.goto("about:blank")
        page.goto(f"{portal.origin}/{hash_}")
        expect(page.locator("#login")).to_be_visible()
        page.wait_for_timeout(300)


def clear(page: Page) -> None:
    """Go back to the wall, by Escape, however deep one is, and have tiles on it; some commands load the page anew."""
    until(page, "window.tiledviz?.connection() === 'open' && window.tiledviz.session.loaded")
    for _ in range(6):
        if page.locator("dialog[open], .popover:not([hidden]), #focus:not([hidden])").count() == 0:
            break
        page.keyboard.press("Escape")
        page.wait_for_timeout(120)
    page.evaluate("document.querySelector('[data-alone] .bare-leave')?.click()")
    if page.get_by_role("gridcell").count() == 0:
        page.evaluate("window.tiledviz.session.undo()")
        page.wait_for_timeout(300)
    if page.get_by_role("gridcell").count() > 0:
        page.get_by_role("gridcell").first.focus()


def palette(page: Page) -> Locator:
    """Open the palette, on a page that is loaded anew where something else keeps the keyboard."""
    field = page.get_by_role("combobox", name="Search commands")
    for _ in range(2):
        page.keyboard.press("Control+k")
        page.wait_for_timeout(150)
        if field.is_visible():
            return field
        page.keyboard.press("Escape")
        clear(page)
    page.reload()
    clear(page)
    page.keyboard.press("Control+k")
    expect(field).to_be_visible()
    return field


def commands(page: Page) -> list[str]:
    page.keyboard.press("Control+k")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    found = [text.splitlines()[0] for text in options.all_inner_texts()]
    page.keyboard.press("Escape")
    return found


def test_every_command_dialog_and_page_asks_the_portal_alone(watched: tuple[Page, Watched, RunningPortal]) -> None:
    page, seen, portal = watched
    rfb = TinyRfb()
    job = RunningJob(portal, tiles=4)
    job.agent.serve_rfb = rfb.serve
    try:
        page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
        until(page, "window.tiledviz?.connection() === 'open' && window.tiledviz.tiles().length == 4")
        clear(page)
        done = []
        for label in commands(page):
            if LEFT_OUT.search(label):
                continue
            palette(page).fill(label)
            option = page.get_by_role("option").filter(has_text=re.compile(f"^{re.escape(label)}")).first
            if option.count() and option.get_attribute("aria-disabled") != "true":
                option.click()
                page.wait_for_timeout(150)
                done.append(label)
            clear(page)
        assert len(done) > COMMANDS_LEAST, done
        page.evaluate(UNDONE)
        until(page, "window.tiledviz.session.document.pending.length == 0 && window.tiledviz.tiles().length == 4")
        page.reload()
        clear(page)
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#focus .remote canvas') !== null")
        assert any("/static/vendor/" in url for url in seen.asked), "noVNC came from the portal"
        page.keyboard.press("Escape")
        pages_of_the_desk(page)
    finally:
        job.end()


def pages_of_the_desk(page: Page) -> None:
    """Open the pages that lie behind the list of sessions: the project, its people, one's account, the portal's."""
    clear(page)
    page.keyboard.press("Shift+S")
    desk = page.locator("dialog.desk")
    expect(desk.get_by_role("button").nth(1)).to_be_visible()
    names = [name for name in desk.get_by_role("button").all_inner_texts() if name and name != "Close"]
    for name in names:
        if not desk.is_visible():
            page.keyboard.press("Shift+S")
        target = desk.get_by_role("button", name=name, exact=True).first
        if target.count() and target.is_visible() and not re.search("Delete|Archive|Leave|Go", name):
            target.click()
            page.wait_for_timeout(200)
        clear(page)
    clear(page)
