"""The session as a room: who is here, looking along, versions, files, bookmarks, the view as an address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from portal_kit import RunningJob, RunningPortal
from world import until

Open = Callable[..., Page]
LONG = 30000


@pytest.fixture
def open_page(chromium: Browser, portal: RunningPortal, job: RunningJob) -> Iterator[Open]:
    """Open pages of other people, in browsers of their own."""
    contexts = []

    def open_one(hash_: str = "", role: str = "owner", width: int = 1440) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 800}, accept_downloads=True)
        contexts.append(context)
        made = context.new_page()
        made.goto(f"{portal.origin}/#login={portal.login_ticket(role=role)}")
        until(made, "window.tiledviz?.session?.loaded")
        if hash_:
            made.goto(f"{portal.origin}/{hash_}")
            made.reload()
        until(made, "window.tiledviz?.session?.loaded && window.tiledviz.tiles().length == 4")
        return made

    yield open_one
    for context in contexts:
        context.close()


def session_menu(page: Page) -> None:
    page.get_by_role("button", name="Session", exact=True).click()
    expect(page.get_by_role("dialog", name="Session")).to_be_visible()


def test_people_see_each_other_by_name_and_one_looks_along_with_another(open_page: Open) -> None:
    anna, ben = open_page(), open_page()
    expect(anna.get_by_role("button", name="2 here")).to_be_visible(timeout=LONG)
    anna.get_by_role("button", name="2 here").click()
    anna.get_by_label("Your name, as others see it").fill("Anna")
    anna.keyboard.press("Enter")
    anna.keyboard.press("Escape")
    ben.get_by_role("button", name="2 here").click()
    expect(ben.get_by_role("dialog", name="People in this session")).to_contain_text("Anna", timeout=LONG)
    ben.get_by_role("button", name="Look along with Anna").click()
    ben.keyboard.press("Escape")
    expect(ben.get_by_role("status").filter(has_text="You look along with Anna")).to_be_visible()
    anna.get_by_role("gridcell").nth(2).focus()
    anna.keyboard.press("z")
    there = anna.evaluate("window.tiledviz.camera()")
    until(ben, "s => Math.abs(window.tiledviz.camera().scale / s - 1) < 0.05", there["scale"])
    # One's own hand on the wall ends it.
    ben.mouse.move(600, 400)
    ben.mouse.wheel(0, 100)
    expect(ben.get_by_role("status").filter(has_text="You look along with Anna")).to_have_count(0)
    anna.close()
    expect(ben.get_by_role("button", name="1 here")).to_be_visible(timeout=LONG)


def look_along(page: Page, name: str) -> None:
    page.get_by_role("button", name="here").click()
    page.get_by_role("button", name=f"Look along with {name}").click()
    page.keyboard.press("Escape")
    expect(following(page)).to_be_visible()


def following(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text="You look along with")


def zoom_on(page: Page, *numbers: int) -> None:
    """Have a page show these tiles alone."""
    page.evaluate(
        """numbers => {
            const { session } = window.tiledviz;
            const ids = window.all.filter((_, i) => numbers.includes(i));
            session.set([[`person/${session.person}/zoomed`, ids.length ? ids : null]], 'zoom');
        }""",
        [*numbers],
    )


@pytest.fixture
def pair(open_page: Open) -> tuple[Page, Page]:
    """Two people; the first one's name is Anna."""
    anna, ben = open_page(), open_page()
    for each in (anna, ben):
        each.evaluate("window.all = window.tiledviz.tiles().map(t => t.id)")
        expect(each.get_by_role("button", name="2 here")).to_be_visible(timeout=LONG)
    anna.evaluate(
        "{const {session} = window.tiledviz; session.set([[`person/${session.person}/name`, 'Anna']], 'name')}"
    )
    return anna, ben


SHOWN = "n => window.tiledviz.tiles().length == n"


def test_who_is_here_stands_still_under_the_hand_while_they_look_around(pair: tuple[Page, Page]) -> None:
    anna, ben = pair
    ben.get_by_role("button", name="2 here").click()
    button = ben.get_by_role("button", name="Look along with Anna")
    button.focus()
    looks = ben.get_by_role("dialog", name="People in this session")
    for number in (1, 2):
        anna.get_by_role("gridcell").nth(number).focus()
        title = anna.evaluate("window.tiledviz.tiles().find(t => t.focused).title")
        expect(looks).to_contain_text(title)
        expect(button).to_be_focused()
    ben.keyboard.press("Enter")
    leave = looks.get_by_role("button", name="Look by yourself")
    expect(leave).to_be_focused()
    ben.keyboard.press("Enter")
    expect(button).to_be_focused()


