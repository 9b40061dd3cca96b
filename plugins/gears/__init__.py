"""The case ``gears``: Mesa's glxgears in every tile, for a look at displays and GL without any data."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from tvcore.cases import Action, CaseInfo, ImageSpec, Member, TileSpec, hookimpl
from tvcore.cases.live import LiveTile


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tiles: int = Field(default=4, ge=1, le=64, description="how many tiles")
    width: int = Field(default=640, ge=64, le=4096, description="of each tile", json_schema_extra={"unit": "px"})
    height: int = Field(default=480, ge=64, le=4096, description="of each tile", json_schema_extra={"unit": "px"})


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="gears", title="Gears", description="glxgears in every tile: does GL draw here?", picture="picture.png"
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return as many members as tiles were asked for."""
    return [Member(index=i, title=f"{i} gears") for i in range(parameters.tiles if count is None else min(count, 64))]


@hookimpl
def case_tile(parameters: Parameters, member: Member) -> TileSpec:
    """Return glxgears, over the whole display, stopped while nobody looks: it would take all the CPU there is."""
    size = f"{parameters.width}x{parameters.height}+0+0"
    environment = {"LP_NUM_THREADS": "0"}  # llvmpipe draws such a scene best in the program's own thread
    return TileSpec(
        command=("glxgears", "-geometry", size),
        width=parameters.width,
        height=parameters.height,
        environment=environment,
        image=ImageSpec(name="tile", environment=environment),
        unwatched="pause",
        gpu=True,
    )


@hookimpl
def case_actions(parameters: Parameters) -> Sequence[Action]:
    """Return what one can have done: one button for every tile by itself, one for all together."""
    return [
        Action(name="turn", title="Turn the gears", icon="look"),
        Action(name="in-step", title="Start all in step", icon="restart", each="once", confirm="Start the gears anew?"),
    ]


@hookimpl
def case_action(
    parameters: Parameters, action: str, member: Member | Sequence[Member], tile: LiveTile | Sequence[LiveTile]
) -> str:
    """Turn one by a key, or start all of them."""
    if isinstance(tile, LiveTile):
        tile.key("Left")
        return "turned to the left"
    for each in tile:
        each.restart()
    return f"{len(tile)} started together"
