"""What somebody may see who was invited to chosen tiles: those, and nothing that tells of any other. Pure.

All that the portal says of a session goes through here for them: its wall, what changes there, its document and the
operations on it, who looks at what. What is not known to be harmless is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WALL = ("session", "revision")
SET = ("id", "case", "title", "job", "state", "complete", "expected_start", "started", "ends", "warns")
COLUMN = ("name", "dtype", "unit", "description", "role")  # of a column: what it is, and nothing of its values
LAYOUT = ("layout/columns", "layout/gap", "layout/title", "layout/tile")
OF_TILE = ("order", "tags", "tile", "drawing", "note")  # the first part of paths whose second is a tile
OWN_TILES = ("selection", "zoomed", "followers")  # of a person: lists of tiles
FILLER = "·"  # in the place of a letter that is not shown: the letters of an operation are known by their number
NOWHERE = "note/0"  # the note of no tile: none has that number


@dataclass(frozen=True)
class Part:
    """The *tiles*, by their ids, that *person*, by their key in the session's document, was invited to."""

    tiles: frozenset[int]
    person: str

    # ------------------------------------------------------------------ wall

    def wall(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return of a wall document what may be seen."""
        tiles = self.changes(document["tiles"])
        of = {tile["set"] for tile in tiles}
        sets = [self._set(each, tiles) for each in document["sets"] if each["id"] in of]
        return {name: document[name] for name in WALL} | {"notices": [], "sets": sets, "tiles": tiles}

    def changes(self, tiles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return those of *tiles*, or of what changed of some, that may be seen."""
        return [tile for tile in tiles if tile["id"] in self.tiles]

    def _set(self, said: Mapping[str, Any], tiles: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Return a tile set without what may have been learned from other tiles: a reason may name them."""
        there = {name for tile in tiles if tile["set"] == said["id"] for name in tile["metadata"]}
        columns = [
            {name: column[name] for name in COLUMN if name in column}
            for column in said["columns"]
            if column["name"] in there
        ]
        return {name: said[name] for name in SET if name in said} | {"reason": "", "columns": columns, "images": {}}

    # -------------------------------------------------------------- document

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return of an event of the session's room (``room``) what may be seen."""
        kind = event["event"]
        if kind == "ops":
            return {"event": kind, "after": event["after"], "ops": self.operations(event["ops"])}
        if kind == "document":
            base = None if event["base"] is None else self.base(event["base"])
            return {"event": kind, "base": base, "ops": self.operations(event["ops"]), "head": event["head"]}
        people = {page: here and self.presence(here) for page, here in event["people"].items()}
        return {**{name: event[name] for name in ("event", "all") if name in event}, "people": people}

    def base(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """Return of what is settled of a document what may be seen."""
        registers = [[path, value] for path, value in base["registers"] if self.shows(path, value)]
        texts = [[path, runs] for path, runs in base["texts"] if self.shows(path)]
        return {"seq": base["seq"], "registers": registers, "texts": texts}

    def operations(self, operations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return of each operation what may be seen: that it was, so that the order stays, and what it does there."""
        return [self.operation(each) for each in operations]

    def operation(self, op: Mapping[str, Any]) -> dict[str, Any]:
        """Return of an operation what may be seen."""
        if any(name in op for name in ("settle", "undo", "redo")):
            return {name: op[name] for name in ("id", "person", "seq", "at", "settle", "undo", "redo") if name in op}
        # What names other tiles takes the place of what did not: then there is nothing here.
        said = [[path, value if self.shows(path, value) else None] for path, value in op.get("set", ())]
        sets = [[path, value] for path, value in said if self.shows(path, value)]
        texts = self._texts(op.get("text", ()))
        shown = {**({"set": sets} if sets else {}), **({"text": texts} if texts else {})}
        if not shown:
            # Whose it was, when, and what they call it is no matter of theirs either.
            return {"id": f"hidden-{op['seq']}", "person": "", "seq": op["seq"], "at": 0.0, "set": []}
        return {name: op[name] for name in ("id", "person", "seq", "at") if name in op} | shown

    def _texts(self, texts: Sequence[Sequence[Any]]) -> list[list[Any]]:
        found: list[list[Any]] = []
        hidden = 0  # letters that were left out, and are counted all the same
        for path, edits in texts:
            if not self.shows(path):
                hidden += sum(len(edit[2]) for edit in edits if edit[0] == "+")
                continue
            if hidden:
                found.append([NOWHERE, [["+", "", FILLER * hidden]]])
                hidden = 0
            found.append([path, edits])
        return found

    def shows(self, path: str, value: Any = None) -> bool:
        """Return whether what a register or text at *path* says, *value*, may be seen."""
        first, _, rest = path.partition("/")
        if first in OF_TILE:
            return self.has(rest.partition("/")[0])
        if first == "person":
            person, _, what = rest.partition("/")
            if what == "name":
                return True
            return person == self.person and (value is None or self._ours(path, value))
        if first == "hands" or path == "reference":
            return value is None or self._ours(path, value)
        return path in LAYOUT

    def _ours(self, path: str, value: object) -> bool:
        named = _named(path, value)
        return named is not None and self.tiles.issuperset(named)

    def has(self, tile: str) -> bool:
        """Return whether *tile*, as a path names it, is one of these."""
        return tile.isascii() and tile.isdigit() and int(tile) in self.tiles

    def foreign(self, op: Mapping[str, Any]) -> int | None:
        """Return a tile that is none of these and that what one wants to do, *op*, names; None: it names none."""
        for path, value in _pairs(op.get("set")):
            named = _named(path, value) if isinstance(path, str) else None
            for tile in named or ():
                if isinstance(tile, int) and tile not in self.tiles:
                    return tile
        return None

    # ---------------------------------------------------------------- people

    def presence(self, here: Mapping[str, Any]) -> dict[str, Any]:
        """Return of what somebody looks at what may be seen."""
        return {"person": here["person"], "name": here["name"], **self.sight(here)}

    def sight(self, here: Mapping[str, Any]) -> dict[str, Any]:
        """Return which of these tiles one looks at by *here*: not how their wall stands, which is full of others."""
        focus = here["focus"] if here["focus"] in self.tiles else None
        zoomed = [tile for tile in here["zoomed"] if tile in self.tiles]
        return {"focus": focus, "view": None, "columns": None, "zoomed": zoomed, "hand": None, "presents": False}


def _named(path: str, value: object) -> list[Any] | None:
    """Return the tiles that *value*, at *path*, names; None: no value that may be there."""
    first, _, rest = path.partition("/")
    what = rest.rpartition("/")[2]
    match first, what, value:
        case "person", "compare", {"tiles": list(tiles)}:
            return tiles
        case "person", _, list(tiles) if what in OWN_TILES:
            return tiles
        case "hands", _, {"leader": None, "tiles": list(tiles)}:
            return tiles
        case "hands", _, {"leader": leader, "tiles": list(tiles)}:
            return [leader, *tiles]
        case "reference", "", {"tile": int(tile)}:
            return [tile]
    return [] if first == "person" and what not in (*OWN_TILES, "compare") else None


def _pairs(value: object) -> list[Sequence[Any]]:
    if not isinstance(value, list):
        return []
    return [pair for pair in value if isinstance(pair, list | tuple) and len(pair) == 2]
