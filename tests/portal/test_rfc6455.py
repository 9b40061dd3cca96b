"""Whether the portal's WebSockets are as RFC 6455 wants them: the cases of the Autobahn test suite, by their numbers.

The client is wsproto, which holds what the portal sends to the same RFC; what it would not send goes out as bytes made
here. The stream is a tile's, whose display is an echo: what arrives there comes back, byte for byte. One difference is
meant: the portal speaks binary messages alone, so each text frame ends the connection with 1003 (section 7.4.1). Where
Autobahn sends text, the case is here twice: as text, and (``b`` behind its number) with the same bytes as binary.
Sections 9 (speed) and 12 and 13 (compression, which the portal does not offer) are left out; 10.1.1 is 1.2.8.
docs/websockets.md says the same for people.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, Request

from portal_kit import API, Browser, RunningJob, RunningPortal, connected
from tvcore.portal.websocket import FRAGMENTS_MAX

MESSAGE_MAX = 1 << 20
# What a display is greeted with, and the head of a clipboard as long as one may be: whatever follows is its text.
OPENING = b"RFB 003.008\n\x01\x01" + struct.pack("!B3xI", 6, MESSAGE_MAX)
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
UTF8 = "Hello-µ@ßöäüàá-UTF-8!!".encode()
BROKEN = bytes.fromhex("cebae1bdb9cf83cebcceb5eda080656469746564")  # 6.3.1: a surrogate within


def frame(opcode: int, payload: bytes = b"", fin: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """Return a frame as a client sends it."""
    length = len(payload)
    kind = length if length < 126 else 126 if length < 1 << 16 else 127
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode, (0x80 if masked else 0) | kind])
    head += struct.pack("!H", length) if kind == 126 else struct.pack("!Q", length) if kind == 127 else b""
    if not masked:
        return head + payload
    mask = b"\x37\xfa\x21\x3d"
    key = (mask * (length // 4 + 1))[:length]
    return head + mask + (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")


def close(code: int, reason: bytes = b"") -> bytes:
    """Return a close frame."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


@dataclass(frozen=True)
class Case:
    """What is *sent*, in pieces of *chop* bytes (0: at once), and what is to come of it.

    *code* is that of the portal's close frame; None: the connection goes on, as a last ping shows. *echo* is what the
    display gives back, *pongs* the payloads of the pongs: what came before an end may be lost.
    """

    sent: bytes
    code: int | None = None
    echo: bytes = b""
    pongs: tuple[bytes, ...] = ()
    chop: int = 0


def _both(opcode: int, payload: bytes, chop: int = 0, piece: int = 0) -> Case:
    """Return the case of a message: echoed if it is binary, refused if it is text."""
    pieces = [payload[i : i + piece] for i in range(0, len(payload), piece)] if piece else [payload]
    last = len(pieces) - 1
    sent = b"".join(frame(CONT if i else opcode, part, i == last) for i, part in enumerate(pieces))
    return Case(sent, 1003, chop=chop) if opcode == TEXT else Case(sent, echo=payload, chop=chop)


def _cases() -> Iterator[tuple[str, Case]]:
    yield from _framing()
    yield from _pings()
    yield from _reserved()
    yield from _opcodes()
    yield from _fragments()
    yield from _closing()


def _framing() -> Iterator[tuple[str, Case]]:
    sizes = [(0, 0), (125, 0), (126, 0), (127, 0), (128, 0), (65535, 0), (65536, 0), (65536, 997)]
    for number, (size, chop) in enumerate(sizes, 1):
        yield f"1.1.{number}", _both(TEXT, b"*" * size, chop)
        yield f"1.2.{number}", _both(BINARY, b"\xfe" * size, chop)


def _pings() -> Iterator[tuple[str, Case]]:
    binary, long = bytes.fromhex("00fffefdfcfb00ff"), b"\xfe" * 125
    ten = [f"payload-{number}".encode() for number in range(10)]
    yield "2.1", Case(frame(PING), pongs=(b"",))
    yield "2.2", Case(frame(PING, b"Hello, world!"), pongs=(b"Hello, world!",))
    yield "2.3", Case(frame(PING, binary), pongs=(binary,))
    yield "2.4", Case(frame(PING, long), pongs=(long,))
    yield "2.5", Case(frame(PING, long + b"\xfe"), 1002)
    yield "2.6", Case(frame(PING, long), pongs=(long,), chop=1)
    yield "2.7", Case(frame(PONG))
    yield "2.8", Case(frame(PONG, b"unsolicited pong payload"))
    yield "2.9", Case(frame(PONG, b"unsolicited") + frame(PING, b"ping"), pongs=(b"ping",))
    yield "2.10", Case(b"".join(frame(PING, each) for each in ten), pongs=tuple(ten))
    yield "2.11", Case(b"".join(frame(PING, each) for each in ten), pongs=tuple(ten), chop=1)


