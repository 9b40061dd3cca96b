"""One node's SSH connection, seen from the login node: what a node may do, and nothing else.

paramiko speaks the transport and the authentication (RFC 4253, RFC 4252). What comes after them (RFC 4254) is here
and in ``relay``: one ``tcpip-forward`` is accepted, which binds nothing, and the channels are those that we open.
Whatever else a node asks for, a session, another forward, an unknown request, is refused in one place.

Why not paramiko's own channels: they take bytes beyond their window, may send data after the channel's end (on
which OpenSSH ends the whole connection: seen within seconds with threads), and wait for a key exchange in the very
greenlet that has to finish it. Why greenlets: three saturating streams took 4.0 CPU s/GB with paramiko's channels
and threads, 1.9 with them and greenlets, 1.1 as here, at 300, 340 and 560 MB/s.
"""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import gevent
import paramiko
from gevent import socket
from gevent.event import Event
from paramiko.common import MSG_GLOBAL_REQUEST, MSG_REQUEST_FAILURE, MSG_REQUEST_SUCCESS
from paramiko.message import Message
from paramiko.packet import NeedRekeyException, Packetizer
from paramiko.ssh_exception import SSHException

from tvcore.tunnel.line import Line
from tvcore.tunnel.relay import (
    ADJUST,
    CLOSE,
    DATA,
    EOF,
    EXTENDED,
    FAILURE,
    NOT_OPENED,
    OPENED,
    REQUEST,
    SUCCESS,
    Packet,
    ProtocolError,
    Stream,
    text,
)

FORWARDED_PORT = 1  # only a name: no port is bound
FIRST_PACKET_MAX = 35_000  # bytes, before the node is known (RFC 4253, section 6.1)
PACKET_MAX = 1 << 18  # bytes, as OpenSSH
BUFFER = 1 << 19
BANNER_MAX = 1024  # bytes of the lines before the first packet
OUTBOX_MAX = 8192  # packets that wait; only a node that asks and asks and reads no answer gets there
STREAMS_MAX = 1024
TICK = 1.0  # seconds after which a reader without bytes looks whether it is time for new keys
PATIENCE = 12.0  # seconds without a byte after which a node is taken for dead
ASK_AFTER = 4.0  # seconds without a byte after which it is asked
OPEN_REFUSED = 1  # SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
ATTEMPTS = 3  # keys that one connection may try


class Packets(Packetizer):  # type: ignore[misc]
    """paramiko's packets, with limits on what strangers may send, and many packets per system call."""

    # New keys after 64 GB, as OpenSSH does for AES (RFC 4344, section 3.2); paramiko's 0.5 GB is every other second.
    REKEY_BYTES = REKEY_BYTES_OVERFLOW_MAX = 1 << 36
    REKEY_PACKETS = REKEY_PACKETS_OVERFLOW_MAX = 1 << 31

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._line = line
        self._most = FIRST_PACKET_MAX
        self._buffer = memoryview(bytearray(FIRST_PACKET_MAX + 1024))
        self._begin = self._end = 0
        self.heard = time.monotonic()  # when the last bytes came

    def trust(self) -> None:
        """Take packets of full size from now on."""
        buffer = memoryview(bytearray(BUFFER))
        kept = self._end - self._begin
        buffer[:kept] = self._buffer[self._begin : self._end]
        self._most, self._buffer, self._begin, self._end = PACKET_MAX, buffer, 0, kept

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Return *n* bytes. Raises EOFError at the end, SSHException for a packet that is too large."""
        if n > self._most:
            raise SSHException(f"a packet of {n} bytes")
        while self._end - self._begin < n:
            self._fill(check_rekey and self._end == self._begin)
        taken = bytes(self._buffer[self._begin : self._begin + n])
        self._begin += max(n, 0)
        return taken

    def readline(self, timeout: float) -> str:
        """Return the next line of those before the first packet."""
        while (at := bytes(self._buffer[self._begin : self._end]).find(b"\n")) < 0:
            if self._end - self._begin > BANNER_MAX:
                raise SSHException("no version line")
            self._fill(False)
        line = bytes(self._buffer[self._begin : self._begin + at])
        self._begin += at + 1
        if self._begin > BANNER_MAX:
            raise SSHException("too much before the version line")
        return line.rstrip(b"\r").decode()

    def _fill(self, check_rekey: bool) -> None:
        """Read some bytes more."""
        if self._begin == self._end:
            self._begin = self._end = 0
        elif len(self._buffer) - self._begin < self._most:
            kept = bytes(self._buffer[self._begin : self._end])
            self._buffer[: len(kept)] = kept
            self._begin, self._end = 0, len(kept)
        while True:
            try:
                count = self._line.recv_into(self._buffer[self._end :], TICK)
                break
            except TimeoutError:
                if check_rekey and self.need_rekey():
                    raise NeedRekeyException from None
        if not count:
            raise EOFError
        self._end += count
        self.heard = time.monotonic()

    def start_handshake(self, timeout: float) -> None:
        """Do nothing: how long a stranger may take is the endpoint's to say."""

    def complete_handshake(self) -> None:
        """Do nothing, as ``start_handshake``."""


