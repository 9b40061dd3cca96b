"""The page for everybody: axe finds nothing, keys reach everything, large letters, a phone, less motion, own colours.

axe-core comes by npm, for tests alone; it is told to the page over Chromium's DevTools, past the page's policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_kit import Axe, all_within, still
from playwright.sync_api import Browser, Page, expect

from commanding import run_command
from hands_kit import TinyRfb
from portal_kit import RunningJob, RunningPortal
from world import shot, until


def details(page: Page, shown: bool) -> None:
    """Open or close the panel."""
    panel = page.get_by_role("complementary", name="Details")
    if panel.is_visible() != shown:
        page.get_by_role("button", name="Details", exact=True).click()
    expect(panel).to_be_visible(visible=shown)


@pytest.fixture
def axe(page: Page) -> Axe:
    return Axe(page)


# --------------------------------------------------------------------------- axe


def test_axe_finds_nothing_on_the_wall_and_in_its_panel(axe: Axe, page: Page, output: Path) -> None:
    details(page, False)
    axe.check_themes("wall", output, by_key=True)
    details(page, True)
    axe.check_themes("panel", output, by_key=True)


def test_axe_finds_nothing_in_the_palette_and_the_help(axe: Axe, page: Page, output: Path) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe.check_themes("palette", output)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("dialog", name="Keyboard and mouse")).to_be_visible()
    axe.check_themes("help", output)


DIALOGS = [
    ("x", "Work in tiles"),
    ("m", "Type into many tiles"),
    ("k", "Tags of tile 0"),
    ("j", "QR code of tile 0"),
]


@pytest.mark.parametrize(("key", "name"), DIALOGS, ids=[name for _, name in DIALOGS])
def test_axe_finds_nothing_in_a_dialog(axe: Axe, page: Page, output: Path, key: str, name: str) -> None:
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press(key)
    expect(page.get_by_role("dialog", name=name)).to_be_visible()
    axe.check_themes(name.lower(), output)


def test_axe_finds_nothing_in_the_list_of_cases_and_in_the_form_of_one(axe: Axe, page: Page, output: Path) -> None:
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Shift+L")
    gears = page.get_by_role("button", name="Gears", exact=True)
    expect(gears).to_be_visible(timeout=60_000)
    axe.check_themes("launch list", output)
    gears.click()
    form = page.get_by_role("form", name="Gears")
    form.get_by_label("Width", exact=True).fill("wide")
    expect(form.get_by_text("width=wide: Input should be a valid integer")).to_be_visible(timeout=60_000)
    expect(form.get_by_text("It runs on this machine")).to_be_visible(timeout=60_000)
    axe.check_themes("launch form", output)


def test_axe_finds_nothing_in_the_actions_of_the_case(axe: Axe, page: Page, output: Path) -> None:
    choose(page, "Actions of the case")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe.check_themes("case actions", output)


def test_axe_finds_nothing_in_what_opens_from_the_bar(axe: Axe, page: Page, output: Path) -> None:
    page.set_viewport_size({"width": 1900, "height": 900})  # nothing of the bar is folded away
    menus = page.get_by_role("banner").get_by_role("button", expanded=False)
    names = [name for name in menus.all_inner_texts() if name]
    assert names
    for name in names:
        page.get_by_role("banner").get_by_role("button", name=name, exact=True).click()
        axe.check_themes(f"menu of {name.split()[0]}", output)
        page.keyboard.press("Escape")


def test_axe_finds_nothing_while_one_draws_writes_and_selects(axe: Axe, page: Page, output: Path) -> None:
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("l")
    axe.check_themes("selected with legend", output, by_key=True)
    page.keyboard.press("l")
    page.keyboard.press("e")
    page.keyboard.type("a note")
    axe.check_themes("note", output)
    page.keyboard.press("Escape")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Done")).to_be_visible()
    axe.check_themes("drawing", output)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Done")).to_be_hidden()


def test_axe_finds_nothing_in_an_opened_tile(
    chromium: Browser, portal: RunningPortal, job: RunningJob, output: Path
) -> None:
    job.agent.serve_rfb = TinyRfb().serve
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    enter(page, portal)
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Back to the wall")).to_be_visible()
    Axe(page).check_themes("opened", output)
    context.close()


def test_axe_finds_nothing_where_there_is_nothing_yet(chromium: Browser, portal: RunningPortal, output: Path) -> None:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.goto(portal.origin)
    expect(page.get_by_role("heading", name="Open your wall from the terminal")).to_be_visible()
    Axe(page).check_themes("login", output)
    page.goto("about:blank")
    page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    expect(page.get_by_role("heading", name="This wall is still empty")).to_be_visible()
    Axe(page).check_themes("empty", output, by_key=True)
    context.close()


# ------------------------------------------------------------------ large letters


def enter(page: Page, portal: RunningPortal) -> None:
    """Log in, and wait for the four tiles."""
    page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(page, "window.tiledviz.connection() == 'open'")
    until(page, "window.tiledviz.tiles().map(t => t.state).join() == 'live,live,live,live'")


@pytest.fixture(params=["400 %", "phone"])
def small(request: pytest.FixtureRequest, chromium: Browser, portal: RunningPortal, job: RunningJob) -> Iterator[Page]:
    """The page where there is little room: a window of 1280 × 1024 whose letters are at 400 %, or a phone."""
    if request.param == "phone":
        context = chromium.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2
        )
    else:
        context = chromium.new_context(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    page = context.new_page()
    enter(page, portal)
    yield page
    context.close()


def choose(page: Page, command: str) -> None:
    """Run a command from the palette, by mouse or finger."""
    page.get_by_role("button", name="Commands").click()
    palette = page.get_by_role("dialog", name="Commands")
    palette.get_by_role("combobox").fill(command)
    palette.get_by_role("option", name=command).first.click()
    expect(palette).to_be_hidden()


def test_with_little_room_nothing_is_cut_and_every_control_is_reached(small: Page, output: Path) -> None:
    width = small.evaluate("innerWidth")
    all_within(small, "wall")
    shot(small, output / f"access-{width}-wall.png")
    small.get_by_role("button", name="Menu").click()
    all_within(small, "menu")
    shot(small, output / f"access-{width}-menu.png")
    small.keyboard.press("Escape")
    small.get_by_role("button", name="Commands").click()
    options = small.get_by_role("listbox", name="Commands")
    expect(options).to_be_visible()
    still(small)
    assert options.evaluate("each => each.scrollWidth <= each.clientWidth")
    shot(small, output / f"access-{width}-palette.png")
    small.keyboard.press("Escape")
    dialogs = {
        "Keyboard and mouse": "Keyboard and mouse",
        "Run a command in tiles": "Work in tiles",
        "Type into many tiles": "Type into many tiles",
    }
    for command, title in dialogs.items():
        choose(small, command)
        dialog = small.get_by_role("dialog", name=title)
        expect(dialog).to_be_visible()
        all_within(small, title)
        dialog.evaluate("each => each.scrollTo(0, 0)")
        shot(small, output / f"access-{width}-{title.replace(' ', '-').lower()}.png")
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
    panel = small.get_by_role("complementary", name="Details")
    if not panel.is_visible():
        choose(small, "details")
    expect(panel).to_be_visible()
    all_within(small, "panel")
    panel.evaluate("each => each.scrollTo(0, 0)")
    shot(small, output / f"access-{width}-panel.png")
    panel.get_by_role("button", name="Close details").click()
    expect(panel).to_be_hidden()


# ----------------------------------------------------------------- the keyboard alone

FOCUS = """
() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const cell = at.getAttribute('role') === 'gridcell'; // the canvas shows the focus of tiles
  const seen = cell || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1);
  return {name: at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent, seen,
          number: [...document.querySelectorAll('*')].indexOf(at)};
}
"""
CONTROLS = """
() => [...document.querySelectorAll('#app button, #app input, #app select, #app textarea, #app a[href]')]
  .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0)
  .map(each => [...document.querySelectorAll('*')].indexOf(each))