def _reserved() -> Iterator[tuple[str, Case]]:
    hello, ping = b"Hello, world!", frame(PING)
    for kind, good, name in ((TEXT, 1003, ""), (BINARY, 1002, "b")):
        yield f"3.1{name}", Case(frame(kind, hello, reserved=1), 1002)
        for number, chop in ((2, 0), (3, 19), (4, 1)):
            bad = frame(kind, hello) + frame(kind, hello, reserved=number) + ping
            yield f"3.{number}{name}", Case(bad, good, hello if kind == BINARY else b"", chop=chop)
    yield "3.5", Case(frame(BINARY, hello, reserved=5), 1002)
    yield "3.6", Case(frame(PING, hello, reserved=6), 1002)
    yield "3.7", Case(frame(CLOSE, b"\x03\xe8", reserved=7), 1002)


def _opcodes() -> Iterator[tuple[str, Case]]:
    hello, ping = b"Hello, world!", frame(PING)
    for section, first in ((1, 3), (2, 11)):
        for number in range(1, 6):
            bad = frame(first + number - 1, hello if number > 1 else b"")
            if number < 3:
                yield f"4.{section}.{number}", Case(bad, 1002)
                continue
            chop = {3: 0, 4: 19, 5: 1}[number]
            yield f"4.{section}.{number}", Case(frame(TEXT, hello) + bad + ping, 1003, chop=chop)
            yield f"4.{section}.{number}b", Case(frame(BINARY, hello) + bad + ping, 1002, hello, chop=chop)


def _fragments() -> Iterator[tuple[str, Case]]:
    yield "5.1", Case(frame(PING, b"frag", fin=False) + frame(CONT, b"ment"), 1002)
    yield "5.2", Case(frame(PONG, b"frag", fin=False) + frame(CONT, b"ment"), 1002)
    for kind, name in ((TEXT, ""), (BINARY, "b")):
        text = kind == TEXT
        first, second = frame(kind, b"fragment1", fin=False), frame(CONT, b"fragment2")
        for number, chop in ((3, 0), (4, 15), (5, 1)):
            yield f"5.{number}{name}", _both(kind, b"fragment1fragment2", chop, 9)
        for number, chop in ((6, 0), (7, 15), (8, 1)):
            sent = first + frame(PING, b"ping payload") + second
            good = Case(sent, echo=b"fragment1fragment2", pongs=(b"ping payload",), chop=chop)
            yield f"5.{number}{name}", Case(sent, 1003, chop=chop) if text else good
        for number, fin, chop in (
            (9, True, 0),
            (10, True, 22),
            (11, True, 1),
            (12, False, 0),
            (13, False, 22),
            (14, False, 1),
        ):
            nothing = frame(CONT, b"non-continuation payload", fin)
            yield f"5.{number}{name}", Case(nothing + frame(kind, b"Hello"), 1002, chop=chop)
        late = first + second + frame(CONT, b"fragment3", fin=False) + frame(kind, b"fragment4")
        yield f"5.15{name}", Case(late, 1003 if text else 1002, b"" if text else b"fragment1fragment2")
        for number, fin in ((16, False), (17, True)):
            nothing = frame(CONT, b"fragment1", fin)
            yield f"5.{number}{name}", Case((nothing + frame(kind, b"fragment2", False) + frame(CONT, b"3")) * 2, 1002)
        yield f"5.18{name}", Case(first + frame(kind, b"fragment2"), 1003 if text else 1002)
        parts = [f"fragment{number}".encode() for number in range(1, 6)]
        pings = (b"pongme 1!", b"pongme 2!")
        sent = (
            frame(kind, parts[0], False) + frame(CONT, parts[1], False) + frame(PING, pings[0])
            + frame(CONT, parts[2], False) + frame(CONT, parts[3], False) + frame(PING, pings[1])
            + frame(CONT, parts[4])
        )  # fmt: skip
        for number, chop in ((19, 60), (20, 0)):
            good = Case(sent, echo=b"".join(parts), pongs=pings, chop=chop)
            yield f"5.{number}{name}", Case(sent, 1003, chop=chop) if text else good


