"""The portal's answers about tile sets, played in the browser: one set of 1,000 rows, kept as the portal keeps it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from tvcore.tilesets.document import problems_of

ROWS = 1_000
NUMBERS = 26


def document() -> dict[str, Any]:
    """Return a set of 1,000 tiles with 30 columns of all kinds."""
    columns: list[dict[str, Any]] = [{"name": f"F{i}", "kind": "number", "unit": "K"} for i in range(NUMBERS)]
    columns += [{"name": "step", "kind": "integer"}, {"name": "good", "kind": "flag"}]
    columns += [{"name": "class", "kind": "text"}, {"name": "site", "kind": "text"}]
    tiles = [
        {
            "key": row + 1, "title": f"sub-{row:04}", "kind": "picture", "source": f"/data/brains/sub-{row:04}.png",
            "tags": ["control" if row % 2 else "patient"],
            "values": {f"F{i}": round(row * 0.37 + i, 2) for i in range(NUMBERS)}
            | {"step": row, "good": row % 3 == 0, "class": ("spots", "waves")[row % 2], "site": "Saclay"},
        }
        for row in range(ROWS)
    ]  # fmt: skip
    head = {"format": "tiledviz-tileset", "version": 1, "title": "Brains of 1,000 people"}
    return head | {"columns": columns, "tiles": tiles}


class PlayedSets:
    """Answers a page's calls below ``/api/v1/tilesets``; a set is checked by ``tvcore.tilesets`` as the portal does."""

    def __init__(self, page: Page) -> None:
        self.document = document()
        self.revision = 1
        page.route("**/api/v1/tilesets**", self._answer)
        page.route("**/api/v1/tilesets/**", self._answer)

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path.removeprefix("/api/v1/tilesets").strip("/")
        if route.request.method == "POST" and path == "brains":
            return self._write(route)
        if path == "brains":
            return route.fulfill(json={"name": "brains", "revision": self.revision, "document": self.document})
        about = {"name": "brains", "title": self.document["title"], "tiles": ROWS, "columns": 30}
        return route.fulfill(json={"tilesets": [about | {"revision": self.revision, "person": "", "at": 1.7e9}]})

    def _write(self, route: Route) -> None:
        said = json.loads(route.request.post_data or "")
        if said["revision"] != self.revision:
            return route.fulfill(status=409, json={"error": "somebody else saved it", "revision": self.revision})
        found, problems = problems_of(said["document"])
        if found is None:
            plain = [{"row": each.row, "field": each.field, "text": each.text} for each in problems]
            return route.fulfill(status=422, json={"error": "cells are wrong", "problems": plain})
        self.keep(found.plain())
        return route.fulfill(json={"name": "brains", "revision": self.revision, "wall": None})

    def keep(self, kept: dict[str, Any]) -> None:
        """Keep a new revision."""
        self.document = kept
        self.revision += 1
