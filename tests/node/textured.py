"""A tile's program for benchmarks and tests: a texture of which every pixel changes, with the time it was painted.

``textured.py RATE`` paints the root window by MIT-SHM, RATE times a second (0: once, and then sleeps). The time, in
ms, is painted as a row of blocks, black for 0 and white for 1; ``read_code`` reads it back from any scaled picture.
ctypes on libX11 and libXext alone, and NumPy.
"""

from __future__ import annotations

import ctypes
import os
import random
import sys
import time
from ctypes import CDLL, POINTER, Structure, byref, c_char_p, c_int, c_uint, c_ulong, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

BITS = 24  # of the time; then CHECK bits, so that what was painted over is not taken for a time
CHECK = 4
BLOCK = 30  # a block is so many-th of the picture's width wide, and as high
ROAM = 64  # pixels by which the texture is larger than the screen each way: where it is cut out changes
PATCH = 512  # pixels of a side after which the texture comes again
SHARED = 0o1600  # IPC_CREAT, and for us alone


class _Segment(Structure):
    _fields_ = (("shmseg", c_ulong), ("shmid", c_int), ("shmaddr", c_void_p), ("readOnly", c_int))


def _check(time_ms: int) -> int:
    return (time_ms * 0x9E3779B1 >> 16) & ((1 << CHECK) - 1)


def code_of(seconds: float) -> int:
    """Return the code of a time: its ms, of which BITS are kept, and a checksum."""
    time_ms = int(seconds * 1000) & ((1 << BITS) - 1)
    return time_ms << CHECK | _check(time_ms)


def paint_code(picture: Picture, code: int) -> None:
    """Paint *code* into the upper left of *picture*, (height, width, 4)."""
    side = picture.shape[1] // BLOCK
    for bit in range(BITS + CHECK):
        picture[:side, bit * side : (bit + 1) * side] = 255 if code >> bit & 1 else 0


def read_code(grey: Picture) -> int | None:
    """Return the time in *grey*, (height, width), ms; None where there is none that can be read."""
    side = grey.shape[1] / BLOCK
    levels = grey[int(side / 2), [int((bit + 0.5) * side) for bit in range(BITS + CHECK)]].astype(int)
    if ((levels > 90) & (levels < 165)).any():
        return None
    code = sum(1 << bit for bit, level in enumerate(levels) if level > 127)
    time_ms, check = code >> CHECK, code & ((1 << CHECK) - 1)
    return time_ms if check == _check(time_ms) else None


def age(time_ms: int, now: float) -> float:
    """Return how long before *now* (seconds since the epoch) the time that ``read_code`` read was, in seconds."""
    return ((now * 1000 - time_ms) % (1 << BITS)) / 1000


def texture(width: int, height: int, seed: int) -> Picture:
    """Return a picture (height, width, 4) that costs a JPEG encoder about what scientific pictures do."""
    draw = np.random.default_rng(seed)
    picture = np.zeros((PATCH, PATCH, 4), np.float32)
    for cell, weight in ((4, 20), (16, 50), (64, 90)):
        coarse = draw.random((PATCH // cell + 1, PATCH // cell + 1, 4), np.float32)
        places = np.arange(PATCH) / cell
        whole = places.astype(int)
        part = (places - whole).astype(np.float32)
        for axis, shape in enumerate(((-1, 1, 1), (1, -1, 1))):
            weights = part.reshape(shape)
            coarse = coarse.take(whole, axis) * (1 - weights) + coarse.take(whole + 1, axis) * weights
        picture += weight * coarse
    patches = (-(-height // PATCH), -(-width // PATCH), 1)
    return np.tile(picture.astype(np.uint8), patches)[:height, :width]


class Canvas:
    """The root window of the display, and a larger picture in memory shared with its server."""

    def __init__(self, seed: int) -> None:
        self._x, extension = CDLL("libX11.so.6"), CDLL("libXext.so.6")
        x = self._x
        for function in (x.XOpenDisplay, x.XDefaultVisual, x.XCreateGC, extension.XShmCreateImage):
            function.restype = c_void_p
        x.XDefaultRootWindow.restype = c_ulong
        self._display = c_void_p(x.XOpenDisplay(None))
        if not self._display:
            raise SystemExit("no display")
        self.size = (x.XDisplayWidth(self._display, 0), x.XDisplayHeight(self._display, 0))
        width, height = self.size[0] + ROAM, self.size[1] + ROAM
        libc = CDLL(None, use_errno=True)
        libc.shmat.restype = c_void_p
        number = libc.shmget(0, ctypes.c_size_t(4 * width * height), SHARED)
        address = libc.shmat(number, None, 0) if number >= 0 else None
        if address in (None, c_void_p(-1).value):
            raise SystemExit(f"no shared memory of {4 * width * height} bytes: {os.strerror(ctypes.get_errno())}")
        self._segment = _Segment(0, number, address, 1)
        buffer = (ctypes.c_uint8 * (4 * width * height)).from_address(address)
        self.pixels: Picture = np.frombuffer(buffer, np.uint8).reshape(height, width, 4)
        self.pixels[:] = texture(width, height, seed)
        visual = c_void_p(x.XDefaultVisual(self._display, 0))
        extension.XShmCreateImage.argtypes = [
            c_void_p, c_void_p, c_uint, c_int, c_void_p, POINTER(_Segment), c_uint, c_uint,
        ]  # fmt: skip
        self._image = c_void_p(
            extension.XShmCreateImage(self._display, visual, 24, 2, address, byref(self._segment), width, height)
        )
        extension.XShmAttach(self._display, byref(self._segment))
        x.XSync(self._display, 0)
        libc.shmctl(number, 0, c_char_p(None))  # IPC_RMID: gone when the last of us two goes
        self._root = c_ulong(x.XDefaultRootWindow(self._display))
        self._gc = c_void_p(x.XCreateGC(self._display, self._root, c_ulong(0), None))
        self._put: Any = extension.XShmPutImage

    def paint(self, left: int, top: int) -> None:
        """Show the picture from (*left*, *top*) on, with the time in it, and wait until it is shown."""
        width, height = self.size
        paint_code(self.pixels[top : top + height, left : left + width], code_of(time.time()))
        self._put(self._display, self._root, self._gc, self._image, left, top, 0, 0, c_uint(width), c_uint(height), 0)
        self._x.XSync(self._display, 0)


def main() -> None:
    """Paint until killed."""
    rate = float(sys.argv[1])
    draw = random.Random()
    canvas = Canvas(draw.randrange(1 << 30))
    canvas.paint(0, 0)
    print("painted", flush=True)
    if not rate:
        time.sleep(1e6)
    due = time.monotonic() + draw.random() / rate
    while True:
        time.sleep(max(0.0, due - time.monotonic()))
        canvas.paint(draw.randrange(ROAM), draw.randrange(ROAM))
        due = max(due + 1 / rate, time.monotonic() - 1 / rate)  # what could not be painted in time is not made up for


if __name__ == "__main__":
    main()
