"""What one viewer of the wall is owed: which tiles, at which size, what of them changed since. No I/O.

Latest wins: a viewer holds no picture for later; one is made, of what the tiles show then, when a message may go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from tvcore.node import wire
from tvcore.node.damage import Rect, add, bounds
from tvcore.node.encode import MOVING, STILL, Step, compose, jpeg, picture_size, scale
from tvcore.node.rfb import Pixels

FIRST_CREDIT = 2  # messages
MOST_CREDIT = 256
REST = 0.3  # seconds without change after which a tile is sent again, sharp
MOST_PIXELS = 1 << 20  # scaled, in one message: so that one big tile does not keep the others waiting
MOST_CELLS = 64


class Source(Protocol):
    """A tile's picture as it is now."""

    @property
    def pixels(self) -> Pixels:
        """Return the framebuffer, (height, width, 4), empty while there is none."""
        ...

    @property
    def frames(self) -> int:
        """Return the number of updates seen."""
        ...

    @property
    def captured(self) -> float:
        """Return when the last one came, seconds since the epoch."""
        ...


def _size(source: Source) -> tuple[int, int]:
    height, width = source.pixels.shape[:2]
    return width, height


class _View:
    """One tile as one viewer sees it."""

    def __init__(self, shown: tuple[int, int]) -> None:
        self.shown = shown
        self.sent: tuple[tuple[int, int], Step] | None = None  # the tile's size and the step of the last whole
        self.damage: tuple[Rect, ...] = ()
        self.blurred: Rect | None = None  # sent since as a moving picture
        self.changed = 0.0  # when it changed last; by the caller's clock
        self.since: float | None = None  # since when it waits to be sent

    def step(self, native: tuple[int, int]) -> Step:
        """Return the scale for a tile of *native* size."""
        return picture_size(native, self.shown)


class _Cut:
    """A part of a tile that goes into the next message."""

    def __init__(self, tile: int, view: _View, source: Source, rect: Rect) -> None:
        width, height = self.size = _size(source)
        self.tile, self.view, self.source = tile, view, source
        self.step = view.step(self.size)
        self.rect = self.step.aligned(rect.within(width, height))
        self.place = self.step.scaled(self.rect).within(*self.step.size(width, height))
        self.whole = self.place == Rect(0, 0, *self.step.size(width, height))

    def cell(self, corner: tuple[int, int]) -> wire.Cell:
        """Return the entry in the message's table for this part at *corner* of the picture."""
        to, (width, height) = self.place, self.step.size(*self.size)
        return wire.Cell(
            tile=self.tile, flags=wire.WHOLE if self.whole else 0,
            frame=self.source.frames, captured=self.source.captured,
            x=corner[0], y=corner[1], w=to.right - to.left, h=to.bottom - to.top,
            left=to.left, top=to.top, width=width, height=height,
        )  # fmt: skip


class Viewer:
    """The state of one wall stream; *now* is always the same clock's time, in seconds."""

    def __init__(self, number: int, sources: Mapping[int, Source]) -> None:
        self.credit = FIRST_CREDIT
        self._number = number
        self._sources = sources
        self._sequence = 0
        self._views: dict[int, _View] = {}

    @property
    def tiles(self) -> frozenset[int]:
        """Return the tiles that are shown."""
        return frozenset(self._views)

    def demand(self, shown: Iterable[tuple[int, int, int]], now: float) -> None:
        """Replace what is shown by (tile, width, height) each; tiles that are not here and empty sizes are left out."""
        views: dict[int, _View] = {}
        for tile, width, height in shown:
            if tile in self._sources and width > 0 and height > 0:
                view = views[tile] = self._views.get(tile) or _View((width, height))
                view.shown = (width, height)
                view.since = now if view.since is None else view.since
        self._views = views

    def allow(self, messages: int) -> None:
        """Allow so many further messages."""
        self.credit = min(MOST_CREDIT, self.credit + messages)

    def changed(self, tile: int, damage: Iterable[Rect], now: float) -> None:
        """Note that *damage* of *tile* (in its own pixels) changed."""
        if view := self._views.get(tile):
            view.damage = add(view.damage, damage)
            view.changed = now
            view.since = now if view.since is None else view.since

    def message(self, now: float) -> bytes | None:
        """Return the next message and count it against the credit; None when there is nothing to say, or no credit."""
        if self.credit <= 0:
            return None
        if cuts := self._pick(self._moving()):
            quality = MOVING
        elif cuts := self._pick(self._resting(now)):
            quality = STILL
        else:
            return None
        picture, corners = compose([scale(cut.source.pixels, cut.rect, cut.step) for cut in cuts])
        cells = [cut.cell(corner) for cut, corner in zip(cuts, corners, strict=True)]
        for cut in cuts:
            self._note_sent(cut, quality == MOVING, now)
        self.credit -= 1
        self._sequence += 1
        return wire.pack(self._number, self._sequence, cells, jpeg(picture, *quality))

    def next_rest(self) -> float | None:
        """Return when the next tile has rested long enough to be sent sharp; None when none is to be."""
        return min((view.changed + REST for _, view in self._blurred()), default=None)

    def _moving(self) -> Iterator[list[_Cut]]:
        """Yield what changed of each tile, the one that has waited longest first."""
        waiting = [(view.since, tile) for tile, view in self._views.items() if view.since is not None]
        for _, tile in sorted(waiting):
            view, source = self._views[tile], self._sources[tile]
            width, height = size = _size(source)
            if not source.pixels.size:
                continue
            if view.sent != (size, view.step(size)):
                yield [_Cut(tile, view, source, Rect(0, 0, width, height))]
            elif view.damage:
                yield [_Cut(tile, view, source, rect) for rect in view.damage]
            else:
                view.since = None

    def _resting(self, now: float) -> Iterator[list[_Cut]]:
        """Yield what was sent as moving, of each tile that has come to rest."""
        for tile, view in self._blurred():
            if view.blurred and now >= view.changed + REST:
                yield [_Cut(tile, view, self._sources[tile], view.blurred)]

    def _blurred(self) -> Iterator[tuple[int, _View]]:
        """Yield the tiles of which the viewer has a blurred picture, of the size that they still have."""
        for tile, view in self._views.items():
            size = _size(self._sources[tile])
            if view.blurred and view.sent == (size, view.step(size)):
                yield tile, view

    @staticmethod
    def _pick(offers: Iterable[list[_Cut]]) -> list[_Cut]:
        """Return the first of *offers*, and the next while they fit into one message."""
        picked: list[_Cut] = []
        area = 0
        for cuts in offers:
            area += sum(cut.place.area for cut in cuts)
            if picked and (area > MOST_PIXELS or len(picked) + len(cuts) > MOST_CELLS):
                break
            picked += cuts
        return picked

    @staticmethod
    def _note_sent(cut: _Cut, moving: bool, now: float) -> None:
        view = cut.view
        if cut.whole:
            view.sent = (cut.size, cut.step)
            view.changed = now  # so that a picture that is new here rests before it comes again, sharp
        if moving:
            view.damage, view.since = (), None
            view.blurred = bounds([cut.rect] if view.blurred is None or cut.whole else [view.blurred, cut.rect])
        else:
            view.blurred = None
