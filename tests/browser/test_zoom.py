"""Some tiles side by side, alone on the wall, the way from one to the next, and the way back."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from portal_kit import RunningJob
from world import shot, until

SHOWN = "ids => window.tiledviz.tiles().map(t => t.id).join() == ids.join()"


def focus_on(page: Page, tile: int) -> None:
    page.evaluate("id => document.querySelector(`[data-tile='${id}']`).focus()", tile)


def test_v_shows_the_selection_alone_side_by_side_and_escape_all_again(
    page: Page, job: RunningJob, output: Path
) -> None:
    one, two, three, four = job.tiles
    for tile in (two, four):
        focus_on(page, tile)
        page.keyboard.press("Space")
    page.keyboard.press("v")
    until(page, SHOWN, [two, four])
    expect(page.get_by_text("2 of 4. Esc shows all.")).to_be_visible()
    page.wait_for_timeout(400)
    shot(page, output / "zoomed.png")
    page.keyboard.press("Escape")
    until(page, SHOWN, [one, two, three, four])
    expect(page.get_by_text("Esc shows all.")).to_be_hidden()
    # The selection is the next thing that Escape leaves.
    expect(page.get_by_text("2 tiles selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("2 tiles selected")).to_be_hidden()


def test_with_one_tile_alone_arrows_walk_to_its_neighbours_and_enter_opens_it(page: Page, job: RunningJob) -> None:
    one, two, three, _ = job.tiles
    focus_on(page, two)
    page.keyboard.press("v")
    until(page, SHOWN, [two])
    page.keyboard.press("ArrowRight")
    until(page, SHOWN, [three])
    page.keyboard.press("<")
    until(page, SHOWN, [two])
    page.get_by_role("button", name="Previous").first.click()
    until(page, SHOWN, [one])
    focus_on(page, one)
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("This is the first tile")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Back to the wall")).to_be_visible()
    page.keyboard.press("Escape")
    until(page, SHOWN, [one])
    page.get_by_role("button", name="Show all").click()
    until(page, SHOWN, job.tiles)


def test_who_hides_a_tile_in_a_zoom_sees_it_go_and_the_columns_of_all_are_left_alone(
    page: Page, job: RunningJob
) -> None:
    one, two, three, four = job.tiles
    for tile in (two, three):
        focus_on(page, tile)
        page.keyboard.press("Space")
    page.keyboard.press("v")
    until(page, SHOWN, [two, three])
    page.keyboard.press(".")
    assert page.evaluate("window.tiledviz.session.document.get('layout/columns') ?? null") is None
    page.evaluate("id => window.tiledviz.session.set([[`tile/${id}/hidden`, true]], 'hide')", two)
    until(page, SHOWN, [three])
    page.evaluate("id => window.tiledviz.session.set([[`tile/${id}/hidden`, true]], 'hide')", three)
    until(page, SHOWN, [one, four])
    page.keyboard.press(".")
    until(page, "window.tiledviz.session.document.get('layout/columns') !== undefined")
    for _ in range(3):
        page.keyboard.press("Control+z")
    until(page, SHOWN, [two, three])
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    until(page, SHOWN, job.tiles)


def test_a_zoom_is_undone_like_everything(page: Page, job: RunningJob) -> None:
    focus_on(page, job.tiles[2])
    page.keyboard.press("v")
    until(page, SHOWN, [job.tiles[2]])
    page.keyboard.press("Control+z")
    until(page, SHOWN, job.tiles)
