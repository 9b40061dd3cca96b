"""Hands that are linked: groups under their names, one view for many tiles, the time of the wall; in real pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from axe_kit import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from commanding import run_command
from hands_kit import Desk
from portal_kit import RunningJob, RunningPortal
from tvcore.portal.roles import Role
from world import until

SLOW = 60_000  # milliseconds, on a busy machine
CASE = Path(__file__).parents[1] / "portal" / "viewing_actions.py"
VIEWING: dict[str, Any] = {
    "case": "viewing_actions", "plugin": f"folder:viewing_actions:{CASE}", "means": ["camera", "time"],
}  # fmt: skip
A = 0x61
TIME = "window.tiledviz.session.document.get('time')"
SHOWN = "window.tiledviz.tiles().map(t => t.title).join()"


@pytest.fixture
def portal(own_portal: RunningPortal) -> RunningPortal:
    """One of this test alone: groups and times stay in a session."""
    return own_portal


@pytest.fixture
def context(chromium: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """Return what makes a browser of its own."""
    problems: list[str] = []
    made: list[BrowserContext] = []

    def another() -> BrowserContext:
        made.append(chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB"))
        made[-1].on("weberror", lambda error: problems.append(str(error.error)))
        return made[-1]

    yield another
    for each in made:
        each.close()
    assert problems == []


OpenDesk = Callable[[RunningJob], Desk]
Visit = Callable[..., Page]


@pytest.fixture
def open_desk(context: Callable[[], BrowserContext], portal: RunningPortal) -> OpenDesk:
    """Return what opens the owner's page with the tiles of a job."""
    return lambda job: Desk(portal, job, context())


@pytest.fixture
def visit(context: Callable[[], BrowserContext], portal: RunningPortal) -> Visit:
    """Return what opens one more page, of somebody with a role; an agent hears it as its last viewer."""

    def opened(role: Role = "owner") -> Page:
        page = context().new_page()
        page.goto(f"{portal.origin}/#login={portal.login_ticket(role=role)}")
        until(page, "window.tiledviz?.tiles().length > 0 && window.tiledviz.tiles().every(t => t.state == 'live')")
        return page

    return opened


@pytest.fixture
def job(portal: RunningPortal) -> Iterator[RunningJob]:
    """Five tiles of a case that copies no camera and has no time."""
    running = RunningJob(portal, tiles=5)
    yield running
    running.end()


@pytest.fixture
def viewing(portal: RunningPortal) -> Iterator[RunningJob]:
    """Four tiles of a case that copies a camera and shows a moment."""
    running = RunningJob(portal, tiles=4, plan=VIEWING)
    yield running
    running.end()


def many(page: Page, leader: int) -> Locator:
    """Open the dialog that types into many, with a tile in focus."""
    page.get_by_role("gridcell").nth(leader).focus()
    page.keyboard.press("m")
    return page.get_by_role("dialog", name="Type into many tiles")


def choose(desk: Desk, *tiles: int) -> None:
    for tile in tiles:
        desk.focus_on(tile)
        desk.page.keyboard.press(" ")


def banner(page: Page, text: str) -> None:
    expect(page.get_by_role("region", name="Input to many tiles")).to_contain_text(text, timeout=SLOW)


def keys_of(job: RunningJob) -> list[tuple[int, str]]:
    """Return what the actions of the case did, tile by tile: the keys that an agent was told to press."""
    return [
        (call["tile"], call.get("keys") or call["text"]) for call in job.agent.calls if call["call"] in ("key", "type")
    ]


# ------------------------------------------------------------------------ groups


