"""The picture of one display, kept up to date while somebody wants it: RFB over the display's unix socket."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tvcore.node.damage import Rect
from tvcore.node.redraw import Redraw
from tvcore.node.rfb import Client, Connected, Event, Pixels, RfbError, SizeAnswered

RATE = 10.0  # updates a second that are wanted where nobody says more
AHEAD = 1.05  # we ask so much more often than that: what changes at that rate never waits for us
RESIZED = 10.0  # seconds that a display may take to change its size
MOST_UNSENT = 1 << 16  # bytes of input that a display has not taken yet
TURN = 1 << 20  # bytes taken before other displays get their turn

Damaged = Callable[[tuple[Rect, ...]], None]


class Pace:
    """When to ask again so as to get *rate* updates a second; *now* is always the same clock's time, in seconds.

    Whoever was slower than that may be as much faster once: pictures that come at *rate*, though unevenly, never wait.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._due = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until it is time, none or fewer when it is."""
        return self._due - now

    def asked(self, now: float) -> None:
        """Note that it was asked for."""
        period = 1 / (AHEAD * self.rate)
        self._due = max(self._due, now - period) + period


class Screen(asyncio.BufferedProtocol):
    """A connection to a display; *damaged* is called after each update, with what changed.

    An update is asked for only while ``wanted`` (or a new size is), ``rate`` times a second and one at a time: a
    display that does not change sends nothing, and one that nobody wants is not asked. While somebody holds the
    framebuffer nothing is received into it.
    """

    def __init__(self, connection: socket.socket, damaged: Damaged) -> None:
        self.frames = 0
        self.captured = 0.0  # when the last update came, seconds since the epoch
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()  # why there is no connection
        self._damaged = damaged
        self._client = Client()
        self._socket = connection
        self._transport: asyncio.Transport | None = None
        self._connected = False
        self._wanted = False
        self._asked = False
        self._pace = Pace(RATE)
        self._timer: asyncio.TimerHandle | None = None
        self._sizes: list[asyncio.Future[str]] = []  # who waits for an answer to a change of size
        self._holds = 0
        self._redraw = Redraw()

    @classmethod
    async def connect(cls, path: Path, damaged: Damaged) -> Screen:
        """Connect to the RFB socket *path*. Raises OSError."""
        loop = asyncio.get_running_loop()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, str(path))
            _, screen = await loop.create_unix_connection(lambda: cls(connection, damaged), sock=connection)
        except BaseException:
            connection.close()
            raise
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
    def rate(self) -> float:
        """Return how many updates a second somebody wants to see."""
        return self._pace.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        if rate != self._pace.rate:
            self._pace.rate = rate
            self._cancel_timer()
            self._ask()

    @property
    def busy(self) -> bool:
        """Return whether an update has come in part: the framebuffer is neither the old picture nor the new one."""
        return self._client.busy

    def hold(self) -> None:
        """Let the framebuffer, when it is not ``busy``, be as it is until as many ``release``: somebody reads it."""
        self._holds += 1
        self._receive_or_not()

    def release(self) -> None:
        """Give back what one ``hold`` took."""
        self._holds -= 1
        self._receive_or_not()
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
        if self._takes_input():
            self._client.point(x, y, buttons)
            self._flush()

    def press(self, keysym: int, down: bool) -> None:
        """Press or release a key."""
        if self._takes_input():
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
        self._cancel_timer()
        if self._transport:
            self._transport.abort()

    # what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to read to: for most of an update the framebuffer itself."""
        return self._client.room()

    def buffer_updated(self, nbytes: int) -> None:
        """Take *nbytes* that were read, and what more there is at once: a turn of the loop costs more than a read."""
        taken = 0
        try:
            while nbytes:
                for event in self._client.received(nbytes):
                    self._handle(event)
                taken += nbytes
                nbytes = self._read_on() if taken < TURN else 0
        except RfbError as error:
            self._lose(f"the display does not keep to the protocol: {error}")
            return
        self._flush()
        self._ask()

    def _read_on(self) -> int:
        """Return how many bytes were read; of an end or error the transport learns by itself."""
        if self._is_kept() or self._transport is None or self._transport.is_closing():
            return 0
        try:
            return self._socket.recv_into(self._client.room())
        except OSError:
            return 0

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
            if self._redraw.note(self.pixels, event.damage):
                self._client.compare(self._redraw.comparing)
            self.frames += 1
            self.captured = time.time()
            self._damaged(event.damage)

    def _is_kept(self) -> bool:
        """Return whether the framebuffer is to stay as it is."""
        return self._holds > 0 and not self._client.busy

    def _receive_or_not(self) -> None:
        if self._transport is None:
            return
        if self._is_kept():
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _ask(self) -> None:
        """Ask for an update, now or when it is time."""
        if not (self._wanted or self._sizes) or self._asked or not self._connected or self._timer or self._holds:
            return
        loop = asyncio.get_running_loop()
        if (wait := self._pace.wait(loop.time())) > 0:
            self._timer = loop.call_later(wait, self._ask_again)
            return
        self._asked = True
        self._pace.asked(loop.time())
        self._client.request()
        self._flush()

    def _ask_again(self) -> None:
        self._timer = None
        self._ask()

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _takes_input(self) -> bool:
        """Return whether the display takes input: of one that takes nothing any more, no more is kept for it."""
        return self._transport is not None and self._transport.get_write_buffer_size() < MOST_UNSENT

    def _flush(self) -> None:
        if self._transport and (data := self._client.outgoing()):
            self._transport.write(data)
