"""Tile sets that are on the wall: which of its tiles are which of a set's, and what an edit changes at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tvcore import paths
from tvcore.errors import TiledVizError
from tvcore.session import SESSION
from tvcore.store import Store
from tvcore.tilesets.document import Tile, TileSet, read
from tvcore.tilesets.members import columns_of, rows_of


def cards_folder() -> Path:
    """Return the folder of the pictures that are drawn of cards."""
    return paths.secure_folder(paths.cache_dir() / "cards")


@dataclass(frozen=True)
class Run:
    """A job that shows a set: what it was launched with, and the ids of its tiles by their index."""

    job: str
    parameters: Mapping[str, Any]
    tiles: Mapping[int, int]

    def shown(self, store: Store) -> TileSet | None:
        """Return the set as it was when this was launched, None when that is not known any more."""
        revision = self.parameters.get("revision")
        if not revision:
            return None
        try:
            return read(json.loads(store.kept.read(str(self.parameters["name"]), int(revision))["body"]))
        except TiledVizError:  # too old: it is shown again as a whole
            return None

    def keys(self, store: Store) -> dict[int, int]:
        """Return the ids of the tiles on the wall by the keys that they have in the set."""
        shown = self.shown(store)
        if shown is None:
            return {}
        return {tile.key: self.tiles[index] for index, tile in enumerate(shown.tiles) if index in self.tiles}

    def as_given(self, store: Store) -> list[int]:
        """Return the ids of the tiles whose notes are those of the set still: nobody wrote on them."""
        shown, written = self.shown(store), store.rooms.document(SESSION)
        tiles = enumerate(shown.tiles if shown else ())
        there = [(self.tiles[index], tile.note) for index, tile in tiles if index in self.tiles]
        return [tile for tile, note in there if written.text(f"note/{tile}") == note]


def runs_of(store: Store, case: str) -> list[Run]:
    """Return the runs of *case* that are on the wall, the oldest first."""
    tiles: dict[str, dict[int, int]] = {}
    if all(job["case"] != case for job in store.jobs()):
        return []
    for tile in store.tiles():
        if tile["case"] == case:
            tiles.setdefault(tile["job"], {})[tile["index"]] = tile["id"]
    return [Run(job, store.run_of(job).parameters, ids) for job, ids in tiles.items()]


def _drawn(tile: Tile, of: TileSet) -> object:
    """Return what the card of *tile* shows."""
    return tile.title, tile.tags, tile.values, of.columns


def tell_wall(store: Store, case: str, name: str, found: TileSet) -> dict[str, Any]:
    """Give the tiles of the set *name* on the wall the titles, tags and values that *found* has.

    Returns how many tiles were ``updated``, and the jobs to be shown ``again``, as tiles came, went, or show something
    else.
    """
    updated, again = 0, []
    columns, rows = columns_of(found), rows_of(found)
    by_key = {tile.key: (tile, row) for tile, row in zip(found.tiles, rows, strict=True)}
    for run in runs_of(store, case):
        if run.parameters.get("name") != name:
            continue
        shown = run.shown(store)
        if shown is None:
            again.append(run.job)
            continue
        changes = {}
        other = len(found.tiles) != len(shown.tiles)
        for index, was in enumerate(shown.tiles):
            now, row = by_key.get(was.key, (None, None))
            if now is None or row is None:
                other = True
                continue
            other = other or (now.kind, now.source) != (was.kind, was.source)
            other = other or (now.kind == "card" and (_drawn(now, found) != _drawn(was, shown)))
            if index in run.tiles:
                changes[index] = {"title": now.title or str(now.key), "tags": list(now.tags), "metadata_": row}
        updated += store.apply_edit(run.job, found.title, [asdict(column) for column in columns], changes)
        if other:
            again.append(run.job)
    return {"updated": updated, "again": again}
