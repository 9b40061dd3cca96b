"""Pictures, movies, PDFs and pages in a real browser, shown by a real node agent of this machine."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, Request, expect

from portal_kit import RunningPortal
from world import until

SLOW = 30_000  # milliseconds, on a busy machine


class Site(http.server.BaseHTTPRequestHandler):
    """A site of which one page refuses to be framed."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        if self.path == "/refuses":
            self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(b"<h1>A page of its own</h1>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def launched(portal: RunningPortal, site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A picture, a movie, a PDF, and two pages, live."""
    folder = tmp_path_factory.mktemp("files")
    ramp = np.tile(np.linspace(0, 255, 320, dtype=np.uint8), (240, 1))
    cv2.imwrite(str(folder / "picture.png"), cv2.applyColorMap(ramp, cv2.COLORMAP_VIRIDIS))
    writer = cv2.VideoWriter(str(folder / "run.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))  # type: ignore[attr-defined]
    for i in range(600):
        frame = np.full((240, 320, 3), 40, np.uint8)
        cv2.circle(frame, (20 + i % 280, 120), 20, (80, 200, 255), -1)
        writer.write(frame)
    writer.release()
    document = pypdfium2.PdfDocument.new()
    for _ in range(3):
        document.new_page(300, 400)
    document.save(str(folder / "text.pdf"))
    files = ",".join(str(folder / name) for name in ("picture.png", "run.avi", "text.pdf"))
    environment = {**os.environ, "TILEDVIZ_HOME": str(portal.home)}

    def tiledviz(*arguments: str) -> str:
        command = [sys.executable, "-m", "tvcore", *arguments, "--json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=180).stdout

    cases = (("pictures", f"paths={files}"), ("pages", f"addresses={site}/allows,{site}/refuses"))
    said = [tiledviz("launch", case, "--set", "scheduler.backend=local", "--set", what) for case, what in cases]
    yield
    for job in said:
        tiledviz("stop", json.loads(job)["id"])


@pytest.fixture
def wall(chromium: Browser, portal: RunningPortal, launched: None) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
    until(page, "window.tiledviz.connection() == 'open'")
    until(page, "window.tiledviz.tiles().map(t => t.state).join() == 'live,live,live,live,live'")
    yield page
    context.close()


def open_tile(page: Page, name: str) -> None:
    page.get_by_role("gridcell", name=name).first.focus()
    page.keyboard.press("Enter")


def test_a_movie_is_played_scrubbed_and_seen_at_the_same_place_by_a_late_joiner(
    wall: Page, chromium: Browser, portal: RunningPortal, output: Path
) -> None:
    wall.wait_for_timeout(1500)
    wall.screenshot(path=output / "media-wall.png")
    open_tile(wall, "run.avi")
    controls = wall.get_by_role("group", name="Play")
    expect(controls.get_by_role("status")).to_have_count(2, timeout=SLOW)  # the place, and what went wrong
    expect(controls).to_contain_text("0:00 of 1:00", timeout=SLOW)
    wall.keyboard.press(" ")
    expect(controls.get_by_role("button", name="Pause")).to_be_visible(timeout=SLOW)
    expect(controls).not_to_contain_text("0:00 of", timeout=SLOW)
    controls.get_by_role("slider", name="Place").fill("30")
    expect(controls).to_contain_text("0:30 of 1:00", timeout=SLOW)
    expect(controls.get_by_role("button", name="Play")).to_be_visible()
    # A movie was drawn more often than what stands still beside it: the pictures came, not just the controls.
    until(wall, "window.tiledviz.drawn().then(({ tiles }) => Math.max(...Object.values(tiles)) > 4)")
    wall.wait_for_timeout(1000)
    wall.screenshot(path=output / "media-movie.png")
    picture, bar = wall.locator("#focus .still").bounding_box(), controls.bounding_box()
    assert picture is not None
    assert bar is not None
    assert picture["y"] + picture["height"] <= bar["y"]
    context = chromium.new_context()
    late = context.new_page()
    late.goto(f"{portal.origin}/#login={portal.login_ticket(role='viewer')}")
    until(late, "window.tiledviz.tiles().length == 5")
    open_tile(late, "run.avi")
    theirs = late.get_by_role("group", name="Play")
    expect(theirs).to_contain_text("0:30 of 1:00", timeout=SLOW)
    expect(theirs.get_by_role("button", name="Play")).to_be_disabled()  # who only looks has no hand in it
    context.close()
    wall.keyboard.press("Escape")
    expect(controls).to_be_hidden()


def test_the_slider_sends_one_request_at_a_time_and_the_newest_last(wall: Page, portal: RunningPortal) -> None:
    open_tile(wall, "run.avi")
    controls = wall.get_by_role("group", name="Play")
    slider = controls.get_by_role("slider", name="Place")
    expect(slider).to_be_enabled(timeout=SLOW)
    under_way: set[Request] = set()
    most, places = 0, []

    def begun(request: Request) -> None:
        nonlocal most
        if request.url.endswith("/tiles/play"):
            under_way.add(request)
            most = max(most, len(under_way))
            places.append(request.post_data_json["at"])

    wall.on("request", begun)
    wall.on("requestfinished", lambda request: under_way.discard(request))
    finished: list[Request] = []
    wall.on(
        "requestfinished", lambda request: finished.append(request) if request.url.endswith("/tiles/play") else None
    )
    slider.evaluate("s => { for (let at = 1; at <= 40; at += 1) (s.value = at, s.dispatchEvent(new Event('input'))); }")
    expect(controls).to_contain_text("0:40 of 1:00")  # one's own place at once
    deadline = time.monotonic() + 30
    while len(finished) < 2 and time.monotonic() < deadline:
        wall.wait_for_timeout(50)
    assert len(finished) >= 2
    expect(controls).to_contain_text("0:40 of 1:00")
    assert (most, places) == (1, [1, 40])
    # What somebody does from a terminal is shown, its rate too.
    tile = wall.evaluate("window.tiledviz.tiles().find(t => t.title == 'run.avi').id")
    reply = portal.login().post("/tiles/play", {"tiles": [tile], "at": 10, "playing": False, "rate": 3})
    assert reply.status == 200, reply.json
    expect(controls).to_contain_text("0:10 of 1:00", timeout=SLOW)
    expect(controls.get_by_role("combobox", name="Speed")).to_have_value("3")


def test_pages_of_a_pdf_are_turned_by_the_arrows(wall: Page) -> None:
    open_tile(wall, "text.pdf")
    controls = wall.get_by_role("group", name="Play")
    expect(controls).to_contain_text("page 1 of 3", timeout=SLOW)
    wall.keyboard.press("ArrowRight")
    expect(controls).to_contain_text("page 2 of 3", timeout=SLOW)
    wall.keyboard.press("ArrowLeft")
    expect(controls).to_contain_text("page 1 of 3", timeout=SLOW)
    wall.get_by_role("complementary", name="Details").get_by_role("button", name="Draw").click()
    expect(wall.get_by_role("application", name="Drawing on")).to_be_focused()
    wall.keyboard.press("ArrowRight")  # moves the crosshair, and no page
    wall.keyboard.press("Escape")
    expect(controls).to_contain_text("page 1 of 3")
    wall.keyboard.press("ArrowRight")
    expect(controls).to_contain_text("page 2 of 3", timeout=SLOW)
    wall.keyboard.press("ArrowLeft")
    expect(controls).to_contain_text("page 1 of 3", timeout=SLOW)


def test_work_in_tiles_leaves_out_what_is_no_display(wall: Page) -> None:
    wall.get_by_role("gridcell").first.focus()
    wall.keyboard.press("x")
    dialog = wall.get_by_role("dialog", name="Work in tiles")
    expect(dialog.get_by_role("radio", name="All: 0, and 5 not live, left out")).to_be_checked()


def test_a_page_is_shown_in_full_and_one_that_refuses_says_so_with_a_link(wall: Page, site: str, output: Path) -> None:
    open_tile(wall, "127.0.0.1/allows")
    expect(wall.frame_locator("iframe").get_by_role("heading")).to_have_text("A page of its own", timeout=SLOW)
    wall.screenshot(path=output / "media-page.png")
    wall.get_by_role("button", name="Back to the wall").click()
    open_tile(wall, "127.0.0.1/refuses")
    expect(wall.get_by_text("This page cannot be shown here: the site answers X-Frame-Options: DENY.")).to_be_visible(
        timeout=SLOW
    )
    link = wall.get_by_role("link", name="Open it in a new tab")
    assert link.get_attribute("href") == f"{site}/refuses"
    assert link.get_attribute("rel") == "noopener noreferrer"
    wall.screenshot(path=output / "media-refused.png")