def test_a_group_is_kept_seen_by_others_armed_by_its_name_and_undone(
    job: RunningJob, open_desk: OpenDesk, visit: Visit, output: Path
) -> None:
    desk, other = open_desk(job), visit()
    page = desk.page
    choose(desk, 1, 2)
    dialog = many(desk.page, 0)
    expect(dialog.get_by_text("None yet.")).to_be_visible()
    name = dialog.get_by_label("Name of the group")
    expect(name).to_have_value("Group 1")
    name.fill("cold <b>ones</b>")
    # The other page has looked for the command before there is one.
    other.keyboard.press("Control+k")
    other.keyboard.type("into many: cold")
    options = other.get_by_role("dialog", name="Commands").get_by_role("option")
    expect(options).to_have_count(0)
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("cold <b>ones</b> is kept.")
    group = dialog.get_by_role("group", name="cold <b>ones</b>", exact=True)
    expect(group).to_contain_text("3 tiles, led by tile 0")
    page.screenshot(path=output / "linked-groups.png")
    Axe(page).check_themes("groups", output)

    # The other page has it as a command, and arms it by its name.
    expect(options).to_have_count(1, timeout=SLOW)
    other.keyboard.press("Enter")
    banner(other, "Typing into 3 tiles")
    expect(other.get_by_role("status").filter(has_text="Keys go to tile 0.")).to_be_visible(timeout=SLOW)
    other.keyboard.press("a")
    desk.wait(lambda: ([0, 1, 2], A, True) in desk.typed(), "all three get it")
    other.keyboard.press("Escape")
    expect(other.get_by_role("region", name="Input to many tiles")).to_be_hidden(timeout=SLOW)
    other.keyboard.press("Escape")  # and leaves working on the wall

    group.get_by_role("button", name="Rename …, cold").click()
    page.keyboard.type("warm")
    page.keyboard.press("Enter")
    theirs = many(other, 3)
    expect(theirs.get_by_role("group", name="warm", exact=True)).to_be_visible(timeout=SLOW)
    dialog.get_by_role("button", name="Remove, warm").click()
    expect(theirs.get_by_text("None yet.")).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect(theirs.get_by_role("group", name="warm", exact=True)).to_be_visible(timeout=SLOW)
    page.keyboard.press("Control+z")
    expect(theirs.get_by_role("group", name="cold <b>ones</b>", exact=True)).to_be_visible(timeout=SLOW)
    page.keyboard.press("Control+z")
    expect(theirs.get_by_text("None yet.")).to_be_visible(timeout=SLOW)
    page.keyboard.press("Control+Shift+z")
    theirs.get_by_role("button", name="Select, cold").click(timeout=SLOW)
    until(other, "document.querySelectorAll('[role=gridcell][aria-selected=true]').length == 3")


def test_a_group_leaves_out_what_is_not_live_and_is_for_who_may_type(
    job: RunningJob, open_desk: OpenDesk, visit: Visit
) -> None:
    desk, viewer = open_desk(job), visit("viewer")
    choose(desk, 1, 2)
    dialog = many(desk.page, 0)
    dialog.get_by_role("button", name="Keep as a group").click()
    expect(dialog.get_by_role("group", name="Group 1")).to_be_visible()
    expect(dialog.get_by_label("Name of the group")).to_have_value("Group 2")
    job.agent.change(0, state="stopped", reason="ended")
    expect(dialog.get_by_role("group", name="Group 1")).to_contain_text("3 tiles, led by tile 1", timeout=SLOW)
    dialog.get_by_role("button", name="Type into them, Group 1").click()
    banner(desk.page, "Typing into 2 tiles: what goes into tile 1 goes into its 1 follower too.")
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_role("region", name="Input to many tiles")).to_be_hidden(timeout=SLOW)
    desk.page.keyboard.press("Escape")
    job.agent.change(1, state="stopped", reason="ended")
    until(desk.page, "window.tiledviz.tiles().filter(t => t.state == 'live').length == 3")
    run_command(desk.page, "into many: Group 1")
    expect(desk.page.get_by_text("Group 1: fewer than two of its tiles are live.")).to_be_visible()
    viewer.get_by_role("gridcell").first.focus()
    viewer.keyboard.press("Control+k")
    viewer.keyboard.type("into many")
    expect(viewer.get_by_role("option")).to_have_count(0)


