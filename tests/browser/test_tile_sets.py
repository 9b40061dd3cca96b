"""Tile sets edited in the browser, as a person does: a set of 1,000 rows, by role and label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from commanding import run_command
from grid_kit import GridWall
from portal_kit import RunningPortal
from tvcore import api
from tvcore.store import Store
from tvcore.tilesets import library
from world import until

TYPED = "(area, [was, now]) => { area.value = area.value.replace(was, now); area.dispatchEvent(new Event('input')); }"
SHOWN = "titles => window.tiledviz.tiles().filter(t => titles.includes(t.title) && t.state === 'live').length === 2"
ROWS = 1_000
NUMBERS = 26


def document() -> dict[str, Any]:
    """Return a set of 1,000 tiles with 30 columns of all kinds."""
    columns: list[dict[str, Any]] = [{"name": f"F{i}", "kind": "number", "unit": "K"} for i in range(NUMBERS)]
    columns += [{"name": "step", "kind": "integer"}, {"name": "good", "kind": "flag"}]
    columns += [{"name": "class", "kind": "text"}, {"name": "site", "kind": "text"}]
    tiles = [
        {
            "key": row + 1, "title": f"sub-{row:04}", "kind": "picture", "source": f"/data/brains/sub-{row:04}.png",
            "tags": ["control" if row % 2 else "patient"],
            "values": {f"F{i}": round(row * 0.37 + i, 2) for i in range(NUMBERS)}
            | {"step": row, "good": row % 3 == 0, "class": ("spots", "waves")[row % 2], "site": "Saclay"},
        }
        for row in range(ROWS)
    ]  # fmt: skip
    head = {"format": "tiledviz-tileset", "version": 1, "title": "Brains of 1,000 people"}
    return head | {"columns": columns, "tiles": tiles}


class Kept:
    """The set ``brains`` in the portal's store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        library.write_set(store, "brains", document(), None)

    @property
    def document(self) -> dict[str, Any]:
        """Return what is kept now."""
        found: dict[str, Any] = library.read_set(self.store, "brains")["document"]
        return found


@pytest.fixture
def sets(grid: GridWall, own_portal: RunningPortal) -> Kept:
    """A set of 1,000 rows, open in the editor."""
    kept = Kept(own_portal.store)
    _open(grid.page)
    return kept


def _list(page: Page) -> None:
    run_command(page, "Tile sets")


def _open(page: Page) -> None:
    _list(page)
    page.get_by_role("button", name="Open brains").click()
    expect(_table(page)).to_be_focused()


def _table(page: Page) -> Locator:
    return page.get_by_role("grid", name="Tiles of the set")


def _cell(page: Page, row: int, column: int) -> Locator:
    return _table(page).locator(f"[aria-rowindex='{row + 1}'] [aria-colindex='{column + 1}']")


def test_a_wrong_cell_is_shown_at_the_cell_and_undo_takes_it_back(grid: GridWall, sets: Kept, output: Path) -> None:
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


def test_what_others_saved_meanwhile_stands_and_a_cell_of_both_is_asked_about(grid: GridWall, sets: Kept) -> None:
    page = grid.page
    theirs = sets.document
    theirs["tiles"][0]["title"] = "theirs"
    theirs["tiles"][2]["title"] = "also theirs"
    library.write_set(sets.store, "brains", theirs, 1, "tom")
    for text in ("mine", "also mine"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Take theirs in Title, row 1: theirs").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as version 3.")).to_be_visible()
    assert [tile["title"] for tile in sets.document["tiles"][:3]] == ["theirs", "also mine", "also theirs"]


def test_unsaved_edits_outlive_the_page(grid: GridWall, sets: Kept) -> None:
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


def test_the_json_is_the_same_set_and_says_where_it_is_wrong(grid: GridWall, sets: Kept, output: Path) -> None:
    page = grid.page
    page.get_by_role("radio", name="JSON").or_(page.get_by_role("button", name="JSON")).first.click()
    text = page.get_by_role("textbox", name="The tile set as JSON")
    text.evaluate(TYPED, ["sub-0000", "the first"])
    expect(page.get_by_text("This is a tile set. The table shows the same.")).to_be_visible()
    text.evaluate("area => area.dispatchEvent(new Event('change'))")
    page.screenshot(path=output / "tilesets-json.png")
    text.evaluate(TYPED, ['"version": 1,', '"version": 1 1,'])
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Line 3, column")).to_be_visible()
    text.evaluate(TYPED, ["1 1,", "1,"])
    expect(text).to_have_attribute("aria-invalid", "false")
    page.get_by_role("radio", name="Table").or_(page.get_by_role("button", name="Table")).first.click()
    expect(_cell(page, 1, 1)).to_have_text("the first")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    assert sets.document["tiles"][0]["title"] == "the first"


