"""Tiles coloured by a column, by words, by the numbers of tags: the menu, the edges, the legend."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from told_tags import TaggedWall


def test_a_column_colours_the_tiles_and_the_legend_says_what_the_colours_mean(tagged: TaggedWall, output: Path) -> None:
    page = tagged.page
    tagged.on_wall(2)
    tagged.press("q")
    menu = page.get_by_role("dialog", name="Colour")
    by = menu.get_by_label("Colour by")
    expect(by).to_be_focused()
    by.select_option(label="T (K)")
    scale = tagged.legend.get_by_role("img")
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 310 K")
    expect(tagged.legend.get_by_role("button", name="no value: select 1 tile")).to_be_visible()
    menu.get_by_label("Scale").select_option(label="batlow")
    menu.get_by_label("From").fill("280")
    menu.get_by_label("To").fill("300")
    menu.get_by_label("Reversed").check()
    expect(scale).to_have_accessible_name("T from 280 to 300 K · tile in focus: 310 K")
    page.screenshot(path=output / "colour-menu.png")
    menu.get_by_role("button", name="Ends of the data").click()
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 310 K")
    tagged.press("Escape")
    tagged.on_wall(1)
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 290.5 K")
    for theme in ("dark", "light", "contrast"):
        tagged.theme(theme)
        page.wait_for_timeout(400)
        page.screenshot(path=output / f"colour-{theme}.png")
    tagged.again()
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 300 K")
    tagged.on_wall()
    for _ in range(6):
        tagged.press("Control+z")
    expect(tagged.legend).to_be_hidden()


def test_words_and_the_numbers_of_tags_colour_too(tagged: TaggedWall) -> None:
    page = tagged.page
    tagged.on_wall()
    tagged.command("Colour by a column or tag …")
    tagged.choose("class")
    expect(tagged.legend.get_by_role("button", name="spots: select 3 tiles")).to_be_visible()
    tagged.legend.get_by_role("button", name="waves: select 2 tiles").click()
    tagged.selected(1, 4)
    tagged.on_wall()
    tagged.press("k")
    field = page.get_by_role("combobox", name="Add a tag").last
    field.fill("{age,0,5,20}")
    field.press("Enter")
    tagged.press("Escape")
    tagged.command("Colour by a column or tag …")
    tagged.choose("age")
    expect(tagged.legend.get_by_role("img")).to_have_accessible_name("age from 0 to 20")
    expect(tagged.legend.get_by_role("button", name="no value: select 6 tiles")).to_be_visible()
    tagged.on_wall(4)
    expect(tagged.legend.get_by_role("img")).to_have_accessible_name("age from 0 to 20 · tile in focus: 5")
    tagged.command("No colours")
    expect(tagged.legend).to_be_hidden()
