"""Hands on the grid: select, move, lay out, undo, each by mouse, by finger, by keyboard and by the palette."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from portal_kit import RunningJob, RunningPortal
from tvcore.portal.roles import Role
from world import until

TILES = 12
TITLES = [f"tile {i}" for i in range(TILES)]
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def portal(home: Path) -> Iterator[RunningPortal]:
    """A portal of this test alone: what is done to a session stays."""
    running = RunningPortal(home)
    yield running
    running.stop()


@pytest.fixture
def job(portal: RunningPortal) -> Iterator[RunningJob]:
    running = RunningJob(portal, tiles=TILES)
    yield running
    running.end()


class Wall:
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


@pytest.fixture
def open_wall(chromium: Browser, portal: RunningPortal, job: RunningJob) -> Iterator[Callable[..., Wall]]:
    """Open the page as somebody with a role."""
    walls: list[Wall] = []
    problems: list[str] = []

    def opened(role: Role = "owner", **more: bool) -> Wall:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", **more)  # type: ignore[arg-type]
        context.on("weberror", lambda error: problems.append(str(error.error)))
        walls.append(Wall(context.new_page(), portal, role))
        return walls[-1]

    yield opened
    for wall in walls:
        wall.page.context.close()
    assert problems == []


@pytest.fixture
def wall(open_wall: Callable[..., Wall]) -> Wall:
    return open_wall()


# --------------------------------------------------------------------- selecting


def test_tiles_are_selected_by_click_range_and_frame_and_a_line_counts_them(wall: Wall, output: Path) -> None:
    page = wall.page
    wall.click(1, "Control")
    wall.selected(1)
    wall.counts("1 tile selected")
    wall.click(6, "Control")
    wall.selected(1, 6)
    wall.click(8, "Shift")
    wall.selected(6, 7, 8)
    wall.click(7, "Control")
    wall.selected(6, 8)
    # A frame that begins beside the tiles selects what it touches, one with Shift adds to it.
    left, top = wall.picture(0, 0, 0)
    wall.drag((left - 10, top - 30), wall.picture(5), release=False)
    page.screenshot(path=output / "hands-marquee.png")
    page.mouse.up()
    wall.selected(0, 1, 4, 5)
    wall.counts("4 tiles selected")
    page.keyboard.down("Shift")
    wall.drag(wall.picture(10), wall.picture(11, 0.3))
    page.keyboard.up("Shift")
    wall.selected(0, 1, 4, 5, 10, 11)
    page.screenshot(path=output / "hands-selected.png")
    page.get_by_role("group", name="Selection").get_by_role("button", name="Clear").click()
    wall.selected()
    expect(page.get_by_role("group", name="Selection")).to_have_count(0)


def test_tiles_are_selected_by_keys_alone(wall: Wall) -> None:
    page = wall.page
    wall.focus(0)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    wall.selected(0, 5)
    page.keyboard.press("i")
    wall.selected(*(set(range(TILES)) - {0, 5}))
    page.keyboard.press("Control+a")
    wall.counts("12 tiles selected")
    page.keyboard.press("Escape")
    wall.selected()
    page.keyboard.press("Control+z")
    wall.counts("12 tiles selected")
    wall.says("Undone: a selection")


def test_tiles_are_selected_by_row_column_tag_and_search(wall: Wall) -> None:
    page = wall.page
    wall.focus(5)
    wall.command("row", "Select the row of the tile")
    wall.selected(4, 5, 6, 7)
    page.keyboard.press("Escape")
    wall.command("select column", "Select the column of the tile")
    wall.selected(1, 5, 9)
    wall.command("select by tag", "Select by tag …")
    choice = page.get_by_role("combobox", name="Select the tiles with this tag")
    choice.fill("tag7")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    wall.selected(7)
    page.get_by_role("combobox", name="Search tiles").fill("F>0.095")
    until(page, "window.tiledviz.tiles().filter(t => !t.dimmed).length == 2")
    wall.focus(0)
    wall.command("select what the search found", "Select what the search found")
    wall.selected(10, 11)
    page.get_by_role("combobox", name="Search tiles").fill("")


# ------------------------------------------------------------------------ moving


def test_a_tile_is_dragged_by_its_title_beside_another_and_undo_brings_it_back(wall: Wall, output: Path) -> None:
    page = wall.page
    wall.drag(wall.title(9), wall.beside(2), release=False)
    page.wait_for_timeout(100)
    page.screenshot(path=output / "hands-insertion.png")
    page.mouse.up()
    wall.stands("tile 0", "tile 1", "tile 9", "tile 2", "tile 3")
    wall.says("tile 9 stands at 3 of 12 now")
    page.keyboard.press("Control+z")
    wall.stands(*TITLES)
    wall.says("Undone: a move of tiles")
    page.keyboard.press("Control+Shift+z")
    wall.stands("tile 0", "tile 1", "tile 9")
    page.keyboard.press("Control+z")
    wall.stands(*TITLES)
    page.keyboard.press("Control+y")
    wall.stands("tile 0", "tile 1", "tile 9")
    wall.says("Done again: a move of tiles")


def test_all_selected_tiles_are_dragged_by_the_title_of_one_and_stand_beside_each_other(wall: Wall) -> None:
    wall.click(4, "Control")
    wall.click(11, "Control")
    wall.drag(wall.title(11), wall.beside(1))
    wall.stands("tile 0", "tile 4", "tile 11", "tile 1", "tile 2")
    wall.says("2 tiles moved")
    wall.selected(4, 11)


def test_a_drag_that_ends_by_escape_moves_nothing_and_a_drag_on_a_picture_moves_the_view(wall: Wall) -> None:
    page = wall.page
    wall.drag(wall.title(9), wall.beside(2), release=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert wall.order() == TITLES
    page.keyboard.press("z")  # zoomed in, so that there is somewhere to move to
    wall.rest()
    before = page.evaluate("window.tiledviz.camera()")
    x, y = wall.picture(0)
    wall.drag((x, y), (x - 120, y - 60))
    until(page, "b => window.tiledviz.camera().x > b.x", before)
    assert wall.order() == TITLES
    wall.selected()


def test_keys_move_a_tile_and_a_selection_by_places_and_rows_and_say_where_they_went(wall: Wall) -> None:
    page = wall.page
    wall.focus(5)
    page.keyboard.press("Control+ArrowLeft")
    wall.stands("tile 0", "tile 1", "tile 2", "tile 3", "tile 5", "tile 4")
    wall.says("tile 5 stands at 5 of 12 now")
    page.keyboard.press("Control+ArrowUp")
    wall.stands("tile 5", "tile 1", "tile 2", "tile 3", "tile 0", "tile 4")
    expect(wall.cell(5)).to_be_focused()
    page.keyboard.press("Control+End")
    wall.stands("tile 1", "tile 2")
    wall.says("tile 5 stands at 12 of 12 now")
    page.keyboard.press("Control+Home")
    wall.stands("tile 5", "tile 1", "tile 2")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Control+ArrowDown")
    wall.stands("tile 0", "tile 4", "tile 2", "tile 3", "tile 5", "tile 1")
    wall.says("2 tiles moved")


def test_undo_takes_back_all_that_one_did_and_says_when_nothing_is_left(wall: Wall) -> None:
    page = wall.page
    wall.focus(5)
    page.keyboard.press("Control+ArrowLeft")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Home")
    page.keyboard.press(".")
    page.keyboard.press("o")
    for what in ("turning off", "a change of the layout", "a move of tiles", "a selection", "a move of tiles"):
        page.keyboard.press("Control+z")
        wall.says(f"Undone: {what}")
    wall.stands(*TITLES)
    wall.selected()
    page.keyboard.press("Control+z")
    wall.says("There is nothing to undo")
    wall.command("redo", "Redo")
    wall.says("Done again: a move of tiles")
    wall.stands("tile 0", "tile 1", "tile 2", "tile 3", "tile 5", "tile 4")
    wall.command("undo", "Undo")
    wall.stands(*TITLES)


def test_tiles_rows_and_columns_change_places_and_rows_turn(wall: Wall) -> None:
    page = wall.page
    wall.click(1, "Control")
    wall.click(6, "Control")
    wall.command("swap two", "Swap the two selected tiles")
    wall.stands("tile 0", "tile 6", "tile 2", "tile 3", "tile 4", "tile 5", "tile 1")
    page.keyboard.press("Control+z")
    wall.command("swap rows", "Swap the rows of the two selected tiles")
    wall.stands("tile 4", "tile 5", "tile 6", "tile 7", "tile 0", "tile 1", "tile 2", "tile 3", "tile 8")
    page.keyboard.press("Control+z")
    wall.command("swap columns", "Swap the columns of the two selected tiles")
    wall.stands("tile 0", "tile 2", "tile 1", "tile 3", "tile 4", "tile 6", "tile 5", "tile 7", "tile 8", "tile 10")
    page.keyboard.press("Control+z")
    wall.stands(*TITLES)
    page.keyboard.press("Escape")
    wall.focus(0)
    page.keyboard.press("Shift+ArrowUp")
    wall.stands("tile 4", "tile 5", "tile 6", "tile 7", "tile 8")
    page.keyboard.press("Shift+ArrowDown")
    wall.stands(*TITLES)
    wall.command("turn by a page", "Turn by a page: the rows in sight go to the end")
    wall.stands("tile 8", "tile 9", "tile 10", "tile 11", "tile 0")
    wall.command("page back", "Turn a page back")
    wall.stands(*TITLES)


def test_a_move_on_a_sorted_wall_keeps_what_is_seen_and_ends_the_sorting_in_one_act(wall: Wall) -> None:
    page = wall.page
    page.keyboard.press("r")
    wall.stands("tile 11", "tile 10", "tile 9")
    wall.drag(wall.title(0), wall.beside(10))
    wall.stands("tile 11", "tile 0", "tile 10", "tile 9", "tile 8")
    assert wall.order()[-1] == "tile 1"
    page.keyboard.press("Control+z")
    wall.stands(*reversed(TITLES))
    page.keyboard.press("Control+z")
    wall.stands(*TITLES)


def test_hidden_tiles_leave_the_wall_and_come_back(wall: Wall) -> None:
    page = wall.page
    wall.click(3, "Control")
    wall.click(4, "Control")
    page.get_by_role("group", name="Selection").get_by_role("button", name="Hide").click()
    until(page, "window.tiledviz.tiles().length == 10")
    wall.says("2 tiles are hidden. Undo brings them back.")
    expect(page.get_by_role("banner", name="Wall")).to_contain_text("10 of 12 shown")
    wall.command("hidden back", "Put hidden tiles back on the wall")
    wall.stands(*TITLES)


# ------------------------------------------------------------------------ layout


def has_columns(wall: Wall, count: int) -> None:
    """Wait until the wall has this many columns."""
    until(wall.page, "n => window.tiledviz.tiles().filter((t, i, all) => t.rect.y == all[0].rect.y).length == n", count)
    wall.rest()


def test_columns_gaps_and_sizes_are_set_in_the_view_menu_and_undone(wall: Wall, output: Path) -> None:
    page = wall.page
    has_columns(wall, 4)
    page.keyboard.press("c")
    menu = page.get_by_role("dialog", name="View")
    field = menu.get_by_role("spinbutton", name="Columns")
    expect(field).to_be_focused()
    field.fill("3")
    page.keyboard.press("Enter")
    has_columns(wall, 3)
    before = wall.rect(1)["x"] - wall.rect(0)["x"] - wall.rect(0)["width"]
    menu.get_by_role("spinbutton", name="Gap").fill("60")
    page.keyboard.press("Enter")
    wall.rest()
    assert wall.rect(1)["x"] - wall.rect(0)["x"] - wall.rect(0)["width"] > before * 2
    page.screenshot(path=output / "hands-view.png")
    menu.get_by_role("button", name="Gap: auto").click()
    menu.get_by_role("spinbutton", name="Width of a tile").fill("200")
    page.keyboard.press("Enter")
    wall.rest()
    assert abs(wall.rect(0)["width"] - 200) < 2
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.get_by_role("button", name="View", exact=True)).to_be_focused()
    wall.command("layout as fits", "All of the layout as fits")
    has_columns(wall, 4)
    wall.focus(0)
    page.keyboard.press(".")
    has_columns(wall, 5)
    page.keyboard.press(",")
    page.keyboard.press(",")
    has_columns(wall, 3)


def test_the_next_page_of_the_wall_is_a_key_away(wall: Wall) -> None:
    page = wall.page
    page.keyboard.press("c")
    page.get_by_role("spinbutton", name="Columns").fill("1")
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="Width of a tile").fill("700")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    wall.rest()
    wall.focus(0)
    start = page.evaluate("window.tiledviz.camera()")
    page.keyboard.press("n")
    until(page, "y => window.tiledviz.camera().y > y + 0.5", start["y"])
    page.keyboard.press("Shift+N")
    until(page, "y => Math.abs(window.tiledviz.camera().y - y) < 0.5", start["y"])


# ----------------------------------------------------------- palette, help, menus


def test_the_palette_finds_commands_by_a_few_letters_and_runs_them_the_last_used_first(
    wall: Wall, output: Path
) -> None:
    page = wall.page
    wall.focus(2)
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    field = palette.get_by_role("combobox", name="Search commands")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(
        palette.get_by_role("group", name="Select").get_by_role("option", name="Select all tiles Ctrl+A")
    ).to_be_visible()
    expect(palette.get_by_role("group", name="Recently used")).to_have_count(0)
    field.fill("sel all")
    first = palette.get_by_role("option").first
    expect(first).to_have_accessible_name("Select all tiles Ctrl+A")
    expect(first).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == first.get_attribute("id")
    page.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    wall.counts("12 tiles selected")
    expect(wall.cell(2)).to_be_focused()

    page.get_by_role("button", name="Commands").click()
    expect(palette.get_by_role("group", name="Recently used").get_by_role("option")).to_have_count(1)
    page.screenshot(path=output / "hands-palette.png")
    page.keyboard.press("ArrowDown")
    expect(palette.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    field.fill("qqqq")
    expect(palette.get_by_role("listbox")).to_contain_text("Nothing fits")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    wall.counts("12 tiles selected")  # Escape closed the palette, no more
    page.keyboard.press("Control+k")
    palette.get_by_role("option", name="Select none").first.click()
    wall.selected()


def test_the_help_lists_every_shortcut_once_and_fits_the_screen(wall: Wall, output: Path) -> None:
    page = wall.page
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard and mouse")
    expect(help_).to_be_visible()
    for heading in ("Look", "Select", "Move", "Session", "Mouse and fingers"):
        expect(help_.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    page.screenshot(path=output / "hands-help.png")
    assert help_.evaluate("dialog => dialog.scrollHeight <= dialog.clientHeight + 2")
    page.keyboard.press("?")
    expect(help_).to_be_hidden()
    page.keyboard.press("Control+k")
    shown = page.get_by_role("option").evaluate_all(
        "options => options.flatMap(o => [...o.querySelectorAll('kbd')].map(k => k.textContent))"
    )
    assert sorted(shown) == sorted(set(shown))
    page.keyboard.press("Escape")


def test_a_menu_opens_by_click_or_arrow_and_closes_by_escape_or_a_press_elsewhere(wall: Wall) -> None:
    page = wall.page
    view = page.get_by_role("button", name="View", exact=True)
    menu = page.get_by_role("dialog", name="View")
    view.click()
    expect(menu).to_be_visible()
    expect(view).to_have_attribute("aria-expanded", "true")
    page.mouse.click(*wall.picture(8))
    expect(menu).to_be_hidden()
    page.keyboard.press("Escape")  # the tile that was clicked
    view.focus()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("spinbutton", name="Columns")).to_be_focused()
    menu.get_by_role("button", name="Fit", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Zoom in")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(view).to_be_focused()


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_bar_stays_thin_and_whole_at_every_width(wall: Wall, output: Path, width: int) -> None:
    page = wall.page
    page.set_viewport_size({"width": width, "height": 800})
    wall.rest()
    bar = page.get_by_role("banner", name="Wall")
    box = bar.bounding_box()
    assert box
    assert box["height"] <= (100 if width < 700 else 56)
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
    if width < 1200:
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="View", exact=True).click()
    menu = page.get_by_role("dialog", name="View").bounding_box()
    assert menu
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= width
    page.screenshot(path=output / f"hands-bar-{width}.png")
    page.keyboard.press("Escape")


# ------------------------------------------------------------------------- touch


class Fingers:
    """Fingers on the screen, by the browser's own protocol."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def _send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def tap(self, point: tuple[float, float]) -> None:
        self._send("touchStart", point)
        self._send("touchEnd")

    def hold(self, point: tuple[float, float]) -> None:
        self._send("touchStart", point)
        self.page.wait_for_timeout(1000)
        self._send("touchEnd")

    def drag(self, *paths: tuple[tuple[float, float], tuple[float, float]]) -> None:
        """Draw lines, one a finger, at once."""
        self._send("touchStart", *(start for start, _ in paths))
        for share in (0.2, 0.4, 0.6, 0.8, 1.0):
            self._send("touchMove", *((a + (c - a) * share, b + (d - b) * share) for (a, b), (c, d) in paths))
        self._send("touchEnd")