# --------------------------------------------------------------------- one view


def test_the_selected_tiles_take_the_view_of_the_one_in_focus_by_their_case(
    viewing: RunningJob, open_desk: OpenDesk
) -> None:
    desk = open_desk(viewing)
    choose(desk, 1, 3)
    desk.focus_on(0)
    desk.page.get_by_role("group", name="Selection").get_by_role("button", name="Same view").click()
    expect(desk.page.get_by_text("2 tiles have the view of tile 0.")).to_be_visible(timeout=SLOW)
    assert keys_of(viewing) == [(1, "c"), (3, "c")]


def test_where_a_case_copies_no_camera_hands_are_offered_instead(job: RunningJob, open_desk: OpenDesk) -> None:
    desk = open_desk(job)
    choose(desk, 2, 4)
    desk.focus_on(1)
    run_command(desk.page, "Same view")
    expect(desk.page.get_by_text("The case of these tiles cannot copy a view.")).to_be_visible(timeout=SLOW)
    desk.page.get_by_role("button", name="Type into many", exact=True).click()
    banner(desk.page, "Typing into 3 tiles: what goes into tile 1 goes into its 2 followers too.")


def test_tiles_of_another_run_are_told_of_and_what_a_case_says_is_shown(
    portal: RunningPortal, viewing: RunningJob, open_desk: OpenDesk
) -> None:
    desk = open_desk(viewing)
    page = desk.page
    second = RunningJob(portal, tiles=2, plan={**VIEWING, "parameters": {"broken": True}})
    try:
        until(page, "window.tiledviz.tiles().filter(t => t.state == 'live').length == 6")
        choose(desk, 1)
        page.locator(f'[data-tile="{second.tiles[0]}"]').focus()
        page.keyboard.press(" ")
        desk.focus_on(0)
        run_command(page, "Same view")
        expect(page.get_by_text("1 tile is of another run or case")).to_be_visible(timeout=SLOW)
        assert keys_of(viewing) == [(1, "c")]
        page.get_by_role("button", name="Close", exact=True).click()
        page.keyboard.press("Escape")
        for tile in second.tiles:
            page.locator(f'[data-tile="{tile}"]').focus()
            page.keyboard.press(" ")
        run_command(page, "Same view")
        said = "0 of 1 tiles took the view: the leader says nothing of its camera"
        expect(page.get_by_text(said)).to_be_visible(timeout=SLOW)
    finally:
        second.end()


def test_a_group_that_keeps_its_views_together_follows_whenever_its_leader_was_turned(
    viewing: RunningJob, open_desk: OpenDesk
) -> None:
    desk = open_desk(viewing)
    page = desk.page
    choose(desk, 1, 2)
    dialog = many(desk.page, 0)
    dialog.get_by_role("button", name="Keep as a group").click()
    together = dialog.get_by_role("checkbox", name="Keep their views together")
    together.check()
    expect(together).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    page.mouse.move(*desk.spot(3))
    page.mouse.down()
    page.mouse.move(*desk.spot(3, 0.7, 0.7), steps=3)
    page.mouse.up()
    page.wait_for_timeout(1000)
    assert keys_of(viewing) == [], "this tile leads nobody"
    page.mouse.move(*desk.spot(0))
    page.mouse.down()
    page.mouse.move(*desk.spot(0, 0.7, 0.7), steps=3)
    page.wait_for_timeout(600)
    assert keys_of(viewing) == [], "the button is down yet"
    page.mouse.up()
    desk.wait(lambda: keys_of(viewing) == [(1, "c"), (2, "c")], "the others follow", seconds=60)
    page.mouse.wheel(0, 300)
    desk.wait(lambda: len(keys_of(viewing)) == 4, "a wheel turns it too", seconds=60)
    assert {tuple(tiles) for tiles, _ in desk.pointers()} == {(0,), (3,)}, "no hand went into the others"


