"""Opens HDF5 files that others have made, and takes nothing from them that could lead elsewhere or fill the memory.

HDF5 follows links into other files, and reads raw data from any path a file names; what it is told to be large it
allocates. All that is looked at here before anything is read.
"""

from __future__ import annotations

import errno
import math
import os
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tvcore.errors import TiledVizError

DATASETS_MAX = 4096  # of a group: columns, fields, variables
ROWS_MAX = 1 << 27  # members of an ensemble
READ_MAX = 1 << 30  # bytes that are read at once
CHUNK_MAX = 1 << 28  # bytes of a chunk: HDF5 reads it whole
ATTRIBUTE_MAX = 1 << 16  # bytes
TEXT_MAX = 1000  # characters of a title, unit or description
SIGNATURE = b"\x89HDF\r\n\x1a\n"
WRITING, SWMR = 1, 4  # flags of a file that is open for writing, in byte 11 of superblocks 2 and 3
_LOCK = re.compile(r"unable to lock file, errno = (\d+)")


class LockedError(TiledVizError):
    """A file that another program has locked."""


class BeingWrittenError(TiledVizError):
    """A file that a program writes which lets nobody read meanwhile, or that such a program left when killed."""


class CutShortError(TiledVizError):
    """A file that grows, which has become shorter than it was."""


def open_state(path: Path) -> int:
    """Return the flags WRITING and SWMR as they stand in the file *path*; 0 where it has none.

    Raises CutShortError for one that is shorter than it was when its writer started: HDF5 would try for minutes
    to read it. Raises OSError.
    """
    with path.open("rb") as file:
        head = file.read(36)
        size = os.fstat(file.fileno()).st_size
    if len(head) < 36 or not head.startswith(SIGNATURE) or head[8] != 3:
        return 0
    state = head[11] & (WRITING | SWMR)
    if state & SWMR and head[9] == 8 and size < int.from_bytes(head[28:36], "little"):
        raise CutShortError(f"{path}: it was cut short while it was written: have it written again by what made it")
    return state


def open_file(path: Path) -> h5py.File:
    """Open *path* for reading; beside its writer where that writes for readers (SWMR).

    Raises LockedError and BeingWrittenError, OSError and the like for a file that HDF5 cannot read.
    """
    state = open_state(path)
    if state & WRITING and not state & SWMR:
        raise BeingWrittenError(
            f"{path}: a program is writing it and lets nobody read meanwhile (it did not start SWMR), or was killed "
            "while it did: wait for it, or have it written again"
        )
    how: dict[str, Any] = {"swmr": True} if state & SWMR else {}
    try:
        return h5py.File(path, "r", locking="best-effort", **how)
    except OSError as error:
        found = _LOCK.search(str(error))
        if found is None:
            raise
        if int(found[1]) in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES):
            raise LockedError(f"{path}: another program has locked it while it writes: wait for it") from error
        # a file system without locks must not keep anybody from reading
        return h5py.File(path, "r", locking=False, **how)


def member_of(group: h5py.Group, name: str) -> Any:
    """Return the object *name* (one name, no path) of *group*, None when there is none.

    Raises LookupError, whose text says what it is, for a link to another place.
    """
    if not group.id.links.exists(name.encode("utf-8", "surrogateescape")):
        return None
    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        raise LookupError("is a link into another file")
    if isinstance(link, h5py.SoftLink):
        raise LookupError("is a link to another place in the file")
    return group[name]


def data_problem(data: h5py.Dataset) -> str:
    """Return what keeps *data* from being read at all, and "" for a dataset like others."""
    layout = data.id.get_create_plist()
    if layout.get_layout() == h5py.h5d.VIRTUAL:
        return "is put together of other datasets (virtual)"
    if layout.get_external_count():
        return "lies in another file (external storage)"
    if data.shape is None:
        return "is empty (of no shape)"
    if data.ndim and data.shape[0] > ROWS_MAX:
        return f"says that it has {data.shape[0]} members, and at most {ROWS_MAX} can be read"
    if layout.get_layout() == h5py.h5d.CHUNKED and math.prod(layout.get_chunk()) * data.dtype.itemsize > CHUNK_MAX:
        return f"has chunks of more than {CHUNK_MAX >> 20} MiB"
    return ""


def read_problem(shape: tuple[int, ...], itemsize: int) -> str:
    """Return why so much cannot be read at once, and "" where it can."""
    size = math.prod(shape) * itemsize
    return f"says that it has {size / 2**30:.0f} GiB to read at once, and at most {READ_MAX >> 30} can" * (
        size > READ_MAX
    )


def attribute(item: h5py.Group | h5py.Dataset, name: str) -> Any:
    """Return attribute *name* of *item* as a plain value, None where there is none.

    One value stands for an array of one, text for bytes. Raises ValueError for one that is too large.
    """
    if name not in item.attrs:
        return None
    if item.attrs.get_id(name).get_storage_size() > ATTRIBUTE_MAX:
        raise ValueError(f"the attribute {name} is larger than {ATTRIBUTE_MAX} bytes")
    value = item.attrs[name]
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())[()]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if isinstance(value, np.generic) else value


def text_attribute(item: h5py.Group | h5py.Dataset, name: str, default: str = "") -> str:
    """Return attribute *name* as one line of text, cut at TEXT_MAX."""
    value = attribute(item, name)
    if value is None or isinstance(value, h5py.Empty):
        return default
    line = " ".join(str(value)[: 2 * TEXT_MAX].replace("\0", "").split())
    return "".join(letter for letter in line if letter.isprintable())[:TEXT_MAX]
