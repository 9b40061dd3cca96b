"""A browser's WebSocket (RFC 6455) on a gevent socket: websockify's protocol, with limits of our own.

What a peer may send is decided from each frame's header, before its payload is kept. Sending is for any
greenlet, one frame at a time; reading is for the one that accepted the connection, and there a peer that is
silent or slow ends with ``CloseError``.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import select
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from websockify.websocket import WebSocket, WebSocketWantReadError

SUBPROTOCOL = "tiledviz"
READ_BYTES = 16384
FRAGMENTS_MAX = 256  # per message: websockify joins them one by one
PING_SECONDS = 20.0  # of silence; also how long one frame may take to be sent
SILENT_SECONDS = 60.0
LINGER_SECONDS = 1.0

CONTINUATION, TEXT, BINARY, CLOSE = 0x0, 0x1, 0x2, 0x8

GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, BAD_PAYLOAD, POLICY, TOO_BIG, INTERNAL, TRY_LATER = (
    1001, 1002, 1003, 1007, 1008, 1009, 1011, 1013,
)  # fmt: skip


class CloseError(Exception):
    """The connection ends with this *code* and *reason* (RFC 6455, section 7.4)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def frame_header(length: int) -> bytes:
    """Return the header of a whole binary frame from the server with *length* bytes (RFC 6455, section 5.2)."""
    if length <= 125:
        return bytes((0x80 | BINARY, length))
    if length < 1 << 16:
        return struct.pack("!BBH", 0x80 | BINARY, 126, length)
    return struct.pack("!BBQ", 0x80 | BINARY, 127, length)


def read_header(data: bytes) -> tuple[int, bool, int] | None:
    """Return opcode, fin and payload length of the frame from a client that begins *data*, or None: too short.

    Raises CloseError for what no client may send (RFC 6455, sections 5.1, 5.2 and 5.5).
    """
    if len(data) < 2:
        return None
    opcode, fin, length = data[0] & 0x0F, bool(data[0] & 0x80), data[1] & 0x7F
    if data[0] & 0x70:
        raise CloseError(PROTOCOL_ERROR, "reserved bits are set")
    if not data[1] & 0x80:
        raise CloseError(PROTOCOL_ERROR, "the frame is not masked")
    if opcode == TEXT:
        raise CloseError(UNSUPPORTED, "binary messages only")
    if opcode not in (CONTINUATION, BINARY, CLOSE, 0x9, 0xA):
        raise CloseError(PROTOCOL_ERROR, "unknown kind of frame")
    if opcode >= CLOSE and (length > 125 or not fin):
        raise CloseError(PROTOCOL_ERROR, "a control frame must be whole and short")
    extended = {126: "!H", 127: "!Q"}.get(length)
    if extended is None:
        return opcode, fin, length
    if len(data) < 2 + struct.calcsize(extended):
        return None
    return opcode, fin, struct.unpack_from(extended, data, 2)[0]


def handshake_key(headers: Mapping[str, str]) -> str | None:
    """Return the key of a client's opening handshake in WSGI *headers*, None if it is none (section 4.2.1)."""
    key = headers.get("HTTP_SEC_WEBSOCKET_KEY", "")
    connection = [token.strip().lower() for token in headers.get("HTTP_CONNECTION", "").split(",")]
    with contextlib.suppress(binascii.Error, ValueError):
        if (
            headers.get("REQUEST_METHOD") == "GET"
            and headers.get("HTTP_UPGRADE", "").lower() == "websocket"
            and "upgrade" in connection
            and headers.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
            and len(base64.b64decode(key, validate=True)) == 16
        ):
            return key
    return None


