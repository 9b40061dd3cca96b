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
import ssl
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from websockify.websocket import WebSocket, WebSocketWantReadError

from tvcore.portal.moving import READ, Part, Ready, send_all, shut, splice_all

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
_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


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


def check_close(payload: bytes) -> None:
    """Check what a close frame from a client says (RFC 6455, sections 5.5.1 and 7.4). Raises CloseError."""
    if not payload:
        return
    code = int.from_bytes(payload[:2], "big")
    # 1004 to 1006 and 1015 are never sent, and what has no meaning yet is not either; 1012 to 1014 came later (IANA).
    if len(payload) == 1 or not (code in _CODES or 3000 <= code <= 4999):
        raise CloseError(PROTOCOL_ERROR, "no such code may close a connection")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise CloseError(BAD_PAYLOAD, "the reason is not UTF-8") from None


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
        self._parting = False  # the peer said good-bye
        self._sending = BoundedSemaphore(1)
        self._frame = _Frame(self)
        self._heard = time.monotonic()
        self._ending: CloseError | None = None
        self._told_to_end = Event()
        self._readable: Ready | None = None
        self._headers: Iterable[tuple[str, str]] = ()
        self.came_from = ""  # an address, for the audit
        self.pay: Callable[[int, int], float] | None = None  # for frames and bytes that came; how long to wait then
        self._owes = [0, 0]
        self.sent_bytes = 0
        self.sent_messages = 0

    def open(self, connection: socket.socket, key: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Answer the opening handshake whose *key* was checked, with *headers* besides its own."""
        self._headers = headers
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

    def end_headers(self) -> None:
        """End the answer to the handshake."""
        for name, value in self._headers:
            self.send_header(name, value)
        super().end_headers()

    # ------------------------------------------------------------- receiving

    def messages(self) -> Iterator[bytes]:
        """Yield each message until the browser closes; silence is answered by pings, then by the end."""
        while True:
            self._pay()
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
            if self._ending is not None:  # what came before that is nobody's any more
                raise self._ending
            if message is None:
                return
            yield message

    def owe(self, frames: int) -> None:
        """Have the last message paid for as so many frames more, before the next one is read."""
        self._owes[0] += frames

    def _pay(self) -> None:
        """Wait for as long as what came costs: a flood, of whatever kind, is for who sends it to wait out."""
        owes, self._owes = self._owes, [0, 0]
        if any(owes) and self.pay is not None and (seconds := self.pay(*owes)):
            self.rest(seconds)

    def rest(self, seconds: float) -> None:
        """Have the greenlet that reads do nothing for so long. Raises CloseError when the connection is to end."""
        gevent.sleep(0)
        self._told_to_end.wait(seconds)
        if self._ending is not None:
            raise self._ending

    def _recv(self) -> bool:
        if self.socket is None or self._readable is None:
            return False
        # Waited for even if there is something: a peer that always has some must not keep others waiting. What was
        # decrypted already is not seen by the kernel.
        if not isinstance(self.socket, ssl.SSLSocket) or not self.socket.pending():
            self._readable.wait(first=True)
        if self._ending is not None:  # before reading the end, after which nothing more can be encrypted
            raise self._ending
        try:
            data = self.socket.recv(READ_BYTES)
        except OSError:
            if self._ending is not None:  # who ended the connection woke us by shutting it
                raise self._ending from None
            raise
        if self._ending is not None:
            raise self._ending
        self._heard = time.monotonic()
        self._owes[1] += len(data)
        self._recv_buffer += data
        return bool(data)

    def _close(self) -> None:
        if self._readable is not None:
            self._readable.close()
            self._readable = None
        if self.socket is not None:
            super()._close()

    def _decode_hybi(self, buf: bytes) -> Any:
        # What follows a good-bye is nothing any more (section 5.5.1).
        header = None if self._parting else read_header(buf)
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
        if frame is None:
            return None
        self._owes[0] += 1
        if opcode == CLOSE:
            check_close(frame["payload"])
            self._parting = True
        elif opcode < CLOSE:
            if opcode == CONTINUATION and not self._unfinished:
                frame["opcode"] = BINARY  # websockify takes fragments without a byte for none
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
        self._count(sum(map(len, parts)))

    def send_spliced(self, first: bytes, pipe: int, count: int) -> None:
        """Send one binary message: *first*, and *count* bytes out of *pipe*, which the kernel moves.

        Raises CloseError or OSError.
        """
        header = frame_header(len(first) + count)
        with self._frame as connection:
            send_all(connection, (header, first), socket.MSG_MORE if count else 0)
            splice_all(pipe, connection, count)
        self._count(len(first) + count)

    def _count(self, size: int) -> None:
        self.sent_bytes += size
        self.sent_messages += 1

    def begin_frame(self) -> socket.socket:
        """Wait for one's turn to send a frame and return the connection. Raises CloseError when it is at its end."""
        self._sending.acquire()
        connection: socket.socket | None = self.socket
        if connection is None or self._sent_close:
            self._sending.release()
            raise CloseError(GOING_AWAY, "the connection is closed")
        if self._ending is not None:  # who lost the right to see hears good-bye, and nothing else
            self._sending.release()
            raise self._ending
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
        self._told_to_end.set()
        self._shut(socket.SHUT_RD)

    def cut(self) -> None:
        """End the connection without a word: nothing can be sent any more. One that ends is left to who reads."""
        if self._ending is not None:
            return
        self._sent_close = True
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        if self.socket is not None:
            with contextlib.suppress(OSError):
                shut(self.socket, how)

    def finish(self, code: int, reason: str) -> None:
        """Say good-bye if that is still possible, wait a moment for the other side, and close."""
        connection = self.socket
        if connection is None:
            return
        with contextlib.suppress(OSError, gevent.Timeout), gevent.Timeout(LINGER_SECONDS):
            if not self._sent_close:
                self.shutdown(socket.SHUT_RDWR, code, reason[:120])
            # Closing with something unread would reset the connection and lose the reason on its way.
            shut(connection, socket.SHUT_WR)
            while connection.recv(READ_BYTES):
                pass
        self._shut(socket.SHUT_RDWR)
        self._close()
