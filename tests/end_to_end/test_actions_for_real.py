"""The actions of the case ``gray_scott`` with real tiles, from the page and the command line.

The tests share one job and stand in order.
"""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from display_kit import Display, Picture
from world import World, shot, until

TILES = 3
SWEEP = ("gray_scott", "--set", f"members={TILES}", "--set", "size=16", "--set", "steps=40")
SLOW = 30_000  # milliseconds, on a busy machine
FIRST_VIEW = "seen from where it began"
OFFERED = (
    "Back to the first view", "See all as the first", "Isovalue", "Colours", "Turn, or stand still", "Save a picture",
    "Write a table of these",
)  # fmt: skip
STOPPED = "it is not live, but stopped"


@dataclass(frozen=True)
class Sweep:
    """The job of three tiles: their displays, and what the programs drew there at first."""

    world: World
    ids: list[int]
    titles: list[str]
    displays: list[Display]
    first: list[Picture]

    def turn_by_hand(self, *indices: int) -> None:
        """Drag in these tiles until their members are seen from elsewhere."""
        # to the corner where the pointer rests when nobody points
        self.world.ask("tile", "drag", ",".join(str(self.ids[i]) for i in indices), "320", "240", "639", "479")

        def turned() -> bool:
            now = {i: self.displays[i].picture() for i in indices}
            return all(coloured(now[i]) and (now[i] != self.first[i]).any(axis=2).mean() > 0.05 for i in indices)

        self.world.wait(turned, 30, "the tiles are seen from elsewhere")

    def wait_first_view(self, *indices: int) -> None:
        def back() -> bool:
            return all(np.array_equal(self.displays[i].picture(), self.first[i]) for i in indices)

        self.world.wait(back, 60, "the tiles are seen as at first, to the pixel")

    def pictures(self) -> list[Picture]:
        return [display.picture() for display in self.displays]


@pytest.fixture(scope="module")
def sweep(world: World) -> Sweep:
    """A job of three live tiles at which nobody looks yet, so that they do not turn."""
    world.env["XDG_CACHE_HOME"] = str(world.folder / "cache")  # the ensemble is there, and the tables come beside it
    world.ask("launch", "--detach", *SWEEP)
    tiles = world.wait_live(TILES)
    folders = sorted(path.parent for path in (world.folder / "run").rglob("t*/rfb"))
    assert [folder.name for folder in folders] == ["t0", "t1", "t2"]
    displays = [Display(int(tile["display"][1:]), folder) for tile, folder in zip(tiles, folders, strict=True)]
    world.wait(lambda: all(coloured(display.picture()) for display in displays), 30, "every tile shows its surface")
    first = [display.picture() for display in displays]
    return Sweep(world, [tile["id"] for tile in tiles], [tile["title"] for tile in tiles], displays, first)


@pytest.fixture(scope="module")
def page(world: World, sweep: Sweep, browser: Browser) -> Iterator[Page]:
    """The page, with all tiles turned off: their programs stand as somebody leaves them."""
    _, log = world.start("up", "--port", "0")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.goto(world.opened(log))
    until(made, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}")
    for title in sweep.titles:
        cell(made, title).focus()
        panel = made.get_by_role("complementary", name="Details")
        expect(panel.get_by_role("heading", level=2)).to_have_text(title)
        panel.get_by_role("button", name="Turn off").click()
    watched = [display.folder / "watch" for display in sweep.displays]
    world.wait(lambda: all(path.read_text() == "0\n" for path in watched), 30, "nobody looks")
    yield made
    context.close()
    world.end_started()
    assert problems == []


def coloured(picture: Picture) -> bool:
    """Return whether there is a surface: colours, and not only the frame's grey."""
    spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
    return bool((spread > 40).mean() > 0.05)


def cell(page: Page, title: str) -> Locator:
    return page.get_by_role("gridcell", name=re.compile(f"^{title},"))


