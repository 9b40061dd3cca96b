"""The cookie file, read back as libXau reads it."""

from __future__ import annotations

import struct
from pathlib import Path

from tvcore.node.xauth import entry, write_cookie


def test_an_entry_is_what_xauthority_wants() -> None:
    name = b"MIT-MAGIC-COOKIE-1"
    assert entry(b"0123456789abcdef") == b"\xff\xff\0\0\0\0" + struct.pack("!H", 18) + name + b"\0\x100123456789abcdef"


def test_the_file_is_closed_to_others_and_new_each_time(tmp_path: Path) -> None:
    path = tmp_path / "xauthority"
    path.write_text("older, and open to others")
    path.chmod(0o644)
    write_cookie(path)
    first = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    write_cookie(path)
    assert path.read_bytes() != first
    assert len(first) == len(entry(bytes(16)))
