"""The streams ``picture`` and ``file``: what a tile shows now, as a PNG, and the file that one without a display shows.

Both send frames as the stream ``run`` does: OUTPUT, and ENDED with ``{"error": "..."}``, empty where all came.
``tvcore.tunnel.remote`` is the caller.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from tvcore.errors import TiledVizError
from tvcore.node.media_tile import AnyTile, MediaTile
from tvcore.node.rfb import Client, Connected, Pixels, RfbError, Updated
from tvcore.tunnel.remote import ENDED, FRAME, OUTPUT

FILE_MAX = 1 << 30  # bytes of a file that is sent
PIECE = 1 << 18  # bytes of a frame
GRAB_SECONDS = 20.0  # that a display may take to send its picture
COMPRESSION = 3  # of the PNG: more of it takes long and gains little

# Few: each holds a framebuffer and its PNG, of 4K some 40 MB.
_threads = ThreadPoolExecutor(2, "snapshot")


def refusal(tile: AnyTile, stream: str) -> str:
    """Return why *stream* of *tile* cannot be, empty where it can."""
    if stream == "file":
        shows = "an address" if tile.plan.kind == "page" else "a program"
        return "" if tile.plan.kind in ("picture", "movie", "pdf") else f"tile {tile.plan.index} shows {shows}, no file"
    if tile.status.state != "live" or (not isinstance(tile, MediaTile) and tile.rfb_socket is None):
        return f"tile {tile.plan.index} has no picture yet: it is {tile.status.state}"
    return ""


async def send(tile: AnyTile, stream: str, writer: asyncio.StreamWriter) -> None:
    """Send what *stream* is of *tile*. Raises OSError when the caller is gone."""
    error = ""
    try:
        async for piece in _file(tile) if stream == "file" else _picture(tile):
            writer.write(FRAME.pack(OUTPUT, len(piece)) + piece)
            await writer.drain()
    except TiledVizError as wrong:
        error = str(wrong)
    data = json.dumps({"error": error}).encode()
    writer.write(FRAME.pack(ENDED, len(data)) + data)
    await writer.drain()


async def _picture(tile: AnyTile) -> AsyncIterator[bytes]:
    made = _threads.submit(_png, tile.pixels if isinstance(tile, MediaTile) else tile.rfb_socket)
    data = await asyncio.wrap_future(made)
    for begin in range(0, len(data), PIECE):
        yield data[begin : begin + PIECE]


async def _file(tile: AnyTile) -> AsyncIterator[bytes]:
    reading = _read(Path(tile.file if isinstance(tile, MediaTile) else tile.plan.source))
    while piece := await asyncio.to_thread(next, reading, b""):
        yield piece


def _png(source: Pixels | Path | None) -> bytes:
    """Return the picture of a framebuffer, or of the display with this RFB socket, at full size and without loss."""
    if source is None:
        raise TiledVizError("its display has just ended")
    pixels = source if isinstance(source, np.ndarray) else grab(source)
    good, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., :3]), [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION])
    if not good:
        raise TiledVizError("its picture cannot be written as PNG")
    return data.tobytes()


def grab(path: Path) -> Pixels:
    """Return what the display with the RFB socket *path* shows: (height, width, 4) bytes BGRX, as fresh as it comes.

    By a connection of its own: the tile's is asked for nothing while nobody looks, and the pointer stays where it is.
    """
    client = Client()
    deadline = time.monotonic() + GRAB_SECONDS
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(GRAB_SECONDS)
            connection.connect(str(path))
            while time.monotonic() < deadline:
                count = connection.recv_into(client.room())
                if not count:
                    raise TiledVizError("its display has just ended")
                events = client.received(count)
                if any(isinstance(event, Updated) and event.damage and not event.resized for event in events):
                    return client.pixels
                if any(isinstance(event, Connected | Updated) for event in events):
                    client.request()
                if said := client.outgoing():
                    connection.sendall(said)
    except (OSError, RfbError) as error:
        raise TiledVizError(f"its display does not give its picture: {error}") from error
    raise TiledVizError(f"its display does not give its picture within {GRAB_SECONDS:.0f} s")


def _read(path: Path) -> Iterator[bytes]:
    """Yield the file *path*, of at most FILE_MAX bytes. Raises TiledVizError."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # a FIFO is not waited for
            _check(path, os.fstat(file.fileno()))
            left = FILE_MAX
            while piece := file.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise TiledVizError(f"{path} has more than {FILE_MAX >> 20} MiB")
                yield piece
    except OSError as error:
        raise TiledVizError(f"{path} cannot be read: {error.strerror}") from error


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise TiledVizError(f"{path} is no regular file")
    if found.st_size > FILE_MAX:
        raise TiledVizError(f"{path} has {found.st_size >> 20} MiB: more than {FILE_MAX >> 20} MiB are not sent")
