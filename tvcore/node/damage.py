"""Which parts of a picture changed: a few rectangles that never grow in number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST = 4  # rectangles kept apart; more cost more headers than they save pixels
WASTE = 1.25  # two rectangles become one where that covers at most so much more than both


@dataclass(frozen=True)
class Rect:
    """A rectangle, in pixels: from (left, top), right and bottom not included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        """Return the number of pixels, 0 when it is empty."""
        return max(0, self.right - self.left) * max(0, self.bottom - self.top)

    def join(self, other: Rect) -> Rect:
        """Return the smallest rectangle around both."""
        return Rect(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def within(self, width: int, height: int) -> Rect:
        """Return the part that lies within a picture of *width* by *height*."""
        return Rect(max(0, self.left), max(0, self.top), min(width, self.right), min(height, self.bottom))


def add(damage: tuple[Rect, ...], new: Iterable[Rect]) -> tuple[Rect, ...]:
    """Return *damage* and *new* as at most MOST rectangles that cover them all."""
    kept = list(damage)
    for rect in new:
        if rect.area:
            _merge(kept, rect)
            if len(kept) > MOST:
                _merge_closest(kept)
    return tuple(kept)


def bounds(damage: Iterable[Rect]) -> Rect | None:
    """Return the smallest rectangle around all of *damage*, None where there is none."""
    around: Rect | None = None
    for rect in damage:
        around = rect if around is None else around.join(rect)
    return around


def _merge(kept: list[Rect], rect: Rect) -> None:
    """Put *rect* into *kept*, joined with every one that it can be joined with at little waste."""
    i = 0
    while i < len(kept):
        both = rect.join(kept[i])
        if both.area <= WASTE * (rect.area + kept[i].area):
            rect = both
            del kept[i]
            i = 0
        else:
            i += 1
    kept.append(rect)


def _merge_closest(kept: list[Rect]) -> None:
    """Join the two of *kept* that waste the fewest pixels together."""
    pairs = [(i, j) for i in range(len(kept)) for j in range(i)]
    i, j = min(pairs, key=lambda p: kept[p[0]].join(kept[p[1]]).area - kept[p[0]].area - kept[p[1]].area)
    both = kept[i].join(kept[j])
    del kept[i], kept[j]  # i > j
    _merge(kept, both)
