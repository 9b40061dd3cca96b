"""The peer of the wall: one noVNC per display, each of full size and scaled by CSS, in one page.

``.venv/bin/python tests/benchmarks/novnc_peer.py --tiles N [--rate 10]`` serves the page, noVNC itself and the
displays' RFB over WebSockets, prints ``ready URL`` and plays until SIGTERM. A display is played from Tight JPEGs of
1920×1080 that were encoded before, with the player's code over them (``player.py``); one update per request, as
RFC 6143 has it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import mimetypes
import struct
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import simplejpeg
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.datastructures import Headers

from player import COLUMNS, NATIVE, PHASES, ROWS, STEP, code_of, field_of_colours
from tvcore.node.encode import MOVING

ROOT = Path(__file__).parents[2]
TIGHT = 7
FILL, JPEG = b"\x80", b"\x90"
PIXEL_FORMAT = struct.pack("!4B3H3B3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
BODIES = {0: 20, 2: 4, 3: 10, 4: 8, 5: 6, 6: 8}  # bytes of the client's messages, without what is counted in them

PAGE = """<!doctype html><meta charset=utf-8><title>noVNC</title>
<style>
body { margin: 0; background: #111; height: 100vh; gap: 4px }
body { display: grid; grid-template-columns: repeat(COLUMNS, 1fr) }
div { overflow: hidden; min-height: 0 }
</style>
<script type=module>
import RFB from '/web_static/vendor/novnc/core/rfb.js';
window.tiles = [];
for (let index = 0; index < COUNT; index += 1) {
  const place = document.body.appendChild(document.createElement('div'));
  const rfb = new RFB(place, `ws://${location.host}/rfb/${index}`);
  rfb.scaleViewport = true;
  window.tiles.push({ index, rfb, canvas: place.querySelector('canvas') });
}
</script>"""


def frames() -> list[bytes]:
    """Return the rectangle of each phase: the field of colours, over all of the display."""
    width, height = NATIVE
    colours = field_of_colours()
    found = []
    for phase in range(PHASES):
        picture = colours[:height, STEP * phase : STEP * phase + width].copy()
        jpeg = bytes(simplejpeg.encode_jpeg(picture, MOVING[0], "BGRX", MOVING[1], fastdct=True))
        length = bytes([len(jpeg) & 127 | 128, len(jpeg) >> 7 & 127 | 128, len(jpeg) >> 14])
        found.append(struct.pack("!4Hi", 0, 0, width, height, TIGHT) + JPEG + length + jpeg)
    return found


def code(tile: int, frame: int) -> bytes:
    """Return the code's rectangles, each of one grey."""
    width, height = NATIVE
    found = b""
    for block, level in enumerate(code_of(tile, frame)):
        x, y = width * (1 + 2 * (block % COLUMNS)) // 16, height * (1 + 2 * (block // COLUMNS)) // 12
        found += struct.pack("!4Hi", x, y, width // 8, height // 6, TIGHT) + FILL + bytes([level] * 3)
    return found


class Display:
    """The server's side of RFB (RFC 6143) for one display."""

    def __init__(self, index: int, browser: ServerConnection, phases: list[bytes], rate: float) -> None:
        self._index = index
        self._browser = browser
        self._phases = phases
        self._rate = rate
        self._data = bytearray()
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Serve until the viewer goes."""
        await self._begin()
        playing = asyncio.create_task(self._play())
        try:
            async for kind in self._messages():
                if kind == 3:
                    self._asked.set()
        finally:
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing

    async def _begin(self) -> None:
        await self._browser.send(b"RFB 003.008\n")
        await self._take(12)
        await self._browser.send(b"\x01\x01")  # one security type: none
        await self._take(1)
        await self._browser.send(bytes(4))
        await self._take(1)
        name = f"display {self._index}".encode()
        await self._browser.send(struct.pack("!2H", *NATIVE) + PIXEL_FORMAT + struct.pack("!I", len(name)) + name)

    async def _take(self, count: int) -> bytes:
        while len(self._data) < count:
            self._data += await self._browser.recv(decode=False)
        taken = bytes(self._data[:count])
        del self._data[:count]
        return taken

    async def _messages(self) -> AsyncIterator[int]:
        while True:
            kind = (await self._take(1))[0]
            body = await self._take(BODIES[kind] - 1)
            if kind == 2:
                await self._take(4 * struct.unpack_from("!H", body, 1)[0])
            elif kind == 6:
                await self._take(struct.unpack_from("!I", body, 3)[0])
            yield kind

    async def _play(self) -> None:
        head = struct.pack("!BxH", 0, 1 + COLUMNS * ROWS)
        sent = -1
        while True:
            await self._asked.wait()
            self._asked.clear()
            start = self._index / 64 / self._rate  # displays do not keep step
            frame = math.floor((time.time() - start) * self._rate)
            if frame == sent:
                frame += 1
                await asyncio.sleep(start + frame / self._rate - time.time())
            sent = frame
            await self._browser.send(head + self._phases[frame % PHASES] + code(self._index, frame))


async def play(count: int, rate: float) -> None:
    """Serve the page and its displays."""
    phases = frames()
    columns = math.ceil(math.sqrt(count))
    page = PAGE.replace("COUNT", str(count)).replace("COLUMNS", str(columns)).encode()

    async def rfb(browser: ServerConnection) -> None:
        assert browser.request
        await Display(int(browser.request.path.rpartition("/")[2]), browser, phases, rate).run()

    def file(connection: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/rfb/"):
            return None
        path = ROOT / request.path.lstrip("/")
        if request.path == "/":
            body, kind = page, "text/html"
        elif path.is_file():
            body, kind = path.read_bytes(), mimetypes.guess_type(path.name)[0] or "text/plain"
        else:
            return connection.respond(HTTPStatus.NOT_FOUND, "")
        headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
        return Response(200, "OK", headers, body)

    async with serve(rfb, "127.0.0.1", 0, process_request=file, compression=None, max_size=1 << 20) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"ready http://127.0.0.1:{port}/", flush=True)
        await asyncio.Future()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tiles", type=int, required=True)
    parser.add_argument("--rate", type=float, default=10)
    given = parser.parse_args()
    asyncio.run(play(given.tiles, given.rate))


if __name__ == "__main__":
    main()
