"""The focus stream: the RFB bytes of one tile, both ways, between a browser and the tile's display.

Towards the browser the kernel moves the bytes (splice(2)) behind frame headers written here; nothing is read
from the display before the browser has taken what came before.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket

import gevent

from tvcore.errors import TiledVizError
from tvcore.portal.monitor import Agent, Monitor
from tvcore.portal.websocket import GOING_AWAY, PING_SECONDS, TRY_LATER, BrowserSocket, CloseError, splice_all, wait_for
from tvcore.tunnel import agents

MESSAGE_MAX = 1 << 20
PIPE_BYTES = 1 << 18  # what one frame to the browser has at most


def serve_tile(browser: BrowserSocket, monitor: Monitor, tile: int | None) -> None:
    """Serve the focus stream of *tile* to *browser*. Raises CloseError."""
    place = monitor.place(tile) if tile is not None else None
    if place is None:
        raise CloseError(TRY_LATER, f"no node agent runs tile {tile} now")
    relay(browser, *place)


def relay(browser: BrowserSocket, agent: Agent, index: int) -> None:
    """Move bytes between *browser* and the display of tile *index* at *agent* until one of them ends.

    Raises CloseError with the reason.
    """
    try:
        display = agents.connect(agent.registration, "rfb", tile=index)
    except TiledVizError as error:
        raise CloseError(TRY_LATER, str(error)) from error
    with display:
        # A display that takes nothing for so long hangs; reading from it waits for as long as it likes.
        display.settimeout(PING_SECONDS)
        outward = gevent.spawn(_to_browser, display, browser)
        try:
            for message in browser.messages():
                _to_display(message, display)
        finally:
            outward.kill()


def _to_display(message: bytes, display: socket.socket) -> None:
    try:
        display.sendall(message)
    except OSError as error:
        raise CloseError(GOING_AWAY, "the display takes no input any more") from error


def _to_browser(display: socket.socket, browser: BrowserSocket) -> None:
    """Move what the display sends to the browser until one of them ends."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # over the user's limit for pipes: the default size works too
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        while count := _take(display, writing):
            with browser.frame(count) as connection:
                splice_all(reading, connection, count)
            gevent.sleep(0)  # one busy display must not keep the others waiting
        browser.end(GOING_AWAY, "the display ended")
    except (CloseError, OSError):
        browser.cut()
    finally:
        os.close(reading)
        os.close(writing)


def _take(display: socket.socket, pipe: int) -> int:
    """Move what *display* has into the empty *pipe* and return how many bytes that were, 0 at its end."""
    while True:
        try:
            return os.splice(display.fileno(), pipe, PIPE_BYTES, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
        except BlockingIOError:
            wait_for(display.fileno(), select.POLLIN, None)