def test_fingers_select_by_a_long_press_then_by_taps_move_tiles_pan_and_pinch(open_wall: Callable[..., Wall]) -> None:
    wall = open_wall(has_touch=True)
    fingers = Fingers(wall.page)
    fingers.hold(wall.picture(2))
    wall.selected(2)
    fingers.tap(wall.picture(7))
    wall.selected(2, 7)
    fingers.drag((wall.title(7), wall.beside(1)))
    wall.stands("tile 0", "tile 2", "tile 7", "tile 1", "tile 3")
    fingers.tap(wall.picture(2))
    fingers.tap(wall.picture(7))
    wall.selected()
    (ax, ay), (bx, by) = wall.picture(4), wall.picture(6)
    scale = wall.page.evaluate("window.tiledviz.camera().scale")
    fingers.drag(((ax, ay), (ax - 150, ay)), ((bx, by), (bx + 150, by)))
    until(wall.page, "s => window.tiledviz.camera().scale > s * 1.2", scale)
    before = wall.page.evaluate("window.tiledviz.camera()")
    x, y = wall.picture(4)
    fingers.drag(((x, y), (x - 80, y)))
    until(wall.page, "b => window.tiledviz.camera().x > b.x", before)
    assert wall.order()[:3] == ["tile 0", "tile 2", "tile 7"]
    wall.selected()
    fingers.tap(wall.picture(4))
    expect(wall.page.get_by_role("banner", name="Tile")).to_be_visible()
    wall.page.keyboard.press("Escape")


# ------------------------------------------------------------------ who looks on


def test_who_may_only_look_selects_for_oneself_but_is_offered_no_moves(open_wall: Callable[..., Wall]) -> None:
    wall = open_wall("viewer")
    page = wall.page
    wall.click(1, "Control")
    wall.selected(1)
    wall.drag(wall.title(9), wall.beside(2))
    wall.focus(5)
    page.keyboard.press("Control+ArrowLeft")
    assert wall.order() == TITLES
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Select all tiles Ctrl+A")).to_be_visible()
    expect(page.get_by_role("option", name=re.compile("^Move to the"))).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="View", exact=True).click()
    expect(page.get_by_role("dialog", name="View")).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Columns")).to_have_count(0)
    page.keyboard.press("Escape")
