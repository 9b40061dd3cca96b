"""How large a picture is, as its head says, before any of it is decoded. PNG, JPEG, TIFF."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import simplejpeg

MOST_HEAD = 1 << 26  # bytes before a JPEG says its size: cameras put maps of depth there
_TIFFS = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}  # TIFF and BigTIFF, either way round
_NUMBERS = {3: "H", 4: "I", 16: "Q"}  # types of a TIFF's field


class Head(NamedTuple):
    """What a picture's head says; a *width* and *height* of 0: nothing that is understood here."""

    jpeg: bool = False
    width: int = 0
    height: int = 0


def read_head(source: str) -> Head:
    """Return the head of the picture *source*. Raises OSError, and ValueError for one that is not whole."""
    with Path(source).open("rb") as file:
        beginning = file.read(24)
        if beginning.startswith(b"\xff\xd8"):
            height, width, *_ = simplejpeg.decode_jpeg_header(beginning + file.read(MOST_HEAD))
            return Head(True, width, height)
        try:
            if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
                return Head(False, *struct.unpack(">II", beginning[16:24]))
            if order := _TIFFS.get(beginning[:4]):
                return Head(False, *_tiff(file, beginning, order))
        except (struct.error, OverflowError) as error:
            raise ValueError("it ends in its head") from error
    return Head()


def _tiff(file: BinaryIO, beginning: bytes, order: str) -> tuple[int, int]:
    """Return width and height of the first picture of a TIFF."""
    big = 43 in beginning[2:4]
    place, count, entry = ("Q", "Q", "HHQ8s") if big else ("I", "H", "HHI4s")
    (at,) = struct.unpack_from(order + place, beginning, 8 if big else 4)
    file.seek(at)
    (entries,) = struct.unpack(order + count, file.read(struct.calcsize(order + count)))
    size = {256: 0, 257: 0}
    for _ in range(min(entries, 0xFFFF)):
        tag, kind, _, value = struct.unpack(order + entry, file.read(struct.calcsize(order + entry)))
        if tag in size and kind in _NUMBERS:
            (size[tag],) = struct.unpack_from(order + _NUMBERS[kind], value)
    return size[256], size[257]
