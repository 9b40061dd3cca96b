"""Every state of a tile in words, on the wall, in the panel and in full; what can be done about it; work in many tiles.

What the wall says is told by the test (told_wall.py), and so are the answers to actions: these are Playwright's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from portal_kit import RunningJob, RunningPortal, Spares
from told_wall import TELLING, Wall, at_rest
from tvcore.causes import Cause
from world import Picture, part, shot

SOFTWARE = {
    "way": "mesa", "renderer": "llvmpipe (LLVM 19.1.7, 256 bits)", "vendor": "Mesa", "version": "4.5 (Core Profile)",
    "gpu": None, "software": True, "promised": False, "wrong": False, "note": "",
}  # fmt: skip
HARDWARE = SOFTWARE | {
    "way": "virtualgl", "renderer": "NVIDIA A100-SXM4-40GB/PCIe/SSE2", "vendor": "NVIDIA Corporation",
    "version": "4.6.0 NVIDIA 550.54", "gpu": "GPU-6d4f0a51-4b8e-1d05-2a7c-9e1a3f0b7c22", "software": False,
    "promised": True,
}  # fmt: skip
NO_GPU = SOFTWARE | {"promised": True, "note": "the image has no NVIDIA GLX library, and /dev/dri is hidden by Slurm"}
OTHER_GPU = HARDWARE | {"wrong": True, "note": "GPU-11aa draws, but GPU-6d4f was given to this tile"}
REASONS = {
    Cause.OUT_OF_MEMORY: "the program used more than the job's 4 GiB, and Linux ended it",
    Cause.TIME_LIMIT: "the job ran for its 2 h and was ended",
    Cause.NODE_FAILURE: "c2 does not answer",
    Cause.PROGRAM_ENDED: "gray_scott_tile ended with exit code 7",
    Cause.PROGRAM_MISSING: "there is no program 'paraview' in image vtk",
    Cause.IMAGE_MISSING: "c1 has no image /scratch/images/vtk.sif",
    Cause.NO_GL: "tiles.gl=nvidia does not draw in image vtk",
    Cause.DISK_FULL: "/scratch on c1 is full (0 bytes left)",
}
LOG = ["step 1200: mean v 0.21", "step 1300: mean v 0.22", "MemoryError: 4.1 GiB asked for"]


def mixed(count: int, now: float) -> list[dict[str, Any]]:
    """Return what is told of *count* tiles: each state and each cause, the rest live and drawn by software."""
    live = {"state": "live", "reason": "", "node": "c1", "renderer": SOFTWARE["renderer"], "gl": SOFTWARE}
    failed = [
        {"state": "failed", "cause": cause, "reason": reason, "advice": cause.advice, "node": "c1"}
        for cause, reason in REASONS.items()
    ]
    queued = {"state": "queued", "reason": "waits for free nodes", "expected_start": now + 25 * 60}
    return [
        live,
        live | {"gl": HARDWARE, "renderer": HARDWARE["renderer"]},
        live | {"gl": NO_GPU, "node": "c2"},
        live | {"gl": OTHER_GPU, "renderer": OTHER_GPU["renderer"], "node": "c2"},
        live | {"away": now - 190, "node": "c3"},
        queued,
        queued | {"reason": "waits for jobs of higher priority", "expected_start": None},
        {"state": "starting", "reason": "its display is coming up", "node": "c1"},
        {"state": "stopped", "reason": "stopped by hand", "node": "c1"},
        *failed[: max(0, min(len(failed), count - 9))],
        *[live] * max(0, count - 9 - len(failed)),
    ][:count]


@pytest.fixture(scope="module")
def spares() -> Iterator[Spares]:
    """Portals that are begun ahead, and tell what the test says."""
    made = Spares(TELLING)
    yield made
    made.close()


@pytest.fixture
def portal(own_portal: RunningPortal) -> RunningPortal:
    """A portal of this test alone, which tells what the test says."""
    return own_portal


@pytest.fixture
def wall(chromium: Browser, portal: RunningPortal, request: pytest.FixtureRequest) -> Iterator[Wall]:
    """A wall of 16 tiles, or as many as the test's parameter says."""
    job = RunningJob(portal, tiles=getattr(request, "param", 16))
    context = chromium.new_context(viewport={"width": 1600, "height": 1000}, locale="en-GB", accept_downloads=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    made = Wall(portal, job, page)
    made.open()
    yield made
    context.close()
    job.end()
    assert problems == []


def clock_of(page: Page, at: float) -> str:
    """Return a time of day as the page writes it."""
    script = "s => new Date(s * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })"
    return str(page.evaluate(script, at))


def red(picture: Picture, rect: dict[str, float]) -> int:
    """Return how many pixels of the strip below *rect* are of the colour of failures (dark: #ff9a85)."""
    top, left = int(rect["y"] + rect["height"]), int(rect["x"])
    strip = picture[top : top + 26, left : int(rect["x"] + rect["width"])].astype(int)
    return int((np.abs(strip - [0x85, 0x9A, 0xFF]).sum(axis=2) < 90).sum())


# ------------------------------------------------------------------------- words


def test_a_wall_of_mixed_states_says_of_every_tile_what_it_is_why_and_until_when(wall: Wall, output: Path) -> None:
    page = wall.page
    wall.tell(mixed(16, wall.now))
    at_rest(page)
    picture = shot(page, output / "mixed.png")
    start = clock_of(page, wall.now + 25 * 60)
    heard = clock_of(page, wall.now - 190)
    names = [cell.get_attribute("aria-label") or "" for cell in page.get_by_role("gridcell").all()]
    expected = [
        "0 spots, live, software GL",
        "1 waves, live, GPU A100",
        f"2 mazes, live, warning, no GPU: software GL: {NO_GPU['note']}",
        f"3 dead, live, warning, draws on another GPU: {OTHER_GPU['note']}",
        f"has not answered since {heard} (3 min)",
        f"5 waves, queued: waits for free nodes · starts about {start} · in 2",
        "6 mazes, queued: waits for jobs of higher priority · start not known yet",
        "7 dead, starting: its display is coming up · on c1",
        "8 spots, stopped: stopped by hand",
        *[f"failed: {cause}: {REASONS[cause]}" for cause in list(REASONS)[:7]],
    ]
    for name, words in zip(names, expected, strict=True):
        assert words in name
    # What the canvas shows of it: words in place of pictures, red words below what draws wrongly.
    tiles = page.evaluate("window.tiledviz.tiles()")
    assert all(part(picture, tile["rect"]).std() > 5 for tile in tiles)
    reds = [red(picture, tile["rect"]) for tile in tiles[:9]]
    assert [count > 20 for count in reds] == [False, False, True, True, False, False, False, False, False]


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
@pytest.mark.parametrize("wall", [64], indirect=True)
def test_a_small_tile_keeps_what_matters_most(wall: Wall, output: Path, theme: str) -> None:
    page = wall.page
    wall.choose(theme)
    wall.tell(mixed(64, wall.now))
    at_rest(page)
    picture = shot(page, output / f"mixed-64-{theme}.png")
    tiles = page.evaluate("window.tiledviz.tiles()")
    assert all(part(picture, tile["rect"]).std() > 5 for tile in tiles)


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_a_wall_of_mixed_states_in_each_theme_and_on_a_phone(wall: Wall, output: Path, theme: str) -> None:
    page = wall.page
    wall.tell(mixed(16, wall.now), ends=wall.now + 230, warns=wall.now - 1)
    wall.choose(theme)
    at_rest(page)
    shot(page, output / f"mixed-{theme}.png")
    page.keyboard.press("[")
    page.set_viewport_size({"width": 390, "height": 780})
    at_rest(page)
    picture = shot(page, output / f"mixed-phone-{theme}.png")
    tiles = page.evaluate("window.tiledviz.tiles()")
    inside = [tile for tile in tiles if tile["rect"]["y"] > 100 and tile["rect"]["y"] + tile["rect"]["height"] < 780]
    assert len(inside) > 8
    assert all(part(picture, tile["rect"]).std() > 5 for tile in inside)
    line = page.locator("#limits p").bounding_box()
    assert line
    assert line["x"] >= 0
    assert line["x"] + line["width"] <= 390


def test_a_wait_and_an_age_are_counted_while_one_looks(wall: Wall) -> None:
    """By the page's clock, which the test sets."""
    page = wall.page
    page.clock.install(time=wall.now)
    wall.open()
    wall.tell(mixed(16, wall.now))
    expect(page.get_by_role("gridcell", name=re.compile("^5 waves.* in 25 min"))).to_be_attached()
    page.clock.run_for(61_000)
    expect(page.get_by_role("gridcell", name=re.compile("^5 waves.* in 24 min"))).to_be_attached()
    expect(page.get_by_role("gridcell", name=re.compile(r"^4 spots.*\(4 min\)"))).to_be_attached()
    before = page.evaluate("async () => (await window.tiledviz.drawn()).frames")
    page.clock.run_for(20_000)
    # Most ticks change no word: then nothing is drawn.
    assert page.evaluate("async () => (await window.tiledviz.drawn()).frames") - before <= 2


# ----------------------------------------------------------------- one tile's panel


def test_the_panel_of_a_failed_tile_has_cause_advice_and_log_at_once(wall: Wall, output: Path) -> None:
    page, panel = wall.page, wall.panel
    wall.answer("/tiles/*/log?lines=50", {"lines": LOG})
    wall.answer("/tiles/restart", {"results": [{"tile": wall.job.tiles[9], "error": ""}]})
    wall.tell(mixed(16, wall.now))
    wall.focus_on(9)
    expect(panel.get_by_text("failed: out of memory", exact=True)).to_be_visible()
    expect(panel.get_by_text(REASONS[Cause.OUT_OF_MEMORY], exact=True)).to_be_visible()
    expect(panel.get_by_text(Cause.OUT_OF_MEMORY.advice, exact=True)).to_be_visible()
    expect(panel.get_by_label("Last lines of the log")).to_contain_text(LOG[-1])
    shot(page, output / "panel-failed.png")
    panel.get_by_role("button", name="Start again").click()
    expect(panel.get_by_role("status").filter(has_text="Starting again")).to_be_hidden()
    assert ("/tiles/restart", {"tiles": [wall.job.tiles[9]]}) in wall.asked


def test_what_went_wrong_with_an_action_is_said_beside_it(wall: Wall) -> None:
    problem = "tile 9: the node agent on c1 does not answer: try again when the wall shows it"
    wall.answer("/tiles/*/log?lines=50", {"lines": LOG})
    wall.answer("/tiles/restart", {"results": [{"tile": wall.job.tiles[9], "error": problem}]})
    wall.tell(mixed(16, wall.now))
    wall.focus_on(9)
    wall.panel.get_by_role("button", name="Start again").click()
    expect(wall.panel.get_by_text(problem)).to_be_visible()


def test_what_went_wrong_is_not_said_of_another_tile(wall: Wall) -> None:
    page, panel = wall.page, wall.panel
    held: list[Route] = []
    page.route("**/api/v1/tiles/restart", lambda route: held.append(route))
    page.route("**/api/v1/jobs/*/stop", lambda route: held.append(route))
    wall.tell([fields | {"job": wall.job.id} for fields in mixed(16, wall.now)])
    wall.focus_on(0)
    panel.get_by_role("button", name="Start again").click()
    expect(panel.get_by_role("status").filter(has_text="Starting again")).to_be_visible()
    panel.get_by_role("button", name="Stop all its tiles").click()
    panel.get_by_role("button", name="End the job").click()
    wall.focus_on(1)
    while len(held) < 2:
        page.wait_for_timeout(20)
    for route in held:
        with page.expect_response(route.request.url):
            route.fulfill(status=503, content_type="application/json", body='{"error": "it is gone"}')
    page.wait_for_timeout(200)
    expect(panel.get_by_text("it is gone")).to_have_count(0)


def test_a_failed_tile_of_a_job_that_is_over_is_launched_again_with_all_its_tiles_once_asked(
    wall: Wall, output: Path
) -> None:
    page, panel = wall.page, wall.panel
    wall.answer("/tiles/*/log?lines=50", {"lines": LOG})
    wall.answer("/jobs/*/again", {"id": "local-2"})
    wall.tell(mixed(16, wall.now), state="timeout")
    wall.focus_on(10)
    panel.get_by_role("button", name="Start again").click()
    question = panel.get_by_role("group", name="Its job is over")
    expect(question).to_contain_text("“Gray-Scott patterns” again, with all its 16 tiles")
    expect(question.get_by_role("button", name="Launch all 16 again")).to_be_focused()
    shot(page, output / "panel-again.png")
    assert not any("again" in path for path, _ in wall.asked)
    question.get_by_role("button", name="No, leave it").click()
    expect(panel.get_by_role("button", name="Start again")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("group", name="Its job is over")).to_be_hidden()
    assert (f"/jobs/{wall.job.id}/again", None) in wall.asked


def test_a_tile_is_removed_and_a_job_ended_only_after_a_question(wall: Wall) -> None:
    page, panel = wall.page, wall.panel
    wall.answer("/tiles/remove", {"results": [{"tile": wall.job.tiles[0], "error": ""}]})
    wall.answer("/jobs/*/stop", {})
    wall.tell(mixed(16, wall.now))
    wall.focus_on(0)
    panel.get_by_role("button", name="Remove …").click()
    expect(panel).to_contain_text("Take “0 spots” off the wall? Its program ends")
    assert wall.asked == []
    with page.expect_request("**/tiles/remove"):
        panel.get_by_role("button", name="Remove it").click()
    panel.get_by_role("button", name="Stop all its tiles").click()
    expect(panel).to_contain_text("with all its 16 tiles? What is not saved is lost.")
    with page.expect_request(f"**/jobs/{wall.job.id}/stop"):
        panel.get_by_role("button", name="End the job").click()
    assert wall.asked[0] == ("/tiles/remove", {"tiles": [wall.job.tiles[0]]})


def test_the_panel_tells_which_gl_draws_and_what_is_wrong_with_it(wall: Wall, output: Path) -> None:
    panel = wall.panel
    told = mixed(16, wall.now)
    wall.tell([told[0], *(fields | {"image": "vtk"} for fields in told[1:])])
    wall.focus_on(1)
    for words in (HARDWARE["renderer"], HARDWARE["gpu"], HARDWARE["version"], "VirtualGL, by EGL on the GPU"):
        expect(panel.get_by_text(words, exact=True)).to_be_visible()
    expect(panel.get_by_text("vtk · sha256:0f1e2d3c4b5a", exact=True)).to_be_visible()
    wall.focus_on(2)
    expect(panel.get_by_text(f"! no GPU: software GL: {NO_GPU['note']}", exact=True)).to_be_visible()
    shot(wall.page, output / "panel-no-gpu.png")
    wall.focus_on(5)
    expect(panel.get_by_text("waits for free nodes · starts about")).to_be_visible()


def test_a_failed_tile_in_full_says_the_same_and_offers_the_same(wall: Wall, output: Path) -> None:
    page = wall.page
    wall.answer("/tiles/*/log?lines=50", {"lines": LOG})
    wall.answer("/tiles/restart", {"results": [{"tile": wall.job.tiles[9], "error": ""}]})
    wall.tell(mixed(16, wall.now))
    wall.focus_on(9)
    page.keyboard.press("Enter")
    focus = page.locator("#focus")
    expect(focus.get_by_role("heading", name="Failed: out of memory")).to_be_visible()
    for words in (REASONS[Cause.OUT_OF_MEMORY], Cause.OUT_OF_MEMORY.advice, LOG[-1]):
        expect(focus.get_by_text(words)).to_be_visible()
    page.wait_for_timeout(400)
    shot(page, output / "focus-failed.png")
    with page.expect_request("**/tiles/restart"):
        focus.get_by_role("button", name="Start again").click()
    page.keyboard.press("Escape")
    expect(focus).to_be_hidden()


# --------------------------------------------------------------------- time limit


def test_a_time_limit_that_is_near_is_told_counted_down_and_can_be_put_away(wall: Wall, output: Path) -> None:
    page = wall.page
    place = page.locator("#limits")
    wall.tell(mixed(16, wall.now), ends=wall.now + 900, warns=wall.now + 300)
    expect(place).to_be_empty()
    wall.tell(mixed(16, wall.now), ends=wall.now + 235, warns=wall.now - 10)
    at = clock_of(page, wall.now + 235)
    line = place.get_by_role("status")
    expect(line).to_contain_text(re.compile(rf"^Gray-Scott patterns ends in [34] min \(time limit, {at}\)"))
    expect(place.get_by_role("timer")).to_have_attribute("aria-live", "off")
    page.wait_for_timeout(400)
    shot(page, output / "time-limit.png")
    box = line.bounding_box()
    assert box
    assert box["height"] < 34
    place.get_by_role("button", name="Close").click()
    expect(place).to_be_empty()
    wall.tell(mixed(16, wall.now), ends=wall.now + 600, warns=wall.now - 10)  # another limit is told again
    expect(place).to_contain_text("in 10 min")
    wall.tell(mixed(16, wall.now), ends=wall.now + 600, warns=wall.now - 10, state="completed")
    expect(place).to_be_empty()


# ------------------------------------------------------------------ work in tiles


def test_a_command_is_run_in_tiles_with_a_result_of_each(wall: Wall, output: Path) -> None:
    page = wall.page
    tiles = wall.job.tiles
    results = [
        {"tile": tiles[0], "code": 0, "stdout": "c1\n", "stderr": "", "error": "", "cut": False},
        {
            "tile": tiles[1],
            "code": 7,
            "stdout": "one\ntwo\nthree\n",
            "stderr": "no such file\n",
            "error": "",
            "cut": True,
        },
        {"tile": tiles[2], "code": None, "stdout": "", "stderr": "", "error": "tile 2: ended after 60 s", "cut": False},
        {"tile": tiles[3], "code": 0, "stdout": "", "stderr": "", "error": "", "cut": False},
    ]
    wall.answer("/tiles/run", {"results": results})
    wall.tell(mixed(16, wall.now))
    page.keyboard.press("x")
    dialog = page.get_by_role("dialog", name="Work in tiles")
    expect(dialog.get_by_role("textbox", name="Command")).to_be_focused()
    dialog.get_by_role("textbox", name="Command").fill("hostname 'a b' \"c")
    expect(dialog).to_contain_text("Not yet whole")
    dialog.get_by_role("textbox", name="Command").fill("hostname 'a b'")
    assert dialog.locator("#work-split code").all_text_contents() == ["hostname", "a b"]
    expect(dialog.get_by_role("radio", name="All: 5, and 11 not live, left out")).to_be_checked()
    dialog.get_by_role("button", name="Run in 5 tiles").click()
    rows = dialog.get_by_role("row")
    expect(rows.nth(1)).to_have_text("0 spotsexit code 0c1")
    expect(rows.nth(2)).to_contain_text("exit code 7")
    expect(rows.nth(3)).to_contain_text("tile 2: ended after 60 s")
    expect(rows.nth(5)).to_contain_text("no answer")
    expect(dialog.get_by_text("Done in 2 of 5; not in 3: see below.")).to_be_visible()
    rows.nth(2).locator("summary").click()
    expect(rows.nth(2)).to_contain_text("three")
    shot(page, output / "work-run.png")
    assert wall.asked == [("/tiles/run", {"tiles": tiles[:5], "command": ["hostname", "a b"], "seconds": 60})]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_what_is_under_way_is_shown_to_its_end_whatever_is_chosen_meanwhile(wall: Wall) -> None:
    page = wall.page
    held: list[Route] = []
    page.route("**/api/v1/tiles/run", lambda route: held.append(route))
    wall.tell(mixed(16, wall.now))
    page.keyboard.press("x")
    dialog = page.get_by_role("dialog", name="Work in tiles")
    dialog.get_by_role("textbox", name="Command").fill("hostname")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("row").filter(has_text="under way")).to_have_count(5)
    dialog.get_by_role("radio", name="Put a file").check()
    expect(dialog.get_by_role("row").filter(has_text="under way")).to_have_count(5)
    results = [{"tile": tile, "code": 0, "stdout": "c1", "stderr": "", "error": ""} for tile in wall.job.tiles[:5]]
    held[0].fulfill(json={"results": results})
    expect(dialog.get_by_role("row").filter(has_text="c1")).to_have_count(5)


