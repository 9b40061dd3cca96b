"""Programs that paint the same picture again and again, and what to do about them. No I/O.

A display tells of all that was painted, changed or not; it can compare first, which costs it as much as half of all
else that it does for an update of new pixels, and saves all of that, and ours, where they are the old ones. So it is
to compare where a few rows of the picture show that this pays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tvcore.node.damage import Rect
from tvcore.node.rfb import Pixels

ROWS = 16  # of the picture, evenly spread, that are looked at
SAME = 4  # updates in a row that brought nothing new: then the display is to compare
NEW = 16  # updates in a row of at least half of the picture, though it compares: then no more


class Redraw:
    """Says by ``comparing`` whether the display is to compare."""

    def __init__(self) -> None:
        self.comparing = False
        self._streak = 0  # updates that speak for a change of mind
        self._size = (0, 0)
        self._seen: Pixels | None = None  # the rows that are looked at, as they were

    def note(self, pixels: Pixels, damage: tuple[Rect, ...]) -> bool:
        """Take an update that has come into *pixels*, (height, width, 4); return whether ``comparing`` changed."""
        height, width = pixels.shape[:2]
        if self.comparing:
            new = 2 * sum(rect.area for rect in damage) >= height * width
            self._streak = self._streak + 1 if new else 0
        else:
            rows = np.arange(ROWS) * height // ROWS
            before, self._seen = self._seen if self._size == (width, height) else None, pixels[rows]
            self._size = (width, height)
            same = None if before is None else _same(before, self._seen, rows, damage)
            self._streak = self._streak if same is None else self._streak + 1 if same else 0
        if self._streak < (NEW if self.comparing else SAME):
            return False
        self.comparing, self._streak, self._seen = not self.comparing, 0, None
        return True


def _same(before: Pixels, now: Pixels, rows: NDArray[np.intp], damage: tuple[Rect, ...]) -> bool | None:
    """Return whether the damaged parts of *rows* are as they were; None where no damage lies in them."""
    known = None
    for rect in damage:
        first, last = np.searchsorted(rows, (rect.top, rect.bottom))
        if first < last:
            part = np.s_[first:last, rect.left : rect.right]
            if not np.array_equal(before[part], now[part]):
                return False
            known = True
    return known
