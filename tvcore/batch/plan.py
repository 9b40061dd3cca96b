"""The plan of a job: which tiles run, what each runs, and on which of the job's nodes.

A plan is a value. It is written into the job script as one line of JSON and read back by the node agents,
so that a script handed to ``sbatch`` by hand is complete by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tvcore.errors import TiledVizError


class TilePlan(BaseModel):
    """One tile: its picture's size in pixels, its program, and the node that runs it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int = Field(ge=0, le=0xFFFF, description="number within the job; the tile's name on the wire")
    title: str
    command: tuple[str, ...] = Field(min_length=1, description="argument list of the program")
    environment: dict[str, str] = Field(default_factory=dict)
    member: int | None = Field(default=None, description="row in the ensemble, from 0")
    tags: tuple[str, ...] = ()
    width: int = Field(default=640, ge=16, le=16384)
    height: int = Field(default=480, ge=16, le=16384)
    node: int = Field(default=0, ge=0, description="ordinal of the node within the job")
    unwatched: Literal["run", "pause"] = Field(
        default="run", description="what becomes of the program while nobody looks: it runs on, or is stopped (SIGSTOP)"
    )


class Plan(BaseModel):
    """Everything a job's node agents need to know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    case: str
    title: str
    session: str = "main"
    state: str = Field(description="absolute path of the owner's state folder, where agents register and log")
    ensemble: str | None = Field(default=None, description="absolute path of the HDF5 file with the members")
    parameters: dict[str, object] = Field(default_factory=dict, description="what the case was launched with")
    tiles: tuple[TilePlan, ...] = Field(min_length=1)

    def on_node(self, ordinal: int) -> tuple[TilePlan, ...]:
        """Return the tiles of the node with this *ordinal*."""
        return tuple(tile for tile in self.tiles if tile.node == ordinal)


def read_plan(text: str) -> Plan:
    """Return the plan in *text* (JSON). Raises TiledVizError naming the first wrong field."""
    try:
        return Plan.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the text"
        raise TiledVizError(f"this is not a plan of TiledViz: {where}: {first['msg']}") from error


def place(tiles: Sequence[TilePlan], nodes: int) -> tuple[TilePlan, ...]:
    """Spread *tiles* over *nodes* nodes: in order, in runs whose lengths differ by one at most.

    Deterministic: tile ``i`` of ``n`` goes to node ``i * nodes // n``.
    """
    if nodes < 1:
        raise TiledVizError(f"a job needs at least one node, not {nodes}")
    return tuple(tile.model_copy(update={"node": i * nodes // len(tiles)}) for i, tile in enumerate(tiles))
