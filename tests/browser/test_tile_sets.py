"""Tile sets edited in the browser, as a person does: a set of 1,000 rows, by role and label."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from played_sets import PlayedSets
from playwright.sync_api import Locator, Page, expect

from grid_kit import GridWall


@pytest.fixture
def sets(grid: GridWall) -> PlayedSets:
    played = PlayedSets(grid.page)
    _open(grid.page)
    return played


def _open(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").first.fill("Tile sets")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Open brains").click()
    expect(_table(page)).to_be_focused()


def _table(page: Page) -> Locator:
    return page.get_by_role("grid", name="Tiles of the set")


def _cell(page: Page, row: int, column: int) -> Locator:
    return _table(page).locator(f"[aria-rowindex='{row + 1}'] [aria-colindex='{column + 1}']")


def test_a_wrong_cell_is_shown_at_the_cell_and_undo_takes_it_back(
    grid: GridWall, sets: PlayedSets, output: Path
) -> None:
    page = grid.page
    expect(_table(page)).to_have_attribute("aria-rowcount", "1001")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.keyboard.type("12,5")
    page.keyboard.press("Enter")
    wrong = _cell(page, 1, 7)
    expect(wrong).to_have_text("12,5")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("-4.5")
    page.keyboard.press("Tab")
    expect(_cell(page, 2, 7)).to_have_text("-4.5")
    page.get_by_role("list", name="What is wrong").get_by_role("button", name="F1, row 1").click()
    expect(page.get_by_text("F1, row 1: This column holds numbers, as 0.5 or 1e-3.")).to_be_visible()
    page.keyboard.press("Shift+ArrowDown")
    for theme in ("dark", "light", "contrast"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        page.wait_for_timeout(300)
        page.screenshot(path=output / f"tilesets-{theme}.png")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Not saved yet: 1 cell is wrong. What you typed is kept.")).to_be_visible()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(wrong).to_have_text("1")
    expect(page.get_by_text("version 1, saved")).to_be_visible()
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("F2")
    page.keyboard.type("12.5")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    assert [sets.document["tiles"][row]["values"]["F1"] for row in (0, 1)] == [12.5, -4.5]


def test_what_others_saved_meanwhile_stands_and_a_cell_of_both_is_asked_about(grid: GridWall, sets: PlayedSets) -> None:
    page = grid.page
    theirs = copy.deepcopy(sets.document)
    theirs["tiles"][0]["title"] = "theirs"
    theirs["tiles"][2]["title"] = "also theirs"
    sets.keep(theirs)
    for text in ("mine", "also mine"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Take theirs in Title, row 1: theirs").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as version 3.")).to_be_visible()
    assert [tile["title"] for tile in sets.document["tiles"][:3]] == ["theirs", "also mine", "also theirs"]


def test_unsaved_edits_outlive_the_page(grid: GridWall, sets: PlayedSets) -> None:
    page = grid.page
    page.keyboard.press("Control+End")
    expect(_cell(page, 1000, 35)).to_be_visible()
    page.keyboard.press("Home")
    page.keyboard.type("the last")
    page.keyboard.press("Enter")
    page.reload()
    grid.rest()
    _open(page)
    page.get_by_role("button", name="Take them up again").click()
    page.keyboard.press("Control+End")
    expect(_cell(page, 1000, 1)).to_have_text("the last")
