"""``tiledviz demo`` as its user sees it: from the command to sixteen live tiles in the browser, and to its end.

The tests of this module share one demo and stand in the order of a visit.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from world import World, difference, part, shot, until
from x_displays import left, x_files

pytestmark = pytest.mark.alone

TILES = 16


@pytest.fixture(scope="module")
def demo(world: World) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    process, log = world.start("demo")
    yield process, log
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@pytest.fixture(scope="module")
def page(world: World, demo: tuple[subprocess.Popen[bytes], Path], browser: Browser) -> Iterator[Page]:
    url = world.opened(demo[1])
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(f"{m.text} {m.location}") if m.type == "error" else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    yield page
    # Every asset comes from the portal: a wall works where there is no internet.
    assert [address for address in asked if not address.startswith((url.split("#")[0], "blob:", "data:"))] == []
    assert any("/vendor/novnc/" in address for address in asked)
    context.close()
    # A query that is wrong on purpose is answered with 400, which Chromium puts on its console.
    assert [problem for problem in problems if "400 (Bad Request)" not in problem] == []


def wall(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("window.tiledviz.tiles()")
    return found


def test_sixteen_tiles_become_live_with_frames_and_mesas_renderer(world: World, page: Page) -> None:
    tiles = world.wait_live(TILES)
    assert len(tiles) == TILES
    for tile in tiles:
        assert tile["frames"] >= 1
        assert re.search("llvmpipe|softpipe", tile["renderer"]), tile
        assert tile["node"] == socket.gethostname()
        assert {"id", "title", "state", "node", "job", "frames", "renderer"} <= set(tile)
    assert {tile["state"] for tile in tiles} == {"live"}


def test_the_address_holds_no_secret_once_the_page_is_open(world: World, page: Page) -> None:
    expect(page.get_by_role("grid", name="Wall")).to_be_attached()
    assert "login=" not in page.url
    for line in page.context.cookies():
        assert (line["httpOnly"], line["sameSite"]) == (True, "Strict")


def test_the_login_address_is_good_once(world: World, demo: Any, page: Page, browser: Browser) -> None:
    context = browser.new_context()
    second = context.new_page()
    second.goto(world.opened(demo[1]))
    expect(second.get_by_text("tiledviz open").first).to_be_visible()
    second.goto("about:blank")
    second.goto(world.ask("open")["url"])
    expect(second.get_by_role("grid", name="Wall")).to_be_attached()
    context.close()


def test_the_browser_shows_sixteen_tiles_none_of_one_flat_colour(page: Page, output: Path) -> None:
    until(page, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}")
    until(page, "async n => Object.keys((await window.tiledviz.drawn()).tiles).length == n", TILES)
    time.sleep(0.5)  # the canvas is painted with the screen's next frames
    picture = shot(page, output / "wall.png")
    for tile in wall(page):
        middle = part(picture, tile["rect"])
        assert middle.std() > 8, f"tile {tile['title']} is one flat colour"


def test_tiles_change_over_time_and_count_their_frames_while_somebody_looks(world: World, page: Page) -> None:
    before, frames = shot(page), {tile["id"]: tile["frames"] for tile in world.tiles()}
    rects = {tile["id"]: tile["rect"] for tile in wall(page)}

    def changed() -> bool:
        now = shot(page)
        return sum(difference(part(before, rect), part(now, rect)) > 1 for rect in rects.values()) > TILES // 2

    world.wait(changed, 20, "more than half of the tiles change")
    world.wait(lambda: all(t["frames"] > frames[t["id"]] for t in world.tiles()), 20, "every tile counts frames")


def test_nothing_is_drawn_while_nobody_looks(world: World, page: Page) -> None:
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    try:

        def still() -> bool:
            before = [tile["frames"] for tile in world.tiles()]
            time.sleep(2)
            return before == [tile["frames"] for tile in world.tiles()]

        world.wait(still, 30, "the tiles rest")
    finally:
        page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")


def test_a_search_dims_the_rest_and_counts_what_it_found(world: World, page: Page, output: Path) -> None:
    classes = [tile["metadata"]["class"] for tile in world.tiles()]
    wanted = sorted(set(classes), key=classes.count)[-1]
    assert 0 < classes.count(wanted) < TILES
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search tiles").fill(f"class={wanted}")
    until(page, "n => window.tiledviz.tiles().filter(t => !t.dimmed).length == n", classes.count(wanted))
    time.sleep(0.5)
    picture = shot(page, output / "search.png")
    bright = [part(picture, t["rect"]).max() for t in wall(page) if not t["dimmed"]]
    dim = [part(picture, t["rect"]).max() for t in wall(page) if t["dimmed"]]
    assert sum(map(int, dim)) / len(dim) < 0.75 * sum(map(int, bright)) / len(bright)
    box = page.get_by_role("combobox", name="Search tiles")
    box.fill("clas=spots")
    expect(page.get_by_role("alert")).to_contain_text("class")
    box.fill("")
    until(page, "window.tiledviz.tiles().every(t => !t.dimmed)")
    page.keyboard.press("Escape")


def test_the_tiles_are_sorted_by_any_column(world: World, page: Page) -> None:
    entropy = {tile["id"]: tile["metadata"]["entropy"] for tile in world.tiles()}
    page.get_by_role("button", name="Sort", exact=True).click()
    by = page.get_by_role("dialog", name="Sort").get_by_label("Sort by")
    by.select_option("column:entropy")
    expected = sorted(entropy, key=lambda id_: entropy[id_])
    until(page, "ids => JSON.stringify(window.tiledviz.tiles().map(t => t.id)) == JSON.stringify(ids)", expected)
    by.select_option(index=0)
    page.keyboard.press("Escape")


def test_pan_and_zoom_ask_for_sharper_pictures(world: World, page: Page, output: Path) -> None:
    tile = wall(page)[5]
    x, y = tile["rect"]["x"] + tile["rect"]["width"] / 2, tile["rect"]["y"] + tile["rect"]["height"] / 2
    page.mouse.move(x, y)
    for _ in range(3):
        page.mouse.wheel(0, -240)
    until(page, "w => window.tiledviz.tiles()[5].rect.width > 1.5 * w", tile["rect"]["width"])
    time.sleep(1.5)
    shot(page, output / "zoomed.png")
    page.keyboard.press("0")
    until(page, "w => Math.abs(window.tiledviz.tiles()[5].rect.width - w) < 2", tile["rect"]["width"])


def test_a_tile_opens_in_full_and_the_mouse_rotates_it(world: World, page: Page, output: Path) -> None:
    rect = wall(page)[2]["rect"]
    page.mouse.click(rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2)
    screen = page.locator("#focus .remote canvas")
    expect(screen).to_be_visible(timeout=15000)
    world.wait(lambda: (screen.bounding_box() or {"width": 0})["width"] > 400, 30, "the tile fills the window")
    box = screen.bounding_box()
    assert box
    here: dict[str, float] = {**box}
    world.wait(lambda: part(shot(page), here).std() > 8, 20, "the tile's picture is there in full")
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def dragged(distance: float) -> float:
        before = shot(page)
        page.mouse.move(*middle)
        page.mouse.down()
        for step in range(1, 11):
            page.mouse.move(middle[0], middle[1] + distance * step / 10)
            time.sleep(0.05)
        page.mouse.up()
        time.sleep(0.5)
        return difference(part(before, here), part(shot(page), here))

    by_itself = dragged(0)
    by_hand = dragged(box["height"] / 3)
    shot(page, output / "focus.png")
    assert by_hand > 3
    assert by_hand > 1.5 * by_itself, f"a drag changes {by_hand:.1f}, time alone {by_itself:.1f}"
    page.keyboard.press("Escape")
    expect(page.locator("#focus")).to_be_hidden()
    for _ in range(3):  # the viewer is there by now: it connects while the tile still grows
        page.mouse.click(rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2)
        expect(screen).to_be_visible(timeout=15000)
        world.wait(
            lambda: (screen.bounding_box() or {"width": 0})["width"] > 0.99 * box["width"], 10, "it fills it again"
        )
        page.keyboard.press("Escape")
        expect(page.locator("#focus")).to_be_hidden()


def test_the_keyboard_moves_the_focus_opens_a_tile_and_goes_back(page: Page) -> None:
    def focused() -> int:
        return [tile["focused"] for tile in wall(page)].index(True)

    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Home")
    assert focused() == 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    columns = focused() - 1
    assert columns in range(2, TILES)
    page.keyboard.press("Enter")
    title = wall(page)[columns + 1]["title"]
    expect(page.get_by_role("banner", name="Tile").get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator("#focus .remote canvas")).to_be_visible(timeout=15000)
    page.keyboard.press("Escape")
    expect(page.locator("#focus")).to_be_hidden()
    assert focused() == columns + 1
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def middle_in_view(rect: dict[str, float]) -> tuple[float, float] | None:
    """Return the middle of the part of *rect* that a phone's window shows below its bar, if that is large enough."""
    left, right = max(rect["x"], 0), min(rect["x"] + rect["width"], 400)
    top, bottom = max(rect["y"], 120), min(rect["y"] + rect["height"], 780)
    return ((left + right) / 2, (top + bottom) / 2) if right - left > 40 and bottom - top > 40 else None


