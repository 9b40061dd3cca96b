"""Showing it to others: slides, the presenter's hand, links, the table, the contact sheet, movies."""

from __future__ import annotations

import base64
import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from axe_kit import Axe, all_within
from playwright.sync_api import Browser, Download, Locator, Page, expect

from hands_kit import Desk, TinyRfb
from portal_kit import RunningJob, RunningPortal
from tvcore.portal.roles import Role
from world import shot, until

LONG = 30_000
expect.set_options(timeout=10_000)
ROOT = Path(__file__).parents[2]
Open = Callable[..., Page]
WALL = "({ ...window.tiledviz.camera(), width: document.querySelector('#stage').clientWidth })"


@pytest.fixture
def open_page(chromium: Browser, portal: RunningPortal, job: RunningJob) -> Iterator[Open]:
    """Open pages of other people, in browsers of their own; what they do to the session is taken back."""
    contexts, problems = [], []

    def open_one(hash_: str = "", role: Role = "owner", name: str = "", width: int = 1440, height: int = 800) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB")
        context.on("weberror", lambda error: problems.append(str(error.error)))
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{portal.origin}/#login={portal.login_ticket(role=role)}")
        until(page, "window.tiledviz?.session?.loaded")
        if hash_:
            page.wait_for_timeout(700)  # its demand is told before it leaves
            page.goto("about:blank")  # to follow a link is to load the page
            page.goto(f"{portal.origin}/{hash_}")
        until(page, "window.tiledviz?.session?.loaded && window.tiledviz.tiles().length == 4")
        if name:
            page.evaluate(
                "name => { const { session } = window.tiledviz;"
                " session.set([[`person/${session.person}/name`, name]], 'name'); }",
                name,
            )
        page.wait_for_timeout(300)
        return page

    yield open_one
    if contexts and contexts[0].pages:
        first = contexts[0].pages[0]
        pages = [page for context in contexts for page in context.pages]
        for page in pages:
            until(page, "window.tiledviz.session.document.pending.length == 0")
        done = max(page.evaluate("window.tiledviz.session.document.seq") for page in pages)
        until(first, "seq => window.tiledviz.session.document.seq >= seq", done)  # it has heard of all that was done
        paths = "window.tiledviz.session.document.below('').map(([path]) => path).filter(p => !p.startsWith('person/'))"
        first.evaluate(f"window.tiledviz.session.set({paths}.map(path => [path, null]), 'x')")
        until(first, "window.tiledviz.session.document.pending.length == 0")
    for context in contexts:
        context.close()
    assert problems == []


def present_dialog(page: Page) -> Locator:
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Shift+P")
    dialog = page.get_by_role("dialog", name="Presentation", exact=True)
    expect(dialog).to_be_visible()
    return dialog


def slide_names(dialog: Locator) -> list[str]:
    return dialog.get_by_role("list", name="Slides").locator("strong").all_inner_texts()


def look_at(page: Page, number: int) -> None:
    """Show one tile, as large as fits."""
    page.get_by_role("gridcell").nth(number).focus()
    page.keyboard.press("f")
    page.keyboard.press("z")
    page.wait_for_timeout(400)


def add_slides(page: Page, *names: str) -> None:
    """Add a slide of each tile, by these names."""
    for number, name in enumerate(names):
        look_at(page, number)
        dialog = present_dialog(page)
        dialog.get_by_label("Add what you see now").fill(name)
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("status")).to_have_text(f"{name} is the last slide now.")
        page.keyboard.press("Escape")
    page.keyboard.press("f")


def register(page: Page, path: str) -> Any:
    return page.evaluate("path => window.tiledviz.session.document.get(path) ?? null", path)


# ---------------------------------------------------------------------- slides


