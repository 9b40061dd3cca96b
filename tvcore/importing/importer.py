"""What an importer is: all that a plugin needs to bring one, and light to load."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tvcore.importing.report import Report
from tvcore.tilesets.document import Column, Tile, TileSet

__all__ = ["Column", "Importer", "NoOptions", "Report", "Tile", "TileSet"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class NoOptions(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Importer:
    """How files of one format are told and read.

    ``reads(path)`` says, fast, whether the file or folder is one; ``read(path, options, report)`` returns its tile
    set, and tells the report of each row that it changed or left. *options* is the model of what one may choose. Both
    are called in a process apart. What is wrong is a UsageError or TiledVizError of one line.
    """

    name: str
    title: str
    reads: Callable[[Path], bool]
    read: Callable[[Path, Any, Report], TileSet]
    options: type[BaseModel] = NoOptions

    def __post_init__(self) -> None:
        """Raise ValueError for a name that cannot be given on the command line."""
        if not _NAME.fullmatch(self.name) or not self.title:
            raise ValueError(f"an importer has a name of small letters, digits and _, and a title, not {self.name!r}")
