"""The search: what it finds, what becomes of the rest, alternatives in colours, completion; it is kept, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from portal_kit import RunningPortal
from told_tags import TaggedWall, job_of


@pytest.fixture
def portal(home: Path) -> Iterator[RunningPortal]:
    running = RunningPortal(home)
    yield running
    running.stop()


@pytest.fixture
def wall(chromium: Browser, portal: RunningPortal) -> Iterator[TaggedWall]:
    job = job_of(portal)
    context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-GB")
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield TaggedWall(context.new_page(), portal)
    context.close()
    job.end()
    assert problems == []


def box_of(wall: TaggedWall) -> Locator:
    return wall.page.get_by_role("combobox", name="Search tiles")


def test_a_search_dims_hides_or_moves_back_what_it_does_not_find(wall: TaggedWall) -> None:
    page = wall.page
    wall.on_wall()
    wall.press("/")
    box = box_of(wall)
    expect(box).to_be_focused()
    box.press_sequentially("class=spots & T=300..320")
    expect(page.get_by_role("status").filter(has_text="2 of 8")).to_be_visible()
    wall.undimmed(0, 2)
    page.get_by_label("The rest").select_option(label="hidden")
    wall.shows(0, 2)
    page.get_by_label("The rest").select_option(label="at the end")
    wall.shows(0, 2, 1, 3, 4, 5, 6, 7)
    wall.command("Search: hide the rest")
    wall.shows(0, 2)
    box.focus()
    wall.press("Escape")
    expect(box).to_have_value("")
    wall.shows(*range(8))


def test_enter_goes_to_the_first_found_and_a_wrong_query_is_pointed_at(wall: TaggedWall) -> None:
    box = box_of(wall)
    box.fill("class=stripes")
    box.press("Enter")
    expect(wall.cell(3)).to_be_focused()
    box.fill("clas=stripes")
    expect(wall.page.get_by_role("alert")).to_contain_text("there is no column clas")
    expect(box).to_have_attribute("aria-invalid", "true")


def test_each_alternative_has_its_colour_in_the_legend(wall: TaggedWall, output: Path) -> None:
    wall.on_wall()
    box = box_of(wall)
    box.fill("class=spots | T>300 or tag:keep")
    box.press("Enter")
    for name in ("class=spots: select 3 tiles", "T>300: select 3 tiles", "tag:keep: select 2 tiles"):
        expect(wall.legend.get_by_role("button", name=name)).to_be_visible()
    wall.undimmed(0, 2, 4, 5, 6)
    for theme in ("dark", "light", "contrast"):
        wall.theme(theme)
        wall.page.wait_for_timeout(400)
        wall.page.screenshot(path=output / f"search-{theme}.png")


def test_a_search_is_completed_by_keyboard(wall: TaggedWall, output: Path) -> None:
    page = wall.page
    box = box_of(wall)
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
    wall.undimmed(3, 7)


def test_a_search_is_there_after_a_reload_and_is_undone_as_one(wall: TaggedWall) -> None:
    page = wall.page
    box = box_of(wall)
    box.press_sequentially("class=waves")
    box.press("Enter")
    wall.undimmed(1, 4)
    wall.again()
    expect(box).to_have_value("class=waves")
    wall.undimmed(1, 4)
    box.fill("class=chaos")
    wall.undimmed(6)
    wall.on_wall()
    wall.press("Control+z")
    expect(box).to_have_value("class=waves")
    wall.undimmed(1, 4)
    wall.press("Control+z")
    expect(box).to_have_value("")
    wall.undimmed(*range(8))
    expect(page.get_by_role("alert")).to_be_hidden()


def test_tags_given_by_hand_are_found_at_once(wall: TaggedWall) -> None:
    box = box_of(wall)
    box.fill("tag:fresh")
    box.press("Enter")
    wall.undimmed()
    wall.on_wall(5)
    wall.press("k")
    field = wall.page.get_by_role("combobox", name="Add a tag").last
    field.fill("fresh")
    field.press("Enter")
    wall.press("Escape")
    wall.undimmed(5)