def test_slides_are_added_moved_renamed_taken_out_and_undone_by_keys(open_page: Open, output: Path) -> None:
    page = open_page()
    dialog = present_dialog(page)
    expect(dialog).to_contain_text("No slides yet")
    expect(dialog.get_by_role("button", name="Start the presentation")).to_be_disabled()
    page.keyboard.press("Escape")
    add_slides(page, "One", "Two", "Three")
    dialog = present_dialog(page)
    assert slide_names(dialog) == ["One", "Two", "Three"]
    down = dialog.get_by_role("button", name="Down: One")
    down.focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("One is number 2 now.")
    assert slide_names(dialog) == ["Two", "One", "Three"]
    expect(dialog.get_by_role("button", name="Down: One")).to_be_focused()
    page.keyboard.press("Control+ArrowDown")
    assert slide_names(dialog) == ["Two", "Three", "One"]
    page.keyboard.press("Control+ArrowDown")
    assert slide_names(dialog) == ["Two", "Three", "One"]
    shot(page, output / "present-dialog.png")
    dialog.get_by_role("button", name="Rename Two").click()
    page.get_by_role("dialog", name="Rename the slide").get_by_label("Name").fill("Zwei")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("list", name="Slides")).to_contain_text("Zwei")
    dialog.get_by_role("button", name="Remove Three").click()
    assert slide_names(dialog) == ["Zwei", "One"]
    dialog.get_by_role("button", name="Add the bookmark").click()  # the one that is no slide
    assert slide_names(dialog) == ["Zwei", "One", "Three"]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("status").filter(has_text="the slides")).to_be_visible()
    dialog = present_dialog(page)
    assert slide_names(dialog) == ["Zwei", "One"]


def test_who_may_only_look_shows_slides_and_changes_none(open_page: Open) -> None:
    add_slides(open_page(), "One", "Two")
    viewer = open_page(role="viewer")
    dialog = present_dialog(viewer)
    expect(dialog.get_by_role("button", name="Show from Two on")).to_be_visible()
    for name in ("Remove One", "Rename One", "Up: Two"):
        expect(dialog.get_by_role("button", name=name)).to_have_count(0)
    expect(dialog.get_by_label("Add what you see now")).to_be_hidden()
    dialog.get_by_role("button", name="Show from Two on").click()
    expect(viewer.get_by_text("2 of 2 · Two")).to_be_visible()
    viewer.keyboard.press("Escape")
    expect(viewer.get_by_text("2 of 2 · Two")).to_have_count(0)


def slide(page: Page, text: str) -> None:
    """Wait until this is said to be the slide that is shown."""
    expect(page.get_by_role("status").filter(has_text=re.compile(f"^{re.escape(text)}$"))).to_be_visible()


def same_view(one: Page, other: Page) -> None:
    """Wait until both see the same part of the wall."""
    deadline = time.monotonic() + 20
    while True:
        a, b = one.evaluate(WALL), other.evaluate(WALL)
        middle = [each["x"] + each["width"] / each["scale"] / 2 for each in (a, b)]
        if abs(middle[0] - middle[1]) < 0.02 and abs(a["width"] / a["scale"] / (b["width"] / b["scale"]) - 1) < 0.05:
            return
        assert time.monotonic() < deadline, (a, b)
        time.sleep(0.05)


@pytest.fixture
def pair(open_page: Open) -> tuple[Page, Page]:
    """Anna, who has three slides, and Ben."""
    anna, ben = open_page(name="Anna"), open_page(name="Ben")
    expect(anna.get_by_role("button", name="2 here")).to_be_visible(timeout=LONG)
    add_slides(anna, "One", "Two", "Three")
    return anna, ben


def start(page: Page) -> None:
    present_dialog(page).get_by_role("button", name="Start the presentation").click()
    slide(page, "1 of 3 · One")


def along(page: Page) -> None:
    """Look along with whoever presents, as it is offered."""
    line = page.get_by_role("status").filter(has_text="Anna presents.")
    expect(line).to_be_visible(timeout=LONG)
    line.get_by_role("button", name="Look along").click()
    expect(line).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="You look along with Anna")).to_be_visible()


