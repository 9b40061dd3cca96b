"""For cases: the files, folders and patterns that people name in one parameter, with commas between."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from tvcore.errors import UsageError
from tvcore.importing.kit import natural
from tvcore.importing.typed import one_line

MOST = 4096  # files of one launch


def several(value: object) -> object:
    """Take several texts in one, as the command line gives them: by commas, ``\\,`` for one that belongs to a text."""
    if not isinstance(value, str):
        return value
    parts = (part.replace("\\,", ",").strip() for part in re.split(r"(?<!\\),", value))
    return [part for part in parts if part]


def as_one(texts: tuple[str, ...]) -> str | list[str]:
    """Return *texts* as one types them, in one; a list where ``several`` would read that otherwise."""
    text = ",".join(each.replace(",", "\\,") for each in texts)
    return text if several(text) == list(texts) else list(texts)


def absolute(path: str) -> str:
    """Return *path* as it is to be read from anywhere: launched again, a case begins in another folder."""
    return str(Path(os.path.expanduser(path)).absolute()) if path else ""


def _absolute_paths(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(absolute(path) for path in paths)


# What is kept of a launch is what one types: a form and `--set` take it again as it is.
_TYPED = (PlainSerializer(as_one, when_used="json"), WithJsonSchema({"type": "string"}))
Texts = Annotated[tuple[str, ...], BeforeValidator(several), *_TYPED]
Paths = Annotated[tuple[str, ...], BeforeValidator(several), AfterValidator(_absolute_paths), *_TYPED]
FilePath = Annotated[str, AfterValidator(absolute)]


def files_of(
    paths: Sequence[str],
    takes: Callable[[Path], object],
    what: str,
    *,
    subfolders: bool = False,
    most: int = MOST,
    key: str = "paths",
) -> list[Path]:
    """Return the files that *paths* name, absolute ones of files, folders and patterns (``*.png``), each once.

    Of them those that *takes* takes; *what* says in words what these are. Of folders the files in them, with
    *subfolders* those further down too. *key* is what the parameter is called. Raises UsageError that names a path
    without any.
    """
    found: dict[Path, None] = {}
    for path in paths:
        shown, whole = one_line(path, 500), Path(path)
        if "\0" in path:
            raise UsageError(f"{key}: {shown}: a path has no zero byte in it")
        try:
            folder = whole.is_dir()
            there = _named(whole, folder, subfolders, most, key)
            taken = [each for each in there if each.is_file() and takes(each)]
        except OSError as error:
            raise UsageError(f"{key}: {shown} cannot be read: {error.strerror}") from error
        if not taken:
            raise UsageError(f"{key}: {shown} has no {what}" if there or folder else f"{key}: there is no {shown}")
        found |= dict.fromkeys(taken)
    if len(found) > most:
        raise UsageError(f"{key}: these are {len(found)} files, more than {most}: name fewer")
    return list(found)


def _named(path: Path, folder: bool, subfolders: bool, most: int, key: str) -> list[Path]:
    if not folder:
        return [path] if path.exists() else _sorted([Path(each) for each in glob.glob(str(path), recursive=True)])
    if not subfolders:
        return _sorted(list(path.iterdir()))
    found: list[Path] = []
    for where, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += (Path(where, name) for name in names if not name.startswith("."))
        if len(found) > 50 * most:
            raise UsageError(f"{key}: {one_line(str(path), 500)} has more than {50 * most} files in it: name fewer")
    return _sorted(found)


def _sorted(paths: list[Path]) -> list[Path]:
    """Return *paths* as people sort them: ``shot 2`` before ``shot 10``."""
    return sorted(paths, key=lambda path: natural(str(path)))
