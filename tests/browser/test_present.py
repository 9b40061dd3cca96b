"""Showing it to others: slides, the presenter's hand, links, the table, the contact sheet, movies."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
from axe_kit import Axe, all_within
from playwright.sync_api import Browser, Page, expect

from commanding import run_command
from portal_kit import RunningJob, RunningPortal
from present_kit import SORTED, Open, add_slides, look_at, mark, present_dialog, register, slide_names
from world import shot, until

LONG = 30_000
WALL = "({ ...window.tiledviz.camera(), width: document.querySelector('#stage').clientWidth })"


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
    run_command(anna, "show my pointer")
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
    run_command(anna, "pointer to the others no longer")
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
    run_command(page, "contact sheet")
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
    run_command(page, "contact sheet" if locale == "en-GB" else "planche contact")
    expect(page.get_by_role("dialog")).to_be_visible()
    all_within(page, f"contact sheet, {locale}")
    shot(page, output / f"sheet-phone-{locale}.png")
    until(page, "window.tiledviz.session.document.pending.length == 0")
    context.close()
