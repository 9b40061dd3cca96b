"""A wall of eight tiles with tags and columns of all kinds, and what one does to it by role and label."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from portal_kit import RunningJob, RunningPortal
from tvcore.portal.roles import Role
from world import until

TILES = 8
CLASSES = ["spots", "waves", "spots", "stripes", "waves", "spots", "chaos", "stripes"]
TEMPERATURES: list[float | None] = [300.0, 290.5, 310.0, 275.0, 320.0, None, 305.0, 281.0]
TAGS: list[tuple[str, ...]] = [("keep",), (), ("keep", "8_300K"), (), ("10_320K",), (), ("9_310K",), ()]
COLUMNS: list[dict[str, Any]] = [
    {"name": "F", "dtype": "float64", "unit": "1", "description": "feed", "role": "parameter"},
    {"name": "T", "dtype": "float64", "unit": "K", "description": "temperature", "role": "result"},
    {"name": "class", "dtype": "str", "unit": None, "description": None, "role": "result"},
]


def job_of(portal: RunningPortal) -> RunningJob:
    rows = [{"F": i / 100, "T": TEMPERATURES[i], "class": CLASSES[i]} for i in range(TILES)]
    return RunningJob(portal, tiles=TILES, columns=COLUMNS, rows=rows, tags=TAGS)


class TaggedWall:
    """The page with that wall."""

    def __init__(self, page: Page, portal: RunningPortal, role: Role = "owner") -> None:
        self.page = page
        page.goto(f"{portal.origin}/#login={portal.login_ticket(role=role)}")
        self.ready()

    def ready(self) -> None:
        until(self.page, "window.tiledviz.connection() == 'open'", seconds=90)
        until(self.page, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}", seconds=90)

    def again(self) -> None:
        """Load the page once more."""
        self.page.reload()
        self.ready()

    def cell(self, number: int) -> Locator:
        return self.page.get_by_role("gridcell", name=re.compile(f"^tile {number},"))

    def shows(self, *numbers: int) -> None:
        """Wait until just these tiles are on the wall, in this order."""
        wanted = [f"tile {number}" for number in numbers]
        until(self.page, "wanted => window.tiledviz.tiles().map(t => t.title).join() == wanted.join()", wanted)

    def undimmed(self, *numbers: int) -> None:
        wanted = sorted(f"tile {number}" for number in numbers)
        script = "wanted => window.tiledviz.tiles().filter(t => !t.dimmed).map(t => t.title).sort().join()"
        until(self.page, f"{script} == wanted.join()", wanted)

    def selected(self, *numbers: int) -> None:
        expect(self.page.get_by_role("gridcell", selected=True)).to_have_count(len(numbers))
        for number in numbers:
            expect(self.cell(number)).to_have_attribute("aria-selected", "true")

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    def on_wall(self, number: int = 0) -> None:
        """Give a tile of the wall the keyboard."""
        self.cell(number).focus()

    def command(self, label: str) -> None:
        """Run a command by the palette."""
        self.press("Control+k")
        self.page.get_by_role("combobox", name="Search commands").fill(label)
        self.page.get_by_role("option", name=label, exact=True).first.click()

    def choose(self, label: str) -> None:
        """Take an entry of the choice that is open."""
        self.page.get_by_role("option", name=label, exact=True).click()

    @property
    def legend(self) -> Locator:
        return self.page.get_by_role("complementary", name="Legend")

    def theme(self, name: str) -> None:
        """Go on to the next theme until it is this one."""
        for _ in range(3):
            if self.page.evaluate("document.documentElement.dataset.theme") == name:
                return
            self.on_wall()
            self.press("t")