def test_on_a_phone_two_fingers_zoom_one_pans_and_a_tap_opens(
    world: World, page: Page, browser: Browser, output: Path
) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True)
    phone = context.new_page()
    phone.goto(world.ask("open")["url"])
    until(phone, f"window.tiledviz?.tiles().length == {TILES}")
    until(phone, "async () => Object.keys((await window.tiledviz.drawn()).tiles).length > 3")
    time.sleep(0.5)
    shot(phone, output / "phone.png")
    hand = context.new_cdp_session(phone)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    def scale() -> float:
        return float(phone.evaluate("window.tiledviz.camera().scale"))

    before = scale()
    touch("touchStart", (180, 400), (220, 400))
    for step in range(1, 11):
        touch("touchMove", (180 - 8 * step, 400), (220 + 8 * step, 400))
    touch("touchEnd")
    time.sleep(0.4)
    assert scale() > 1.5 * before
    there = phone.evaluate("window.tiledviz.camera()")
    touch("touchStart", (200, 500))
    for step in range(1, 11):
        touch("touchMove", (200, 500 - 10 * step))
    touch("touchEnd")
    time.sleep(0.4)
    assert phone.evaluate("window.tiledviz.camera()")["y"] > there["y"]
    assert phone.locator("#focus").is_hidden()
    x, y = next(filter(None, (middle_in_view(tile["rect"]) for tile in wall(phone))))
    phone.touchscreen.tap(x, y)
    expect(phone.locator("#focus .remote canvas")).to_be_visible(timeout=15000)
    context.close()


