"""What importers share: what a file is, natural order, and the files that rows name."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Literal

from tvcore.importing.report import Report
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import Kind, source_problem

FileKind = Literal["picture", "movie", "pdf"]
HEAD = 16  # bytes that tell what a file is
SOURCE_MAX = 4_000  # letters
_SUFFIXES: dict[str, FileKind] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".pgm", ".ppm"), "picture"),
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".ogv", ".mpg", ".mpeg"), "movie"),
    ".pdf": "pdf",
}  # fmt: skip
_BEGINNINGS: tuple[tuple[bytes, FileKind], ...] = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"II*\0", "picture"),
    (b"MM\0*", "picture"),
    (b"\x1aE\xdf\xa3", "movie"),
)


def kind_of(path: Path) -> FileKind | None:
    """Return what the file *path* is by how it begins, else by its name; None where it is none of ours."""
    head = beginning_of(path, HEAD)
    if head[4:8] == b"ftyp":
        return "movie"
    if head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"WEBP"):
        return "movie" if head[8:12] == b"AVI " else "picture"
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    return _SUFFIXES.get(path.suffix.lower())


def beginning_of(path: Path, count: int) -> bytes:
    """Return the first *count* bytes of *path*, none of what is no plain file or cannot be read.

    What is no file may keep one waiting for ever: it is opened only after one has looked, and without waiting.
    """
    try:
        if not path.is_file():
            return b""
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            return file.read(count) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
    except OSError:
        return b""


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts *text* as people do: ``shot 2`` before ``shot 10``, without regard to case."""
    parts = re.split(r"([0-9]+)", text.casefold())
    # a number of a thousand digits is no number that anybody sorts by
    return [(0, int(part[:300]), part) if part[:1].isdecimal() else (1, 0, part) for part in parts if part]


def resolved_source(text: str, folder: Path, row: int, report: Report) -> tuple[Kind, str]:
    """Return kind and source of the tile that is to show *text*, a path as seen from *folder*, or an address.

    What cannot be shown is told, and becomes a card.
    """
    shown = one_line(re.sub(r"(?s)//.*@", "//…@", text), 200)
    if re.match(r"https?://", text):
        problem = source_problem("page", text) if text.isprintable() else "an address is one plain line"
        if problem or len(text) > SOURCE_MAX:
            report.changed(row, f"{shown}: {problem or 'the address is too long'}: the tile is a card")
            return "card", ""
        return "page", text
    path = Path(os.path.normpath(folder.absolute() / text)) if "\0" not in text else folder
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there or not str(path).isprintable() or len(str(path)) > SOURCE_MAX:
        report.changed(row, f"{shown}: there is no such file: the tile is a card")
        return "card", ""
    kind = kind_of(path)
    if kind is None:
        report.changed(row, f"{shown} is no picture, movie or PDF: the tile is a card")
        return "card", ""
    return kind, str(path)
