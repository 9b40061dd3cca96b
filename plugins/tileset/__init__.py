"""The case ``tileset``: a tile set that is kept, each tile a picture, movie, PDF, page or card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tvcore.cases import CaseInfo, Column, Member, Report, TileSpec, hookimpl
from tvcore.errors import UsageError
from tvcore.store import Store
from tvcore.tilesets.document import Kind, TileSet, read
from tvcore.tilesets.members import columns_of, rows_of

from .card import card_of


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=80, description="name of the tile set (tiledviz tileset list)")
    revision: int = Field(default=0, ge=0, description="its revision; 0: the last one")
    project: int = Field(default=0, ge=0, description="id of the project that it is of; 0: the first one")

    @model_validator(mode="after")
    def _is_the_same_when_launched_again(self) -> Self:
        """Take the revision there is now for 0: by it one knows which tile of the wall has which key."""
        if self.name and not self.revision:
            return self.model_copy(update={"revision": _read(self.name, project=self.project)["revision"]})
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
    """Draw the cards."""
    found = _kept(parameters)
    cards = [tile for tile in found.tiles if tile.kind == "card"]
    for done, tile in enumerate(cards, 1):
        card_of(tile, found.columns)
        report(done / len(cards), "cards of the tiles that are no pictures")
    return True


@hookimpl
def case_columns(parameters: Parameters) -> Sequence[Column]:
    """Return the columns of the set."""
    return columns_of(_kept(parameters))


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each tile of the set, in its order. Raises UsageError where there is no such set."""
    found = _kept(parameters)
    rows = rows_of(found)
    return [
        Shown(
            index=row,
            title=tile.title or str(tile.key),
            tags=tile.tags,
            values=rows[row],
            kind=tile.kind,
            source=str(card_of(tile, found.columns)) if tile.kind == "card" else tile.source,
        )
        for row, tile in enumerate(found.tiles[:count])
    ]


@hookimpl
def case_tile(member: Shown) -> TileSpec:
    """Return what shows one of them."""
    return TileSpec(kind="picture" if member.kind == "card" else member.kind, source=member.source)


def _kept(parameters: Parameters) -> TileSet:
    if not parameters.name:
        raise UsageError("name: name a tile set: --set name=NAME (`tiledviz tileset list` lists those there are)")
    return read(json.loads(_read(parameters.name, parameters.revision, parameters.project)["body"]))


def _read(name: str, revision: int = 0, project: int = 0) -> dict[str, Any]:
    store = Store.open()
    try:
        return store.kept.of(project or None).read(name, revision or None)
    finally:
        store.close()
