"""What is shown of tiles as comma-separated values (RFC 4180), for spreadsheets.

``web_static/table-csv.js`` is its twin.
``csv_table`` is for what is read again: it keeps every text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import unquote

from tvcore import api
from tvcore.session import SESSION
from tvcore.session.order import by_hand
from tvcore.store import Store

HEAD = ("tile", "title", "state", "tags", "note")

_FORMULA = re.compile(r"[=+\-@\t\r\n]")  # how a formula begins that a spreadsheet would run

Tile = Mapping[str, Any]


class Written(Protocol):
    """What people wrote: ``tvcore.session.document.Document``."""

    def below(self, prefix: str) -> Sequence[tuple[str, Any]]:
        """Return the registers below *prefix*, as rest of the path and value."""
        ...

    def text(self, path: str) -> str:
        """Return a text, empty where there is none."""
        ...


def table_of_tiles(store: Store, query: str = "", sort: Sequence[str] = (), session: str | None = None) -> str:
    """Return the tiles of *session* (None: of all) that *query* matches as CSV.

    They come as ``api.tiles`` sorts them by the columns *sort*; without, as people put them on the wall. Raises what
    that raises.
    """
    found = {tile["id"]: tile for tile in api.tiles(store, query, sort, session)}
    written = store.rooms.document(session or SESSION)
    rows = list(found.values()) if sort else [found[number] for number in by_hand(found, written)]
    sets = {tile["set"] for tile in rows}
    known = [each for each in store.wall(session or SESSION)["sets"] if each["id"] in sets]
    return table(rows, columns_of(rows, known), written)


def table(tiles: Sequence[Tile], columns: Iterable[str], written: Written) -> str:
    """Return *tiles*, in their order, as CSV with those of *columns* in which one of them has a value."""
    there = [name for name in columns if any(tile["metadata"].get(name) is not None for tile in tiles)]
    lines = [[quoted(name) for name in (*HEAD, *there)]]
    for tile in tiles:
        tags = ", ".join(tags_of(tile, written))
        head = [str(tile["id"]), *map(quoted, (tile["title"], tile["state"], tags, written.text(f"note/{tile['id']}")))]
        lines.append(head + [_cell(tile["metadata"].get(name)) for name in there])
    return "".join(",".join(cells) + "\r\n" for cells in lines)


def columns_of(tiles: Iterable[Tile], sets: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """Return the columns that *tiles* have, in the order in which their *sets* name them, then as they come."""
    named = (column["name"] for of in sets for column in of["columns"])
    return list(dict.fromkeys([*named, *(name for tile in tiles for name in tile["metadata"])]))


def tags_of(tile: Tile, written: Written) -> list[str]:
    """Return the tags of *tile*: its case's, without those that people took off, then those that they put on."""
    by_hand = {unquote(name): on is True for name, on in written.below(f"tags/{tile['id']}/")}
    kept = [tag for tag in tile["tags"] if by_hand.get(tag, True)]
    return list(dict.fromkeys([*kept, *(tag for tag, on in by_hand.items() if on)]))


def quoted(text: str) -> str:
    """Return *text* in quotes; one that begins like a formula has an apostrophe before it, so that it is shown."""
    return '"' + ("'" if _FORMULA.match(text) else "") + text.replace('"', '""') + '"'


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e16 else repr(value)
