"""Drawing on tiles: by mouse and by keys, seen by others, undone, erased, copied, hidden, saved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from portal_kit import RunningJob, RunningPortal
from told_wall import draw
from world import shot, until

SHAPES = "id => window.tiledviz.session.document.below(`drawing/${id}/`).map(([, shape]) => shape)"
COUNT = f"([id, n]) => ({SHAPES})(id).length == n"


@pytest.fixture
def other(chromium: Browser, portal: RunningPortal, page: Page) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    made = context.new_page()
    made.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(made, "window.tiledviz.connection() == 'open' && window.tiledviz.tiles().length == 4")
    yield made
    context.close()


@pytest.fixture(autouse=True)
def bare(page: Page) -> None:
    """No drawing is left of another test: its tiles had the same numbers."""
    page.evaluate(
        "(r => r.set(r.document.below('drawing/').map(([rest]) => [`drawing/${rest}`, null])"
        ".concat(r.document.below('tile/').map(([rest]) => [`tile/${rest}`, null]))))(window.tiledviz.session)"
    )


def begin(page: Page, tile: int) -> Locator:
    """Open the tools on a tile by its key."""
    page.evaluate("id => document.querySelector(`[data-tile='${id}']`).focus()", tile)
    page.keyboard.press("d")
    field = page.get_by_role("application", name="Drawing on")
    expect(field).to_be_focused()
    page.wait_for_timeout(400)  # the view may still travel to the tile
    return field


def box_of(page: Page, tile: int) -> dict[str, float]:
    found: dict[str, float] = page.evaluate("id => window.tiledviz.tiles().find(t => t.id == id).rect", tile)
    return found


def drag(page: Page, box: dict[str, float], *shares: tuple[float, float]) -> None:
    points = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in shares]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def tool(page: Page, name: str) -> None:
    page.get_by_role("group", name="Drawing").get_by_role("button", name=name, exact=True).click()


def more(page: Page, name: str) -> None:
    tool(page, "More …")
    page.get_by_role("dialog", name="The whole drawing").get_by_role("button", name=name).click()


def shapes(page: Page, tile: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(SHAPES, tile)
    return found


def test_strokes_lines_arrows_and_words_are_drawn_and_seen_by_others(
    page: Page, other: Page, job: RunningJob, output: Path
) -> None:
    tile = job.tiles[0]
    begin(page, tile)
    box = box_of(page, tile)
    drag(page, box, (0.2, 0.3), (0.4, 0.2), (0.6, 0.4))
    tool(page, "Yellow")
    tool(page, "Arrow")
    drag(page, box, (0.2, 0.8), (0.7, 0.6))
    tool(page, "Line")
    tool(page, "Thick")
    drag(page, box, (0.1, 0.9), (0.9, 0.9))
    tool(page, "Text")
    tool(page, "Thin")
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.45 * box["height"])
    expect(page.get_by_role("textbox", name="Words to write")).to_be_focused()
    page.keyboard.type("look here")
    page.keyboard.press("Enter")
    for each in (page, other):
        until(each, COUNT, [tile, 4])
    by_kind = {shape["kind"]: shape for shape in shapes(other, tile)}
    assert by_kind["text"]["text"] == "look here"
    assert by_kind["arrow"]["colour"] == "#ffd60a"
    assert by_kind["line"]["width"] == 16
    start = by_kind["arrow"]["points"][0]
    assert abs(start[0] / 65535 - 0.2) < 0.02
    assert abs(start[1] / 65535 - 0.8) < 0.02
    assert len(by_kind["pen"]["points"]) < 13  # simplified
    for theme in ("dark", "light", "contrast"):
        shot(page, output / f"draw-{theme}.png")
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        begin(page, tile)
    picture = shot(other, output / "draw-seen.png")
    where = box_of(other, tile)
    at = picture[int(where["y"] + 0.9 * where["height"]), int(where["x"] + 0.5 * where["width"])]
    assert np.abs(at.astype(int) - (0x0A, 0xD6, 0xFF)).max() < 40  # the thick yellow line, as blue, green, red


def test_the_keyboard_draws_erases_and_leaves(page: Page, job: RunningJob) -> None:
    tile = job.tiles[1]
    field = begin(page, tile)
    tool(page, "Line")
    expect(field).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    until(page, COUNT, [tile, 1])
    (line,) = shapes(page, tile)
    (x1, y1), (x2, y2) = line["points"]
    assert abs(x2 - x1 - 6553) < 20
    assert y1 == y2
    page.keyboard.press("Control+z")
    until(page, COUNT, [tile, 0])
    page.keyboard.press("Control+y")
    until(page, COUNT, [tile, 1])
    page.keyboard.press("Delete")
    until(page, COUNT, [tile, 0])
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Drawing")).to_be_hidden()
    assert len(page.evaluate("window.tiledviz.tiles()")) == 4  # Delete took no tile off the wall


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_words_are_asked_for_where_one_clicked_on_a_turned_tile_too(page: Page, job: RunningJob, rotation: int) -> None:
    tile = job.tiles[0]
    page.evaluate("([id, by]) => window.tiledviz.session.set([[`tile/${id}/rotation`, by]])", [tile, rotation])
    begin(page, tile)
    tool(page, "Text")
    tool(page, "Black")
    box = box_of(page, tile)
    x, y = box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"]
    page.mouse.click(x, y)
    field = page.get_by_role("textbox", name="Words to write")
    expect(field).to_be_focused()
    assert field.evaluate("f => getComputedStyle(f).backgroundColor") == "rgb(255, 255, 255)"
    at = field.bounding_box()
    assert at is not None
    assert abs(at["x"] - x) < 3
    assert abs(at["y"] - y) < 3
    page.keyboard.press("Escape")


def test_a_drawing_is_erased_copied_hidden_and_deleted(page: Page, job: RunningJob) -> None:
    one, two, three, four = job.tiles
    begin(page, one)
    box = box_of(page, one)
    drag(page, box, (0.1, 0.5), (0.9, 0.5))
    tool(page, "Line")
    drag(page, box, (0.5, 0.7), (0.5, 0.95))
    until(page, COUNT, [one, 2])
    tool(page, "Eraser")
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    until(page, COUNT, [one, 1])
    more(page, "Copy to all tiles")
    for tile in (two, three, four):
        until(page, COUNT, [tile, 1])
    more(page, "Copy to all tiles")  # once more adds nothing
    until(page, COUNT, [two, 1])
    more(page, "Hide the drawing")
    until(page, "id => window.tiledviz.session.document.get(`tile/${id}/undrawn`) === true", one)
    more(page, "Delete the drawing")
    until(page, COUNT, [one, 0])
    tool(page, "Done")
    until(page, COUNT, [two, 1])


def test_a_drawing_is_saved_as_svg_and_with_the_picture_as_png(page: Page, job: RunningJob, output: Path) -> None:
    tile = job.tiles[0]
    deadline = time.monotonic() + 30
    while not job.agent.walls:
        assert time.monotonic() < deadline, "nobody asked for pictures"
        page.wait_for_timeout(50)
    draw(job.agent.stream(), 0, 3)
    until(page, "async id => (await window.tiledviz.drawn()).tiles[id] > 0", tile)
    begin(page, tile)
    drag(page, box_of(page, tile), (0.1, 0.5), (0.9, 0.5))
    until(page, COUNT, [tile, 1])
    with page.expect_download() as svg:
        more(page, "Save as SVG")
    text = svg.value.path().read_text()
    assert svg.value.suggested_filename.endswith(".svg")
    assert "<polyline" in text
    assert "#ff3b30" in text
    with page.expect_download() as png:
        more(page, "Save as PNG")
    png.value.save_as(output / "drawn.png")
    assert (output / "drawn.png").read_bytes().startswith(b"\x89PNG")


def test_one_draws_on_the_opened_tile_too_and_escape_leaves_the_drawing_first(
    page: Page, job: RunningJob, output: Path
) -> None:
    tile = job.tiles[0]
    page.evaluate("id => document.querySelector(`[data-tile='${id}']`).focus()", tile)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Back to the wall")).to_be_visible()
    page.wait_for_timeout(400)
    page.get_by_role("complementary", name="Details").get_by_role("button", name="Draw").click()
    field = page.get_by_role("application", name="Drawing on")
    expect(field).to_be_focused()
    page.wait_for_timeout(400)
    box = field.bounding_box()
    assert box is not None
    shot(page, output / "draw-opened.png")
    drag(page, {k: float(v) for k, v in box.items()}, (0.25, 0.5), (0.75, 0.5))
    until(page, COUNT, [tile, 1])
    page.keyboard.press("Control+z")
    until(page, COUNT, [tile, 0])
    page.keyboard.press("Control+Shift+z")
    until(page, COUNT, [tile, 1])
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(page.get_by_role("button", name="Back to the wall")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Back to the wall")).to_be_hidden()
