"""A display wall in a real Chromium: screens without a keyboard, each with its piece, in step; its remote control."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_kit import Axe, all_within
from playwright.sync_api import Browser, BrowserContext, Page, expect

from commanding import run_command
from portal_kit import RunningJob, RunningPortal
from told_wall import draw
from tvcore.people import display_walls
from tvcore.people.by import here
from world import until

LONG = 30_000
TILES = 12
BEZEL = 20.0
SIZES = [{"width": 1920, "height": 1080, "inches": 24.0}, {"width": 1280, "height": 1024, "inches": 19.0}]
VIEWS = [{"width": 960, "height": 540}, {"width": 640, "height": 512}]  # half of the pixels, as a browser at 200 %
WAKE = "window.asked = []; navigator.wakeLock.request = (what) => (window.asked.push(what), Promise.resolve({}));"

# What of the wall is within the outline of each screen on the remote control.
OUTLINES = """() => {
    const { x, y, scale } = window.tiledviz.camera();
    return [...document.querySelectorAll('.remote-outline div')].map((each) => ({
        x: x + each.offsetLeft / scale, y: y + each.offsetTop / scale,
        width: each.offsetWidth / scale, height: each.offsetHeight / scale }));
}"""

Rect = dict[str, float]


class Wall:
    """A display wall of two screens of different sizes, and browsers for it."""

    def __init__(self, chromium: Browser, portal: RunningPortal, job: RunningJob) -> None:
        self.chromium, self.portal, self.job = chromium, portal, job
        self.made = display_walls.new_display_wall(
            portal.store, here(portal.store), "main", "lobby", 2, 1, BEZEL, SIZES, uses=3
        )
        self.contexts: list[BrowserContext] = []
        self.problems: list[str] = []

    def page(self, fragment: str, width: int, height: int, **more: Any) -> Page:
        context = self.chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB", **more)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        self.contexts.append(context)
        page = context.new_page()
        page.add_init_script(WAKE)
        page.goto(f"{self.portal.origin}/#{fragment}")
        return page

    def screen(self, number: int) -> Page:
        """Open the address of screen *number*, 0 or 1."""
        secret = self.made["places"][number]["secret"]
        page = self.page(f"invite={secret}&s=main&screen=lobby,{number + 1},1", **VIEWS[number])
        until(page, f"window.tiledviz?.connection() == 'open' && window.tiledviz.tiles().length == {TILES}")
        return page

    def remote(self) -> Page:
        fragment = f"invite={self.made['remote']['secret']}&s=main&remote=lobby"
        page = self.page(fragment, 390, 844, has_touch=True, is_mobile=True)
        until(page, f"window.tiledviz?.connection() == 'open' && window.tiledviz.tiles().length == {TILES}")
        return page

    def owner(self) -> Page:
        page = self.page(f"login={self.portal.login_ticket()}", 1440, 900)
        until(page, f"window.tiledviz?.connection() == 'open' && window.tiledviz.tiles().length == {TILES}")
        return page

    def piece(self, number: int, seen: Rect) -> Rect:
        """Return what screen *number* has to show when somebody sees *seen* of the wall, all in wall units.

        Worked out here in millimetres, from the bottom up.
        """
        sides = [
            (25.4 * each["inches"] * each["width"] / math.hypot(each["width"], each["height"]),
             25.4 * each["inches"] * each["height"] / math.hypot(each["width"], each["height"]))
            for each in SIZES
        ]  # fmt: skip
        width = sides[0][0] + 2 * BEZEL + sides[1][0]
        height = max(sides[0][1], sides[1][1])
        unit = min(width / seen["width"], height / seen["height"])  # mm
        left = seen["x"] + seen["width"] / 2 - width / 2 / unit
        top = seen["y"] + seen["height"] / 2 - height / 2 / unit
        x = 0.0 if number == 0 else sides[0][0] + 2 * BEZEL
        y = (height - sides[number][1]) / 2
        return {
            "x": left + x / unit, "y": top + y / unit, "width": sides[number][0] / unit,
            "height": sides[number][1] / unit,
        }  # fmt: skip

    def shows(self, screen: Page, piece: Rect) -> None:
        """Wait until *screen* shows *piece*, to a pixel of its."""
        until(
            screen,
            """piece => {
                const { x, y, scale } = window.tiledviz.camera();
                const [width, height] = [innerWidth / scale, innerHeight / scale];
                const far = [x - piece.x, y - piece.y, width - piece.width, height - piece.height];
                return far.every((value) => Math.abs(value) * scale < 1);
            }""",
            piece,
        )


def seen(page: Page) -> Rect:
    """Return what of the wall *page* shows, once nothing moves."""
    before: Any = None
    while before != (before := page.evaluate("JSON.stringify(window.tiledviz.camera())")):
        page.wait_for_timeout(250)
    found: Rect = page.evaluate(
        """() => {
            const { x, y, scale } = window.tiledviz.camera();
            const { clientWidth, clientHeight } = document.querySelector('#stage');
            return { x, y, width: clientWidth / scale, height: clientHeight / scale };
        }"""
    )
    return found


def begun(screen: Page) -> float:
    """Return when the change that *screen* shows began, in the portal's time in ms."""
    (worker,) = screen.workers
    start: float = worker.evaluate("tiledviz.scene.motions.drawn.at(-1).start")
    return start + float(screen.evaluate("window.tiledvizScreen.ahead()"))


