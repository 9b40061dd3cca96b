"""What the portal's worker process for searches does (``tvcore.portal.calls`` has the rest).

It keeps what it read from one search to the next, and asks the store just for what is new since.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from tvcore.portal.opened import opened_store
from tvcore.searching import Found, Now, Searched
from tvcore.session.document import Document
from tvcore.store import Store
from tvcore.store.lookup import Lookup


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
        self._follow()
        editions, found = self._lookup.editions(), self._lookup.now()
        now: list[Now] = [(state, node) for _, state, node in found]
        # A tile's id is never given again. Editions are read first: what changes after that is read once more.
        if editions != self._editions or [number for number, _, _ in found] != self._searched.ids:
            tiles = self._lookup.tiles()
            now = [(tile["state"], tile["node"]) for tile in tiles]
            self._searched, self._editions = Searched(tiles, self._document), editions
        return self._searched.search(now, query)

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


@cache
def _kept(session: str) -> KeptWall:
    return KeptWall(opened_store(), session)


def prepare_search(session: str) -> None:
    """Read what a search of *session* needs, so that the first one is as fast as the next."""
    _kept(session).search("")


def query(session: str, text: str) -> Any:
    """Return the ids of the tiles on the wall that the query *text* matches, and those of each of its alternatives."""
    matches, terms = _kept(session).search(text)
    return {"matches": matches, "terms": [{"query": part, "matches": ids} for part, ids in terms]}


SEARCH_FUNCTIONS = {function.__name__: function for function in (prepare_search, query)}
