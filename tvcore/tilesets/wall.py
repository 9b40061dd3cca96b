"""Tile sets that are on the wall: which of its tiles are which of a set's, and what an edit changes at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tvcore import paths
from tvcore.errors import TiledVizError
from tvcore.store import Store
from tvcore.tilesets.document import Tile, TileSet, read
from tvcore.tilesets.members import columns_of, rows_of


def cards_folder() -> Path:
    """Return the folder of the pictures that are drawn of cards."""
    return paths.secure_folder(paths.cache_dir() / "cards")


@dataclass(frozen=True)
class Run:
    """A job that shows a set: for which *session* and with what it was launched, its tiles' ids by their index."""

    job: str
    session: str
    parameters: Mapping[str, Any]
    tiles: Mapping[int, int]

    @property
    def project(self) -> int | None:
        """The id of the project that the set is of; None: the first one."""
        return int(self.parameters.get("project") or 0) or None

    def shown(self, store: Store) -> TileSet | None:
        """Return the set as it was when this was launched, None when that is not known any more."""
        revision = self.parameters.get("revision")
        if not revision:
            return None
        try:
            kept = store.kept.of(self.project)
            return read(json.loads(kept.read(str(self.parameters["name"]), int(revision))["body"]))
        except TiledVizError:  # too old: it is shown again as a whole
            return None

    def keys(self, store: Store) -> dict[int, int]:
        """Return the ids of the tiles on the wall by the keys that they have in the set."""
        shown = self.shown(store)
        if shown is None:
            return {}
        return {tile.key: self.tiles[index] for index, tile in enumerate(shown.tiles) if index in self.tiles}

    def as_given(self, store: Store, session: str) -> list[int]:
        """Return the ids of the tiles whose notes in *session* are those of the set still: nobody wrote on them."""
        shown, written = self.shown(store), store.rooms.document(session)
        tiles = enumerate(shown.tiles if shown else ())
        there = [(self.tiles[index], tile.note) for index, tile in tiles if index in self.tiles]
        return [tile for tile, note in there if written.text(f"note/{tile}") == note]


def runs_of(store: Store, case: str, project: int | None = None) -> list[Run]:
    """Return the runs of *case* on walls that show sets of *project*, None: the first one; the oldest first."""
    homes = {job["id"]: job["session"] for job in store.jobs() if job["case"] == case}
    if not homes:
        return []
    tiles: dict[str, dict[int, int]] = {}
    for tile in store.tiles():
        if tile["job"] in homes:
            tiles.setdefault(tile["job"], {})[tile["index"]] = tile["id"]
    first = store.projects.first()
    found = (Run(job, homes[job], store.run_of(job).parameters, ids) for job, ids in tiles.items())
    return [run for run in found if (run.project or first) == (project or first)]


def _drawn(tile: Tile, of: TileSet) -> object:
    """Return what the card of *tile* shows."""
    return tile.title, tile.tags, tile.values, of.columns


def tell_wall(store: Store, case: str, name: str, found: TileSet, project: int | None = None) -> dict[str, Any]:
    """Give the tiles of the set *name* of *project* on the wall the titles, tags and values that *found* has.

    Returns how many tiles were ``updated``, and the jobs to be shown ``again``, as tiles came, went, or show something
    else.
    """
    updated, again = 0, []
    columns, rows = columns_of(found), rows_of(found)
    by_key = {tile.key: (tile, row) for tile, row in zip(found.tiles, rows, strict=True)}
    for run in runs_of(store, case, project):
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
