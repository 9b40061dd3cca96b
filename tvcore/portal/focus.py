"""The focus stream: the RFB bytes of one tile, both ways, between a browser and the tile's display.

Towards the browser the kernel moves the bytes (splice(2)) behind frame headers written here; nothing is read
from the display before the browser has taken what came before. What comes from the browser is taken apart
(``rfb_input``), so that who may only look does nothing to the display, whatever the page says; and the display tells
them no clipboard (``tvcore.node.onlooker``).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterable
from typing import Any

import gevent

from tvcore.errors import TiledVizError
from tvcore.node.wire import UNITS
from tvcore.portal.auth import Login
from tvcore.portal.core import Portal
from tvcore.portal.moving import READ, Ready, Turns, send_all
from tvcore.portal.rfb_input import Event, InputError, Pointer, RfbInput
from tvcore.portal.walls import Place, Wall
from tvcore.portal.websocket import (
    GOING_AWAY,
    PING_SECONDS,
    POLICY,
    TRY_LATER,
    BrowserSocket,
    CloseError,
)
from tvcore.tunnel import agents

MESSAGE_MAX = 1 << 20
SMALL_BYTES = 4096  # less than these are read here: that takes fewer calls than moving them
PIPE_BYTES = 1 << 18  # what of a larger frame to the browser the kernel moves, at most

_turns = Turns()


def serve_tile(portal: Portal, browser: BrowserSocket, login: Login, tile: int) -> None:
    """Serve the focus stream of *tile* to *browser* until one of them ends. Raises CloseError with the reason."""
    wall = portal.wall(login.session)
    watch = Watch(wall, tile, browser)
    wall.add(watch)  # already while the display is reached
    try:
        _serve(portal, browser, login, tile, wall.place(tile))
    finally:
        wall.remove(watch)


class Watch:
    """Ends *browser*'s stream of a tile that is on its session's *wall* no more, as other viewers lose sight of it."""

    def __init__(self, wall: Wall, tile: int, browser: BrowserSocket) -> None:
        self._wall = wall
        self._tile = tile
        self._browser = browser

    def wall_changed(self) -> None:
        """See whether the tile is still there."""
        if self._wall.tile(self._tile) is None:
            self._browser.end(GOING_AWAY, f"there is no tile {self._tile}")

    def tiles_changed(self, tiles: list[dict[str, Any]]) -> None:
        """The display itself shows it."""

    def agents_changed(self) -> None:
        """An agent that goes ends the display's connection."""

    def notices_changed(self) -> None:
        """They are for the wall."""


def _serve(portal: Portal, browser: BrowserSocket, login: Login, tile: int, place: Place | None) -> None:
    if place is None:
        raise CloseError(TRY_LATER, f"no node agent runs tile {tile} now")
    agent, index = place
    try:
        stream: agents.StreamName = "rfb" if login.may("operate") else "view"
        display = agents.connect(agent.registration, stream, tile=index)
    except TiledVizError as error:
        raise CloseError(TRY_LATER, str(error)) from error
    with display:
        # A display that takes nothing for so long hangs; reading from it waits for as long as it likes.
        display.settimeout(PING_SECONDS)
        outward = gevent.spawn(_to_browser, display, browser)
        hands = Hands(portal, login, tile)
        read = RfbInput(login.may("operate"))
        try:
            for message in browser.messages():
                before = read.count
                passed, events = read.feed(message)
                browser.owe(read.count - before)
                _to_display(passed, display)
                if events:
                    hands.follow(events)
        except InputError as error:
            raise CloseError(POLICY, str(error)) from error
        finally:
            hands.release()
            outward.kill()


class Hands:
    """What keys and pointer do in one tile, shown to those tiles that follow it while its login has armed it."""

    def __init__(self, portal: Portal, login: Login, tile: int) -> None:
        self._portal = portal
        self._login = login
        self._tile = tile
        self._followed = False

    def follow(self, events: Iterable[Event]) -> None:
        """Have the followers do *events*, if there are any followers."""
        arm = self._portal.arms.of(self._login.owner, self._tile)
        if arm is None:
            return
        self._followed = True
        width, height = self._size()
        for event in events:
            if isinstance(event, Pointer):
                arm.pointer(in_units(event.x, width), in_units(event.y, height), event.buttons)
            elif event.keysym:  # QEMU's key events may tell a key by its place alone, which means nothing elsewhere
                arm.key(event.keysym, event.down)

    def release(self) -> None:
        """Let go of all that is held down from here."""
        arm = self._portal.arms.of(self._login.owner, self._tile) if self._followed else None
        if arm is not None:
            arm.release()

    def _size(self) -> tuple[int, int]:
        tile = self._portal.wall(self._login.session).tile(self._tile)
        return (tile["width"], tile["height"]) if tile else (1, 1)


def in_units(pixel: int, side: int) -> int:
    """Return where the middle of *pixel* is, in ``UNITS`` of *side* pixels; what is beyond is at the edge."""
    return (2 * min(pixel, side - 1) + 1) * UNITS // (2 * side)


def _to_display(message: bytes, display: socket.socket) -> None:
    try:
        send_all(display, (message,))
    except OSError as error:
        raise CloseError(GOING_AWAY, "the display takes no input any more") from error


def _to_browser(display: socket.socket, browser: BrowserSocket) -> None:
    """Move what the display sends to the browser until one of them ends."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    readable = Ready(display.fileno(), READ)
    try:
        with contextlib.suppress(OSError):  # over the user's limit for pipes: the default size works too
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        small = True
        while True:
            readable.wait(first=small)
            first = display.recv(SMALL_BYTES)
            if not first:
                break
            small = len(first) < SMALL_BYTES
            if small:
                browser.send_parts(first)
            else:
                _turns.wait()
                browser.send_spliced(first, reading, _take(display, writing))
        browser.end(GOING_AWAY, "the display ended")
    except (CloseError, OSError):
        browser.cut()
    finally:
        readable.close()
        os.close(reading)
        os.close(writing)


def _take(display: socket.socket, pipe: int) -> int:
    """Move what *display* has now into the empty *pipe* and return how many bytes that were."""
    try:
        return os.splice(display.fileno(), pipe, PIPE_BYTES, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
    except BlockingIOError:
        return 0