def tiledviz(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = world.command(*arguments)
    return subprocess.run(command, env=world.env, capture_output=True, text=True, check=False, timeout=120)


def cells(printed: str) -> list[list[str]]:
    return [re.split(" {2,}", line) for line in printed.splitlines()]


def told(sweep: Sweep, *said: str) -> list[list[str]]:
    """Return what the command line is to print, in cells: a line for each tile."""
    lines = zip(sweep.ids, sweep.titles, said, strict=True)
    return [["tile", "title"], *([str(number), title, words] for number, title, words in lines)]


def table_of(said: str) -> list[dict[str, str]]:
    """Return the rows of the table that an action says it wrote."""
    match = re.fullmatch(r"(\d+) members? (?:is|are) in (/.*\.csv)", said)
    assert match, said
    with Path(match[2]).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == int(match[1])
    return rows


def known(tiles: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Return what a table is to hold of *tiles*: all that the wall knows of their members."""
    assert all(len(tile["metadata"]) > 10 for tile in tiles)
    return [
        {"member": str(tile["member"])} | {name: str(value) for name, value in tile["metadata"].items()}
        for tile in tiles
    ]


@contextmanager
def actions(page: Page, name: str) -> Iterator[Locator]:
    """The dialog *name* for the actions of the case, opened by the palette."""
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search commands")
    field.fill("actions of the case")
    expect(page.get_by_role("option", selected=True)).to_have_text(re.compile("^Actions of the case"))
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=name)
    offered = dialog.get_by_role("group", name="Actions of the case").get_by_role("button")
    expect(offered).to_have_text([re.compile(f"{title}( …)?$") for title in OFFERED], timeout=SLOW)
    yield dialog
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def results(dialog: Locator) -> dict[str, str]:
    """Return what the dialog tells of each tile, by its title."""
    rows = dialog.get_by_role("table", name="Result of each tile").get_by_role("row").all()[1:]
    return {row.get_by_role("rowheader").inner_text(): row.get_by_role("cell").first.inner_text() for row in rows}


def test_the_selected_tiles_go_back_to_their_first_view_while_their_programs_run_on(
    world: World, sweep: Sweep, page: Page, output: Path
) -> None:
    sweep.turn_by_hand(0, 1, 2)
    pids, names = [tile["pid"] for tile in world.tiles()], [sweep.titles[0], sweep.titles[2]]
    for name in names:
        cell(page, name).focus()
        page.keyboard.press("Space")
    expect(page.get_by_text("2 tiles selected").first).to_be_visible()
    with actions(page, "Actions of the case on 2 tiles") as dialog:
        dialog.get_by_role("button", name="Back to the first view").click()
        expect(dialog.get_by_role("status")).to_have_text("2 of 2 done.", timeout=SLOW)
        assert results(dialog) == dict.fromkeys(names, FIRST_VIEW)
        shot(page, output / "actions-done.png")
    sweep.wait_first_view(0, 2)
    assert not np.array_equal(sweep.displays[1].picture(), sweep.first[1]), "a tile that was not selected went back"
    assert [tile["pid"] for tile in world.tiles()] == pids


def test_an_isovalue_is_asked_for_refused_in_the_words_of_the_command_line_and_shown(
    world: World, sweep: Sweep, page: Page, output: Path
) -> None:
    done = tiledviz(world, "tile", "act", "isovalue", "all", "--set", "value=1.5")
    assert (done.returncode, done.stdout) == (2, "")
    refusal = done.stderr.removeprefix("tiledviz: ").strip()
    assert refusal == "the action isovalue cannot take value=1.5: Input should be less than 1"
    before = sweep.pictures()
    with actions(page, "Actions of the case on 2 tiles") as dialog:
        dialog.get_by_role("button", name="Isovalue").click()
        asked = dialog.get_by_role("form", name="Isovalue")
        field = asked.get_by_label("Value", exact=True)
        field.fill("1.5")
        asked.get_by_role("button", name="Isovalue").click()
        expect(asked.get_by_text(refusal)).to_be_visible(timeout=SLOW)
        field.fill("0.1")
        asked.get_by_role("button", name="Isovalue").click()
        expect(dialog.get_by_role("status")).to_have_text("2 of 2 done.", timeout=SLOW)
        shot(page, output / "actions-isovalue.png")
    after = sweep.pictures()
    assert [not np.array_equal(*pair) for pair in zip(before, after, strict=True)] == [True, False, True]


def test_a_table_of_the_selected_tiles_holds_all_that_is_known_of_them(world: World, sweep: Sweep, page: Page) -> None:
    with actions(page, "Actions of the case on 2 tiles") as dialog:
        dialog.get_by_role("button", name="Write a table of these").click()
        expect(dialog.get_by_role("status")).to_have_text("2 of 2 done.", timeout=SLOW)
        found = results(dialog)
    assert list(found) == [sweep.titles[0], sweep.titles[2]]
    (said,) = set(found.values())
    assert table_of(said) == known(world.tiles()[::2])


def test_the_command_line_lists_the_actions_and_all_tiles_are_seen_as_the_leader_is(
    world: World, sweep: Sweep, page: Page
) -> None:
    done = tiledviz(world, "tile", "actions", "all")
    assert (done.returncode, done.stderr) == (0, "")
    listed = cells(done.stdout)
    assert listed[0] == ["action", "case", "done for", "tiles", "--set"]
    assert [row[2] for row in listed[1:]] == list(OFFERED)
    assert listed[3] == ["isovalue", "gray_scott", "Isovalue", "each", str(TILES), "value=0.2"]
    world.ask("tile", "act", "camera-reset", "all")
    sweep.turn_by_hand(1)
    before = sweep.pictures()
    done = tiledviz(world, "tile", "act", "camera-copy", "all", "--leader", str(sweep.ids[1]))
    assert done.returncode == 0, done.stderr
    assert {row[-1] for row in cells(done.stdout)[1:]} == {"2 tiles are seen as the first is"}
    after = sweep.pictures()
    assert [np.array_equal(*pair) for pair in zip(before, after, strict=True)] == [False, True, False]


def test_each_tile_saves_its_picture_beside_the_ensemble(world: World, sweep: Sweep, page: Page) -> None:
    for found, display in zip(world.ask("tile", "act", "picture", "all"), sweep.displays, strict=True):
        path = Path(found["said"].removeprefix("saved: "))
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        assert np.array_equal(pixels, display.picture())


def test_an_action_that_there_is_not_is_refused_by_name(world: World, sweep: Sweep, page: Page) -> None:
    done = tiledviz(world, "tile", "act", "explode", "all")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tiledviz: the case gray_scott has no action 'explode': it has camera-reset, ")
    assert len(done.stderr.splitlines()) == 1


def test_a_tile_that_stops_meanwhile_is_told_in_a_line_of_its_own_and_the_others_are_done(
    world: World, sweep: Sweep, page: Page, output: Path
) -> None:
    cell(page, sweep.titles[0]).focus()
    page.keyboard.press("Control+a")
    expect(page.get_by_text(f"{TILES} tiles selected").first).to_be_visible()
    with actions(page, f"Actions of the case on {TILES} tiles") as dialog:
        world.ask("tile", "stop", str(sweep.ids[1]))
        for title in ("Write a table of these", "Back to the first view"):
            dialog.get_by_role("button", name=title).click()
            expect(dialog.get_by_role("status")).to_have_text("2 of 3 done. 1 failed.", timeout=SLOW)
            first, stopped, third = (results(dialog)[name] for name in sweep.titles)
            assert stopped == STOPPED
            if title == "Write a table of these":
                assert first == third
                assert table_of(first) == known(world.tiles()[::2])
            else:
                assert (first, third) == (FIRST_VIEW, FIRST_VIEW)
        shot(page, output / "actions-failed.png")
    done = tiledviz(world, "tile", "act", "camera-reset", "all")
    assert (done.returncode, cells(done.stdout)) == (1, told(sweep, FIRST_VIEW, STOPPED, FIRST_VIEW))


def test_two_jobs_of_one_sweep_get_a_table_each(world: World, sweep: Sweep, page: Page) -> None:
    world.ask("tile", "restart", str(sweep.ids[1]))
    world.ask("launch", "--detach", *SWEEP, "--tiles", "1")
    tiles = world.wait_live(TILES + 1)
    said = [found["said"] for found in world.ask("tile", "act", "table", "all")]
    assert said[:TILES] == [said[0]] * TILES
    assert table_of(said[0]) == known(tiles[:TILES])
    assert table_of(said[TILES]) == known(tiles[TILES:])
    assert said[TILES].startswith("1 member is in /")
    entries = world.ask("audit")
    assert {(each["what"].get("action"), each["outcome"]) for each in entries} >= {
        ("isovalue", "refused"),
        ("table", "done"),
    }
