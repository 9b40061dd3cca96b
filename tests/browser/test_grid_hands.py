"""Hands on the grid: select, move, lay out, undo, each by mouse, by finger, by keyboard and by the palette."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from grid_kit import TILES, TITLES, GridWall
from world import until

# --------------------------------------------------------------------- selecting


def test_tiles_are_selected_by_click_range_and_frame_and_a_line_counts_them(grid: GridWall, output: Path) -> None:
    page = grid.page
    grid.click(1, "Control")
    grid.selected(1)
    grid.counts("1 tile selected")
    grid.click(6, "Control")
    grid.selected(1, 6)
    grid.click(8, "Shift")
    grid.selected(6, 7, 8)
    grid.click(7, "Control")
    grid.selected(6, 8)
    # A frame that begins beside the tiles selects what it touches, one with Shift adds to it.
    left, top = grid.picture(0, 0, 0)
    grid.drag((left - 10, top - 30), grid.picture(5), release=False)
    page.screenshot(path=output / "hands-marquee.png")
    page.mouse.up()
    grid.selected(0, 1, 4, 5)
    grid.counts("4 tiles selected")
    page.keyboard.down("Shift")
    grid.drag(grid.picture(10), grid.picture(11, 0.3))
    page.keyboard.up("Shift")
    grid.selected(0, 1, 4, 5, 10, 11)
    page.screenshot(path=output / "hands-selected.png")
    page.get_by_role("group", name="Selection").get_by_role("button", name="Clear").click()
    grid.selected()
    expect(page.get_by_role("group", name="Selection")).to_have_count(0)


def test_tiles_are_selected_by_keys_alone(grid: GridWall) -> None:
    page = grid.page
    grid.focus(0)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    grid.selected(0, 5)
    page.keyboard.press("i")
    grid.selected(*(set(range(TILES)) - {0, 5}))
    page.keyboard.press("Control+a")
    grid.counts("12 tiles selected")
    page.keyboard.press("Escape")
    grid.selected()
    page.keyboard.press("Control+z")
    grid.counts("12 tiles selected")
    grid.says("Undone: a selection")


def test_tiles_are_selected_by_row_column_tag_and_search(grid: GridWall) -> None:
    page = grid.page
    grid.focus(5)
    grid.command("row", "Select the row of the tile")
    grid.selected(4, 5, 6, 7)
    page.keyboard.press("Escape")
    grid.command("select column", "Select the column of the tile")
    grid.selected(1, 5, 9)
    grid.command("select by tag", "Select by tag …")
    choice = page.get_by_role("combobox", name="Select the tiles with this tag")
    choice.fill("tag7")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    grid.selected(7)
    page.get_by_role("combobox", name="Search tiles").fill("F>0.095")
    until(page, "window.tiledviz.tiles().filter(t => !t.dimmed).length == 2")
    grid.focus(0)
    grid.command("select what the search found", "Select what the search found")
    grid.selected(10, 11)
    page.get_by_role("combobox", name="Search tiles").fill("")


def test_acts_are_for_the_selection_and_the_keyboard_is_on_the_wall_after_them(grid: GridWall) -> None:
    page = grid.page
    grid.click(1, "Control")
    grid.click(2, "Control")
    grid.focus(5)
    page.keyboard.press("o")
    until(page, "window.tiledviz.tiles().filter(t => t.off).map(t => t.title).join() == 'tile 1,tile 2'")
    page.keyboard.press("o")
    until(page, "window.tiledviz.tiles().every(t => !t.off)")
    line = page.get_by_role("group", name="Selection")
    line.get_by_role("button", name="Clear").focus()
    page.keyboard.press("Enter")
    grid.selected()
    expect(grid.cell(5)).to_be_focused()
    expect(grid.cell(5)).to_have_attribute("aria-current", "true")


def test_a_press_on_the_wall_takes_the_keyboard_and_escape_goes_back_wherever_it_is(grid: GridWall) -> None:
    page = grid.page
    grid.click(1, "Control")
    button = page.get_by_role("button", name="Commands")
    button.focus()
    page.keyboard.press("Escape")
    grid.selected()
    button.focus()
    grid.click(3, "Control")
    expect(button).not_to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("dialog", name="Commands")).to_be_hidden()
    grid.selected(3, 0)


# ------------------------------------------------------------------------ moving


def test_a_tile_is_dragged_by_its_title_beside_another_and_undo_brings_it_back(grid: GridWall, output: Path) -> None:
    page = grid.page
    grid.drag(grid.title(9), grid.beside(2), release=False)
    page.wait_for_timeout(100)
    page.screenshot(path=output / "hands-insertion.png")
    page.mouse.up()
    grid.stands("tile 0", "tile 1", "tile 9", "tile 2", "tile 3")
    grid.says("tile 9 stands at 3 of 12 now")
    page.keyboard.press("Control+z")
    grid.stands(*TITLES)
    grid.says("Undone: a move of tiles")
    page.keyboard.press("Control+Shift+z")
    grid.stands("tile 0", "tile 1", "tile 9")
    page.keyboard.press("Control+z")
    grid.stands(*TITLES)
    page.keyboard.press("Control+y")
    grid.stands("tile 0", "tile 1", "tile 9")
    grid.says("Done again: a move of tiles")


def test_all_selected_tiles_are_dragged_by_the_title_of_one_and_stand_beside_each_other(grid: GridWall) -> None:
    grid.click(4, "Control")
    grid.click(11, "Control")
    grid.drag(grid.title(11), grid.beside(1))
    grid.stands("tile 0", "tile 4", "tile 11", "tile 1", "tile 2")
    grid.says("2 tiles moved")
    grid.selected(4, 11)


def test_a_drag_that_ends_by_escape_moves_nothing_and_a_drag_on_a_picture_moves_the_view(grid: GridWall) -> None:
    page = grid.page
    grid.drag(grid.title(9), grid.beside(2), release=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert grid.order() == TITLES
    page.keyboard.press("z")  # zoomed in, so that there is somewhere to move to
    grid.rest()
    before = page.evaluate("window.tiledviz.camera()")
    x, y = grid.picture(0)
    grid.drag((x, y), (x - 120, y - 60))
    until(page, "b => window.tiledviz.camera().x > b.x", before)
    assert grid.order() == TITLES
    grid.selected()


def test_keys_move_a_tile_and_a_selection_by_places_and_rows_and_say_where_they_went(grid: GridWall) -> None:
    page = grid.page
    grid.focus(5)
    page.keyboard.press("Control+ArrowLeft")
    grid.stands("tile 0", "tile 1", "tile 2", "tile 3", "tile 5", "tile 4")
    grid.says("tile 5 stands at 5 of 12 now")
    page.keyboard.press("Control+ArrowUp")
    grid.stands("tile 5", "tile 1", "tile 2", "tile 3", "tile 0", "tile 4")
    expect(grid.cell(5)).to_be_focused()
    page.keyboard.press("Control+End")
    grid.stands("tile 1", "tile 2")
    grid.says("tile 5 stands at 12 of 12 now")
    page.keyboard.press("Control+Home")
    grid.stands("tile 5", "tile 1", "tile 2")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Control+ArrowDown")
    grid.stands("tile 0", "tile 4", "tile 2", "tile 3", "tile 5", "tile 1")
    grid.says("2 tiles moved")


def test_undo_takes_back_all_that_one_did_and_says_when_nothing_is_left(grid: GridWall) -> None:
    page = grid.page
    grid.focus(5)
    page.keyboard.press("Control+ArrowLeft")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Home")
    page.keyboard.press(".")
    page.keyboard.press("o")
    for what in ("turning off", "a change of the layout", "a move of tiles", "a selection", "a move of tiles"):
        page.keyboard.press("Control+z")
        grid.says(f"Undone: {what}")
    grid.stands(*TITLES)
    grid.selected()
    page.keyboard.press("Control+z")
    grid.says("There is nothing to undo")
    grid.command("redo", "Redo")
    grid.says("Done again: a move of tiles")
    grid.stands("tile 0", "tile 1", "tile 2", "tile 3", "tile 5", "tile 4")
    grid.command("undo", "Undo")
    grid.stands(*TITLES)


def test_tiles_rows_and_columns_change_places_and_rows_turn(grid: GridWall) -> None:
    page = grid.page
    grid.click(1, "Control")
    grid.click(6, "Control")
    grid.command("swap two", "Swap the two selected tiles")
    grid.stands("tile 0", "tile 6", "tile 2", "tile 3", "tile 4", "tile 5", "tile 1")
    page.keyboard.press("Control+z")
    grid.command("swap rows", "Swap the rows of the two selected tiles")
    grid.stands("tile 4", "tile 5", "tile 6", "tile 7", "tile 0", "tile 1", "tile 2", "tile 3", "tile 8")
    page.keyboard.press("Control+z")
    grid.command("swap columns", "Swap the columns of the two selected tiles")
    grid.stands("tile 0", "tile 2", "tile 1", "tile 3", "tile 4", "tile 6", "tile 5", "tile 7", "tile 8", "tile 10")
    page.keyboard.press("Control+z")
    grid.stands(*TITLES)
    page.keyboard.press("Escape")
    grid.focus(0)
    page.keyboard.press("Shift+ArrowUp")
    grid.stands("tile 4", "tile 5", "tile 6", "tile 7", "tile 8")
    page.keyboard.press("Shift+ArrowDown")
    grid.stands(*TITLES)
    grid.command("turn by a page", "Turn by a page: the rows in sight go to the end")
    grid.stands("tile 8", "tile 9", "tile 10", "tile 11", "tile 0")
    grid.command("page back", "Turn a page back")
    grid.stands(*TITLES)


def test_a_move_on_a_sorted_wall_keeps_what_is_seen_and_ends_the_sorting_in_one_act(grid: GridWall) -> None:
    page = grid.page
    page.keyboard.press("r")
    grid.stands("tile 11", "tile 10", "tile 9")
    grid.drag(grid.title(0), grid.beside(10))
    grid.stands("tile 11", "tile 0", "tile 10", "tile 9", "tile 8")
    assert grid.order()[-1] == "tile 1"
    page.keyboard.press("Control+z")
    grid.stands(*reversed(TITLES))
    page.keyboard.press("Control+z")
    grid.stands(*TITLES)


def test_hidden_tiles_leave_the_wall_and_come_back(grid: GridWall) -> None:
    page = grid.page
    grid.click(3, "Control")
    grid.click(4, "Control")
    page.get_by_role("group", name="Selection").get_by_role("button", name="Hide").click()
    until(page, "window.tiledviz.tiles().length == 10")
    grid.says("2 tiles are hidden. Undo brings them back.")
    expect(page.get_by_role("banner", name="Wall")).to_contain_text("10 of 12 shown")
    grid.command("hidden back", "Put hidden tiles back on the wall")
    grid.stands(*TITLES)


def test_one_goes_through_a_wall_by_hiding_and_a_key_that_is_held_down_acts_once(grid: GridWall) -> None:
    page = grid.page
    grid.focus(3)
    for _ in range(4):
        page.keyboard.down("Delete")
    page.keyboard.up("Delete")
    until(page, "window.tiledviz.tiles().length == 11")
    expect(grid.cell(4)).to_be_focused()
    page.keyboard.press("Delete")
    expect(grid.cell(5)).to_be_focused()
    for _ in range(3):
        page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowLeft")
    expect(grid.cell(0)).to_be_focused()
    assert grid.order() == [f"tile {i}" for i in range(TILES) if i not in (3, 4)]


def test_a_wall_whose_tiles_are_all_hidden_says_so_and_shows_them_again(grid: GridWall) -> None:
    page = grid.page
    page.keyboard.press("Control+a")
    grid.counts("12 tiles selected")
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="All tiles are hidden")).to_be_visible()
    page.get_by_role("button", name="Show them again").focus()
    page.keyboard.press("Enter")
    grid.stands(*TITLES)
    expect(page.get_by_role("heading", name="All tiles are hidden")).to_have_count(0)
    expect(page.get_by_role("gridcell").first).to_be_focused()


# ------------------------------------------------------------------------ layout


def has_columns(grid: GridWall, count: int) -> None:
    """Wait until the wall has this many columns."""
    until(grid.page, "n => window.tiledviz.tiles().filter((t, i, all) => t.rect.y == all[0].rect.y).length == n", count)
    grid.rest()


def test_columns_gaps_and_sizes_are_set_in_the_view_menu_and_undone(grid: GridWall, output: Path) -> None:
    page = grid.page
    has_columns(grid, 4)
    page.keyboard.press("c")
    menu = page.get_by_role("dialog", name="View")
    field = menu.get_by_role("spinbutton", name="Columns")
    expect(field).to_be_focused()
    field.fill("3")
    page.keyboard.press("Enter")
    has_columns(grid, 3)
    before = grid.rect(1)["x"] - grid.rect(0)["x"] - grid.rect(0)["width"]
    menu.get_by_role("spinbutton", name="Gap").fill("60")
    page.keyboard.press("Enter")
    grid.rest()
    assert grid.rect(1)["x"] - grid.rect(0)["x"] - grid.rect(0)["width"] > before * 2
    page.screenshot(path=output / "hands-view.png")
    menu.get_by_role("button", name="Gap: auto").click()
    menu.get_by_role("spinbutton", name="Width of a tile").fill("200")
    page.keyboard.press("Enter")
    grid.rest()
    assert abs(grid.rect(0)["width"] - 200) < 2
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.get_by_role("button", name="View", exact=True)).to_be_focused()
    grid.command("layout as fits", "All of the layout as fits")
    has_columns(grid, 4)
    grid.focus(0)
    page.keyboard.press(".")
    has_columns(grid, 5)
    page.keyboard.press(",")
    page.keyboard.press(",")
    has_columns(grid, 3)


def test_what_is_typed_for_the_layout_stays_while_others_change_the_session(grid: GridWall) -> None:
    page = grid.page
    page.keyboard.press("c")
    field = page.get_by_role("spinbutton", name="Columns")
    expect(field).to_be_focused()
    field.press_sequentially("3")
    page.evaluate("window.tiledviz.session.set([['layout/gap', 30], ['layout/columns', 6]], 'layout')")
    has_columns(grid, 6)
    expect(field).to_have_value("3")
    expect(page.get_by_role("spinbutton", name="Gap")).to_have_value("30")
    page.keyboard.press("Enter")
    has_columns(grid, 3)


def test_what_one_looks_at_from_near_stays_in_sight_when_the_wall_is_laid_out_anew(grid: GridWall) -> None:
    page = grid.page
    grid.focus(6)
    page.keyboard.press("z")
    grid.rest()
    before = grid.rect(6)
    page.evaluate("window.tiledviz.session.set([['layout/columns', 3]], 'layout')")
    has_columns(grid, 3)
    assert all(abs(grid.rect(6)[side] - before[side]) < 2 for side in ("x", "y", "width"))
    page.keyboard.press("r")
    grid.stands("tile 11", "tile 10")
    assert all(abs(grid.rect(6)[side] - before[side]) < 2 for side in ("x", "y", "width"))


def test_a_page_further_does_nothing_while_all_is_in_sight(grid: GridWall) -> None:
    page = grid.page
    grid.focus(0)
    page.keyboard.press("n")
    grid.rest()
    page.evaluate("window.tiledviz.session.set([['layout/columns', 1]], 'layout')")
    has_columns(grid, 1)
    stage = page.locator("#stage").bounding_box()
    assert stage
    last = grid.rect(TILES - 1)
    assert last["y"] + last["height"] <= stage["y"] + stage["height"], "all of it stays in sight"
    grid.command("layout as fits", "All of the layout as fits")
    has_columns(grid, 4)


def test_the_next_page_of_the_wall_is_a_key_away(grid: GridWall) -> None:
    page = grid.page
    page.keyboard.press("c")
    page.get_by_role("spinbutton", name="Columns").fill("1")
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="Width of a tile").fill("700")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    grid.rest()
    grid.focus(0)
    start = page.evaluate("window.tiledviz.camera()")
    page.keyboard.press("n")
    until(page, "y => window.tiledviz.camera().y > y + 0.5", start["y"])
    page.keyboard.press("Shift+N")
    until(page, "y => Math.abs(window.tiledviz.camera().y - y) < 0.5", start["y"])


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


def test_fingers_select_by_a_long_press_then_by_taps_move_tiles_pan_and_pinch(
    open_wall: Callable[..., GridWall],
) -> None:
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


def test_who_may_only_look_selects_for_oneself_but_is_offered_no_moves(open_wall: Callable[..., GridWall]) -> None:
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
