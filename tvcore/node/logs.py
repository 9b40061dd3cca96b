"""The log of one tile's program: kept whole at the end, bounded in size and rate."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from tvcore.paths import write_atomic

LIMIT = 1 << 20  # bytes of a log; beyond it the older half goes
RATE = 1 << 20  # bytes a second taken from a program: one that prints more waits for us, not we for it
CHUNK = 1 << 16
NOTE = "[tiledviz] "  # before lines of our own


class Log:
    """A file, 0600, that holds the last lines written to it, at most LIMIT bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open()

    def _open(self) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.fchmod(handle, 0o600)
        self._file = os.fdopen(handle, "ab", buffering=0)
        self._size = self._file.seek(0, os.SEEK_END)

    def write(self, data: bytes) -> None:
        """Append *data*. A full disk loses lines, never the tile."""
        with contextlib.suppress(OSError):
            self._file.write(data)
            self._size += len(data)
            if self._size > LIMIT:
                self._shorten()

    def _shorten(self) -> None:
        tail = self.path.read_bytes()[-LIMIT // 2 :]
        write_atomic(self.path, tail[tail.find(b"\n") + 1 :])
        self._file.close()
        self._open()

    def note(self, text: str) -> None:
        """Append a line of our own."""
        self.write(f"{NOTE}{text}\n".encode())

    def tail(self, lines: int) -> list[str]:
        """Return the last *lines* lines."""
        return tail(self.path, lines)

    def close(self) -> None:
        """Close the file; what is in it stays."""
        self._file.close()


def tail(path: Path, lines: int) -> list[str]:
    """Return the last *lines* lines of the file *path*, none where it cannot be read."""
    try:
        text = path.read_bytes()[-LIMIT:].decode("utf-8", "replace")
    except OSError:
        return []
    return text.splitlines()[-lines:] if lines > 0 else []


class Drain:
    """Moves what comes out of a pipe into a log, until the pipe's last writer is gone."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._resume: asyncio.TimerHandle | None = None
        self._read, self.write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._read, False)
        self._loop.add_reader(self._read, self._move)

    def _move(self) -> None:
        try:
            data = os.read(self._read, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        self._log.write(data)
        if len(data) > CHUNK // 8:  # a flood: come back when it is within the rate
            self._loop.remove_reader(self._read)
            self._resume = self._loop.call_later(len(data) / RATE, self._loop.add_reader, self._read, self._move)

    def close(self) -> None:
        """Take what is in the pipe still, at most CHUNK bytes, and end."""
        if self._read < 0:
            return
        if self._resume:
            self._resume.cancel()
        self._loop.remove_reader(self._read)
        with contextlib.suppress(BlockingIOError):
            self._log.write(os.read(self._read, CHUNK))
        os.close(self._read)
        self._read = -1
