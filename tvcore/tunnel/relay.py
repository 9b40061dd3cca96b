"""One stream through a node's tunnel: bytes between a unix socket here and a channel of SSH (RFC 4254, section 5).

Nothing is read that has nowhere to go: towards the portal the channel's window, towards the node the node's window
and one turn in the connection's queue bound what waits. The end of one direction is passed on by itself.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import Protocol

import gevent
from gevent import Timeout, socket
from gevent.event import Event

from tvcore.tunnel.line import Line

OPEN, OPENED, NOT_OPENED, ADJUST, DATA, EXTENDED, EOF, CLOSE, REQUEST, SUCCESS, FAILURE = range(90, 101)

# Bytes that a node may send ahead, per stream. A round trip waits for the full windows of the streams beside it: with
# three that saturate, p99 was 2, 9 and 28 ms at 128, 256 and 512 KiB on two busy cores, at equal throughput. 256 KiB
# carry 870 MB/s at a round trip of 0.3 ms.
WINDOW = 1 << 18
PACKET = 1 << 15  # bytes of a packet that a node may send
TURN = 1 << 17  # bytes that a stream may queue towards its node before others have had their turn
OPEN_SECONDS = 10.0

_HEAD = struct.Struct(">BI")
_COUNTED = struct.Struct(">BII")
_OPENING = struct.Struct(">III")


class ProtocolError(Exception):
    """The node does not keep to the protocol: its connection ends."""


class Packet(bytes):
    """One message of SSH, as paramiko sends it."""

    def asbytes(self) -> bytes:
        """Return the message."""
        return self


def text(value: str) -> bytes:
    """Return *value* as SSH writes it (RFC 4251, section 5)."""
    raw = value.encode()
    return struct.pack(">I", len(raw)) + raw


class Peer(Protocol):
    """The connection to the node, as its streams use it."""

    def send(self, packet: Packet, sent: Event | None = None) -> None:
        """Queue *packet*; *sent* is set when it is out. After the end of the connection nothing happens."""
        ...

    def forget(self, number: int) -> None:
        """Let the channel *number* go: both sides have closed it."""
        ...


class Stream:
    """The connection *local* of somebody here, to be brought to the node behind *peer* as channel *number*."""

    def __init__(self, peer: Peer, number: int, local: socket.socket) -> None:
        self._peer = peer
        self._number = number
        self._local = Line(local)
        self._theirs = 0  # the node's number of this channel
        self._answered = Event()  # or nobody waits for the answer any more
        self._opened = self._refused = False
        # towards the node
        self._window = 0
        self._packet = 0
        self._widened = Event()
        self._eof_sent = False
        self._close_sent = False
        # from the node
        self._allowed = WINDOW  # bytes that it may still send
        self._owed = 0  # bytes taken that it has not been told of
        self._queue: deque[bytes] = deque()
        self._eof_came = False
        self._close_came = False

    # ---------------------------------------------------------------- towards the node

    def run(self, address: str, port: int) -> None:
        """Open the channel to what the node forwards as *address* and *port*, and move bytes towards it to the end."""
        opening = b"\x5a" + text("forwarded-tcpip") + _OPENING.pack(self._number, WINDOW, PACKET)
        where = text(address) + struct.pack(">I", port)
        self._peer.send(Packet(opening + where + where))
        with Timeout(OPEN_SECONDS, False):
            self._answered.wait()
        if not self._opened:
            self.cut()
            return
        try:
            while not self._close_sent:
                if not self._window:
                    self._widened.clear()
                    self._widened.wait()
                    continue
                if not (data := self._local.recv(min(TURN, self._window))):
                    break
                self._send_data(data)
        except OSError:
            self._abort()
            return
        self._send_eof()

    def _send_data(self, data: bytes) -> None:
        sent = Event()
        view = memoryview(data)
        self._window -= len(data)
        for begin in range(0, len(data), self._packet):
            part = view[begin : begin + self._packet]
            last = begin + self._packet >= len(data)
            head = _COUNTED.pack(DATA, self._theirs, len(part))
            self._peer.send(Packet(b"".join((head, part))), sent if last else None)
        sent.wait()

    def _send_eof(self) -> None:
        if not self._eof_sent and not self._close_sent:
            self._eof_sent = True
            self._peer.send(Packet(_HEAD.pack(EOF, self._theirs)))
        self._end_if_done()

    def _send_close(self) -> None:
        if not self._close_sent:
            self._close_sent = True
            self._peer.send(Packet(_HEAD.pack(CLOSE, self._theirs)))
        self._widened.set()

    def _abort(self) -> None:
        """Nobody here wants more: tell the node, and leave."""
        self._queue.clear()
        if self._opened:
            self._send_close()
        self._local.close()

    def _end_if_done(self) -> None:
        """End the channel once both directions have, and let it go once both sides know."""
        if self._eof_sent and self._eof_came and not self._queue:
            self._send_close()
        if self._close_came and not self._queue:
            self._local.close()

    # ------------------------------------------------- from the node; called by whoever reads the connection

    def opened(self, theirs: int, window: int, packet: int) -> None:
        """Take the node's answer: the channel is open."""
        if self._opened or self._refused or not packet:
            raise ProtocolError("an answer to no question")
        self._theirs, self._window = theirs, window
        self._packet = min(packet, PACKET)
        self._opened = True
        self._answered.set()
        if self._close_sent:  # nobody waits for it any more
            self._close_sent = False
            self._send_close()

    def not_opened(self) -> None:
        """Take the node's answer: the agent does not listen."""
        if self._opened or self._refused:
            raise ProtocolError("an answer to no question")
        self._refused = True
        self._answered.set()
        self._peer.forget(self._number)

    def widened(self, count: int) -> None:
        """Take the node's leave to send *count* bytes more."""
        self._window += count
        if self._window >= 1 << 32:
            raise ProtocolError("a window beyond 4 GiB")
        self._widened.set()

    def received(self, data: bytes) -> None:
        """Take *data*: write it at once if the socket takes it, else keep it for ``_drain``."""
        if len(data) > self._allowed or self._eof_came or not self._opened:
            raise ProtocolError("bytes beyond the window")
        self._allowed -= len(data)
        if self._close_sent:
            return
        if not self._queue:
            try:
                taken = self._local.send_now(data)
            except OSError:
                self._abort()
                return
            self._took(taken)
            if taken < len(data):
                self._queue.append(data[taken:])
                gevent.spawn(self._drain)
        else:
            self._queue.append(data)

    def _drain(self) -> None:
        try:
            while self._queue:
                data = self._queue[0]
                self._local.sendall(data)
                if self._queue:
                    self._queue.popleft()
                    self._took(len(data))
        except OSError:
            self._abort()
            return
        if self._eof_came:
            self._local.shut_down()
        self._end_if_done()

    def _took(self, count: int) -> None:
        self._owed += count
        if self._owed >= WINDOW // 4 and not self._eof_came and not self._close_sent:
            self._allowed += self._owed
            self._peer.send(Packet(_COUNTED.pack(ADJUST, self._theirs, self._owed)))
            self._owed = 0

    def ended(self) -> None:
        """Take the end of what the node sends."""
        self._eof_came = True
        if not self._queue:
            self._local.shut_down()
        self._end_if_done()

    def closed(self) -> None:
        """Take the end of the channel."""
        if self._close_came:
            raise ProtocolError("a channel closed twice")
        self._eof_came = self._close_came = True
        self._send_close()
        self._peer.forget(self._number)
        self._end_if_done()

    def cut(self) -> None:
        """End at once: the connection is gone, or the channel was never opened."""
        self._close_sent = True
        self._queue.clear()
        self._answered.set()
        self._widened.set()
        self._local.close()