"""


def tabbed(page: Page) -> list[dict[str, Any]]:
    """Return what Tab goes through, once around."""
    page.evaluate("document.activeElement?.blur()")
    found: list[dict[str, Any]] = []
    for _ in range(200):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at is None or at["number"] in [each["number"] for each in found]:
            break
        found.append(at)
    return found


def test_tab_reaches_every_control_and_one_sees_where_it_is(page: Page) -> None:
    details(page, True)
    stops = tabbed(page)
    assert [each["name"] for each in stops if not each["seen"]] == []
    missed = set(page.evaluate(CONTROLS)) - {each["number"] for each in stops}
    names = page.evaluate("missed => missed.map(i => document.querySelectorAll('*')[i].outerHTML)", sorted(missed))
    # Of a group of radio buttons, Tab goes to one.
    assert [name for name in names if 'type="radio"' not in name] == []
    assert any(each["name"].startswith("tile 0") for each in stops), "the wall itself is a stop"


def test_every_command_is_in_the_palette_and_runs_from_it_by_keys_alone(page: Page) -> None:
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog")
    expect(palette).to_be_visible()
    options = palette.get_by_role("option")
    expect(options.first).to_be_visible()
    names = [name for name in options.all_inner_texts() if name]
    assert len(names) > 25
    assert len(names) == len(set(names)), "two commands have one name"
    keys = options.locator("kbd").all_inner_texts()
    assert sorted(keys) == sorted(set(keys)), "two commands have one key"
    page.keyboard.type("Keyboard and mouse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Keyboard and mouse")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


# ---------------------------------------------------------- less motion, own colours


def test_who_wants_less_motion_gets_none(chromium: Browser, portal: RunningPortal, job: RunningJob) -> None:
    context = chromium.new_context(viewport={"width": 1200, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    enter(page, portal)
    page.keyboard.press("z")
    before = page.evaluate("window.tiledviz.camera()")
    page.wait_for_timeout(100)
    assert page.evaluate("window.tiledviz.camera()") == before
    details(page, False)
    details(page, True)
    lasting = "document.getAnimations().map(a => a.effect.getComputedTiming().duration).filter(ms => ms > 1)"
    assert page.evaluate(lasting) == []
    context.close()


def test_with_the_systems_own_colours_controls_keep_their_edges_and_the_focus_is_seen(
    chromium: Browser, portal: RunningPortal, job: RunningJob, output: Path
) -> None:
    context = chromium.new_context(viewport={"width": 1200, "height": 800}, forced_colors="active")
    page = context.new_page()
    enter(page, portal)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)["seen"]
    shot(page, output / "access-forced-colours.png")
    edges = page.evaluate("""() => [...document.querySelectorAll('#bar button')].filter(each => each.checkVisibility())
      .filter(each => parseFloat(getComputedStyle(each).borderTopWidth) < 1).map(each => each.textContent)""")
    assert edges == []
    pressed = page.get_by_role("button", name="Work on the wall")
    before = pressed.evaluate("each => getComputedStyle(each).backgroundColor + getComputedStyle(each).borderTopColor")
    pressed.click()
    after = pressed.evaluate("each => getComputedStyle(each).backgroundColor + getComputedStyle(each).borderTopColor")
    assert before != after, "a pressed button looks pressed"
    context.close()


# ------------------------------------------------------------------------ languages


def test_the_page_speaks_french_to_who_reads_french_and_switches(
    chromium: Browser, portal: RunningPortal, job: RunningJob, output: Path
) -> None:
    context = chromium.new_context(viewport={"width": 1200, "height": 800}, locale="fr-FR")
    page = context.new_page()
    enter(page, portal)
    assert page.evaluate("document.documentElement.lang") == "fr"
    expect(page.get_by_role("gridcell", name="tile 0, en direct")).to_be_attached()
    expect(page.get_by_role("complementary", name="Détails")).to_contain_text("Nœud")
    Axe(page).check_themes("french", output)
    run_command(page, "English")
    expect(page.get_by_role("button", name="Details", exact=True)).to_be_visible()
    until(page, "document.documentElement.lang == 'en'")
    page.reload()
    expect(page.get_by_role("button", name="Details", exact=True)).to_be_visible()
    context.close()
