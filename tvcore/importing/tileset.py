"""Imports a tile set of TiledViz's own: the document that is kept, edited and exported (``docs/tile-sets.md``)."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tvcore.errors import TiledVizError, UsageError
from tvcore.importing.kit import beginning_of
from tvcore.importing.report import Report
from tvcore.tilesets import document

BYTES_MAX = 256 << 20
_HEAD = 4096


class Options(BaseModel):
    """There is nothing to choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def reads(path: Path) -> bool:
    """Return whether *path* begins as a tile set does."""
    head = beginning_of(path, _HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"{") and f'"{document.FORMAT}"'.encode() in head


def read(path: Path, options: Options, report: Report) -> document.TileSet:
    """Return the tile set in the file *path*. Raises TiledVizError with line and column, or the first wrong cell."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise UsageError(f"{path}: a tile set has at most {BYTES_MAX >> 20} MiB")
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise TiledVizError(f"{path}: it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: it is not UTF-8 from byte {error.start} on: save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}, line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}") from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise UsageError(f"{path}: a number in it has too many digits") from error
    except RecursionError as error:
        raise UsageError(f"{path}: it is nested too deeply") from error
    try:
        return document.read(found)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
