"""What may be asked of a tile while it runs: values that come as calls (``tvcore.node.rpc``) and do their work."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tvcore.errors import TiledVizError, UsageError
from tvcore.node import keys, windows
from tvcore.node.keyboard import Keyboard
from tvcore.node.rfb import MOST_PIXELS, MOST_SIDE
from tvcore.node.screen import Screen
from tvcore.node.tile import Tile

MOST_TEXT = 100_000  # characters typed by one call
MOST_CLICKS = 10
DRAG_STEPS = 8
STEP_SECONDS = 0.015  # between two motions of a drag: programs take several that come together for one
WINDOW_SECONDS = 15.0

Place = Annotated[int, Field(ge=0, lt=MOST_SIDE)]
Side = Annotated[int, Field(ge=16, le=MOST_SIDE)]
Button = Annotated[int, Field(ge=1, le=8)]
Result = dict[str, Any] | list[dict[str, Any]]


class Action(BaseModel, ABC):
    """Something done with one tile, by its number; *id* is that of the call."""

    model_config = ConfigDict(extra="ignore")

    id: int
    tile: int

    @abstractmethod
    async def do(self, tile: Tile) -> Result:
        """Do it, and return what there is to tell. Raises TiledVizError."""


class Restart(Action):
    """Start the program anew, of a tile that has failed or was stopped too."""

    call: Literal["restart"]

    async def do(self, tile: Tile) -> Result:
        """Tell the tile."""
        tile.restart()
        return {}


class Stop(Action):
    """End program and display."""

    call: Literal["stop"]

    async def do(self, tile: Tile) -> Result:
        """Wait until both have ended."""
        await tile.stop()
        return {}


class Resize(Action):
    """Give the display another size, at once where it is there and for its next start."""

    call: Literal["resize"]
    width: Side
    height: Side

    async def do(self, tile: Tile) -> Result:
        """Ask the display and wait for what it says."""
        if self.width * self.height > MOST_PIXELS:
            raise UsageError(f"{self.width}x{self.height} are more than {MOST_PIXELS} pixels")
        if screen := tile.screen:
            refusal = await screen.resize(self.width, self.height)
            if refusal:
                size = f"{self.width}x{self.height}"
                raise TiledVizError(f"the display of tile {self.tile} does not become {size}: {refusal}")
        tile.resized(self.width, self.height)
        return {"width": self.width, "height": self.height}


class Type(Action):
    """Type *text* into the window that has the keyboard: without a window manager the one under the pointer."""

    call: Literal["type"]
    text: str = Field(max_length=MOST_TEXT)

    async def do(self, tile: Tile) -> Result:
        """Press and release the key of each character."""
        await _keyboard(tile).type(keys.strokes(self.text))
        return {}


class Key(Action):
    """Press *keys* together, such as ``ctrl+alt+t``."""

    call: Literal["key"]
    keys: str = Field(min_length=1, max_length=200)

    async def do(self, tile: Tile) -> Result:
        """Press them in their order, and release them in the reverse one."""
        await _keyboard(tile).type([keys.chord(self.keys)])
        return {}


class Move(Action):
    """Move the pointer."""

    call: Literal["move"]
    x: Place
    y: Place

    async def do(self, tile: Tile) -> Result:
        """Move it."""
        _within(tile, self.x, self.y).point(self.x, self.y)
        return {}


class Click(Action):
    """Move the pointer and click *count* times; button 1 is the left one, 4 and 5 are the wheel."""

    call: Literal["click"]
    x: Place
    y: Place
    button: Button = 1
    count: int = Field(default=1, ge=1, le=MOST_CLICKS)

    async def do(self, tile: Tile) -> Result:
        """Press and release it."""
        screen = _within(tile, self.x, self.y)
        screen.point(self.x, self.y)
        for _ in range(self.count):
            screen.point(self.x, self.y, 1 << self.button - 1)
            screen.point(self.x, self.y)
        return {}


class Drag(Action):
    """Press a button, move the pointer, and release it."""

    call: Literal["drag"]
    x: Place
    y: Place
    to_x: Place
    to_y: Place
    button: Button = 1

    async def do(self, tile: Tile) -> Result:
        """Move in a few steps."""
        _within(tile, self.to_x, self.to_y)
        screen = _within(tile, self.x, self.y)
        pressed = 1 << self.button - 1
        screen.point(self.x, self.y)
        for step in range(DRAG_STEPS + 1):
            x = self.x + (self.to_x - self.x) * step // DRAG_STEPS
            y = self.y + (self.to_y - self.y) * step // DRAG_STEPS
            screen.point(x, y, pressed)
            await asyncio.sleep(STEP_SECONDS)
        screen.point(self.to_x, self.to_y)
        return {}


class Windows(Action):
    """Return the windows that can be seen."""

    call: Literal["windows"]

    async def do(self, tile: Tile) -> Result:
        """Ask the display, by a script that runs in the tile."""
        return [json.loads(line) for line in (await _ask_windows(tile, "list")).splitlines()]


class Window(Action):
    """Maximise, place, raise or close the window with the number *window*."""

    call: Literal["window"]
    window: int = Field(ge=1, lt=1 << 32)
    action: Literal["maximise", "place", "raise", "close"]
    x: int = Field(default=0, ge=-MOST_SIDE, le=MOST_SIDE)
    y: int = Field(default=0, ge=-MOST_SIDE, le=MOST_SIDE)
    width: int = Field(default=0, ge=0, le=MOST_SIDE)
    height: int = Field(default=0, ge=0, le=MOST_SIDE)

    async def do(self, tile: Tile) -> Result:
        """Ask for it, by a script that runs in the tile."""
        box = (self.x, self.y, self.width, self.height)
        await _ask_windows(tile, self.action, str(self.window), *map(str, box))
        return {}


Anything = Restart | Stop | Resize | Type | Key | Move | Click | Drag | Windows | Window


def _screen(tile: Tile) -> Screen:
    if tile.screen is None:
        raise TiledVizError(f"tile {tile.plan.index} has no display now: it is {tile.status.state}")
    return tile.screen


def _keyboard(tile: Tile) -> Keyboard:
    _screen(tile)
    assert tile.stage.keyboard
    return tile.stage.keyboard


def _within(tile: Tile, x: int, y: int) -> Screen:
    screen = _screen(tile)
    height, width = screen.pixels.shape[:2]
    if x >= width or y >= height:
        raise UsageError(f"{x},{y} is outside of tile {tile.plan.index}, which has {width}x{height} pixels")
    return screen


async def _ask_windows(tile: Tile, *arguments: str) -> str:
    """Run the script of windows in *tile* and return what it says. Raises TiledVizError in one line."""
    _screen(tile)
    script = tile.house.script(Path(windows.__file__))
    try:
        code, said = await tile.ask([*script, *arguments], WINDOW_SECONDS)
    except OSError as error:
        raise TiledVizError(f"the windows of tile {tile.plan.index} cannot be asked for: {error.strerror}") from error
    if code == 0:
        return said
    if failure := tile.house.explain(said, code or 0):
        raise TiledVizError(f"the windows of tile {tile.plan.index} cannot be asked for: {failure}")
    last = said.strip().rpartition("\n")[2] or ("no answer in time" if code is None else f"exit code {code}")
    raise TiledVizError(f"tile {tile.plan.index}: {last}")
