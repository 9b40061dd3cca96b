"""What our processes say of themselves: on standard error, at a level that can be changed while they run.

Where standard error is a file, it is kept to a size (``tvcore.log_file``).

The level is one word in the file ``log-level`` of the state folder, which ``tiledviz log`` writes and every process of
ours looks at now and then. It is that of our own modules alone: what libraries would say at ``debug`` is neither for
people nor, as it could hold what was typed, for a log.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from tvcore import paths
from tvcore.errors import TiledVizError
from tvcore.log_file import NAME, LogFile

LOOK_SECONDS = 1.0  # from one look for another level to the next
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

Level = Literal["debug", "info", "warning"]
LEVELS: tuple[Level, ...] = get_args(Level)
USUAL: Level = "info"


class Kept(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to standard error, and keeps it to a size where it is a file."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.file: LogFile | None = None
        with contextlib.suppress(OSError, ValueError):
            self.file = LogFile(self.stream.fileno())

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*."""
        self.keep()
        super().emit(record)

    def keep(self) -> None:
        """Write to the file that is the one to be written to."""
        with contextlib.suppress(OSError):  # no room, or no leave, for another one: it grows
            if self.file is not None:
                self.file.keep()


def keep() -> None:
    """Have what else this process writes to standard error, and its children from now on, go to the right file."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Kept):
            handler.keep()


def speak(form: str = FORMAT, filter_: logging.Filter | None = None, others: int = logging.INFO) -> None:
    """Log to standard error from now on, as *form* says, what *filter_* lets through; libraries from *others* on."""
    handler = Kept()
    handler.setFormatter(logging.Formatter(form))
    if filter_ is not None:
        handler.addFilter(filter_)
    if handler.file is not None and handler.file.path is not None:
        os.environ[NAME] = str(handler.file.path)
    logging.basicConfig(level=others, handlers=[handler])


# ------------------------------------------------------------------------ level


def level_file() -> Path:
    """Return the file with the level."""
    return paths.state_dir() / "log-level"


def level() -> Level:
    """Return the level that was chosen, the usual one where none was."""
    try:
        said = level_file().read_text(errors="replace").strip()
    except OSError:
        return USUAL
    return next((each for each in LEVELS if each == said), USUAL)


def choose(wanted: Level) -> None:
    """Have every process of ours log at *wanted* within a second or two. Raises TiledVizError."""
    path = level_file()
    try:
        paths.write_atomic(path, f"{wanted}\n")
    except OSError as error:
        raise TiledVizError(f"{path} cannot be written: {error.strerror}") from error


class Follower:
    """Keeps this process at the level that was chosen, and writing to the file that is written to."""

    def __init__(self) -> None:
        self._path: Path | None = None
        with contextlib.suppress(TiledVizError):
            self._path = level_file()
        self._seen: object = ()
        self.look()

    def look(self) -> None:
        """Take over another level, if there is one; costs next to nothing if there is none."""
        keep()
        mark = None
        if self._path is not None:
            with contextlib.suppress(OSError):
                found = self._path.stat()
                mark = (found.st_ino, found.st_mtime_ns)
        if mark != self._seen:
            self._seen = mark
            logging.getLogger("tvcore").setLevel(level().upper())

    def loop(self, sleep: Callable[[float], object]) -> None:
        """Look every second, for good; *sleep* waits so many seconds."""
        while True:
            sleep(LOOK_SECONDS)
            self.look()
