"""One portal for most tests here: starting one takes seconds."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal_kit import Browser, RunningJob, RunningPortal, Spares


@pytest.fixture(scope="session")
def portal() -> Iterator[RunningPortal]:
    """A portal that nobody restarts or kills."""
    folder = Path(tempfile.mkdtemp(prefix="tvp-", dir="/tmp"))
    (folder / "state").mkdir(mode=0o700)
    running = RunningPortal(folder / "state")
    yield running
    assert running.stop() == 0, running.log.read_text()
    text = running.log.read_text()
    shutil.rmtree(folder, ignore_errors=True)
    assert "Traceback" not in text, text


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
def browser(portal: RunningPortal) -> Browser:
    """A browser that has just logged in."""
    return portal.login()


@pytest.fixture
def job(portal: RunningPortal) -> Iterator[RunningJob]:
    """A job of two tiles that the portal knows to be live."""
    yield from live_job(portal)


@pytest.fixture
def other(portal: RunningPortal) -> Iterator[RunningJob]:
    """A second job, with a node agent of its own."""
    yield from live_job(portal)


@pytest.fixture(scope="session")
def standing_job(portal: RunningPortal) -> Iterator[RunningJob]:
    """The same, for all tests that change nothing about it."""
    yield from live_job(portal)


def live_job(portal: RunningPortal, tiles: int = 2, session: str = "main") -> Iterator[RunningJob]:
    running = RunningJob(portal, tiles, plan={"session": session})
    try:
        browser = portal.login()
        browser.session = session
        wait_until(lambda: states(browser, running) == ["live"] * tiles, what="live tiles with streams")
        yield running
    finally:
        running.end()


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.02)


def states(browser: Browser, job: RunningJob) -> list[str]:
    tiles = [tile for tile in browser.get("/wall").json["tiles"] if tile["job"] == job.id]
    return [tile["state"] for tile in tiles if tile["stream"]]