def test_slide_after_slide_is_seen_by_who_looks_along_until_escape(pair: tuple[Page, Page], output: Path) -> None:
    anna, ben = pair
    start(anna)
    expect(anna.get_by_role("banner", name="Wall")).to_be_hidden()
    assert anna.evaluate("document.fullscreenElement === document.documentElement")
    along(ben)
    scales = []
    for key, words in (
        ("ArrowRight", "2 of 3 · Two"), ("Space", "3 of 3 · Three"), ("PageUp", "2 of 3 · Two"),
        ("Home", "1 of 3 · One"), ("End", "3 of 3 · Three"), ("ArrowLeft", "2 of 3 · Two"),
        ("PageDown", "3 of 3 · Three"),
    ):  # fmt: skip
        anna.keyboard.press(key)
        slide(anna, words)
        anna.wait_for_timeout(400)
        same_view(anna, ben)
        scales.append(ben.evaluate("window.tiledviz.camera().x"))
    assert len({round(x, 1) for x in scales[:2]}) == 2, "they are different places"
    anna.keyboard.press("ArrowRight")
    expect(anna.get_by_role("status").filter(has_text="This is the last slide")).to_be_visible()
    shot(anna, output / "presenting.png")
    shot(ben, output / "looking-along.png")
    anna.keyboard.press("Escape")
    expect(anna.get_by_role("banner", name="Wall")).to_be_visible()
    expect(anna.get_by_text("3 of 3")).to_have_count(0)
    until(anna, "document.fullscreenElement === null")
    expect(ben.get_by_role("status").filter(has_text="Anna presents.")).to_have_count(0)


def test_looking_along_is_offered_once_and_again_with_the_next_presentation(pair: tuple[Page, Page]) -> None:
    anna, ben = pair
    line = ben.get_by_role("status").filter(has_text="Anna presents.")
    start(anna)
    expect(line).to_be_visible(timeout=LONG)
    line.get_by_role("button", name="Not now").click()
    anna.keyboard.press("ArrowRight")
    ben.wait_for_timeout(800)
    expect(line).to_have_count(0)
    anna.keyboard.press("Escape")
    ben.wait_for_timeout(800)
    start(anna)
    expect(line).to_be_visible(timeout=LONG)
    anna.keyboard.press("Escape")
    expect(line).to_have_count(0)


WATCH = """
new Promise(done => {
  const seen = [];
  const look = () => {
    const hand = document.querySelector('.shown-hand');
    if (hand) { const { x, y } = hand.getBoundingClientRect(); seen.push([performance.now(), x, y]); }
    if (seen.length > 0 && performance.now() - seen[0][0] > 2500) done(seen); else requestAnimationFrame(look);
  };
  look();
})
"""


def test_the_presenters_hand_is_seen_by_name_where_it_points_and_moves_smoothly(
    pair: tuple[Page, Page], output: Path
) -> None:
    anna, ben = pair
    start(anna)
    along(ben)
    same_view(anna, ben)
    left, top = 300, 300
    anna.mouse.move(left, top)
    hand = ben.locator(".shown-hand")
    expect(hand).to_be_visible()
    expect(hand).to_have_text("Anna")

    def place(page: Page, x: float, y: float) -> tuple[float, float]:
        found = page.evaluate(
            "([x, y]) => { const r = document.querySelector('#stage').getBoundingClientRect();"
            " const c = window.tiledviz.camera(); return [c.x + (x - r.x) / c.scale, c.y + (y - r.y) / c.scale]; }",
            [x, y],
        )
        return found[0], found[1]

    def points(x: float, y: float) -> None:
        """Wait until Ben sees the hand at the point of the wall at which it is in Anna's window."""
        wanted, deadline = place(anna, x, y), time.monotonic() + 10
        while True:
            box = hand.bounding_box()
            assert box
            seen = place(ben, box["x"], box["y"])
            if max(abs(seen[0] - wanted[0]), abs(seen[1] - wanted[1])) < 0.02:
                return
            assert time.monotonic() < deadline, (seen, wanted)
            time.sleep(0.05)

    points(left, top)
    ben.evaluate(f"void (window.watching = {WATCH})")
    for step in range(50):
        anna.mouse.move(left + 8 * step, top + 2 * step)
        anna.wait_for_timeout(40)
    seen = np.array(ben.evaluate("window.watching"))
    way = np.hypot(*np.diff(seen[:, 1:], axis=0).T)
    assert way.sum() > 200, "it went along"
    assert len(np.unique(seen[:, 1].round(1))) > 20, "in many small steps"
    assert way.max() < way.sum() / 4, "and never jumped"
    points(left + 8 * 49, top + 2 * 49)
    shot(ben, output / "hand.png")
    anna.keyboard.press("ArrowRight")  # the wall goes along below the pointer
    anna.wait_for_timeout(600)
    points(left + 8 * 49, top + 2 * 49)
    anna.keyboard.press("Escape")
    expect(hand).to_have_count(0)


