"""The picture of one display, kept up to date while somebody wants it: RFB over the display's unix socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from tvcore.node.damage import Rect
from tvcore.node.rfb import Client, Connected, Event, Pixels, RfbError, SizeAnswered

RATE = 10.0  # updates a second asked for, at most
RESIZED = 10.0  # seconds that a display may take to change its size
BUFFER = 1 << 18  # bytes taken at once; a unix socket holds about as many

Damaged = Callable[[tuple[Rect, ...]], None]


class Screen(asyncio.BufferedProtocol):
    """A connection to a display; *damaged* is called after each update, with what changed.

    An update is asked for only while ``wanted`` (or a new size is), at most RATE times a second and one at a time: a
    display that does not change sends nothing, and one that nobody wants is not asked.
    """

    def __init__(self, damaged: Damaged) -> None:
        self.frames = 0
        self.captured = 0.0  # when the last update came, seconds since the epoch
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()  # why there is no connection
        self._damaged = damaged
        self._client = Client()
        self._buffer = bytearray(BUFFER)
        self._transport: asyncio.Transport | None = None
        self._connected = False
        self._wanted = False
        self._asked = False
        self._next = 0.0  # when to ask again at the earliest, by the loop's clock
        self._timer: asyncio.TimerHandle | None = None
        self._sizes: list[asyncio.Future[str]] = []  # who waits for an answer to a change of size

    @classmethod
    async def connect(cls, path: Path, damaged: Damaged) -> Screen:
        """Connect to the RFB socket *path*. Raises OSError."""
        _, screen = await asyncio.get_running_loop().create_unix_connection(lambda: cls(damaged), str(path))
        return screen

    @property
    def pixels(self) -> Pixels:
        """Return the framebuffer, (height, width, 4) bytes BGRX; empty before the display has said its size."""
        return self._client.pixels

    @property
    def wanted(self) -> bool:
        """Return whether updates are asked for."""
        return self._wanted

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        self._wanted = wanted
        self._ask()

    @property
    def connected(self) -> bool:
        """Return whether the display takes what we send."""
        return self._connected

    def park_pointer(self) -> None:
        """Move the pointer into the lower right corner: Xvnc draws it into the picture where it is."""
        if self._connected:
            height, width = self.pixels.shape[:2]
            self.point(width - 1, height - 1)

    def point(self, x: int, y: int, buttons: int = 0) -> None:
        """Move the pointer, with these *buttons* pressed (bit 0 is the left one)."""
        self._client.point(x, y, buttons)
        self._flush()

    def press(self, keysym: int, down: bool) -> None:
        """Press or release a key."""
        self._client.press(keysym, down)
        self._flush()

    async def resize(self, width: int, height: int) -> str:
        """Ask the display for another size and wait for its answer. Return why it refuses, empty where it does not."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._sizes.append(answer)
        self._client.resize(width, height)
        self._flush()
        self._ask()  # an answer comes with an update only
        try:
            async with asyncio.timeout(RESIZED):
                return await answer
        except TimeoutError:
            return f"it does not answer within {RESIZED:.0f} s"
        finally:
            if answer in self._sizes:
                self._sizes.remove(answer)

    def close(self) -> None:
        """End the connection."""
        if self._timer:
            self._timer.cancel()
        if self._transport:
            self._transport.abort()

    # what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        """Return where to read to."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take *nbytes* that were read."""
        try:
            for event in self._client.receive(memoryview(self._buffer)[:nbytes]):
                self._handle(event)
        except RfbError as error:
            self._lose(f"the display does not keep to the protocol: {error}")
            return
        self._flush()
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the connection."""
        self._transport = None
        self._lose(f"the display closed the connection{f': {exc}' if exc else ''}")

    def _lose(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why)
        self._connected = False
        while self._sizes:
            self._answer_size(why)
        self.close()

    def _answer_size(self, refusal: str) -> None:
        """Tell the first who waits; answers come in the order of the requests."""
        if self._sizes and not (first := self._sizes.pop(0)).done():
            first.set_result(refusal)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Connected):
            self._connected = True
            self.park_pointer()
            return
        if isinstance(event, SizeAnswered):
            self._answer_size(event.refusal)
            return
        self._asked = False
        if event.damage:
            self.frames += 1
            self.captured = time.time()
            self._damaged(event.damage)

    def _ask(self) -> None:
        """Ask for an update, now or when it is time."""
        if not (self._wanted or self._sizes) or self._asked or not self._connected or self._timer:
            return
        loop = asyncio.get_running_loop()
        if (wait := self._next - loop.time()) > 0:
            self._timer = loop.call_later(wait, self._ask_again)
            return
        self._asked = True
        self._next = loop.time() + 1 / RATE
        self._client.request()
        self._flush()

    def _ask_again(self) -> None:
        self._timer = None
        self._ask()

    def _flush(self) -> None:
        if self._transport and (data := self._client.outgoing()):
            self._transport.write(data)
