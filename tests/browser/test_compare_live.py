"""Differences of what real node agents show: of two known pictures to the pixel, of two programs as they move."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from compare_kit import CHANGES, HEIGHT, WIDTH, eye
from portal_kit import RunningPortal
from world import shot, until


@pytest.fixture(scope="module")
def shown(portal: RunningPortal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two pictures of known greys, and two programs that move, launched for real."""
    folder = tmp_path_factory.mktemp("known")
    for name, values in (("a.png", (200, 90, 17, 255)), ("b.png", (60, 100, 17, 0))):
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for i, value in enumerate(values):
            picture[:, i * WIDTH // 4 : (i + 1) * WIDTH // 4] = value
        cv2.imwrite(str(folder / name), picture)
    environment = {**os.environ, "TILEDVIZ_HOME": str(portal.home)}

    def tiledviz(*arguments: str) -> str:
        command = [sys.executable, "-m", "tvcore", *arguments, "--json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=180).stdout

    cases = (("pictures", f"paths={folder}/a.png,{folder}/b.png"), ("gears", "tiles=2"))
    said = [tiledviz("launch", case, "--set", "scheduler.backend=local", "--set", what) for case, what in cases]
    yield
    for job in said:
        tiledviz("stop", json.loads(job)["id"])


@pytest.fixture
def real(chromium: Browser, portal: RunningPortal, shown: None) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1000, "height": 700}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(page, "window.tiledviz.connection() == 'open'")
    until(page, "window.tiledviz.tiles().map(t => t.state).join() == 'live,live,live,live'", seconds=120)
    yield page
    context.close()


def compare_real(page: Page, *titles: str) -> list[int]:
    """Compare these tiles by their difference, and return their ids."""
    for title in titles:
        page.get_by_role("gridcell", name=re.compile(f"^{re.escape(title)},")).focus()
        page.keyboard.press("Space")
    page.keyboard.press("Shift+C")
    expect(page.get_by_role("heading", name="2 tiles")).to_be_visible()
    page.keyboard.press("5")
    ids: list[int] = page.evaluate(
        "titles => titles.map(title => window.tiledviz.tiles().find(t => t.title == title).id)", [*titles]
    )
    return ids


def test_the_difference_of_two_known_pictures_is_exact(real: Page) -> None:
    first, second = compare_real(real, "a.png", "b.png")
    worker = eye(real)
    ready = "([a, b, w]) => [a, b].every(id => (tiledviz.pictures.of(id)?.width ?? 0) > w)"
    for _ in range(600):
        if worker.evaluate(ready, [first, second, 400]):
            break
        real.wait_for_timeout(50)
    real.wait_for_timeout(2000)  # still, they are sent once more, sharp
    rect = worker.evaluate("tiledviz.compared.layers[0].rect")
    seen = [
        worker.evaluate(
            "([x, y]) => tiledviz.scene.context.getImageData(Math.round(x), Math.round(y), 1, 1).data[1]",
            [rect["x"] + rect["width"] * (i + 0.5) / 4, rect["y"] + rect["height"] / 2],
        )
        for i in range(4)
    ]
    assert seen == [140, 10, 0, 255]


@pytest.mark.alone
def test_the_difference_of_two_live_tiles_follows_them(real: Page, output: Path) -> None:
    live = real.evaluate("window.tiledviz.tiles().map(t => t.title).filter(title => !title.endsWith('.png'))")
    compare_real(real, *live)
    worker = eye(real)
    real.wait_for_timeout(1500)
    changes = worker.evaluate(CHANGES, 3000)
    shot(real, output / "compare-live.png")
    assert changes >= 15, f"{changes} other pictures in 3 s"
