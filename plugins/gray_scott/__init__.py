"""The case ``gray_scott``: a sweep of a reaction-diffusion model, each member an isosurface to turn and look at."""

from __future__ import annotations

import csv
import importlib.util
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ConfigDict, Field

from tvcore.cases import Action, Bind, CaseInfo, ImageSpec, Member, Report, TileSpec, hookimpl
from tvcore.cases.live import LiveTile
from tvcore.ensemble import open_ensemble
from tvcore.errors import TiledVizError
from tvcore.viewer.asking import ask, copy_camera, said, save_picture
from tvcore.viewer.colours import Colours

from .parameters import Parameters

IN_CONTAINER = "/opt/tiledviz/gray_scott"  # where a tile's container sees this package


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="gray_scott",
        title="Gray-Scott patterns",
        description="A sweep of the Gray-Scott reaction-diffusion model over feed and kill rates, in three dimensions",
        picture="picture.png",
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the sweep's parameters."""
    return Parameters


@hookimpl
def case_prepare(parameters: Parameters, report: Report) -> bool:
    """Integrate the sweep, unless the cache has it. Raises TiledVizError."""
    if importlib.util.find_spec("vtkmodules") is None:
        raise TiledVizError("the case gray_scott draws with VTK, which is not installed: pip install 'tiledviz[vtk]'")
    from .prepare import prepare

    prepare(parameters, report)
    return True


@hookimpl
def case_ensemble(parameters: Parameters) -> Path:
    """Return the file of the sweep."""
    from .prepare import ensemble_path

    return ensemble_path(parameters)


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return the members, each titled and tagged by its class. Raises TiledVizError."""
    with open_ensemble(case_ensemble(parameters)) as ensemble:
        classes = ensemble.table(["class"])["class"].tolist()
    return [Member(index=i, title=f"{i} {name}", tags=(name,)) for i, name in enumerate(classes[:count])]


@hookimpl
def case_tile(parameters: Parameters, member: Member) -> TileSpec:
    """Return the program that shows *member*.

    It is run by its path, because ``-m`` would import this package first, and with it a tenth of a second.
    """
    here, file = Path(__file__).parent, case_ensemble(parameters)
    wanted = ("--file", str(file), "--member", str(member.index), "--triangles", str(parameters.triangles))
    image = ImageSpec(
        name="vtk",
        command=("python3", "-P", f"{IN_CONTAINER}/view.py", *wanted),
        binds=(Bind(source=str(here), target=IN_CONTAINER), Bind(source=str(file))),
    )
    return TileSpec(command=(sys.executable, "-P", str(here / "view.py"), *wanted), gpu=True, image=image)


class Isovalue(BaseModel):
    """Where the surface is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(default=0.2, gt=0, lt=1, description="concentration v that the surface shows")


class Colouring(BaseModel):
    """How u is coloured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Colours = Field(default="viridis", description="the colours, from little u to much")


class Turning(BaseModel):
    """Whether it turns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: bool = Field(default=False, description="turn by itself while somebody looks")


@hookimpl
def case_actions(parameters: Parameters) -> Sequence[Action]:
    """Return what one can have done with tiles."""
    return [
        Action(name="camera-reset", title="Back to the first view", icon="restart"),
        Action(
            name="camera-copy", title="See all as the first", icon="camera", each="once", leader=True, means="camera"
        ),
        Action(name="isovalue", title="Isovalue", icon="level", parameters=Isovalue),
        Action(name="colours", title="Colours", icon="colour", parameters=Colouring),
        Action(name="turn", title="Turn, or stand still", icon="look", parameters=Turning),
        Action(name="picture", title="Save a picture", icon="save"),
        Action(name="table", title="Write a table of these", icon="table", each="once"),
    ]


@hookimpl
def case_action(
    parameters: Parameters,
    action: str,
    member: Member | Sequence[Member],
    tile: LiveTile | Sequence[LiveTile],
    arguments: BaseModel | None,
    report: Report,
) -> str:
    """Tell a tile's viewer, copy the first one's camera, or write pictures and tables beside the ensemble."""
    if not isinstance(member, Member):
        if action == "table":
            return _table(parameters, member)
        assert not isinstance(tile, LiveTile)
        return copy_camera(tile, report)
    assert isinstance(tile, LiveTile)
    if action == "picture":
        source = case_ensemble(parameters)
        return f"saved: {save_picture(tile, source.parent, f'{source.stem}-{member.index:04d}')}"
    return said(ask(tile, action, **(arguments.model_dump() if arguments else {})))


def _table(parameters: Parameters, members: Sequence[Member]) -> str:
    """Write what is known of *members* into a CSV file beside the ensemble."""
    source = case_ensemble(parameters)
    with open_ensemble(source) as ensemble:
        names = [column.name for column in ensemble.columns]
        table = ensemble.table(names)
    with _new_table(source) as file:
        writer = csv.writer(file)
        writer.writerow(["member", *names])
        writer.writerows([each.index, *(table[name][each.index] for name in names)] for each in members)
    return f"{len(members)} {'member is' if len(members) == 1 else 'members are'} in {file.name}"


def _new_table(source: Path) -> TextIO:
    """Open a new CSV file beside *source*; it gets a number where others were begun in the same second."""
    stem = f"{source.stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    others = 0
    while True:
        try:
            number = f"-{others + 1}" if others else ""
            return source.with_name(f"{stem}{number}.csv").open("x", newline="", encoding="utf-8")
        except FileExistsError:
            others += 1
