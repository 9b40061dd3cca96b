"""What one takes away from a wall: its table, a contact sheet, a movie; in a real Chromium."""

from __future__ import annotations

import base64
import csv
import io
import re
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from playwright.sync_api import Browser, Download, expect

from commanding import run_command
from hands_kit import Desk, TinyRfb
from portal_kit import RunningJob, RunningPortal
from present_kit import SORTED, Open, mark
from world import shot, until

ROOT = Path(__file__).parents[2]


# --------------------------------------------------------------- to take away


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
        run_command(page, "table of the shown")
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
    run_command(page, "contact sheet")
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
