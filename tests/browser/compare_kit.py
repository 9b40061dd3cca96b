"""Tiles that show known pictures, and what of them stands on the wall's canvas, read in the worker that draws it."""

from __future__ import annotations

import time
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Page, Worker, expect

from fake_agent import WallStream
from portal_kit import RunningJob
from tvcore.node import wire
from world import until

WIDTH, HEIGHT = 640, 480
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
OWN = "(({ document, person }) => document.get(`person/${person}/compare`) ?? null)(window.tiledviz.session)"

# Of a place on the canvas, in device pixels: red, green, blue of its middle.
PIXEL = "([x, y]) => [...tiledviz.scene.context.getImageData(Math.round(x), Math.round(y), 1, 1).data].slice(0, 3)"

# How many pixels of a difference on the canvas are not exactly what the two pictures' own pixels say.
WRONG = """
([first, second, kind, factor, x, y, inset]) => {
  const read = (id) => {
    const { image, x, y, width, height } = tiledviz.pictures.of(id);
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    context.drawImage(image.source, x, y, width, height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  };
  const [a, b] = [read(first), read(second)];
  const shown = tiledviz.scene.context.getImageData(Math.round(x), Math.round(y), a.width, a.height).data;
  const luma = (data, i) => (54 * data[i] + 183 * data[i + 1] + 19 * data[i + 2]) >> 8;
  const colours = new Map();
  let [wrong, seen, far] = [0, 0, 0];
  for (let row = inset; row < a.height - inset; row += 1) {
    for (let column = inset; column < a.width - inset; column += 1) {
      const i = 4 * (row * a.width + column);
      seen += 1;
      if (kind === 'absolute') {
        for (const j of [i, i + 1, i + 2]) {
          const is = Math.abs(a.data[j] - b.data[j]);
          far = Math.max(far, is);
          wrong += Number(shown[j] !== Math.min(255, is * factor));
        }
      } else {
        const place = Math.max(-255, Math.min(255, (luma(a.data, i) - luma(b.data, i)) * factor));
        far = Math.max(far, Math.abs(place));
        const colour = [...shown.subarray(i, i + 3)].join();
        if (!colours.has(place)) colours.set(place, colour);
        wrong += Number(colours.get(place) !== colour); // one colour for one difference
      }
    }
  }
  return { wrong, seen, far, size: [a.width, a.height], colours: [...colours] };
}
"""

# For so many ms: how often what stands in the middle of a layer changed, read once a frame of the canvas.
CHANGES = """
async (ms) => {
  const { layers } = tiledviz.compared;
  const { x, y, width, height } = layers[0].rect;
  const [left, top] = [Math.round(x + width / 4), Math.round(y + height / 4)];
  const [across, down] = [Math.round(width / 2), Math.round(height / 2)];
  const read = () => new Uint32Array(tiledviz.scene.context.getImageData(left, top, across, down).data.buffer)
    .reduce((sum, pixel, i) => (Math.imul(sum, 31) + Math.imul(pixel, i + 1)) | 0, 7);
  const end = performance.now() + ms;
  let [frames, before, changes] = [tiledviz.scene.frames, read(), 0];
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (tiledviz.scene.frames === frames) continue;
    frames = tiledviz.scene.frames;
    const now = read();
    changes += Number(now !== before);
    before = now;
  }
  return changes;
}
"""