@pytest.fixture
def wall(chromium: Browser, own_portal: RunningPortal) -> Iterator[Wall]:
    job = RunningJob(own_portal, tiles=TILES)
    made = Wall(chromium, own_portal, job)
    yield made
    for context in made.contexts:
        context.close()
    job.end()
    assert made.problems == []


def lead(page: Page) -> None:
    page.get_by_role("button", name="1 here").click()
    page.get_by_role("button", name="Lead the display wall lobby").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("status").filter(has_text="You lead the display wall lobby")).to_be_visible(timeout=LONG)


def test_two_screens_show_their_pieces_of_what_a_leader_sees_beginning_at_one_time(wall: Wall, output: Path) -> None:
    screens = [wall.screen(0), wall.screen(1)]
    expect(screens[1].get_by_text("2,1 of 2×1")).to_be_visible(timeout=LONG)
    whole = seen(screens[0]), seen(screens[1])
    gap = 2 * BEZEL * whole[0]["width"] / (25.4 * 24 * 16 / math.hypot(16, 9))
    assert whole[1]["x"] - whole[0]["x"] - whole[0]["width"] == pytest.approx(gap, rel=1e-3), "nobody leads: all of it"
    leader = wall.owner()
    lead(leader)
    expect(leader.get_by_text("2 of 2 screens are there")).to_be_visible(timeout=LONG)
    for keys in ("z", "+", "ArrowRight", "f"):
        leader.get_by_role("gridcell").nth(5).focus()
        leader.keyboard.press(keys)
        there = seen(leader)
        for number, screen in enumerate(screens):
            wall.shows(screen, wall.piece(number, there))
        assert begun(screens[0]) == pytest.approx(begun(screens[1]), abs=15), "one time, by two clocks"
    for index in range(TILES):
        draw(wall.job.agent.stream(), index, index)
    for number, screen in enumerate(screens):
        screen.wait_for_timeout(5000 if number == 0 else 0)  # longer than a name is shown
        expect(screen.get_by_text(f"{number + 1},1 of 2×1")).to_be_hidden()
        screen.screenshot(path=output / f"display-wall-{number + 1}.png")
    leader.screenshot(path=output / "display-wall-leader.png")
    leader.get_by_role("button", name="Stop leading", exact=True).click()
    expect(leader.get_by_text("You lead the display wall lobby")).to_be_hidden()
    leader.keyboard.press("z")
    leader.wait_for_timeout(600)
    for number, screen in enumerate(screens):
        wall.shows(screen, wall.piece(number, there))


def test_a_screen_that_is_missing_holds_up_nobody_and_is_in_step_when_it_comes(wall: Wall) -> None:
    first, leader = wall.screen(0), wall.owner()
    run_command(leader, "Lead the display wall lobby")
    expect(leader.get_by_text("1 of 2 screens are there")).to_be_visible(timeout=LONG)
    leader.get_by_role("gridcell").nth(7).focus()
    leader.keyboard.press("z")
    there = seen(leader)
    wall.shows(first, wall.piece(0, there))
    second = wall.screen(1)
    wall.shows(second, wall.piece(1, there))
    second.reload()
    wall.shows(second, wall.piece(1, there))
    uses = [each["uses"] for each in wall.portal.store.invitations.listed("main") if each["display"] == "lobby"]
    assert sum(uses) == 2, "to load a page again is no other use of its address"
    second.context.close()
    wall.contexts.remove(second.context)
    expect(leader.get_by_text("1 of 2 screens are there")).to_be_visible(timeout=LONG)
    leader.keyboard.press("f")
    there = seen(leader)
    wall.shows(first, wall.piece(0, there))
    again = wall.screen(1)
    wall.shows(again, wall.piece(1, there))
    leader.keyboard.press("z")
    there = seen(leader)
    for number, screen in enumerate((first, again)):
        wall.shows(screen, wall.piece(number, there))
    again.set_viewport_size({"width": 1280, "height": 1024})
    wall.shows(again, wall.piece(1, there))