def test_a_pointer_is_shown_to_the_others_for_as_long_as_one_wants(pair: tuple[Page, Page]) -> None:
    anna, ben = pair
    anna.keyboard.press("Control+k")
    anna.keyboard.type("show my pointer")
    anna.keyboard.press("Enter")
    anna.mouse.move(400, 400)
    hand = ben.locator(".shown-hand")
    expect(hand).to_have_text("Anna")
    assert ben.get_by_role("status").filter(has_text="presents").count() == 0
    anna.mouse.move(400, 5)  # over the bar it is nowhere on the wall
    expect(hand).to_have_count(0)
    anna.mouse.move(400, 400)
    expect(hand).to_have_count(1)
    ben.evaluate("window.tiledviz.session.set([['layout/columns', 1]], 'layout')")
    expect(hand).to_have_count(1)
    anna.keyboard.press("Control+k")
    anna.keyboard.type("pointer to the others no longer")
    anna.keyboard.press("Enter")
    expect(hand).to_have_count(0)


def test_the_wall_stands_alone_without_bar_and_panel_and_they_come_back(open_page: Open) -> None:
    page = open_page()
    panel, bar = page.get_by_role("complementary", name="Details"), page.get_by_role("banner", name="Wall")
    if not panel.is_visible():
        page.get_by_role("button", name="Details", exact=True).click()
    expect(panel).to_be_visible()
    size = "(({clientWidth: w, clientHeight: h}) => [w, h])(document.querySelector('#stage'))"
    page.get_by_role("button", name="Details", exact=True).focus()
    page.keyboard.press("Shift+B")
    expect(bar).to_be_hidden()
    expect(panel).to_be_hidden()
    until(page, f"{size}.join() == '1440,800'")
    until(page, "document.activeElement.getAttribute('role') == 'gridcell'")  # what had the keyboard is not seen
    page.get_by_role("button", name="Show the bar").click()
    expect(bar).to_be_visible()
    expect(panel).to_be_visible()
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Shift+B")
    expect(bar).to_be_hidden()
    page.keyboard.press("Shift+B")
    expect(bar).to_be_visible()


# ----------------------------------------------------------------------- links


def copied_link(page: Page, portal: RunningPortal) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=portal.origin)
    page.get_by_role("button", name="Session", exact=True).click()
    page.get_by_role("button", name="Copy a link to this view").click()
    expect(page.get_by_role("dialog", name="Session")).to_contain_text("The link is copied")
    page.keyboard.press("Escape")
    link: str = page.evaluate("navigator.clipboard.readText()")
    return link.removeprefix(portal.origin).removeprefix("/")


SORTED = {"by": "title", "descending": True}


def test_a_link_shows_the_wall_as_it_stood_for_who_wants_that_and_may(open_page: Open, portal: RunningPortal) -> None:
    page = open_page()
    page.evaluate("sort => window.tiledviz.session.set([['sort', sort], ['layout/columns', 2]], 'sort')", SORTED)
    look_at(page, 1)
    there = page.evaluate(WALL)
    link = copied_link(page, portal)
    words = "The wall was arranged otherwise when this link was made."
    same = open_page(link)
    expect(same.get_by_text(words)).to_have_count(0)
    page.evaluate("window.tiledviz.session.set([['sort', null], ['layout/columns', 3], ['layout/gap', 9]], 'sort')")
    until(page, "window.tiledviz.session.document.pending.length == 0")

    viewer = open_page(link, role="viewer")
    expect(viewer.get_by_text(words)).to_be_visible()
    expect(viewer.get_by_role("button", name="Arrange it that way")).to_have_count(0)
    viewer.get_by_role("button", name="Close", exact=True).click()
    expect(viewer.get_by_text(words)).to_have_count(0)

    other = open_page(link)
    expect(other.get_by_text(words)).to_be_visible()
    assert register(other, "layout/columns") == 3, "nothing is changed for anybody by opening a link"
    other.get_by_role("button", name="Arrange it that way, for everybody").click()
    until(other, "window.tiledviz.session.document.get('layout/columns') == 2")
    assert (register(other, "sort"), register(other, "layout/gap")) == (SORTED, None)
    until(other, "s => Math.abs(window.tiledviz.camera().scale / s - 1) < 0.02", there["scale"])
    other.keyboard.press("Control+z")
    until(other, "window.tiledviz.session.document.get('layout/columns') == 3")
    assert (register(other, "sort"), register(other, "layout/gap")) == (None, 9)


