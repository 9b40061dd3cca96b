"""The client's side of the remote framebuffer protocol, RFC 6143, without I/O: bytes in, events out.

Version 3.8, security type None, raw encoding, and the pseudo-encodings DesktopSize (RFC 6143, 7.8.2) and
ExtendedDesktopSize with its message SetDesktopSize (community wiki of the RFB protocol). Pixels go into one NumPy
array, blue, green, red and an unused byte. The server is not trusted: nothing it says makes more memory be used than
*most_pixels* needs.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tvcore.node.damage import Rect, add

VERSION = b"RFB 003.008\n"
MOST_PIXELS = 1 << 26
MOST_SIDE = 16384
MOST_TEXT = 1 << 16  # bytes of a name or a reason
MOST_REASON = 200  # characters of a reason that are told
MOST_CLIPBOARD = 1 << 24
SCRATCH = 1 << 16  # bytes taken at once of what goes to several places
GLANCE = 1 << 12  # and of what is not known yet

RAW = 0
DESKTOP_SIZE = -223
EXTENDED_DESKTOP_SIZE = -308

# Pseudo-encodings by which a client says how much it wants compressed. TigerVNC (VNCSConnectionST::getComparerState)
# takes the former for: rather compare what is painted with what was there; and the latter for: rather do not.
COMPARE = -254
DO_NOT_COMPARE = -255

_ENCODINGS = (EXTENDED_DESKTOP_SIZE, DESKTOP_SIZE, RAW)
_SET_PIXEL_FORMAT = struct.pack("!B3xBBBBHHHBBB3x", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
_SET_ENCODINGS = struct.Struct(f"!BxH{len(_ENCODINGS) + 1}i")
_RECTANGLE = struct.Struct("!HHHHi")
_SCREEN = struct.Struct("!IHHHHI")  # of a display: id, left, top, width, height, flags
_OWN_REQUEST = 1  # why an ExtendedDesktopSize comes: we asked for it

Pixels = NDArray[np.uint8]


class RfbError(Exception):
    """The server says what the protocol, or our limits, do not allow; the connection is of no more use."""


@dataclass(frozen=True)
class Connected:
    """The handshake is over: the framebuffer has this size, in pixels, and its content is not known yet."""

    width: int
    height: int
    name: str


@dataclass(frozen=True)
class Updated:
    """An update that was asked for has come whole: *damage* of the picture changed."""

    damage: tuple[Rect, ...]
    resized: bool


@dataclass(frozen=True)
class SizeAnswered:
    """The server answered ``resize``: *refusal* is why it did not, empty where it did."""

    refusal: str


Event = Connected | Updated | SizeAnswered
_REFUSALS = {1: "it does not allow that", 2: "it has not enough memory", 3: "it does not take that size"}


class _Skip:
    """So many bytes to be passed over."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, data: memoryview) -> memoryview:
        used = min(self.left, len(data))
        self.left -= used
        return data[used:]


class _Paint:
    """A rectangle of raw pixels on its way into *target*, (rows, columns, 4)."""

    def __init__(self, target: Pixels) -> None:
        self.left = target.size
        self._done = 0
        self._row_bytes = 4 * target.shape[1]
        # Rows of the framebuffer's full width lie one after the other: bytes can be received straight into them.
        self._flat = target.data.cast("B") if target.size and target.flags.c_contiguous else None
        self._target = target.reshape(target.shape[0], self._row_bytes) if self._flat is None else None

    def room(self) -> memoryview | None:
        """Return where the bytes that are left go, None where they have to be taken to several places."""
        return self._flat[self._done :] if self._flat else None

    def filled(self, count: int) -> None:
        """Note that *count* bytes are where ``room`` had them put."""
        self._done += count
        self.left -= count

    def take(self, data: memoryview) -> memoryview:
        data, rest = data[: self.left], data[self.left :]
        if self._flat:
            self._flat[self._done : self._done + len(data)] = data
        else:
            self._take_rows(data)
        self.filled(len(data))
        return rest

    def _take_rows(self, data: memoryview) -> None:
        assert self._target is not None
        done = self._done
        while data:
            row, column = divmod(done, self._row_bytes)
            if column or len(data) < self._row_bytes:
                used = min(self._row_bytes - column, len(data))
                self._target[row, column : column + used] = np.frombuffer(data[:used], np.uint8)
            else:
                rows = len(data) // self._row_bytes
                used = rows * self._row_bytes
                block = np.frombuffer(data[:used], np.uint8).reshape(rows, self._row_bytes)
                self._target[row : row + rows] = block
            done += used
            data = data[used:]


