"""Linked views: parallel axes, scatter and histograms, by hand and by keys, and what brushes do to the wall."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_kit import Axe, all_within
from playwright.sync_api import Browser, Locator, Page, expect

from portal_kit import RunningPortal
from told_tags import TILES, TaggedWall
from tvcore.portal.roles import Role
from world import shot, until

ALL = tuple(range(TILES))
Another = Callable[..., "Views"]
ACCENT = np.array([0xFF, 0xB4, 0x58])  # of the dark theme, blue first


class Views:
    """The views of a page, by role and label."""

    def __init__(self, wall: TaggedWall) -> None:
        self.wall = wall
        self.page = wall.page
        self.region = self.page.get_by_role("region", name="Views", exact=True)

    def open(self, view: str = "Parallel axes") -> None:
        if not self.region.is_visible():
            self.wall.on_wall()
            self.wall.press("Shift+V")
        expect(self.region).to_be_visible()
        self.region.get_by_role("button", name=view, exact=True).click()
        expect(self.count).not_to_be_empty()

    @property
    def count(self) -> Locator:
        return self.region.get_by_role("status").first

    def axis(self, name: str) -> Locator:
        return self.region.get_by_role("group", name=name, exact=True)

    def head(self, name: str) -> Locator:
        return self.region.get_by_role("button", name=re.compile(f"^{re.escape(name)}( · |$)"))

    def axes(self) -> list[str]:
        return [str(each.get_attribute("aria-label")) for each in self.region.locator(".axis").all()]

    def order(self, *names: str) -> None:
        script = "names => [...document.querySelectorAll('.views .axis')].map(a => a.ariaLabel).join() == names.join()"
        until(self.page, script, [*names])

    def at(self, axis: str, place: float) -> tuple[float, float]:
        """Return a point of the window on an axis, 0 (below, left) to 1."""
        strip = self.axis(axis).locator(".strip")
        box = strip.bounding_box()
        assert box
        if "across" in str(strip.get_attribute("class")):
            return box["x"] + place * box["width"], box["y"] + 20
        return box["x"] + box["width"] / 2, box["y"] + (1 - place) * box["height"]

    def drag(self, axis: str, start: float, end: float, *, release: bool = True, add: bool = False) -> None:
        if add:
            self.page.keyboard.down("Shift")
        self.page.mouse.move(*self.at(axis, start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(axis, (start + end) / 2), steps=3)
        self.page.mouse.move(*self.at(axis, end), steps=3)
        if release:
            self.page.mouse.up()
        if add:
            self.page.keyboard.up("Shift")

    def brush(self, axis: str) -> Locator:
        return self.region.get_by_role("slider", name=f"Brush on {axis}")

    def menu(self, name: str) -> Locator:
        expect(self.head(name)).to_be_visible()
        self.head(name).focus()
        self.page.keyboard.press("Enter")
        dialog = self.page.get_by_role("dialog", name=re.compile("^Axis "))
        expect(dialog).to_be_visible()
        return dialog

    def register(self, path: str) -> object:
        found: object = self.page.evaluate("path => window.tiledviz.session.document.get(path) ?? null", path)
        return found


@pytest.fixture
def views(tagged: TaggedWall) -> Views:
    return Views(tagged)


@pytest.fixture
def another(chromium: Browser, own_portal: RunningPortal) -> Iterator[Another]:
    """Open the same wall in another browser."""
    contexts = []

    def opened(role: Role = "owner", locale: str = "en-GB") -> Views:
        contexts.append(chromium.new_context(viewport={"width": 1500, "height": 900}, locale=locale))
        return Views(TaggedWall(contexts[-1].new_page(), own_portal, role))

    yield opened
    for context in contexts:
        context.close()


def test_a_brush_by_hand_dims_tiles_for_everybody_and_undo_takes_it_back(
    views: Views, another: Another, output: Path
) -> None:
    wall = views.wall
    views.open()
    expect(views.count).to_have_text(f"{TILES} tiles")
    assert views.axes() == ["F", "T (K)", "class"]
    other = another()
    views.drag("F", 0.25, 0.75, release=False)
    wall.undimmed(2, 3, 4, 5)  # seen by oneself while it is drawn
    expect(wall.cell(1)).to_have_accessible_name(re.compile("outside the brushes"))
    assert views.register("brush/column%3AF") is None
    other.wall.undimmed(*ALL)
    views.page.mouse.up()
    expect(views.brush("F")).to_have_attribute("aria-valuetext", re.compile(r"^0\.017\d* to 0\.052\d*$"))
    expect(views.count).to_have_text(f"4 of {TILES} brushed")
    wall.undimmed(2, 3, 4, 5)
    other.wall.undimmed(2, 3, 4, 5)
    other.open()
    expect(other.count).to_have_text(f"4 of {TILES} brushed")
    shot(views.page, output / "views-brushed.png")
    views.region.screenshot(path=output / "views-region.png")
    # Several columns together; a tile without a value does not pass.
    views.drag("T (K)", 0.3, 1.0)
    wall.undimmed(2, 4)
    assert views.register("brush/column%3AT")["ranges"][0][1] is None, "the end of an axis is no end"  # type: ignore[index]
    # Within a column one of several.
    views.drag("F", 0.95, 1.0, add=True)
    assert len(views.register("brush/column%3AF")["ranges"]) == 2  # type: ignore[index]
    wall.undimmed(2, 4)
    wall.press("Control+z")
    wall.press("Control+z")
    wall.undimmed(2, 3, 4, 5)
    wall.press("Control+z")
    wall.undimmed(*ALL)
    other.wall.undimmed(*ALL)
    wall.press("Control+Shift+z")
    other.wall.undimmed(2, 3, 4, 5)


def test_a_brush_is_moved_resized_let_go_of_and_cleared_by_hand(views: Views) -> None:
    views.open()
    views.drag("F", 0.2, 0.5)
    views.wall.undimmed(2, 3)
    views.drag("F", 0.35, 0.65)
    views.wall.undimmed(4, 5)
    views.drag("F", 0.5, 0.25)  # its lower end
    views.wall.undimmed(2, 3, 4, 5)
    views.drag("F", 0.6, 0.9, release=False)
    views.wall.undimmed(4, 5, 6, 7)
    views.page.keyboard.press("Escape")
    views.wall.undimmed(2, 3, 4, 5)
    views.page.mouse.up()
    views.page.mouse.click(*views.at("F", 0.95))
    views.wall.undimmed(*ALL)
    assert views.register("brush/column%3AF") is None


def test_a_brush_by_keys_moves_widens_and_clears_and_one_run_of_keys_is_one_act(views: Views) -> None:
    views.open()
    menu = views.menu("F")
    menu.get_by_role("textbox", name="From, of another range").fill("0.03")
    menu.get_by_role("textbox", name="To, of another range").fill("0.05")
    views.page.keyboard.press("Enter")
    views.wall.undimmed(3, 4, 5)
    assert views.register("brush/column%3AF") == {"ranges": [[0.03, 0.05]]}
    views.page.keyboard.press("Escape")
    brush = views.brush("F")
    brush.focus()
    for _ in range(12):
        views.page.keyboard.press("ArrowUp")
    views.wall.undimmed(4, 5)
    until(views.page, "window.tiledviz.session.document.get('brush/column%3AF').ranges[0][0] > 0.035")
    for _ in range(12):
        views.page.keyboard.press("Shift+ArrowRight")
    views.wall.undimmed(3, 4, 5, 6)
    until(views.page, "window.tiledviz.session.document.get('brush/column%3AF').ranges[0][0] < 0.031")
    expect(brush).to_be_focused()
    views.page.keyboard.press("Control+z")
    views.wall.undimmed(4, 5)
    views.page.keyboard.press("Control+z")
    views.wall.undimmed(3, 4, 5)
    brush.focus()
    views.page.keyboard.press("Delete")
    views.wall.undimmed(*ALL)
    expect(views.head("F")).to_be_focused()
    views.wall.press("Control+z")
    views.wall.undimmed(3, 4, 5)
    views.wall.command("Clear all brushes")
    views.wall.undimmed(*ALL)


def test_words_are_brushed_one_by_one_and_by_a_drag(views: Views) -> None:
    views.open()
    spots = views.region.get_by_role("button", name="spots, of class")
    spots.click()
    expect(spots).to_have_attribute("aria-pressed", "true")
    views.wall.undimmed(0, 2, 5)
    views.region.get_by_role("button", name="waves, of class").press("Enter")
    views.wall.undimmed(0, 1, 2, 4, 5)
    views.drag("T (K)", 0.5, 1.0)
    views.wall.undimmed(0, 2, 4)
    menu = views.menu("class")
    menu.get_by_role("checkbox", name="waves").uncheck()
    views.wall.undimmed(0, 2)
    menu.get_by_role("button", name="Clear this brush").click()
    views.page.keyboard.press("Escape")
    views.wall.undimmed(0, 2, 4, 6)
    views.drag("class", 0.55, 0.95)
    assert len(views.register("brush/column%3Aclass")["values"]) == 2  # type: ignore[index]


def test_brushes_hide_or_select_and_a_reload_finds_them(views: Views, another: Another) -> None:
    wall = views.wall
    views.open()
    views.drag("F", 0.25, 0.75)
    way = views.region.get_by_role("combobox", name="The rest")
    way.select_option(label="is hidden")
    wall.shows(2, 3, 4, 5)
    expect(views.count).to_have_text(f"4 of {TILES} brushed")
    views.drag("F", 0.5, 0.65, release=False)
    wall.undimmed(3, 4, 5)  # nothing moves under the hand
    views.page.mouse.up()
    wall.shows(3, 4, 5, 6)
    wall.page.reload()
    wall.shows(3, 4, 5, 6)
    expect(views.region).to_be_visible()
    expect(views.count).to_have_text(f"4 of {TILES} brushed")
    wall.press("Control+z")
    wall.press("Control+z")
    wall.shows(*ALL)
    wall.undimmed(2, 3, 4, 5)
    other = another()
    way.select_option(label="stays: brushing selects")
    wall.selected(2, 3, 4, 5)
    wall.undimmed(*ALL)
    views.drag("T (K)", 0.3, 1.0)
    wall.selected(2, 4)
    other.wall.selected()
    wall.press("Control+z")
    wall.selected(2, 3, 4, 5)
    expect(views.brush("T (K)")).to_have_count(0)


def test_a_bookmark_keeps_brushes_and_axes(views: Views) -> None:
    views.open()
    views.drag("F", 0.25, 0.75)
    views.head("class").press("Shift+ArrowLeft")
    views.order("F", "class", "T (K)")
    views.wall.on_wall(3)
    views.wall.press("b")
    views.page.get_by_label("Bookmark this view as").fill("The middle")
    views.page.get_by_role("button", name="Bookmark", exact=True).click()
    views.wall.press("Escape")
    views.region.get_by_role("button", name="Clear brushes").click()
    views.wall.undimmed(*ALL)
    views.drag("T (K)", 0.3, 1.0)
    views.head("class").press("Shift+ArrowLeft")
    views.order("class", "F", "T (K)")
    views.wall.on_wall(3)
    views.wall.press("b")
    views.page.get_by_role("button", name="Go to The middle").click()
    views.wall.undimmed(2, 3, 4, 5)
    views.order("F", "class", "T (K)")


def accent(page: Page, canvas: Locator) -> int:
    """Return how many pixels of the accent's colour there are in an element."""
    box = canvas.bounding_box()
    assert box
    picture = shot(page)[int(box["y"]) : int(box["y"] + box["height"]), int(box["x"]) : int(box["x"] + box["width"])]
    return int((np.abs(picture.astype(int) - ACCENT).max(axis=2) < 24).sum())


