"""The keys and buttons that viewers hold down on tiles, so that none stays down when its viewer lets go or leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tvcore.node.rfb import Pixels
from tvcore.node.wire import UNITS

MOST_KEYS = 32  # that one viewer holds down on one display; more are not pressed


class Hands(Protocol):
    """A display's keyboard and pointer."""

    def press(self, keysym: int, down: bool) -> None:
        """Press or release a key."""
        ...

    def point(self, x: int, y: int, buttons: int = 0) -> None:
        """Move the pointer, with these *buttons* pressed."""
        ...


class Touchable(Protocol):
    """A tile as far as input goes."""

    @property
    def pixels(self) -> Pixels:
        """Return the framebuffer, (height, width, 4)."""
        ...

    @property
    def screen(self) -> Hands | None:
        """Return its display's keyboard and pointer, None while there is none."""
        ...

    def park_pointer(self) -> None:
        """Move the pointer out of the picture."""
        ...


class Held:
    """What each viewer holds down on each of *tiles*; tiles that are not there take no input."""

    def __init__(self, tiles: Mapping[int, Touchable]) -> None:
        self._tiles = tiles
        self._keys: dict[int, dict[int, dict[int, None]]] = {}  # by viewer and tile, in the order they went down
        self._pointers: dict[int, dict[int, tuple[int, int, int]]] = {}  # x, y and buttons

    def press(self, viewer: int, index: int, keysym: int, down: bool) -> None:
        """Press or release a key of a tile's display."""
        tile = self._tiles.get(index)
        if tile is None or tile.screen is None:
            return
        keys = self._keys.setdefault(viewer, {}).setdefault(index, {})
        if not down:
            keys.pop(keysym, None)
        elif keysym in keys or len(keys) < MOST_KEYS:
            keys[keysym] = None
        else:
            return
        tile.screen.press(keysym, down)

    def point(self, viewer: int, index: int, place: tuple[int, int], buttons: int) -> None:
        """Move the pointer of a tile's display to *place*, in 65536ths of its sides, with these *buttons* pressed."""
        tile = self._tiles.get(index)
        if tile is None or tile.screen is None or not tile.pixels.size:
            return
        height, width = tile.pixels.shape[:2]
        x, y = place[0] * width // UNITS, place[1] * height // UNITS
        self._pointers.setdefault(viewer, {})[index] = (x, y, buttons)
        tile.screen.point(x, y, buttons)

    def release(self, viewer: int) -> None:
        """Let go of all that *viewer* holds down, but for keys that somebody else holds down as well.

        A pointer that nobody else moves leaves the picture: the display draws it there.
        """
        for index, keys in self._keys.pop(viewer, {}).items():
            if screen := self._tiles[index].screen:
                for keysym in reversed(keys):
                    if not any(keysym in others.get(index, ()) for others in self._keys.values()):
                        screen.press(keysym, False)
        for index, (x, y, buttons) in self._pointers.pop(viewer, {}).items():
            if (screen := self._tiles[index].screen) and buttons:
                screen.point(x, y, 0)
            if screen and not any(index in others for others in self._pointers.values()):
                self._tiles[index].park_pointer()

    def release_all(self) -> None:
        """Let go of everything."""
        for viewer in {*self._keys, *self._pointers}:
            self.release(viewer)