@dataclass(frozen=True)
class Desk:
    """Who decides, and who is told: *admit* takes user name and key (``TYPE BASE64``) and returns whether they are
    good; *up* is called when the node's forward stands, *down* with the reason when the connection has ended.
    """

    admit: Callable[[Connection, str, str], bool]
    up: Callable[[Connection], None]
    down: Callable[[Connection, str], None]


class _Doorman(paramiko.ServerInterface):  # type: ignore[misc]
    """Lets a node in by its key, and by nothing else."""

    def __init__(self, connection: Connection, desk: Desk) -> None:
        self._connection = connection
        self._desk = desk
        self._good = ("", "")
        self._attempts = 0

    def get_allowed_auths(self, username: str) -> str:
        """Return the one way in."""
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Return whether *key* may come in as *username*; paramiko checks the signature, and asks a second time."""
        shown = f"{key.get_name()} {key.get_base64()}"
        if (username, shown) == self._good:
            return int(paramiko.AUTH_SUCCESSFUL)
        self._attempts += 1
        if self._attempts <= ATTEMPTS and self._desk.admit(self._connection, username, shown):
            self._good = (username, shown)
            return int(paramiko.AUTH_SUCCESSFUL)
        if self._attempts >= ATTEMPTS:
            gevent.spawn_later(0.1, self._connection.cut, "too many keys")
        return int(paramiko.AUTH_FAILED)


class Connection(paramiko.Transport):  # type: ignore[misc]
    """A node's connection over *line* from the address *origin*; *desk* is asked and told."""

    _CLIENT_ID = "TiledViz"
    _preferred_ciphers = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
    _preferred_macs = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-256")  # named only: these ciphers need none
    _preferred_keys = ("ssh-ed25519",)
    _preferred_pubkeys = ("ssh-ed25519",)
    _preferred_kex = tuple(
        name
        for name in paramiko.Transport._preferred_kex
        if name.startswith(("mlkem768x25519", "curve25519", "ecdh-sha2-nistp256"))
    )

    def __init__(self, line: Line, origin: str, host_key: paramiko.PKey, desk: Desk) -> None:
        super().__init__(line, packetizer_class=Packets)
        self.add_server_key(host_key)
        self.origin = origin
        self.forward: str | None = None  # the address that the node calls its forward
        self._desk = desk
        self._reason = "the node's ssh ended"
        self._streams: dict[int, Stream] = {}
        self._next = 0
        self._outbox: deque[tuple[Packet, Event | None]] = deque()
        self._filled = Event()
        self._over = False
        for number, take in (
            (OPENED, self._opened),
            (NOT_OPENED, self._not_opened),
            (ADJUST, lambda stream, message: stream.widened(message.get_int())),
            (DATA, self._data),
            (EXTENDED, lambda stream, message: None),
            (EOF, lambda stream, message: stream.ended()),
            (CLOSE, lambda stream, message: stream.closed()),
            (REQUEST, self._request),
            (SUCCESS, lambda stream, message: None),
            (FAILURE, lambda stream, message: None),
        ):
            self._handler_table[number] = self._for_stream(take)

    # ---------------------------------------------------------------- life

    def begin(self) -> None:
        """Begin to speak, in a greenlet of its own."""
        self.start_server(Event(), _Doorman(self, self._desk))
        gevent.spawn(self._write)

    def run(self) -> None:
        """Read to the end (the greenlet's body)."""
        try:
            super().run()
        finally:
            self._over = True
            self.sock.close()
            for stream in list(self._streams.values()):
                stream.cut()
            self._streams.clear()
            self._filled.set()
            self._desk.down(self, self._reason)

    def cut(self, reason: str) -> None:
        """End the connection; *reason* goes into the log."""
        if not self._over:
            self._reason = reason
            self.active = False
            self.packetizer.close()
            self.sock.close()

    def _auth_trigger(self) -> None:
        super()._auth_trigger()
        self.packetizer.trust()

    def look(self, now: float) -> None:
        """Ask the node for a sign of life after a silence, and cut it off after a long one; call it every second."""
        silent = now - self.packetizer.heard
        if silent > PATIENCE:
            self.cut(f"nothing came from the node for {silent:.0f} s")
        elif silent > ASK_AFTER and self.forward is not None:
            self.send(Packet(bytes([MSG_GLOBAL_REQUEST]) + text("keepalive@openssh.com") + b"\x01"))

    # ---------------------------------------------------------------- what goes out

    def send(self, packet: Packet, sent: Event | None = None) -> None:
        """Queue *packet* behind all that was queued before: nothing overtakes, so nothing follows a channel's end."""
        if self._over or len(self._outbox) >= OUTBOX_MAX:
            if sent:
                sent.set()
            self.cut("the node reads nothing")
            return
        self._outbox.append((packet, sent))
        self._filled.set()

    def _write(self) -> None:
        sent: Event | None = None
        try:
            while not self._over:
                self._filled.wait()
                self._filled.clear()
                while self._outbox:
                    packet, sent = self._outbox.popleft()
                    self._send_user_message(packet)  # waits while keys are exchanged
                    if sent:
                        sent.set()
        except (OSError, EOFError, SSHException):
            self.cut("the connection broke")
        finally:
            self._over = self._over or not self.active
            for waiting in (sent, *(event for _, event in self._outbox)):
                if waiting:
                    waiting.set()
            self._outbox.clear()

    def relay(self, local: socket.socket) -> None:
        """Bring the connection *local* to the node, to its end."""
        if self._over or self.forward is None or len(self._streams) >= STREAMS_MAX:
            local.close()
            return
        while self._next in self._streams:
            self._next = (self._next + 1) & 0x7FFFFFFF
        number, self._next = self._next, (self._next + 1) & 0x7FFFFFFF
        stream = self._streams[number] = Stream(self, number, local)
        stream.run(self.forward, FORWARDED_PORT)

    def forget(self, number: int) -> None:
        """Let the channel *number* go."""
        self._streams.pop(number, None)

    # ---------------------------------------------------------------- what comes in

    def _for_stream(self, take: Callable[[Stream, Message], None]) -> Callable[[Message], None]:
        def handle(message: Message) -> None:
            stream = self._streams.get(message.get_int())
            try:
                if stream is None:
                    raise ProtocolError("a channel that is not open")
                take(stream, message)
            except ProtocolError as error:
                self._reason = f"its ssh does not keep to the protocol: {error}"
                raise SSHException(str(error)) from None

        return handle

    def _opened(self, stream: Stream, message: Message) -> None:
        stream.opened(message.get_int(), message.get_int(), message.get_int())

    def _not_opened(self, stream: Stream, message: Message) -> None:
        stream.not_opened()

    def _data(self, stream: Stream, message: Message) -> None:
        raw = message.asbytes()
        data = raw[8:]
        if len(raw) < 8 or int.from_bytes(raw[4:8], "big") != len(data):
            raise ProtocolError("a packet of another length than it says")
        stream.received(data)

    def _request(self, stream: Stream, message: Message) -> None:
        """Refuse whatever is asked of a channel (``eow@openssh.com`` wants no answer)."""
        message.get_text()
        if message.get_boolean():
            raise ProtocolError("a request that no node makes")

    def _parse_channel_open(self, message: Message) -> None:
        """Refuse every channel that a node wants to open: sessions, forwards, agents, displays."""
        message.get_text()
        body = struct.pack(">BII", NOT_OPENED, message.get_int(), OPEN_REFUSED)
        self.send(Packet(body + text("a node only offers its streams") + text("")))

    def _parse_global_request(self, message: Message) -> None:
        """Accept the one forward, once; refuse all else (``keepalive@openssh.com`` is answered by that)."""
        kind, wanted = message.get_text(), message.get_boolean()
        good = False
        if kind == "tcpip-forward" and self.forward is None:
            address, port = message.get_text(), message.get_int()
            good = port == FORWARDED_PORT
            if good:
                self.forward = address
                self._desk.up(self)
        if wanted:
            self.send(Packet(bytes([MSG_REQUEST_SUCCESS if good else MSG_REQUEST_FAILURE])))
