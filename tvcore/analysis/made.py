"""Columns that an analysis made, as the session's document has them: ``made/NAME``. Pure, without NumPy.

Whoever reads columns of tiles takes them in by ``Made``; the page has a twin, ``web_static/made.js``. A column that a
tile has by itself goes before one of the same name that was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, unquote

PREFIX = "made/"
UNRESERVED = "!~*'()"  # besides those of RFC 3986: what the page's encodeURIComponent leaves as it is

Tile = Mapping[str, Any]


class Written(Protocol):
    """What is read of a session's document: ``tvcore.session.document.Document``."""

    def below(self, prefix: str) -> Sequence[tuple[str, Any]]:
        """Return the registers below *prefix*, as rest of the path and value."""
        ...


def path_of(name: str) -> str:
    """Return the register of the column *name*."""
    return PREFIX + quoted(name)


def quoted(name: str) -> str:
    """Return *name* as a part of a path, as the page's encodeURIComponent has it."""
    return quote(name, safe=UNRESERVED)


class Made:
    """The columns that were made, by name."""

    def __init__(self, written: Written) -> None:
        self.columns: dict[str, Mapping[str, Any]] = {unquote(rest): said for rest, said in written.below(PREFIX)}
        self._of: dict[int, dict[str, Any]] = {}
        for name, said in self.columns.items():
            for tile, value in said["values"]:
                self._of.setdefault(tile, {})[name] = value

    def of(self, tile: int) -> Mapping[str, Any]:
        """Return what was made of *tile*, by column."""
        return self._of.get(tile, {})

    def described(self) -> Iterator[dict[str, Any]]:
        """Yield what each column is, as the columns of a tile set are described."""
        for name, said in self.columns.items():
            texts = [len(value.encode()) for _, value in said["values"] if isinstance(value, str)]
            dtype = f"S{max(texts)}" if texts else "float64"
            yield {"name": name, "dtype": dtype, "unit": said["unit"], "description": said["how"], "role": "result"}

    def tiles(self, tiles: Sequence[Tile]) -> list[dict[str, Any]]:
        """Return *tiles* with what was made in their metadata."""
        return [{**tile, "metadata": {**self.of(tile["id"]), **tile["metadata"]}} for tile in tiles]

    def wall(self, wall: Mapping[str, Any]) -> dict[str, Any]:
        """Return a wall document with the columns that were made in each of its tile sets."""
        described = list(self.described())
        sets = [{**each, "columns": [*each["columns"], *_others(described, each["columns"])]} for each in wall["sets"]]
        return {**wall, "sets": sets, "tiles": self.tiles(wall["tiles"])}


def _others(described: Sequence[dict[str, Any]], there: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = {column["name"] for column in there}
    return [column for column in described if column["name"] not in names]
