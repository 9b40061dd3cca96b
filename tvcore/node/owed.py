"""What viewers are owed of one tile. No I/O.

Viewers who want a tile at the same scale share a channel; within it those who are owed the same are a cohort, so that
fifty who see the same cost what one costs. One who had no credit for a picture falls behind, into another cohort, and
comes back by the next picture that covers what he has missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tvcore.node import wire
from tvcore.node.damage import Rect, add, bounds
from tvcore.node.encode import COARSE, MOVING, SHARP, STILL, Part, Quality, Step
from tvcore.node.rfb import Pixels

if TYPE_CHECKING:
    from tvcore.node.hub import Viewer

SMALL = 160 * 120  # scaled pixels: up to here a tile is always sent whole, to be drawn straight from the atlas
LEAST_ROWS = 16  # of what is sent sharp at once

Key = tuple[Step, bool]  # of a channel: its scale, and whether it is for bad lines


class Source(Protocol):
    """A tile's picture as it is now."""

    @property
    def pixels(self) -> Pixels:
        """Return the framebuffer, (height, width, 4) bytes BGRX, empty while there is none."""
        ...

    @property
    def frames(self) -> int:
        """Return the number of updates seen."""
        ...

    @property
    def captured(self) -> float:
        """Return when the last one came, seconds since the epoch."""
        ...

    @property
    def busy(self) -> bool:
        """Return whether an update is being received: the framebuffer is neither the old picture nor the new one."""
        ...

    def hold(self) -> None:
        """Let nothing be received while somebody reads; as often as this is called, ``release`` is."""
        ...

    def release(self) -> None:
        """Let the next update come."""
        ...


def size_of(source: Source) -> tuple[int, int]:
    """Return the width and height of a framebuffer."""
    height, width = source.pixels.shape[:2]
    return width, height


class Tile:
    """A tile that somebody looks at."""

    def __init__(self, index: int, source: Source) -> None:
        self.index = index
        self.source = source
        self.size = size_of(source)
        self.channels: dict[Key, Channel] = {}
        self.viewers: set[Viewer] = set()

    @property
    def worked_in(self) -> bool:
        """Return whether somebody who sees it works in it: urgency 0."""
        return any(channel.urgency == 0 for channel in self.channels.values())


class Cohort:
    """Viewers of a channel who are owed the same."""

    __slots__ = ("after", "blurred", "channel", "damage", "queue", "since", "stale", "viewers", "whole")

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.viewers: set[Viewer] = set()
        self.whole = False  # owed all of it: they have no picture of this size
        self.damage: tuple[Rect, ...] = ()  # owed, in the tile's own pixels
        self.blurred: Rect | None = None  # sent as a moving picture only
        self.since = 0.0  # when it began to wait
        self.stale: float | None = None  # since when what they see is not what there is
        self.after = 0.0  # when it is to be served at the earliest
        self.queue: dict[Cohort, float] | None = None  # where it waits

    @property
    def owed(self) -> bool:
        """Return whether something is to be sent, and not just sharper."""
        return self.whole or bool(self.damage)

    def is_like(self, other: Cohort) -> bool:
        """Return whether neither is owed anything, and both or neither are to see it sharper."""
        return not self.owed and not other.owed and (self.blurred is None) == (other.blurred is None)

    def hurt(self, damage: tuple[Rect, ...], now: float) -> None:
        """Note that *damage* changed."""
        if self.stale is None:
            self.stale = now
        if not self.whole:
            if self.channel.small:
                self.whole = True
            else:
                self.damage = add(self.damage, damage) if self.damage else damage

    def take(self, other: Cohort) -> None:
        """Make the viewers of *other* viewers of this one: owed what either was."""
        self.viewers |= other.viewers
        self.whole = self.whole or other.whole
        self.damage = () if self.whole else add(self.damage, other.damage)
        self.blurred = join(self.blurred, other.blurred)
        self.stale = earliest(self.stale, other.stale)


