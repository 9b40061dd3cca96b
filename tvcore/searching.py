"""Which tiles a query means: over what the store says of them, and what people wrote on them in the session."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from tvcore.analysis.made import PREFIX, Made

if TYPE_CHECKING:  # NumPy is loaded by those who search
    from tvcore.ensemble.table import MemberTable
    from tvcore.ensemble.values import Mask, Values

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_NUMERIC_TAG = re.compile(rf"\{{([^,{{}}]+),\s*{_NUMBER}\s*,\s*({_NUMBER})\s*,\s*{_NUMBER}\s*\}}")

Tile = Mapping[str, Any]
Now = tuple[str, str | None]  # the state of a tile, and its node
Found = tuple[list[int], list[tuple[str, list[int]]]]


class Written(Protocol):
    """What people wrote: ``tvcore.session.document.Document``."""

    def below(self, prefix: str) -> Sequence[tuple[str, Any]]:
        """Return the registers below *prefix*, as rest of the path and value."""
        ...

    def text(self, path: str) -> str:
        """Return a text, empty where there is none."""
        ...


class Searched:
    """Tiles, with what people wrote, that are searched any number of times: what that needs is worked out once.

    Columns: title, tags, state, node, case, job, the note, the members' metadata, what an analysis made, and the
    numbers that tags give (``{age,0,3,20}`` is a column ``age``); a tile without a column never matches a comparison
    with it.
    """

    def __init__(self, tiles: Sequence[Tile], written: Written) -> None:
        from tvcore.ensemble.values import Values

        self.ids: list[int] = [tile["id"] for tile in tiles]
        self._rows = {number: row for row, number in enumerate(self.ids)}
        self._given = [tile["tags"] for tile in tiles]
        self._metadata = [tile["metadata"] for tile in tiles]
        self._fixed = {name: Values([tile[name] or "" for tile in tiles]) for name in ("title", "case", "job")}
        self._tags: list[Sequence[str]] = list(self._given)
        self._notes = [""] * len(tiles)
        self._numbers = [_numbers(tags) for tags in self._given]
        self.made = Made(written)
        # Made when they are searched, and anew when what is in them changed.
        self._members: dict[str, Values] | None = None
        self._by_hand: dict[str, Values] | None = None
        self.write(written)

    def write(self, written: Written, paths: Iterable[str] | None = None) -> None:
        """Take the tags, notes and columns that people gave the tiles: all, or just what one of *paths* is about."""
        named = None if paths is None else list(paths)
        if named is None or any(path.startswith(PREFIX) for path in named):
            self.made, self._members = Made(written), None
        for row in range(len(self.ids)) if named is None else self._touched(named):
            self._write(written, row)

    def _touched(self, paths: Iterable[str]) -> set[int]:
        parts = (path.split("/", 2) for path in paths)
        ids = (part[1] for part in parts if part[0] in ("tags", "note") and len(part) > 1)
        rows = (self._rows.get(int(number)) for number in ids if number.isdecimal())
        return {row for row in rows if row is not None}

    def _write(self, written: Written, row: int) -> None:
        number, given = self.ids[row], self._given[row]
        by_hand = {unquote(name): on is True for name, on in written.below(f"tags/{number}/")}
        tags = [tag for tag in given if by_hand.get(tag) is not False]
        tags += [tag for tag, on in by_hand.items() if on and tag not in given]
        note = written.text(f"note/{number}")
        if tags != self._tags[row]:
            self._tags[row], self._by_hand = tags, None
            if (numbers := _numbers(tags)) != self._numbers[row]:
                self._numbers[row], self._members = numbers, None
        if note != self._notes[row]:
            self._notes[row], self._by_hand = note, None

    def search(self, now: Sequence[Now], query: str) -> Found:
        """Return the ids of the tiles that *query* matches, and for each of its alternatives its query and ids.

        *now* is what may change with any search, for each tile. The alternatives are what ``or`` parts at the top of
        the query (``tvcore.ensemble.query``); there are none where there is just one. Raises QueryError with the
        position of what is wrong.
        """
        import numpy as np

        from tvcore.ensemble.expression import Any_
        from tvcore.ensemble.query import parse

        expression, table = parse(query), self._table(now)
        if not isinstance(expression, Any_):
            return self._ids(expression.evaluate(table)), []
        masks = [part.evaluate(table) for part in expression.parts]
        terms = [(str(part), self._ids(mask)) for part, mask in zip(expression.parts, masks, strict=True)]
        return self._ids(np.logical_or.reduce(masks)), terms

    def members(self, now: Sequence[Now]) -> MemberTable:
        """Return the tiles as a table that is filtered, sorted and grouped; its rows are as the tiles were given."""
        from tvcore.ensemble.table import MemberTable

        return MemberTable(self._table(now))

    def _ids(self, mask: Mask) -> list[int]:
        return [self.ids[row] for row in mask.nonzero()[0]]

    def _table(self, now: Sequence[Now]) -> dict[str, Values]:
        from tvcore.ensemble.values import Values

        if self._members is None:
            self._members = {name: Values(values) for name, values in self._columns().items()}
        if self._by_hand is None:
            self._by_hand = {"tags": Values(list(self._tags))}
            if any(self._notes):
                self._by_hand["note"] = Values(list(self._notes))
        state, node = Values([state for state, _ in now]), Values([node or "" for _, node in now])
        return self._members | self._fixed | self._by_hand | {"state": state, "node": node}

    def _columns(self) -> dict[str, list[Any]]:
        """Return what tags and the members' metadata say, by column."""
        made = (self.made.of(number) for number in self.ids)
        of_each = zip(self._numbers, made, self._metadata, strict=True)
        rows = [{**numbers, **own, **metadata} for numbers, own, metadata in of_each]
        columns = {}
        for name in {name for row in rows for name in row}:
            values = [row.get(name) for row in rows]
            text = any(isinstance(value, str) for value in values)
            # A value that is missing makes a column of true and false none of numbers: it stays None.
            columns[name] = [None if value is None else str(value) for value in values] if text else values
        return columns


def members(found: Sequence[Tile], written: Written) -> MemberTable:
    """Return the tiles *found*, with what people wrote, as a table: a row each, in their order."""
    return Searched(found, written).members([(tile["state"], tile["node"]) for tile in found])


def _numbers(tags: Sequence[str]) -> dict[str, float]:
    matches = (_NUMERIC_TAG.fullmatch(tag) for tag in tags)
    named = ((found[1].strip(), float(found[2])) for found in matches if found)
    return {name: value for name, value in named if name}
