"""The keyboard of one display, as we press it.

Characters that the display's keyboard has no key for get one when they are first pressed. Programs are told of that,
and look at the keyboard anew, by their own time: whoever presses on meanwhile finds keys that type nothing. The very
first key is lost to that as well, as the display then takes our keyboard for its own; so that one is a mere Shift.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from tvcore.node.keys import MODIFIERS
from tvcore.node.screen import Screen

NEW_SECONDS = 0.05  # before and after a key that the display has to make first
AT_ONCE = 50  # keys sent before others get their turn


class Keyboard:
    """What is pressed in the display of *screen*; one may type at a time."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._known: set[int] = set()
        self._used = False
        self._lock = asyncio.Lock()

    async def type(self, strokes: Iterable[Sequence[int]]) -> None:
        """Press keys together, one stroke after the other: in their order, and released in the reverse one."""
        async with self._lock:
            for number, stroke in enumerate(strokes):
                new = [await self._make_ready(keysym) for keysym in stroke]
                for keysym in stroke:
                    self._screen.press(keysym, True)
                for keysym in reversed(stroke):
                    self._screen.press(keysym, False)
                if any(new):
                    await asyncio.sleep(NEW_SECONDS)
                elif number % AT_ONCE == AT_ONCE - 1:
                    await asyncio.sleep(0)

    async def _make_ready(self, keysym: int) -> bool:
        """Return whether *keysym* is new to the display, and wait before one that is."""
        plain = 0x20 <= keysym <= 0x7E or 0xFE00 <= keysym <= 0xFFFF
        if plain or keysym in self._known:
            self._used = True
            return False
        if not self._used:
            self._used = True
            self._screen.press(MODIFIERS["shift"], True)
            self._screen.press(MODIFIERS["shift"], False)
        self._known.add(keysym)
        await asyncio.sleep(NEW_SECONDS)
        return True
