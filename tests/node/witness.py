"""A command in a tile for tests: prints whether anybody owns the clipboard, and the display's size. On libX11."""

from __future__ import annotations

import ctypes

x11 = ctypes.CDLL("libX11.so.6")
Ptr, Id = ctypes.c_void_p, ctypes.c_ulong
x11.XOpenDisplay.restype = Ptr
x11.XInternAtom.restype, x11.XInternAtom.argtypes = Id, [Ptr, ctypes.c_char_p, ctypes.c_int]
x11.XGetSelectionOwner.restype, x11.XGetSelectionOwner.argtypes = Id, [Ptr, Id]
x11.XDisplayWidth.argtypes = x11.XDisplayHeight.argtypes = [Ptr, ctypes.c_int]

display = x11.XOpenDisplay(None)
owned = any(x11.XGetSelectionOwner(display, x11.XInternAtom(display, name, 0)) for name in (b"CLIPBOARD", b"PRIMARY"))
print("owned" if owned else "free", x11.XDisplayWidth(display, 0), x11.XDisplayHeight(display, 0))
