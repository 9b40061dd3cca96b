"""What people do with tiles from the page while they run, for real; the tests share one job and stand in order."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from world import World, shot, until

TILES = 3


@pytest.fixture(scope="module")
def page(world: World, browser: Browser) -> Iterator[Page]:
    """The page of a portal with a job of three live tiles."""
    world.ask("launch", "--detach", "gears", "--set", f"tiles={TILES}")
    world.wait_live(TILES)
    _, log = world.start("up", "--port", "0")
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.goto(world.opened(log))
    until(made, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}")
    yield made
    context.close()
    world.end_started()
    assert problems == []


@pytest.fixture
def dialog(page: Page) -> Iterator[Locator]:
    """The dialog for work in tiles, open."""
    page.keyboard.press("x")
    found = page.get_by_role("dialog", name="Work in tiles")
    yield found
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()


def states(world: World) -> list[str]:
    return [tile["state"] for tile in world.tiles()]


def focus_on(world: World, page: Page, index: int) -> Locator:
    """Put the focus on a tile and return the panel."""
    page.locator(f'[data-tile="{world.tiles()[index]["id"]}"]').focus()
    panel = page.get_by_role("complementary", name="Details")
    expect(panel.get_by_role("heading", level=2)).to_have_text(world.tiles()[index]["title"])
    return panel


def test_a_command_runs_in_all_tiles_each_with_its_own_display(world: World, page: Page, dialog: Locator) -> None:
    dialog.get_by_role("radio", name="Run a command").check()
    dialog.get_by_role("textbox", name="Command").fill("sh -c 'echo \"$DISPLAY\"; exit 3'")
    dialog.get_by_role("button", name=f"Run in {TILES} tiles").click()
    for row, tile in zip(dialog.get_by_role("row").all()[1:], world.tiles(), strict=True):
        expect(row).to_have_text(f"{tile['title']}exit code 3{tile['display']}", timeout=30000)
    expect(dialog.get_by_text(f"Done in 0 of {TILES}; not in {TILES}: see below.")).to_be_visible()


def test_the_size_of_all_tiles_is_changed_while_they_run(world: World, page: Page, dialog: Locator) -> None:
    dialog.get_by_role("radio", name="Set the size").check()
    dialog.get_by_label("Width × height, in pixels").fill("800x400")
    dialog.get_by_role("button", name=f"Set the size in {TILES} tiles").click()
    expect(dialog.get_by_text(f"Done in all {TILES}.")).to_be_visible(timeout=30000)
    sizes = lambda: {(tile["width"], tile["height"]) for tile in world.tiles()}  # noqa: E731
    world.wait(lambda: sizes() == {(800, 400)}, 20, "every display has its new size")
    # The wall makes room for pictures of another shape.
    until(page, "window.tiledviz.tiles().every(t => Math.abs(t.rect.width / t.rect.height - 2) < 0.02)")
    assert states(world) == ["live"] * TILES


def test_a_file_is_put_into_all_tiles_and_fetched_from_one(
    world: World, page: Page, dialog: Locator, tmp_path: Path
) -> None:
    content = os.urandom(300_000)
    (tmp_path / "given.bin").write_bytes(content)
    dialog.get_by_role("radio", name="Put a file").check()
    dialog.get_by_label("File of this computer").set_input_files(tmp_path / "given.bin")
    path = world.folder / "put.bin"
    dialog.get_by_label("Path in the tile").fill(str(path))
    dialog.get_by_role("radio", name="This tile").check()
    dialog.get_by_role("button", name="Put the file in this tile").click()
    expect(dialog.get_by_text("Done.", exact=True)).to_be_visible(timeout=30000)
    dialog.get_by_role("radio", name="Fetch a file").check()
    dialog.get_by_label("Path in the tile").fill(str(path))
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Fetch the file in this tile").click()
    assert download.value.path().read_bytes() == content


def test_a_tile_is_stopped_and_started_again(world: World, page: Page, output: Path) -> None:
    panel = focus_on(world, page, 1)
    panel.get_by_role("button", name="Stop", exact=True).click()
    world.wait(lambda: states(world) == ["live", "stopped", "live"], 30, "the tile is stopped")
    expect(page.get_by_role("gridcell", name="1 gears, stopped")).to_be_attached()
    shot(page, output / "work-stopped.png")
    panel.get_by_role("button", name="Start again").click()
    world.wait_live(TILES)
    expect(page.get_by_role("gridcell", name="1 gears, live")).to_be_attached()


def test_a_node_that_does_not_answer_is_told_with_the_age_of_its_pictures(
    world: World, page: Page, output: Path
) -> None:
    (path,) = (world.home / "agents").glob("*.json")
    agent = int(json.loads(path.read_text())["pid"])
    os.kill(agent, signal.SIGSTOP)
    try:
        away = page.get_by_role("gridcell", name=re.compile(r"live: its node has not answered since .* last picture"))
        expect(away).to_have_count(TILES, timeout=40000)
        page.wait_for_timeout(300)
        shot(page, output / "away.png")
    finally:
        os.kill(agent, signal.SIGCONT)
    expect(away).to_have_count(0, timeout=40000)


def test_a_tile_is_removed(world: World, page: Page) -> None:
    panel = focus_on(world, page, 2)
    panel.get_by_role("button", name="Remove …").click()
    panel.get_by_role("button", name="Remove it").click()
    until(page, f"window.tiledviz.tiles().length == {TILES - 1}")
    assert [tile["title"] for tile in world.tiles()] == ["0 gears", "1 gears"]


def test_a_job_that_is_over_is_launched_again_with_its_tiles(world: World, page: Page) -> None:
    panel = focus_on(world, page, 0)
    before = world.tiles()[0]["job"]
    panel.get_by_role("button", name="Stop all its tiles").click()
    panel.get_by_role("button", name="End the job").click()
    world.wait(lambda: "live" not in states(world), 40, "the job has ended")
    expect(panel.get_by_role("button", name="Start again")).to_be_visible(timeout=30000)
    panel.get_by_role("button", name="Start again").click()
    panel.get_by_role("button", name=re.compile("^Launch .* again$")).click()
    found: list[dict[str, Any]] = []

    def live() -> bool:
        found[:] = world.tiles()
        return bool(found) and all(tile["state"] == "live" and tile["job"] != before for tile in found)

    world.wait(live, 90, "tiles of another job are live")
    until(page, "n => window.tiledviz.tiles().filter(t => t.state == 'live').length == n", len(found))