def test_a_version_is_had_back(grid: GridWall, sets: Kept) -> None:
    page = grid.page
    page.keyboard.type("changed")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    page.get_by_role("button", name="Versions").click()
    page.get_by_role("button", name="Restore version 1").click()
    expect(_cell(page, 1, 1)).to_have_text("sub-0000")
    assert sets.document["tiles"][0]["title"] == "sub-0000"


def test_a_table_is_imported_with_a_report_copied_renamed_removed_and_had_back(
    grid: GridWall, own_portal: RunningPortal, tmp_path: Path, output: Path
) -> None:
    page = grid.page
    file = tmp_path / "heads.csv"
    file.write_text("title,F,file\none,0.5,gone.png\ntwo,1,\n")
    _list(page)
    page.get_by_role("button", name="Import").click()
    page.get_by_role("textbox", name="A file or folder on the server").fill(str(tmp_path / "nothing.csv"))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="there is no such file or folder")).to_be_visible()
    page.get_by_role("textbox", name="A file or folder on the server").fill(str(file))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("table", name="Import of heads, row by row")).to_contain_text("gone.png")
    page.screenshot(path=output / "tilesets-import.png")
    page.get_by_role("button", name="Copy heads").click()
    page.get_by_role("textbox", name="Name").fill("minds")
    page.get_by_role("button", name="Copy", exact=True).last.click()
    expect(page.get_by_role("button", name="Open minds")).to_be_visible()
    page.get_by_role("button", name="Rename minds").click()
    page.get_by_role("textbox", name="Name").fill("heads")
    page.get_by_role("button", name="Rename", exact=True).last.click()
    expect(page.get_by_role("alert").filter(has_text="there is a tile set heads already")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("people")
    page.get_by_role("button", name="Rename", exact=True).last.click()
    expect(page.get_by_role("button", name="Open people")).to_be_visible()
    page.get_by_role("button", name="Remove people").click()
    expect(page.get_by_role("button", name="Open people")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Open people")).to_be_visible()
    for theme in ("dark", "light", "contrast"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        page.wait_for_timeout(300)
        page.screenshot(path=output / f"tilesets-list-{theme}.png")
    assert [each["name"] for each in library.saved(own_portal.store)] == ["heads", "people"]


def test_a_set_gets_on_the_wall_and_tiles_of_the_wall_become_a_set(
    grid: GridWall, own_portal: RunningPortal, tmp_path: Path, output: Path
) -> None:
    page = grid.page
    for name, colour in (("a", "#3060a0"), ("b", "#a06030")):
        Image.new("RGB", (320, 240), colour).save(tmp_path / f"{name}.png")
    tiles = [
        {"key": key, "title": name, "kind": "picture", "source": str(tmp_path / f"{name}.png"), "values": {"F": key}}
        for key, name in ((1, "a"), (2, "b"))
    ]
    columns = [{"name": "F", "kind": "number"}]
    made = {"format": "tiledviz-tileset", "version": 1, "title": "Two", "columns": columns, "tiles": tiles}
    library.write_set(own_portal.store, "two", made, None)
    _list(page)
    page.get_by_role("button", name="Show two on the wall").click()
    until(page, SHOWN, ["a", "b"])
    page.screenshot(path=output / "tilesets-shown.png")
    # edited while it is on the wall: there at once, and shown again it replaces what is there
    _list(page)
    page.get_by_role("button", name="Open two").click()
    expect(_table(page)).to_be_focused()
    page.keyboard.type("renamed")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("1 tile of the wall says so already.")).to_be_visible()
    until(page, "() => window.tiledviz.tiles().some(t => t.title === 'renamed')")
    page.get_by_role("button", name="Show on the wall").click()
    expect(page.get_by_role("dialog", name="Tile sets")).to_be_hidden()
    until(page, SHOWN, ["renamed", "b"])
    page.get_by_role("grid", name="Wall").press("Control+a")
    run_command(page, "Save these tiles")
    page.get_by_role("textbox", name="Name").fill("kept")
    page.get_by_role("button", name="Save", exact=True).click()
    # one in the report of what a fake agent does not show, and later one in the list
    expect(page.get_by_role("button", name="Open kept").first).to_be_visible()
    kept = library.read_set(own_portal.store, "kept")["document"]
    assert {tile["title"] for tile in kept["tiles"]} >= {"renamed", "b", "tile 0"}
    for job in own_portal.store.jobs(active=True):
        if job["scheduler"] == "local" and job["case"] == "tileset":
            api.stop(own_portal.store, job["id"])