@pytest.mark.parametrize("view", ["Parallel axes", "Scatter", "Histograms"])
def test_what_is_selected_on_the_wall_lights_up(views: Views, output: Path, view: str) -> None:
    views.open(view)
    views.wall.on_wall(1)
    views.page.wait_for_timeout(300)
    canvas = views.region.locator("canvas:visible").first
    before = accent(views.page, canvas)
    for number in (3, 4):
        views.wall.on_wall(number)
        views.wall.press("Space")
    views.wall.selected(3, 4)
    views.page.wait_for_timeout(300)
    assert accent(views.page, canvas) > before + 20
    shot(views.page, output / f"views-{view.split()[0].lower()}.png")
    views.wall.press("Escape")
    views.wall.on_wall(1)
    views.page.wait_for_timeout(300)
    assert accent(views.page, canvas) == before


def test_axes_are_moved_flipped_made_log_taken_off_and_put_on(views: Views) -> None:
    page = views.page
    views.open()
    views.head("F").press("Shift+ArrowRight")
    views.order("T (K)", "F", "class")
    expect(views.head("F")).to_be_focused()
    # By a drag of its name to where another stands.
    box, goal = views.head("class").bounding_box(), views.head("T (K)").bounding_box()
    assert box
    assert goal
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(goal["x"] + 20, goal["y"] + 10, steps=6)
    page.mouse.up()
    views.order("class", "T (K)", "F")
    expect(page.get_by_role("dialog", name=re.compile("^Axis "))).to_have_count(0)
    menu = views.menu("T (K)")
    menu.get_by_role("checkbox", name="Flipped").check()
    expect(views.head("T (K)")).to_have_text("T (K) · flipped")
    menu.get_by_role("checkbox", name="Log scale").check()
    expect(views.head("T (K)")).to_have_text("T (K) · flipped · log")
    page.keyboard.press("Escape")
    views.drag("T (K)", 0.0, 0.5)  # flipped: the higher values are below
    views.wall.undimmed(0, 2, 4, 6)
    menu = views.menu("T (K)")
    menu.get_by_role("button", name="Take off").click()
    views.order("class", "F")
    views.wall.undimmed(0, 2, 4, 6)  # its brush stands
    views.region.get_by_role("button", name="Columns …").click()
    page.get_by_role("dialog", name="Columns …").get_by_role("checkbox", name="T (K)").check()
    views.order("class", "F", "T (K)")
    page.keyboard.press("Escape")
    for _ in range(2):
        page.keyboard.press("Control+z")
    views.order("class", "T (K)", "F")


