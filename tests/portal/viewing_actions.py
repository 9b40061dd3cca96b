"""The case ``viewing_actions``: actions that mean the camera and the time, which a fake agent hears as keys."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from tvcore.cases import Action, CaseInfo, Member, Report, TileSpec, hookimpl
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError


class Parameters(BaseModel):
    end: float = Field(default=40.0, description="when the run ends")
    broken: bool = Field(default=False, description="the camera cannot be read")


class Moment(BaseModel):
    time: float = Field(ge=0, le=40, description="the moment", json_schema_extra={"unit": "s"})


@hookimpl
def case_info() -> CaseInfo:
    return CaseInfo(name="viewing_actions", title="Viewing", description="Copies a camera, shows a moment.")


@hookimpl
def case_parameters() -> type[BaseModel]:
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    return [Member(index=i, title=f"member {i}") for i in range(count or 1)]


@hookimpl
def case_tile(parameters: Parameters, member: Member) -> TileSpec:
    return TileSpec(command=("xclock",))


@hookimpl
def case_actions(parameters: Parameters) -> Sequence[Action]:
    return [
        Action(name="look", title="Look as the first", icon="camera", each="once", leader=True, means="camera"),
        Action(name="moment", title="Moment", parameters=Moment, means="time"),
    ]


@hookimpl
def case_action(
    parameters: Parameters,
    action: str,
    member: Member | Sequence[Member],
    tile: LiveTile | Sequence[LiveTile],
    arguments: Moment | None,
    report: Report,
) -> str:
    if arguments is not None:
        assert isinstance(tile, LiveTile)
        tile.type(f"{arguments.time:g};")
        return f"at {arguments.time:g}"
    assert not isinstance(tile, LiveTile)
    if parameters.broken:
        raise TiledVizError("the leader says nothing of its camera")
    for done, each in enumerate(tile[1:], 1):
        each.key("c")
        report(done / (len(tile) - 1), f"{done} tiles")
    return f"{len(tile) - 1} as the first"
