"""A display to run a program in, and a look at its picture: an RFB client of twenty lines (RFC 6143)."""

from __future__ import annotations

import os
import secrets
import select
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]  # (height, width, 3): red, green, blue


@dataclass(frozen=True)
class Display:
    """An Xvnc that runs."""

    number: int
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a program in this display."""
        return {**os.environ, "DISPLAY": f":{self.number}", "XAUTHORITY": str(self.folder / "auth")}

    def picture(self) -> Picture:
        """Return what the display shows."""
        with self._viewer() as connection:
            return _grab(connection)

    def press(self, *keys: str) -> None:
        """Press and release each of *keys*."""
        with self._viewer() as connection:
            _open(connection)
            for key in keys:
                for down in (1, 0):
                    connection.sendall(struct.pack("!BBxxI", 4, down, ord(key)))
            _settle(connection)

    def drag(self, *points: tuple[int, int]) -> None:
        """Move the pointer over *points* with the left button down, and let go."""
        with self._viewer() as connection:
            _open(connection)
            for x, y in points:
                connection.sendall(struct.pack("!BBHH", 5, 1, x, y))
            connection.sendall(struct.pack("!BBHH", 5, 0, *points[-1]))
            _settle(connection)

    @contextmanager
    def _viewer(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(str(self.folder / "rfb"))
            yield connection


@contextmanager
def display(folder: Path, *options: str, size: str = "640x480") -> Iterator[Display]:
    """Run an Xvnc of its own in *folder*, reached by unix socket and cookie alone."""
    folder.mkdir(mode=0o700)
    write_cookie(folder / "auth")
    read_end, write_end = os.pipe()
    xvnc = shutil.which("Xvnc")
    assert xvnc, "Xvnc is not installed: as root, apt-get install tigervnc-standalone-server"
    # with its abstract socket Xvnc takes no number that another one has
    command = [xvnc, "-displayfd", str(write_end), "-geometry", size, "-depth", "24", "-rfbport", "-1"]
    command += ["-rfbunixpath", str(folder / "rfb"), "-rfbunixmode", "0600", "-SecurityTypes", "None"]
    command += ["-nolisten", "tcp", "-auth", str(folder / "auth"), "-FrameRate", "120", *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, pass_fds=[write_end], stdout=log, stderr=log)
    os.close(write_end)
    try:
        yield Display(_read_number(read_end), folder)
    finally:
        os.close(read_end)
        process.terminate()
        process.wait(20)


def write_cookie(path: Path) -> None:
    """Write a fresh cookie for every display into *path* (Xau(3): family wild, no address, no number)."""
    name, cookie = b"MIT-MAGIC-COOKIE-1", secrets.token_bytes(16)
    fields = b"".join(struct.pack("!H", len(part)) + part for part in (b"", b"", name, cookie))
    path.touch(0o600)
    path.write_bytes(struct.pack("!H", 0xFFFF) + fields)


def _read_number(handle: int) -> int:
    said = b""
    while not said.endswith(b"\n"):
        assert select.select([handle], [], [], 30)[0], "Xvnc did not come up"
        more = os.read(handle, 16)
        assert more, "Xvnc ended"
        said += more
    return int(said)


def _read(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = connection.recv(count - len(data))
        assert more, "the display closed the connection"
        data += more
    return bytes(data)


def _open(connection: socket.socket) -> tuple[int, int]:
    """Do the handshake, ask for red, green, blue and an unused byte, uncompressed, and return width and height."""
    _read(connection, 12)
    connection.sendall(b"RFB 003.008\n")
    assert 1 in _read(connection, _read(connection, 1)[0])
    connection.sendall(b"\1")
    assert _read(connection, 4) == b"\0\0\0\0"
    connection.sendall(b"\1")
    width, height = struct.unpack("!HH", _read(connection, 4))
    _read(connection, 16)
    _read(connection, struct.unpack("!I", _read(connection, 4))[0])
    connection.sendall(struct.pack("!BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 0, 8, 16))
    connection.sendall(struct.pack("!BxHi", 2, 1, 0))
    return width, height


def _settle(connection: socket.socket) -> None:
    """Wait until the display has taken all that was sent: it answers in order."""
    connection.sendall(struct.pack("!BBHHHH", 3, 0, 0, 0, 1, 1))
    _read(connection, 1)


def _grab(connection: socket.socket) -> Picture:
    width, height = _open(connection)
    connection.sendall(struct.pack("!BBHHHH", 3, 0, 0, 0, width, height))
    picture = np.zeros((height, width, 4), np.uint8)
    kind, count = struct.unpack("!BxH", _read(connection, 4))
    assert kind == 0
    for _ in range(count):
        x, y, w, h, encoding = struct.unpack("!HHHHi", _read(connection, 12))
        assert encoding == 0
        raw = _read(connection, w * h * 4)
        picture[y : y + h, x : x + w] = np.frombuffer(raw, np.uint8).reshape(h, w, 4)
    return picture[..., :3]
