"""How the wall stands and is drawn: lanes, columns, sizes, turns, what lies on tiles; by what one sees and by names.

What has keys and menus of its own is tested there; here the session is changed as they change it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from portal_kit import RunningJob, RunningPortal, Spares
from told_wall import TELLING, Wall, at_rest, draw
from world import Picture, difference, part, shot, until

KINDS = ("spots", "waves", "mazes", "dead")
COUNT = 24
LIVE = {"state": "live", "reason": "", "node": "c1"}
SET = "acts => window.tiledviz.session.set(acts, 'test')"
RECTS = "Object.fromEntries(window.tiledviz.tiles().map(t => [t.id, t.rect]))"
ACCENT = {"dark": (0x58, 0xB4, 0xFF), "light": (0x00, 0x64, 0xC0), "contrast": (0xFF, 0xD6, 0x0A)}
PEN = {
    "kind": "pen", "colour": "#ff3b30", "width": 14, "text": "",
    "points": [[12000, 20000], [30000, 9000], [52000, 20000], [50000, 42000], [20000, 46000], [12000, 20000]],
}  # fmt: skip


@pytest.fixture(scope="module")
def spares() -> Iterator[Spares]:
    """Portals that are begun ahead, and tell what the test says."""
    made = Spares(TELLING)
    yield made
    made.close()


@pytest.fixture
def portal(own_portal: RunningPortal) -> RunningPortal:
    """A portal of this test alone, which tells what the test says."""
    return own_portal


@pytest.fixture
def wall(chromium: Browser, portal: RunningPortal) -> Iterator[Wall]:
    """24 live tiles of four kinds, each with a number F."""
    job = RunningJob(portal, tiles=COUNT)
    context = chromium.new_context(viewport={"width": 1600, "height": 1000}, locale="en-GB")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    made = Wall(portal, job, page)
    made.open()
    kinds = [{"tags": [], "metadata": {"kind": KINDS[i % 4], "F": i / COUNT}} for i in range(COUNT)]
    columns = [
        {"name": "kind", "dtype": "str", "unit": None, "description": None, "role": "parameter"},
        {"name": "F", "dtype": "float64", "unit": None, "description": None, "role": "parameter"},
    ]
    made.tell([LIVE | kind for kind in kinds], columns=columns)
    yield made
    context.close()
    job.end()
    assert problems == []


def do(wall: Wall, *registers: tuple[str, Any]) -> None:
    """Change the session, and wait until the wall stands still."""
    wall.page.evaluate(SET, [list(register) for register in registers])
    at_rest(wall.page)


def ids(wall: Wall) -> list[int]:
    found: list[int] = wall.page.evaluate("window.tiledviz.tiles().map(t => t.id)")
    return found


def rects(wall: Wall) -> dict[int, dict[str, float]]:
    return {int(id_): rect for id_, rect in wall.page.evaluate(RECTS).items()}


def rows(wall: Wall) -> list[int]:
    """Return how many tiles each row has that one sees."""
    tops: dict[int, int] = {}
    for rect in rects(wall).values():
        middle = round(rect["y"] + rect["height"] / 2)
        tops[middle] = tops.get(middle, 0) + 1
    return [tops[top] for top in sorted(tops)]


def near(picture: Picture, colour: tuple[int, int, int], far: int = 60) -> float:
    """Return the share of pixels of about this colour (red, green, blue)."""
    return float((np.abs(picture.astype(int) - list(colour[::-1])).sum(axis=2) < far).mean())


def unlike(a: Any, b: Any) -> float:
    """Return the difference of two pictures of whatever sizes, in grey levels, fine details aside."""
    small = [
        cv2.resize(np.ascontiguousarray(each), (40, 30), interpolation=cv2.INTER_AREA).astype(int) for each in (a, b)
    ]
    return float(np.abs(small[0] - small[1]).mean())


def edge(picture: Picture, rect: dict[str, float], line: int) -> Picture:
    """Return the row of pixels *line* below the upper edge of *rect*, but for its ends."""
    y, x, width = round(rect["y"]) + line, round(rect["x"]), round(rect["width"])
    return picture[y : y + 1, x + width // 6 : x + width - width // 4]


# -------------------------------------------------------------------------- lanes


def test_tiles_stand_in_lanes_under_labels_and_the_cells_say_so(wall: Wall, output: Path) -> None:
    page = wall.page
    do(wall, ("group", {"by": "column:kind"}))
    shot(page, output / "lanes.png")
    lanes = page.get_by_role("grid").get_by_role("rowgroup")
    expect(lanes).to_have_count(4)
    for name in KINDS:
        cells = page.get_by_role("rowgroup", name=name).get_by_role("gridcell")
        expect(cells).to_have_count(6)
        expect(cells.first).to_have_accessible_name(re.compile(f", in {name}$"))
    # Lanes stand below each other, in the order of their names.
    order = [tile["title"].split()[1] for tile in page.evaluate("window.tiledviz.tiles()")]
    assert order == sorted(order)
    tops = [min(rects(wall)[id_]["y"] for id_ in ids(wall)[at : at + 6]) for at in (0, 6, 12, 18)]
    assert tops == sorted(tops)
    assert len(set(tops)) == 4
    do(wall, ("group", None))
    expect(lanes).to_have_count(0)
    expect(page.get_by_role("grid").get_by_role("gridcell")).to_have_count(COUNT)


def test_the_focus_goes_from_lane_to_lane_by_arrows(wall: Wall) -> None:
    page = wall.page
    do(wall, ("group", {"by": "column:kind"}), ("layout/columns", 4))
    cells = page.get_by_role("gridcell")
    cells.first.focus()
    for key, at in (("ArrowRight", 1), ("ArrowDown", 5), ("ArrowDown", 7), ("ArrowRight", 8), ("ArrowUp", 5)):
        page.keyboard.press(key)
        expect(cells.nth(at)).to_be_focused()
    page.keyboard.press("End")
    expect(cells.last).to_be_focused()


def test_a_lane_of_tiles_without_a_value_stands_last_and_says_so(wall: Wall) -> None:
    first, second = ids(wall)[:2]
    do(wall, ("group", {"by": "tags"}), (f"tags/{first}/keep", True), (f"tags/{second}/a%20b", True))
    labels = [lane.get_attribute("aria-label") for lane in wall.page.get_by_role("rowgroup").all()]
    assert labels == ["a b", "keep", "Without a tag"]
    expect(wall.page.get_by_role("rowgroup", name="keep").get_by_role("gridcell")).to_have_accessible_name(
        re.compile(", tag keep, in keep$")
    )


# ------------------------------------------------------------- columns, sizes, gaps


def test_columns_gap_and_title_are_set_and_the_wall_flows_anew(wall: Wall, output: Path) -> None:
    page = wall.page
    do(wall, ("layout/columns", 5))
    assert rows(wall) == [5, 5, 5, 5, 4]
    row = [cells.get_by_role("gridcell").count() for cells in page.get_by_role("row").all()]
    assert row == [5, 5, 5, 5, 4]
    first, second = ids(wall)[:2]

    def gap() -> float:
        now = rects(wall)
        return now[second]["x"] - now[first]["x"] - now[first]["width"]

    do(wall, ("layout/gap", 60))
    assert gap() == pytest.approx(60, abs=2)
    do(wall, ("layout/gap", 0), ("layout/title", 0))
    shot(page, output / "no-gaps.png")
    assert gap() == pytest.approx(0, abs=0.5)
    do(wall, ("layout/gap", None), ("layout/title", None), ("layout/columns", None))
    assert gap() == pytest.approx(14, abs=2)
    assert rows(wall)[0] != 5


def test_tiles_of_a_set_width_take_the_columns_that_fit_and_begin_at_the_upper_left(wall: Wall, output: Path) -> None:
    page = wall.page
    do(wall, ("layout/tile", 380))
    now = rects(wall)
    stage = page.locator("#stage").bounding_box()
    assert stage
    first = now[ids(wall)[0]]
    assert first["width"] == pytest.approx(380, abs=1)
    assert first["y"] - stage["y"] == pytest.approx(20, abs=2)
    assert rows(wall)[0] == 3
    shot(page, output / "set-width.png")
    # The focus is brought into sight where the wall is higher than the view.
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("End")
    at_rest(page)
    last = rects(wall)[ids(wall)[-1]]
    assert last["y"] + last["height"] <= stage["y"] + stage["height"]
    page.keyboard.press("f")
    at_rest(page)
    assert rects(wall)[ids(wall)[0]]["width"] < 380


# ------------------------------------------------------------ turned, faint, hidden


def test_a_tile_turned_by_a_quarter_fits_its_cell_and_asks_for_an_upright_picture(wall: Wall, output: Path) -> None:
    page = wall.page
    id_ = ids(wall)[5]
    before = part(shot(page), rects(wall)[id_], 0.05)
    asked = {index: (width, height) for index, width, height, *_ in wall.job.agent.stream().demand or ()}
    do(wall, (f"tile/{id_}/rotation", 90))
    picture = shot(page, output / "turned.png")
    rect = rects(wall)[id_]
    assert rect["height"] / rect["width"] == pytest.approx(4 / 3, rel=0.02)
    upright = np.rot90(part(picture, rect, 0.05))  # by a quarter against the clock
    assert unlike(before, upright) < 0.5 * unlike(before, np.rot90(upright, 2))
    deadline = time.monotonic() + 20
    while True:
        now = {index: (width, height) for index, width, height, *_ in wall.job.agent.stream().demand or ()}
        if now.get(5, asked[5]) != asked[5]:
            break
        assert time.monotonic() < deadline, now
        time.sleep(0.05)
    assert now[5][0] / now[5][1] == pytest.approx(4 / 3, rel=0.05)
    assert now[5][0] < asked[5][0]
    do(wall, (f"tile/{id_}/rotation", 180))
    half = part(shot(page), rects(wall)[id_], 0.05)
    assert unlike(before, np.rot90(half, 2)) < 0.5 * unlike(before, half)


def test_a_faint_tile_shows_the_ground_through_it_and_a_hidden_one_is_off_the_wall(wall: Wall) -> None:
    page = wall.page
    id_ = ids(wall)[7]
    before = part(shot(page), rects(wall)[id_]).mean()
    do(wall, (f"tile/{id_}/opacity", 0.3))
    assert part(shot(page), rects(wall)[id_]).mean() < before * 0.5
    do(wall, (f"tile/{id_}/hidden", True))
    assert id_ not in ids(wall)
    expect(page.get_by_role("gridcell")).to_have_count(COUNT - 1)
    page.evaluate("window.tiledviz.session.undo()")
    expect(page.get_by_role("gridcell")).to_have_count(COUNT)


# --------------------------------------------------------------------- what lies on it


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_selection_colours_tags_notes_and_drawings_on_the_wall_in_each_theme(
    wall: Wall, output: Path, theme: str
) -> None:
    page = wall.page
    wall.choose(theme)
    at = ids(wall)
    tags = [(f"tags/{id_}/{name}", True) for i, id_ in enumerate(at) for j, name in enumerate("abcdefgh") if i % 9 > j]
    do(
        wall,
        *tags,
        ("colour", {"by": "column:F", "scale": "viridis", "from": None, "to": None, "reversed": False}),
        (f"drawing/{at[6]}/a", PEN),
        (f"tile/{at[8]}/rotation", 270),
        (f"drawing/{at[8]}/a", PEN),
    )
    page.evaluate("id => window.tiledviz.session.write(`note/${id}`, 'The front turns here after step 1200')", at[10])
    others = {"anna": [at[3], at[4]], "bo": [at[4]]}
    for person, selection in others.items():
        act = {"id": f"{person}-1", "set": [[f"person/{person}/selection", selection]]}
        wall.portal.store.rooms.append("main", person, "viewer", [act])
    until(page, "window.tiledviz.session.document.get('person/bo/selection') !== undefined")
    page.get_by_role("gridcell").nth(2).focus()
    page.keyboard.press("Space")
    page.get_by_role("gridcell").nth(4).focus()
    page.keyboard.press("Space")
    at_rest(page)
    picture = shot(page, output / f"grid-{theme}.png")
    now = rects(wall)
    # Selected: an accent edge and a tick; the focus: a ring around it.
    assert near(edge(picture, now[at[2]], 0), ACCENT[theme]) > 0.9
    assert near(edge(picture, now[at[0]], 0), ACCENT[theme]) < 0.1
    assert near(edge(picture, now[at[4]], -4), ACCENT[theme]) > 0.9
    selected = page.get_by_role("gridcell", selected=True)
    expect(selected).to_have_count(2)
    expect(selected.first).to_have_accessible_name(re.compile(", selected$"))
    # A drawing is drawn where it was drawn, and turns with its picture.
    assert near(part(picture, now[at[6]], 0.05), (0xFF, 0x3B, 0x30), 90) > 0.01
    assert near(part(picture, now[at[8]], 0.05), (0xFF, 0x3B, 0x30), 90) > 0.01
    # A note is paper, with words.
    assert near(part(picture, now[at[10]], 0.02), (0xF6, 0xDD, 0x7D)) > 0.05
    expect(page.get_by_role("gridcell").nth(10)).to_have_accessible_name(re.compile(", has a note$"))
    expect(page.get_by_role("gridcell").nth(2)).to_have_accessible_name(re.compile(", tags a, b, selected$"))
    do(wall, ("group", {"by": "column:kind"}))
    shot(page, output / f"grid-lanes-{theme}.png")
    page.set_viewport_size({"width": 390, "height": 780})
    at_rest(page)
    shot(page, output / f"grid-phone-{theme}.png")


def test_a_new_picture_leaves_edge_tick_and_drawing_where_they_are(wall: Wall) -> None:
    """A plain tile's picture is drawn within its edge; one on which things lie, with them."""
    page = wall.page
    at = ids(wall)
    colour = {"by": "column:F", "scale": "viridis", "from": None, "to": None, "reversed": False}
    do(wall, ("colour", colour), (f"drawing/{at[6]}/a", PEN), (f"tile/{at[8]}/rotation", 90))
    page.get_by_role("gridcell").nth(6).focus()
    page.keyboard.press("Space")
    page.get_by_role("gridcell").nth(0).focus()
    at_rest(page)
    before = shot(page)
    counts = "async () => Object.values((await window.tiledviz.drawn()).tiles)"
    drawn = sum(page.evaluate(counts))
    for index in range(COUNT):
        draw(wall.job.agent.stream(), index, index)
    until(page, f"n => ({counts})().then(counts => counts.reduce((a, b) => a + b) >= n)", drawn + COUNT)
    page.wait_for_timeout(300)
    assert difference(before, shot(page)) < 0.5


def test_pointer_input_into_a_turned_tile_goes_where_one_points(wall: Wall) -> None:
    page = wall.page
    id_ = ids(wall)[5]
    do(wall, (f"tile/{id_}/rotation", 90))
    page.keyboard.press("w")
    rect = rects(wall)[id_]
    # Right of the upper edge: what is shown there is the display's upper left corner.
    x, y = rect["x"] + rect["width"] * 0.9, rect["y"] + rect["height"] * 0.2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()
    deadline = time.monotonic() + 20
    while not (found := [said for said in wall.job.agent.stream().looker().input if "pointer" in said]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    u, v, _ = found[-1]["pointer"]
    assert u / 65536 == pytest.approx(0.2, abs=0.03)
    assert v / 65536 == pytest.approx(0.1, abs=0.03)
