"""A new folder that is there whole, or not at all."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tvcore.errors import UsageError


def check_new(path: Path) -> None:
    """Raise UsageError where there is something at *path* already: nothing is written over."""
    try:
        there, folder = path.exists() or path.is_symlink(), path.parent.is_dir()
    except OSError as error:  # such as a name that is too long
        raise UsageError(f"{path}: it cannot be written: {error.strerror}") from error
    if there:
        raise UsageError(f"{path}: it is there already, and nothing is overwritten: choose another name")
    if not folder:
        raise UsageError(f"{path}: it cannot be written: there is no folder {path.parent}")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Have a folder beside *folder* filled, that gets its name at the end, unless nothing is in it.

    Raises UsageError when that cannot be.
    """
    check_new(folder)
    beside = folder.with_name(f".{folder.name[:100]}.{secrets.token_hex(4)}")
    try:
        beside.mkdir()
        yield beside
        if any(beside.iterdir()):
            beside.rename(folder)
    except OSError as error:
        raise UsageError(f"{folder}: it cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
