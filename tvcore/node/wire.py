"""The wall stream's messages: pictures of tiles, several in one if need be.

From the agent each message is a 32-bit length, then the message, all in network byte order (RFC 1700)::

    u8  kind = 1        u8 version = 1      u16 number of the stream    u16 count of cells   u16 zero
    u32 sequence of this stream
    count times: u16 tile   u16 flags   u32 frame   f64 capture time, s since the epoch
                 u16 x, y, w, h      the cell's rectangle within the picture
                 u16 left, top       where it goes within the tile, at the tile's scaled size
                 u16 width, height   the tile's scaled size
    the picture, a JPEG, to the end

A cell with the flag WHOLE covers its tile; others change a part of what was drawn before at the same size.
To the agent each message is a line of JSON: ``{"demand": [[tile, width, height], ...]}`` replaces what was
asked for before (sizes in device pixels, as shown), ``{"credit": n}`` allows n further messages.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

LENGTH = struct.Struct("!I")
HEADER = struct.Struct("!BBHHHI")
CELL = struct.Struct("!HHId8H")
PICTURE = 1
VERSION = 1
WHOLE = 1
MESSAGE_MAX = 1 << 26


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
