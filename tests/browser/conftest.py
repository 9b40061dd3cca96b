"""A real Chromium, and a portal with tiles that are just what a test says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from grid_kit import TILES, GridWall
from portal_kit import RunningJob, RunningPortal, Spares
from present_kit import Open, opening
from told_tags import TaggedWall, job_of
from tvcore.portal.roles import Role
from world import until

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return Chromium; no longer than a module, as Playwright keeps an event loop running in this thread."""
    arguments = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
    if os.getuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses its sandbox to root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A portal for all tests of a module, none of which ends it: starting one takes seconds."""
    home = tmp_path_factory.mktemp("portal") / "state"
    home.mkdir(mode=0o700)
    running = RunningPortal(home)
    yield running
    running.stop()


@pytest.fixture
def job(portal: RunningPortal) -> Iterator[RunningJob]:
    """Four tiles of a node agent that draws nothing by itself."""
    running = RunningJob(portal, tiles=4)
    yield running
    running.end()


@pytest.fixture
def open_page(chromium: Browser, portal: RunningPortal, job: RunningJob) -> Iterator[Open]:
    """Return what opens pages on the four tiles, of other people; what they did to the session is taken back."""
    with opening(chromium, portal, job) as open_one:
        yield open_one


@pytest.fixture
def page(chromium: Browser, portal: RunningPortal, job: RunningJob) -> Iterator[Page]:
    """The page, logged in, with the four tiles."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(page, "window.tiledviz.connection() == 'open'")
    until(page, "window.tiledviz.tiles().map(t => t.state).join() == 'live,live,live,live'")
    yield page
    until(page, "!(window.tiledviz?.session.document.pending.length > 0)")  # the next test's page has the same session
    context.close()
    assert problems == []


@pytest.fixture(scope="module")
def spares() -> Iterator[Spares]:
    """Portals that are begun ahead."""
    made = Spares()
    yield made
    made.close()


@pytest.fixture
def own_portal(spares: Spares, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningPortal]:
    """A portal of this test alone: what is done to a session stays."""
    with spares.one(monkeypatch) as running:
        yield running


@pytest.fixture
def tagged(chromium: Browser, own_portal: RunningPortal) -> Iterator[TaggedWall]:
    """A page with eight tiles that have tags and columns of all kinds."""
    job = job_of(own_portal)
    context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-GB")
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield TaggedWall(context.new_page(), own_portal)
    context.close()
    job.end()
    assert problems == []


@pytest.fixture
def open_wall(chromium: Browser, own_portal: RunningPortal) -> Iterator[Callable[..., GridWall]]:
    """Open a page with twelve tiles, as somebody with a role."""
    job = RunningJob(own_portal, tiles=TILES)
    walls: list[GridWall] = []
    problems: list[str] = []

    def opened(role: Role = "owner", **more: bool) -> GridWall:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", **more)  # type: ignore[arg-type]
        context.on("weberror", lambda error: problems.append(str(error.error)))
        walls.append(GridWall(context.new_page(), own_portal, role))
        return walls[-1]

    yield opened
    for wall in walls:
        wall.page.context.close()
    job.end()
    assert problems == []


@pytest.fixture
def grid(open_wall: Callable[..., GridWall]) -> GridWall:
    """The owner's page with twelve tiles."""
    return open_wall()