def test_a_frame_in_the_scatter_matrix_brushes_two_columns_by_hand_and_by_keys(views: Views, output: Path) -> None:
    page = views.page
    views.open("Scatter")
    cell = views.region.get_by_role("button", name=re.compile(r"^T \(K\) over F"))
    box = cell.bounding_box()
    assert box
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.65 * box["width"], box["y"] + 0.55 * box["height"], steps=5)
    page.mouse.up()
    views.wall.undimmed(0, 2, 4)
    assert views.register("brush/column%3AF")
    assert views.register("brush/column%3AT")
    shot(page, output / "views-scatter-brushed.png")
    page.keyboard.press("Control+z")
    views.wall.undimmed(*ALL)
    cell.press("Enter")
    views.wall.undimmed()
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    views.wall.undimmed(2)
    page.keyboard.press("Delete")
    views.wall.undimmed(*ALL)


def test_a_histogram_is_brushed_too(views: Views) -> None:
    views.open("Histograms")
    views.drag("F", 0.25, 0.75)
    views.wall.undimmed(2, 3, 4, 5)
    views.region.get_by_role("button", name="waves, of class").click()
    views.wall.undimmed(4)
    views.region.get_by_role("button", name="Clear brushes").click()
    views.wall.undimmed(*ALL)
    views.wall.press("Control+z")
    views.wall.undimmed(4)


