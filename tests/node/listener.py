"""A tile's program for tests: a window that prints, line by line, what keys and buttons it gets. ctypes on libX11."""

from __future__ import annotations

import ctypes

x11 = ctypes.CDLL("libX11.so.6")
Ptr, Id = ctypes.c_void_p, ctypes.c_ulong
x11.XOpenDisplay.restype = Ptr
for name, result, arguments in (
    ("XDefaultRootWindow", Id, [Ptr]),
    ("XCreateSimpleWindow", Id, [Ptr, Id, *[ctypes.c_int] * 2, *[ctypes.c_uint] * 3, Id, Id]),
    ("XStoreName", ctypes.c_int, [Ptr, Id, ctypes.c_char_p]),
    ("XSelectInput", ctypes.c_int, [Ptr, Id, ctypes.c_long]),
    ("XMapWindow", ctypes.c_int, [Ptr, Id]),
    ("XNextEvent", ctypes.c_int, [Ptr, Ptr]),
    ("XLookupString", ctypes.c_int, [Ptr, Ptr, ctypes.c_int, Ptr, Ptr]),
    ("XRefreshKeyboardMapping", ctypes.c_int, [Ptr]),
):
    function = getattr(x11, name)
    function.restype, function.argtypes = result, arguments

KEY_PRESS, KEY_RELEASE, BUTTON_PRESS, BUTTON_RELEASE, MOTION, MAPPING = 2, 3, 4, 5, 6, 34
MASK = 1 | 2 | 4 | 8 | 1 << 6  # keys, buttons, motion


class Event(ctypes.Structure):
    """XKeyEvent, XButtonEvent and XMotionEvent, which begin alike; as long as an XEvent."""

    _fields_ = [
        ("type", ctypes.c_int), ("serial", Id), ("send_event", ctypes.c_int), ("display", Ptr), ("window", Id),
        ("root", Id), ("subwindow", Id), ("time", Id), *((n, ctypes.c_int) for n in ("x", "y", "x_root", "y_root")),
        ("state", ctypes.c_uint), ("detail", ctypes.c_uint), ("rest", ctypes.c_char * 128),
    ]  # fmt: skip


display = x11.XOpenDisplay(None)
window = x11.XCreateSimpleWindow(display, x11.XDefaultRootWindow(display), 10, 20, 300, 200, 0, 0, 0x8899AA)
x11.XStoreName(display, window, b"a listener")
x11.XSelectInput(display, window, MASK)
x11.XMapWindow(display, window)
event, keysym = Event(), Id()
print("listens", flush=True)
while True:
    x11.XNextEvent(display, ctypes.byref(event))
    if event.type == MAPPING:
        x11.XRefreshKeyboardMapping(ctypes.byref(event))
    elif event.type in (KEY_PRESS, KEY_RELEASE):
        x11.XLookupString(ctypes.byref(event), None, 0, ctypes.byref(keysym), None)
        print("down" if event.type == KEY_PRESS else "up", hex(keysym.value), event.state, flush=True)
    elif event.type in (BUTTON_PRESS, BUTTON_RELEASE, MOTION):
        what = {BUTTON_PRESS: "press", BUTTON_RELEASE: "release", MOTION: "move"}[event.type]
        button = event.detail if event.type != MOTION else event.state >> 8 & 1
        print(what, button, event.x_root, event.y_root, flush=True)
