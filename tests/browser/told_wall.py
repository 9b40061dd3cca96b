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

from portal_kit import WallStream
from tvcore.node import wire

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
