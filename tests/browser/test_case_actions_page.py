"""The actions of a case in the page: offered, asked about, done, how far each is, cancelled, each result told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from commanding import run_command
from portal_kit import RunningJob, RunningPortal
from world import until

SLOW = 60_000  # milliseconds, on a busy machine
CASE = Path(__file__).parents[1] / "portal" / "sample_actions.py"


@pytest.fixture
def job(portal: RunningPortal, tmp_path: Path) -> Iterator[RunningJob]:
    """Four tiles of a case with actions of every kind."""
    plan = {
        "case": "sample_actions", "plugin": f"folder:sample_actions:{CASE}", "parameters": {"folder": str(tmp_path)},
    }  # fmt: skip
    running = RunningJob(portal, tiles=4, plan=plan)
    yield running
    running.end()


def opened(page: Page, tiles: int = 4) -> Locator:
    """Open the actions of all tiles, by the palette."""
    page.get_by_role("gridcell").first.focus()
    run_command(page, "Actions of the case")
    dialog = page.get_by_role("dialog", name=f"Actions of the case on {tiles} tiles")
    expect(dialog.get_by_role("group", name="Actions of the case").get_by_role("button").first).to_be_focused(
        timeout=SLOW
    )
    return dialog


def said(dialog: Locator) -> Locator:
    return dialog.get_by_role("status")


def test_an_action_asks_for_its_parameters_says_what_is_wrong_with_them_and_is_done_in_each_tile(
    page: Page, job: RunningJob, output: Path
) -> None:
    dialog = opened(page)
    dialog.get_by_role("button", name="Colour …").click()
    asked = dialog.get_by_role("form", name="Colour")
    colour, level = asked.get_by_label("Color", exact=True), asked.get_by_label("Level", exact=True)
    expect(colour).to_be_focused()
    expect(level).to_have_value("0.5")
    expect(level).to_have_accessible_description("m where · between 0 and 1")
    level.fill("2 <b>metres</b>")
    page.keyboard.press("Enter")
    expect(asked.get_by_text("level=2 <b>metres</b>: Input should be a valid number")).to_be_visible(timeout=SLOW)
    expect(asked.get_by_text("color: Field required")).to_be_visible()
    expect(colour).to_be_focused()
    assert job.agent.calls == []
    page.screenshot(path=output / "case-actions-wrong.png")
    colour.select_option("gray")
    level.fill("0.25")
    asked.get_by_label("Password", exact=True).fill("12345")
    asked.get_by_role("button", name="Colour").click()
    expect(said(dialog)).to_have_text("4 of 4 done.", timeout=SLOW)
    table = dialog.get_by_role("table", name="Result of each tile")
    expect(table.get_by_role("cell", name="gray at 0.25, 5")).to_have_count(4)
    page.screenshot(path=output / "case-actions.png")
    assert sorted(call["tile"] for call in job.agent.calls if call["call"] == "key") == [0, 1, 2, 3]
    # What was chosen is there the next time, but for secrets; Escape goes back a step.
    dialog.get_by_role("button", name="Colour …").click()
    expect(colour).to_have_value("gray")
    expect(asked.get_by_label("Password", exact=True)).to_have_value("")
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_focused_tile_leads_tiles_that_are_not_live_are_counted_and_an_error_is_its_tiles_own(
    page: Page, job: RunningJob
) -> None:
    job.agent.change(3, state="stopped", reason="ended")
    until(page, "window.tiledviz.tiles().filter(t => t.state == 'live').length == 3")
    page.get_by_role("gridcell", name="tile 1").focus()
    until(page, "document.activeElement.getAttribute('aria-label')?.startsWith('tile 1')")
    run_command(page, "Actions of the case")
    dialog = page.get_by_role("dialog", name="Actions of the case on 4 tiles")
    expect(dialog).to_contain_text("3 of 4 tiles: the others are not live", timeout=SLOW)
    dialog.get_by_role("button", name="Follow …").click()
    asked = dialog.get_by_role("form", name="Follow")
    expect(asked.get_by_label("Leader")).to_have_accessible_description("the others take its state")
    expect(asked.get_by_label("Leader").locator("option:checked")).to_have_text("tile 1")
    asked.get_by_label("Word", exact=True).fill("led")
    asked.get_by_role("button", name="Follow").click()
    expect(said(dialog)).to_have_text("3 of 3 done.", timeout=SLOW)
    expect(dialog.get_by_role("cell", name="led: member 1, member 0, member 2")).to_have_count(3)
    dialog.get_by_role("button", name="Fails for odd ones").click()
    expect(said(dialog)).to_have_text("2 of 3 done. 1 failed.", timeout=SLOW)
    expect(dialog.get_by_role("row", name="tile 1").get_by_text("RuntimeError: it is odd")).to_be_visible()


def test_how_far_each_tile_is_is_shown_and_cancelling_ends_what_runs(
    page: Page, job: RunningJob, tmp_path: Path, output: Path
) -> None:
    dialog = opened(page)
    dialog.get_by_role("button", name="Wait", exact=True).click()
    rows = dialog.get_by_role("row").filter(has_text="a quarter of it")
    expect(rows).to_have_count(4, timeout=SLOW)
    expect(rows.first.get_by_role("progressbar")).to_have_attribute("value", "0.25")
    expect(dialog.get_by_role("progressbar", name="How many tiles are done")).to_have_attribute("value", "1")
    first = dialog.get_by_role("row", name="tile 0").element_handle()
    page.screenshot(path=output / "case-actions-wait.png")
    pids = [int(path.read_text()) for path in tmp_path.glob("wait-*")]
    assert len(pids) == 4
    dialog.get_by_role("button", name="Cancel", exact=True).click()
    expect(said(dialog)).to_have_text("0 of 4 done. 4 were cancelled.", timeout=SLOW)
    expect(dialog.get_by_role("cell", name="cancelled")).to_have_count(4)
    assert first.evaluate("row => row.isConnected"), "a result changes its row alone"
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_who_may_only_look_is_offered_the_actions_that_the_case_allows_them(
    chromium: Browser, portal: RunningPortal, job: RunningJob
) -> None:
    page = chromium.new_page(locale="en-GB")
    page.goto(f"{portal.origin}/#login={portal.login_ticket(role='viewer')}")
    until(page, "window.tiledviz?.tiles().filter(t => t.state == 'live').length == 4")
    dialog = opened(page)
    buttons = dialog.get_by_role("group", name="Actions of the case").get_by_role("button")
    expect(buttons).to_have_text(["▸ Echo …"])
    buttons.first.click()
    asked = dialog.get_by_role("form", name="Echo")
    asked.get_by_label("Word", exact=True).fill("$(id)")
    asked.get_by_role("button", name="Echo").click()
    expect(dialog.get_by_role("cell", name="$(id)")).to_have_count(4, timeout=SLOW)
    page.close()