def test_a_click_while_one_looks_along_opens_the_tile_that_one_sees(pair: tuple[Page, Page]) -> None:
    anna, ben = pair
    look_along(ben, "Anna")
    zoom_on(anna, 3)
    until(ben, SHOWN, 1)
    ben.wait_for_timeout(500)
    stage = ben.locator("#stage").bounding_box()
    assert stage
    ben.mouse.click(stage["x"] + stage["width"] * 0.4, stage["y"] + stage["height"] * 0.4)
    title = anna.evaluate("window.tiledviz.tiles()[0].title")
    expect(ben.get_by_role("banner", name="Tile")).to_contain_text(title)
    expect(following(ben)).to_have_count(0)


def test_keys_that_move_the_view_end_looking_along_and_p_goes_to_the_next_person(
    pair: tuple[Page, Page], open_page: Open
) -> None:
    anna, ben = pair
    zoom_on(anna, 1, 2)
    look_along(ben, "Anna")
    until(ben, SHOWN, 2)
    ben.get_by_role("gridcell").first.focus()
    ben.keyboard.press("i")
    expect(following(ben)).to_be_visible()
    ben.keyboard.press("ArrowRight")
    expect(following(ben)).to_have_count(0)
    until(ben, SHOWN, 4)
    open_page()
    expect(ben.get_by_role("button", name="3 here")).to_be_visible(timeout=LONG)
    names = set()
    for _ in range(2):
        ben.keyboard.press("p")
        expect(following(ben)).to_be_visible()
        names.add(following(ben).inner_text())
    assert len(names) == 2


def test_looking_along_outlasts_a_line_that_breaks(pair: tuple[Page, Page]) -> None:
    anna, ben = pair
    look_along(ben, "Anna")
    anna.reload()
    expect(ben.get_by_role("status").filter(has_text="Anna is away")).to_be_visible(timeout=LONG)
    until(anna, "window.tiledviz?.session?.loaded && window.tiledviz.tiles().length == 4")
    expect(following(ben)).to_be_visible(timeout=LONG)
    anna.evaluate("window.all = window.tiledviz.tiles().map(t => t.id)")
    zoom_on(anna, 0, 1, 2)
    until(ben, SHOWN, 3)
    zoom_on(anna)
    until(ben, SHOWN, 4)


def test_a_version_is_saved_compared_restored_and_deleted(open_page: Open, output: Path) -> None:
    page = open_page()
    session_menu(page)
    page.get_by_label("Save this state as").fill("before")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Restore before")).to_be_visible(timeout=LONG)
    page.keyboard.press("Escape")
    first = page.evaluate("window.tiledviz.tiles()[0].id")
    page.evaluate("id => window.tiledviz.session.write(`note/${id}`, 'spots split here', 'note')", first)
    page.evaluate("id => window.tiledviz.session.set([[`tile/${id}/off`, true]], 'off')", first)
    until(page, "window.tiledviz.session.document.pending.length == 0")
    session_menu(page)
    page.get_by_role("button", name="Compare before with now").click()
    dialog = page.get_by_role("dialog", name="Session")
    expect(dialog).to_contain_text("2 differences from now: 1 note, 1 setting of a tile.", timeout=LONG)
    page.screenshot(path=output / "session-versions.png", timeout=60000)
    page.get_by_role("button", name="Restore before").click()
    expect(dialog).to_contain_text("before is restored", timeout=LONG)
    until(page, "id => window.tiledviz.session.document.text(`note/${id}`) == ''", first)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    until(page, "id => window.tiledviz.session.document.text(`note/${id}`) == 'spots split here'", first)
    session_menu(page)
    page.get_by_role("button", name="Delete before").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Restore before")).to_have_count(0)
    expect(dialog).to_be_focused()
    expect(dialog).to_contain_text("before is deleted.")


def test_a_name_stays_in_its_field_until_the_version_is_saved(open_page: Open) -> None:
    page = open_page()
    session_menu(page)
    field = page.get_by_label("Save this state as")
    field.fill("kept")
    page.route("**/session/versions", lambda route: route.abort())
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Session")
    expect(dialog).to_contain_text("That did not work")
    expect(field).to_have_value("kept")
    page.unroute("**/session/versions")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("kept is saved.")
    expect(field).to_have_value("")
    page.get_by_role("button", name="Delete kept").click()
    expect(dialog).to_contain_text("kept is deleted.")