def _closing() -> Iterator[tuple[str, Case]]:
    bye, hello = close(1000), b"Hello World!"
    for kind, name in ((TEXT, ""), (BINARY, "b")):
        end, echo = (1003, b"") if kind == TEXT else (1000, hello)
        yield f"7.1.1{name}", Case(frame(kind, hello) + bye, end, echo)
        yield f"7.1.4{name}", Case(bye + frame(kind, hello), 1000)
        first = frame(kind, b"fragment1", fin=False)
        yield f"7.1.5{name}", Case(first + bye + frame(CONT, b"fragment2"), end)
        large = b"BAsd7&jh23" * 26214
        yield f"7.1.6{name}", Case(frame(kind, large) + bye + frame(PING), end, large if kind == BINARY else b"")
    yield "7.1.2", Case(bye + bye, 1000)
    yield "7.1.3", Case(bye + frame(PING), 1000)
    yield "7.3.1", Case(frame(CLOSE), 1005)
    yield "7.3.2", Case(frame(CLOSE, b"a"), 1002)
    yield "7.3.3", Case(bye, 1000)
    yield "7.3.4", Case(close(1000, b"Hello World!"), 1000)
    yield "7.3.5", Case(close(1000, b"*" * 123), 1000)
    yield "7.3.6", Case(close(1000, b"*" * 124), 1002)
    yield "7.5.1", Case(close(1000, BROKEN), 1007)
    valid = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    for number, code in enumerate(valid, 1):
        yield f"7.7.{number}", Case(close(code), code)
    for number, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield f"7.9.{number}", Case(close(code), 1002)
    yield "7.13.1", Case(close(5000), 1002)
    yield "7.13.2", Case(close(65535), 1002)


def _octets(text: bytes) -> list[bytes]:
    """Return a text message in fragments of a byte each."""
    last = len(text) - 1
    return [frame(CONT if i else TEXT, text[i : i + 1], i == last) for i in range(len(text))]