def test_the_side_panel_has_the_members_metadata(world: World, page: Page, output: Path) -> None:
    metadata = {tile["id"]: tile["metadata"] for tile in world.tiles()}
    (focused,) = [tile for tile in wall(page) if tile["focused"]]
    panel = page.get_by_role("complementary", name="Details")
    button = page.get_by_role("button", name="Details", exact=True)
    button.click()
    expect(panel).to_be_hidden()
    button.click()
    expect(panel).to_contain_text(metadata[focused["id"]]["class"])
    for name in ("F", "k", "entropy", "mean_v"):
        expect(panel.get_by_text(name, exact=True)).to_be_visible()
    time.sleep(0.4)
    shot(page, output / "panel.png")


def test_no_tcp_port_is_open_but_the_portals(world: World, page: Page) -> None:
    listing = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    ours = {str(pid) for pid in world.processes()}
    mine = [line for line in listing.splitlines() if ours & set(re.findall(r"pid=(\d+)", line))]
    assert len(mine) == 1, mine
    assert f":{page.url.split('/')[2].rpartition(':')[2]} " in mine[0]
    assert "127.0.0.1" in mine[0]


def test_another_user_gets_into_no_display(world: World, page: Page, other_user: list[str]) -> None:
    """That user knows every path: what keeps him out must be permissions and the X cookie, not ignorance."""
    rfb = [str(path) for path in (world.folder / "run").rglob("*") if path.is_socket()]
    displays = [tile["display"].removeprefix(":") for tile in world.tiles()]
    assert TILES + 1 <= len(rfb) <= 2 * TILES + 1  # the agent's, a display's each, a viewer's each
    intruder = (
        "import socket, sys\n"
        "def attempt(path):\n"
        "    s = socket.socket(socket.AF_UNIX); s.settimeout(5)\n"
        "    try: s.connect(path)\n"
        "    except OSError as error: return type(error).__name__\n"
        # X11 connection setup without authorisation (X Window System Protocol, section 8): 0 is Failed
        "    try:\n"
        "        s.sendall(b'l\\0' + b'\\x0b\\0\\0\\0' + b'\\0' * 6); answer = s.recv(1)\n"
        "    except OSError as error: return type(error).__name__\n"
        "    return 'refused' if answer in (b'\\0', b'') else 'IN'\n"
        "for path in sys.argv[1:]: print(attempt(path.replace('@', '\\0')))\n"
    )
    x11 = [f"/tmp/.X11-unix/X{n}" for n in displays]
    abstract = [f"@/tmp/.X11-unix/X{n}" for n in displays]
    done = subprocess.run(
        [*other_user, "/usr/bin/python3", "-c", intruder, *rfb, *x11, *abstract],
        capture_output=True, text=True, check=True, timeout=120,
    ).stdout.split()  # fmt: skip
    assert set(done[: len(rfb)]) == {"PermissionError"}
    assert set(done[len(rfb) : -TILES]) <= {"refused", "PermissionError"}
    assert set(done[-TILES:]) == {"ConnectionRefusedError"}