def test_work_in_what_a_search_found_in_one_tile_and_not_in_none(wall: Wall) -> None:
    page = wall.page
    wall.answer("/tiles/resize", {"results": [{"tile": wall.job.tiles[0], "error": ""}]})
    wall.answer("/query?q=*", {"matches": [wall.job.tiles[i] for i in (0, 2, 9)]})
    wall.tell(mixed(16, wall.now))
    page.keyboard.press("/")
    page.keyboard.type("mazes")
    expect(page.locator("#found")).to_have_text("3 of 16")
    page.get_by_role("button", name="Run …").click()
    dialog = page.get_by_role("dialog", name="Work in tiles")
    expect(dialog.get_by_role("radio", name="Those that the search found: 2, and 1 not live, left out")).to_be_checked()
    dialog.get_by_role("radio", name="Set the size").check()
    size = dialog.get_by_label("Width × height, in pixels")
    size.fill("wide")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("A size is two numbers")).to_be_visible()
    dialog.get_by_role("radio", name="This tile: 0 spots").check()
    size.fill("1280x720")
    dialog.get_by_role("button", name="Set the size in this tile").click()
    expect(dialog.get_by_role("row").nth(1)).to_have_text("0 spotsdone")
    assert wall.asked[-1] == ("/tiles/resize", {"tiles": [wall.job.tiles[0]], "width": 1280, "height": 720})
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    wall.focus_on(9)
    page.keyboard.press("x")
    dialog.get_by_role("radio", name="This tile: 9 waves").check()
    expect(dialog.get_by_role("button", name="in this tile, once it is live")).to_be_disabled()


