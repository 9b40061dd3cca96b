"""The tour of docs/tour.md, step by step on a real wall; each step's picture is made, and looked at, here.

``TILEDVIZ_TOUR=1 pytest tests/end_to_end/test_tour.py`` (``make tour``) puts the pictures into docs/tour; otherwise
they stay beside all other pictures of tests. The tests share one wall and stand in the order of the tour.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from world import Picture, World, difference, part, shot, until

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "tour"
TILES = 16
SIZE = {"width": 1280, "height": 800}
SCREEN = {"width": 640, "height": 480}
STEPS = (
    "wall", "colour", "search", "tile", "notes", "views", "analysis", "scatter", "compare", "reference", "present",
    "display-wall",
)  # fmt: skip


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    _process, log = world.start("up", "--port", "0")
    url = world.opened(log)
    world.ask("launch", "--detach", "gray_scott", "--tiles", str(TILES))
    world.wait_live(TILES, 180)
    yield url
    world.end_started()


class Guide:
    """The page of the tour, and its pictures."""

    def __init__(self, page: Page, output: Path) -> None:
        self.page = page
        self.output = output

    def key(self, key: str) -> None:
        self.page.keyboard.press(key)

    def on_wall(self, number: int = 0) -> Locator:
        cell = self.page.get_by_role("gridcell").nth(number)
        cell.focus()
        return cell

    def command(self, words: str) -> None:
        """Run what the palette has under these words."""
        self.key("Control+k")
        self.page.get_by_role("combobox", name="Search commands").fill(words)
        self.page.get_by_role("option", name=re.compile(words)).first.click()

    def rest(self) -> None:
        """Wait until tiles stand still and each has its picture."""
        rects: list[object] = [None, 0]
        while rects[-1] != rects[-2]:
            self.page.wait_for_timeout(400)
            rects.append(self.page.evaluate("window.tiledviz.tiles().map(t => t.rect)"))
        self.page.wait_for_timeout(900)  # pictures become sharp once they are still

    def rects(self) -> list[dict[str, float]]:
        found: list[dict[str, float]] = self.page.evaluate("window.tiledviz.tiles().map(t => t.rect)")
        return found

    def register(self, path: str) -> object:
        found: object = self.page.evaluate("path => window.tiledviz.session.document.get(path) ?? null", path)
        return found

    def picture(self, name: str, page: Page | None = None) -> Picture:
        """Make the picture of a step."""
        path = place(self.output, name)
        picture = shot(page or self.page, path)
        keep(path)
        return picture


def place(output: Path, name: str) -> Path:
    return output / f"tour-{STEPS.index(name) + 1:02}-{name}.png"


def keep(path: Path) -> None:
    """Put a picture into the documentation, where that is asked for."""
    if os.environ.get("TILEDVIZ_TOUR"):
        DOCS.mkdir(exist_ok=True)
        shutil.copy(path, DOCS / path.name.removeprefix("tour-"))


Another = Callable[..., Page]


@pytest.fixture(scope="module")
def another(world: World, url: str, browser: Browser) -> Iterator[Another]:
    """Open a page in a browser of its own."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def opened(address: str, size: dict[str, int]) -> Page:
        contexts.append(browser.new_context(viewport=size, locale="en-GB"))  # type: ignore[arg-type]
        contexts[-1].on("weberror", lambda error: problems.append(str(error.error)))
        page = contexts[-1].new_page()
        page.goto(address)
        until(page, f"window.tiledviz?.tiles().filter(t => t.state == 'live').length == {TILES}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="module")
def guide(url: str, another: Another) -> Guide:
    output = ROOT / "tests" / "output"
    output.mkdir(exist_ok=True)
    return Guide(another(url, SIZE), output)


def test_one_the_wall(guide: Guide) -> None:
    until(guide.page, "async n => Object.keys((await window.tiledviz.drawn()).tiles).length == n", TILES)
    guide.on_wall()
    guide.rest()
    picture = guide.picture("wall")
    # One member is dead: nothing is left in it to draw.
    assert sum(part(picture, rect).std() > 8 for rect in guide.rects()) >= TILES - 1


def test_two_colours_and_lanes(guide: Guide) -> None:
    guide.page.evaluate(
        """() => window.tiledviz.session.set([['group', { by: 'column:class' }], ['colour', { by: 'column:F',
           scale: 'viridis', from: null, to: null, reversed: false }]], 'group')"""
    )
    guide.rest()
    expect(guide.page.get_by_role("img", name=re.compile(r"^F from"))).to_be_visible()
    guide.picture("colour")


def test_three_a_search(guide: Guide) -> None:
    guide.on_wall()
    guide.key("/")
    guide.page.get_by_role("searchbox", name=re.compile("Search")).or_(guide.page.locator("#search")).first.fill(
        "F > 0.03"
    )
    until(guide.page, "window.tiledviz.tiles().some(t => t.dimmed) && window.tiledviz.tiles().some(t => !t.dimmed)")
    guide.rest()
    guide.picture("search")
    guide.key("Escape")
    guide.key("Escape")
    guide.page.evaluate("window.tiledviz.session.set([['group', null]], 'group')")
    guide.rest()


def test_four_a_tile_in_full(guide: Guide) -> None:
    guide.on_wall(5)
    guide.key("Enter")
    screen = guide.page.locator("#focus .remote canvas")
    expect(screen).to_be_visible()
    until(guide.page, "document.querySelector('#focus .remote canvas').getBoundingClientRect().width > 400")
    guide.page.wait_for_timeout(2000)
    box = screen.bounding_box()
    assert box
    assert (
        part(
            guide.picture("tile"), {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}
        ).std()
        > 8
    )
    guide.key("Escape")
    expect(guide.page.locator("#focus")).to_be_hidden()


def test_five_notes_and_tags(guide: Guide) -> None:
    guide.on_wall(1)
    guide.key("e")
    note = guide.page.get_by_role("textbox", name=re.compile("Note|What others should know"))
    note.fill("Worms: compare with the run at F = 0.04")
    guide.page.get_by_role("combobox", name="Add a tag").or_(guide.page.get_by_placeholder("Add a tag")).first.fill(
        "keep"
    )
    guide.key("Enter")
    guide.on_wall(1)
    until(guide.page, "window.tiledviz.session.document.below('tags/').length > 0")
    guide.rest()
    guide.picture("notes")


def test_six_linked_views(guide: Guide) -> None:
    guide.on_wall()
    guide.key("Shift+V")
    region = guide.page.get_by_role("region", name="Views", exact=True)
    expect(region).to_be_visible()
    region.get_by_role("button", name="Parallel axes", exact=True).click()
    strip = region.get_by_role("group", name=re.compile("^F")).locator(".strip")
    box = strip.bounding_box()
    assert box
    x = box["x"] + box["width"] / 2
    guide.page.mouse.move(x, box["y"] + 0.45 * box["height"])
    guide.page.mouse.down()
    guide.page.mouse.move(x, box["y"] + 0.2 * box["height"], steps=4)
    guide.page.mouse.move(x, box["y"] + 2, steps=4)
    guide.page.mouse.up()
    until(guide.page, "window.tiledviz.session.document.get('brush/column%3AF') !== undefined")
    guide.rest()
    guide.picture("views")
    guide.page.evaluate("window.tiledviz.session.set([['brush/column%3AF', null]], 'brush')")
    guide.on_wall()
    guide.key("Shift+V")
    expect(region).to_be_hidden()


def test_seven_groups_by_kmeans(guide: Guide) -> None:
    guide.on_wall()
    guide.key("Shift+A")
    dialog = guide.page.get_by_role("dialog", name="Analysis")
    dialog.get_by_role("button", name="Analyse", exact=True).click()
    expect(dialog.get_by_text(re.compile(r"^\d+ groups of 16 tiles"))).to_be_visible()
    guide.rest()
    guide.picture("analysis")
    dialog.get_by_role("button", name="Close").click()
    guide.on_wall()
    guide.key("Control+z")  # what follows is about other things
    until(guide.page, "!window.tiledviz.session.document.below('made/').length")
    guide.page.wait_for_timeout(5000)  # it is said for a moment


def test_eight_the_wall_as_a_scatter_plot(guide: Guide) -> None:
    guide.page.evaluate(
        """() => window.tiledviz.session.set([['layout/scatter', { x: { by: 'column:F', log: false },
           y: { by: 'column:k', log: false }, size: 1 }]], 'layout')"""
    )
    guide.rest()
    picture = guide.picture("scatter")
    assert all(part(picture, rect, 0.3).size for rect in guide.rects())
    guide.command("Back to the grid from the scatter plot")
    guide.rest()


def test_nine_compare(guide: Guide) -> None:
    for number in (5, 6):
        guide.on_wall(number)
        guide.key("Space")
    guide.key("Shift+C")
    bar = guide.page.get_by_role("button", name="Swipe", exact=True)
    expect(bar).to_be_visible()
    guide.key("3")
    guide.page.wait_for_timeout(2000)
    assert guide.picture("compare").std() > 8
    guide.key("Escape")
    expect(bar).to_be_hidden()
    guide.key("Escape")


def test_ten_the_wall_against_a_reference(guide: Guide) -> None:
    guide.rest()
    before = shot(guide.page)
    guide.on_wall(5)
    guide.key("y")
    until(guide.page, "window.tiledviz.session.document.get('reference') !== undefined")
    guide.rest()
    picture = guide.picture("reference")
    assert difference(part(before, guide.rects()[0]), part(picture, guide.rects()[0])) > 3
    guide.on_wall(5)
    guide.key("y")
    until(guide.page, "window.tiledviz.session.document.get('reference') === undefined")


def test_eleven_a_presentation_and_the_hand_of_who_presents(world: World, guide: Guide, another: Another) -> None:
    guide.page.evaluate(
        """() => { const { session } = window.tiledviz;
           session.set([[`person/${session.person}/name`, 'Anna']], 'name'); }"""
    )
    guide.on_wall(2)
    guide.key("f")
    guide.key("Shift+P")
    dialog = guide.page.get_by_role("dialog", name="Presentation", exact=True)
    dialog.get_by_label("Add what you see now").fill("Sixteen runs")
    guide.key("Enter")
    expect(dialog.get_by_role("status")).to_have_text("Sixteen runs is the last slide now.")
    viewer = another(world.ask("open", "--role", "viewer")["url"], SIZE)
    dialog.get_by_role("button", name="Start the presentation").click()
    viewer.get_by_role("button", name="Look along").first.click()
    rect = guide.rects()[6]
    for step in range(8):
        guide.page.mouse.move(rect["x"] + rect["width"] * (0.2 + step / 20), rect["y"] + rect["height"] / 2)
        guide.page.wait_for_timeout(120)
    viewer.wait_for_timeout(1500)
    guide.picture("present", viewer)
    guide.key("Escape")
    expect(guide.page.get_by_role("button", name="Commands")).to_be_visible()


def test_twelve_two_screens_as_one_wall(world: World, guide: Guide, another: Another) -> None:
    made = world.ask("wall", "2x1", "--bezel", "12mm", "--screen", "1280x960@20in")
    screens = [another(screen["url"], SCREEN) for screen in made["screens"]]
    screens[0].wait_for_timeout(6000)  # each says its name for a moment
    paths = [guide.output / f"tour-screen-{i}.png" for i in range(2)]
    left, right = (shot(screen, path) for screen, path in zip(screens, paths, strict=True))
    assert difference(left, right) > 3
    dark = (18, 18, 18)
    framed = [cv2.copyMakeBorder(each, 14, 14, 14, 14, cv2.BORDER_CONSTANT, value=dark) for each in (left, right)]
    path = place(guide.output, "display-wall")
    assert cv2.imwrite(str(path), cv2.hconcat(framed))
    keep(path)


def test_the_tour_shows_these_pictures_in_this_order() -> None:
    text = (ROOT / "docs" / "tour.md").read_text()
    shown = re.findall(r"!\[[^\]]+\]\(tour/([^)]+)\)", text)
    assert shown == [f"{number:02}-{name}.png" for number, name in enumerate(STEPS, 1)]
    assert [name for name in shown if not (DOCS / name).is_file()] == []
