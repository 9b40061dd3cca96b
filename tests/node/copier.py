"""A tile's program for tests: copies its argument into the clipboard, four times a second. ctypes on libX11 alone."""

from __future__ import annotations

import ctypes
import sys
import time

SELECTION_REQUEST, SELECTION_NOTIFY, ATOM = 30, 31, 4  # X11/X.h, X11/Xatom.h
EVERY = 0.25  # seconds

Ptr, Id = ctypes.c_void_p, ctypes.c_ulong


class Event(ctypes.Structure):
    """XSelectionRequestEvent, as long as an XEvent."""

    _fields_ = [
        ("type", ctypes.c_int), ("serial", Id), ("send_event", ctypes.c_int), ("display", Ptr), ("owner", Id),
        ("requestor", Id), ("selection", Id), ("target", Id), ("property", Id), ("time", Id),
        ("rest", ctypes.c_char * 112),
    ]  # fmt: skip


class Answer(ctypes.Structure):
    """XSelectionEvent, as long as an XEvent."""

    _fields_ = [
        ("type", ctypes.c_int), ("serial", Id), ("send_event", ctypes.c_int), ("display", Ptr), ("requestor", Id),
        ("selection", Id), ("target", Id), ("property", Id), ("time", Id), ("rest", ctypes.c_char * 120),
    ]  # fmt: skip


def main(text: bytes) -> None:
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = Ptr
    for name, result, arguments in (
        ("XDefaultRootWindow", Id, [Ptr]),
        ("XInternAtom", Id, [Ptr, ctypes.c_char_p, ctypes.c_int]),
        ("XCreateSimpleWindow", Id, [Ptr, Id, *[ctypes.c_int] * 2, *[ctypes.c_uint] * 3, Id, Id]),
        ("XSetSelectionOwner", ctypes.c_int, [Ptr, Id, Id, Id]),
        ("XChangeProperty", ctypes.c_int, [Ptr, Id, Id, Id, ctypes.c_int, ctypes.c_int, Ptr, ctypes.c_int]),
        ("XSendEvent", ctypes.c_int, [Ptr, Id, ctypes.c_int, ctypes.c_long, Ptr]),
        ("XPending", ctypes.c_int, [Ptr]),
        ("XNextEvent", ctypes.c_int, [Ptr, Ptr]),
    ):
        function = getattr(x11, name)
        function.restype, function.argtypes = result, arguments
    display = x11.XOpenDisplay(None)
    if not display:
        raise SystemExit("no display")
    clipboard, targets, utf8 = (x11.XInternAtom(display, n, 0) for n in (b"CLIPBOARD", b"TARGETS", b"UTF8_STRING"))
    window = x11.XCreateSimpleWindow(display, x11.XDefaultRootWindow(display), 0, 0, 1, 1, 0, 0, 0)
    event = Event()
    print("copies", flush=True)
    while True:
        x11.XSetSelectionOwner(display, clipboard, window, 0)
        end = time.monotonic() + EVERY
        while time.monotonic() < end:
            time.sleep(0.01)
            while x11.XPending(display):
                x11.XNextEvent(display, ctypes.byref(event))
                if event.type != SELECTION_REQUEST:
                    continue
                place = (display, event.requestor, event.property)
                if event.target == targets:
                    x11.XChangeProperty(*place, ATOM, 32, 0, (Id * 1)(utf8), 1)
                else:
                    x11.XChangeProperty(*place, utf8, 8, 0, text, len(text))
                what = (event.requestor, event.selection, event.target, event.property, event.time)
                answer = Answer(SELECTION_NOTIFY, 0, 1, display, *what)
                x11.XSendEvent(display, event.requestor, 0, 0, ctypes.byref(answer))


if __name__ == "__main__":
    main(sys.argv[1].encode())