def test_a_file_is_put_into_tiles_and_fetched_from_one_byte_for_byte(wall: Wall, tmp_path: Path) -> None:
    page = wall.page
    content = bytes(range(256)) * 5
    encoded = base64.b64encode(content).decode()
    wall.answer("/tiles/put", {"results": [{"tile": tile, "error": ""} for tile in wall.job.tiles[:5]]})
    wall.answer("/tiles/get", {"data": encoded, "name": "found.bin"})
    wall.tell(mixed(16, wall.now))
    page.keyboard.press("x")
    dialog = page.get_by_role("dialog", name="Work in tiles")
    dialog.get_by_role("radio", name="Put a file").check()
    (tmp_path / "given.bin").write_bytes(content)
    dialog.get_by_label("File of this computer").set_input_files(tmp_path / "given.bin")
    expect(dialog.get_by_label("Path in the tile")).to_have_value("/tmp/given.bin")
    dialog.get_by_role("button", name="Put the file in 5 tiles").click()
    expect(dialog.get_by_text("Done in all 5.")).to_be_visible()
    assert wall.asked == [("/tiles/put", {"tiles": wall.job.tiles[:5], "path": "/tmp/given.bin", "data": encoded})]
    (tmp_path / "other.bin").write_bytes(content)
    dialog.get_by_label("File of this computer").set_input_files(tmp_path / "other.bin")
    expect(dialog.get_by_label("Path in the tile")).to_have_value("/tmp/other.bin")
    dialog.get_by_label("Path in the tile").fill("/tmp/mine")
    dialog.get_by_label("File of this computer").set_input_files(tmp_path / "given.bin")
    expect(dialog.get_by_label("Path in the tile")).to_have_value("/tmp/mine")
    (tmp_path / "given.bin").unlink()
    dialog.get_by_role("button", name="Put the file in 5 tiles").click()
    expect(dialog.get_by_text("This file cannot be read any more: choose it again.")).to_be_visible()
    dialog.get_by_role("radio", name="Fetch a file").check()
    expect(dialog.get_by_role("radio", name="All")).to_be_disabled()
    dialog.get_by_label("Path in the tile").fill("/tmp/found.bin")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Fetch the file in this tile").click()
    assert download.value.suggested_filename == "found.bin"
    assert download.value.path().read_bytes() == content
    assert wall.asked[-1] == ("/tiles/get", {"tile": wall.job.tiles[0], "path": "/tmp/found.bin"})
