"""A tile's program for tests and benchmarks: its colour changes at each press of a pointer's button or a key.

A window over the middle three quarters is of the colour ``COLOURS[presses % 2]``; it draws once and then waits. ctypes
on libX11 alone.
"""

from __future__ import annotations

import ctypes

COLOURS = (0x404040, 0xE0E0E0)
INPUT = 1 << 0 | 1 << 2 | 1 << 15  # KeyPress, ButtonPress, Exposure (X11/X.h)
KEY_PRESS, BUTTON_PRESS = 2, 4


def main() -> None:
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    for name in ("XDefaultRootWindow", "XCreateSimpleWindow"):
        getattr(x11, name).restype = ctypes.c_ulong
    pointer, window_id = ctypes.c_void_p, ctypes.c_ulong
    x11.XDefaultRootWindow.argtypes = [pointer]
    x11.XDefaultScreen.argtypes = [pointer]
    x11.XDisplayWidth.argtypes = x11.XDisplayHeight.argtypes = [pointer, ctypes.c_int]
    x11.XCreateSimpleWindow.argtypes = [pointer, window_id, *[ctypes.c_int] * 5, *[ctypes.c_ulong] * 2]
    x11.XSelectInput.argtypes = [pointer, window_id, ctypes.c_long]
    x11.XMapWindow.argtypes = x11.XClearWindow.argtypes = [pointer, window_id]
    x11.XSetWindowBackground.argtypes = [pointer, window_id, ctypes.c_ulong]
    x11.XNextEvent.argtypes = [pointer, pointer]
    x11.XFlush.argtypes = [pointer]
    display = x11.XOpenDisplay(None)
    if not display:
        raise SystemExit("no display")
    screen = x11.XDefaultScreen(display)
    width, height = x11.XDisplayWidth(display, screen), x11.XDisplayHeight(display, screen)
    box = (width // 8, height // 8, 3 * width // 4, 3 * height // 4)
    window = x11.XCreateSimpleWindow(display, x11.XDefaultRootWindow(display), *box, 0, 0, COLOURS[0])
    x11.XSelectInput(display, window, INPUT)
    x11.XMapWindow(display, window)
    x11.XFlush(display)
    event = (ctypes.c_long * 24)()  # XEvent
    presses = 0
    while True:
        x11.XNextEvent(display, ctypes.byref(event))
        if ctypes.cast(event, ctypes.POINTER(ctypes.c_int))[0] in (KEY_PRESS, BUTTON_PRESS):
            presses += 1
            x11.XSetWindowBackground(display, window, COLOURS[presses % 2])
            x11.XClearWindow(display, window)


if __name__ == "__main__":
    main()
