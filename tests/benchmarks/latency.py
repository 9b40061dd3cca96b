"""From the hand to the eye: how long after a press in the browser its effect is on the canvas, through everything.

``.venv/bin/python tests/benchmarks/latency.py [--presses 100] [--tiles 16] [--shown 64] [--seconds 10]`` presses a
pointer's button in a headless Chromium, over a tile of real displays in which a program changes its colour at each
press (``tests/node/presser.py``): page, portal, node agent, Xvnc, program, and all the way back. *wall*: into the small
tile, to its pixel on the wall's canvas; *focus*: into the opened tile, to its pixel on noVNC's. *change*: with so many
synthetic displays of 640×480 that change ten times a second, the time from a change in a framebuffer to the frame that
draws it. The last line is one JSON object, in ms. Times are of the browser's one clock.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench_kit import percentile, report
from bench_world import world
from devtools import Browser, Page, Target

PRESSER = (sys.executable, str(Path(__file__).parents[1] / "node" / "presser.py"))
VIEW = (1920, 1080)
SIZE = (640, 480)
FAR = 60  # grey levels between what is taken for two colours
PAUSE = (0.15, 0.35)  # seconds from one press to the next, at random: so that no clock is in step with it
MEET = 1.0  # seconds before the first press counts

# When the next press began, by the clock that page and worker share.
NOTE = """addEventListener('pointerdown', () => { globalThis.pressed = performance.timeOrigin + performance.now(); },
  { capture: true })"""

# In the wall's worker: looks at one pixel after each frame, and notes when it is another.
WATCH_WALL = """(() => {
  const { scene } = tiledviz, { onDrawn } = scene;
  const level = () => scene.context.getImageData(%d, %d, 1, 1).data[0];
  let last = level();
  globalThis.changes = [];
  scene.onDrawn = () => {
    const now = level();
    if (Math.abs(now - last) > %d) { last = now; changes.push(performance.timeOrigin + performance.now()); }
    onDrawn();
  };
})()"""

# In the page: the same after each picture that noVNC puts on its canvas.
WATCH_FOCUS = """(() => {
  const context = document.querySelector('#focus .remote canvas').getContext('2d'), { drawImage } = context;
  const level = () => context.getImageData(context.canvas.width >> 1, context.canvas.height >> 1, 1, 1).data[0];
  let last = level();
  globalThis.changes = [];
  context.drawImage = (...what) => {
    drawImage.apply(context, what);
    const now = level();
    if (Math.abs(now - last) > %d) { last = now; changes.push(performance.timeOrigin + performance.now()); }
  };
})()"""

# In the wall's worker: how old each picture is when the frame that draws it is done, in ms.
WATCH_AGES = """(() => {
  const { scene, pictures } = tiledviz, { onDrawn, pictureChanged } = scene, drawn = new Set();
  globalThis.ages = [];
  scene.pictureChanged = (id) => { drawn.add(id); pictureChanged.call(scene, id); };
  scene.onDrawn = () => {
    const now = performance.timeOrigin + performance.now();
    for (const id of drawn) { const of = pictures.of(id); if (of) ages.push(now - 1000 * of.captured); }
    drawn.clear();
    onDrawn();
  };
})()"""


def shown(page: Page, tiles: int) -> None:
    """Wait until so many tiles are live and drawn."""
    page.until(f"window.tiledviz?.tiles().filter(tile => tile.state == 'live').length == {tiles}", 90)
    drawn = "window.tiledviz.drawn().then(({ tiles }) => Object.keys(tiles).length)"
    page.until(f"{drawn}.then(count => count == {tiles})", 60)


def middle(page: Page, element: str) -> tuple[float, float]:
    """Return the middle of an element, CSS pixels of the window."""
    x, y = page.evaluate(
        f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({element}.getBoundingClientRect())"
    )
    return x, y


def mouse(page: Page, kind: str, x: float, y: float) -> None:
    """Press or release the left button at a point of the window."""
    page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def click(page: Page, x: float, y: float) -> None:
    """Press and release."""
    mouse(page, "mousePressed", x, y)
    mouse(page, "mouseReleased", x, y)


def press(page: Page, where: tuple[float, float], eye: Target, count: int, name: str) -> list[float]:
    """Press *count* times; return for each how many ms later *eye* saw the pixel change."""
    chance = random.Random(1)
    found = []
    for number in range(count):
        seen = eye.evaluate("changes.length")
        mouse(page, "mousePressed", *where)
        eye.until(f"changes.length > {seen}", 20)
        mouse(page, "mouseReleased", *where)
        found.append(eye.evaluate(f"changes[{seen}]") - page.evaluate("pressed"))
        if number % 25 == 24:
            print(f"{name}: {number + 1} presses, {percentile(found, 0.5):.1f} ms", file=sys.stderr, flush=True)
        time.sleep(chance.uniform(*PAUSE))
    return found


def wall(page: Page, presses: int) -> list[float]:
    """Press into the first small tile."""
    eye = page.worker("wall")
    rect = page.evaluate("window.tiledviz.tiles()[0].rect")
    x, y = rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2
    left, top = page.evaluate(
        "(({ left, top }) => [left, top])(document.querySelector('#wall').getBoundingClientRect())"
    )
    page.evaluate("document.querySelector('#hands').click()")
    time.sleep(MEET)
    eye.evaluate(WATCH_WALL % (x - left, y - top, FAR))
    found = press(page, (x, y), eye, presses, "wall")
    page.evaluate("document.querySelector('#hands').click()")
    return found


def focus(page: Page, presses: int) -> list[float]:
    """Open the first tile and press into it."""
    rect = page.evaluate("window.tiledviz.tiles()[0].rect")
    click(page, rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2)
    canvas = "document.querySelector('#focus .remote canvas')"
    page.until(f"{canvas}?.getBoundingClientRect().width > 400")
    time.sleep(2 * MEET)
    page.evaluate(WATCH_FOCUS % FAR)
    return press(page, middle(page, canvas), page, presses, "focus")


def ages(tiles: int, seconds: float) -> list[float]:
    """Return how old the pictures of a wall of synthetic displays are when they are drawn."""
    with world() as made:
        made.synthetic(tiles, "--size", f"{SIZE[0]}x{SIZE[1]}")
        _, url = made.portal()
        with Browser(*VIEW) as browser:
            page = browser.open(url)
            shown(page, tiles)
            eye = page.worker("wall")
            time.sleep(2 * MEET)
            eye.evaluate(WATCH_AGES)
            time.sleep(seconds)
            found: list[float] = eye.evaluate("ages")
            return found


def of_presses(tiles: int, presses: int, *ways: Callable[[Page, int], list[float]]) -> list[list[float]]:
    """Return what each of *ways* measures on one wall of real displays."""
    with world() as made:
        made.displays(tiles, SIZE, PRESSER)
        _, url = made.portal()
        with Browser(*VIEW) as browser:
            page = browser.open(url)
            shown(page, tiles)
            page.evaluate(NOTE)
            return [way(page, presses) for way in ways]


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--tiles", type=int, default=16)
    parser.add_argument("--shown", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    measured = dict(zip(("wall", "focus"), of_presses(given.tiles, given.presses, wall, focus), strict=True))
    measured["change"] = ages(given.shown, given.seconds)
    figures = {
        f"{name}_ms_{label}": round(percentile(values, share), 1)
        for name, values in measured.items()
        for label, share in (("p50", 0.5), ("p99", 0.99))
    }
    report("latency", {**figures, "tiles": given.tiles, "presses": given.presses, "shown": given.shown})


if __name__ == "__main__":
    main()
