"""What is done to one tile: turned, see-through, refreshed, hidden, and its code for a phone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from portal_kit import RunningJob
from world import shot, until

REGISTER = "([id, name, wanted]) => (window.tiledviz.session.document.get(`tile/${id}/${name}`) ?? null) === wanted"


@pytest.fixture(autouse=True)
def bare(page: Page) -> None:
    """Nothing is done to a tile yet: those of another test had the same numbers."""
    page.evaluate(
        "(r => r.set(r.document.below('tile/').map(([rest]) => [`tile/${rest}`, null])))(window.tiledviz.session)"
    )


def focus_on(page: Page, tile: int) -> None:
    page.evaluate("id => document.querySelector(`[data-tile='${id}']`).focus()", tile)


def shown(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Details").get_by_role("group", name="How this tile is shown")


def test_a_tile_turns_by_quarters_and_stands_upright_again(page: Page, job: RunningJob) -> None:
    tile = job.tiles[0]
    focus_on(page, tile)
    page.keyboard.press("Shift+R")
    until(page, REGISTER, [tile, "rotation", 90])
    for wanted in (180, 270, None):
        shown(page).get_by_role("button", name="Rotate").click()
        until(page, REGISTER, [tile, "rotation", wanted])


def test_a_key_turns_all_selected_tiles_in_one_act(page: Page, job: RunningJob) -> None:
    for tile in job.tiles[:2]:
        focus_on(page, tile)
        page.keyboard.press("Space")
    page.keyboard.press("Shift+R")
    for tile in job.tiles[:2]:
        until(page, REGISTER, [tile, "rotation", 90])
    page.keyboard.press("Control+z")
    for tile in job.tiles[:2]:
        until(page, REGISTER, [tile, "rotation", None])
    page.keyboard.press("Escape")


def test_the_opacity_is_set_by_a_slider(page: Page, job: RunningJob) -> None:
    tile = job.tiles[0]
    focus_on(page, tile)
    slider = page.get_by_role("slider", name="Opacity")
    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    until(page, REGISTER, [tile, "opacity", 0.9])
    page.keyboard.press("End")
    until(page, REGISTER, [tile, "opacity", None])


def test_refresh_lets_go_of_the_tile_and_asks_for_it_anew(page: Page, job: RunningJob) -> None:
    tile = job.tiles[0]
    focus_on(page, tile)
    deadline = time.monotonic() + 30
    while not job.agent.walls or len(job.agent.stream().demand or []) < 4:
        assert time.monotonic() < deadline, "nobody asked for pictures"
        page.wait_for_timeout(50)
    asked = job.agent.stream().looker().demands
    before = len(asked)
    page.keyboard.press("u")
    while [len(demand) for demand in asked[before:]] != [3, 4]:
        assert time.monotonic() < deadline, asked[before:]
        page.wait_for_timeout(50)
    expect(page.get_by_text("A new picture of 1 tile is on its way.")).to_be_visible()


def test_a_tile_is_hidden_from_the_wall_and_undo_brings_it_back(page: Page, job: RunningJob) -> None:
    focus_on(page, job.tiles[1])
    shown(page).get_by_role("button", name="Hide").click()
    until(page, "n => window.tiledviz.tiles().length == n", 3)
    focus_on(page, job.tiles[0])
    page.keyboard.press("Control+z")
    until(page, "n => window.tiledviz.tiles().length == n", 4)


def test_a_code_opens_the_wall_on_the_tile_and_holds_no_secret(page: Page, job: RunningJob, output: Path) -> None:
    focus_on(page, job.tiles[2])
    page.keyboard.press("j")
    origin = page.evaluate("location.origin")
    address = f"{origin}/#s=main&tile={job.tiles[2]}"
    dialog = page.get_by_role("dialog", name="QR code of")
    expect(dialog.get_by_role("img", name=f"QR code of {address}")).to_be_visible()
    expect(dialog.get_by_text(address, exact=True)).to_be_visible()
    shot(page, output / "qr.png")
    expect(dialog.get_by_role("button", name="Copy")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    # Over plain HTTP from another machine, pages have no clipboard.
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.keyboard.press("j")
    expect(dialog.get_by_role("img", name=f"QR code of {address}")).to_be_visible()
    expect(dialog.get_by_role("button", name="Copy")).to_have_count(0)
    page.keyboard.press("Escape")