_Want = int | _Skip | _Paint
_Dialogue = Generator[_Want, bytes, None]


class Client:
    """One conversation with a server.

    ``receive`` takes what came and returns events; so do ``room`` and ``received``, with fewer copies. ``outgoing`` is
    what is to be sent; ``pixels`` is the framebuffer, (height, width, 4) bytes, the same array until an Updated with
    ``resized``; ``busy`` says that an update of it has come in part.
    """

    def __init__(self, most_pixels: int = MOST_PIXELS) -> None:
        self.pixels: Pixels = np.zeros((0, 0, 4), np.uint8)
        self.busy = False
        self._most_pixels = most_pixels
        self._whole = True  # the next request asks for everything
        self._screen = (0, 0)  # id and flags of the display's first screen
        self._out = bytearray()
        self._events: list[Event] = []
        self._small = bytearray()
        self._scratch = memoryview(bytearray(SCRATCH))
        self._dialogue = self._talk()
        self._want: _Want = next(self._dialogue)

    def outgoing(self) -> bytes:
        """Return what is to be sent to the server now, once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def request(self) -> None:
        """Ask for the next change (after connecting and resizing: for everything); RFC 6143, 7.5.3."""
        height, width = self.pixels.shape[:2]
        self._out += struct.pack("!BBHHHH", 3, not self._whole, 0, 0, width, height)
        self._whole = False

    def request_whole(self) -> None:
        """Ask for all pixels, changed or not."""
        self._whole = True
        self.request()

    def compare(self, wanted: bool) -> None:
        """Have the server find out itself what of what was painted is new; at first it does not."""
        how = COMPARE if wanted else DO_NOT_COMPARE
        self._out += _SET_ENCODINGS.pack(2, len(_ENCODINGS) + 1, *_ENCODINGS, how)

    def point(self, x: int, y: int, buttons: int = 0) -> None:
        """Move the pointer, with these *buttons* pressed (bit 0 is the left one); RFC 6143, 7.5.5."""
        self._out += struct.pack("!BBHH", 5, buttons, x, y)

    def press(self, keysym: int, down: bool) -> None:
        """Press or release a key; RFC 6143, 7.5.4."""
        self._out += struct.pack("!BBxxI", 4, down, keysym)

    def resize(self, width: int, height: int) -> None:
        """Ask for another size of the framebuffer; a SizeAnswered comes."""
        number, flags = self._screen
        self._out += struct.pack("!BxHHBx", 251, width, height, 1) + _SCREEN.pack(number, 0, 0, width, height, flags)

    def receive(self, data: bytes | bytearray | memoryview) -> list[Event]:
        """Take *data*, in pieces of any length, and return what happened. Raises RfbError."""
        view = memoryview(data)
        while view:
            if isinstance(self._want, int):
                used = min(self._want - len(self._small), len(view))
                self._small += view[:used]
                view = view[used:]
                if len(self._small) == self._want:
                    piece = bytes(self._small)
                    self._small.clear()
                    self._advance(piece)
            else:
                view = self._want.take(view)
                if not self._want.left:
                    self._advance(b"")
        events, self._events = self._events, []
        return events

    def room(self) -> memoryview:
        """Return where the next bytes are to be put, never empty; then say by ``received`` how many there are."""
        if (place := self._place()) is not None:
            return place
        # What follows a header may be pixels, which are better received where they belong.
        return self._scratch[:GLANCE] if isinstance(self._want, int) else self._scratch

    def received(self, count: int) -> list[Event]:
        """Take *count* bytes that were put into ``room`` and return what happened. Raises RfbError."""
        if self._place() is None:
            return self.receive(self._scratch[:count])
        assert isinstance(self._want, _Paint)
        self._want.filled(count)
        if not self._want.left:
            self._advance(b"")
        events, self._events = self._events, []
        return events

    def _place(self) -> memoryview | None:
        """Return the part of the framebuffer that the next bytes are for, None where it is not one, or small."""
        room = self._want.room() if isinstance(self._want, _Paint) else None
        return room if room is not None and len(room) >= GLANCE else None

    def _advance(self, piece: bytes) -> None:
        """Give the dialogue what it wanted, until it wants something that is not empty."""
        try:
            self._want = self._dialogue.send(piece)
            while self._want == 0 or (not isinstance(self._want, int) and not self._want.left):
                self._want = self._dialogue.send(b"")
        except RfbError:
            self._want = 1  # whatever comes next is told that it is too late
            raise
        except StopIteration:
            raise RfbError("the conversation ended by an earlier error") from None

    def _talk(self) -> _Dialogue:
        yield from self._handshake()
        while True:
            kind = (yield 1)[0]
            if kind == 0:
                yield from self._update()
            elif kind == 1:  # SetColourMapEntries
                _, _, colours = struct.unpack("!BHH", (yield 5))
                yield _Skip(6 * colours)
            elif kind == 3:  # ServerCutText
                (length,) = struct.unpack("!3xI", (yield 7))
                if length > MOST_CLIPBOARD:
                    raise RfbError(f"the server sends a clipboard of {length} bytes")
                yield _Skip(length)
            elif kind != 2:  # Bell
                raise RfbError(f"the server sends a message of unknown type {kind}")

    def _handshake(self) -> _Dialogue:
        version = yield 12
        if not version.startswith(b"RFB 003.") or not version[8:11].isdigit() or version < VERSION:
            raise RfbError(f"the server speaks {version!r}, not RFB 3.8")
        self._out += VERSION
        count = (yield 1)[0]
        if count == 0:
            raise RfbError(f"the server refuses: {yield from self._reason()}")
        if 1 not in (yield count):
            raise RfbError("the server wants a password")
        self._out += b"\x01"
        if (yield 4) != b"\0\0\0\0":
            raise RfbError(f"the server refuses: {yield from self._reason()}")
        self._out += b"\x01"  # shared
        width, height, length = struct.unpack("!HH16xI", (yield 24))
        name = yield from self._text(length)
        self._resize(width, height)
        self._out += _SET_PIXEL_FORMAT
        self.compare(False)
        self._events.append(Connected(width, height, name))

    def _text(self, length: int | None = None) -> Generator[_Want, bytes, str]:
        if length is None:
            (length,) = struct.unpack("!I", (yield 4))
        if length > MOST_TEXT:
            raise RfbError(f"the server sends a text of {length} bytes")
        return (yield length).decode("utf-8", "replace")

    def _reason(self) -> Generator[_Want, bytes, str]:
        """Return what the server gives as its reason, as people can be shown it: on one line."""
        text = (yield from self._text())[:MOST_REASON]
        return "".join(character if character.isprintable() else "?" for character in text)

    def _update(self) -> _Dialogue:
        self.busy = True
        (count,) = struct.unpack("!xH", (yield 3))
        damage: tuple[Rect, ...] = ()
        resized = False
        for _ in range(count):
            x, y, width, height, encoding = _RECTANGLE.unpack((yield _RECTANGLE.size))
            if encoding == RAW:
                damage = add(damage, [Rect(x, y, x + width, y + height)])
                yield self._paint(x, y, width, height)
            elif encoding in (DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE):
                refused = False
                if encoding == EXTENDED_DESKTOP_SIZE:
                    yield from self._screens()
                    refused = x == _OWN_REQUEST and y != 0
                    if x == _OWN_REQUEST:
                        self._events.append(SizeAnswered(_REFUSALS.get(y, f"status {y}") if refused else ""))
                if refused or (height, width) == self.pixels.shape[:2]:
                    continue
                self._resize(width, height)
                damage, resized = (Rect(0, 0, width, height),), True
            else:
                raise RfbError(f"the server sends encoding {encoding}, which was not asked for")
        self.busy = False
        self._events.append(Updated(damage, resized))

    def _screens(self) -> _Dialogue:
        """Read the display's screens and keep which is the first, to name it in ``resize``."""
        (count,) = struct.unpack("!B3x", (yield 4))
        if count:
            number, *_, flags = _SCREEN.unpack((yield _SCREEN.size))
            self._screen = (number, flags)
            yield _Skip(_SCREEN.size * (count - 1))

    def _paint(self, x: int, y: int, width: int, height: int) -> _Paint:
        rows, columns = self.pixels.shape[:2]
        if x + width > columns or y + height > rows:
            raise RfbError(f"the server paints {width}x{height} at {x},{y}, outside of {columns}x{rows}")
        return _Paint(self.pixels[y : y + height, x : x + width])

    def _resize(self, width: int, height: int) -> None:
        if not (1 <= width <= MOST_SIDE and 1 <= height <= MOST_SIDE and width * height <= self._most_pixels):
            raise RfbError(f"the server has a framebuffer of {width}x{height} pixels")
        old, self.pixels = self.pixels, np.zeros((height, width, 4), np.uint8)
        rows, columns = min(height, old.shape[0]), min(width, old.shape[1])
        self.pixels[:rows, :columns] = old[:rows, :columns]  # as X does it; the rest comes with the next update
        self._whole = True