# Autobahn's section 6 is about the text of text messages: good or not, none is taken. By number: what it sends.
TEXTS: dict[str, list[bytes]] = {
    "6.1.1": [frame(TEXT)],
    "6.1.2": [frame(TEXT, fin=False), frame(CONT, fin=False), frame(CONT)],
    "6.1.3": [frame(TEXT, fin=False), frame(CONT, b"middle", fin=False), frame(CONT)],
    "6.2.1": [frame(TEXT, UTF8)],
    "6.2.2": [frame(TEXT, UTF8[:12], fin=False), frame(CONT, UTF8[12:])],
    "6.2.3": _octets(UTF8),
    "6.2.4": [frame(TEXT, "κόσμε".encode())],
    "6.3.1": [frame(TEXT, BROKEN)],
    "6.3.2": _octets(BROKEN),
    "6.4.1": [
        frame(TEXT, b"\xce\xba\xe1\xbd\xb9", fin=False),
        frame(CONT, b"\xf4\x90\x80\x80", fin=False),
        frame(CONT, b"edited"),
    ],
    "6.4.2": [frame(TEXT, b"\xce\xba\xf4", fin=False), frame(CONT, b"\x90", fin=False), frame(CONT, b"\x80\x80edited")],
    "6.4.3": [frame(TEXT, b"\xce\xba\xf4\x90\x80\x80edited")],
    "6.4.4": [frame(TEXT, b"\xce\xba\xf4\x90")],
    "6.5.1": [frame(TEXT, b"\xce\xba\xe1\xbd\xb9")],
    "6.6.1": [frame(TEXT, b"\xce")],
    "6.7.1": [frame(TEXT, b"\x00")],
    "6.8.1": [frame(TEXT, b"\xf8\x88\x80\x80\x80")],
    "6.9.1": [frame(TEXT, b"\x7f")],
    "6.10.1": [frame(TEXT, b"\xf7\xbf\xbf\xbf")],
    "6.11.1": [frame(TEXT, b"\xed\x9f\xbf")],
    "6.12.1": [frame(TEXT, b"\x80")],
    "6.13.1": [frame(TEXT, bytes(range(0xC0, 0xE0)))],
    "6.14.1": [frame(TEXT, b"\xc0")],
    "6.15.1": [frame(TEXT, b"\xc0\xe0\x80\xf0\x80\x80")],
    "6.16.1": [frame(TEXT, b"\xfe")],
    "6.17.1": [frame(TEXT, b"\xc0\xaf")],
    "6.18.1": [frame(TEXT, b"\xc1\xbf")],
    "6.19.1": [frame(TEXT, b"\xc0\x80")],
    "6.20.1": [frame(TEXT, b"\xed\xa0\x80")],
    "6.21.1": [frame(TEXT, b"\xed\xa0\x80\xed\xb0\x80")],
    "6.22.1": [frame(TEXT, b"\xef\xbf\xbe")],
    "6.23.1": [frame(TEXT, b"\xef\xbf\xb9")],
}  # fmt: skip
# What Autobahn has no number for, and RFC 6455 or this product has a word on.
MORE: dict[str, Case] = {
    "section 5.1: a frame that is not masked": Case(frame(BINARY, b"{}", masked=False), 1002),
    "section 5.1: a ping that is not masked": Case(frame(PING, masked=False), 1002),
    "section 5.4: fragments without a byte": Case(
        frame(BINARY, fin=False) + frame(CONT, fin=False) + frame(CONT, b"ab", fin=False) + frame(CONT), echo=b"ab"
    ),
    "section 5.4: a message of nothing but empty fragments": Case(
        frame(BINARY, fin=False) + frame(CONT) + frame(BINARY, b"x"), echo=b"x"
    ),
    "section 5.4: a close within a message": Case(frame(BINARY, b"a", fin=False) + close(1001, UTF8), 1001),
    "a length of 2^63": Case(b"\x82\xff" + struct.pack("!Q", 1 << 63) + bytes(4096), 1009),
    "a length of 2^64-1": Case(b"\x82\xff" + b"\xff" * 8, 1009),
    "one byte more than a message may have": Case(b"\x82\xff" + struct.pack("!Q", MESSAGE_MAX + 1), 1009),
    "more fragments than a message may have": Case(
        frame(BINARY, b"a", fin=False) + frame(CONT, b"a", fin=False) * FRAGMENTS_MAX, 1008
    ),
    "IANA: codes that came after the RFC": Case(close(1012), 1012),
    "section 7.4.1: a code that is never sent": Case(close(1015), 1002),
    "section 5.5.1: a reason that ends within a character": Case(close(1000, "é".encode()[:1]), 1007),
}
CASES = dict(_cases()) | {number: Case(b"".join(frames), 1003) for number, frames in TEXTS.items()} | MORE


def server_frames(data: bytes) -> list[tuple[int, bytes]]:
    """Return opcode and payload of each frame that a server sent: whole ones, without a mask."""
    found, at = [], 0
    while at < len(data):
        assert data[at] & 0xF0 == 0x80
        length, start = data[at + 1], at + 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, start = int.from_bytes(data[start : start + size], "big"), start + size
        at, opcode = start + length, data[at] & 0x0F
        assert at <= len(data)
        found.append((opcode, data[start:at]))
    return found


class Peer:
    """A client: wsproto, with a way to send what it would not."""

    def __init__(self, browser: Browser, path: str, ticket: str) -> None:
        portal = browser.portal
        self.connection = connected(portal)
        if self.connection.family != socket.AF_UNIX:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ws = WSConnection(ConnectionType.CLIENT)
        self.raw = bytearray()  # all that came after the handshake
        self.echo = bytearray()
        self.pongs: list[bytes] = []
        self.code: int | None = None
        headers = [(b"Cookie", browser.cookie.encode()), (b"Origin", portal.origin.encode())]
        protocols = ["tiledviz", f"ticket.{ticket}"]
        self.send(self.ws.send(Request(portal.host, API + path, subprotocols=protocols, extra_headers=headers)))
        self.accepted: AcceptConnection | None = None
        while self.accepted is None:
            self.receive()

    def send(self, data: bytes, chop: int = 0) -> None:
        """Send *data* as it is; the portal may have closed already."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for start in range(0, len(data), chop or len(data) or 1):
                self.connection.sendall(data[start : start + (chop or len(data))])

    def receive(self) -> bool:
        """Take what comes next; False at the end."""
        try:
            data = self.connection.recv(1 << 16)
        except ConnectionResetError:
            return False
        if not data:
            return False
        self.ws.receive_data(data)
        self.raw += data if self.accepted else data.partition(b"\r\n\r\n")[2]
        for event in self.ws.events():
            self._take(event)
        return True

    def _take(self, event: Any) -> None:
        if isinstance(event, AcceptConnection):
            self.accepted = event
        elif isinstance(event, BytesMessage):
            self.echo += event.data
        elif isinstance(event, Pong):
            self.pongs.append(bytes(event.payload))
        elif isinstance(event, Ping):
            self.send(self.ws.send(event.response()))
        else:
            assert isinstance(event, CloseConnection), event
            assert self.code is None, "the portal said good-bye twice"
            self.code = event.code

    def end(self) -> int | None:
        """Read to the end, and return the code of the portal's good-bye."""
        while self.receive():
            pass
        self.connection.close()
        # wsproto gives a code of its own to what is no frame: that of the portal is in its last one.
        opcode, payload = server_frames(bytes(self.raw))[-1]
        assert opcode == CLOSE
        assert self.code == (struct.unpack("!H", payload[:2])[0] if payload else 1005)
        return self.code


