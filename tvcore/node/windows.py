"""The windows of a display: run as a script, in the tile, by whichever Python 3.6 or later is there; ctypes on libX11.

``python windows.py list`` prints them, one line of JSON each; ``wait`` waits until there is a window manager.
``python windows.py ACTION WINDOW [X Y WIDTH HEIGHT]``
acts on one: ``maximise``, ``place``, ``raise`` or ``close``. A window manager is asked where there is one (Extended
Window Manager Hints, freedesktop.org); without one the window itself is moved, sized, or its client ended.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

import ctypes
import json
import sys
import time

ATOM, CARDINAL, WINDOW, MAX_LENGTH = 4, 6, 33, 1024  # X.h, Xatom.h
CLIENT_MESSAGE, IS_VIEWABLE = 33, 2
REDIRECT_AND_NOTIFY = (1 << 20) | (1 << 19)
Id, Ptr, Int = ctypes.c_ulong, ctypes.c_void_p, ctypes.c_int


class Attributes(ctypes.Structure):
    """XWindowAttributes of Xlib.h, as far as it is read here."""

    _fields_ = [
        ("x", Int), ("y", Int), ("width", Int), ("height", Int), ("border", Int), ("depth", Int), ("visual", Ptr),
        ("root", Id), ("kind", Int), ("bit_gravity", Int), ("win_gravity", Int), ("backing_store", Int),
        ("planes", Id), ("pixel", Id), ("save_under", Int), ("colormap", Id), ("map_installed", Int),
        ("map_state", Int), ("rest", ctypes.c_char * 256),
    ]  # fmt: skip


class Message(ctypes.Structure):
    """XClientMessageEvent, as long as an XEvent."""

    _fields_ = [
        ("type", Int), ("serial", Id), ("send_event", Int), ("display", Ptr), ("window", Id), ("message_type", Id),
        ("format", Int), ("data", ctypes.c_long * 5), ("rest", ctypes.c_char * 128),
    ]  # fmt: skip


class Display:
    """The display of $DISPLAY."""

    def __init__(self):
        self.x = ctypes.CDLL("libX11.so.6")
        for name, result, arguments in (
            ("XOpenDisplay", Ptr, [ctypes.c_char_p]),
            ("XDefaultRootWindow", Id, [Ptr]),
            ("XInternAtom", Id, [Ptr, ctypes.c_char_p, Int]),
            ("XGetWindowAttributes", Int, [Ptr, Id, Ptr]),
            ("XTranslateCoordinates", Int, [Ptr, Id, Id, Int, Int, Ptr, Ptr, Ptr]),
            ("XQueryTree", Int, [Ptr, Id, Ptr, Ptr, Ptr, Ptr]),
            ("XGetWindowProperty", Int, [Ptr, Id, Id, *[ctypes.c_long] * 2, Int, Id, *[Ptr] * 5]),
            ("XFree", Int, [Ptr]),
            ("XSync", Int, [Ptr, Int]),
            ("XSendEvent", Int, [Ptr, Id, Int, ctypes.c_long, Ptr]),
            ("XMoveResizeWindow", Int, [Ptr, Id, Int, Int, ctypes.c_uint, ctypes.c_uint]),
            ("XRaiseWindow", Int, [Ptr, Id]),
            ("XKillClient", Int, [Ptr, Id]),
        ):
            function = getattr(self.x, name)
            function.restype, function.argtypes = result, arguments
        self.on_error = ctypes.CFUNCTYPE(Int, Ptr, Ptr)(lambda display, error: 0)  # windows go while we look
        self.x.XSetErrorHandler(self.on_error)
        self.display = self.x.XOpenDisplay(None)
        if not self.display:
            raise SystemExit("the display cannot be opened")
        self.root = self.x.XDefaultRootWindow(self.display)

    def atom(self, name):
        """Return the number of a name."""
        return self.x.XInternAtom(self.display, name.encode(), 0)

    def read(self, window, name):
        """Return a property of *window*: bytes, or a list of numbers; None where it has none."""
        kind, form, count, after, data = Id(), Int(), Id(), Id(), Ptr()
        found = self.x.XGetWindowProperty(
            self.display,
            window,
            self.atom(name),
            0,
            MAX_LENGTH,
            0,
            0,
            *map(ctypes.byref, (kind, form, count, after, data)),
        )
        if found != 0 or not data or not form.value:
            return None
        try:
            if form.value == 8:
                return ctypes.string_at(data, count.value)
            return list(ctypes.cast(data, ctypes.POINTER(Id))[: count.value])
        finally:
            self.x.XFree(data)

    def children(self, window):
        """Return the windows in *window*, the lowest first."""
        root, parent, below, count = Id(), Id(), ctypes.POINTER(Id)(), ctypes.c_uint()
        places = map(ctypes.byref, (root, parent, below, count))
        if not self.x.XQueryTree(self.display, window, *places) or not count.value:
            return []
        found = list(below[: count.value])
        self.x.XFree(below)
        return found

    def attributes(self, window):
        """Return what is known of *window*, None where it is gone."""
        found = Attributes()
        return found if self.x.XGetWindowAttributes(self.display, window, ctypes.byref(found)) else None

    @property
    def managed(self):
        """Return the windows that a window manager manages, None where there is none."""
        check = self.read(self.root, "_NET_SUPPORTING_WM_CHECK")
        if not check or self.read(check[0], "_NET_SUPPORTING_WM_CHECK") != check:
            return None
        return self.read(self.root, "_NET_CLIENT_LIST") or []

    def windows(self):
        """Return the windows of programs that can be seen."""
        managed = self.managed
        found = self.children(self.root) if managed is None else managed
        return [described for described in map(self.describe, found) if described]

    def describe(self, window):
        """Return id, title and place of *window*, None where it cannot be seen."""
        known = self.attributes(window)
        if not known or known.map_state != IS_VIEWABLE:
            return None
        left, top, child = Int(), Int(), Id()
        self.x.XTranslateCoordinates(self.display, window, self.root, 0, 0, *map(ctypes.byref, (left, top, child)))
        title = self.read(window, "_NET_WM_NAME") or self.read(window, "WM_NAME") or b""
        return {
            "id": window,
            "title": title.decode("utf-8", "replace") if isinstance(title, bytes) else "",
            "x": left.value,
            "y": top.value,
            "width": known.width,
            "height": known.height,
        }

    def send(self, window, to, name, *data):
        """Send a client message about *window* to the window *to*."""
        event = Message(type=CLIENT_MESSAGE, window=window, message_type=self.atom(name), format=32)
        for number, value in enumerate(data):
            event.data[number] = value
        self.x.XSendEvent(self.display, to, 0, REDIRECT_AND_NOTIFY if to == self.root else 0, ctypes.byref(event))

    def act(self, action, window, box):
        """Do *action* with *window*; *box*: x, y, width, height."""
        managed = window in (self.managed or ())
        if action == "maximise" and managed:
            both = (self.atom("_NET_WM_STATE_MAXIMIZED_VERT"), self.atom("_NET_WM_STATE_MAXIMIZED_HORZ"))
            self.send(window, self.root, "_NET_WM_STATE", 1, *both, 2)
        elif action == "maximise":
            whole = self.attributes(self.root)
            self.x.XMoveResizeWindow(self.display, window, 0, 0, whole.width, whole.height)
        elif action == "place":
            if managed:  # a maximised one could not be placed
                both = (self.atom("_NET_WM_STATE_MAXIMIZED_VERT"), self.atom("_NET_WM_STATE_MAXIMIZED_HORZ"))
                self.send(window, self.root, "_NET_WM_STATE", 0, *both, 2)
            left, top, width, height = box
            known = self.attributes(window)  # no size: the one it has
            self.x.XMoveResizeWindow(self.display, window, left, top, width or known.width, height or known.height)
        elif action == "raise":
            self.x.XRaiseWindow(self.display, window)
            if managed:
                self.send(window, self.root, "_NET_ACTIVE_WINDOW", 2, 0, 0)
        elif action == "close":
            delete = self.atom("WM_DELETE_WINDOW")
            if delete in (self.read(window, "WM_PROTOCOLS") or []):
                self.send(window, window, "WM_PROTOCOLS", delete, 0)
            else:
                self.x.XKillClient(self.display, window)
        self.x.XSync(self.display, 0)


def main(action, window="0", *box):
    """Do what the arguments say."""
    display = Display()
    if action == "wait":
        while display.managed is None:
            time.sleep(0.02)
        return
    if action == "list":
        for described in display.windows():
            print(json.dumps(described))
        return
    if not display.attributes(int(window)):
        raise SystemExit(f"there is no window {window} now")
    display.act(action, int(window), [int(number) for number in box])


if __name__ == "__main__":
    main(*sys.argv[1:])
