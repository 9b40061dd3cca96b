"""A hub with arrays for displays and a clock that we move: no sockets, no threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from nodekit import Canvas, size_of
from tvcore.node import wire
from tvcore.node.damage import Rect
from tvcore.node.encode import Encoder
from tvcore.node.hub import Hub, Job
from tvcore.node.rfb import Pixels

SIZE = (640, 480)
WHOLE = (Rect(0, 0, *SIZE),)
PLENTY = 1 << 24


def textured(width: int, height: int, seed: int = 1) -> Pixels:
    """Return a picture of some detail."""
    rough = np.random.default_rng(seed).integers(0, 256, (height // 8 + 2, width // 8 + 2, 4), np.uint8)
    return np.ascontiguousarray(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC))


@dataclass
class Display:
    """A tile's picture."""

    pixels: Pixels = field(default_factory=lambda: textured(*SIZE))
    frames: int = 1
    captured: float = 1000.0
    busy: bool = False
    holds: int = 0

    def hold(self) -> None:
        self.holds += 1

    def release(self) -> None:
        self.holds -= 1


class Page:
    """What one viewer has got."""

    def __init__(self) -> None:
        self.canvas = Canvas()
        self.pictures: list[wire.Picture] = []
        self.bytes = 0

    def take(self, picture: wire.Picture) -> None:
        self.canvas.draw(picture)
        self.pictures.append(picture)
        self.bytes += size_of(picture)


class Stand:
    """A hub, its displays, and the pages that it sends to."""

    def __init__(self, count: int = 1, size: tuple[int, int] = SIZE) -> None:
        self.displays = {i: Display(textured(*size, seed=i)) for i in range(count)}
        self.hub = Hub(5, self.displays)
        self.pages: dict[int, Page] = {}
        self.encoded = 0
        self._encoder = Encoder()
        self._all = (Rect(0, 0, *size),)

    def show(
        self,
        viewer: int,
        size: tuple[int, int],
        now: float,
        tiles: Sequence[int] | None = None,
        credit: int = PLENTY,
        urgency: int = 1,
    ) -> Page:
        """Have *viewer* look at *tiles* (all) at this size; what it has got stays."""
        shown = [(i, *size, urgency) for i in (self.displays if tiles is None else tiles)]
        self.hub.demand(viewer, shown, now)
        self.hub.allow(viewer, credit, now)
        return self.pages.setdefault(viewer, Page())

    def change(self, tile: int, now: float, damage: tuple[Rect, ...] | None = None) -> None:
        """Have *damage* (all) of a tile be another picture."""
        display = self.displays[tile]
        display.frames += 1
        display.captured = 1000.0 + now
        for rect in damage or self._all:
            part = display.pixels[rect.top : rect.bottom, rect.left : rect.right]
            part[:] = np.roll(part, 16, axis=1) ^ 0x55
        self.hub.changed(tile, damage or self._all, now)

    def step(self, now: float) -> tuple[set[int], wire.Picture] | None:
        """Make and send one picture; return for whom it was, and it; None when there was none to make."""
        job = self.hub.next(now)
        return None if job is None else self.finish(job)

    def finish(self, job: Job) -> tuple[set[int], wire.Picture]:
        """Make and send the picture of *job*."""
        self.encoded += 1
        message = self.hub.done(job, self._encoder.encode([cut.part for cut in job.cuts], job.quality))
        if not message:
            return set(), wire.Picture(0, 0, (), b"")
        viewers, picture = wire.read_address(message[wire.LENGTH.size :])
        unpacked = wire.unpack(bytes(picture))
        for viewer in viewers:
            self.pages[viewer].take(unpacked)
        return set(viewers), unpacked

    def run(self, now: float) -> list[wire.Picture]:
        """Make and send all that may go now."""
        sent = []
        while (one := self.step(now)) is not None:
            sent.append(one[1])
        return sent

    def settle(self, now: float) -> float:
        """Move the clock to where nothing more is to come by itself, and send all until then; return when that is."""
        self.run(now)
        while (then := self.hub.next_time()) < float("inf"):
            now = max(now, then)
            self.run(now)
        return now
