"""From a framebuffer to JPEG: sizes, scaling, laying out several cells in one picture. Pure functions.

A picture's size is one of a few steps of its tile's own, so that a wall that is zoomed smoothly asks for few
different pictures, and so that a part scaled alone is, pixel for pixel, that part of the whole scaled: each step
takes blocks of *block* by *block* pixels to *cells* by *cells*, each from its own pixels alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg

from tvcore.node.damage import Rect
from tvcore.node.rfb import Pixels

PAD = 16  # pixels: chroma of 4:2:0 is coded in blocks of 16, and would bleed into a neighbour
MARGIN = 2  # pixels: one sample of chroma
MOVING = (80, "420")  # JPEG quality and chroma of what changes
STILL = (95, "444")  # and of what has come to rest
SHELF = 1024  # pixels: least width of a picture that holds several cells


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


def picture_size(native: tuple[int, int], shown: tuple[int, int]) -> Step:
    """Return the smallest step at which a tile of *native* size fills *shown* (width, height; device pixels).

    Never above native. One pixel too few counts as enough: whoever shows a tile rounds as well.
    """
    for step in STEPS:
        width, height = step.size(*native)
        if width + 1 >= shown[0] and height + 1 >= shown[1]:
            return step
    return STEPS[-1]


def scale(pixels: Pixels, rect: Rect, step: Step) -> Pixels:
    """Return the part *rect* (aligned to *step*) of the framebuffer *pixels*, scaled; (height, width, 4).

    Halved by area while it can be; a third of a side is two thirds, halved, and two thirds are taken linearly: that
    uses the block's own pixels only, in nearly the weights of the area (3:1 for 2:1) and a sixth of its time.
    Blocks that reach over the right or lower edge repeat the edge, and are cut to the scaled picture's size.
    """
    height, width = pixels.shape[:2]
    inside = rect.within(width, height)
    part = pixels[inside.top : inside.bottom, inside.left : inside.right]
    if inside != rect:
        part = cv2.copyMakeBorder(  # type: ignore[assignment]
            part, 0, rect.bottom - inside.bottom, 0, rect.right - inside.right, cv2.BORDER_REPLICATE
        )
    block = step.block
    while block % 2 == 0:
        part, block = _halved(part), block // 2
    if block == 3:
        part = _two_thirds(part)
        if step.cells == 1:
            part = _halved(part)
    whole = step.size(width, height)
    to = step.scaled(rect).within(*whole)
    return part[: to.bottom - to.top, : to.right - to.left]


def _halved(pixels: Pixels) -> Pixels:
    size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _two_thirds(pixels: Pixels) -> Pixels:
    size = (pixels.shape[1] // 3 * 2, pixels.shape[0] // 3 * 2)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def shelves(sizes: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int]], tuple[int, int]]:
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
    return corners, (wide, top + high)


def compose(parts: Sequence[Pixels]) -> tuple[Pixels, list[tuple[int, int]]]:
    """Return one picture that holds all *parts*, and their corners.

    Each part has blocks of PAD by PAD pixels for itself, filled by repeating its edge, and, beside others, a margin on
    every side: decoders smooth halved chroma over the border of a block.
    """
    margin = MARGIN if len(parts) > 1 else 0
    padded = [(_pad(part.shape[1] + 2 * margin), _pad(part.shape[0] + 2 * margin)) for part in parts]
    corners, (width, height) = shelves(padded)
    picture = np.zeros((height, width, 4), np.uint8)
    for part, (x, y), (across, down) in zip(parts, corners, padded, strict=True):
        rows, columns = part.shape[:2]
        around = (margin, down - rows - margin, margin, across - columns - margin)
        picture[y : y + down, x : x + across] = cv2.copyMakeBorder(part, *around, cv2.BORDER_REPLICATE)
    return picture, [(x + margin, y + margin) for x, y in corners]


def _pad(length: int) -> int:
    return -(-length // PAD) * PAD


def jpeg(picture: Pixels, quality: int, chroma: str) -> bytes:
    """Return *picture* (height, width, 4; BGRX) as JPEG."""
    return bytes(simplejpeg.encode_jpeg(picture, quality, "BGRX", chroma, fastdct=True))


def is_flat(pixels: Pixels) -> bool:
    """Return whether *pixels* (height, width, 4) are all of one colour; the fourth byte does not count."""
    if not pixels.size:
        return True
    colours = np.ascontiguousarray(pixels).view("<u4")[..., 0] & 0xFFFFFF
    return bool((colours == colours[0, 0]).all())
