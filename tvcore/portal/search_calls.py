"""What the portal's worker process for searches does (``tvcore.portal.calls`` has the rest).

It keeps what it read from one search to the next, and asks the store just for what is new since.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from tvcore.errors import UsageError
from tvcore.portal.opened import opened_store
from tvcore.searching import Found, Now, Searched
from tvcore.session.document import Document
from tvcore.store import Store
from tvcore.store.lookup import Lookup

SESSIONS_KEPT = 8  # that were searched last: what is read of each is kept
VALUES_MAX = 1000  # of a column, that are told with how often they are there
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


class KeptWall:
    """The wall of *session*, kept to be searched."""

    def __init__(self, store: Store, session: str) -> None:
        self._rooms = store.rooms
        self._lookup = Lookup(store.engine, session)
        self._session = session
        self._document = Document()
        self._editions = -1
        self._searched = Searched([], self._document)

    def search(self, query: str) -> Found:
        """Return what *query* finds now (``Searched.search``). Raises QueryError."""
        searched, now = self.now()
        return searched.search(now, query)

    def now(self) -> tuple[Searched, list[Now]]:
        """Return the tiles as they are now, to be searched."""
        self._follow()
        editions, found = self._lookup.editions(), self._lookup.now()
        now: list[Now] = [(state, node) for _, state, node in found]
        # A tile's id is never given again. Editions are read first: what changes after that is read once more.
        if editions != self._editions or [number for number, _, _ in found] != self._searched.ids:
            tiles = self._lookup.tiles()
            now = [(tile["state"], tile["node"]) for tile in tiles]
            self._searched, self._editions = Searched(tiles, self._document), editions
        return self._searched, now

    def _follow(self) -> None:
        """Take what people wrote since the last search."""
        seq = self._document.seq
        if self._rooms.head(self._session) == seq:
            return
        found = self._rooms.since(self._session, seq)
        if seq > found["head"]:  # of another store, or of one that was put back
            self._searched = Searched([], self._document)
            found = self._rooms.since(self._session, None)
        elif found["base"] is None:
            paths = [path for op in found["ops"] for path in self._document.take(op)]
            self._searched.write(self._document, paths)
            return
        self._document = Document(found["base"])
        for op in found["ops"]:
            self._document.take(op)
        self._searched.write(self._document)


@lru_cache(SESSIONS_KEPT)
def _kept(session: str) -> KeptWall:
    return KeptWall(opened_store(), session)


def prepare_search(session: str) -> None:
    """Read what a search of *session* needs, so that the first one is as fast as the next."""
    _kept(session).search("")


def query(session: str, text: str, sort: list[str], descending: list[bool], group: str) -> Any:
    """Return the ids of the tiles on the wall that the query *text* matches, and those of each of its alternatives.

    With columns to *sort* by also their order (``MemberTable.sort``), with one to *group* by also the groups.
    """
    searched, now = _kept(session).now()
    matches, terms = searched.search(now, text)
    found: dict[str, Any] = {"matches": matches, "terms": [{"query": part, "matches": ids} for part, ids in terms]}
    if sort or group:
        members = searched.members(now)
        mask = members.filter(text)
    if sort:
        found["order"] = [searched.ids[row] for row in members.sort(sort, descending, mask)]
    if group:
        found["groups"] = [
            {"value": _json(of.value), "tiles": [searched.ids[row] for row in of.rows]}
            for of in members.group(group, mask)
        ]
    return found


def summary(session: str, text: str, column: str, bins: int) -> Any:
    """Return how the values of *column* are spread over the tiles that the query *text* matches."""
    searched, now = _kept(session).now()
    members = searched.members(now)
    mask = members.filter(text)
    name, values = members.found(column)
    kind = name if name == "tags" else values.kind
    count = int(mask.sum())
    found = {"column": name, "kind": kind, "count": count}
    if kind != "number":
        groups = members.group(name, mask)
        there = [{"value": _json(of.value), "count": of.count} for of in groups if of.value is not None]
        with_one = {row for of in groups if of.value is not None for row in of.rows.tolist()}
        missing, more = count - len(with_one), max(0, len(there) - VALUES_MAX)
        return found | {"missing": missing, "values": there[:VALUES_MAX], "more": more}
    histogram = members.histogram(name, bins, mask)
    return found | {
        "missing": histogram.missing,
        "edges": histogram.edges.tolist(),
        "counts": histogram.counts.tolist(),
        "shares": list(SHARES),
        "quantiles": [_json(value) for value in members.quantiles(name, SHARES, mask)],
        "mean": _json(members.mean(name, mask)),
    }


def nearest(session: str, tile: int, k: int, columns: list[str]) -> Any:
    """Return the *k* tiles most like *tile* in *columns*, by default all numbers, and how far they are."""
    searched, now = _kept(session).now()
    if tile not in searched.ids:
        raise UsageError(f"there is no tile {tile}")
    rows, distances = searched.members(now).nearest(searched.ids.index(tile), k, columns)
    near = zip(rows, distances, strict=True)
    return {"tiles": [{"tile": searched.ids[row], "distance": _json(distance)} for row, distance in near]}


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


SEARCH_FUNCTIONS = {function.__name__: function for function in (prepare_search, query, summary, nearest)}
