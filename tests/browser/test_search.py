"""The search: what it finds, what becomes of the rest, alternatives in colours, completion; it is kept, and undone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from portal_kit import RunningJob
from told_tags import TaggedWall


def box_of(tagged: TaggedWall) -> Locator:
    return tagged.page.get_by_role("combobox", name="Search tiles")


def test_a_search_dims_hides_or_moves_back_what_it_does_not_find(tagged: TaggedWall) -> None:
    page = tagged.page
    tagged.on_wall()
    tagged.press("/")
    box = box_of(tagged)
    expect(box).to_be_focused()
    box.press_sequentially("class=spots & T=300..320")
    expect(page.get_by_role("status").filter(has_text="2 of 8")).to_be_visible()
    tagged.undimmed(0, 2)
    page.get_by_role("banner", name="Wall").get_by_label("The rest").select_option(label="hidden")
    tagged.shows(0, 2)
    page.get_by_role("banner", name="Wall").get_by_label("The rest").select_option(label="at the end")
    tagged.shows(0, 2, 1, 3, 4, 5, 6, 7)
    tagged.command("Search: hide the rest")
    tagged.shows(0, 2)
    box.focus()
    tagged.press("Escape")
    expect(box).to_have_value("")
    tagged.shows(*range(8))


def test_a_search_that_finds_nothing_and_hides_the_rest_says_so_and_is_cleared(tagged: TaggedWall) -> None:
    page = tagged.page
    tagged.on_wall()
    box = box_of(tagged)
    box.fill("T>9000")
    box.press("Enter")
    tagged.undimmed()
    page.get_by_role("banner", name="Wall").get_by_label("The rest").select_option(label="hidden")
    expect(page.get_by_role("heading", name="The search finds none of the tiles")).to_be_visible()
    page.get_by_role("button", name="Clear the search").click()
    tagged.shows(*range(8))
    expect(box).to_have_value("")


def test_enter_goes_to_the_first_found_and_a_wrong_query_is_pointed_at(tagged: TaggedWall) -> None:
    box = box_of(tagged)
    box.fill("class=stripes")
    box.press("Enter")
    expect(tagged.cell(3)).to_be_focused()
    box.fill("clas=stripes")
    expect(tagged.page.get_by_role("alert")).to_contain_text("there is no column clas")
    expect(box).to_have_attribute("aria-invalid", "true")
    with tagged.page.expect_response("**/query?*"):
        box.press("Enter")
    expect(box).to_be_focused()  # it does not go to what another query found


def test_what_is_searched_by_state_is_found_as_the_states_change(page: Page, job: RunningJob) -> None:
    box = page.get_by_role("combobox", name="Search tiles")
    box.fill("state=failed")
    found = page.get_by_role("status").filter(has_text="of 4")
    expect(found).to_have_text("0 of 4")
    for index in (1, 2):
        job.agent.change(index, state="failed", reason="ended")
    expect(found).to_have_text("2 of 4")
    box.press("Escape")


def test_each_alternative_has_its_colour_in_the_legend(tagged: TaggedWall, output: Path) -> None:
    tagged.on_wall()
    box = box_of(tagged)
    box.fill("class=spots | T>300 or tag:keep")
    box.press("Enter")
    for name in ("class=spots: select 3 tiles", "T>300: select 3 tiles", "tag:keep: select 2 tiles"):
        expect(tagged.legend.get_by_role("button", name=name)).to_be_visible()
    tagged.undimmed(0, 2, 4, 5, 6)
    for theme in ("dark", "light", "contrast"):
        tagged.theme(theme)
        tagged.page.wait_for_timeout(400)
        tagged.page.screenshot(path=output / f"search-{theme}.png")


def test_a_search_is_completed_by_keyboard(tagged: TaggedWall, output: Path) -> None:
    page = tagged.page
    box = box_of(tagged)
    box.press_sequentially("cl")
    options = page.get_by_role("listbox", name="Completions").get_by_role("option")
    expect(options).to_have_text(["class"])
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("class=")
    box.press_sequentially("s")
    expect(options).to_have_text(["spots", "stripes", "waves", "chaos"])
    page.screenshot(path=output / "search-completion.png")
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(options.and_(page.get_by_role("option", selected=True))).to_have_text("stripes")
    box.press("Tab")
    expect(box).to_have_value("class=stripes")
    tagged.undimmed(3, 7)


def test_a_search_is_there_after_a_reload_and_is_undone_as_one(tagged: TaggedWall) -> None:
    page = tagged.page
    box = box_of(tagged)
    box.press_sequentially("class=waves")
    box.press("Enter")
    tagged.undimmed(1, 4)
    tagged.again()
    expect(box).to_have_value("class=waves")
    tagged.undimmed(1, 4)
    box.fill("class=chaos")
    tagged.undimmed(6)
    tagged.on_wall()
    tagged.press("Control+z")
    expect(box).to_have_value("class=waves")
    tagged.undimmed(1, 4)
    tagged.press("Control+z")
    expect(box).to_have_value("")
    tagged.undimmed(*range(8))
    expect(page.get_by_role("alert")).to_be_hidden()


def test_tags_given_by_hand_are_found_at_once(tagged: TaggedWall) -> None:
    box = box_of(tagged)
    box.fill("tag:fresh")
    box.press("Enter")
    tagged.undimmed()
    tagged.on_wall(5)
    tagged.press("k")
    field = tagged.page.get_by_role("combobox", name="Add a tag").last
    field.fill("fresh")
    field.press("Enter")
    tagged.press("Escape")
    tagged.undimmed(5)
