"""A browser's WebSocket (RFC 6455) on a gevent socket: websockify's protocol, with limits of our own.

What a peer may send is decided from each frame's header, before its payload is kept. Sending is for any
greenlet, one frame at a time; reading is for the one that accepted the connection, and there a peer that is
silent or slow ends with ``CloseError``.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from websockify.websocket import WebSocket, WebSocketWantReadError

from tvcore.portal.moving import READ, Part, Ready, send_all, splice_all

SUBPROTOCOL = "tiledviz"
READ_BYTES = 16384
SHORT_BYTES = 512  # of a payload that is unmasked as one number: quicker than as an array, as websockify does
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


class _Frame:
    """The time in which one frame is sent to a browser: nobody else sends meanwhile."""

    def __init__(self, browser: BrowserSocket) -> None:
        self._browser = browser

    def __enter__(self) -> socket.socket:
        return self._browser.begin_frame()

    def __exit__(self, kind: object, *_: object) -> None:
        self._browser.end_frame(whole=kind is None)


class BrowserSocket(WebSocket):  # type: ignore[misc]
    """One browser's connection; messages of at most *message_max* bytes come in."""

    _send_buffer: bytes
    _sent_close: bool

    def __init__(self, message_max: int) -> None:
        super().__init__()
        self._message_max = message_max
        self._unfinished = 0
        self._fragments = 0
        self._sending = BoundedSemaphore(1)
        self._frame = _Frame(self)
        self._heard = time.monotonic()
        self._ending: CloseError | None = None
        self._readable: Ready | None = None

    def open(self, connection: socket.socket, key: str) -> None:
        """Answer the opening handshake whose *key* was checked."""
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(PING_SECONDS)
        self._readable = Ready(connection.fileno(), READ, PING_SECONDS)
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
        if self.socket is None or self._readable is None:
            return False
        # Waited for even if there is something: a peer that always has some must not keep others waiting.
        self._readable.wait(first=True)
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
        if self._readable is not None:
            self._readable.close()
            self._readable = None
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

    def _unmask(self, buf: bytes, mask: bytes) -> bytes:
        if len(buf) > SHORT_BYTES:
            unmasked: bytes = super()._unmask(buf, mask)
            return unmasked
        key = (mask * (len(buf) // 4 + 1))[: len(buf)]
        return (int.from_bytes(buf, "little") ^ int.from_bytes(key, "little")).to_bytes(len(buf), "little")

    # --------------------------------------------------------------- sending

    def send_parts(self, *parts: Part) -> None:
        """Send one binary message made of *parts*, none of which is copied. Raises CloseError or OSError."""
        header = frame_header(sum(map(len, parts)))
        with self._frame as connection:
            send_all(connection, (header, *parts))

    def send_spliced(self, first: bytes, pipe: int, count: int) -> None:
        """Send one binary message: *first*, and *count* bytes out of *pipe*, which the kernel moves.

        Raises CloseError or OSError.
        """
        header = frame_header(len(first) + count)
        with self._frame as connection:
            send_all(connection, (header, first), socket.MSG_MORE if count else 0)
            splice_all(pipe, connection, count)

    def begin_frame(self) -> socket.socket:
        """Wait for one's turn to send a frame and return the connection. Raises CloseError when it is at its end."""
        self._sending.acquire()
        connection: socket.socket | None = self.socket
        if connection is None or self._sent_close:
            self._sending.release()
            raise CloseError(GOING_AWAY, "the connection is closed")
        return connection

    def end_frame(self, whole: bool) -> None:
        """Let others send, unless the frame was interrupted: nothing may follow half a frame."""
        self._sent_close = self._sent_close or not whole
        self._sending.release()

    def _send(self, data: bytes) -> None:
        with self._sending:
            if self.socket is not None:
                try:
                    send_all(self.socket, (data,))
                except BaseException:
                    self._sent_close = True
                    raise

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
