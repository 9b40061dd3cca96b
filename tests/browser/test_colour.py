"""Tiles coloured by a column, by words, by the numbers of tags: the menu, the edges, the legend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

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


def test_a_column_colours_the_tiles_and_the_legend_says_what_the_colours_mean(wall: TaggedWall, output: Path) -> None:
    page = wall.page
    wall.on_wall(2)
    wall.press("q")
    menu = page.get_by_role("dialog", name="Colour")
    by = menu.get_by_label("Colour by")
    expect(by).to_be_focused()
    by.select_option(label="T (K)")
    scale = wall.legend.get_by_role("img")
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 310 K")
    expect(wall.legend.get_by_role("button", name="no value: select 1 tile")).to_be_visible()
    menu.get_by_label("Scale").select_option(label="batlow")
    menu.get_by_label("From").fill("280")
    menu.get_by_label("To").fill("300")
    menu.get_by_label("Reversed").check()
    expect(scale).to_have_accessible_name("T from 280 to 300 K · tile in focus: 310 K")
    page.screenshot(path=output / "colour-menu.png")
    menu.get_by_role("button", name="Ends of the data").click()
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 310 K")
    wall.press("Escape")
    wall.on_wall(1)
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 290.5 K")
    for theme in ("dark", "light", "contrast"):
        wall.theme(theme)
        page.wait_for_timeout(400)
        page.screenshot(path=output / f"colour-{theme}.png")
    wall.again()
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 300 K")
    wall.on_wall()
    for _ in range(6):
        wall.press("Control+z")
    expect(wall.legend).to_be_hidden()


def test_words_and_the_numbers_of_tags_colour_too(wall: TaggedWall) -> None:
    page = wall.page
    wall.on_wall()
    wall.command("Colour by a column or tag …")
    wall.choose("class")
    expect(wall.legend.get_by_role("button", name="spots: select 3 tiles")).to_be_visible()
    wall.legend.get_by_role("button", name="waves: select 2 tiles").click()
    wall.selected(1, 4)
    wall.on_wall()
    wall.press("k")
    field = page.get_by_role("combobox", name="Add a tag").last
    field.fill("{age,0,5,20}")
    field.press("Enter")
    wall.press("Escape")
    wall.command("Colour by a column or tag …")
    wall.choose("age")
    expect(wall.legend.get_by_role("img")).to_have_accessible_name("age from 0 to 20")
    expect(wall.legend.get_by_role("button", name="no value: select 6 tiles")).to_be_visible()
    wall.on_wall(4)
    expect(wall.legend.get_by_role("img")).to_have_accessible_name("age from 0 to 20 · tile in focus: 5")
    wall.command("No colours")
    expect(wall.legend).to_be_hidden()
