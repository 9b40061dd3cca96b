"""Tile sets and walls as files that others read."""

from __future__ import annotations

from typing import Literal, get_args

Format = Literal["tiledviz", "csv", "cinema", "tileset"]
FORMATS: tuple[str, ...] = get_args(Format)
