"""The actions of a case in the page: offered, asked about, done, each tile's result told."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from portal_kit import RunningJob
from world import until

SLOW = 30_000  # milliseconds, on a busy machine


def test_an_action_is_done_on_all_tiles_with_a_result_for_each(page: Page, job: RunningJob, output: Path) -> None:
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("Actions of the case")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Actions of the case on 4 tiles")
    dialog.get_by_role("button", name="Turn the gears").click(timeout=SLOW)
    expect(dialog.get_by_role("status")).to_have_text("4 of 4 done.", timeout=SLOW)
    table = dialog.get_by_role("table", name="Result of each tile")
    expect(table.get_by_role("cell", name="turned to the left")).to_have_count(4)
    page.screenshot(path=output / "case-actions.png")
    assert sorted(said["tile"] for said in job.agent.calls if said["call"] == "key") == [0, 1, 2, 3]


def test_a_result_changes_its_row_alone_and_tiles_that_are_not_live_are_counted(page: Page, job: RunningJob) -> None:
    job.agent.change(3, state="stopped", reason="ended")
    until(page, "window.tiledviz.tiles().filter(t => t.state == 'live').length == 3")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("Actions of the case")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Actions of the case on 4 tiles")
    expect(dialog).to_contain_text("3 of 4 tiles: the others are not live", timeout=SLOW)
    held: list[Route] = []
    page.route("**/api/v1/tiles/act", lambda route: held.append(route))
    dialog.get_by_role("button", name="Turn the gears").click()
    rows = dialog.get_by_role("row").filter(has_text="under way")
    expect(rows).to_have_count(3)
    first = dialog.get_by_role("row", name="tile 0").element_handle()
    while len(held) < 3:
        page.wait_for_timeout(20)
    for left, route in enumerate(reversed(held)):
        route.continue_()
        expect(rows).to_have_count(2 - left, timeout=SLOW)
    assert first.evaluate("row => row.isConnected")
    assert "turned" in first.inner_text()


def test_an_action_that_the_case_wants_confirmed_is_asked_about_and_an_error_is_its_tiles_own(
    page: Page, job: RunningJob
) -> None:
    job.agent.answers["restart"] = {"error": "the display is gone"}
    page.get_by_role("gridcell").first.focus()
    until(page, "document.activeElement.getAttribute('role') === 'gridcell'")
    page.get_by_role("button", name="Actions of the case …").click(timeout=SLOW)
    dialog = page.get_by_role("dialog", name="Actions of the case on tile 0")
    dialog.get_by_role("button", name="Start all in step").click(timeout=SLOW)
    question = dialog.get_by_role("alert")
    expect(question).to_contain_text("Start the gears anew?")
    question.get_by_role("button", name="Not now").click()
    expect(question).to_be_hidden()
    assert not [said for said in job.agent.calls if said["call"] == "restart"]
    dialog.get_by_role("button", name="Start all in step").click()
    question.get_by_role("button", name="Start all in step").click()
    expect(dialog.get_by_role("status")).to_have_text("0 of 1 done. 1 failed.", timeout=SLOW)
    expect(dialog.get_by_role("cell", name="the display is gone")).to_be_visible()
