"""Work on the wall and input to many, up to what a node agent hears; tiles off; and who may only look."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from hands_kit import Desk, TinyRfb
from portal_kit import RunningJob, RunningPortal
from tvcore.portal.roles import Role
from world import Picture, part, shot, until

TILES = 9
A, B, SHIFT, CONTROL, ESCAPE = 0x61, 0x42, 0xFFE1, 0xFFE3, 0xFF1B


@pytest.fixture
def job(portal: RunningPortal) -> Iterator[RunningJob]:
    running = RunningJob(portal, tiles=TILES)
    yield running
    running.end()


@pytest.fixture
def open_desk(chromium: Browser, portal: RunningPortal, job: RunningJob) -> Iterator[Callable[..., Desk]]:
    """Open the page as somebody with a role."""
    problems: list[str] = []
    contexts = []

    def opened(role: Role = "owner") -> Desk:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
        contexts.append(context)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        return Desk(portal, job, context, role)

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


def pressed(page: Page) -> str | None:
    return page.get_by_role("button", name="Work on the wall").get_attribute("aria-pressed")


# ------------------------------------------------------------ work on the wall


def test_keys_and_pointer_go_into_a_small_tile_scaled_to_its_display_until_escape(desk: Desk, output: Path) -> None:
    page = desk.page
    assert pressed(page) == "false"
    page.mouse.move(*desk.spot(4))
    page.get_by_role("button", name="Work on the wall").click()
    assert pressed(page) == "true"
    page.mouse.move(*desk.spot(4, 0.25, 0.75))
    page.mouse.down()
    page.mouse.move(*desk.spot(4, 0.9, 0.1), steps=3)
    page.mouse.move(*desk.spot(4, 1.4, -0.3))  # the display ends there, the drag does not
    page.mouse.up()
    desk.wait(desk.clicked, "the button was down and is up")
    assert all(tiles == [4] for tiles, _ in desk.pointers())
    press = next(pointer for _, pointer in desk.pointers() if pointer[2] == 1)
    x, y = desk.pixel(press)
    assert abs(x - 160) <= 2
    assert abs(y - 360) <= 2
    assert desk.pixel(desk.pointers()[-1][1]) == (639, 0)
    expect(page.get_by_role("status").filter(has_text="Keys go to tile 4. Esc leaves.")).to_be_visible()
    expect(page.get_by_role("gridcell", name=re.compile("^tile 4, live.*keys go here"))).to_be_attached()

    page.keyboard.type("aB")
    desk.wait(lambda: len(desk.typed()) >= 4, "the keys came")
    typed = [(keysym, down) for tiles, keysym, down in desk.typed() if tiles == [4] and keysym in (A, B)]
    assert typed == [(A, True), (A, False), (B, True), (B, False)]
    page.get_by_role("button", name="Send Esc to the tile").click()
    desk.wait(lambda: ([4], ESCAPE, False) in desk.typed(), "Escape came, by its button")
    page.keyboard.press("s")  # and the keys are the tile's again
    desk.wait(lambda: ([4], ord("s"), False) in desk.typed(), "the keys go on")
    shot(page, output / "hands.png")

    page.keyboard.press("Escape")
    assert pressed(page) == "false"
    desk.wait(lambda: desk.releases() > 0, "all is released")
    count = len(desk.heard())
    page.keyboard.press("a")
    page.mouse.move(*desk.spot(5))
    desk.work(6)
    desk.wait(lambda: len(desk.heard()) > count, "the next tile is worked in")
    assert all("pointer" in said and said["tiles"] == [6] for said in desk.heard()[count:])


def test_the_wheel_and_the_other_buttons_go_in_too_while_the_wall_can_still_be_zoomed_and_moved(desk: Desk) -> None:
    page = desk.page
    page.keyboard.press("w")
    page.mouse.move(*desk.spot(0))
    page.mouse.wheel(0, 100)
    desk.wait(lambda: [p[2] for _, p in desk.pointers() if p[2]] == [16, 16], "two steps down")
    page.mouse.click(*desk.spot(0), button="right")
    page.mouse.click(*desk.spot(0), button="middle")
    desk.wait(lambda: [p[2] for _, p in desk.pointers() if p[2]] == [16, 16, 4, 2], "the right and the middle button")
    camera = page.evaluate("window.tiledviz.camera()")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    until(page, "s => window.tiledviz.camera().scale > s", camera["scale"])
    before = page.evaluate("window.tiledviz.camera()")
    x, y = page.evaluate("""() => {
        const { x, y, width, height } = window.tiledviz.tiles()[4].rect;
        return [x + width / 2, y + height + 8];
    }""")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 20, steps=4)
    page.mouse.up()
    until(page, "b => window.tiledviz.camera().x < b.x", before)
    assert {buttons for _, (_, _, buttons) in desk.pointers()} == {0, 16, 4, 2}


def test_moves_are_told_once_a_frame_and_a_key_goes_up_where_it_went_down(desk: Desk) -> None:
    page = desk.page
    desk.work(1)
    desk.wait(lambda: any(p[2] for _, p in desk.pointers()), "the tile has the keys")
    before = len(desk.pointers())
    page.evaluate(
        """([x, y]) => {
            const stage = document.querySelector('#stage');
            for (let i = 0; i < 200; i++) {
                const at = { clientX: x + i / 10, clientY: y };
                stage.dispatchEvent(new PointerEvent('pointermove', { ...at, bubbles: true, pointerType: 'mouse' }));
            }
        }""",
        desk.spot(1),
    )
    desk.wait(lambda: len(desk.pointers()) > before, "the last of these moves came")
    page.keyboard.down("Shift")
    page.keyboard.down("A")
    page.mouse.click(*desk.spot(2))
    page.keyboard.up("A")
    page.keyboard.up("Shift")
    desk.wait(lambda: ([2], SHIFT, False) in desk.typed(), "Shift is up")
    assert len(desk.pointers()) - before <= 6
    in_first = [([1], SHIFT, True), ([1], A - 32, True), ([1], SHIFT, False), ([1], A - 32, False)]
    assert desk.typed() == [*in_first, ([2], SHIFT, True), ([2], SHIFT, False)]


@pytest.mark.parametrize("way", ["blur", "hidden"])
def test_held_keys_are_released_when_the_window_loses_the_keyboard(desk: Desk, way: str) -> None:
    page = desk.page
    desk.work(3)
    page.keyboard.down("Control")
    desk.wait(lambda: ([3], CONTROL, True) in desk.typed(), "Control is down")
    count = desk.releases()
    if way == "blur":
        page.evaluate("dispatchEvent(new Event('blur'))")
    else:
        page.evaluate("""() => {
            Object.defineProperty(document, 'hidden', { value: true, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }""")
        desk.wait(lambda: desk.demand() == [], "a hidden page asks for nothing")
    desk.wait(lambda: desk.releases() > count or ([3], CONTROL, False) in desk.typed(), "Control is let go")
    if way == "hidden":
        page.evaluate("""() => {
            Object.defineProperty(document, 'hidden', { value: false, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }""")
        desk.wait(lambda: len(desk.demand()) == TILES, "a page that is seen again asks for all")


# ------------------------------------------------------------------ input to many


def test_what_goes_into_a_leader_goes_into_its_followers_under_a_banner_until_escape(desk: Desk, output: Path) -> None:
    page = desk.page
    desk.arm(0, [1, 2, 4])
    banner = page.get_by_role("alert").filter(has_text="Typing into 4 tiles")
    expect(banner).to_contain_text("what goes into tile 0 goes into its 3 followers too. Esc disarms.")
    assert pressed(page) == "true"
    expect(page.get_by_role("gridcell", name=re.compile("follower$"))).to_have_count(3)
    expect(page.get_by_role("gridcell", name=re.compile("^tile 0, .*leader: keys go here"))).to_be_attached()
    expect(page.get_by_role("status").filter(has_text="Keys go to tile 0. Esc leaves.")).to_be_visible()
    page.keyboard.press("a")
    page.mouse.click(*desk.spot(0, 0.5, 0.25))
    desk.wait(lambda: len(desk.typed()) == 2 and desk.clicked(), "a key and a click")
    assert [(sorted(tiles), keysym, down) for tiles, keysym, down in desk.typed()] == [
        ([0, 1, 2, 4], A, True), ([0, 1, 2, 4], A, False),
    ]  # fmt: skip
    assert all(sorted(tiles) == [0, 1, 2, 4] for tiles, pointer in desk.pointers() if pointer[2])
    for theme in ("dark", "light", "contrast"):
        page.wait_for_timeout(400)
        shot(page, output / f"armed-{theme}.png")
        view = page.get_by_role("button", name="View", exact=True)
        view.click()
        page.get_by_role("button", name=re.compile("^Theme")).click()
        view.click()
    page.mouse.click(*desk.spot(8))
    expect(page.get_by_role("alert").filter(has_text="Keys go to tile 8 alone now")).to_be_visible()
    page.get_by_role("button", name="Type into the leader").click()
    expect(banner).to_be_visible()

    page.keyboard.down("Control")
    desk.wait(lambda: desk.typed()[-1][1:] == (CONTROL, True), "Control is down in all")
    count = desk.releases()
    page.keyboard.press("Escape")
    expect(page.locator("#armed")).to_be_hidden()
    desk.wait(lambda: desk.releases() > count, "all is released")
    page.keyboard.up("Control")
    assert pressed(page) == "true"  # Escape went one step back
    page.keyboard.press("a")
    desk.wait(lambda: ([0], A, False) in desk.typed(), "from now on it is the leader alone")


def test_the_banner_never_says_armed_before_the_portal_does(desk: Desk) -> None:
    page = desk.page
    for index in (1, 2):
        desk.focus_on(index)
        page.keyboard.press(" ")
    expect(page.get_by_role("status").filter(has_text="2 tiles selected")).to_be_visible()
    desk.focus_on(0)
    page.keyboard.press("m")
    desk.portal.process.send_signal(signal.SIGSTOP)
    try:
        page.get_by_role("button", name="Type into 3 tiles").click()
        expect(page.locator("#armed")).to_contain_text("Arming …")
        assert page.locator("html[data-armed]").count() == 0
    finally:
        desk.portal.process.send_signal(signal.SIGCONT)
    expect(page.locator("#armed")).to_contain_text("Typing into 3 tiles")


def test_a_lost_connection_disarms_and_says_so(chromium: Browser, home: Path) -> None:
    own = RunningPortal(home)
    job = RunningJob(own, tiles=2)
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    desk = Desk(own, job, context)
    page = desk.page
    desk.arm(0, [1])
    expect(page.locator("#armed")).to_contain_text("Typing into 2 tiles")
    # The keyboard's part of the viewer has come: what is lost is the connection alone.
    expect(page.get_by_role("status").filter(has_text="Keys go to tile 0. Esc leaves.")).to_be_visible()
    own.process.kill()
    expect(page.get_by_role("alert").filter(has_text="Disarmed: the connection to the portal was lost")).to_be_visible()
    assert page.locator("html[data-armed]").count() == 0
    expect(page.get_by_role("gridcell", name=re.compile("follower$"))).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="No connection: keys and pointer go nowhere.")).to_be_visible()
    page.locator("#armed").get_by_role("button", name="Close").click()
    expect(page.locator("#armed")).to_be_hidden()
    context.close()
    job.end()
    own.stop()


def test_the_banner_and_the_line_are_whole_on_a_phone_and_at_four_times_the_letters(desk: Desk, output: Path) -> None:
    page = desk.page
    desk.arm(0, [1, 2])
    expect(page.locator("#armed")).to_contain_text("Typing into 3 tiles")
    page.get_by_role("button", name="Close details").click()
    for name, size, letters in (("phone", (390, 780), 100), ("large", (1440, 900), 400)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.evaluate("percent => { document.documentElement.style.fontSize = `${percent}%`; }", letters)
        page.wait_for_timeout(500)
        shot(page, output / f"armed-{name}.png")
        for button in ("Disarm", "Leave"):
            box = page.get_by_role("button", name=button, exact=True).bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size[0]
            assert box["y"] + box["height"] <= size[1]
    page.get_by_role("button", name="Disarm").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#armed")).to_be_hidden()


def test_a_mark_stays_over_a_tile_while_its_pictures_change(desk: Desk) -> None:
    page = desk.page
    desk.arm(0, [1])
    expect(page.locator("#armed")).to_contain_text("Typing into 2 tiles")
    marked = lambda index: accent(shot(page), page.evaluate("i => window.tiledviz.tiles()[i].rect", index))  # noqa: E731
    desk.wait(lambda: min(marked(0), marked(1)) > 200, "leader and follower are marked")
    assert marked(3) < 50
    for seed in (20, 21, 22):
        desk.draw(1, seed)
        page.wait_for_timeout(60)
        assert marked(1) > 200


def accent(picture: Picture, rect: dict[str, float]) -> int:
    """Return how many pixels of *rect* are of the accent colour (dark: #58b4ff)."""
    within = part(picture, rect, 0).astype(int)
    return int((np.abs(within - [0xFF, 0xB4, 0x58]).sum(axis=2) < 30).sum())


def test_the_followers_of_the_last_time_are_offered_again(desk: Desk) -> None:
    page = desk.page
    desk.arm(0, [1, 2])
    expect(page.get_by_role("alert").filter(has_text="Typing into 3 tiles")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Leave").click()
    page.evaluate("() => window.tiledviz.session.set([[`person/${window.tiledviz.session.person}/selection`, null]])")
    desk.focus_on(0)
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name="Type into many tiles")
    expect(dialog.get_by_role("radio", name="Those of the last time: 2")).to_be_checked()
    expect(dialog.get_by_role("button", name="Type into 3 tiles")).to_be_enabled()


# ---------------------------------------------------------------------- on and off


def test_a_tile_that_is_turned_off_is_asked_for_no_more_and_says_so_until_it_is_on_again(
    desk: Desk, output: Path
) -> None:
    page = desk.page
    desk.focus_on(4)
    page.keyboard.press("o")
    desk.wait(lambda: 4 not in [entry[0] for entry in desk.demand()], "tile 4 is asked for no more")
    assert len(desk.demand()) == TILES - 1
    expect(page.get_by_role("gridcell", name=re.compile("^tile 4, off: turned off"))).to_be_attached()
    page.wait_for_timeout(300)
    shot(page, output / "off.png")
    page.keyboard.press("Enter")
    focus = page.locator("#focus")
    expect(focus.get_by_role("heading", name="This tile is off")).to_be_visible()
    focus.get_by_role("button", name="Turn on").click()
    expect(focus.get_by_role("heading", name="This tile is off")).to_be_hidden()
    page.keyboard.press("Escape")
    desk.wait(lambda: len(desk.demand()) == TILES, "tile 4 is asked for again")


def test_what_is_worked_in_is_most_urgent_and_what_is_out_of_sight_is_not_asked_for(desk: Desk) -> None:
    page = desk.page
    desk.work(8)
    desk.wait(lambda: desk.demand()[:1] != [] and desk.demand()[0][0] == 8 and desk.demand()[0][3] == 0, "8 is first")
    assert [entry[3] for entry in desk.demand()] == sorted(entry[3] for entry in desk.demand())
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    desk.wait(lambda: len(desk.demand()) < TILES, "what is out of sight is not asked for")
    page.keyboard.press("Enter")
    desk.wait(lambda: desk.demand() == [], "nor is what lies under a tile in full")


# ------------------------------------------------------------------- who looks on


def test_who_may_only_look_is_offered_nothing_else_and_told_so(open_desk: Callable[..., Desk], output: Path) -> None:
    desk = open_desk("viewer")
    page = desk.page
    expect(page.get_by_text("You are looking on (viewer)").first).to_be_visible()
    for name in ("Work on the wall", "Run …", "Start again", "Stop", "Remove …", "Stop all its tiles …"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    desk.focus_on(0)
    for key in ("w", "m", "x", " ", "o"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_have_count(0)
    selected = page.get_by_role("group", name="Selection").get_by_role("button")
    expect(selected).to_have_text(["Zoom", "Clear"])  # one's selection is one's own
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard and mouse")
    expect(help_).to_contain_text("Open the tile in full")
    for label in ("Type into many", "Turn off, and on again", "Move the tile left"):
        expect(help_).not_to_contain_text(label)
    page.keyboard.press("Escape")
    shot(page, output / "viewer.png")
    display = TinyRfb()
    desk.job.agent.serve_rfb = display.serve
    page.keyboard.press("Enter")
    desk.wait(lambda: bytes([3, 0]) in display.told, "the viewer asks for its first picture")
    assert desk.job.agent.displayed == ["view"]
    bar = page.get_by_role("banner", name="Tile")
    expect(bar.get_by_text("You are looking on (viewer)")).to_be_visible()
    for name in ("Send Esc to the tile", "Copy from tile", "Paste to tile", "Fit display to window"):
        expect(bar.get_by_role("button", name=name)).to_have_count(0)
    page.wait_for_timeout(400)
    shot(page, output / "viewer-focus.png")
    assert desk.heard() == []