def test_what_stands_in_a_link_is_not_believed(open_page: Open) -> None:
    odd = "%7B%22tile%2F1%2Foff%22%3Atrue%2C%22note%2F1%22%3A1%7D"  # {"tile/1/off": true, "note/1": 1}
    for wall in (odd, "%7B", "7", "null"):
        page = open_page(f"#tile=1&wall={wall}&own=%7B%22compare%22%3A7%2C%22name%22%3A%22x%22%7D")
        page.wait_for_timeout(500)
        expect(page.get_by_text("The wall was arranged otherwise")).to_have_count(0)
        registers = page.evaluate("window.tiledviz.session.document.below('').map(([path]) => path)")
        assert [path for path in registers if not path.startswith("person/")] == []
        own = f"person/{page.evaluate('window.tiledviz.session.person')}/"
        assert {path for path in registers if path.startswith(own)} <= {f"{own}selection"}


# --------------------------------------------------------------- to take away


def command(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def saved(download: Download, folder: Path) -> Path:
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def test_the_table_is_of_what_is_shown_in_its_order_with_what_people_wrote(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    first, second = page.evaluate("window.tiledviz.tiles().slice(0, 2).map(t => t.id)")
    page.evaluate(
        "([sort, first, second]) => { const { session } = window.tiledviz; session.set([['sort', sort],"
        " [`tile/${second}/hidden`, true], [`tags/${first}/by%20hand`, true]], 'sort');"
        " session.write(`note/${first}`, '=1+1', 'note'); }",
        [SORTED, first, second],
    )
    until(page, "window.tiledviz.tiles().length == 3")
    with page.expect_download() as download:
        command(page, "table of the shown")
    path = saved(download.value, tmp_path)
    assert path.suffix == ".csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    assert [row["title"] for row in rows] == ["tile 3", "tile 2", "tile 0"]
    assert [row["F"] for row in rows] == ["0.03", "0.02", "0"]
    assert (rows[2]["tags"], rows[2]["note"]) == ("by hand, tag0", "'=1+1")
    expect(page.get_by_role("status").filter(has_text="The table has 3 tiles.")).to_be_visible()


def png() -> bytes:
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:] = (210, 60, 20)
    return bytes(cv2.imencode(".png", picture)[1].tobytes())


def test_a_contact_sheet_is_made_of_the_selection_as_it_is_told_to(
    open_page: Open, job: RunningJob, tmp_path: Path, output: Path
) -> None:
    job.agent.picture = png()
    page = open_page()
    page.get_by_role("gridcell").nth(1).focus()
    page.keyboard.press("Space")
    page.get_by_role("gridcell").nth(3).focus()
    page.keyboard.press("Space")
    command(page, "contact sheet")
    dialog = page.get_by_role("dialog", name="Contact sheet")
    expect(dialog.get_by_label("Tiles", exact=True)).to_have_value("selected")
    dialog.get_by_label("Title").fill("Spots of été")
    dialog.get_by_label("Across").fill("1")
    dialog.get_by_label("Down").fill("1")
    dialog.get_by_label("F", exact=True).check()
    dialog.get_by_label("Tags").check()
    shot(page, output / "sheet-dialog.png")
    with page.expect_download(timeout=60_000) as download:
        dialog.get_by_role("button", name="Make it").click()
    path = saved(download.value, tmp_path)
    assert path.name == "Spots of été.pdf"
    expect(dialog.get_by_role("status")).to_have_text("It is saved.")
    document = pypdfium2.PdfDocument(path)
    texts = [each.get_textpage().get_text_bounded() for each in document]
    document.close()
    assert len(texts) == 2
    for text, (title, value, tag) in zip(
        texts, (("tile 1", "F 0.01", "tag1"), ("tile 3", "F 0.03", "tag3")), strict=True
    ):
        for words in ("Spots of été", title, value, tag):
            assert words in text, text
    dialog.get_by_label("As").select_option("png")
    dialog.get_by_label("Down").fill("2")
    with page.expect_download(timeout=60_000) as download:
        dialog.get_by_role("button", name="Make it").click()
    picture = cv2.imread(str(saved(download.value, tmp_path)))
    assert picture is not None
    assert (np.abs(picture.astype(int) - (210, 60, 20)) < 8).all(axis=2).mean() > 0.1
    dialog.get_by_label("Across").fill("12")
    dialog.get_by_label("Down").fill("20")
    dialog.get_by_label("Paper").select_option("a5")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_role("status")).to_contain_text("do not fit on a page of a5")


