"""The hooks of a case on this node: each call of one is a process of the person's own, outside of the tile's sandbox.

``tvcore.cases.on_node`` is that process. What it prints, and the one line that says what went wrong, goes to the tile's
log. What it started, in whatever session, ends with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tvcore.node.children import Child, Children
from tvcore.node.logs import Drain, Log

if TYPE_CHECKING:
    from tvcore.batch.plan import TilePlan

READY_SECONDS = 3600.0  # that a case has for case_ready
END_SECONDS = 10.0  # that it has for the last of a tile, once it is loaded: a batch system kills what lingers
END_MOST = 20.0  # and in all
LOAD_SECONDS = 60.0  # that a case may take to be loaded, on a busy node
GRACE = 1.0  # seconds between SIGTERM and SIGKILL for a hook that is ended
STOPPED = "the tile was stopped"
MARK = "TILEDVIZ_HOOK"  # in the environment of what a hook starts: by it that is found


class HasLog(Protocol):
    """A tile, as far as it matters here."""

    plan: TilePlan
    log: Log


@dataclass
class Call:
    """A hook that runs: its process, and the *mark* of all that it started."""

    child: Child
    mark: str
    _children: Children

    async def stop(self) -> None:
        """End it and what it started."""
        await self.child.stop(GRACE)
        await self._children.end_orphans(self.mark)


@dataclass(eq=False)
class _Acting:
    """An action that runs for the tile *index*: it *ends* with that, and is *over* when all of it is gone."""

    index: int
    ends: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Hooks:
    """The hooks of the case of *job* on its node *ordinal*; *has*: those that the case implements."""

    job: str
    ordinal: int
    has: Collection[str]
    children: Children
    state: Path
    _running: dict[asyncio.Task[None], int] = field(default_factory=dict)  # by the tile that each is for
    _acts: list[_Acting] = field(default_factory=list)

    def call(
        self, tile: HasLog, hook: str, *arguments: str, given: int | None = None, output: int | None = None
    ) -> Call:
        """Start *hook* for *tile*: its input is *given*, its answers go to *output*. Raises OSError.

        Whoever calls stops it, when it has ended by itself too.
        """
        mark = secrets.token_hex(8)
        command = [sys.executable, "-P", "-m", "tvcore.cases.on_node", self.job, str(self.ordinal)]
        drain = Drain(tile.log)
        try:
            child = self.children.start(
                [*command, str(tile.plan.index), hook, *arguments],
                {**os.environ, "TILEDVIZ_HOME": str(self.state), MARK: mark},
                drain.write_end if output is None else output,
                errors=drain.write_end,
                given=subprocess.DEVNULL if given is None else given,
            )
        finally:
            os.close(drain.write_end)
        child.ended.add_done_callback(lambda _: drain.close())
        return Call(child, f"{MARK}={mark}", self.children)

    def tell(self, tile: HasLog, hook: str, *arguments: str, seconds: float, most: float) -> asyncio.Task[None] | None:
        """Have *hook* called for *tile*, where the case has it, and go on; return what can be waited for.

        It has *seconds* once the case is loaded, and *most* in all.
        """
        if hook not in self.has:
            return None
        running = asyncio.create_task(self._told(tile, hook, arguments, seconds, most))
        self._running[running] = tile.plan.index
        running.add_done_callback(self._running.pop)
        return running

    async def _told(self, tile: HasLog, hook: str, arguments: tuple[str, ...], seconds: float, most: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + most
        answers, answers_end = os.pipe2(os.O_CLOEXEC)  # the first that comes says that the case is loaded
        try:
            call = self.call(tile, hook, *arguments, output=answers_end)
        except OSError as error:
            os.close(answers)
            tile.log.note(f"{hook} cannot be called: {error.strerror}")
            return
        finally:
            os.close(answers_end)
        loaded = asyncio.Event()
        loop.add_reader(answers, loaded.set)
        waits: set[asyncio.Future[Any]] = {asyncio.create_task(loaded.wait()), call.child.ended}
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(end) as clock:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                    loop.remove_reader(answers)
                    clock.reschedule(min(end, loop.time() + seconds))
                    await call.child.wait()
                    return
            if loaded.is_set():
                tile.log.note(f"{hook} took longer than {seconds:g} s and was ended")
            else:
                tile.log.note(f"{hook} was ended: its case could not be loaded within {most:g} s")
        finally:
            loaded.set()
            loop.remove_reader(answers)
            os.close(answers)
            await call.stop()

    @contextlib.contextmanager
    def acting(self, tile: HasLog) -> Iterator[asyncio.Event]:
        """Have it known that an action of *tile* runs, until it is left; the event says that the tile ends."""
        action = _Acting(tile.plan.index)
        self._acts.append(action)
        try:
            yield action.ends
        finally:
            self._acts.remove(action)
            action.over.set()

    async def leave(self, tile: HasLog) -> None:
        """End what was told of *tile* and is under way yet, and its actions."""
        index = tile.plan.index
        acts = [action for action in self._acts if action.index == index]
        for action in acts:
            action.ends.set()
        under_way = [running for running, whose in self._running.items() if whose == index]
        for running in under_way:
            running.cancel()
        await asyncio.gather(*under_way, *(action.over.wait() for action in acts), return_exceptions=True)