def test_a_phone_is_the_remote_control(wall: Wall, output: Path) -> None:
    screens = [wall.screen(0), wall.screen(1)]
    owner = wall.owner()
    lead(owner)
    owner.get_by_role("gridcell").nth(3).focus()
    owner.keyboard.press("z")
    there = seen(owner)
    remote = wall.remote()
    expect(remote.get_by_role("heading", name="Display wall lobby")).to_be_visible(timeout=LONG)
    expect(remote.get_by_role("status")).to_contain_text("leads this wall, until you move it", timeout=LONG)
    expect(remote.get_by_role("status")).to_contain_text("2 of 2 screens are there")
    all_within(remote, "remote")
    Axe(remote).check_themes("remote control", output)
    remote.get_by_role("button", name="Show all").click()
    expect(remote.get_by_role("status")).to_contain_text("You move this wall", timeout=LONG)
    expect(owner.get_by_text("You lead the display wall lobby")).to_be_hidden(timeout=LONG)

    def outlined() -> None:
        """What is within the outline of each screen is what it shows, to a pixel of the remote control."""
        seen(remote)
        scale = remote.evaluate("window.tiledviz.camera().scale")
        for screen, rect in zip(screens, remote.evaluate(OUTLINES), strict=True):
            until(
                screen,
                """([rect, pixel]) => {
                    const { x, y, scale } = window.tiledviz.camera();
                    const [width, height] = [innerWidth / scale, innerHeight / scale];
                    const far = [x - rect.x, y - rect.y, width - rect.width, height - rect.height];
                    return far.every((value) => Math.abs(value) < 1.6 * pixel);
                }""",
                [rect, 1 / scale],
            )

    outlined()
    assert seen(screens[0]) != pytest.approx(wall.piece(0, there))
    box = remote.locator("#stage").bounding_box()
    assert box
    for name in ("Closer", "Closer", "Next page", "Page back", "Farther"):
        remote.get_by_role("button", name=name).click()
        outlined()
    before = seen(screens[0])
    remote.mouse.move(box["x"] + 200, box["y"] + 200)
    remote.mouse.down()
    remote.mouse.move(box["x"] + 140, box["y"] + 170, steps=8)
    remote.mouse.up()
    outlined()
    assert seen(screens[0])["x"] > before["x"]
    touch = remote.context.new_cdp_session(remote)
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def fingers(kind: str, apart: float) -> None:
        points = [{"x": middle[0] + side * apart, "y": middle[1], "id": side + 1} for side in (-1, 1)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [] if kind == "touchEnd" else points})

    before = seen(screens[0])
    fingers("touchStart", 30)
    for apart in (40, 50, 60):
        fingers("touchMove", apart)
    fingers("touchEnd", 60)
    outlined()
    assert seen(screens[0])["width"] == pytest.approx(before["width"] / 2, rel=0.05)
    remote.keyboard.press("ArrowRight")
    outlined()
    remote.get_by_role("button", name="Dark").click()
    for screen in screens:
        expect(screen.locator(".screen-blank")).to_be_visible(timeout=LONG)
    expect(remote.get_by_role("button", name="Dark", pressed=True)).to_be_visible()
    remote.screenshot(path=output / "display-wall-remote.png")
    remote.get_by_role("button", name="Dark").click()
    for screen in screens:
        expect(screen.locator(".screen-blank")).to_be_hidden(timeout=LONG)
    screens[1].context.close()
    wall.contexts.remove(screens[1].context)
    expect(remote.get_by_role("status")).to_contain_text("1 of 2 screens are there", timeout=LONG)
    expect(remote.locator(".remote-outline .away")).to_have_text("2,1")
    remote.screenshot(path=output / "display-wall-remote-missing.png")


def test_a_screen_is_bare_stays_awake_and_does_nothing_by_itself(wall: Wall, output: Path) -> None:
    screen = wall.screen(0)
    for role in ("button", "textbox", "banner", "dialog", "searchbox"):
        expect(screen.get_by_role(role)).to_have_count(0)
    size = "[document.querySelector('#stage').clientWidth, document.querySelector('#stage').clientHeight]"
    assert screen.evaluate(size) == [960, 540], "all of the window"
    until(screen, "window.asked.includes('screen')")
    screen.mouse.move(300, 300)
    screen.mouse.move(310, 310)
    assert screen.evaluate("getComputedStyle(document.documentElement).cursor") != "none"
    until(screen, "getComputedStyle(document.documentElement).cursor == 'none'", seconds=10)
    before = seen(screen)
    screen.mouse.wheel(0, -500)
    screen.keyboard.press("z")
    screen.keyboard.press("Delete")
    assert seen(screen) == before
    assert "invite" not in screen.url
    Axe(screen).check("screen")
    owner = wall.owner()
    expect(owner.get_by_role("button", name="1 here")).to_be_visible(timeout=LONG)  # a screen is no person


def test_a_screen_says_so_when_its_address_is_not_good_or_not_any_more(wall: Wall, output: Path) -> None:
    screen = wall.screen(0)
    stranger = wall.page(f"invite={'x' * 43}&s=main&screen=lobby,1,1", 960, 540)
    expect(stranger.get_by_role("heading", name="This screen shows nothing")).to_be_visible(timeout=LONG)
    expect(stranger.get_by_role("alert")).to_contain_text("not good", ignore_case=True)
    nobody = wall.page("s=main&screen=lobby,1,1", 960, 540)
    expect(nobody.get_by_role("alert")).to_contain_text("This address is not good any more", timeout=LONG)
    store = wall.portal.store
    display_walls.remove_display_wall(store, here(store), "main", "lobby")
    expect(screen.get_by_role("heading", name="This screen shows nothing")).to_be_visible(timeout=LONG)
    screen.screenshot(path=output / "display-wall-out.png")
    Axe(screen).check("a screen that is out")