# --------------------------------------------------------------------- the time


def acts_of_time(page: Page) -> int:
    return int(
        page.evaluate("""[...window.tiledviz.session.document.acts.values()]
            .filter(({ set }) => set?.some(([path]) => path == 'time')).length""")
    )


def test_live_tiles_show_the_time_of_the_slider_a_drag_is_undone_as_one_and_others_see_where_it_is(
    viewing: RunningJob, open_desk: OpenDesk, visit: Visit, output: Path
) -> None:
    desk, other = open_desk(viewing), visit("viewer")
    page = desk.page
    bar = page.get_by_role("region", name="Time of the wall")
    slider = bar.get_by_role("slider", name="Moment")
    expect(slider).to_have_attribute("max", "40", timeout=SLOW)
    expect(bar).to_contain_text("0\u202fs of 40\u202fs")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 12, box["y"] + box["height"] / 2)
    page.mouse.down()
    for i in range(40):
        page.mouse.move(box["x"] + box["width"] * (i + 1) / 50, box["y"] + box["height"] / 2)
        page.wait_for_timeout(25)
    page.mouse.up()
    at = page.evaluate(TIME)
    assert 28 < at < 36
    desk.wait(
        lambda: keys_of(viewing)[-4:] and {keys for _, keys in keys_of(viewing)[-4:]} == {f"{at:g};"}, "all show it", 60
    )
    assert {tile for tile, _ in keys_of(viewing)[-4:]} == {0, 1, 2, 3}
    assert 2 <= acts_of_time(page) < 40, "some were said on the way, and not each of forty"
    page.screenshot(path=output / "linked-time.png")
    until(other, f"{TIME} == {at}")
    expect(
        other.get_by_role("region", name="Time of the wall")
    ).to_be_hidden()  # nothing that this person may move has a time

    page.keyboard.press("Escape")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Control+z")
    until(page, f"{TIME} === undefined")
    desk.wait(lambda: keys_of(viewing)[-1][1] == "0;", "the tiles are back at the beginning", 60)
    page.keyboard.press("Control+Shift+z")
    until(page, f"{TIME} == {at}")
    page.keyboard.press("Shift+ArrowRight")
    until(page, f"Math.abs({TIME} - {at} - 0.4) < 1e-6")


ROWS = [{"F": f, "time": t} for f in (0.1, 0.2) for t in (0, 10, 20)]
COLUMNS = [
    {"name": "F", "dtype": "float64", "unit": "1", "description": "feed", "role": "parameter"},
    {"name": "time", "dtype": "float64", "unit": "s", "description": "moment", "role": "result"},
]


@pytest.fixture
def series(portal: RunningPortal) -> Iterator[RunningJob]:
    """Two series of three members each."""
    running = RunningJob(portal, tiles=6, columns=COLUMNS, rows=ROWS)
    yield running
    running.end()


