"""What a tile's program plays on: a display on a number of its own, our connection to it, and a window manager."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tvcore.node import windows
from tvcore.node.children import Child, Children
from tvcore.node.damage import Rect
from tvcore.node.display import Display, DisplayError, Reservation
from tvcore.node.house import House
from tvcore.node.keyboard import Keyboard
from tvcore.node.logs import Log
from tvcore.node.screen import Screen

# The first window manager that is there; a constant, into which nothing is put.
WINDOW_MANAGER = (
    "for manager in openbox icewm xfwm4 metacity fluxbox twm; do"
    ' if command -v "$manager" >/dev/null 2>&1; then exec "$manager" >/dev/null 2>&1; fi; done; exit 127'
)
MANAGER_SECONDS = 10.0  # then the program starts without


class Stage:
    """The display of one tile in *house*, with its files in *folder*."""

    def __init__(self, house: House, folder: Path, children: Children, slots: asyncio.Semaphore) -> None:
        self.display: Display | None = None
        self.xvnc: Child | None = None
        self.screen: Screen | None = None
        self.keyboard: Keyboard | None = None
        self._house = house
        self._folder = folder
        self._children = children
        self._slots = slots
        self._reservation: Reservation | None = None
        self._manager: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Return whether the display runs, as far as we know."""
        return self.xvnc is not None and self.xvnc.alive

    @property
    def variables(self) -> dict[str, str]:
        """Return what leads a program to the display, which must be open."""
        assert self.display
        return {"DISPLAY": self.display.name, "XAUTHORITY": str(self.display.cookie_file)}

    async def open(self, size: tuple[int, int], damaged: Callable[[tuple[Rect, ...]], None]) -> None:
        """Bring the display up in *size*. Raises DisplayError, and TileFailureError where no try can help."""
        self._reservation = self._reservation or Reservation()
        display = Display(self._house, self._reservation, self._folder, *size)
        async with self._slots:
            try:
                self.xvnc = await display.start(self._children)
            except DisplayError as error:
                display.tidy()
                text = display.log.read_text("utf-8", "replace") if error.code is not None else ""
                raise self._house.explain(text, error.code or 0) or error from None
        self.display = display
        try:
            self.screen = await Screen.connect(display.rfb_socket, damaged)
            self.keyboard = Keyboard(self.screen)
        except OSError as error:
            await self.close()
            raise DisplayError(f"the display does not answer: {error.strerror}") from error

    def manage(self, environment: Mapping[str, str], log: Log) -> None:
        """Have a window manager in the display until its end; without one the tile goes on."""
        if self._manager is None or self._manager.done():
            self._manager = asyncio.create_task(self._run_manager(environment, log))

    async def managed(self, environment: Mapping[str, str]) -> None:
        """Wait until the window manager is there: a window that comes while it starts may be left without one."""
        if self._manager is None:
            return
        launch = self._house.program([*self._house.script(Path(windows.__file__)), "wait"], environment)
        asked = asyncio.create_task(self._children.ask(launch.arguments, launch.environment, MANAGER_SECONDS))
        try:
            await asyncio.wait([asked, self._manager], return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await asked

    async def _run_manager(self, environment: Mapping[str, str], log: Log) -> None:
        launch = self._house.program(["sh", "-c", WINDOW_MANAGER], environment)
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            manager = self._children.start(launch.arguments, launch.environment, null)
        except OSError as error:
            log.note(f"no window manager: {error.strerror}")
            return
        finally:
            os.close(null)
        try:
            code = await manager.wait()
        finally:
            await manager.stop()
        if self.alive:
            where = f"the image {self._house.image}" if self._house.image else "this node"
            none = f"there is no window manager in {where}: install openbox"
            log.note(none if code == 127 else f"the window manager ended with exit code {code}")

    async def close(self) -> None:
        """End the display and what was begun with it; the number stays ours."""
        if self._manager:
            self._manager.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._manager
            self._manager = None
        if self.screen:
            self.screen.close()
        if self.xvnc:
            await self.xvnc.stop()
        if self.display:
            self.display.tidy()
        self.screen = self.keyboard = self.xvnc = self.display = None

    async def leave(self) -> None:
        """End all of it, and give the number back."""
        await self.close()
        if self._reservation:
            self._reservation.release()
            self._reservation = None