class Channel:
    """A tile at one scale, and who is to see it so."""

    def __init__(self, tile: Tile, key: Key) -> None:
        self.tile = tile
        self.key = key
        self.step, self.coarse = key
        self.all = self.step.aligned(Rect(0, 0, *tile.size))
        width, height = self.scaled = self.step.size(*tile.size)
        self.small = width * height <= SMALL
        self.urgency = 3
        self.urgencies = [0, 0, 0, 0]  # how many viewers have each
        self.cohorts: list[Cohort] = []

    def quality(self, still: bool) -> Quality:
        """Return the quality of a picture of it."""
        if still:
            return STILL if self.step.block == 1 else SHARP
        return COARSE if self.coarse else MOVING

    def cohort_of(self, viewer: Viewer) -> Cohort:
        """Return where *viewer* is."""
        return next(cohort for cohort in self.cohorts if viewer in cohort.viewers)

    def cuts(self, cohort: Cohort, still: bool, pixels: float) -> list[Cut]:
        """Return what to send to *cohort*; of what is to be sent sharp as many rows as *pixels* allow."""
        if not still:
            rects: Iterable[Rect] = (self.all,) if cohort.whole else cohort.damage
            return [Cut(self, rect) for rect in rects]
        assert cohort.blurred
        if self.small:
            return [Cut(self, self.all)]
        rect, step = self.step.aligned(cohort.blurred), self.step
        across = (rect.right - rect.left) * step.cells // step.block
        rows = max(LEAST_ROWS, int(pixels / across)) * step.block // step.cells
        return [Cut(self, Rect(rect.left, rect.top, rect.right, min(rect.bottom, rect.top + rows)))]

    def helped(self, cohort: Cohort, cuts: list[Cut], solvent: set[Viewer]) -> set[Viewer]:
        """Return who of *solvent* is to get *cuts*, made for *cohort*: whoever else they make good all that he misses.

        A cell that covers the tile is good for any; a part for those alone who have had the whole.
        """
        viewers = cohort.viewers & solvent
        if len(self.cohorts) > 1:
            for other in self.cohorts:
                if other is not cohort and other.owed and _covers(cuts, other):
                    viewers |= other.viewers & solvent
        return viewers


class Cut:
    """A part of a tile that goes into the next message."""

    __slots__ = ("captured", "channel", "frame", "part", "size", "whole")

    def __init__(self, channel: Channel, rect: Rect) -> None:
        tile = channel.tile
        rect = rect if rect is channel.all else channel.step.aligned(rect.within(*tile.size))
        self.channel = channel
        self.part = Part(tile.source.pixels, rect, channel.step)
        self.size = self.part.size
        self.whole = rect == channel.all
        self.frame = tile.source.frames
        self.captured = tile.source.captured

    @property
    def rect(self) -> Rect:
        """Return where it is in the tile."""
        return self.part.rect

    def cell(self, corner: tuple[int, int]) -> wire.Cell:
        """Return the entry in the message's table for this part at *corner* of the picture."""
        (width, height), (x, y), (w, h), place = self.channel.scaled, corner, self.size, self.part.place
        return wire.Cell(
            tile=self.channel.tile.index, flags=wire.WHOLE if self.whole else 0,
            frame=self.frame, captured=self.captured,
            x=x, y=y, w=w, h=h, left=place.left, top=place.top, width=width, height=height,
        )  # fmt: skip


@dataclass(frozen=True)
class Picked:
    """What one cohort's channel gives to a message."""

    cohort: Cohort
    cuts: list[Cut]


def _covers(cuts: list[Cut], cohort: Cohort) -> bool:
    if any(cut.whole for cut in cuts):
        return True
    if cohort.whole:
        return False
    return all(any(inside(rect, cut.rect) for cut in cuts) for rect in cohort.damage)


def still_blurred(blurred: Rect | None, cuts: list[Cut], still: bool) -> Rect | None:
    """Return what of a tile is not sharp after *cuts*, when *blurred* was not before."""
    if not still:
        return cuts[0].rect if cuts[0].whole else join(blurred, bounds(cut.rect for cut in cuts))
    (cut,) = cuts
    if cut.whole or blurred is None:
        return None
    above = Rect(blurred.left, blurred.top, blurred.right, min(blurred.bottom, cut.rect.bottom))
    if not inside(above, cut.rect):
        return blurred
    below = Rect(blurred.left, above.bottom, blurred.right, blurred.bottom)
    return below if below.area else None


def inside(inner: Rect, outer: Rect) -> bool:
    """Return whether *inner* is part of *outer*."""
    return inner.join(outer) == outer


def join(a: Rect | None, b: Rect | None) -> Rect | None:
    """Return the smallest rectangle around both, as far as they are there."""
    return bounds(rect for rect in (a, b) if rect)


def earliest(a: float | None, b: float | None) -> float | None:
    """Return the earlier of two times, as far as they are there."""
    return min((time for time in (a, b) if time is not None), default=None)
