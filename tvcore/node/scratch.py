"""Folders for what a tile's program writes and nobody keeps, on the disk that the settings name.

A node agent has one folder there, with one in it for each tile; its runtime folder holds a link to it, so that whoever
buries an agent that was killed finds it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from tvcore.causes import Cause, TileFailureError

ROOM = 1 << 20  # bytes without which no tile is begun
LINK = "scratch"  # in the runtime folder
_PREFIX = "tiledviz-"


class Scratch:
    """The scratch folder of the agent whose runtime folder is *runtime*, in *base*; without *base* it is *runtime*."""

    def __init__(self, base: str, runtime: Path) -> None:
        self.base = base
        self._runtime = runtime

    @cached_property
    def folder(self) -> Path:
        """Return the folder, 0700, made at the first call. Raises TileFailureError."""
        if not self.base:
            return self._runtime
        with _told(self.base):
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self.base))
            (self._runtime / LINK).symlink_to(folder)
        return folder

    @contextlib.contextmanager
    def of_tile(self, index: int) -> Iterator[Path]:
        """Make a folder for the tile *index* and remove it at the end. Raises TileFailureError."""
        with _told(self.base or str(self._runtime)):
            folder = Path(tempfile.mkdtemp(prefix=f"tile{index}-", dir=self.folder))
        try:
            with _told(self.base or str(self._runtime)):
                _find_room(folder)
            yield folder
        finally:
            remove_tree(folder)


def _find_room(folder: Path) -> None:
    """See that a file fits into *folder*: on a disk that is full, folders can be made still. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, ROOM)


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise TileFailureError(
            Cause.DISK_FULL if full else Cause.FILE_MISSING,
            f"no folder can be made in {where} on this node ({error.strerror}): see the setting job.scratch",
        ) from error


def remove_linked(runtime: Path) -> None:
    """Remove the scratch folder to which the runtime folder *runtime* has a link, if it has one."""
    with contextlib.suppress(OSError):
        folder = (runtime / LINK).readlink()
        if folder.is_absolute() and folder.name.startswith(_PREFIX) and folder.lstat().st_uid == os.getuid():
            remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """Remove *folder* with all in it, what its owner may not write to included."""
    for path, folders, _ in os.walk(folder):
        for name in folders:
            inner = Path(path, name)
            with contextlib.suppress(OSError):
                if not inner.is_symlink():
                    inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