# ---------------------------------------------------------------------- movies

PLAYED = """
async data => {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
  const video = document.createElement('video');
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([bytes], {type: 'video/webm'}));
  await new Promise((good, bad) => { video.onloadeddata = good; video.onerror = () => bad(video.error.message); });
  const { videoWidth, videoHeight, duration } = video;
  const at = async seconds => {
    await new Promise(done => { video.onseeked = done; video.currentTime = seconds; });
    return video.currentTime;
  };
  const places = [await at(duration * 0.8), await at(duration * 0.3)];
  await video.play();
  await new Promise(done => { video.onended = done; });
  const canvas = Object.assign(document.createElement('canvas'), { width: videoWidth, height: videoHeight });
  canvas.getContext('2d').drawImage(video, 0, 0);
  return { videoWidth, videoHeight, duration, places, last: canvas.toDataURL().split(',')[1] };
}
"""


def played(chromium: Browser, path: Path) -> dict[str, Any]:
    """Return what a browser says of a movie that it plays to its end."""
    page = chromium.new_page()
    found: dict[str, Any] = page.evaluate(PLAYED, base64.b64encode(path.read_bytes()).decode())
    page.close()
    return found


def frames(path: Path) -> list[np.ndarray[Any, Any]]:
    video = cv2.VideoCapture(str(path))
    found = []
    while (read := video.read())[0]:
        found.append(read[1])
    video.release()
    return found


def mark(page: Page) -> Locator:
    return page.get_by_role("group", name="A movie is recorded")


def test_a_movie_of_the_wall_is_recorded_and_plays_with_its_size_and_duration(
    open_page: Open, chromium: Browser, tmp_path: Path, output: Path
) -> None:
    page = open_page(width=1001, height=701)
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Shift+M")
    expect(mark(page)).to_contain_text("recording 0:00")
    began = time.monotonic()
    page.wait_for_timeout(700)
    page.keyboard.press("z")  # what is seen of the wall changes
    expect(mark(page)).to_contain_text("recording 0:02")
    shot(page, output / "recording.png")
    with page.expect_download() as download:
        page.keyboard.press("Shift+M")
    took = time.monotonic() - began
    expect(mark(page)).to_have_count(0)
    path = saved(download.value, tmp_path)
    assert re.search(r" \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.webm$", path.name)
    wall = page.evaluate(
        "(({width, height}) => [width, height])(document.querySelector('#stage').getBoundingClientRect())"
    )
    found = played(chromium, path)
    assert (found["videoWidth"] % 2, found["videoHeight"] % 2) == (0, 0)
    assert (found["videoWidth"], found["videoHeight"]) == pytest.approx(wall, abs=1)
    assert found["duration"] == pytest.approx(took, abs=0.8)
    assert found["places"] == pytest.approx([found["duration"] * 0.8, found["duration"] * 0.3], abs=0.05)
    shown = frames(path)
    assert len(shown) > 5
    assert np.abs(shown[0].astype(int) - shown[-1].astype(int)).mean() > 2, "the wall was zoomed meanwhile"
    last = cv2.imdecode(np.frombuffer(base64.b64decode(found["last"]), np.uint8), cv2.IMREAD_COLOR)
    assert last is not None
    still = shot(page, output / "movie-still.png")[-last.shape[0] :, : last.shape[1]]
    below = slice(80, -80)  # without the lines that the page says over the wall
    assert np.abs(still[below].astype(int) - last[below].astype(int)).mean() < 9, "and it is what was seen"


