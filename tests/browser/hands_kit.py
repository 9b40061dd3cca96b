"""A page whose hands a test watches: what is done in it, and what of that a node agent hears."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from fake_agent import FakeAgent
from portal_kit import RunningJob, RunningPortal
from told_wall import draw
from tvcore.portal.roles import Role
from world import until

UNITS = 65536
ALL_LIVE = "n => window.tiledviz.tiles().length == n && window.tiledviz.tiles().every(t => t.state == 'live')"


class Desk:
    """A wall of live tiles with a picture each, in a page of somebody with *role*."""

    def __init__(self, portal: RunningPortal, job: RunningJob, context: BrowserContext, role: Role = "owner") -> None:
        self.portal, self.job, self.role = portal, job, role
        self.page: Page = context.new_page()
        self.page.goto(f"{portal.origin}/#login={portal.login_ticket(role=role)}")
        until(self.page, "window.tiledviz.connection() == 'open'")
        until(self.page, ALL_LIVE, len(job.tiles))
        self.wait(lambda: self.demand() != [], "the page asks for pictures")
        for index in range(len(job.tiles)):
            self.draw(index, index)

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"still not so: {what}; heard: {self.heard()}"
            time.sleep(0.02)

    def draw(self, index: int, seed: int) -> None:
        """Have the agent send a picture of a tile, another for each *seed*, and wait until the page has drawn it."""
        count = "async id => (await window.tiledviz.drawn()).tiles[id] ?? 0"
        before = self.page.evaluate(count, self.job.tiles[index])
        draw(self.job.agent.stream(), index, seed)
        self.wait(lambda: self.page.evaluate(count, self.job.tiles[index]) > before, "the picture is drawn")

    # ------------------------------------------------------ what the agent hears

    def demand(self) -> list[list[int]]:
        """Return what the page asks the agent for now."""
        return (self.job.agent.walls and self.job.agent.stream().demand) or []

    def heard(self) -> list[dict[str, Any]]:
        """Return what the agent heard of input since the page was opened."""
        return list(self.job.agent.stream().looker().input)

    def typed(self) -> list[tuple[list[int], int, bool]]:
        """Return the keys that the agent heard: in which tiles, keysym, down or up."""
        return [(said["tiles"], *said["key"]) for said in self.heard() if "key" in said]

    def pointers(self) -> list[tuple[list[int], list[int]]]:
        return [(said["tiles"], said["pointer"]) for said in self.heard() if "pointer" in said]

    def clicked(self) -> bool:
        """Return whether a button was down and is up again."""
        buttons = [pointer[2] for _, pointer in self.pointers()]
        return any(buttons) and buttons[-1] == 0

    def releases(self) -> int:
        return sum("release" in said for said in self.heard())

    def pixel(self, pointer: list[int]) -> tuple[int, int]:
        """Return the pixel that *pointer* means in a display of the fake agent, of 640 × 480."""
        return pointer[0] * 640 // UNITS, pointer[1] * 480 // UNITS

    # ------------------------------------------------------------ what one does

    def focus_on(self, index: int) -> None:
        self.page.locator(f'[data-tile="{self.job.tiles[index]}"]').focus()

    def spot(self, index: int, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        """Return a point of the window: a share of the sides of the picture of tile *index*."""
        rect = self.page.evaluate("i => window.tiledviz.tiles()[i].rect", index)
        return rect["x"] + across * rect["width"], rect["y"] + down * rect["height"]

    def work(self, index: int) -> None:
        """Work on the wall, in a tile."""
        if self.page.get_by_role("button", name="Work on the wall").get_attribute("aria-pressed") == "false":
            self.page.keyboard.press("w")
        self.page.mouse.click(*self.spot(index))
        expect(self.page.get_by_role("status").filter(has_text=f"Keys go to tile {index}. Esc leaves.")).to_be_visible()

    def arm(self, leader: int, followers: list[int]) -> None:
        """Choose followers on the wall and arm them, by the keyboard alone."""
        for index in followers:
            self.focus_on(index)
            self.page.keyboard.press(" ")
        self.focus_on(leader)
        self.page.keyboard.press("m")
        self.page.get_by_role("dialog", name="Type into many tiles").get_by_role(
            "button", name=f"Type into {len(followers) + 1} tiles"
        ).click()


class TinyRfb:
    """A display of 64 × 48 behind the fake agent's door, which keeps all that it is told (RFC 6143)."""

    def __init__(self) -> None:
        self.told = bytearray()
        self.connection: socket.socket | None = None

    def serve(self, agent: FakeAgent, connection: socket.socket) -> None:
        """Greet, offer no security, and take what comes."""
        with connection.makefile("rb") as file:
            connection.sendall(b"RFB 003.008\n")
            file.read(12)
            connection.sendall(b"\x01\x01")
            file.read(1)
            connection.sendall(bytes(4))
            file.read(1)
            pixels = struct.pack("!BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
            connection.sendall(struct.pack("!HH", 64, 48) + pixels + struct.pack("!I", 4) + b"tiny")
            self.connection = connection
            while data := file.read1(1 << 16):
                self.told += data

    def say(self, message: bytes) -> None:
        assert self.connection is not None
        self.connection.sendall(message)

    def cut(self, text: str) -> None:
        """Say that something was copied here (7.6.4)."""
        self.say(struct.pack("!BxxxI", 3, len(text)) + text.encode("latin-1"))

    def offer_sizes(self) -> None:
        """Say that the size of this display can be set (ExtendedDesktopSize, community wiki of the RFB protocol)."""
        screen = struct.pack("!BxxxIHHHHI", 1, 0, 0, 0, 64, 48, 0)
        self.say(struct.pack("!BxH", 0, 1) + struct.pack("!HHHHi", 0, 0, 64, 48, -308) + screen)
