"""The case ``tileset``: a tile set that is kept, each tile a picture, movie, PDF, page or card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tvcore import paths
from tvcore.cases import CaseInfo, Member, TileSpec, hookimpl
from tvcore.cases.hookspecs import Report
from tvcore.ensemble import create
from tvcore.errors import UsageError
from tvcore.store import Store
from tvcore.tilesets.document import Kind, TileSet, read
from tvcore.tilesets.members import columns_of, rows_of, stored

from .card import card_of

ROWS = 4096  # written at a time


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=80, description="name of the tile set (tiledviz tileset list)")
    revision: int = Field(default=0, ge=0, description="its revision; 0: the last one")

    @model_validator(mode="after")
    def _is_the_same_when_launched_again(self) -> Self:
        """Take the revision there is now for 0: by it one knows which tile of the wall has which key."""
        if self.name and not self.revision:
            return self.model_copy(update={"revision": _read(self.name)["revision"]})
        return self


class Shown(Member):
    """A member, and what shows it."""

    kind: Kind
    source: str


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="tileset", title="Tile set", description="A tile set that is kept: imported, edited, saved from a wall"
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_prepare(parameters: Parameters, report: Report) -> bool:
    """Draw the cards, and write the columns into a file that every case's metadata are read from."""
    found, folder = _kept(parameters)
    cards = [tile for tile in found.tiles if tile.kind == "card"]
    for done, tile in enumerate(cards, 1):
        card_of(tile, found.columns)
        report(done / len(cards), "cards of the tiles that are no pictures")
    if found.columns and not _ensemble(folder).exists():
        rows = [stored(row) for row in rows_of(found)]
        with create(_ensemble(folder), columns_of(found), title=found.title) as writer:
            for start in range(0, len(rows), ROWS):
                writer.append(rows[start : start + ROWS])
    return True


@hookimpl
def case_ensemble(parameters: Parameters) -> Path | None:
    """Return the file with the columns, None for a set that has none."""
    found, folder = _kept(parameters)
    return _ensemble(folder) if found.columns and found.tiles else None


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each tile of the set, in its order. Raises UsageError where there is no such set."""
    found, _ = _kept(parameters)
    return [
        Shown(
            index=row,
            title=tile.title or str(tile.key),
            tags=tile.tags,
            kind=tile.kind,
            source=str(card_of(tile, found.columns)) if tile.kind == "card" else tile.source,
        )
        for row, tile in enumerate(found.tiles[:count])
    ]


@hookimpl
def case_tile(member: Shown) -> TileSpec:
    """Return what shows one of them."""
    return TileSpec(kind="picture" if member.kind == "card" else member.kind, source=member.source)


def _kept(parameters: Parameters) -> tuple[TileSet, Path]:
    """Return the set, and the folder for what is made of it: another one for every other document."""
    if not parameters.name:
        raise UsageError("name: name a tile set: --set name=NAME (`tiledviz tileset list` lists those there are)")
    body = _read(parameters.name, parameters.revision)["body"]
    digest = hashlib.sha256(body.encode()).hexdigest()[:32]
    return read(json.loads(body)), paths.secure_folder(paths.secure_folder(paths.state_dir() / "tilesets") / digest)


def _read(name: str, revision: int = 0) -> dict[str, Any]:
    store = Store.open()
    try:
        return store.kept.read(name, revision or None)
    finally:
        store.close()


def _ensemble(folder: Path) -> Path:
    return folder / "members.h5"
