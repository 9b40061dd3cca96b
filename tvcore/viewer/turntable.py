"""A camera that goes round while somebody looks, and draws nothing while nobody does."""

from __future__ import annotations

import math
import time
from typing import Any

TURN = 9.0  # degrees per second
WALL_RATE = 5.0  # frames per second while seen among others
FOCUS_RATE = 12.0  # while it is the one that is looked at
FOCUS_FROM = 20.0  # wanted frames per second from which it is that one
WALL_SHARE = 0.08  # of a core's time that turning may take, so that sixteen leave the machine responsive
FOCUS_SHARE = 0.4
LEAST_RATE = 1.0
NEAR, WATCHED, IDLE = 0.01, 0.04, 0.25  # seconds between looks for what hands do: in focus, on the wall, unseen
READ_EVERY = 0.2  # seconds between looks at the file
HANDS_OFF = 4.0  # seconds after the last touch of the mouse, or order, in which it stays as it was put


def turn_rate(wanted: float, frame_seconds: float) -> float:
    """Return the frames per second to turn at, when *wanted* can be seen and a frame takes so long to draw.

    The time is that of the clock: on a busy machine frames take longer, and all tiles slow down.
    """
    most, share = (FOCUS_RATE, FOCUS_SHARE) if wanted >= FOCUS_FROM else (WALL_RATE, WALL_SHARE)
    return min(wanted, most, max(LEAST_RATE, share / max(frame_seconds, 1e-6)))


def read_wanted(path: str | None) -> float:
    """Return how many frames per second somebody wants to see, by the file *path*; 0 when it does not say.

    Without a *path* the program runs outside of a tile, in front of whoever started it.
    """
    if path is None:
        return FOCUS_FROM
    try:
        with open(path, encoding="ascii") as file:
            return max(0.0, float(file.read(32)))
    except (OSError, ValueError):
        return 0.0


class Turntable:
    """Turns the camera while somebody looks and nobody has a hand on it; *watch* is the file that says who looks."""

    def __init__(self, window: Any, renderer: Any, style: Any, watch: str | None) -> None:
        self.turning = True
        self._window = window
        self._renderer = renderer
        self._watch = watch
        self._wanted = 0.0
        self._read_next = 0.0
        self._held = False
        self._last_touch = -math.inf
        self._last_turn: float | None = None
        self._due = 0.0
        style.AddObserver("StartInteractionEvent", lambda *_: self.touch(held=True))
        style.AddObserver("EndInteractionEvent", lambda *_: self.touch(held=False))

    def touch(self, held: bool = False) -> None:
        """Rest for a while: somebody put it as it is now, or has it in the hand (*held*)."""
        self._held = held
        self._last_touch = time.monotonic()

    def go_on(self) -> float:
        """Turn if it is time to; return the seconds until somebody may want something again."""
        now = time.monotonic()
        if now >= self._read_next:
            self._wanted, self._read_next = read_wanted(self._watch), now + READ_EVERY
        touched = self._held or now - self._last_touch < HANDS_OFF
        if not self.turning or touched or self._wanted <= 0:
            self._last_turn, self._due = None, now
        elif now >= self._due:
            self._turn(now)
        if touched or self._wanted >= FOCUS_FROM:
            return NEAR
        return WATCHED if self._wanted > 0 else IDLE

    def _turn(self, now: float) -> None:
        # after a pause it goes on from where it stands: it never jumps
        passed = min(now - self._last_turn, 2 / WALL_RATE) if self._last_turn is not None else 1 / WALL_RATE
        self._renderer.GetActiveCamera().Azimuth(TURN * passed)
        self._renderer.ResetCameraClippingRange()
        self._window.Render()
        self._last_turn = now
        self._due = now + 1 / turn_rate(self._wanted, time.monotonic() - now)
