"""What a browser sends to a display, taken apart: the client's half of RFB (RFC 6143), as far as noVNC speaks it.

Besides the messages of section 7.5 these are the extensions that the RFB Protocol of the community describes: extended
clipboard, more mouse buttons, continuous updates, fence, xvp, SetDesktopSize, and QEMU's key events. Whatever else
comes ends the stream: nobody knows how long it is, so what follows might be read as something it is not.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

# Sections 7.1.1, 7.1.2 and 7.3.1: version 3.8, which is the displays' own, security None, and the display shared.
GREETING = b"RFB 003.008\n" + b"\x01" + b"\x01"
CLIPBOARD_MAX = 1 << 20  # bytes
ENCODINGS_MAX = 256
FENCE_MAX = 64  # bytes of its payload, as the extension says
SIDE_MAX = 16384  # pixels of a display that is made to fit a window
SCREENS_MAX = 16

SET_ENCODINGS, KEY, POINTER, CUT_TEXT, FENCE, XVP, SET_DESKTOP_SIZE, QEMU = 2, 4, 5, 6, 248, 250, 251, 255
ACTS = frozenset({KEY, POINTER, CUT_TEXT, XVP, SET_DESKTOP_SIZE, QEMU})  # they do something to the display
_MORE_BUTTONS = 0x80  # in a pointer event's mask: a byte with further buttons follows

# How long each kind's head is, in bytes; how much follows it, ``_body`` tells.
_HEADS = {
    0: 20,  # SetPixelFormat
    SET_ENCODINGS: 4,
    3: 10,  # FramebufferUpdateRequest
    KEY: 8,
    POINTER: 6,
    CUT_TEXT: 8,
    150: 10,  # EnableContinuousUpdates
    FENCE: 9,
    XVP: 4,
    SET_DESKTOP_SIZE: 8,
    QEMU: 12,
}
_KEY, _POINTER, _QEMU_KEY = struct.Struct("!xBxxI"), struct.Struct("!xBHH"), struct.Struct("!xBHI")
_LENGTH, _COUNT, _SIZE = struct.Struct("!4xi"), struct.Struct("!2xH"), struct.Struct("!2xHHB")


class InputError(ValueError):
    """This is not the client's half of RFB; the text says why, in one line."""


class Key(NamedTuple):
    """A key went down, or up."""

    keysym: int
    down: bool


class Pointer(NamedTuple):
    """The pointer is at *x*, *y*, in pixels, with *buttons* held down: a bit for each of the first seven."""

    x: int
    y: int
    buttons: int


Event = Key | Pointer


class RfbInput:
    """The client's half of one connection, in pieces of any size; unless *operate*, messages that act are dropped."""

    def __init__(self, operate: bool) -> None:
        self.count = 0  # messages that came
        self._operate = operate
        self._greeted = 0  # bytes of the greeting that came
        self._begun = b""  # a head that has not come whole
        self._left = 0  # bytes that the last message still has behind its head,
        self._passes = True  # and whether they go on

    def feed(self, data: bytes) -> tuple[bytes, list[Event]]:
        """Return what of *data* goes on to the display, and what of that keys and pointer do. Raises InputError.

        No more than a head is kept here, and nothing of a message goes on before its head is whole.
        """
        if self._greeted < len(GREETING):
            greeting = self._greet(data)
            rest, events = self.feed(data[len(greeting) :]) if len(greeting) < len(data) else (b"", [])
            return greeting + rest, events
        data = self._begun + data
        self._begun = b""
        events = []
        parts, start, at = [], 0, 0  # from *start* to *at* all goes on
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = self._head(data, at, events)
                if not step:
                    self._begun = data[at:]
                    break
            if not self._passes:
                parts.append(data[start:at])
                start = at + step
            at += step
        if not parts:
            return data[:at], events
        return b"".join((*parts, data[start:at])), events

    def _greet(self, data: bytes) -> bytes:
        """Return the next part of the greeting, for which *data* was sent.

        Its last byte says whether the display is shared, and it is: nobody throws others out of it (section 7.3.1).
        """
        expected = GREETING[self._greeted : self._greeted + len(data)]
        fixed = len(GREETING) - 1 - self._greeted
        if data[: min(len(expected), fixed)] != expected[:fixed]:
            raise InputError("this is not the greeting of RFB 3.8 without a password")
        self._greeted += len(expected)
        return expected

    def _head(self, data: bytes, at: int, events: list[Event]) -> int:
        """Take the head of the message that begins at *at* and return its length, 0 if it is not whole."""
        kind = data[at]
        length = _HEADS.get(kind)
        if length is None:
            raise InputError(f"messages of kind {kind} are not known here")
        if kind == POINTER and data[at + 1 : at + 2] >= b"\x80":
            length += 1
        if at + length > len(data):
            return 0
        self.count += 1
        self._passes = self._operate or kind not in ACTS
        if kind in (KEY, POINTER, QEMU):
            event = _event(kind, data, at)
            if self._passes:
                events.append(event)
        else:
            self._left = _body(kind, data, at)
        return length


def _event(kind: int, data: bytes, at: int) -> Event:
    """Return what the keyboard or pointer did by the message at *at*."""
    if kind == KEY:
        down, keysym = _KEY.unpack_from(data, at)
        return Key(keysym, down != 0)
    if kind == POINTER:
        mask, x, y = _POINTER.unpack_from(data, at)
        return Pointer(x, y, mask & ~_MORE_BUTTONS)
    sub_kind, down, keysym = _QEMU_KEY.unpack_from(data, at)
    if sub_kind:
        raise InputError(f"QEMU's messages of kind {sub_kind} are not known here")
    return Key(keysym, down != 0)


def _body(kind: int, data: bytes, at: int) -> int:
    """Return how many bytes the message at *at* has behind its head. Raises InputError when they are too many."""
    if kind == SET_ENCODINGS:
        (count,) = _COUNT.unpack_from(data, at)
        return 4 * _at_most(count, ENCODINGS_MAX, "encodings")
    if kind == CUT_TEXT:
        (length,) = _LENGTH.unpack_from(data, at)
        return _at_most(abs(length), CLIPBOARD_MAX, "bytes of clipboard")  # below zero: the extended clipboard
    if kind == FENCE:
        return _at_most(data[at + 8], FENCE_MAX, "bytes in a fence")
    if kind == SET_DESKTOP_SIZE:
        width, height, screens = _SIZE.unpack_from(data, at)
        _at_most(max(width, height), SIDE_MAX, "pixels of a side")
        return 16 * _at_most(screens, SCREENS_MAX, "screens")
    return 0


def _at_most(count: int, most: int, what: str) -> int:
    if count > most:
        raise InputError(f"{count} {what} are too many: {most} may be")
    return count