def test_a_session_goes_into_a_file_and_comes_back(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    first = page.evaluate("window.tiledviz.tiles()[0].id")
    page.evaluate("id => window.tiledviz.session.write(`note/${id}`, 'kept', 'note')", first)
    until(page, "window.tiledviz.session.document.pending.length == 0")
    session_menu(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    file = tmp_path / "session.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())["format"] == "tiledviz-session"
    page.evaluate("id => window.tiledviz.session.write(`note/${id}`, '', 'note')", first)
    until(page, "window.tiledviz.session.document.pending.length == 0")
    page.get_by_label("Import …").set_input_files(file)
    expect(page.get_by_role("dialog", name="Session")).to_contain_text("Imported", timeout=LONG)
    until(page, "id => window.tiledviz.session.document.text(`note/${id}`) == 'kept'", first)
    bad = tmp_path / "bad.json"
    bad.write_text('{"format": "something else"}')
    page.get_by_label("Import …").set_input_files(bad)
    expect(page.get_by_role("dialog", name="Session")).to_contain_text("That did not work", timeout=LONG)


def test_a_bookmark_brings_back_view_and_arrangement(open_page: Open) -> None:
    page = open_page()
    page.evaluate("window.tiledviz.session.set([['sort', {by: 'title', descending: true}]], 'sort')")
    page.get_by_role("gridcell").nth(1).focus()
    page.keyboard.press("z")
    page.wait_for_timeout(500)
    there = page.evaluate("window.tiledviz.camera()")
    session_menu(page)
    page.get_by_label("Bookmark this view as").fill("The second")
    page.get_by_role("button", name="Bookmark", exact=True).click()
    expect(page.get_by_role("button", name="Go to The second")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.evaluate("window.tiledviz.session.set([['sort', null]], 'sort')")
    session_menu(page)
    page.get_by_role("button", name="Go to The second").click()
    until(page, "s => Math.abs(window.tiledviz.camera().scale / s - 1) < 0.02", there["scale"])
    assert page.evaluate("window.tiledviz.session.document.get('sort')") == {"by": "title", "descending": True}
    page.evaluate("window.tiledviz.session.set([['sort', null]], 'sort')")
    page.get_by_role("button", name="Delete The second").click()
    expect(page.get_by_role("button", name="Go to The second")).to_have_count(0)


def test_a_bookmark_sets_what_bookmarks_keep_and_nothing_else(open_page: Open) -> None:
    page = open_page()
    shared = [["person/somebody/name", "x"], ["layout/columns", 2], ["note", "x"]]
    bookmarks = [
        ["bookmark/a", {"name": "Bare", "view": {}}],
        ["bookmark/b", {"name": "Odd", "view": {"shared": shared}}],
    ]
    page.evaluate("acts => window.tiledviz.session.set(acts, 'bookmark')", bookmarks)
    page.get_by_role("gridcell").nth(1).focus()
    page.keyboard.press("z")
    page.wait_for_timeout(500)
    near = page.evaluate("window.tiledviz.camera().scale")
    session_menu(page)
    page.get_by_role("button", name="Go to Bare").click()
    until(page, "s => window.tiledviz.camera().scale < s * 0.8", near)
    page.get_by_role("button", name="Go to Odd").click()
    until(page, "window.tiledviz.session.document.get('layout/columns') == 2")
    until(page, "window.tiledviz.session.document.pending.length == 0")
    assert page.evaluate("window.tiledviz.session.document.get('person/somebody/name') ?? null") is None
    page.evaluate(
        "window.tiledviz.session.set([['layout/columns', null], ['bookmark/a', null], ['bookmark/b', null]], 'x')"
    )


def test_an_address_restores_the_view_after_a_reload_and_in_another_browser(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("gridcell").nth(2).focus()
    page.keyboard.press("z")
    until(page, "location.hash.includes('view=') && location.hash.includes('tile=')")
    page.wait_for_timeout(1500)
    there, address = page.evaluate("[window.tiledviz.camera(), location.hash]")
    assert "login" not in address
    same = (
        "c => ['x', 'y', 'scale'].every(n => Math.abs(window.tiledviz.camera()[n] - c[n]) < 0.01 * Math.abs(c.scale))"
    )
    page.reload()
    until(page, "window.tiledviz?.session?.loaded")
    until(page, same, there)
    other = open_page(address)
    until(other, same, there)
    assert other.evaluate("window.tiledviz.tiles().find(t => t.focused).id") == page.evaluate(
        "window.tiledviz.tiles().find(t => t.focused).id"
    )


def test_who_may_only_look_keeps_a_view_but_changes_nothing_of_others(open_page: Open) -> None:
    viewer = open_page(role="viewer")
    session_menu(viewer)
    expect(viewer.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    expect(viewer.get_by_role("button", name="Import …")).to_have_count(0)
    viewer.evaluate("window.tiledviz.session.set([['sort', {by: 'title', descending: true}]], 'sort')")
    expect(viewer.get_by_role("status").filter(has_text="arrange")).to_be_visible(timeout=LONG)
    until(viewer, "window.tiledviz.session.document.get('sort') === undefined")
