"""The case ``trial``: any program in every tile, as a person's own plugin brings one (case_kit.py installs it)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pydantic import BaseModel, Field

from tvcore.cases import CaseInfo, EnsembleFile, ImageSpec, Member, TileSpec, hookimpl
from tvcore.cases.live import LiveTile

# A tile is live when its program has drawn; this one is stopped while nobody looks.
WAIT = "glxgears"


class Parameters(BaseModel):
    program: str = Field(default=WAIT, description="the program and its arguments, as a shell splits them")
    image: str = Field(default="", description="the image that it runs in")
    manager: bool = Field(default=False, description="have a window manager")
    size: str = Field(default="320x240")
    live: str = Field(default="", description="the file of its members, which is written on the node meanwhile")
    say: str = Field(default="", description="what the case types into the program's window when it is there")


@hookimpl
def case_info() -> CaseInfo:
    return CaseInfo(name="trial", title="Trial", description="Any program in every tile.")


@hookimpl
def case_parameters() -> type[BaseModel]:
    return Parameters


@hookimpl
def case_ensemble(parameters: Parameters) -> EnsembleFile | None:
    return EnsembleFile(parameters.live, live=True) if parameters.live else None


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    return [Member(index=i, title=f"trial {i}") for i in range(count or 1)]


@hookimpl
def case_tile(parameters: Parameters, member: Member) -> TileSpec:
    width, _, height = parameters.size.partition("x")
    return TileSpec(
        command=tuple(shlex.split(parameters.program)),
        width=int(width),
        height=int(height),
        environment={"LP_NUM_THREADS": "0"},
        unwatched="pause" if parameters.program == WAIT else "run",
        window_manager=parameters.manager,
        image=ImageSpec(name=parameters.image) if parameters.image else None,
    )


@hookimpl
def case_ready(parameters: Parameters, member: Member, tile: LiveTile) -> None:
    if parameters.say:
        tile.wait_window()
        tile.type(f"{parameters.say}\n")