def grey(value: int) -> np.ndarray[Any, Any]:
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def scene(seed: int) -> np.ndarray[Any, Any]:
    """Return a picture of all colours, another one for each *seed*."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def eye(page: Page) -> Worker:
    """Return the worker that draws the wall."""
    return next(worker for worker in page.workers if "wall-worker" in worker.url)


class Pictures:
    """A job whose tiles show what a test says, in the size that the page asks for."""

    def __init__(self, job: RunningJob, page: Page) -> None:
        self.job, self.page = job, page
        self.eye = eye(page)

    @property
    def looking(self) -> int:
        """Return how many pages have asked for pictures so far."""
        return len(self.job.agent.stream().lookers) if self.job.agent.walls else 0

    def wait_for(self, pages: int) -> None:
        """Wait until so many pages have asked."""
        deadline = time.monotonic() + 30
        while self.looking < pages:
            assert time.monotonic() < deadline, "nobody else looks"
            time.sleep(0.02)

    @property
    def demand(self) -> list[list[int]]:
        """Return what the page asks for: of those who still look, the one that came last."""
        if not self.job.agent.walls:  # no page has come that far
            return []
        stream: WallStream = self.job.agent.stream()
        looking = [looker for looker in stream.lookers.values() if not looker.gone]
        return looking[-1].demands[-1] if looking else []

    def size_of(self, index: int) -> tuple[int, int] | None:
        """Return the size in which a tile is asked for."""
        found = [(w, h) for number, w, h, *_ in self.demand if number == index]
        return found[0] if found else None

    def show(self, **pictures: np.ndarray[Any, Any]) -> None:
        """Show *pictures*, by ``tN`` for tile N, with little loss, and wait until they are drawn."""
        self._settle()
        for name, picture in pictures.items():
            index = int(name[1:])
            deadline = time.monotonic() + 30
            while (size := self.size_of(index)) is None:
                assert time.monotonic() < deadline, f"nobody asks for tile {index}"
                time.sleep(0.02)
            scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            done, jpeg = cv2.imencode(".jpg", scaled, JPEG)
            assert done
            before = self.eye.evaluate("id => tiledviz.pictures.of(id)?.drawn ?? 0", self.job.tiles[index])
            cell = wire.Cell(index, wire.WHOLE, 1, time.time(), 0, 0, *size, 0, 0, *size)
            self.job.agent.stream().send_picture([cell], jpeg.tobytes())
            tile = self.job.tiles[index]
            deadline = time.monotonic() + 30
            while self.eye.evaluate("id => tiledviz.pictures.of(id)?.drawn ?? 0", tile) == before:
                assert time.monotonic() < deadline, f"tile {index} was not drawn"
                time.sleep(0.02)
        self.rest()

    def _settle(self) -> None:
        """Wait until what is asked for is what is shown now."""
        seen: list[Any] = [0]
        while len(seen) < 4 or any(each != seen[-1] for each in seen[-3:]):
            self.page.wait_for_timeout(100)
            seen.append(self.demand)

    def rest(self) -> None:
        """Wait until the canvas is drawn and nothing of it moves."""
        frames = None
        while frames != (frames := self.eye.evaluate("tiledviz.scene.frames")):
            self.page.wait_for_timeout(200)

    # ------------------------------------------------------------------ comparing

    def select(self, *indices: int) -> None:
        tiles = [self.job.tiles[index] for index in indices]
        register = "`person/${window.tiledviz.session.person}/selection`"
        self.page.evaluate(f"ids => window.tiledviz.session.set([[{register}, ids]], 'select')", tiles)
        for tile in tiles:
            expect(self.page.locator(f'[data-tile="{tile}"]')).to_have_attribute("aria-selected", "true")

    def compare(self, *indices: int) -> None:
        """Select these tiles and compare them."""
        self.select(*indices)
        self.page.keyboard.press("Shift+C")
        expect(self.page.get_by_role("heading", name=f"{len(indices)} tiles")).to_be_visible()
        until(self.page, "document.activeElement.id == 'compare'")

    def state(self) -> Any:
        """Return one's own register."""
        return self.page.evaluate(OWN)

    def kept(self, what: str) -> None:
        """Wait until it holds of one's own register, *it*."""
        until(self.page, f"(it => {what})({OWN})")

    def way(self, way: str) -> None:
        """Wait until tiles are compared in this way, and it is drawn."""
        self.kept(f"it?.way === '{way}'")
        self.rest()

    def drawn(self, what: str) -> None:
        """Wait until it holds of what was drawn last, *it*: the layers."""
        deadline = time.monotonic() + 30
        while not self.eye.evaluate(f"(it => {what})(tiledviz.compared.layers)"):
            assert time.monotonic() < deadline, what
            time.sleep(0.02)
        self.rest()

    def shown_as(self, field: str, value: object) -> None:
        """Wait until the worker knows of a reference with that, and all is drawn."""
        deadline = time.monotonic() + 30
        while self.eye.evaluate("field => tiledviz.against.reference?.[field]", field) != value:
            assert time.monotonic() < deadline, f"{field}: {value}"
            time.sleep(0.02)
        self.rest()

    def layers(self) -> list[dict[str, Any]]:
        """Return what is drawn in the place of the wall."""
        found: list[dict[str, Any]] = self.eye.evaluate("tiledviz.compared.layers")
        return found

    def pixel(self, x: float, y: float) -> list[int]:
        found: list[int] = self.eye.evaluate(PIXEL, [x, y])
        return found

    def middle(self, layer: int = 0) -> list[int]:
        """Return the colour in the middle of what is seen of a layer."""
        clip, rect = self.layers()[layer]["clip"], self.layers()[layer]["rect"]
        left, right = max(clip["x"], rect["x"]), min(clip["x"] + clip["width"], rect["x"] + rect["width"])
        top, bottom = max(clip["y"], rect["y"]), min(clip["y"] + clip["height"], rect["y"] + rect["height"])
        return self.pixel((left + right) / 2, (top + bottom) / 2)

    def on_tile(self, index: int, across: float = 0.5, down: float = 0.5) -> list[int]:
        """Return the colour of a place of a tile on the wall."""
        rect = self.page.evaluate("id => window.tiledviz.tiles().find(t => t.id == id).rect", self.job.tiles[index])
        box = self.page.locator("#wall").bounding_box()
        assert box is not None
        return self.pixel(rect["x"] - box["x"] + across * rect["width"], rect["y"] - box["y"] + down * rect["height"])

    def wrong(self, first: int, second: int, kind: str = "absolute", factor: int = 1) -> dict[str, Any]:
        """Return how the difference on the canvas is not what the two pictures say."""
        rect = self.layers()[0]["rect"]
        tiles = [self.job.tiles[first], self.job.tiles[second]]
        found: dict[str, Any] = self.eye.evaluate(WRONG, [*tiles, kind, factor, rect["x"], rect["y"], 0])
        return found


def near(colour: list[int], grey_value: float, by: float = 1) -> bool:
    return all(abs(part - grey_value) <= by for part in colour)
