"""The bundled cases of files, pages and programs in this process: their members and tiles from what one gives them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from tvcore.cases import catalog, manager
from tvcore.cases.case import Member, TileSpec
from tvcore.ensemble import Column

HOSTILE = ("a\0b", "a\nb", "'", '"', "$(id)", "`id`", "; rm -rf /", "é" * 10_000, "<script>", "../../..", "\ud800")


class Made:
    """What a case makes of *given*: its parameters as they are remembered, members, tiles and columns."""

    def __init__(self, case: str, given: Mapping[str, Any], count: int | None = None) -> None:
        loaded = manager.load(catalog.find(case))
        values = loaded.parameters(given)
        self.parameters: dict[str, Any] = values.model_dump(mode="json")
        self.members: Sequence[Member] = loaded.members(values, count)
        self.columns: Sequence[Column] = loaded.columns(values)
        self.tiles: list[TileSpec] = [loaded.tile(values, member) for member in self.members]

    @property
    def titles(self) -> list[str]:
        return [member.title for member in self.members]

    @property
    def sources(self) -> list[tuple[str, str]]:
        return [(tile.kind, tile.source) for tile in self.tiles]


def refusal(case: str, given: Mapping[str, Any]) -> str:
    """Return the one line that refuses *given*, empty where it is taken."""
    from tvcore.errors import TiledVizError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            Made(case, given)
    except TiledVizError as error:
        said = str(error)
        assert "\n" not in said
        assert len(said) < 2000
        return said
    return ""
