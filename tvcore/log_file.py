"""The file that several processes write what they say into, kept to a size without losing a line of any of them.

One that has grown becomes ``FILE.1`` (what was that ``.2``, and so on), and ``FILE`` begins anew. The file moves, not
what is in it: who has it open goes on in ``FILE.1``, until they look and have their handle be at ``FILE`` again. Each
process of ours looks before it writes. That is a matter of names alone, so that it is done at once, and nobody waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path

MOST = 8 << 20  # bytes of a file
FILES = 4  # kept, the one that is written to among them
NAME = "TILEDVIZ_LOG"  # in the environment of our own processes: where the file began that they may inherit as FILE.1


class LogFile:
    """The file that is open as *handle*; a handle of what is no regular file, or has no name, is left alone."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.path = _path(handle)

    def keep(self) -> None:
        """Have the handle be at the file of that name, begun anew if it had more than ``MOST`` bytes.

        Raises OSError, as when another process is just doing it: what is written goes to the file it was at.
        """
        if self.path is None:
            return
        ours = os.fstat(self._handle)
        if _same(ours, _found(self.path)):
            if ours.st_size <= MOST:
                return
            _move_on(self.path, ours)
        _reopen(self.path, ours, self._handle)


def _path(handle: int) -> Path | None:
    ours = os.fstat(handle)
    if not stat.S_ISREG(ours.st_mode):
        return None
    path = Path(os.readlink(f"/proc/self/fd/{handle}"))
    said = os.environ.get(NAME)
    if said and path in (_older(Path(said), number) for number in range(1, FILES)):
        return Path(said)  # it was put aside while this process started
    return path if _same(ours, _found(path)) else None


def _found(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _same(one: os.stat_result, other: os.stat_result | None) -> bool:
    return other is not None and (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _move_on(path: Path, ours: os.stat_result) -> None:
    """Put *path* aside, unless that is done."""
    # One of its own, and so a lock against every other process; it stays with the file, whatever that is called.
    with path.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not (_same(ours, os.fstat(file.fileno())) and _same(ours, _found(path))):
            return
        for number in range(FILES - 1, 1, -1):
            with contextlib.suppress(FileNotFoundError):
                _older(path, number - 1).replace(_older(path, number))
        path.replace(_older(path, 1))


def _reopen(path: Path, ours: os.stat_result, handle: int) -> None:
    """Have *handle*, and standard output where that was the same file, be at *path*; it may be there or not."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    new = os.open(path, flags, stat.S_IMODE(ours.st_mode))
    try:
        found = os.fstat(new)
        if not stat.S_ISREG(found.st_mode) or found.st_uid not in (ours.st_uid, os.geteuid()):
            return  # somebody put something else there
        if found.st_uid == os.geteuid() and not found.st_size:
            os.fchmod(new, stat.S_IMODE(ours.st_mode))
        for each in (1, handle):
            with contextlib.suppress(OSError):
                if _same(ours, os.fstat(each)):
                    os.dup2(new, each)
    finally:
        os.close(new)
