"""What X displays leave behind in /tmp: theirs, and not that of a neighbour who got their number since."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

X_SOCKETS = Path("/tmp/.X11-unix")

Files = dict[Path, tuple[int, int]]


def x_files(displays: Iterable[str]) -> Files:
    """Return the sockets and locks of *displays* (":3") that are there now, with what tells them from later ones."""
    numbers = [display.removeprefix(":") for display in displays]
    found = {}
    for path in (path for n in numbers for path in (X_SOCKETS / f"X{n}", Path(f"/tmp/.X{n}-lock"))):
        if (of := _identity(path)) is not None:
            found[path] = of
    return found


def left(files: Files) -> list[Path]:
    """Return which of *files* are there still: a number is free for anybody as soon as its display has gone."""
    return [path for path, of in files.items() if _identity(path) == of]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns
