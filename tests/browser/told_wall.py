"""A portal whose wall says what a test says: states that take hours, or a GPU, to come about for real.

The portal, its streams and the page are real. Just the wall document is told: what stands in a file is put over the
true one, on its way to the page.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Locator, Page, Request, Route

from fake_agent import WallStream
from portal_kit import RunningJob, RunningPortal
from tvcore.node import wire
from world import until

IMAGES = {"/scratch/images/vtk.sif": "sha256:" + "0f1e2d3c4b5a" * 5}
TELLING = """
import json, os
from pathlib import Path
import gevent
from tvcore.portal import wall
file = Path(os.environ["TILEDVIZ_HOME"]) / "told.json"

class Telling(wall.WallViewer):
    def run(self):
        teller = gevent.spawn(self.watch)
        try:
            super().run()
        finally:
            teller.kill()

    def watch(self, before=None):
        while True:
            now = file.read_text() if file.exists() else None
            if now != before:
                before = now
                self.wall_changed()
            gevent.sleep(0.05)

    def _news(self):
        told = json.loads(file.read_text()) if file.exists() else {"sets": {}, "tiles": {}}
        news = json.loads(json.dumps(super()._news()))
        for event in news:
            found = event.get("wall", event)
            for kind in ("sets", "tiles"):
                for each in found.get(kind, []):
                    each.update(told[kind].get(str(each["id"]), {}))
        return news

wall.WallViewer = Telling
"""


def tell(home: Path, tiles: Mapping[int, Mapping[str, Any]], sets: Mapping[int, Mapping[str, Any]]) -> None:
    """Put these fields over those of the tiles and sets with these ids."""
    new = home / "told.new"
    new.write_text(json.dumps({"tiles": tiles, "sets": sets}))
    new.replace(home / "told.json")


def draw(stream: WallStream, tile: int, seed: int, captured: float | None = None) -> None:
    """Send a picture of tile *tile* (its index), each *seed* another: a field that looks like a simulation's."""
    width, height = 320, 240
    noise = np.random.default_rng(seed).random((height // 20, width // 20), dtype=np.float32)
    smooth = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    values = np.clip((np.sin(smooth * 9 + seed) + 1) * 127, 0, 255).astype(np.uint8)
    done, jpeg = cv2.imencode(".jpg", cv2.applyColorMap(values, cv2.COLORMAP_VIRIDIS))
    assert done
    cell = wire.Cell(tile, wire.WHOLE, 1, captured or time.time(), 0, 0, width, height, 0, 0, width, height)
    stream.send_picture([cell], jpeg.tobytes())


class Wall:
    """A wall of tiles of which a test tells what they are, and a page that shows it."""

    def __init__(self, portal: RunningPortal, job: RunningJob, page: Page) -> None:
        self.portal, self.job, self.page = portal, job, page
        self.asked: list[tuple[str, Any]] = []
        self.now = time.time()

    def open(self) -> None:
        self.page.goto("about:blank")
        self.page.goto(f"{self.portal.origin}/#login={self.portal.login_ticket()}")
        until(self.page, "window.tiledviz.connection() == 'open'")
        count = len(self.job.tiles)
        until(self.page, "n => window.tiledviz.tiles().filter(t => t.state == 'live').length == n", count)

    def tell(self, told: list[dict[str, Any]], **of_set: Any) -> None:
        """Say this of the tiles, and draw a picture of each that is live."""
        ids = self.job.tiles
        (number,) = {tile["set"] for tile in self.portal.store.tiles() if tile["job"] == self.job.id}
        titles = [f"{i} {('spots', 'waves', 'mazes', 'dead')[i % 4]}" for i in range(len(ids))]
        tiles = {id_: {"title": title} | fields for id_, title, fields in zip(ids, titles, told, strict=True)}
        before = {
            "title": "Gray-Scott patterns",
            "state": "running",
            "images": IMAGES,
        }
        tell(self.portal.home, tiles, {number: before | of_set})
        states = [fields["state"] for fields in told]
        until(self.page, "s => window.tiledviz.tiles().map(t => t.state).join() == s", ",".join(states))
        live = [i for i, state in enumerate(states) if state == "live"]
        deadline = time.monotonic() + 20
        while not self._drew({index: told[index].get("away") for index in live}):
            assert time.monotonic() < deadline, "nobody asked for pictures"
            time.sleep(0.02)
        until(self.page, "async n => Object.keys((await window.tiledviz.drawn()).tiles).length >= n", len(live))

    def _drew(self, tiles: dict[int, float | None]) -> bool:
        """Send a picture of each of *tiles* by the stream that was opened last, unless that is just over."""
        try:
            for index, away in tiles.items():
                draw(self.job.agent.stream(), index, index, away)
        except (IndexError, OSError):
            return False
        return True

    def answer(self, path: str, answer: Any, status: int = 200) -> None:
        """Answer the page's calls of the API's *path* (a glob) with this, and keep what it asked."""

        def handle(route: Route, request: Request) -> None:
            self.asked.append((request.url.partition("/api/v1")[2], request.post_data_json))
            route.fulfill(status=status, content_type="application/json", body=json.dumps(answer))

        self.page.route(f"**/api/v1{path}", handle)

    def choose(self, theme: str) -> None:
        """Choose a theme as people do: the canvas takes its colours then."""
        for _ in range(["dark", "light", "contrast"].index(theme)):
            self.page.keyboard.press("t")

    def focus_on(self, index: int) -> None:
        self.page.locator(f'[data-tile="{self.job.tiles[index]}"]').focus()

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("complementary", name="Details")


def at_rest(page: Page) -> None:
    """Wait until the tiles have stopped moving and the canvas is painted."""
    seen = None
    while seen != (seen := page.evaluate("JSON.stringify(window.tiledviz.tiles().map(t => t.rect))")):
        page.wait_for_timeout(300)
    page.wait_for_timeout(200)
