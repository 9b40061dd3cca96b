"""From framebuffers to a JPEG: sizes, scaling, laying out several cells in one picture. No I/O.

A picture's size is one of a few steps of its tile's own, so that a wall that is zoomed smoothly asks for few
different pictures, and so that a part scaled alone is, pixel for pixel, that part of the whole scaled: each step
takes blocks of *block* by *block* pixels to *cells* by *cells*, each from its own pixels alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import simplejpeg

from tvcore.node.damage import Rect
from tvcore.node.rfb import Pixels

PAD = 16  # pixels: chroma of 4:2:0 is coded in blocks of 16, and would bleed into a neighbour
MARGIN = 2  # pixels: one sample of chroma
SHELF = 1024  # pixels: least width of a picture that holds several cells

Quality = tuple[int, str]  # of a JPEG: its quality, and how much chroma it keeps
MOVING: Quality = (75, "420")  # of what changes
COARSE: Quality = (60, "420")  # of what changes, for a bad line
SHARP: Quality = (95, "444")  # of what has come to rest, scaled down
STILL: Quality = (97, "444")  # and shown as it is: 40 dB and more

cv2.setNumThreads(1)  # encoders are threads themselves


@dataclass(frozen=True)
class Step:
    """A scale: each *block* pixels of a row or column become *cells*."""

    cells: int
    block: int

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size of a tile of *width* by *height* pixels once scaled; a pixel begun counts."""
        return -(-width * self.cells // self.block), -(-height * self.cells // self.block)

    def aligned(self, rect: Rect) -> Rect:
        """Return *rect*, in pixels of the tile, grown to whole blocks."""
        n = self.block
        return Rect(rect.left // n * n, rect.top // n * n, -(-rect.right // n) * n, -(-rect.bottom // n) * n)

    def scaled(self, rect: Rect) -> Rect:
        """Return where the aligned *rect* is in the scaled picture."""
        n, m = self.block, self.cells
        return Rect(rect.left // n * m, rect.top // n * m, rect.right // n * m, rect.bottom // n * m)


STEPS = tuple(Step(*ratio) for ratio in ((1, 16), (1, 12), (1, 8), (1, 6), (1, 4), (1, 3), (1, 2), (2, 3), (1, 1)))


@lru_cache(maxsize=4096)
def picture_size(native: tuple[int, int], shown: tuple[int, int]) -> Step:
    """Return the smallest step at which a tile of *native* size fills *shown* (width, height; device pixels).

    Never above native. One pixel too few counts as enough: whoever shows a tile rounds as well.
    """
    for step in STEPS:
        width, height = step.size(*native)
        if width + 1 >= shown[0] and height + 1 >= shown[1]:
            return step
    return STEPS[-1]


class Part:
    """What is to be shown of a framebuffer: *rect*, aligned to *step*; *size* is its width and height once scaled."""

    __slots__ = ("pixels", "place", "rect", "size", "step")

    def __init__(self, pixels: Pixels, rect: Rect, step: Step) -> None:
        self.pixels = pixels
        self.rect = rect
        self.step = step
        height, width = pixels.shape[:2]
        self.place = step.scaled(rect).within(*step.size(width, height))  # within the tile's scaled picture
        self.size = (self.place.right - self.place.left, self.place.bottom - self.place.top)


@dataclass(frozen=True)
class Encoded:
    """A picture: its JPEG, the corner (x, y) of each part, and the CPU time, in seconds, that it took by stage."""

    jpeg: bytes
    corners: list[tuple[int, int]]
    scale_seconds: float
    jpeg_seconds: float


class Encoder:
    """One thread's encoder: keeps its memory, of which pages touched for the first time would cost more than pixels."""

    def __init__(self) -> None:
        self._kept: dict[str, Pixels] = {}

    def encode(self, parts: Sequence[Part], quality: Quality) -> Encoded:
        """Return one picture of all *parts*."""
        begun = time.thread_time()
        picture, corners = self.compose(parts)
        scaled = time.thread_time()
        jpeg = bytes(simplejpeg.encode_jpeg(picture, quality[0], "BGRX", quality[1], fastdct=True))
        return Encoded(jpeg, corners, scaled - begun, time.thread_time() - scaled)

    def compose(self, parts: Sequence[Part]) -> tuple[Pixels, list[tuple[int, int]]]:
        """Return one picture that holds all *parts*, good until the next, and their corners.

        Beside others each part has blocks of PAD by PAD pixels for itself, filled by repeating its edge, and a margin
        on every side: decoders smooth halved chroma over the border of a block.
        """
        if len(parts) == 1:
            return self._alone(parts[0]), [(0, 0)]
        sizes = [part.size for part in parts]
        padded = [(_pad(width + 2 * MARGIN), _pad(height + 2 * MARGIN)) for width, height in sizes]
        corners, (width, height) = shelves(tuple(padded))
        picture = self._buffer("picture", width, height)
        if sum(across * down for across, down in padded) < width * height:
            picture[:] = 0
        for part, (wide, high), (x, y), (across, down) in zip(parts, sizes, corners, padded, strict=True):
            cell = picture[y + MARGIN : y + MARGIN + high, x + MARGIN : x + MARGIN + wide]
            self.scale(part, cell)
            around = (MARGIN, down - high - MARGIN, MARGIN, across - wide - MARGIN)
            border = cv2.BORDER_REPLICATE | cv2.BORDER_ISOLATED
            cv2.copyMakeBorder(cell, *around, border, dst=picture[y : y + down, x : x + across])
        return picture, [(x + MARGIN, y + MARGIN) for x, y in corners]

    def _alone(self, part: Part) -> Pixels:
        """Return the picture of one part: without a copy where it is some rows of the framebuffer as they are."""
        rect = part.rect
        if part.step.block == 1 and (rect.left, rect.right) == (0, part.pixels.shape[1]):
            return part.pixels[rect.top : rect.bottom]
        picture = self._buffer("picture", *part.size)
        self.scale(part, picture)
        return picture

    def scale(self, part: Part, target: Pixels) -> None:
        """Draw *part*, scaled, into *target* (height, width, 4), which is as large as it.

        Blocks that reach over the right or lower edge repeat the edge, and are cut to the scaled picture's size.
        """
        pixels, step, rect = part.pixels, part.step, part.rect
        height, width = pixels.shape[:2]
        if rect.right <= width and rect.bottom <= height:
            self._reduce(pixels[rect.top : rect.bottom, rect.left : rect.right], step, target)
            return
        corner = step.scaled(rect)
        for piece in _pieces(rect, step.block, width, height):
            inside, place = piece.within(width, height), step.scaled(piece)
            source = pixels[inside.top : inside.bottom, inside.left : inside.right]
            to = target[
                place.top - corner.top : place.bottom - corner.top, place.left - corner.left : place.right - corner.left
            ]
            if inside == piece:
                self._reduce(source, step, to)
                continue
            below, beside = piece.bottom - inside.bottom, piece.right - inside.right
            grown = cv2.copyMakeBorder(source, 0, below, 0, beside, cv2.BORDER_REPLICATE | cv2.BORDER_ISOLATED)
            edge = np.empty((place.bottom - place.top, place.right - place.left, 4), np.uint8)
            self._reduce(grown, step, edge)  # type: ignore[arg-type]
            to[:] = edge[: to.shape[0], : to.shape[1]]

    def _reduce(self, source: Pixels, step: Step, target: Pixels) -> None:
        """Draw *source*, whole blocks, scaled into *target*.

        Halved by area while it can be; a third of a side is two thirds, halved, and two thirds are taken linearly:
        that uses the block's own pixels only, in nearly the weights of the area (3:1 for 2:1) and a sixth of its time.
        """
        stages = _STAGES[step]
        if not stages:
            target[:] = source
        for number, (part, of, way) in enumerate(stages):
            size = (source.shape[1] * part // of, source.shape[0] * part // of)
            last = number == len(stages) - 1
            to = target if last else self._buffer(f"stage {number}", *size)
            cv2.resize(source, size, dst=to, interpolation=way)
            source = to

    def _buffer(self, name: str, width: int, height: int) -> Pixels:
        """Return memory for a picture, the same for each *name*."""
        kept = self._kept.get(name)
        if kept is None or kept.size < 4 * width * height:
            kept = self._kept[name] = np.empty(4 * width * height, np.uint8)
        return kept[: 4 * width * height].reshape(height, width, 4)


def _stages(step: Step) -> tuple[tuple[int, int, int], ...]:
    """Return how a *step* is taken: to what part of the sides, one after the other, and in which way."""
    stages, block = [], step.block
    while block % 2 == 0:
        stages.append((1, 2, cv2.INTER_AREA))
        block //= 2
    if block == 3:
        stages.append((2, 3, cv2.INTER_LINEAR))
        if step.cells == 1:
            stages.append((1, 2, cv2.INTER_AREA))
    return tuple(stages)


_STAGES = {step: _stages(step) for step in STEPS}


def _pieces(rect: Rect, block: int, width: int, height: int) -> Iterator[Rect]:
    """Yield *rect* cut where blocks begin that reach over the right or lower edge of *width* by *height*."""
    right, bottom = width // block * block, height // block * block
    for top, low in ((rect.top, min(rect.bottom, bottom)), (max(rect.top, bottom), rect.bottom)):
        for left, far in ((rect.left, min(rect.right, right)), (max(rect.left, right), rect.right)):
            if left < far and top < low:
                yield Rect(left, top, far, low)


@lru_cache(maxsize=64)
def shelves(sizes: tuple[tuple[int, int], ...]) -> tuple[tuple[tuple[int, int], ...], tuple[int, int]]:
    """Lay rectangles of *sizes* (width, height) out on shelves; return their corners and the size of all.

    The highest first, side by side while they fit into SHELF or the widest.
    """
    limit = max(SHELF, *(width for width, _ in sizes))
    corners = [(0, 0)] * len(sizes)
    left = top = high = wide = 0
    for i in sorted(range(len(sizes)), key=lambda i: -sizes[i][1]):
        width, height = sizes[i]
        if left + width > limit:
            left, top, high = 0, top + high, 0
        corners[i] = (left, top)
        left, high, wide = left + width, max(high, height), max(wide, left + width)
    return tuple(corners), (wide, top + high)


def _pad(length: int) -> int:
    return -(-length // PAD) * PAD


def is_flat(pixels: Pixels) -> bool:
    """Return whether *pixels* (height, width, 4) are all of one colour; the fourth byte does not count."""
    if not pixels.size:
        return True
    colours = np.ascontiguousarray(pixels).view("<u4")[..., 0] & 0xFFFFFF
    return bool((colours == colours[0, 0]).all())
