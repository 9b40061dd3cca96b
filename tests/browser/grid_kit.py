"""A wall of twelve tiles, and what one does to it by role and label."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from portal_kit import RunningPortal
from tvcore.portal.roles import Role
from world import until

TILES = 12
TITLES = [f"tile {i}" for i in range(TILES)]


class GridWall:
    """A page with twelve tiles in four columns, and what one reads from it."""

    def __init__(self, page: Page, portal: RunningPortal, role: Role) -> None:
        self.page = page
        page.goto(f"{portal.origin}/#login={portal.login_ticket(role=role)}")
        until(page, "window.tiledviz.connection() == 'open'")
        until(page, f"window.tiledviz.tiles().length == {TILES}")
        self.rest()

    def rest(self) -> None:
        """Wait until nothing moves."""
        seen: list[object] = [None, 0]
        while seen[-1] != seen[-2]:
            self.page.wait_for_timeout(250)  # longer than any motion of the page
            seen.append(self.page.evaluate("window.tiledviz.tiles().map(t => t.rect)"))

    # ------------------------------------------------------------------ reading

    def order(self) -> list[str]:
        titles: list[str] = self.page.evaluate("window.tiledviz.tiles().map(t => t.title)")
        return titles

    def stands(self, *titles: str) -> None:
        """Wait until the wall begins with these tiles."""
        until(
            self.page, "titles => window.tiledviz.tiles().map(t => t.title).join().startsWith(titles.join())", [*titles]
        )
        self.rest()

    def selected(self, *numbers: int) -> None:
        """Wait until these tiles are selected and no others."""
        chosen = self.page.get_by_role("gridcell", selected=True)
        expect(chosen).to_have_count(len(numbers))
        for number in numbers:
            expect(self.cell(number)).to_have_attribute("aria-selected", "true")

    def cell(self, number: int) -> Locator:
        return self.page.get_by_role("gridcell", name=re.compile(f"^tile {number},"))

    def counts(self, text: str) -> None:
        expect(self.page.get_by_role("status").filter(has_text=re.compile(f"^{text}$")).last).to_be_visible()

    def says(self, text: str) -> None:
        """Wait until a screen reader is told this."""
        expect(self.page.get_by_role("status").filter(has_text=text)).to_have_count(1)

    # ------------------------------------------------------------------- places

    def rect(self, number: int) -> dict[str, float]:
        found: dict[str, float] = self.page.evaluate(
            "title => window.tiledviz.tiles().find(t => t.title == title).rect", f"tile {number}"
        )
        return found

    def picture(self, number: int, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        rect = self.rect(number)
        return rect["x"] + across * rect["width"], rect["y"] + down * rect["height"]

    def title(self, number: int) -> tuple[float, float]:
        rect = self.rect(number)
        return rect["x"] + rect["width"] * 0.3, rect["y"] + rect["height"] + 9

    def beside(self, number: int) -> tuple[float, float]:
        """Return a point left of a tile's middle, nearer to it than to the one before."""
        return self.picture(number, across=0.1)

    # -------------------------------------------------------------------- doing

    def focus(self, number: int) -> None:
        self.cell(number).focus()

    def click(self, number: int, *modifiers: str) -> None:
        for key in modifiers:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.picture(number))
        for key in modifiers:
            self.page.keyboard.up(key)

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, release: bool = True) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
        self.page.mouse.move(*end, steps=3)
        if release:
            self.page.mouse.up()

    def command(self, words: str, label: str) -> None:
        """Run a command by the palette."""
        self.page.keyboard.press("Control+k")
        field = self.page.get_by_role("combobox", name="Search commands")
        expect(field).to_be_focused()
        field.fill(words)
        expect(self.page.get_by_role("option", selected=True)).to_have_accessible_name(
            re.compile(f"^{re.escape(label)}")
        )
        self.page.keyboard.press("Enter")
        expect(field).to_be_hidden()
