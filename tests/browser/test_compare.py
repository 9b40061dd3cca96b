"""Tiles compared: every way by keys and by pointer, differences to the pixel, the wall against a reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from axe_kit import Axe, all_within
from playwright.sync_api import Browser, BrowserContext, Page, expect

from commanding import run_command
from compare_kit import HEIGHT, Pictures, grey, near, scene
from portal_kit import RunningJob, RunningPortal
from tvcore.portal.roles import Role
from world import shot, until


@pytest.fixture
def tiles(page: Page, job: RunningJob) -> Pictures:
    """Four tiles: of light, dark and middle grey, and of all colours."""
    return Pictures(job, page)


@pytest.fixture
def somebody(chromium: Browser, portal: RunningPortal, tiles: Pictures) -> Iterator[Callable[[str], Page]]:
    """Open the page of somebody else, in a role."""
    contexts: list[BrowserContext] = []

    def opened(role: str) -> Page:
        contexts.append(chromium.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB"))
        page = contexts[-1].new_page()
        page.goto(f"{portal.origin}/#login={portal.login_ticket(role=cast(Role, role))}")
        until(page, "window.tiledviz.connection() == 'open' && window.tiledviz.tiles().length == 4")
        tiles.wait_for(1 + len(contexts))
        return page

    yield opened
    for context in contexts:
        context.close()


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()


# ----------------------------------------------------------------------- by keys


def test_two_tiles_are_compared_in_every_way_by_keys(tiles: Pictures, page: Page, output: Path) -> None:
    tiles.compare(0, 1)
    # Asked for in the size shown, and no other tile is.
    tiles.rest()
    side = tiles.layers()[0]["rect"]
    tiles.show(t0=grey(200), t1=grey(60))
    assert tiles.size_of(0) == (round(side["width"]), round(side["height"]))
    assert (tiles.size_of(2), tiles.size_of(3)) == (None, None)
    assert near(tiles.middle(0), 200)
    assert near(tiles.middle(1), 60)
    page.keyboard.press("2")
    tiles.way("overlay")
    tiles.show(t0=grey(200), t1=grey(60))
    assert near(tiles.middle(), 130, 2)
    page.keyboard.press("3")
    tiles.way("swipe")
    left, right = tiles.layers()
    assert left["clip"]["x"] + left["clip"]["width"] == right["clip"]["x"]
    assert near(tiles.middle(0), 200)
    assert near(tiles.middle(1), 60)
    before = right["clip"]["x"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("slider", name="Divider")).to_have_attribute("aria-valuenow", "62")
    tiles.rest()
    assert tiles.layers()[1]["clip"]["x"] == pytest.approx(before + 0.12 * left["rect"]["width"], abs=1.5)
    tiles.kept("it.divider > 0.61")
    page.keyboard.press("4")
    tiles.way("blink")
    page.keyboard.press("Space")
    expect(button(page, "Start")).to_be_visible()
    tiles.rest()
    shown = [tiles.middle()]
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
        tiles.rest()
        shown.append(tiles.middle())
    assert near(shown[0], shown[2][0])
    assert sorted([shown[0][0], shown[1][0]]) == [60, 200]
    page.keyboard.press("5")
    tiles.way("difference")
    tiles.rest()
    assert tiles.middle() == [140, 140, 140]
    shot(page, output / "compare-difference-grey.png")
    page.keyboard.press("+")
    expect(page.get_by_role("group", name="Zoom")).to_contain_text("140%")
    page.keyboard.press("0")
    expect(page.get_by_role("group", name="Zoom")).to_contain_text("100%")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="2 tiles")).to_be_hidden()
    until(page, "document.activeElement?.closest('[role=gridcell]') != null")
    assert tiles.state() is None
    until(page, "!document.getElementById('stage').inert && !document.getElementById('bar').hidden")


def test_how_many_tiles_can_be_compared_is_said_and_the_wall_below_has_no_keys(tiles: Pictures, page: Page) -> None:
    tiles.select(0)
    page.keyboard.press("Shift+C")
    expect(page.get_by_text("Select 2 to 4 tiles to compare them")).to_be_visible()
    tiles.compare(0, 1, 2, 3)
    for key in ("Delete", "o", "v", "Enter", "Control+a", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="4 tiles")).to_be_visible()
    assert page.evaluate("window.tiledviz.tiles().map(t => t.off).join()") == "false,false,false,false"
    run_command(page, "Compare: Swipe")
    tiles.way("swipe")
    page.keyboard.press("Escape")
    assert tiles.state() is None


# -------------------------------------------------------------------- by pointer


def test_two_tiles_are_compared_in_every_way_by_pointer(tiles: Pictures, page: Page, output: Path) -> None:
    tiles.select(1, 3)
    button(page, "Compare").click()
    tiles.way("side")
    tiles.show(t1=grey(60), t3=scene(3))
    box = page.locator(".compare-view").bounding_box()
    assert box is not None
    # Closer where the pointer is, in both alike; a hand moves both.
    first, second = (layer["rect"] for layer in tiles.layers())
    page.mouse.move(box["x"] + first["x"] + first["width"] * 0.25, box["y"] + first["y"] + first["height"] * 0.5)
    page.mouse.wheel(0, -600)
    tiles.rest()
    zoomed = [layer["rect"] for layer in tiles.layers()]
    assert zoomed[0]["width"] == zoomed[1]["width"] > first["width"] * 1.5
    assert zoomed[0]["x"] - first["x"] == pytest.approx(zoomed[1]["x"] - second["x"], abs=1)
    point = first["x"] + first["width"] * 0.25
    assert (point - zoomed[0]["x"]) / zoomed[0]["width"] == pytest.approx(0.25, abs=0.01)
    middle = (box["x"] + first["x"] + first["width"] / 2, box["y"] + first["y"] + first["height"] / 2)
    drag(page, middle, (middle[0] - 40, middle[1] + 20))
    tiles.rest()
    for before, after in zip(zoomed, [layer["rect"] for layer in tiles.layers()], strict=True):
        assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((-40, 20), abs=1.5)
    page.get_by_role("group", name="Zoom").get_by_role("button", name="Fit").click()
    tiles.rest()
    assert [layer["rect"] for layer in tiles.layers()] == [first, second]
    button(page, "Overlay").click()
    tiles.way("overlay")
    page.get_by_role("group", name="Settings").get_by_role("slider", name="Opacity").fill("0.25")
    tiles.rest()
    assert [layer["opacity"] for layer in tiles.layers()] == [1, 0.25]
    button(page, "Swipe").click()
    tiles.way("swipe")
    tiles.show(t1=grey(60), t3=scene(3))
    rect = tiles.layers()[0]["rect"]
    divider = page.get_by_role("slider", name="Divider").bounding_box()
    assert divider is not None
    height = divider["y"] + divider["height"] * 0.7
    drag(page, (divider["x"], height), (box["x"] + rect["x"] + rect["width"] * 0.2, height))
    expect(page.get_by_role("slider", name="Divider")).to_have_attribute("aria-valuenow", re.compile("^(19|20|21)$"))
    tiles.rest()
    shot(page, output / "compare-swipe.png")
    tiles_before = [layer["of"]["tile"] for layer in tiles.layers()]
    button(page, "Swap").click()
    tiles.rest()
    assert [layer["of"]["tile"] for layer in tiles.layers()] == tiles_before[::-1]
    button(page, "Blink").click()
    tiles.way("blink")
    page.get_by_role("slider", name="Speed").fill("3")
    expect(page.get_by_text("3 per second")).to_be_visible()
    button(page, "Stop").click()
    button(page, "Next").click()
    button(page, "Difference").click()
    tiles.way("difference")
    button(page, "Signed").click()
    page.get_by_role("combobox", name="How many times stronger").select_option("4")
    expect(page.get_by_role("img", name=re.compile("^From darker by 63.8 of 255"))).to_be_visible()
    tiles.kept("it.factor === 4")
    button(page, "Back to the wall").click()
    expect(page.get_by_role("heading", name="2 tiles")).to_be_hidden()


def test_of_three_tiles_any_two_are_held_against_each_other(tiles: Pictures, page: Page) -> None:
    tiles.compare(0, 1, 2)
    page.keyboard.press("5")
    tiles.way("difference")
    page.get_by_role("combobox", name="From").select_option("tile 2")
    tiles.rest()
    ids = tiles.job.tiles
    assert [(each["of"]["tile"], each["less"]["tile"]) for each in tiles.layers()] == [(ids[0], ids[2])]
    page.get_by_role("combobox", name="Of", exact=True).select_option("tile 2")
    tiles.rest()
    assert [(each["of"]["tile"], each["less"]["tile"]) for each in tiles.layers()] == [(ids[2], ids[0])]
    tiles.show(t0=grey(90), t2=grey(100))
    assert tiles.middle() == [10, 10, 10]
    expect(page.get_by_text("tile 2 − tile 0")).to_be_visible()


# ------------------------------------------------------------------- to the pixel


def test_a_difference_is_exact_in_every_pixel(tiles: Pictures, page: Page) -> None:
    page.set_viewport_size({"width": 700, "height": 600})  # no larger than the displays: shown as it comes
    tiles.compare(0, 3)
    page.keyboard.press("5")
    tiles.way("difference")
    tiles.show(t0=scene(1), t3=scene(2))
    until(page, "window.tiledviz.connection() == 'open'")
    found = tiles.wrong(0, 3)
    assert found["wrong"] == 0
    rect = tiles.layers()[0]["rect"]
    assert found["size"] == [rect["width"], rect["height"]], "shown as it came"
    assert found["seen"] == rect["width"] * rect["height"]
    assert found["far"] > 150, "the two differ much"
    page.get_by_role("combobox", name="How many times stronger").select_option("8")
    tiles.drawn("it[0].factor === 8")
    assert tiles.wrong(0, 3, factor=8)["wrong"] == 0
    button(page, "Signed").click()
    tiles.drawn("it[0].kind === 'signed'")
    signed = tiles.wrong(0, 3, "signed", 8)
    assert signed["wrong"] == 0
    colours = dict(signed["colours"])
    assert len(set(colours.values())) > 50
    assert colours[0] == "236,229,224", "the middle of the scale"
    tiles.show(t3=scene(1))
    assert set(dict(tiles.wrong(0, 3, "signed", 8)["colours"]).values()) == {"236,229,224"}


def test_a_tile_that_stands_turned_is_compared_as_it_stands(tiles: Pictures, page: Page) -> None:
    picture = grey(40)
    picture[: HEIGHT // 2] = 240  # light above
    page.evaluate("id => window.tiledviz.session.set([[`tile/${id}/rotation`, 180]], 'rotation')", tiles.job.tiles[1])
    tiles.compare(0, 1)
    page.keyboard.press("5")
    tiles.way("difference")
    tiles.show(t0=picture, t1=picture)
    rect = tiles.layers()[0]["rect"]
    x = rect["x"] + rect["width"] / 2
    assert near(tiles.pixel(x, rect["y"] + rect["height"] / 4), 200)
    assert near(tiles.pixel(x, rect["y"] + rect["height"] * 3 / 4), 200)


# ------------------------------------------------------------ the wall's reference


def test_all_tiles_show_their_difference_from_a_reference(
    tiles: Pictures, page: Page, somebody: Callable[[str], Page], output: Path
) -> None:
    tiles.show(t0=grey(200), t1=grey(60), t2=grey(190), t3=scene(5))
    page.locator(f'[data-tile="{tiles.job.tiles[0]}"]').focus()
    page.keyboard.press("y")
    line = page.get_by_role("group", name="Reference")
    expect(line).to_contain_text("All tiles: difference from tile 0")
    tiles.shown_as("way", "absolute")
    assert near(tiles.on_tile(0), 200)
    assert tiles.on_tile(1) == [140, 140, 140]
    assert tiles.on_tile(2) == [10, 10, 10]
    expect(page.get_by_role("gridcell", name=re.compile("^tile 0, .*the reference of all differences"))).to_have_count(
        1
    )
    tiles.show(t1=grey(210))  # live: it follows its tile
    assert tiles.on_tile(1) == [10, 10, 10]
    tiles.show(t0=grey(100))  # and the reference
    assert (tiles.on_tile(1), tiles.on_tile(2)) == ([110, 110, 110], [90, 90, 90])
    line.get_by_role("combobox", name="How many times stronger").select_option("2")
    tiles.shown_as("scale", 2)
    assert tiles.on_tile(2) == [180, 180, 180]
    line.get_by_role("button", name="Signed").click()
    tiles.shown_as("way", "signed")
    red, _, blue = tiles.on_tile(2)
    assert red > blue + 40, "it is brighter"
    shot(page, output / "reference.png")
    # Everybody sees it; who only looks cannot change it.
    other = somebody("viewer")
    expect(other.get_by_text("All tiles: difference from tile 0")).to_be_visible()
    expect(button(other, "Signed")).to_be_disabled()
    expect(button(other, "Take away")).to_be_hidden()
    # Compared, pictures are as they are.
    tiles.compare(1, 2)
    tiles.show(t1=grey(210), t2=grey(190))
    assert near(tiles.middle(0), 210)
    page.keyboard.press("Escape")
    for _ in range(20):
        if page.get_by_text("All tiles: difference from tile 0").is_visible():
            break
        page.wait_for_timeout(100)
    button(page, "Take away").click()
    expect(page.get_by_text("All tiles: difference from tile 0")).to_be_hidden()
    tiles.show(t2=grey(190))
    assert near(tiles.on_tile(2), 190)
    page.keyboard.press("Control+z")
    expect(page.get_by_text("All tiles: difference from tile 0")).to_be_visible()
    page.locator(f'[data-tile="{tiles.job.tiles[0]}"]').focus()
    page.keyboard.press("y")
    expect(page.get_by_text("All tiles show their own pictures again")).to_be_visible()


def test_pictures_of_a_reference_are_asked_for_also_while_it_is_out_of_sight(tiles: Pictures, page: Page) -> None:
    tiles.show(t0=grey(200), t1=grey(60))
    page.locator(f'[data-tile="{tiles.job.tiles[0]}"]').focus()
    page.keyboard.press("y")
    tiles.select(1)
    page.keyboard.press("v")
    until(page, "window.tiledviz.tiles().length == 1")
    tiles.rest()
    assert tiles.size_of(0) == tiles.size_of(1)
    assert tiles.size_of(2) is None
    tiles.show(t0=grey(80), t1=grey(60))
    assert tiles.on_tile(1) == [20, 20, 20]
    page.keyboard.press("Escape")
    until(page, "window.tiledviz.tiles().length == 4")
    page.locator(f'[data-tile="{tiles.job.tiles[0]}"]').focus()
    page.keyboard.press("y")
    expect(page.get_by_text("All tiles: difference from tile 0")).to_be_hidden()


# -------------------------------------------------------- the document, the address


def test_a_comparison_is_undone_and_an_address_leads_back_to_it(
    tiles: Pictures, page: Page, somebody: Callable[[str], Page]
) -> None:
    tiles.compare(0, 2)
    page.keyboard.press("3")
    tiles.way("swipe")
    page.keyboard.press("Shift+ArrowLeft")
    tiles.kept("it.divider < 0.5")
    page.keyboard.press("+")
    tiles.kept("it.at?.zoom > 1")
    kept = tiles.state()
    assert kept["divider"] == pytest.approx(0.4)
    for part in ('"divider":0.4', '"zoom":1.4'):
        until(page, "part => decodeURIComponent(location.hash).includes(part)", part)
    address = page.url
    page.keyboard.press("Escape")
    assert tiles.state() is None
    page.keyboard.press("Control+z")
    expect(page.get_by_role("heading", name="2 tiles")).to_be_visible()
    assert tiles.state() == kept
    for _ in range(3):
        page.keyboard.press("Control+z")
    tiles.kept("it?.way === 'side'")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("heading", name="2 tiles")).to_be_hidden()
    other = somebody("owner")
    looking = tiles.looking
    other.goto("about:blank")
    other.goto(address)
    tiles.wait_for(looking + 1)
    expect(other.get_by_role("heading", name="2 tiles")).to_be_visible()
    expect(other.get_by_role("slider", name="Divider")).to_have_attribute("aria-valuenow", "40")


def test_who_looks_along_sees_what_is_compared_until_they_do_something_themselves(
    tiles: Pictures, page: Page, somebody: Callable[[str], Page]
) -> None:
    tiles.compare(1, 2)
    other = somebody("viewer")
    other.get_by_role("gridcell").first.focus()
    until(other, "[...window.tiledviz.session.people.values()].some(each => each.view !== null)")
    other.keyboard.press("p")
    expect(other.get_by_role("heading", name="2 tiles")).to_be_visible()
    page.keyboard.press("2")
    expect(button(other, "Overlay")).to_have_attribute("aria-pressed", "true")
    button(other, "Difference").click()  # by oneself now, from there on
    expect(other.get_by_text("You look along")).to_be_hidden()
    expect(button(other, "Difference")).to_have_attribute("aria-pressed", "true")
    expect(button(page, "Overlay")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    other.wait_for_timeout(500)
    expect(other.get_by_role("heading", name="2 tiles")).to_be_visible()
    other.keyboard.press("Escape")
    expect(other.get_by_role("heading", name="2 tiles")).to_be_hidden()


def test_a_tile_that_goes_leaves_the_comparison_and_the_last_two_need_each_other(
    page: Page, job: RunningJob, tiles: Pictures
) -> None:
    tiles.compare(0, 1, 2)
    job.portal.store.remove_tiles([job.tiles[2]])
    expect(page.get_by_role("heading", name="2 tiles")).to_be_visible()
    job.portal.store.remove_tiles([job.tiles[1]])
    expect(page.get_by_role("heading", name="2 tiles")).to_be_hidden()


# ------------------------------------------------------------------ for everybody


def test_nothing_blinks_for_who_wants_less_motion_until_asked(tiles: Pictures, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    tiles.compare(0, 1)
    page.keyboard.press("4")
    tiles.way("blink")
    seen = tiles.layers()[0]["of"]["tile"]
    page.wait_for_timeout(1500)
    assert tiles.layers()[0]["of"]["tile"] == seen
    button(page, "Start").click()
    until(page, "document.querySelector('.titles').textContent == 'tile 1'")
    button(page, "Stop").click()
    page.emulate_media(reduced_motion="no-preference")
    button(page, "Start").click()
    page.emulate_media(reduced_motion="reduce")
    expect(button(page, "Start")).to_be_visible()


def test_it_blinks_at_most_three_times_in_a_second(tiles: Pictures, page: Page) -> None:
    page.emulate_media(reduced_motion="no-preference")
    tiles.compare(0, 1)
    page.keyboard.press("4")
    tiles.way("blink")
    page.get_by_role("slider", name="Speed").fill("3")
    times = page.evaluate(
        """() => new Promise(resolve => {
          const times = [];
          const seen = new MutationObserver(() => times.push(performance.now()));
          seen.observe(document.querySelector('.titles'), { subtree: true, childList: true, characterData: true });
          setTimeout(() => { seen.disconnect(); resolve(times); }, 4000);
        })"""
    )
    assert len(times) >= 4
    assert all(later - earlier > 320 for earlier, later in pairwise(times))
    page.keyboard.press("Escape")


def test_axe_finds_nothing_while_one_compares_and_on_a_wall_with_a_reference(
    tiles: Pictures, page: Page, output: Path
) -> None:
    axe = Axe(page)
    page.locator(f'[data-tile="{tiles.job.tiles[0]}"]').focus()
    page.keyboard.press("y")
    expect(page.get_by_text("All tiles: difference from tile 0")).to_be_visible()
    axe.check_themes("reference", output)
    page.keyboard.press("y")
    tiles.compare(0, 1, 2)
    for key, name in enumerate(("side", "overlay", "swipe", "blink", "difference"), start=1):
        page.keyboard.press(str(key))
        tiles.way(name)
        if name == "blink":
            page.keyboard.press("Space")
        axe.check_themes(f"compare {name}", output, by_key=True)
    page.keyboard.press("Escape")


def test_all_of_it_can_be_reached_on_a_phone_and_in_french(
    chromium: Browser, portal: RunningPortal, job: RunningJob, output: Path
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800}, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(page, "window.tiledviz.tiles().length == 4")
    tiles = Pictures(job, page)
    tiles.select(0, 1, 2)
    page.keyboard.press("Shift+C")
    expect(page.get_by_role("heading", name="3 tuiles")).to_be_visible()
    for key, name in enumerate(("side", "overlay", "swipe", "blink", "difference"), start=1):
        page.keyboard.press(str(key))
        tiles.way(name)
        if name == "blink":
            page.keyboard.press("Space")
        all_within(page, f"{name}, on a phone")
        shot(page, output / f"compare-phone-{name}.png")
    page.keyboard.press("Escape")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("y")
    expect(page.get_by_text("Toutes les tuiles : différence avec tile 0")).to_be_visible()
    all_within(page, "reference, on a phone")
    shot(page, output / "reference-phone.png")
    page.keyboard.press("y")
    until(page, "!(window.tiledviz.session.document.pending.length > 0)")
    context.close()