class BrowserSocket(WebSocket):  # type: ignore[misc]
    """One browser's connection; messages of at most *message_max* bytes come in."""

    _send_buffer: bytes

    def __init__(self, message_max: int) -> None:
        super().__init__()
        self._message_max = message_max
        self._unfinished = 0
        self._fragments = 0
        self._sending = BoundedSemaphore(1)
        self._heard = time.monotonic()
        self._ending: CloseError | None = None

    def open(self, connection: socket.socket, key: str) -> None:
        """Answer the opening handshake whose *key* was checked."""
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(PING_SECONDS)
        self.accept(
            connection,
            {
                "upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": key,
                "Sec-WebSocket-Protocol": SUBPROTOCOL,
            },
        )

    def select_subprotocol(self, protocols: list[str]) -> str:
        """Choose the one there is; the ticket beside it is never said back."""
        return SUBPROTOCOL

    # ------------------------------------------------------------- receiving

    def messages(self) -> Iterator[bytes]:
        """Yield each message until the browser closes; silence is answered by pings, then by the end."""
        while True:
            try:
                message = self.recvmsg()
            except WebSocketWantReadError:
                if self._sent_close:  # websockify found fault with what came
                    return
                continue
            except TimeoutError:
                if time.monotonic() - self._heard > SILENT_SECONDS:
                    raise CloseError(POLICY, "nothing was heard for a minute") from None
                self.ping()
                continue
            if message is None:
                return
            yield message

    def _recv(self) -> bool:
        # A peer that always has something ready must not keep the other greenlets waiting.
        gevent.sleep(0)
        if self.socket is None:
            return False
        try:
            data = self.socket.recv(READ_BYTES)
        except OSError:
            if self._ending is not None:  # who ended the connection woke us by shutting it
                raise self._ending from None
            raise
        if self._ending is not None:
            raise self._ending
        self._heard = time.monotonic()
        self._recv_buffer += data
        return bool(data)

    def _close(self) -> None:
        if self.socket is not None:
            super()._close()

    def _decode_hybi(self, buf: bytes) -> Any:
        header = read_header(buf)
        if header is None:
            return None
        opcode, fin, length = header
        if opcode < CLOSE:
            if (opcode == CONTINUATION) != (self._fragments > 0):
                raise CloseError(PROTOCOL_ERROR, "the fragments are out of order")
            if self._unfinished + length > self._message_max:
                raise CloseError(TOO_BIG, f"a message may have {self._message_max} bytes")
            if self._fragments >= FRAGMENTS_MAX:
                raise CloseError(POLICY, f"a message may have {FRAGMENTS_MAX} fragments")
        frame = super()._decode_hybi(buf)
        if frame is not None and opcode < CLOSE:
            self._unfinished = 0 if fin else self._unfinished + length
            self._fragments = 0 if fin else self._fragments + 1
        return frame

    # --------------------------------------------------------------- sending

    @contextmanager
    def frame(self, length: int) -> Iterator[socket.socket]:
        """Begin a binary frame of *length* bytes; who entered writes just them to the socket given.

        Raises CloseError when the connection is at its end. Whatever interrupts a frame ends the connection.
        """
        with self._sending:
            connection: socket.socket | None = self.socket
            if connection is None or self._sent_close:
                raise CloseError(GOING_AWAY, "the connection is closed")
            with self._whole():
                connection.sendall(frame_header(length), socket.MSG_MORE)
                yield connection

    def send_parts(self, *parts: bytes | bytearray | memoryview) -> None:
        """Send one binary message made of *parts*, none of which is copied."""
        with self.frame(sum(len(part) for part in parts)) as connection:
            for part in parts[:-1]:
                connection.sendall(part, socket.MSG_MORE)
            connection.sendall(parts[-1])

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._sent_close = True  # half a frame is out: no other may follow
            raise

    def _send(self, data: bytes) -> None:
        with self._sending:
            connection = self.socket
            if connection is not None:
                with self._whole():
                    connection.sendall(data)

    def _flush(self) -> None:
        data: bytes = self._send_buffer
        self._send_buffer = b""
        if data:
            self._send(data)

    def end(self, code: int, reason: str) -> None:
        """Let the greenlet that reads end the connection, with *code* and *reason*."""
        self._ending = self._ending or CloseError(code, reason)
        self._shut(socket.SHUT_RD)

    def cut(self) -> None:
        """End the connection without a word: nothing can be sent any more."""
        self._sent_close = True
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.shutdown(how)

    def finish(self, code: int, reason: str) -> None:
        """Say good-bye if that is still possible, wait a moment for the other side, and close."""
        connection = self.socket
        if connection is None:
            return
        with contextlib.suppress(OSError, gevent.Timeout), gevent.Timeout(LINGER_SECONDS):
            if not self._sent_close:
                self.shutdown(socket.SHUT_RDWR, code, reason[:120])
            # Closing with something unread would reset the connection and lose the reason on its way.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(READ_BYTES):
                pass
        self._shut(socket.SHUT_RDWR)
        self._close()


def splice_all(source: int, target: socket.socket, length: int) -> None:
    """Move *length* bytes from the pipe *source* to *target* within the kernel (splice(2)).

    Raises TimeoutError when the target takes nothing for its own time-out.
    """
    while length:
        try:
            length -= os.splice(source, target.fileno(), length, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
        except BlockingIOError:
            wait_for(target.fileno(), select.POLLOUT, target.gettimeout())


def wait_for(fd: int, event: int, seconds: float | None) -> None:
    """Wait until *fd* is ready for *event* (POLLIN or POLLOUT). Raises TimeoutError after *seconds*."""
    hub = gevent.get_hub()
    watcher = hub.loop.io(fd, 1 if event == select.POLLIN else 2)
    try:
        with gevent.Timeout(seconds, TimeoutError("the other side does not move")):
            hub.wait(watcher)
    finally:
        watcher.close()
