"""The folders of one person's TiledViz: state, cache and runtime, each closed to everybody else.

Every folder made here is 0700, and one that exists is refused unless it is ours and closed: on a login
node somebody else may have made it first.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

import platformdirs

from tvcore.errors import TiledVizError

UNIX_PATH_MAX = 107  # sun_path holds 108 bytes with its closing zero (unix(7))


def secure_folder(path: Path) -> Path:
    """Make *path* a 0700 folder of ours and return it.

    Raises TiledVizError when it belongs to someone else, is a link, or is open to others.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise TiledVizError(f"cannot make the folder {path}: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise TiledVizError(f"{path} is not a folder of yours: remove it, or set TILEDVIZ_HOME to another place")
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path


def state_dir() -> Path:
    """Return the folder of store, jobs, logs and registrations (``$TILEDVIZ_HOME``, else the XDG state folder)."""
    chosen = os.environ.get("TILEDVIZ_HOME")
    return secure_folder(Path(chosen).absolute() if chosen else Path(platformdirs.user_state_dir("tiledviz")))


def agents_dir() -> Path:
    """Return the folder in which node agents register: one file per node of a job."""
    return secure_folder(state_dir() / "agents")


def jobs_dir() -> Path:
    """Return the folder with one folder per job: script, logs, exit code."""
    return secure_folder(state_dir() / "jobs")


def cache_dir() -> Path:
    """Return the folder for what can be made again (``$XDG_CACHE_HOME/tiledviz``)."""
    return secure_folder(Path(platformdirs.user_cache_dir("tiledviz")))


def runtime_folder(prefix: str = "tiledviz-") -> Path:
    """Make a new 0700 folder for unix sockets, with a path short enough for them, in ``runtime_parent``."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=runtime_parent()))


def runtime_parent() -> Path:
    """Return the one lasting 0700 folder of all runtime folders of ours on this machine, ``tiledviz-UID``.

    As it is one, a tile's program can be shown none of them, those of later jobs included. ``$XDG_RUNTIME_DIR`` or
    ``$TMPDIR`` is used when sockets below it stay under 108 bytes, else /tmp; where somebody else sits on the name
    there, the folder around it has to do. Raises TiledVizError.
    """
    for base in (os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("TMPDIR"), "/tmp"):  # noqa: S108
        if base and os.access(base, os.W_OK | os.X_OK) and len(os.fsencode(base)) < UNIX_PATH_MAX - 65:
            try:
                return secure_folder(Path(base) / f"tiledviz-{os.getuid()}")
            except TiledVizError:
                return Path(base)
    raise TiledVizError("no folder for sockets: set TMPDIR to a short path that you may write to")


Mark = tuple[int, int, int]


def marks(files: Iterable[Path]) -> dict[str, Mark]:
    """Return a mark of each of *files* by its path, another one whenever its content is: size, time and inode.

    That holds for files that are written whole (``write_atomic``). Those that are gone are left out.
    """
    found = {}
    for path in files:
        with contextlib.suppress(OSError):
            there = path.stat()
            found[str(path)] = (there.st_size, there.st_mtime_ns, there.st_ino)
    return found


def write_atomic(path: Path, data: bytes | str, mode: int = 0o600) -> None:
    """Write *data* to *path* so that a reader, or a crash, sees the old file or the whole new one."""
    raw = data.encode() if isinstance(data, str) else data
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
