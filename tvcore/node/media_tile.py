"""A tile without a display: it shows a file, at the moment of the shared clock, or stands for an address."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np

from tvcore.batch.plan import TilePlan
from tvcore.causes import Cause, TileFailureError
from tvcore.errors import TiledVizError
from tvcore.node import foreign_kind, framing
from tvcore.node.damage import Rect
from tvcore.node.logs import Log
from tvcore.node.media import Medium, card, open_medium, share
from tvcore.node.node import Node
from tvcore.node.rfb import Pixels
from tvcore.node.status import State, TileStatus
from tvcore.node.tile import AS_ASKED, Tile

_threads = ThreadPoolExecutor(thread_name_prefix="media")  # of their own: decoding holds up nothing else
_with_file: WeakSet[MediaTile] = WeakSet()  # of this process, which is the node's: they share its memory
_NO_PIXELS = np.zeros((0, 0, 4), np.uint8)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """Where a movie or a PDF stands: at *at* since *since* (seconds since the epoch), *rate* a second; None: still."""

    at: float = 0.0
    since: float | None = None
    rate: float = 1.0

    def now(self, clock: float, length: float) -> float:
        """Return where it is at the time *clock*: it stops at either end."""
        at = self.at if self.since is None else self.at + (clock - self.since) * self.rate
        return min(max(at, 0.0), length)


def number_at(medium: Medium, at: float) -> int:
    """Return the frame that shows *at* of the clock of *medium*; pages are counted from 1. Pure."""
    number = math.floor(at + 1e-6) - 1 if medium.clock == "pages" else math.floor(at * medium.pace + 1e-6)
    return min(max(number, 0), medium.count - 1)


class MediaTile:
    """A tile of *plan* on *node* that shows a file or stands for a page; ``run`` is its life."""

    screen = None  # it has no keyboard, no pointer
    rfb_socket = None
    busy = False  # what is shown is always whole

    def __init__(self, plan: TilePlan, node: Node) -> None:
        self.plan = plan
        self.file = plan.source  # that is shown; of a kind that a plugin draws, its picture
        self.log = Log(node.logs / f"tile-{plan.index}.log")
        self.viewers: set[Callable[[int, tuple[Rect, ...]], None]] = set()  # called with what changed
        self.frames = 0
        self.captured = 0.0
        self.pixels: Pixels = _NO_PIXELS
        self.media: dict[str, Any] | None = None
        self._node = node
        self._state: State = "starting"
        self._reason = ""
        self._failure: Cause | None = None
        self._since = time.time()
        self._moment = Moment()
        self._medium: Medium | None = None
        self._lookers: list[int] = []
        self._holds = 0
        self._next: Pixels | None = None  # shown as soon as nobody reads the one before
        self._wake = asyncio.Event()
        self._again = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        if plan.kind != "page":
            _with_file.add(self)

    @property
    def status(self) -> TileStatus:
        """Return what is known of the tile now."""
        height, width = self.pixels.shape[:2]
        return TileStatus(
            index=self.plan.index, state=self._state, reason=self._reason, cause=self._failure or "",
            frames=self.frames, renderer=None, gl=None, image=None, display=None, pid=None, xvnc=None, restarts=0,
            width=width or self.plan.width, height=height or self.plan.height, since=self._since, isolated=True,
            kind=self.plan.kind, media=self.media,
        )  # fmt: skip

    # who looks

    def look(self, rate: int, pictures: bool) -> Callable[[], None]:
        """Note that somebody looks, at *rate* frames a second; call the result at the end."""
        self._lookers.append(rate)
        self._wake.set()

        def away() -> None:
            self._lookers.remove(rate)
            self._wake.set()

        return away

    def park_pointer(self) -> None:
        """Do nothing: there is no pointer."""

    def hold(self) -> None:
        """Have ``pixels`` stay until as many ``release``."""
        self._holds += 1

    def release(self) -> None:
        """Give back what one ``hold`` took."""
        self._holds -= 1
        if not self._holds and self._next is not None:
            self._show(self._next)

    # what may be asked of it

    def play(self, moment: Moment) -> None:
        """Show *moment* and what comes after it. Raises TiledVizError for what has no clock."""
        if self.plan.kind not in ("movie", "pdf"):
            raise TiledVizError(f"tile {self.plan.index} shows a {self.plan.kind}: no time passes")
        self._moment = moment
        self._tell_media()
        self._wake.set()
        self._node.changed(self, True)

    def restart(self) -> None:
        """Read the file, or ask the site, again."""
        self._again.set()
        if self._life:
            self._life.cancel()
        self._set("starting", AS_ASKED)

    async def stop(self) -> None:
        """Show nothing any more, until ``restart``."""
        if self._life and not self._life.done():
            self._life.cancel()
            await asyncio.wait([self._life])
        self._set("stopped", "")

    # its life

    async def run(self) -> None:
        """Live until cancelled, and again whenever that is asked."""
        try:
            while True:
                self._again.clear()
                self._life = asyncio.create_task(self._live())
                await asyncio.wait([self._life])
                await self._again.wait()
        finally:
            if self._life:
                self._life.cancel()
                await asyncio.wait([self._life])
            self.log.close()

    async def _live(self) -> None:
        try:
            if self._node.members:
                await self._node.members.there(self.plan, self._say_waits)
            await (self._stand_for_page() if self.plan.kind == "page" else self._play_file())
        except TileFailureError as failure:
            self._set("failed", str(failure), failure.cause)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            _logger.exception("tile %d", self.plan.index)
            self._set("failed", f"a mistake in the node agent, its log has more: {error!r}", Cause.AGENT_ENDED)

    def _say_waits(self, why: str) -> None:
        self._state, self._reason, self._failure = "starting", why, None
        self._node.changed(self, False)

    async def _stand_for_page(self) -> None:
        asked = self.media = await framing.answer_of(self.plan.source, self._node.children)
        self._show(card(self.plan.title, self.plan.source))
        self._set("live", asked["why"] if asked["framing"] == "refused" else "")
        await asyncio.Event().wait()

    async def _play_file(self) -> None:
        medium = self._medium = await self._opened()
        try:
            self._tell_media()
            shown = -1
            while True:
                self._wake.clear()
                at = self._moment.now(time.time(), medium.length)
                wanted = number_at(medium, at)
                if wanted != shown and (self._lookers or shown < 0):
                    pixels = await asyncio.wrap_future(_threads.submit(medium.frame, wanted))
                    shown = wanted
                    self._show(pixels)
                    if self._state != "live":
                        self._set("live", "")
                await self._until(medium)
        finally:
            self._medium = None
            _threads.submit(medium.close)  # it may have to wait for a frame

    async def _opened(self) -> Medium:
        """Return the open file; one that comes when we are cancelled is closed again."""
        if self.plan.drawn_by:
            self.file = await foreign_kind.draw(self.plan, self._node, self._folder(), self.log)
        opening = _threads.submit(open_medium, self.plan.kind, self.file, share(len(_with_file)))
        try:
            return await asyncio.wrap_future(opening)
        except asyncio.CancelledError:
            _threads.submit(_close, opening)
            raise

    async def _until(self, medium: Medium) -> None:
        """Wait until another frame may be due, or something was asked."""
        moment, clock = self._moment, time.time()
        at = moment.now(clock, medium.length)
        ended = at >= medium.length if moment.rate > 0 else at <= 0.0
        wait = None
        if self._lookers and moment.since is not None and moment.rate and not (ended and moment.since <= clock):
            wait = max(1 / max(self._lookers), 1 / (medium.pace * abs(moment.rate)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._wake.wait()

    def _folder(self) -> Path:
        """Return an empty folder of the tile's own, for what a plugin makes."""
        folder = self._node.folder / f"drawn-{self.plan.index}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    def _show(self, pixels: Pixels) -> None:
        if self._holds:
            self._next = pixels
            return
        self._next, self.pixels = None, pixels
        self.frames += 1
        self.captured = time.time()
        height, width = pixels.shape[:2]
        for changed in list(self.viewers):
            changed(self.plan.index, (Rect(0, 0, width, height),))
        self._node.changed(self, False)

    def _tell_media(self) -> None:
        if medium := self._medium:
            moment = self._moment
            play = {"at": moment.at, "since": moment.since, "rate": moment.rate} if medium.clock else None
            name = Path(self.plan.source).name
            self.media = {
                "name": name,
                "clock": medium.clock,
                "length": medium.length,
                "pace": medium.pace,
                "play": play,
                "drawn": self.plan.drawn_by.kind if self.plan.drawn_by else "",
            }

    def _set(self, state: State, reason: str, cause: Cause | None = None) -> None:
        if state != self._state:
            self._since = time.time()
        self._state, self._reason, self._failure = state, reason, cause
        self.log.note(f"{state}{f': {reason}' if reason else ''}")
        self._node.changed(self, True)


def _close(opening: Future[Medium]) -> None:
    """Wait for what is being opened, unless that was not begun, and close it. In a thread."""
    if not opening.cancelled() and not opening.exception():
        opening.result().close()


AnyTile = Tile | MediaTile


def tile_of(plan: TilePlan, node: Node) -> AnyTile:
    """Return the tile of *plan*: with a display, or without."""
    return Tile(plan, node) if plan.kind == "live" else MediaTile(plan, node)