@pytest.fixture(scope="module")
def page(portal: RunningPortal) -> Browser:
    return portal.login()


@pytest.mark.parametrize("number", CASES)
def test_a_case_of_autobahn_ends_as_rfc_6455_wants(page: Browser, standing_job: RunningJob, number: str) -> None:
    case, tile = CASES[number], standing_job.tiles[0]
    peer = Peer(page, f"/tiles/{tile}/rfb", page.ticket("rfb", tile))
    assert peer.accepted is not None
    assert (peer.accepted.subprotocol, peer.accepted.extensions) == ("tiledviz", [])
    peer.send(frame(BINARY, OPENING))
    while len(peer.echo) < len(OPENING):
        assert peer.receive()
    del peer.echo[:]
    peer.send(case.sent, case.chop)
    if case.code is not None:
        assert peer.end() == case.code
        assert case.echo.startswith(bytes(peer.echo))
        assert tuple(peer.pongs) == case.pongs[: len(peer.pongs)]
        return
    while len(peer.echo) < len(case.echo):
        assert peer.receive(), peer.code
    peer.send(frame(PING, b"the last"))
    while peer.pongs[-1:] != [b"the last"]:
        assert peer.receive(), peer.code
    assert bytes(peer.echo) == case.echo
    assert tuple(peer.pongs[:-1]) == case.pongs
    peer.send(close(1000))
    assert peer.end() == 1000


def test_all_of_autobahns_sections_one_to_seven_are_here() -> None:
    counted = {1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: len(TEXTS), 7: 37}
    numbers = [number for number in CASES if number[0].isdigit() and not number.endswith("b")]
    assert {section: sum(number.startswith(f"{section}.") for number in numbers) for section in counted} == counted


# ---------------------------------------------------------- hostile connections


def resident(pid: int) -> int:
    """Return how many bytes of memory a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _endless(opcode: int, payload: bytes, fin: bool) -> Iterator[bytes]:
    yield frame(BINARY, b" ", fin=False)
    while True:
        yield frame(opcode, payload, fin) * 200


FLOODS: dict[str, tuple[Iterator[bytes], int | None]] = {
    "continuations without end": (_endless(CONT, b" ", fin=False), 1008),
    "empty continuations without end": (_endless(CONT, b"", fin=False), 1008),
    "large continuations without end": (_endless(CONT, bytes(60_000), fin=False), 1009),
    # Nothing more is taken from who does not take the answers, and a while later the connection is cut.
    "pings whose answers nobody reads": (_endless(PING, bytes(125), fin=True), None),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_costs_bounded_memory_and_nobody_else_anything(portal: RunningPortal, page: Browser, kind: str) -> None:
    flood, code = FLOODS[kind]
    before, bystander = resident(portal.process.pid), page.wall()
    peer = Peer(page, "/wall/stream", page.ticket("wall"))
    taken = []

    def send() -> None:
        with contextlib.suppress(OSError):
            while True:
                data = next(flood)
                peer.connection.sendall(data)
                taken.append(len(data))

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    for _ in range(10):
        bystander.say(demand=[])
        assert page.get("/wall").status == 200
        assert resident(portal.process.pid) - before < 64 << 20
        sender.join(0.1)
    if code is None:
        assert sum(taken) < 32 << 20
        peer.connection.shutdown(socket.SHUT_RDWR)
    else:
        assert peer.end() == code
    sender.join(20)
    assert not sender.is_alive()
    peer.connection.close()
    assert bystander.connection.ping().wait(15)
    bystander.close()
