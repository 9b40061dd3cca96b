"""The wall stream's messages: pictures of tiles, several in one if need be.

Between portal and node agent there is one wall stream for all viewers. From the agent each message is a 32-bit length,
whom it is for, then what these viewers get as it is, a picture; all in network byte order (RFC 1700)::

    u16 count of viewers        count times: u16 viewer

    u8  kind = 1        u8 version = 1      u16 number of the stream    u16 count of cells   u16 zero
    u32 sequence of this stream
    count times: u16 tile   u16 flags   u32 frame   f64 capture time, s since the epoch
                 u16 x, y, w, h      the cell's rectangle within the picture
                 u16 left, top       where it goes within the tile, at the tile's scaled size
                 u16 width, height   the tile's scaled size
    the picture, a JPEG, to the end

A cell with the flag WHOLE covers its tile; others change a part of what was drawn before at the same size.
To the agent each message is a line of JSON (``tvcore.node.wall`` reads them), *viewer* being a number that the portal
gave to one page::

    {"viewer": n, "demand": [[tile, width, height, urgency], ...]}   replaces what it asked for before
    {"viewer": n, "credit": bytes}                                   allows so many further bytes of pictures
    {"viewer": n, "tiles": [tile, ...], "key": [keysym, down]}       RFC 6143, 7.5.4
    {"viewer": n, "tiles": [tile, ...], "pointer": [u, v, buttons]}  7.5.5; u, v: 65536ths of each display's sides
    {"viewer": n, "release": true}                                   lets go of all keys and buttons it holds down
    {"viewer": n, "gone": true}                                      the same, and nothing more is for it

Sizes are in device pixels, as shown; *urgency* is 0 (somebody works in it), 1 (looked at) to 3.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

LENGTH = struct.Struct("!I")
HEADER = struct.Struct("!BBHHHI")
CELL = struct.Struct("!HHId8H")
COUNT = struct.Struct("!H")
PICTURE = 1
VERSION = 1
WHOLE = 1
MESSAGE_MAX = 1 << 26
UNITS = 1 << 16  # of a display's side, in which a pointer's place is told


@dataclass(frozen=True)
class Cell:
    """One tile's part of a picture; lengths in pixels."""

    tile: int
    flags: int
    frame: int
    captured: float
    x: int
    y: int
    w: int
    h: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """A message of the wall stream."""

    number: int
    sequence: int
    cells: tuple[Cell, ...]
    jpeg: bytes


def pack(number: int, sequence: int, cells: Sequence[Cell], jpeg: bytes) -> bytes:
    """Return the message, without its length."""
    head = HEADER.pack(PICTURE, VERSION, number, len(cells), 0, sequence & 0xFFFFFFFF)
    table = b"".join(
        CELL.pack(
            c.tile,
            c.flags,
            c.frame & 0xFFFFFFFF,
            c.captured,
            c.x,
            c.y,
            c.w,
            c.h,
            c.left,
            c.top,
            c.width,
            c.height,
        )
        for c in cells
    )
    return head + table + jpeg


def unpack(message: bytes) -> Picture:
    """Return what *message* holds. Raises ValueError when it is cut short or of another kind or version."""
    if len(message) < HEADER.size:
        raise ValueError(f"a wall message of {len(message)} bytes is cut short")
    kind, version, number, count, _, sequence = HEADER.unpack_from(message)
    if (kind, version) != (PICTURE, VERSION):
        raise ValueError(f"a wall message of kind {kind}, version {version} is not known here")
    end = HEADER.size + count * CELL.size
    if len(message) < end:
        raise ValueError(f"a wall message with {count} cells is cut short at {len(message)} bytes")
    cells = tuple(Cell(*CELL.unpack_from(message, HEADER.size + i * CELL.size)) for i in range(count))
    return Picture(number, sequence, cells, message[end:])


def address(viewers: Sequence[int], picture: bytes) -> bytes:
    """Return the message, with its length, that brings *picture* (``pack``) to *viewers*."""
    head = COUNT.pack(len(viewers)) + struct.pack(f"!{len(viewers)}H", *viewers)
    return LENGTH.pack(len(head) + len(picture)) + head + picture


def read_address(message: memoryview | bytes) -> tuple[tuple[int, ...], memoryview]:
    """Return whom *message* (without its length) is for, and the picture. Raises ValueError when it is cut short."""
    view = memoryview(message)
    if len(view) < COUNT.size:
        raise ValueError(f"a wall message of {len(view)} bytes is cut short")
    (count,) = COUNT.unpack_from(view)
    end = COUNT.size + 2 * count
    if len(view) < end + HEADER.size:
        raise ValueError(f"a wall message for {count} viewers is cut short at {len(view)} bytes")
    return struct.unpack_from(f"!{count}H", view, COUNT.size), view[end:]
