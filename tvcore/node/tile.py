"""One tile: a display, the program in it and its picture, kept alive together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tvcore.batch.plan import TilePlan
from tvcore.errors import TiledVizError
from tvcore.node.children import Child, Children, describe_exit
from tvcore.node.damage import Rect
from tvcore.node.display import Display, DisplayError, Reservation
from tvcore.node.encode import is_flat
from tvcore.node.logs import Drain, Log
from tvcore.node.renderer import ask_renderer
from tvcore.node.rfb import Pixels
from tvcore.node.sandbox import Isolation, Sandbox
from tvcore.node.scratch import scratch_folder
from tvcore.node.screen import Screen
from tvcore.node.supervise import BackOff

NICE = "10"  # of programs: Xvnc and agent stay quick when they take every core
PATIENCE = 20.0  # seconds after which a tile that shows nothing says so
NOT_FOUND = (126, 127)  # exit codes of sh(1), env(1), nice(1): cannot be executed, not found
WALL_RATE = 10  # frames a second that a wall wants
FOCUS_RATE = 30  # and somebody who works in the tile

State = Literal["starting", "live", "failed", "stopped"]
_NO_PIXELS = np.zeros((0, 0, 4), np.uint8)
_logger = logging.getLogger(__name__)


class _Hopeless(Exception):  # noqa: N818
    """Trying again would be of no use; the text says why."""


@dataclass(frozen=True)
class TileStatus:
    """What is known of a tile; process ids are None where there is no process."""

    index: int
    state: State
    reason: str
    frames: int
    renderer: str | None
    display: str | None
    pid: int | None
    xvnc: int | None
    restarts: int
    width: int
    height: int
    since: float
    isolated: bool  # whether its program is kept from what is not the tile's


@dataclass(frozen=True)
class Node:
    """What the tiles of a node share."""

    xvnc: str
    folder: Path  # 0700: sockets, cookies
    logs: Path  # jobs/JOB in the owner's state folder
    children: Children
    slots: asyncio.Semaphore  # displays that may come up at once
    changed: Callable[[Tile, bool], None]  # a tile's status changed; whether it is more than its count of frames
    isolation: Isolation = "auto"
    scratch: str = ""  # folder of this node for what programs write and nobody keeps

    @cached_property
    def sandbox(self) -> Sandbox:
        """Return what is kept from the programs; what this node allows is found out once, the first time."""
        return Sandbox.make(self.folder, self.logs.parent.parent, self.isolation)


class Tile:
    """A tile of *plan* on *node*; ``run`` is its life, everything else may be asked at any time."""

    def __init__(self, plan: TilePlan, node: Node) -> None:
        self.plan = plan
        self.log = Log(node.logs / f"tile-{plan.index}.log")
        self.viewers: set[Callable[[int, tuple[Rect, ...]], None]] = set()  # called with what changed
        self.frames = 0
        self._node = node
        self._folder = node.folder / f"t{plan.index}"
        self._folder.mkdir(mode=0o700)
        self._programs = node.children.through(lambda command: node.sandbox.command(command, self._folder))
        self._state: State = "starting"
        self._reason = "waits for its display"
        self._since = time.time()
        self._restarts = 0
        self._renderer: str | None = None
        self._reservation: Reservation | None = None
        self._display: Display | None = None
        self._xvnc: Child | None = None
        self._screen: Screen | None = None
        self._program: Child | None = None
        self._paused = False
        self._lookers: list[tuple[int, bool]] = []  # rate, whether at our pictures
        self._tasks: set[asyncio.Task[None]] = set()
        self._write_watch()

    # what is known

    @property
    def status(self) -> TileStatus:
        """Return what is known of the tile now."""
        height, width = self.pixels.shape[:2]
        return TileStatus(
            index=self.plan.index,
            state=self._state,
            reason=self._reason,
            frames=self.frames,
            renderer=self._renderer,
            display=self._display.name if self._display else None,
            pid=self._program.pid if self._program else None,
            xvnc=self._xvnc.pid if self._xvnc else None,
            restarts=self._restarts,
            width=width or self.plan.width,
            height=height or self.plan.height,
            since=self._since,
            isolated=self._node.sandbox.isolates,
        )

    @property
    def pixels(self) -> Pixels:
        """Return the framebuffer, (height, width, 4) bytes BGRX; empty while nothing of it has come."""
        return self._screen.pixels if self._screen and self._screen.frames else _NO_PIXELS

    @property
    def captured(self) -> float:
        """Return when the last update came, seconds since the epoch."""
        return self._screen.captured if self._screen else 0.0

    @property
    def rfb_socket(self) -> Path | None:
        """Return the path of the display's RFB socket, None while there is no display."""
        return self._display.rfb_socket if self._display else None

    # who looks

    def look(self, rate: int, pictures: bool) -> Callable[[], None]:
        """Note that somebody looks, at *rate* frames a second, at our *pictures* or not; call the result at the end."""
        entry = (rate, pictures)
        self._lookers.append(entry)
        self._watchers_changed()

        def away() -> None:
            self._lookers.remove(entry)
            if not pictures and self._screen and entry not in self._lookers:
                self._screen.park_pointer()
            self._watchers_changed()

        return away

    @property
    def watched(self) -> int:
        """Return the frames a second that somebody wants to see, 0 when nobody looks."""
        return max((rate for rate, _ in self._lookers), default=0)

    def _watchers_changed(self) -> None:
        self._write_watch()
        self._pause_or_continue()
        self._want()

    def _write_watch(self) -> None:
        new = self._folder / "watch.new"
        new.write_text(f"{self.watched}\n")
        new.replace(self._folder / "watch")

    def _pause_or_continue(self) -> None:
        pause = self.plan.unwatched == "pause" and self._state == "live" and not self.watched
        if self._program and pause != self._paused:
            self._program.send(signal.SIGSTOP if pause else signal.SIGCONT)
            self._paused = pause

    def _want(self) -> None:
        if self._screen:
            self._screen.wanted = self._state == "starting" or any(pictures for _, pictures in self._lookers)

    # its life

    async def run(self) -> None:
        """Live until cancelled, or until it is given up."""
        back_off = BackOff()
        try:
            if refusal := self._node.sandbox.refusal:
                raise _Hopeless(refusal)
            self._reservation = Reservation()
            while True:
                cause, lived = await self._once()
                back_off = back_off.failed(lived)
                if back_off.given_up:
                    raise _Hopeless(f"{cause}; given up after {back_off.failures} failures in a row")
                self._restarts += 1
                self._set("starting", f"{cause}; starts again in {back_off.delay:g} s")
                await asyncio.sleep(back_off.delay)
        except asyncio.CancelledError:
            await self._end()
            self._set("stopped", "")
        except (_Hopeless, DisplayError, OSError) as error:
            await self._end()
            self._set("failed", str(error))
        except Exception as error:
            _logger.exception("tile %d", self.plan.index)
            await self._end()
            self._set("failed", f"a mistake in the node agent, its log has more: {error!r}")
        finally:
            self.log.close()

    async def _once(self) -> tuple[str, float]:
        """Bring up what is missing and wait for a death. Return its cause and how long the program lived."""
        begun = asyncio.get_running_loop().time()
        try:
            if not self._display:
                await self._open_display()
            assert self._xvnc
            assert self._screen
            lost: asyncio.Future[Any] = self._screen.lost
            async with self._start_program() as program:
                begun = asyncio.get_running_loop().time()
                await asyncio.wait([self._xvnc.ended, program.ended, lost], return_when=asyncio.FIRST_COMPLETED)
                cause = await self._cause(program, self._xvnc, lost)
        except DisplayError as error:
            cause = str(error)
        return cause, asyncio.get_running_loop().time() - begun

    async def _cause(self, program: Child, xvnc: Child, lost: asyncio.Future[Any]) -> str:
        """Return what died, in words; a display that is of no more use is closed."""
        if xvnc.alive and not lost.done():
            code = await program.wait()
            if code in NOT_FOUND:
                last = "".join(f": {line}" for line in self.log.tail(1))
                raise _Hopeless(f"the program cannot be executed ({describe_exit(code)}{last})")
            return f"the program ended with {describe_exit(code)}"
        await program.stop()
        await asyncio.sleep(0)  # a display that was killed and its lost connection are noticed in either order
        cause = lost.result() if xvnc.alive else f"the display ended with {describe_exit(await xvnc.wait())}"
        await self._close_display()
        return cause

    async def _open_display(self) -> None:
        assert self._reservation
        display = Display(self._node.xvnc, self._reservation, self._folder, self.plan.width, self.plan.height)
        async with self._node.slots:
            self._xvnc = await display.start(self._node.children, os.environ)
        self._display = display
        try:
            self._screen = await Screen.connect(display.rfb_socket, self._damaged)
        except OSError as error:
            await self._close_display()
            raise DisplayError(f"the display does not answer: {error.strerror}") from error
        if self._renderer is None:
            task = asyncio.create_task(self._find_renderer())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _close_display(self) -> None:
        if self._screen:
            self._screen.close()
        if self._xvnc:
            await self._xvnc.stop()
        if self._reservation:
            self._reservation.tidy()
        self._screen = self._xvnc = self._display = None

    @contextlib.asynccontextmanager
    async def _start_program(self) -> AsyncIterator[Child]:
        """Start the program, and end it and all that it started."""
        environment = self._environment()
        command = self.plan.command
        if shutil.which(command[0], path=environment.get("PATH", os.defpath)) is None:
            raise _Hopeless(f"cannot find the program {command[0]!r}: is it installed on this node, and on PATH?")
        scratch = contextlib.ExitStack()
        try:
            environment |= scratch.enter_context(scratch_folder(self._node.scratch, f"tile{self.plan.index}"))
        except TiledVizError as error:
            raise _Hopeless(str(error)) from error
        drain = Drain(self.log)
        try:
            try:
                program = self._programs.start(["nice", "-n", NICE, *command], environment, drain.write_end)
            finally:
                os.close(drain.write_end)
            self._program, self._paused = program, False
            self._set("starting", "the program starts")
            self._want()
            patience = asyncio.get_running_loop().call_later(PATIENCE, self._say_nothing_drawn)
            try:
                yield program
            finally:
                patience.cancel()
                await program.stop()
                self._program = None
        finally:
            await self._node.children.end_orphans(f"XAUTHORITY={environment['XAUTHORITY']}")
            drain.close()
            scratch.close()

    async def _end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._close_display()
        if self._reservation:
            self._reservation.release()

    def _environment(self) -> dict[str, str]:
        assert self._display
        inherited = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
        return {
            **inherited,
            "DISPLAY": self._display.name,
            "XAUTHORITY": str(self._display.cookie_file),
            "TILEDVIZ_TILE": str(self.plan.index),
            "TILEDVIZ_TITLE": self.plan.title,
            "TILEDVIZ_WATCH": str(self._folder / "watch"),
            **self.plan.environment,
        }

    async def _find_renderer(self) -> None:
        try:
            self._renderer, why = await ask_renderer(self._programs, self._environment())
        except OSError as error:
            why = f"glxinfo cannot be started: {error.strerror}"
        if why:
            _logger.info("tile %d: no renderer known: %s", self.plan.index, why)
        self._node.changed(self, True)

    def _damaged(self, damage: tuple[Rect, ...]) -> None:
        self.frames += 1
        if self._state == "starting" and self._program and self._program.alive and not is_flat(self.pixels):
            self._set("live", "")
            self._want()
        for changed in list(self.viewers):
            changed(self.plan.index, damage)
        self._node.changed(self, False)

    def _say_nothing_drawn(self) -> None:
        if self._state == "starting":
            self._set("starting", "the program runs but has drawn nothing yet")

    def _set(self, state: State, reason: str) -> None:
        if state != self._state:
            self._since = time.time()
        self._state, self._reason = state, reason
        text = f"{state}{f': {reason}' if reason else ''}"
        _logger.info("tile %d: %s", self.plan.index, text)
        self.log.note(text)
        self._pause_or_continue()
        self._node.changed(self, True)
