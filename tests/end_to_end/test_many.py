"""One hand in several real displays at once: keys and pointer of a leader, seen by the programs in all tiles."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from world import World, shot, until

TILES = 3
LISTENER = Path(__file__).parents[1] / "node" / "listener.py"


@pytest.fixture
def page(world: World, browser: Browser) -> Iterator[Page]:
    """The page, over three tiles with a program each that writes down what keys and buttons it gets."""
    world.ask("launch", "--detach", "gears", "--set", f"tiles={TILES}")
    tiles = world.wait_live(TILES)
    world.ask("tile", "resize", str(tiles[1]["id"]), "800x400")
    listen = f"{shlex.quote(sys.executable)} {shlex.quote(str(LISTENER))}"
    for index, tile in enumerate(tiles):
        line = f"exec {listen} > {world.folder}/heard-{index}"
        world.start("tile", "run", str(tile["id"]), "--seconds", "200", "--", "sh", "-c", line)
    world.wait(lambda: all(heard(world, i)[:1] == ["listens"] for i in range(TILES)), 20, "all listen")
    _, log = world.start("up", "--port", "0")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.goto(world.opened(log))
    until(made, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}")
    until(made, f"async () => Object.keys((await window.tiledviz.drawn()).tiles).length == {TILES}")
    yield made
    context.close()
    world.end_started()
    assert problems == []


def heard(world: World, index: int) -> list[str]:
    path = world.folder / f"heard-{index}"
    return path.read_text().splitlines() if path.exists() else []


def spot(page: Page, across: float, down: float) -> tuple[float, float]:
    """Return the point of the window at a share of the sides of the first tile's picture."""
    rect = page.evaluate("window.tiledviz.tiles()[0].rect")
    return rect["x"] + across * rect["width"], rect["y"] + down * rect["height"]


def test_what_is_typed_and_clicked_into_one_tile_arrives_in_all_that_follow_and_in_no_other_way_after_escape(
    world: World, page: Page, output: Path
) -> None:
    sizes = [(tile["width"], tile["height"]) for tile in world.tiles()]
    assert sizes[1] == (800, 400)
    page.locator("[role=gridcell]").first.focus()
    page.keyboard.press("m")
    page.get_by_role("button", name=f"Type into {TILES} tiles").click()
    expect(page.get_by_role("alert").filter(has_text=f"Typing into {TILES} tiles")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Keys go to 0 gears. Esc leaves.")).to_be_visible()
    page.wait_for_timeout(500)  # the wall has made room for the banner
    page.mouse.move(*spot(page, 0.25, 0.25))
    page.mouse.down()
    page.mouse.up()
    page.keyboard.type("aQ1")
    keys = ["down 0x61", "up 0x61", "down 0x51", "up 0x51", "down 0x31", "up 0x31"]

    def came(index: int) -> list[str]:
        said = [line.rpartition(" ")[0] for line in heard(world, index) if re.match("down|up", line)]
        return [line for line in said if line in keys]

    world.wait(lambda: all(came(index) == keys for index in range(TILES)), 20, "every program got what was typed")
    for index, (width, height) in enumerate(sizes):
        (press,) = [line.split() for line in heard(world, index) if line.startswith("press")]
        assert press[1] == "1"
        assert abs(int(press[2]) - width / 4) <= 4
        assert abs(int(press[3]) - height / 4) <= 4
    shot(page, output / "many.png")

    page.keyboard.down("Control")
    held = "down 0xffe3"
    world.wait(lambda: all(held in json.dumps(heard(world, i)) for i in range(TILES)), 20, "Control is down in all")
    page.keyboard.press("Escape")  # and Control is still held down on this keyboard
    freed = "up 0xffe3"
    world.wait(lambda: all(freed in json.dumps(heard(world, i)) for i in range(TILES)), 20, "Control is up in all")
    expect(page.locator("#armed")).to_be_hidden()
    page.keyboard.up("Control")
    page.wait_for_timeout(500)  # the wall has taken the banner's room
    page.mouse.move(*spot(page, 0.3, 0.3))
    page.mouse.move(*spot(page, 0.25, 0.25))  # without a window manager the keys go where the pointer is
    page.keyboard.press("z")
    world.wait(lambda: any(line.startswith("up 0x7a") for line in heard(world, 0)), 20, "the leader alone gets a key")
    assert not any("0x7a" in line for index in (1, 2) for line in heard(world, index))