def test_of_each_series_the_member_of_the_time_is_shown_for_everybody(
    series: RunningJob, open_desk: OpenDesk, visit: Visit, output: Path
) -> None:
    desk, other = open_desk(series), visit("viewer")
    page = desk.page
    bar = page.get_by_role("region", name="Time of the wall")
    expect(bar).to_contain_text("all times", timeout=SLOW)
    desk.focus_on(4)
    page.keyboard.press("Shift+ArrowRight")
    until(page, f"{SHOWN} == 'tile 0,tile 3'")
    expect(bar).to_contain_text("0\u202fs of 20\u202fs")
    page.keyboard.press("Shift+ArrowRight")
    until(page, f"{SHOWN} == 'tile 1,tile 4'")
    until(page, "window.tiledviz.tiles().find(t => t.focused).title == 'tile 4'")  # where it was, one moment on
    until(other, f"{SHOWN} == 'tile 1,tile 4'")
    theirs = other.get_by_role("region", name="Time of the wall")
    expect(theirs).to_contain_text("10\u202fs of 20\u202fs")
    expect(theirs.get_by_role("slider")).to_be_disabled()
    page.screenshot(path=output / "linked-series.png")
    Axe(page).check_themes("time", output)
    page.keyboard.press("Control+z")
    until(page, f"{SHOWN} == 'tile 0,tile 3'")
    bar.get_by_role("button", name="Play").click()
    until(page, f"{SHOWN} == 'tile 2,tile 5'")
    expect(bar.get_by_role("button", name="Play")).to_be_visible()
    page.keyboard.press("Control+z")  # all that was played, as one
    until(page, f"{SHOWN} == 'tile 0,tile 3'")
    bar.get_by_role("button", name="All times").click()
    until(page, "window.tiledviz.tiles().length == 6")
    until(other, "window.tiledviz.tiles().length == 6")
    page.set_viewport_size({"width": 390, "height": 800})
    page.screenshot(path=output / "linked-series-phone.png")
    box = bar.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_movies_stand_at_the_time_of_the_slider_and_play_together(
    context: Callable[[], BrowserContext], portal: RunningPortal, tmp_path: Path, output: Path
) -> None:
    for name, frames in (("one.avi", 600), ("two.avi", 300)):
        codec = cv2.VideoWriter_fourcc(*"MJPG")  # type: ignore[attr-defined]
        writer = cv2.VideoWriter(str(tmp_path / name), codec, 10, (160, 120))
        for i in range(frames):
            writer.write(np.full((120, 160, 3), i % 250, np.uint8))
        writer.release()
    files = ",".join(str(tmp_path / name) for name in ("one.avi", "two.avi"))
    environment = {**os.environ, "TILEDVIZ_HOME": str(portal.home)}

    def tiledviz(*arguments: str) -> str:
        command = [sys.executable, "-m", "tvcore", *arguments, "--json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=180).stdout

    launched = json.loads(tiledviz("launch", "pictures", "--set", "scheduler.backend=local", "--set", f"paths={files}"))
    page = context().new_page()
    try:
        page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
        until(page, "window.tiledviz?.tiles().map(t => t.state).join() == 'live,live'")
        browser = portal.login()

        def plays() -> list[Any]:
            return [tile["media"]["play"] for tile in browser.get("/wall").json["tiles"]]

        bar = page.get_by_role("region", name="Time of the wall")
        slider = bar.get_by_role("slider", name="Moment")
        expect(bar).to_contain_text("0:00 of 1:00", timeout=SLOW)
        slider.fill("20")
        expect(bar).to_contain_text("0:20 of 1:00")
        for _ in range(100):
            if [play and play["at"] for play in plays()] == [20, 20]:
                break
            page.wait_for_timeout(100)
        assert [(play["at"], play["since"]) for play in plays()] == [(20, None), (20, None)]
        bar.get_by_role("button", name="Play").click()
        expect(bar.get_by_role("button", name="Pause")).to_be_visible(timeout=SLOW)
        expect(bar).not_to_contain_text("0:20 of", timeout=SLOW)
        since = {play["since"] for play in plays()}
        assert len(since) == 1, "both go on from the same moment"
        assert None not in since
        page.screenshot(path=output / "linked-movies.png")
        bar.get_by_role("button", name="Pause").click()
        expect(bar.get_by_role("button", name="Play")).to_be_visible(timeout=SLOW)
        stands = page.evaluate(TIME)
        assert 20 < stands < 60
        page.wait_for_timeout(1000)
        assert [play["since"] for play in plays()] == [None, None]
        page.get_by_role("gridcell").first.focus()
        page.keyboard.press("Control+z")
        until(page, f"{TIME} == 20")
        expect(bar).to_contain_text("0:20 of 1:00", timeout=SLOW)
    finally:
        tiledviz("stop", launched["id"])
