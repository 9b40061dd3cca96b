"""``tiledviz record`` and ``tiledviz replay`` as their user has them: what a wall showed is shown again, elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from world import World, difference, part, shot, until

TILES = 2


@pytest.fixture(scope="module")
def recording(world: World) -> Path:
    """A recording of live tiles, which are gone by now."""
    job = world.ask("launch", "--detach", "gears", "--set", f"tiles={TILES}")["id"]
    world.wait_live(TILES)
    path = world.folder / "wall.tvr"
    found = world.ask("record", str(path), "--seconds", "2", "--width", "320")
    assert (found["tiles"], found["bytes"], found["away"]) == (TILES, path.stat().st_size, [])
    assert found["pictures"] > 2
    world.ask("stop", job, "--remove")
    return path


def test_a_recording_is_its_owners_alone_and_without_tiles_there_is_none(world: World, recording: Path) -> None:
    assert recording.stat().st_mode & 0o777 == 0o600
    done = subprocess.run(
        world.command("record", str(recording)), env=world.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "tiledviz: there is no such tile: `tiledviz tiles` lists those there are\n"


def test_a_replay_shows_the_recorded_tiles_in_motion_and_leaves_nothing(
    world: World, recording: Path, browser: Browser, output: Path
) -> None:
    temporary = world.folder / "tmp"
    temporary.mkdir()
    world.env["TMPDIR"] = str(temporary)
    process, log = world.start("replay", str(recording), "--port", "0")
    page = browser.new_page(viewport={"width": 1000, "height": 600})
    page.goto(world.opened(log))
    until(page, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}")
    until(page, "async n => Object.keys((await window.tiledviz.drawn()).tiles).length == n", TILES)
    tiles = page.evaluate("window.tiledviz.tiles()")
    assert [tile["title"] for tile in tiles] == ["0 gears", "1 gears"]
    before = shot(page, output / "replay.png")

    def moves() -> bool:
        now = shot(page)
        return all(difference(part(before, tile["rect"]), part(now, tile["rect"])) > 0.5 for tile in tiles)

    world.wait(moves, 20, "both tiles move")
    for tile in tiles:
        assert part(before, tile["rect"]).std() > 8, "a tile is one flat colour"
    page.close()
    assert "by TiledViz" in log.read_text()
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(30) == 0, log.read_text()
    assert list(temporary.iterdir()) == []


def test_what_is_no_recording_is_told_in_one_line(world: World) -> None:
    (world.folder / "foreign").write_bytes(b"PK\x03\x04")
    done = subprocess.run(
        world.command("replay", str(world.folder / "foreign")),
        env=world.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.endswith("is no whole recording of `tiledviz record`: it begins otherwise\n")
    assert done.stderr.count("\n") == 1
