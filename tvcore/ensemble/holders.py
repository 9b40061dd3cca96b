"""Whether a program of this machine has a file open for writing, as far as one may know."""

from __future__ import annotations

import os
from pathlib import Path

# files there may be written by other machines, which nobody sees from here
_SHARED = {
    "nfs",
    "nfs4",
    "lustre",
    "gpfs",
    "beegfs",
    "cifs",
    "smb3",
    "ceph",
    "9p",
    "pvfs2",
    "orangefs",
    "afs",
    "glusterfs",
}
_WRITES = os.O_WRONLY | os.O_RDWR


def is_shared(path: Path) -> bool:
    """Return whether *path* may lie on a file system that other machines write to; True when it cannot be known."""
    try:
        device = path.stat().st_dev
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return True
    wanted = f"{os.major(device)}:{os.minor(device)}"
    kinds = [line.partition(" - ")[2].split(" ")[0] for line in mounts if line.split(" ")[2] == wanted]
    return any(kind in _SHARED or kind.startswith("fuse") for kind in kinds) or not kinds


class Writer:
    """Looks for the program that writes *path*: all of this person's at first, then that one alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: Path | None = None  # the entry of /proc where it was last

    def is_gone(self) -> bool:
        """Return whether surely nobody has the file open for writing.

        False where that cannot be known: on a file system of many machines, unless the writer was seen here, and
        for a file of somebody else.
        """
        try:
            file = self._path.stat()
        except OSError:
            return False
        if self._seen is not None and _writes(self._seen, file):
            return False
        known = self._seen is not None or (not is_shared(self._path) and os.geteuid() in (0, file.st_uid))
        self._seen = _find(file)
        return known and self._seen is None


def _find(file: os.stat_result) -> Path | None:
    for process in os.listdir("/proc"):
        if not process.isdigit() or int(process) == os.getpid():
            continue
        folder = Path("/proc", process, "fd")
        try:
            entries = [folder / name for name in os.listdir(folder)]
        except OSError:
            continue  # another person's, or it has ended
        for entry in entries:
            if _writes(entry, file):
                return entry
    return None


def _writes(entry: Path, file: os.stat_result) -> bool:
    """Return whether *entry* of a folder /proc/N/fd is *file*, opened for writing."""
    try:
        found = entry.stat()
        if (found.st_dev, found.st_ino) != (file.st_dev, file.st_ino):
            return False
        told = (entry.parent.parent / "fdinfo" / entry.name).read_text()
    except OSError:
        return False
    flags = next((line.split()[1] for line in told.splitlines() if line.startswith("flags:")), "0")
    return bool(int(flags, 8) & _WRITES)
