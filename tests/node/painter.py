"""A tile's program for tests: paints rectangles on the root window, as told by lines in the file $PAINT (a FIFO).

A line is ``left top width height colour`` (colour hexadecimal) or ``noise seed``. ctypes on libX11 alone.
"""

from __future__ import annotations

import ctypes
import os
import random

x11 = ctypes.CDLL("libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
x11.XDefaultRootWindow.restype = ctypes.c_ulong
x11.XCreateGC.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p]
x11.XCreateGC.restype = ctypes.c_void_p
x11.XSetForeground.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong]
x11.XFillRectangle.argtypes = [
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_void_p,
    *[ctypes.c_int] * 2,
    *[ctypes.c_uint] * 2,
]
x11.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]

display = x11.XOpenDisplay(None)
if not display:
    raise SystemExit("no display")
root = x11.XDefaultRootWindow(display)
gc = x11.XCreateGC(display, root, 0, None)


def fill(left: int, top: int, width: int, height: int, colour: int) -> None:
    x11.XSetForeground(display, gc, colour)
    x11.XFillRectangle(display, root, gc, left, top, width, height)


fill(0, 0, 4000, 4000, 0x336699)
fill(10, 10, 100, 60, 0xFFCC00)
x11.XSync(display, 0)
print("painted", flush=True)
while True:
    with open(os.environ["PAINT"]) as lines:
        for line in lines:
            if line.startswith("noise"):
                draw = random.Random(int(line.split()[1]))
                for _ in range(600):
                    fill(
                        draw.randrange(640),
                        draw.randrange(480),
                        draw.randrange(90),
                        draw.randrange(90),
                        draw.randrange(1 << 24),
                    )
            else:
                *box, colour = line.split()
                fill(*map(int, box), int(colour, 16))
            x11.XSync(display, 0)