def test_another_user_reads_neither_cookies_nor_state(world: World, page: Page, other_user: list[str]) -> None:
    folders = [str(world.home), *(str(path) for path in (world.folder / "run").iterdir())]
    for folder in folders:
        listed = subprocess.run([*other_user, "ls", folder], capture_output=True, text=True, check=False)
        assert listed.returncode != 0
        assert "Permission denied" in listed.stderr


def test_a_second_demo_says_that_one_runs(world: World, page: Page) -> None:
    done = subprocess.run(world.command("demo"), env=world.env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "a portal of yours already runs at" in done.stderr
    assert done.stderr.count("\n") == 1


def test_ctrl_c_ends_all_of_it_and_leaves_nothing(
    world: World, demo: tuple[subprocess.Popen[bytes], Path], page: Page
) -> None:
    files = x_files(tile["display"] for tile in world.tiles())
    assert files
    process, log = demo
    page.close()
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(60) == 0, log.read_text()
    world.wait(lambda: not world.processes(), 20, f"no process is left: {world.processes()}")
    assert left(files) == []
    assert list((world.folder / "run").glob("tiledviz-*/*")) == []
    assert world.tiles() == world.ask("jobs") == []
    assert not (world.home / "portal.json").exists()


def test_a_second_start_is_soon_there(world: World) -> None:
    started = time.monotonic()
    process, log = world.start("demo", "--port", "0", "--json")
    try:
        world.wait_live(TILES)
        assert time.monotonic() - started < 45  # 8 to 15 s on two cores with nothing beside: tests/benchmarks/demo.py
        world.wait(lambda: log.read_text().rstrip().endswith("}"), 10, "the document is printed")
        document = json.loads(log.read_text().splitlines()[-1])
        assert (document["tiles"], document["live"]) == (TILES, TILES)
        assert "#login=" in document["url"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
