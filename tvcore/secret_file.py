"""The secret in a file that a setting names: a password, or a token that somebody has to show."""

from __future__ import annotations

import os
import shlex
import stat

from tvcore.errors import TiledVizError

BYTES_MAX = 4096


def secret_in(path: str | os.PathLike[str], setting: str) -> str:
    """Return the one line of the file *path*, which *setting* names, and which only we may read.

    Raises TiledVizError for any other, never with what is in it.
    """
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:  # no FIFO waits
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
                raise TiledVizError(f"{path} ({setting}) is not a file of yours: make one that is")
            if found.st_mode & 0o077:
                raise TiledVizError(f"others may read {path} ({setting}): `chmod 600 {shlex.quote(str(path))}`")
            raw = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise TiledVizError(f"{path} ({setting}) cannot be read: {error.strerror}") from error
    lines = raw.decode(errors="replace").splitlines()
    if len(raw) > BYTES_MAX or len(lines) != 1 or not lines[0].strip() or "\ufffd" in lines[0]:
        raise TiledVizError(f"{path} ({setting}) does not have one line of text, the secret: write it so")
    return lines[0]
