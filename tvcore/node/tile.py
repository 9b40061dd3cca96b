"""One tile: a display, the program in it and its picture, kept alive together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tvcore.batch.plan import TilePlan
from tvcore.causes import Cause, TileFailureError
from tvcore.node.children import Child, describe_exit
from tvcore.node.damage import Rect
from tvcore.node.display import DisplayError
from tvcore.node.encode import is_flat
from tvcore.node.hooks import END_MOST, END_SECONDS, LOAD_SECONDS, READY_SECONDS, STOPPED
from tvcore.node.logs import NOTE, Drain, Log
from tvcore.node.memory import in_words
from tvcore.node.node import Node
from tvcore.node.rfb import Pixels
from tvcore.node.sandbox_exec import OWN
from tvcore.node.screen import Screen
from tvcore.node.stage import Stage
from tvcore.node.status import State, TileStatus
from tvcore.node.supervise import BackOff

AS_ASKED = "starts again, as asked"
PATIENCE = 20.0  # seconds after which a tile that shows nothing says so
NOT_FOUND = (126, 127)  # exit codes of sh(1), env(1), nice(1): cannot be executed, not found
LAST_WORDS = 300  # letters of a program's last line in what is said of its end
WALL_RATE = 10  # frames a second that a wall wants
FOCUS_RATE = 30  # and somebody who works in the tile

_NO_PIXELS = np.zeros((0, 0, 4), np.uint8)
_logger = logging.getLogger(__name__)


class Tile:
    """A tile of *plan* on *node*; ``run`` is its life, everything else may be asked at any time."""

    def __init__(self, plan: TilePlan, node: Node) -> None:
        self.plan = plan
        self.size = (plan.width, plan.height)  # what the display has, or gets when it comes up
        self.log = Log(node.logs / f"tile-{plan.index}.log")
        self.viewers: set[Callable[[int, tuple[Rect, ...]], None]] = set()  # called with what changed
        self.frames = 0
        self._node = node
        self._folder = node.folder / f"t{plan.index}"
        self._folder.mkdir(mode=0o700)
        (self._folder / OWN).mkdir(mode=0o700)
        self.house = node.house(plan, self._folder)
        self.stage = Stage(self.house, self._folder, node.children, node.slots)
        self._gl = node.graphics.of(plan.gpu, self.house)
        self._state: State = "starting"
        self._reason = "waits for its display"
        self._failure: Cause | None = None
        self._since = time.time()
        self._restarts = 0
        self._program: Child | None = None
        self._room: dict[str, str] = {}
        self._paused = False
        self._lookers: list[tuple[int, bool]] = []  # rate, whether at our pictures
        self._held: deque[Screen | None] = deque()  # whom somebody holds who reads the pixels
        self._life: asyncio.Task[None] | None = None
        self._stopping = False
        self._waits = False  # for its member
        self._again = asyncio.Event()  # one that has ended is to live again
        self._anew = asyncio.Event()  # the program of one that lives is to be started anew
        self._commands: set[Child] = set()  # besides the program
        self._look: asyncio.Task[None] | None = None
        self._told_ready = self._told_limit = False
        self._last: asyncio.Task[None] | None = None  # case_end, in this life of the program
        self._over: tuple[str, float] | None = None  # that the job's time is over soon, and when
        self._write_watch()

    # what is known

    @property
    def status(self) -> TileStatus:
        """Return what is known of the tile now."""
        height, width = self.pixels.shape[:2]
        truth, stage = self._gl.truth, self.stage
        return TileStatus(
            index=self.plan.index,
            state=self._state,
            reason=self._reason,
            cause=self._failure or "",
            frames=self.frames,
            renderer=truth.renderer or None if truth else None,
            gl=asdict(truth) if truth else None,
            image=self.house.image,
            display=stage.display.name if stage.display else None,
            pid=self._program.pid if self._program else None,
            xvnc=stage.xvnc.pid if stage.xvnc else None,
            restarts=self._restarts,
            width=width or self.size[0],
            height=height or self.size[1],
            since=self._since,
            isolated=self.house.isolated,
        )

    @property
    def pixels(self) -> Pixels:
        """Return the framebuffer, (height, width, 4) bytes BGRX; empty while nothing of it has come."""
        screen = self.stage.screen
        return screen.pixels if screen and screen.frames else _NO_PIXELS

    @property
    def busy(self) -> bool:
        """Return whether an update is being received: ``pixels`` are to be read when it has come, ``viewers`` hear."""
        screen = self.stage.screen
        return screen is not None and screen.busy

    def hold(self) -> None:
        """Have ``pixels`` stay as they are, when not ``busy``, until as many ``release``; counted."""
        if screen := self.stage.screen:
            screen.hold()
        self._held.append(screen)

    def release(self) -> None:
        """Give back what one ``hold`` took, whatever has become of the display meanwhile."""
        if screen := self._held.popleft():
            screen.release()

    @property
    def captured(self) -> float:
        """Return when the last update came, seconds since the epoch."""
        return self.stage.screen.captured if self.stage.screen else 0.0

    @property
    def rfb_socket(self) -> Path | None:
        """Return the path of the display's RFB socket, None while there is no display."""
        return self.stage.display.rfb_socket if self.stage.display else None

    @property
    def screen(self) -> Screen | None:
        """Return our connection to the display, None while there is none that works."""
        screen = self.stage.screen
        return screen if screen and screen.connected else None

    # who looks

    def look(self, rate: int, pictures: bool) -> Callable[[], None]:
        """Note that somebody looks, at *rate* frames a second, at our *pictures* or not; call the result at the end."""
        entry = (rate, pictures)
        self._lookers.append(entry)
        self._watchers_changed()

        def away() -> None:
            self._lookers.remove(entry)
            if not pictures:
                self.park_pointer()
            self._watchers_changed()

        return away

    def park_pointer(self) -> None:
        """Move the pointer out of the picture, unless somebody has the tile open and points himself."""
        if self.screen and all(pictures for _, pictures in self._lookers):
            self.screen.park_pointer()

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
        if screen := self.stage.screen:
            rates = [rate for rate, pictures in self._lookers if pictures]
            screen.rate = max(rates, default=WALL_RATE)
            screen.wanted = self._state == "starting" or bool(rates)

    # what may be asked of it

    def restart(self) -> None:
        """Start the program anew, and what of the display is not there, without counting it as a failure."""
        if self._waits and not self._stopping:
            return
        if self._life and not self._life.done() and not self._stopping:
            self._anew.set()
        else:
            self._again.set()
        self._start_again()

    def resized(self, width: int, height: int) -> None:
        """Have the display in this size from now on, at its next start at the latest."""
        self.size = (width, height)
        self._node.changed(self, True)

    def warn(self, text: str, end: float) -> None:
        """Say, as soon as it is live, that its job is over at *end*: to people *text*, to the case ``case_limit``."""
        self._over = text, end
        if self._state == "live":
            self._set_live()

    def _set_live(self) -> None:
        text, end = self._over or ("", 0.0)
        self._set("live", text)
        if text and self._node.hooks and not self._told_limit:
            self._told_limit = True
            left = max(0.0, end - time.time())
            seconds = max(left, END_SECONDS)
            self._node.hooks.tell(self, "case_limit", f"{left:.0f}", seconds=seconds, most=seconds + LOAD_SECONDS)

    async def last(self) -> None:
        """Let the case do the last that is to be done while the program lives (``case_end``), once for each life."""
        if self._state == "live" and self._node.hooks and self._last is None:
            self._last = self._node.hooks.tell(self, "case_end", seconds=END_SECONDS, most=END_MOST)
        if self._last:
            await asyncio.wait([self._last])

    async def stop(self) -> None:
        """End the program and the display, until ``restart``."""
        self._again.clear()
        self._stopping = True
        try:
            await self.last()
            if self._life and not self._life.done():
                self._life.cancel()
                await asyncio.wait([self._life])
        finally:
            self._stopping = False
        if self._state != "stopped":
            await self._end()
            self._set("stopped", "")

    def start_command(self, command: list[str], given: int, output: int, errors: int) -> Child:
        """Start a further program in the tile, ended with it. Raises TileFailureError and OSError."""
        environment = self._environment()
        self.house.look_for(command[0], environment)
        launch = self.house.program([*self._gl.binding.prefix, *command], environment)
        child = self._node.children.start(launch.arguments, launch.environment, output, given=given, errors=errors)
        self._commands.add(child)
        child.ended.add_done_callback(lambda _: self._commands.discard(child))
        return child

    async def ask(self, command: list[str], seconds: float) -> tuple[int | None, str]:
        """Run a program in the tile, at most *seconds*; return its exit code (None: too long) and what it said."""
        launch = self.house.program(command, self._environment())
        return await self._node.children.ask(launch.arguments, launch.environment, seconds)

    # its life

    async def run(self) -> None:
        """Live until cancelled, and again whenever that is asked after an end."""
        try:
            while True:
                self._again.clear()
                self._life = asyncio.create_task(self._live())
                await asyncio.wait([self._life])
                await self._again.wait()
                self._start_again()
        finally:
            if self._life:
                self._life.cancel()
                await asyncio.wait([self._life])
            await self._end()
            self.house.close()
            self.log.close()

    async def _live(self) -> None:
        """Live until cancelled or given up; the state says which it was."""
        try:
            await self._wait_for_member()
            await self.house.open(*self._gl.access)
            await self._keep_going()
        except asyncio.CancelledError:
            await self._end()
            self._set("stopped", "")
        except TileFailureError as failure:
            await self._end()
            self._set("failed", str(failure), failure.cause)
        except (DisplayError, OSError) as error:
            await self._end()
            self._set("failed", str(error), Cause.NO_DISPLAY)
        except Exception as error:
            _logger.exception("tile %d", self.plan.index)
            await self._end()
            self._set("failed", f"a mistake in the node agent, its log has more: {error!r}", Cause.AGENT_ENDED)

    async def _wait_for_member(self) -> None:
        """Wait until the member is written, where the ensemble is a live one."""
        if self._node.members is None:
            return
        self._waits = True
        try:
            await self._node.members.there(self.plan, self._say_waits)
        finally:
            self._waits = False

    def _say_waits(self, why: str) -> None:
        self._state, self._reason, self._failure = "starting", why, None
        self._node.changed(self, False)  # it says so for each member that comes: once a second is enough

    async def _keep_going(self) -> None:
        back_off = BackOff(tries=self._node.tries)
        while True:
            self._anew.clear()
            failure, lived = await self._once()
            self._restarts += 1
            if failure is None:
                back_off = BackOff(tries=self._node.tries)
                self._start_again()
                continue
            back_off = back_off.failed(lived)
            if back_off.given_up:
                self._restarts -= 1
                often = f"; given up after {back_off.failures} failures in a row" if back_off.tries > 1 else ""
                words = f"{failure}{often}"
                raise TileFailureError(failure.cause, words)
            self._set("starting", f"{failure}; starts again in {back_off.delay:g} s", failure.cause)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(back_off.delay):
                    await self._anew.wait()
                    back_off = BackOff(tries=self._node.tries)

    async def _once(self) -> tuple[TileFailureError | None, float]:
        """Bring up what is missing and wait for a death. Return its cause and how long the program lived.

        The cause is None when the program was ended to be started anew. Raises TileFailureError for what stays.
        """
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            if not self.stage.display:
                await self.stage.open(self.size, self._damaged)
            await self._prepare()
            assert self.stage.xvnc
            assert self.stage.screen
            lost: asyncio.Future[Any] = self.stage.screen.lost
            kills = self._kills()
            async with self._start_program() as program:
                begun = clock()
                anew = asyncio.create_task(self._anew.wait())
                try:
                    ends = [self.stage.xvnc.ended, program.ended, lost, anew]
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    anew.cancel()
                if self._anew.is_set():
                    return None, 0.0
                failure = await self._why_ended(program, self.stage.xvnc, lost, kills)
        except DisplayError as error:
            failure = TileFailureError(Cause.NO_DISPLAY, str(error))
        return failure, clock() - begun

    async def _prepare(self) -> None:
        """Have all in the display that the program finds there: a window manager, and a way to GL."""
        if self.plan.window_manager:
            self.stage.manage(self._environment(), self.log)
            await self.stage.managed(self._environment())
        await self._gl.choose(self._environment(), lambda: self.stage.alive)

    def _look_once(self) -> None:
        """Find out what GL really gives, once the program has had the processor for its first picture."""
        if self._look is None:
            self._look = asyncio.create_task(self._look_at_gl())

    async def _look_at_gl(self) -> None:
        try:
            await self._gl.look(self._environment())
        except OSError as error:
            _logger.info("tile %d: GL cannot be looked at: %s", self.plan.index, error)
        self._node.changed(self, True)

    async def _why_ended(self, program: Child, xvnc: Child, lost: asyncio.Future[Any], kills: int) -> TileFailureError:
        """Return what died, in words; a display that is of no more use is closed. Raises what no new start can mend."""
        if xvnc.alive and not lost.done():
            code = await program.wait()
            if failure := self.house.explain("\n".join(self._last_said(20)), code):
                raise failure
            last = "".join(f": {line[:LAST_WORDS]}" for line in self._last_said(1) if line.isprintable())
            if code in NOT_FOUND:
                words = f"the program cannot be executed ({describe_exit(code)}{last})"
                raise TileFailureError(Cause.PROGRAM_MISSING, words)
            return self._death("the program", code, kills, Cause.PROGRAM_ENDED, last if 0 < code < 126 else "")
        await program.stop()
        await asyncio.sleep(0)  # a display that was killed and its lost connection are noticed in either order
        if xvnc.alive:
            failure = TileFailureError(Cause.NO_DISPLAY, lost.result())
        else:
            failure = self._death("the display", await xvnc.wait(), kills, Cause.NO_DISPLAY)
        await self.stage.close()
        return failure

    def _death(self, what: str, code: int, kills: int, cause: Cause, last: str = "") -> TileFailureError:
        """Return how *what* ended by its exit *code*; *kills* is how often memory was short when it began.

        *last* is the last that it said.
        """
        killed = code in (-signal.SIGKILL, 128 + signal.SIGKILL)  # the latter by a shell, or a container command
        if killed and self._kills() > kills:
            limit = self._node.memory.limit() if self._node.memory else None
            words = f": the job may use {in_words(limit)} on this node" if limit else ""
            return TileFailureError(Cause.OUT_OF_MEMORY, f"{what} was ended for want of memory{words}")
        if self.house.image and 128 < code < 128 + signal.NSIG:
            code = 128 - code
        return TileFailureError(cause, f"{what} ended with {describe_exit(code)}{last}")

    def _kills(self) -> int:
        return self._node.memory.kills() if self._node.memory else 0

    def _last_said(self, lines: int) -> list[str]:
        """Return the last *lines* that the program itself said since it was started."""
        said: list[str] = []
        for line in reversed(self.log.tail(lines)):
            if line.startswith(NOTE):
                break
            said.insert(0, line)
        return said

    @contextlib.asynccontextmanager
    async def _start_program(self) -> AsyncIterator[Child]:
        """Start the program, and end it and all that it started."""
        command = [*self._gl.binding.prefix, *self.plan.command]
        self.house.look_for(command[0], self._environment())
        with self.house.room() as self._room:
            environment = self._environment()
            drain = Drain(self.log)
            try:
                self._set("starting", "the program starts")
                try:
                    launch = self.house.program(command, environment)
                    program = self._node.children.start(
                        launch.arguments, launch.environment, drain.write_end, behind=True
                    )
                finally:
                    os.close(drain.write_end)
                self._program, self._paused, self._last = program, False, None
                self._node.changed(self, True)
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
                self._room = {}

    async def _end(self) -> None:
        if self._look:
            self._look.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._look
            self._look = None
        if self._node.hooks:
            await self._node.hooks.leave(self)
        for command in self._commands:
            command.why = STOPPED
        await asyncio.gather(*(command.stop() for command in self._commands))
        await self.stage.leave()
        await self._node.children.end_orphans(f"TILEDVIZ_WATCH={self._folder / 'watch'}")
        if self._node.hooks:
            await self._node.hooks.leave(self)  # what began meanwhile

    def _environment(self) -> dict[str, str]:
        """Return the environment of a program in the tile, whose display is open."""
        return {
            **self.house.environment,
            **self._room,
            "TILEDVIZ_TILE": str(self.plan.index),
            "TILEDVIZ_TITLE": self.plan.title,
            "TILEDVIZ_WATCH": str(self._folder / "watch"),
            **self._gl.environment,
            **self.plan.environment,
            **self.stage.variables,
        }

    def _tell_ready(self) -> None:
        """Have the case told that the tile is live, once."""
        if self._node.hooks and not self._told_ready:
            self._told_ready = True
            self._node.hooks.tell(self, "case_ready", seconds=READY_SECONDS, most=READY_SECONDS + LOAD_SECONDS)

    def _damaged(self, damage: tuple[Rect, ...]) -> None:
        self.frames += 1
        height, width = self.pixels.shape[:2]
        if (width, height) != self.size and width:
            self.size = (width, height)
            self._node.changed(self, True)
        runs = self._program and self._program.alive and not self._anew.is_set()
        if self._state == "starting" and runs and not is_flat(self.pixels):
            self._set_live()
            self._want()
            self._look_once()
            self._tell_ready()
        for changed in list(self.viewers):
            changed(self.plan.index, damage)
        self._node.changed(self, False)

    def _say_nothing_drawn(self) -> None:
        if self._state == "starting":
            self._set("starting", "the program runs but has drawn nothing yet")
            self._look_once()

    def _start_again(self) -> None:
        if self._reason != AS_ASKED:
            self._set("starting", AS_ASKED)

    def _set(self, state: State, reason: str, cause: Cause | None = None) -> None:
        if state != self._state:
            self._since = time.time()
        self._state, self._reason, self._failure = state, reason, cause
        text = f"{state}{f': {reason}' if reason else ''}"
        _logger.info("tile %d: %s", self.plan.index, text)
        self.log.note(text)
        self._pause_or_continue()
        self._node.changed(self, True)
