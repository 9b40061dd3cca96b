"""The page, in a real Chromium, shows a wall whose tiles run on the compute nodes of a cluster."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from site_kit import Site
from world import part, shot, until

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tiledviz"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    arguments = ["--disable-gpu", "--disable-background-networking", "--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


def test_launch_with_two_nodes_gives_a_wall_of_eight_live_tiles_in_the_browser(
    site: Site, chromium: Browser, output: Path
) -> None:
    mine = site.cluster.home("tv") / ".cache" / "tiledviz"
    mine.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in CACHE.glob("gray_scott-*.h5"):  # made by the demo's tests: the simulation itself is not tested here
        shutil.copy(path, mine)
    for path in (mine.parent, mine, *mine.iterdir()):
        shutil.chown(path, 2001, 2001)
    job = site.ask("launch", "gray_scott", "--tiles", "8", "--set", "nodes=2", seconds=600)["id"]
    tiles = site.wait_live(job)
    assert [tile["node"] for tile in tiles] == ["c1"] * 4 + ["c2"] * 4
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(site.ask("open")["url"])
    until(page, "window.tiledviz.tiles().filter(t => t.state == 'live').length == 8", seconds=60)
    until(page, "async () => Object.keys((await window.tiledviz.drawn()).tiles).length == 8", seconds=60)
    time.sleep(1)  # the canvas is painted with the screen's next frames
    picture = shot(page, output / "cluster.png")
    for tile in page.evaluate("window.tiledviz.tiles()"):
        assert part(picture, tile["rect"]).std() > 8, f"tile {tile['title']} is one flat colour"
    page.close()
