"""The X cookie of one display, written as Xauthority(5) wants it, without xauth(1).

A file is a row of entries: family, then address, number, name and data, each preceded by its length;
all numbers are 16 bits in network byte order (libXau, AuFileName(3)).
"""

from __future__ import annotations

import os
import secrets
import struct
from pathlib import Path

NAME = b"MIT-MAGIC-COOKIE-1"
FAMILY_WILD = 0xFFFF  # good for any address: the file is used on this node only, by one display's programs
COOKIE_BYTES = 16


def entry(cookie: bytes) -> bytes:
    """Return the one entry of a file that gives *cookie* to every display of any host."""
    fields = (b"", b"", NAME, cookie)
    return struct.pack("!H", FAMILY_WILD) + b"".join(struct.pack("!H", len(field)) + field for field in fields)


def write_cookie(path: Path) -> None:
    """Write a fresh cookie to *path*, 0600 from the first byte on; an older file is replaced."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(entry(secrets.token_bytes(COOKIE_BYTES)))
