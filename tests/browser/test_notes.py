"""Notes of tiles: written in the panel, by several at once, seen over the opened tile, deleted, hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from commanding import run_command
from portal_kit import RunningJob, RunningPortal
from world import shot, until

NOTE = "id => window.tiledviz.session.document.text(`note/${id}`)"


@pytest.fixture
def other(chromium: Browser, portal: RunningPortal, page: Page) -> Iterator[Page]:
    """Somebody else's page of the same session."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    made = context.new_page()
    made.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(made, "window.tiledviz.connection() == 'open' && window.tiledviz.tiles().length == 4")
    yield made
    context.close()


def note(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Details").get_by_role("textbox", name="Note")


def focus_on(page: Page, tile: int) -> None:
    page.evaluate("id => document.querySelector(`[data-tile='${id}']`).focus()", tile)


def test_a_note_is_written_by_keyboard_and_its_first_words_are_told_on_the_wall(page: Page, job: RunningJob) -> None:
    focus_on(page, job.tiles[1])
    page.keyboard.press("e")
    expect(note(page)).to_be_focused()
    page.keyboard.type("Spots grow here. Look again tomorrow.")
    until(page, f"id => ({NOTE})(id) == 'Spots grow here. Look again tomorrow.'", job.tiles[1])
    cell = page.get_by_role("gridcell").nth(1)
    expect(cell).to_have_accessible_name(re.compile("has a note"))
    focus_on(page, job.tiles[0])
    expect(note(page)).to_have_value("")
    focus_on(page, job.tiles[1])
    expect(note(page)).to_have_value("Spots grow here. Look again tomorrow.")


def test_two_people_write_in_one_note_and_no_word_is_lost(page: Page, other: Page, job: RunningJob) -> None:
    tile = job.tiles[0]
    for each in (page, other):
        focus_on(each, tile)
    note(page).fill("begin end")
    until(other, f"id => ({NOTE})(id) == 'begin end'", tile)
    expect(note(other)).to_have_value("begin end")
    note(page).click()
    page.keyboard.press("Control+Home")
    note(other).click()
    other.keyboard.press("Control+End")
    left, right = ["amber", "birch", "cedar", "delta"], ["north", "south", "east", "west"]
    for mine, theirs in zip(left, right, strict=True):
        page.keyboard.type(f"{mine} ", delay=25)
        other.keyboard.type(f" {theirs}", delay=25)
    wanted = " ".join([*left, "begin end", *right])
    for each in (page, other):
        until(each, f"([id, text]) => ({NOTE})(id) == text", [tile, wanted])
        expect(note(each)).to_have_value(wanted)
    # The caret of each is still where that one wrote.
    assert note(page).evaluate("field => field.selectionStart") == len(" ".join(left)) + 1


def test_a_character_of_several_keys_is_not_broken_by_what_others_write(
    page: Page, other: Page, job: RunningJob
) -> None:
    tile = job.tiles[2]
    focus_on(page, tile)
    page.keyboard.press("e")
    page.keyboard.type("one ")
    until(other, f"id => ({NOTE})(id) == 'one '", tile)
    keys = page.context.new_cdp_session(page)
    keys.send("Input.imeSetComposition", {"text": "ね", "selectionStart": 1, "selectionEnd": 1})
    other.evaluate("id => window.tiledviz.session.write(`note/${id}`, 'zero one ', 'note')", tile)
    until(page, f"id => ({NOTE})(id) == 'zero one '", tile)
    page.wait_for_timeout(600)  # what is half typed is not said
    assert page.evaluate(NOTE, tile) == "zero one "
    expect(note(page)).to_have_value("one ね")
    keys.send("Input.insertText", {"text": "猫"})
    expect(note(page)).to_have_value("zero one 猫")
    for each in (page, other):
        until(each, f"id => ({NOTE})(id) == 'zero one 猫'", tile)


def test_escape_gives_the_keyboard_back_to_the_wall_from_every_field_of_the_panel(page: Page, job: RunningJob) -> None:
    focus_on(page, job.tiles[1])
    page.keyboard.press("e")
    expect(note(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("gridcell").nth(1)).to_be_focused()
    field = page.get_by_role("region", name="Tags").get_by_role("combobox", name="Add a tag")
    field.press_sequentially("tag")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")  # the completions first
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("gridcell").nth(1)).to_be_focused()


def test_a_note_goes_by_one_act_and_undo_brings_it_back(page: Page, job: RunningJob, output: Path) -> None:
    tile = job.tiles[0]
    focus_on(page, tile)
    note(page).fill("one\ntwo")
    until(page, f"id => ({NOTE})(id) == 'one\\ntwo'", tile)
    for theme in ("dark", "light", "contrast"):
        shot(page, output / f"note-{theme}.png")
        focus_on(page, tile)
        page.keyboard.press("t")
    page.get_by_role("button", name="Delete the note").click()
    until(page, f"id => ({NOTE})(id) == ''", tile)
    focus_on(page, tile)
    page.keyboard.press("Control+z")
    expect(note(page)).to_have_value("one\ntwo")


def test_the_whole_note_lies_over_the_opened_tile_unless_notes_are_hidden(page: Page, job: RunningJob) -> None:
    tile = job.tiles[0]
    page.evaluate("id => window.tiledviz.session.write(`note/${id}`, 'A long note\\nwith two lines', 'note')", tile)
    focus_on(page, tile)
    page.keyboard.press("Enter")
    over = page.get_by_role("complementary", name="Note")
    expect(over).to_have_text("A long note\nwith two lines")
    page.evaluate("id => window.tiledviz.session.write(`note/${id}`, 'line\\n'.repeat(200), 'note')", tile)
    over.hover()
    page.mouse.wheel(0, 500)
    until(page, "document.querySelector('.opened-note').scrollTop > 100")
    over.focus()
    page.keyboard.press("Home")
    until(page, "document.querySelector('.opened-note').scrollTop == 0")
    page.keyboard.press("Escape")
    expect(over).to_be_hidden()
    run_command(page, "Hide all notes")
    expect(page.get_by_text("Notes are hidden")).to_be_visible()
    focus_on(page, tile)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Back to the wall")).to_be_visible()
    expect(over).to_be_hidden()