def test_a_movie_ends_by_itself_after_ten_minutes(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.clock.install()
    page.reload()
    page.clock.run_for(2000)
    until(page, "window.tiledviz?.session?.loaded && window.tiledviz.tiles().length == 4")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Shift+M")
    expect(mark(page)).to_be_visible()
    with page.expect_download() as download:
        page.clock.fast_forward("10:01")
        page.clock.run_for(1000)
    assert saved(download.value, tmp_path).stat().st_size > 500
    expect(mark(page)).to_have_count(0)


def test_a_movie_of_the_tile_that_is_open_is_of_its_display(
    chromium: Browser, portal: RunningPortal, tmp_path: Path
) -> None:
    rfb = TinyRfb()
    job = RunningJob(portal, tiles=2)
    job.agent.serve_rfb = rfb.serve
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    try:
        desk = Desk(portal, job, context)
        desk.focus_on(0)
        desk.page.keyboard.press("Enter")
        desk.wait(lambda: bytes([3, 0]) in rfb.told, "the viewer asks for its first picture")
        record = desk.page.get_by_role("button", name="Record", exact=True)
        record.click()
        expect(record).to_have_attribute("aria-pressed", "true")
        expect(mark(desk.page)).to_contain_text("recording 0:01")
        with desk.page.expect_download() as download:
            desk.page.keyboard.press("Escape")  # the tile is closed, and the movie is of that one
        size = played(chromium, saved(download.value, tmp_path))
        assert (size["videoWidth"], size["videoHeight"]) == (64, 48)
        assert size["duration"] == pytest.approx(1.5, abs=1.2)
    finally:
        context.close()
        job.end()


def test_where_a_browser_has_no_encoder_it_is_said_in_one_line(open_page: Open) -> None:
    page = open_page()
    recorder = (ROOT / "web_static/recorder.js").read_text()
    without = f"delete globalThis.VideoEncoder;\n{recorder}"  # as where the page came by plain http from elsewhere
    page.route("**/recorder.js", lambda route: route.fulfill(body=without, content_type="text/javascript"))
    page.reload()
    until(page, "window.tiledviz?.session?.loaded && window.tiledviz.tiles().length == 4")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Shift+M")
    expect(page.get_by_role("status").filter(has_text="This browser cannot record here")).to_be_visible()
    expect(mark(page)).to_have_count(0)


# --------------------------------------------------------------------- for all


def test_axe_finds_nothing_while_one_presents_records_and_takes_away(
    open_page: Open, output: Path, chromium: Browser
) -> None:
    page = open_page()
    add_slides(page, "One", "Two", "A slide with a long name that says what is to be seen")
    axe = Axe(page)
    present_dialog(page)
    axe.check_themes("presentation dialog", output)
    page.keyboard.press("Escape")
    command(page, "contact sheet")
    expect(page.get_by_role("dialog", name="Contact sheet")).to_be_visible()
    axe.check_themes("contact sheet", output)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+M")
    expect(mark(page)).to_be_visible()
    start(page)
    axe.check_themes("presenting", output)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+B")
    axe.check_themes("wall alone", output)


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_everything_fits_a_phone_in_each_language(
    chromium: Browser, portal: RunningPortal, job: RunningJob, output: Path, locale: str
) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 700}, locale=locale)
    page = context.new_page()
    page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(page, "window.tiledviz?.session?.loaded && window.tiledviz.tiles().length == 4")
    page.evaluate(
        "window.tiledviz.session.set([['bookmark/a', {name: 'A slide with a long name', view: {}}],"
        " ['bookmark/b', {name: 'B', view: {}}], ['bookmark/c', {name: 'C', view: {}}], ['slides', ['a', 'b']]], 'x')"
    )
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Shift+P")
    expect(page.get_by_role("dialog")).to_be_visible()
    all_within(page, f"presentation dialog, {locale}")
    shot(page, output / f"present-phone-{locale}.png")
    page.get_by_role("dialog").locator("button.primary").click()
    expect(page.locator("p.slide")).to_be_visible()
    all_within(page, f"presenting, {locale}")
    shot(page, output / f"presenting-phone-{locale}.png")
    page.keyboard.press("Escape")
    page.evaluate(
        "window.tiledviz.session.set([...['a', 'b', 'c'].map(id => [`bookmark/${id}`, null]), ['slides', null]], 'x')"
    )
    page.keyboard.press("Control+k")
    page.keyboard.type("contact sheet" if locale == "en-GB" else "planche contact")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    all_within(page, f"contact sheet, {locale}")
    shot(page, output / f"sheet-phone-{locale}.png")
    until(page, "window.tiledviz.session.document.pending.length == 0")
    context.close()
