"""What the page says over the wall: another release of the portal, notices, and why a tile shows no picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from portal_kit import RunningJob, RunningPortal, Spares
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.store import Members
from world import part, shot, until

UPDATED = "from tvcore.portal import wall\nwall.PAGE_PROTOCOL += 1"
# A portal whose wall has for notices what stands in a file.
TELLING = """
import json, os
from pathlib import Path
import gevent
from tvcore.portal import wall
file = Path(os.environ["TILEDVIZ_HOME"]) / "notices.json"

def read():
    return json.loads(file.read_text()) if file.exists() else []

class Telling(wall.WallViewer):
    def run(self):
        teller = gevent.spawn(self.watch)
        try:
            super().run()
        finally:
            teller.kill()

    def watch(self, told=()):
        while True:
            if read() != list(told):
                told = read()
                self.notices_changed()
            gevent.sleep(0.05)

    def _news(self):
        self._wall.document["notices"] = read()
        return super()._news()

wall.WallViewer = Telling
"""
SLURM_AWAY = "Slurm does not answer since 14:03: the states of its jobs are as they were then."


@pytest.fixture(scope="module")
def spares() -> Iterator[Spares]:
    """Portals that are begun ahead, and tell what the test says."""
    made = Spares(TELLING)
    yield made
    made.close()


@pytest.fixture
def portal(own_portal: RunningPortal) -> RunningPortal:
    """A portal of this test alone, as tests end and change it."""
    return own_portal


def at_rest(page: Page) -> list[dict[str, float]]:
    """Return where the tiles are once they have stopped moving."""
    seen: list[list[dict[str, float]]] = [[], page.evaluate("window.tiledviz.tiles().map(t => t.rect)")]
    while seen[-1] != seen[-2]:
        page.wait_for_timeout(250)  # longer than any motion of the page
        seen.append(page.evaluate("window.tiledviz.tiles().map(t => t.rect)"))
    return seen[-1]


def notice(portal: RunningPortal, *notices: str) -> None:
    new = portal.home / "notices.new"
    new.write_text(json.dumps(notices))
    new.replace(portal.home / "notices.json")


# --------------------------------------------------------------- another release


def test_a_page_left_open_is_told_that_the_portal_was_updated_and_reads_no_more(
    portal: RunningPortal, job: RunningJob, page: Page, output: Path
) -> None:
    portal.process.kill()
    portal.process.wait()
    until(page, "window.tiledviz.connection() == 'lost'")
    job.agent.change(2, state="failed", reason="meanwhile")
    updated = RunningPortal(portal.home, port=portal.port, changed=UPDATED)
    try:
        until(page, "window.tiledviz.connection() == 'outdated'")
        banner = page.locator("#banner")
        expect(banner).to_contain_text("The portal was updated: reload this page")
        expect(banner).to_have_attribute("role", "status")
        shot(page, output / "updated.png")
        # What the other release says of its tiles is not taken over: it may mean something else.
        assert page.evaluate("window.tiledviz.tiles().map(t => t.state)") == ["live"] * 4
        banner.get_by_role("button", name="Reload").click()
        page.wait_for_load_state()
    finally:
        updated.stop()


def test_a_portal_of_the_same_release_that_comes_back_is_not_called_updated(
    portal: RunningPortal, job: RunningJob, page: Page
) -> None:
    portal.process.kill()
    portal.process.wait()
    until(page, "window.tiledviz.connection() == 'lost'")
    expect(page.locator("#banner")).to_contain_text("comes back by itself")
    again = RunningPortal(portal.home, port=portal.port)
    try:
        until(page, "window.tiledviz.connection() == 'open'")
        expect(page.locator("#banner")).to_be_hidden()
    finally:
        again.stop()


# ----------------------------------------------------------------------- notices


def test_a_notice_stands_over_the_wall_without_moving_it_and_goes_when_it_is_over(
    portal: RunningPortal, page: Page, output: Path
) -> None:
    place = page.locator("#notices")
    expect(place).to_have_attribute("aria-live", "polite")
    expect(place).to_be_empty()
    before = at_rest(page)
    notice(portal, SLURM_AWAY)
    expect(place.get_by_text(SLURM_AWAY, exact=True)).to_be_visible()
    assert at_rest(page) == before
    shot(page, output / "notice.png")
    bar, line = page.locator("#bar").bounding_box(), place.locator("p").bounding_box()
    assert bar
    assert line
    assert 0 <= line["y"] - (bar["y"] + bar["height"]) < 16
    # The wall is worked through it.
    beneath = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('#stage') !== null",
        [line["x"] + line["width"] / 2, line["y"] + line["height"] / 2],
    )
    assert beneath
    notice(portal)
    expect(place).to_be_empty()


def test_a_notice_that_stays_is_not_said_again_when_another_comes(portal: RunningPortal, page: Page) -> None:
    notice(portal, SLURM_AWAY)
    first = page.locator("#notices p")
    expect(first).to_have_text(SLURM_AWAY)
    first.evaluate("line => { line.dataset.seen = 'yes'; }")
    notice(portal, SLURM_AWAY, "The disk of the portal is full.")
    expect(page.locator("#notices p")).to_have_count(2)
    expect(page.locator("#notices p[data-seen=yes]")).to_have_text(SLURM_AWAY)


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_a_notice_can_be_read_in_every_theme_and_on_a_phone(
    portal: RunningPortal, page: Page, output: Path, theme: str
) -> None:
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    page.set_viewport_size({"width": 390, "height": 780})
    notice(portal, SLURM_AWAY)
    line = page.locator("#notices p")
    expect(line).to_be_visible()
    page.wait_for_timeout(300)  # it has faded in
    shot(page, output / f"notice-{theme}.png")
    box = line.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    colours = line.evaluate("line => [getComputedStyle(line).color, getComputedStyle(line).backgroundColor]")
    assert contrast(*map(rgb, colours)) >= 7


def rgb(css: str) -> tuple[float, float, float]:
    red, green, blue = (float(part) for part in css.removeprefix("rgb(").removesuffix(")").split(","))
    return red, green, blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""

    def luminance(colour: tuple[float, float, float]) -> float:
        parts = [c / 255 for c in colour]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# ------------------------------------------------------------ tiles without picture


def test_a_tile_that_waits_or_failed_says_why_in_its_place_and_to_a_screen_reader(
    portal: RunningPortal, job: RunningJob, page: Page, output: Path
) -> None:
    waiting = job.plan.model_copy(update={"tiles": job.plan.tiles[:2]})
    portal.store.add_run(waiting, "elsewhere", "waits-1", Members(), JobState.PENDING)
    portal.store.apply_jobs([JobStatus("waits-1", JobState.PENDING, "waits for free nodes (Resources)")])
    job.agent.change(1, state="failed", reason="node failure: c2 does not answer")
    until(page, "window.tiledviz.tiles().map(t => t.state).join() == 'live,failed,live,live,queued,queued'")
    expect(page.get_by_role("gridcell", name="waits for free nodes (Resources)")).to_have_count(2)
    expect(page.get_by_role("gridcell", name="node failure: c2 does not answer")).to_be_attached()
    at_rest(page)
    picture = shot(page, output / "states.png")
    tiles = page.evaluate("window.tiledviz.tiles()")
    empty = part(picture, tiles[2]["rect"]).std()
    for tile in tiles:
        assert (part(picture, tile["rect"]).std() > empty + 3) == (tile["state"] != "live"), tile


def test_what_was_done_without_a_connection_outlives_the_page(
    portal: RunningPortal, job: RunningJob, page: Page
) -> None:
    tile = job.tiles[0]
    portal.process.kill()
    portal.process.wait()
    until(page, "window.tiledviz.connection() == 'lost'")
    page.evaluate("id => window.tiledviz.session.write(`note/${id}`, 'split at the rim', 'note')", tile)
    page.evaluate("id => window.tiledviz.session.set([[`tile/${id}/rotation`, 90]])", tile)
    page.goto("about:blank")
    again = RunningPortal(portal.home, port=portal.port)
    try:
        page.goto(f"{again.origin}/#login={again.login_ticket()}")
        until(page, "window.tiledviz.connection() == 'open'")
        until(page, "id => window.tiledviz.session.document.text(`note/${id}`) == 'split at the rim'", tile)
        until(page, "window.tiledviz.session.document.pending.length == 0")
        assert again.store.rooms.document("main").get(f"tile/{tile}/rotation") == 90
        page.keyboard.press("Control+z")
        until(page, "id => window.tiledviz.session.document.get(`tile/${id}/rotation`) === undefined", tile)
        until(page, "window.tiledviz.session.document.pending.length == 0")
    finally:
        again.stop()


def test_a_page_of_which_a_part_does_not_come_is_loaded_anew_and_in_the_end_says_so(
    chromium: Browser, portal: RunningPortal, job: RunningJob, output: Path
) -> None:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    lost = {"hands.js": 1, "css/stage.css": 1, "wall-worker.js?lang=en": 1}  # once each, as by a network that changes

    def route(each: Route) -> None:
        name = each.request.url.partition("/static/")[2]
        if lost.get(name):
            lost[name] -= 1
            return each.abort("internetdisconnected")
        return each.continue_()

    context.route("**/static/**", route)
    page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(page, "window.tiledviz?.connection() == 'open'")
    assert set(lost.values()) == {0}
    until(page, "sessionStorage.getItem('tiledviz.tries') === null")
    # A script of somebody else, as extensions of the browser put them there, is no part of it.
    script = "Object.assign(document.createElement('script'), { src: 'nothing.js', onerror: done })"
    page.evaluate(f"new Promise((done) => document.head.append({script}))")
    page.wait_for_timeout(300)
    assert page.evaluate("sessionStorage.getItem('tiledviz.tries')") is None
    lost["hands.js"] = 4
    page.reload()
    words = page.get_by_role("alert").filter(has_text="A part of this page did not come")
    expect(words).to_be_visible()
    page.screenshot(path=output / "incomplete.png")
    words.get_by_role("button", name="Reload").click()
    until(page, "window.tiledviz?.connection() == 'open'")
    context.close()
