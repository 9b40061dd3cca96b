"""The demo in Debian's Firefox ESR: the same wall, live, as in Chromium."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import cv2
import pytest

from world import Picture, World, difference, part

SCRIPT = Path(__file__).with_name("firefox.js")
TILES = 4


@pytest.fixture(scope="module")
def seen(world: World, output: Path) -> dict[str, Any]:
    """What Firefox saw on a visit of the demo."""
    _, log = world.start("demo", "--tiles", str(TILES), "--port", "0")
    url = world.opened(log)
    world.wait_live(TILES)
    done = subprocess.run(
        ["node", str(SCRIPT), url, str(output)], capture_output=True, text=True, check=False, timeout=600
    )
    world.end_started()
    assert done.returncode == 0, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def picture(output: Path, name: str) -> Picture:
    found = cv2.imread(str(output / f"firefox-{name}.png"))
    assert found is not None
    return found


def test_firefox_shows_live_tiles_none_of_one_flat_colour(seen: dict[str, Any], output: Path) -> None:
    assert seen["version"].startswith("firefox/")
    assert [tile["state"] for tile in seen["tiles"]] == ["live"] * TILES
    for tile in seen["tiles"]:
        assert part(picture(output, "wall"), tile["rect"]).std() > 8, f"tile {tile['title']} is one flat colour"


def test_in_firefox_a_tile_opens_in_full_takes_keys_and_the_wall_comes_back(seen: dict[str, Any], output: Path) -> None:
    opened, typed = (part(picture(output, name), seen["focus"]) for name in ("focus", "typed"))
    assert opened.std() > 8
    # VTK's key for wireframe: much more of the ground is seen.
    assert (typed.max(axis=2) < 40).mean() > (opened.max(axis=2) < 40).mean() + 0.1, "the key w changes nothing"
    for tile in seen["tiles"]:
        assert part(picture(output, "back"), tile["rect"]).std() > 8


def test_in_firefox_keys_go_into_a_small_tile_on_the_wall(seen: dict[str, Any], output: Path) -> None:
    first, *others = seen["tiles"]
    before, after = picture(output, "wall"), picture(output, "worked")
    assert part(after, first["rect"]).mean() < 0.85 * part(before, first["rect"]).mean(), "no wireframe"
    for tile in others:
        assert part(after, tile["rect"]).mean() > 0.85 * part(before, tile["rect"]).mean()


def test_in_firefox_the_wall_zooms(seen: dict[str, Any], output: Path) -> None:
    assert difference(picture(output, "wall"), picture(output, "zoomed")) > 3


def test_nothing_goes_wrong_in_firefox(seen: dict[str, Any]) -> None:
    assert seen["problems"] == []


def test_firefox_records_a_movie_of_the_live_wall(seen: dict[str, Any], output: Path) -> None:
    video = cv2.VideoCapture(str(output / "firefox-movie.webm"))
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1])
    video.release()
    assert len(frames) > 10, "the tiles are live"
    for tile in seen["tiles"]:
        rect = dict(tile["rect"])
        rect["y"] -= picture(output, "wall").shape[0] - frames[-1].shape[0]  # the movie has no bar
        assert part(frames[-1], rect).std() > 8, f"tile {tile['title']} is one flat colour"
