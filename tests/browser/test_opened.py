"""A tile in full: the clipboard each way by its own button, the display that takes the window's size."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from hands_kit import Desk, TinyRfb
from portal_kit import RunningJob, RunningPortal
from world import shot


@pytest.fixture
def rfb() -> TinyRfb:
    return TinyRfb()


@pytest.fixture
def desk(chromium: Browser, portal: RunningPortal, rfb: TinyRfb) -> Iterator[Desk]:
    """A wall of two tiles; the first is open in full, and its display is *rfb*."""
    job = RunningJob(portal, tiles=2)
    job.agent.serve_rfb = rfb.serve
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    opened = Desk(portal, job, context)
    opened.focus_on(0)
    opened.page.keyboard.press("Enter")
    opened.wait(lambda: bytes([3, 0]) in rfb.told, "the viewer asks for its first picture")
    yield opened
    context.close()
    job.end()


def cut_text(text: str) -> bytes:
    """Return ClientCutText (RFC 6143, 7.5.6)."""
    return struct.pack("!BxxxI", 6, len(text)) + text.encode("latin-1")


def test_the_clipboard_goes_each_way_by_its_button_and_never_by_itself(
    desk: Desk, rfb: TinyRfb, portal: RunningPortal
) -> None:
    page = desk.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=portal.origin)
    clipboard = lambda: page.evaluate("navigator.clipboard.readText()")  # noqa: E731
    page.evaluate("navigator.clipboard.writeText('of this computer')")
    page.get_by_role("button", name="Copy from tile").click()
    expect(page.get_by_role("status").filter(has_text="The tile has copied nothing")).to_be_visible()
    before = bytes(rfb.told)
    rfb.cut("of the tile")
    rfb.cut("of the tile, later")
    page.get_by_role("button", name="Next").hover()
    page.wait_for_timeout(300)
    assert clipboard() == "of this computer"
    assert rfb.told == before
    page.get_by_role("button", name="Copy from tile").click()
    expect(page.get_by_role("status").filter(has_text="Copied from the tile: 18 characters.")).to_be_visible()
    assert clipboard() == "of the tile, later"
    page.evaluate("navigator.clipboard.writeText('for the tile')")
    page.get_by_role("button", name="Paste to tile").click()
    desk.wait(lambda: cut_text("for the tile") in rfb.told, "the tile has the text")


def test_where_the_browser_gives_no_clipboard_a_field_stands_in(desk: Desk, rfb: TinyRfb, output: Path) -> None:
    page = desk.page
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', { value: {"
        " readText: () => Promise.reject(new Error()), writeText: () => Promise.reject(new Error()) } })"
    )
    page.get_by_role("button", name="Paste to tile").click()
    field = page.get_by_role("textbox", name="The browser allows no reading of the clipboard")
    expect(field).to_be_focused()
    field.fill("by hand")
    page.wait_for_timeout(300)
    shot(page, output / "clipboard.png")
    page.get_by_role("button", name="Give it to the tile").click()
    desk.wait(lambda: cut_text("by hand") in rfb.told, "the tile has the text")
    rfb.cut("of the tile")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Copy from tile").click()
    field = page.get_by_role("textbox", name="The browser allows no writing to the clipboard")
    expect(field).to_have_value("of the tile")
    page.keyboard.press("Escape")  # one step back: the field goes, the tile stays
    expect(field).to_be_hidden()
    expect(page.locator("#focus")).to_be_visible()


def test_the_display_gets_the_size_of_the_window_only_when_that_is_asked_for(desk: Desk, rfb: TinyRfb) -> None:
    page = desk.page
    rfb.offer_sizes()
    page.wait_for_timeout(300)
    wanted = re.compile(rb"\xfb\x00(....)\x01", re.DOTALL)
    assert not wanted.search(rfb.told)
    toggle = page.get_by_role("button", name="Fit display to window")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")

    def fits() -> bool:
        """Return whether what was asked for last is the size of the window: the tile may grow meanwhile."""
        box, found = page.locator("#focus .remote").bounding_box(), wanted.findall(rfb.told)
        if not box or not found:
            return False
        width, height = struct.unpack("!HH", found[-1])
        return abs(width - box["width"]) <= 1 and abs(height - box["height"]) <= 1

    desk.wait(fits, "the display is to have the window's size")


def test_what_is_typed_into_an_opened_tile_stays_there_and_escape_disarms_before_it_goes_back(
    desk: Desk, rfb: TinyRfb
) -> None:
    page = desk.page
    page.get_by_role("button", name="Type into many …").click()
    page.get_by_role("button", name="Type into 2 tiles").click()
    expect(page.get_by_role("alert").filter(has_text="Typing into 2 tiles")).to_be_visible()
    page.keyboard.press("a")  # the opened tile has the keyboard again, by itself
    key = struct.pack("!BBxxI", 4, 1, 0x61)
    desk.wait(lambda: key in rfb.told, "the opened tile got the key")
    desk.wait(lambda: ([1], 0x61, False) in desk.typed(), "and so did its follower")
    page.keyboard.press("Escape")
    expect(page.locator("#armed")).to_be_hidden()
    expect(page.locator("#focus")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#focus")).to_be_hidden()
