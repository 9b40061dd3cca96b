"""The palette of all commands, the overlay of all shortcuts, the menus and the bar they hang from."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from grid_kit import GridWall


def test_the_palette_finds_commands_by_a_few_letters_and_runs_them_the_last_used_first(
    grid: GridWall, output: Path
) -> None:
    page = grid.page
    grid.focus(2)
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
    grid.counts("12 tiles selected")
    expect(grid.cell(2)).to_be_focused()

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
    grid.counts("12 tiles selected")  # Escape closed the palette, no more
    page.keyboard.press("Control+k")
    palette.get_by_role("option", name="Select none").first.click()
    grid.selected()


def test_keys_that_come_right_after_a_choice_open_the_palette_again(grid: GridWall) -> None:
    """A closed dialog keeps the focus until the next frame if nothing had it before: it must take no keys."""
    page = grid.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    palette.get_by_role("combobox").fill("select all")
    option = palette.get_by_role("option").first
    option.evaluate(
        """option => {
            option.click();
            const key = {key: 'k', ctrlKey: true, bubbles: true, cancelable: true};
            document.activeElement.dispatchEvent(new KeyboardEvent('keydown', key));
        }"""
    )
    expect(palette).to_be_visible()
    grid.counts("12 tiles selected")
    page.keyboard.press("Escape")


def test_the_help_lists_every_shortcut_once_and_fits_the_screen(grid: GridWall, output: Path) -> None:
    page = grid.page
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


def test_a_menu_opens_by_click_or_arrow_and_closes_by_escape_or_a_press_elsewhere(grid: GridWall) -> None:
    page = grid.page
    view = page.get_by_role("button", name="View", exact=True)
    menu = page.get_by_role("dialog", name="View")
    view.click()
    expect(menu).to_be_visible()
    expect(view).to_have_attribute("aria-expanded", "true")
    page.mouse.click(*grid.picture(8))
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
def test_the_bar_stays_thin_and_whole_at_every_width(grid: GridWall, output: Path, width: int) -> None:
    page = grid.page
    page.set_viewport_size({"width": width, "height": 800})
    grid.rest()
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
