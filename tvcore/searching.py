"""Which tiles a query means: over what the store says of them, and what people wrote on them in the session."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

if TYPE_CHECKING:  # NumPy is loaded by those who search
    from tvcore.ensemble.expression import Expression

RESERVED = ("title", "tags", "state", "node", "case", "job")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMERIC_TAG = re.compile(rf"\{{\s*([^,{{}}]+?)\s*,\s*{_NUMBER}\s*,\s*({_NUMBER})\s*,\s*{_NUMBER}\s*\}}")

Tile = Mapping[str, Any]


class Written(Protocol):
    """What people wrote: ``tvcore.session.document.Document``."""

    def below(self, prefix: str) -> Sequence[tuple[str, Any]]:
        """Return the registers below *prefix*, as rest of the path and value."""
        ...

    def texts(self) -> Sequence[tuple[str, str]]:
        """Return all texts that are not empty, by path."""
        ...


def annotated(tiles: Sequence[Tile], written: Written) -> list[dict[str, Any]]:
    """Return *tiles* with the tags that people gave them, without those they took off, and with their ``note``."""
    by_hand: dict[int, dict[str, bool]] = {}
    for rest, on in written.below("tags/"):
        tile, _, name = rest.partition("/")
        by_hand.setdefault(int(tile), {})[unquote(name)] = on is True
    notes = {path.removeprefix("note/"): text for path, text in written.texts() if path.startswith("note/")}
    return [
        dict(tile) | {"tags": _tags(tile["tags"], by_hand.get(tile["id"], {})), "note": notes.get(str(tile["id"]), "")}
        for tile in tiles
    ]


def _tags(given: Sequence[str], by_hand: Mapping[str, bool]) -> list[str]:
    kept = [tag for tag in given if by_hand.get(tag) is not False]
    return kept + [tag for tag, on in by_hand.items() if on and tag not in given]


def match(found: Sequence[Tile], query: str) -> list[int]:
    """Return the ids of the tiles among *found* that *query* matches (``tvcore.ensemble.query``).

    Columns: title, tags, state, node, case, job, the note, the members' metadata, and the numbers that tags give
    (``{age,0,3,20}`` is a column ``age``); a tile without a column never matches a comparison with it. Raises
    QueryError with the position of what is wrong.
    """
    return search(found, query)[0]


def search(found: Sequence[Tile], query: str) -> tuple[list[int], list[tuple[str, list[int]]]]:
    """Return the ids of the tiles that *query* matches, and for each of its alternatives its query and ids.

    The alternatives are what ``or`` parts at the top of the query; there are none where there is just one.
    """
    from tvcore.ensemble.expression import Any_
    from tvcore.ensemble.query import parse

    expression, table = parse(query), _table(found)
    parts = expression.parts if isinstance(expression, Any_) else ()
    return _ids(found, expression, table), [(str(part), _ids(found, part, table)) for part in parts]


def _ids(found: Sequence[Tile], expression: Expression, table: Mapping[str, Sequence[Any]]) -> list[int]:
    return [int(tile["id"]) for tile, hit in zip(found, expression.evaluate(table), strict=True) if hit]


def _table(found: Sequence[Tile]) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {name: [_reserved(tile, name) for tile in found] for name in RESERVED}
    if any(tile.get("note") for tile in found):
        table["note"] = [tile.get("note", "") for tile in found]
    rows = [_numbers(tile["tags"]) | tile["metadata"] for tile in found]
    names = {name for row in rows for name in row}
    for name in sorted(names - set(table)):
        values = [row.get(name) for row in rows]
        text = any(isinstance(value, str) for value in values)
        table[name] = [_missing(value, text) for value in values]
    return table


def _numbers(tags: Sequence[str]) -> dict[str, float]:
    matches = (_NUMERIC_TAG.fullmatch(tag) for tag in tags)
    return {found[1]: float(found[2]) for found in matches if found}


def _reserved(tile: Tile, name: str) -> Any:
    return tile[name] if name == "tags" else tile[name] or ""


def _missing(value: Any, text: bool) -> Any:
    if value is None:
        return "" if text else math.nan
    return str(value) if text else value
