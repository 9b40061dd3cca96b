"""The pages of people who present and take away, and what they do in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from portal_kit import RunningJob, RunningPortal
from tvcore.portal.roles import Role
from world import until

Open = Callable[..., Page]
SORTED = {"by": "title", "descending": True}


@contextmanager
def opening(chromium: Browser, portal: RunningPortal, job: RunningJob) -> Iterator[Open]:
    """Open pages of other people, in browsers of their own; what they do to the session is taken back."""
    contexts, problems = [], []

    def open_one(hash_: str = "", role: Role = "owner", name: str = "", width: int = 1440, height: int = 800) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB")
        context.on("weberror", lambda error: problems.append(str(error.error)))
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{portal.origin}/#login={portal.login_ticket(role=role)}")
        until(page, "window.tiledviz?.session?.loaded")
        if hash_:
            page.wait_for_timeout(700)  # its demand is told before it leaves
            page.goto("about:blank")  # to follow a link is to load the page
            page.goto(f"{portal.origin}/{hash_}")
        until(page, "window.tiledviz?.session?.loaded && window.tiledviz.tiles().length == 4")
        if name:
            page.evaluate(
                "name => { const { session } = window.tiledviz;"
                " session.set([[`person/${session.person}/name`, name]], 'name'); }",
                name,
            )
        page.wait_for_timeout(300)
        return page

    yield open_one
    if contexts and contexts[0].pages:
        first = contexts[0].pages[0]
        pages = [page for context in contexts for page in context.pages]
        for page in pages:
            until(page, "window.tiledviz.session.document.pending.length == 0")
        done = max(page.evaluate("window.tiledviz.session.document.seq") for page in pages)
        until(first, "seq => window.tiledviz.session.document.seq >= seq", done)  # it has heard of all that was done
        paths = "window.tiledviz.session.document.below('').map(([path]) => path).filter(p => !p.startsWith('person/'))"
        first.evaluate(f"window.tiledviz.session.set({paths}.map(path => [path, null]), 'x')")
        until(first, "window.tiledviz.session.document.pending.length == 0")
    for context in contexts:
        context.close()
    assert problems == []


def present_dialog(page: Page) -> Locator:
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Shift+P")
    dialog = page.get_by_role("dialog", name="Presentation", exact=True)
    expect(dialog).to_be_visible()
    return dialog


def slide_names(dialog: Locator) -> list[str]:
    return dialog.get_by_role("list", name="Slides").locator("strong").all_inner_texts()


def look_at(page: Page, number: int) -> None:
    """Show one tile, as large as fits."""
    page.get_by_role("gridcell").nth(number).focus()
    page.keyboard.press("f")
    page.keyboard.press("z")
    page.wait_for_timeout(400)


def add_slides(page: Page, *names: str) -> None:
    """Add a slide of each tile, by these names."""
    for number, name in enumerate(names):
        look_at(page, number)
        dialog = present_dialog(page)
        dialog.get_by_label("Add what you see now").fill(name)
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("status")).to_have_text(f"{name} is the last slide now.")
        page.keyboard.press("Escape")
    page.keyboard.press("f")


def register(page: Page, path: str) -> Any:
    return page.evaluate("path => window.tiledviz.session.document.get(path) ?? null", path)


def mark(page: Page) -> Locator:
    return page.get_by_role("group", name="A movie is recorded")