def test_the_views_stand_in_the_panels_place_or_over_the_wall(views: Views, output: Path) -> None:
    page = views.page
    panel = page.get_by_role("complementary", name="Details")
    views.wall.on_wall()
    if not panel.is_visible():
        views.wall.press("]")
    expect(panel).to_be_visible()
    views.open()
    expect(panel).to_be_hidden()
    views.region.get_by_role("button", name="Full").click()
    page.wait_for_timeout(400)
    shot(page, output / "views-full.png")
    expect(views.region.get_by_role("button", name="Beside the wall")).to_be_visible()
    page.keyboard.press("Escape")
    expect(views.region).to_be_hidden()
    expect(panel).to_be_visible()
    views.wall.on_wall()
    views.wall.press("Shift+V")
    views.region.get_by_role("button", name="Beside the wall").click()
    views.wall.on_wall()
    views.wall.press("]")
    expect(panel).to_be_visible()
    expect(views.region).to_be_hidden()
    views.wall.command("View: Histograms")
    expect(views.axis("F").locator("canvas")).to_be_visible()


def test_who_may_only_look_sees_brushes_and_has_nothing_to_change_them(views: Views, another: Another) -> None:
    views.open()
    views.drag("F", 0.25, 0.75)
    looker = another("viewer")
    looker.wall.undimmed(2, 3, 4, 5)
    looker.open()
    expect(looker.count).to_have_text(f"4 of {TILES} brushed")
    expect(looker.region.get_by_role("combobox", name="The rest")).to_be_hidden()
    expect(looker.region.get_by_role("button", name="Clear brushes")).to_be_hidden()
    looker.drag("F", 0.0, 0.2)
    looker.wall.undimmed(2, 3, 4, 5)
    views.wall.undimmed(2, 3, 4, 5)


def test_axe_finds_nothing_in_the_views_in_any_theme_and_they_fit_a_phone(views: Views, output: Path) -> None:
    page = views.page
    axe = Axe(page)
    for view in ("Parallel axes", "Scatter", "Histograms"):
        views.open(view)
        if view == "Parallel axes":
            views.drag("F", 0.25, 0.75)
        page.wait_for_timeout(300)
        axe.check_themes(f"views {view.split()[0].lower()}", output)
    views.open()
    views.menu("F")
    axe.check("the menu of an axis")
    shot(page, output / "views-menu.png")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    shot(page, output / "views-phone.png")
    all_within(page, "views on a phone")


def test_the_views_speak_french(another: Another, views: Views, output: Path) -> None:
    page = another(locale="fr-FR").page
    page.keyboard.press("Shift+V")
    region = page.get_by_role("region", name="Vues")
    expect(region.get_by_role("button", name="Axes parallèles")).to_be_visible()
    page.wait_for_timeout(300)
    shot(page, output / "views-french.png")
    all_within(page, "views in French")


def test_an_empty_wall_says_what_would_be_here(chromium: Browser, own_portal: RunningPortal) -> None:
    context = chromium.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{own_portal.origin}/#login={own_portal.login_ticket()}")
    until(page, "window.tiledviz.connection() == 'open'")
    page.keyboard.press("Shift+V")
    expect(page.get_by_role("region", name="Views", exact=True)).to_contain_text("There are no tiles on the wall yet")
    context.close()
