"""Tags: put on, taken off, coloured, merged, hidden, sorted and grouped by; the legend. Each is one act."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from portal_kit import RunningJob, RunningPortal
from told_tags import TaggedWall


def test_tags_are_put_on_and_taken_off_by_keyboard_and_all_of_it_is_undone(tagged: TaggedWall) -> None:
    page = tagged.page
    tagged.on_wall(1)
    tagged.press("Space")
    tagged.on_wall(3)
    tagged.press("Space")
    tagged.selected(1, 3)
    tagged.press("k")
    dialog = page.get_by_role("dialog", name="Tags of 2 tiles")
    field = dialog.get_by_role("combobox", name="Add a tag")
    expect(field).to_be_focused()
    field.press_sequentially("to check")
    field.press("Enter")
    expect(dialog.get_by_role("listitem").filter(has_text="to check")).to_be_visible()
    field.press_sequentially("ke")
    expect(dialog.get_by_role("option", name="keep")).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    expect(dialog.get_by_role("listitem").filter(has_text="keep")).to_be_visible()
    dialog.get_by_role("button", name="Remove keep").click()
    expect(dialog.get_by_role("listitem").filter(has_text="keep")).to_have_count(0)
    tagged.press("Escape")
    expect(tagged.cell(1)).to_have_accessible_name(_has("to check"))
    expect(tagged.cell(3)).to_have_accessible_name(_has("to check"))
    tagged.again()
    expect(tagged.cell(3)).to_have_accessible_name(_has("to check"))
    tagged.on_wall(1)
    for _ in range(3):
        tagged.press("Control+z")
    expect(tagged.cell(1)).not_to_have_accessible_name(_has("to check"))
    expect(tagged.cell(3)).not_to_have_accessible_name(_has("to check"))


def test_the_dialog_keeps_the_keyboard_while_tiles_count_frames(page: Page, job: RunningJob) -> None:
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("k")
    remove = page.get_by_role("dialog", name="Tags of tile 0").get_by_role("button", name="Remove tag0")
    remove.focus()
    job.agent.change(0, frames=777)
    expect(page.locator("#panel")).to_contain_text("777")
    expect(remove).to_be_focused()
    page.keyboard.press("Escape")


def test_the_panel_shows_the_tags_of_the_tile_takes_them_off_and_adds_others(tagged: TaggedWall) -> None:
    panel = tagged.page.get_by_role("region", name="Tags")
    tagged.on_wall(2)
    expect(panel.get_by_role("listitem")).to_have_text(["8 · 300K×", "keep×"])
    panel.get_by_role("button", name="Remove keep").click()
    expect(panel.get_by_role("listitem")).to_have_text(["8 · 300K×"])
    field = panel.get_by_role("combobox", name="Add a tag")
    field.fill("{age,0,3,20}")
    field.press("Enter")
    expect(panel.get_by_role("listitem")).to_have_text(["8 · 300K×", "age 3×"])


def test_the_legend_names_the_tags_selects_their_tiles_and_hides_them(tagged: TaggedWall) -> None:
    tagged.on_wall()
    expect(tagged.legend).to_be_hidden()
    tagged.press("l")
    expect(tagged.legend.get_by_role("listitem")).to_have_count(4)
    tagged.legend.get_by_role("button", name="keep: select 2 tiles").click()
    tagged.selected(0, 2)
    tagged.legend.get_by_role("button", name="Hide keep").click()
    tagged.shows(1, 3, 4, 5, 6, 7)
    hide = tagged.legend.get_by_role("button", name="Hide keep")
    expect(hide).to_have_attribute("aria-pressed", "true")
    expect(hide).to_be_focused()
    hide.click()
    tagged.shows(*range(8))
    # As many may be others.
    script = "([one, two]) => window.tiledviz.session.set([[`tags/${one}/keep`, false], [`tags/${two}/keep`, true]])"
    tagged.page.evaluate(script, tagged.page.evaluate("window.tiledviz.tiles().map(t => t.id)")[:2])
    expect(tagged.cell(1)).to_have_accessible_name(_has("keep"))
    tagged.legend.get_by_role("button", name="keep: select 2 tiles").click()
    tagged.selected(1, 2)
    tagged.on_wall()
    tagged.press("l")
    expect(tagged.legend).to_be_hidden()


def test_tiles_are_taken_off_the_wall_by_a_tag_and_come_back(tagged: TaggedWall) -> None:
    tagged.on_wall()
    tagged.command("Take the tiles of a tag off the wall …")
    tagged.choose("keep (2 tiles)")
    tagged.shows(1, 3, 4, 5, 6, 7)
    tagged.command("Put hidden tiles back on the wall")
    tagged.shows(*range(8))
    tagged.command("Hide the tiles of a tag …")
    tagged.choose("keep (2 tiles)")
    tagged.shows(1, 3, 4, 5, 6, 7)
    tagged.command("Show the tiles of all tags again")
    tagged.shows(*range(8))


def test_a_tag_is_merged_into_another_renamed_and_coloured(tagged: TaggedWall) -> None:
    page = tagged.page
    tagged.on_wall()
    tagged.press("l")
    tagged.command("Merge or rename a tag …")
    tagged.choose("8 · 300K (1 tile)")
    dialog = page.get_by_role("dialog", name="Merge 8 · 300K")
    dialog.get_by_role("combobox", name="Merge into").fill("keep")
    dialog.get_by_role("button", name="Merge").click()
    expect(dialog).to_be_hidden()
    expect(tagged.legend.get_by_role("listitem")).to_have_count(3)
    tagged.command("Merge or rename a tag …")
    tagged.choose("keep (2 tiles)")
    field = page.get_by_role("combobox", name="Merge into")
    field.fill("best")
    field.press("Enter")
    expect(tagged.legend.get_by_role("button", name="best: select 2 tiles")).to_be_visible()
    tagged.command("Colour of a tag …")
    tagged.choose("best (2 tiles)")
    dialog = page.get_by_role("dialog", name="Colour of best")
    dialog.get_by_role("button", name="Colour 7").click()
    expect(dialog.get_by_role("button", name="Colour 7")).to_have_attribute("aria-pressed", "true")
    tagged.press("Escape")
    for _ in range(3):
        tagged.press("Control+z")
    expect(tagged.legend.get_by_role("button", name="keep: select 2 tiles")).to_be_visible()
    expect(tagged.legend.get_by_role("listitem")).to_have_count(4)
    tagged.command("Merge or rename a tag …")
    tagged.choose("keep (2 tiles)")
    field.fill("Keep")
    field.press("Enter")
    expect(tagged.legend.get_by_text("Keep", exact=True)).to_be_visible()


def test_the_wall_is_sorted_and_grouped_by_tags_and_columns(tagged: TaggedWall, output: Path) -> None:
    page = tagged.page
    tagged.on_wall()
    tagged.press("s")
    menu = page.get_by_role("dialog", name="Sort")
    menu.get_by_label("Sort by").select_option(label="T (K)")
    tagged.shows(3, 7, 1, 0, 6, 2, 4, 5)
    menu.get_by_label("Order").select_option(label="down")
    tagged.shows(4, 2, 6, 0, 1, 7, 3, 5)
    menu.get_by_label("Sort by").select_option(label="keep")
    menu.get_by_label("Order").select_option(label="up")
    tagged.shows(0, 2, 1, 3, 4, 5, 6, 7)
    tagged.press("Escape")
    tagged.on_wall()
    tagged.press("g")
    group = page.get_by_label("Group by")
    expect(group).to_be_focused()
    group.select_option(label="tags")
    tagged.shows(2, 6, 4, 0, 1, 3, 5, 7)
    tagged.press("Escape")
    tagged.on_wall()
    tagged.press("l")
    for theme in ("dark", "light", "contrast"):
        tagged.theme(theme)
        page.wait_for_timeout(400)
        page.screenshot(path=output / f"tags-{theme}.png")
    tagged.command("Group by a column or tags …")
    tagged.choose("class")
    tagged.shows(6, 0, 2, 5, 3, 7, 1, 4)
    tagged.command("No groups")
    tagged.shows(0, 2, 1, 3, 4, 5, 6, 7)


def test_who_may_only_look_sees_the_tags_and_is_offered_no_change(
    tagged: TaggedWall, own_portal: RunningPortal, chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-GB")
    other = TaggedWall(context.new_page(), own_portal, role="viewer")
    other.on_wall(2)
    panel = other.page.get_by_role("region", name="Tags")
    expect(panel.get_by_role("listitem")).to_have_text(["8 · 300K", "keep"])
    expect(panel.get_by_role("button")).to_have_count(0)
    expect(panel.get_by_role("combobox")).to_be_hidden()
    expect(tagged.page.get_by_role("button", name="Turn off")).to_be_visible()
    expect(other.page.get_by_role("button", name="Turn off")).to_have_count(0)
    other.press("l")
    expect(other.legend.get_by_role("button", name="keep: select 2 tiles")).to_be_visible()
    expect(other.legend.get_by_role("button", name="Hide keep")).to_have_count(0)
    for name in ("Sort", "Colour"):
        expect(other.page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    other.press("k")
    expect(other.page.get_by_role("dialog")).to_have_count(0)
    context.close()


def _has(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))
