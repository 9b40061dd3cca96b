"""The case ``vtk_files``: meshes and fields of files, a tile each."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, create_model

from tvcore.cases import Action, Bind, CaseInfo, Column, ImageSpec, Member, Report, TileSpec, hookimpl
from tvcore.cases.live import LiveTile
from tvcore.errors import UsageError
from tvcore.viewer.asking import ask, copy_camera, said, save_picture
from tvcore.viewer.collection import COLLECTION
from tvcore.viewer.colours import Colours
from tvcore.viewer.moments import FIRST
from tvcore.viewer.reading import suffix_of

from .measures import COLUMNS, measure_all, measured
from .parameters import Parameters, Source, sources

IN_CONTAINER = "/opt/tiledviz/vtk_files"  # where a tile's container sees this package


class Shown(Member):
    """A member, and what of it the program is told: the file, and the ends of the colours."""

    path: str
    variable: str = ""
    low: float | None = None
    high: float | None = None


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="vtk_files",
        title="Meshes and fields",
        description="Files of VTK, STL, OBJ, PLY, series of them, and fields of netCDF and HDF5 files: a tile each",
        picture="picture.png",
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_prepare(parameters: Parameters, report: Report) -> bool:
    """Look into the files, once. Raises UsageError."""
    measure_all(parameters, report)
    return True


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each file, with what is known of it. Raises UsageError."""
    known = measured(parameters)
    every = sources(parameters)
    low, high = _ends(parameters, [known.get(source.name, {}) for source in every])
    members = []
    titles = _titles(every)
    for i, source in enumerate(every[:count]):
        found = known.get(source.name, {})
        values = {column.name: found.get(column.name) for column in COLUMNS} | {"file": source.name}
        tags = (str(found["kind"]),) if found.get("kind") else ()
        members.append(
            Shown(
                index=i, title=titles[i], tags=tags, values=values,
                path=source.path, variable=source.variable, low=low, high=high,
            )
        )  # fmt: skip
    return members


def _ends(parameters: Parameters, known: Sequence[dict[str, object]]) -> tuple[float | None, float | None]:
    """Return the values of the first and the last colour; None: those of each file."""
    low, high = parameters.low, parameters.high
    if parameters.scale == "common":
        least = [value for found in known if isinstance(value := found.get("least"), float) and math.isfinite(value)]
        most = [value for found in known if isinstance(value := found.get("largest"), float) and math.isfinite(value)]
        if least and most:
            low = min(least) if low is None else low
            high = max(most) if high is None else high
    return low, high


def _titles(every: Sequence[Source]) -> list[str]:
    """Return what each is called: its file's name, with the folder's where several have that name."""
    often = Counter(path.name for path in {Path(source.path) for source in every})
    titles = []
    for source in every:
        path = Path(source.path)
        name = path.name if often[path.name] == 1 else f"{path.parent.name}/{path.name}"
        titles.append(f"{name}:{source.variable}" if source.variable else name)
    return titles


@hookimpl
def case_columns() -> Sequence[Column]:
    """Return the columns of what is known of the files."""
    return COLUMNS


@hookimpl
def case_tile(parameters: Parameters, member: Shown) -> TileSpec:
    """Return the program that shows a file.

    It is run by its path, because ``-m`` would import this package first, and with it a tenth of a second.
    """
    here = Path(__file__).parent
    wanted = [f"--file={member.path}", f"--colour-by={parameters.colour_by}", f"--colours={parameters.colours}"]
    wanted += [f"--show={parameters.show}"]
    wanted += [f"--variable={member.variable}"] if member.variable else []
    wanted += [f"--{name}={end!r}" for name, end in (("low", member.low), ("high", member.high)) if end is not None]
    wanted += [f"--time={parameters.time}"] if parameters.time != FIRST else []
    # a collection's files lie in its folder or below
    seen = str(Path(member.path).parent) if suffix_of(member.path) == COLLECTION else member.path
    image = ImageSpec(
        name="vtk",
        command=("python3", "-P", f"{IN_CONTAINER}/view.py", *wanted),
        binds=(Bind(source=str(here), target=IN_CONTAINER), Bind(source=seen)),
    )
    return TileSpec(
        command=(sys.executable, "-P", str(here / "view.py"), *wanted),
        width=parameters.width, height=parameters.height, gpu=True, image=image,
    )  # fmt: skip


class Colouring(BaseModel):
    """How values are coloured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Colours = Field(default="viridis", description="the colours, from the least value to the largest")


class ColourBy(BaseModel):
    """What is coloured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        default="", max_length=200, description="an array of the file; empty: its first; none: one colour"
    )


class Isovalue(BaseModel):
    """Where the surface is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(default=0.5, allow_inf_nan=False, description="value that the surface of a volume shows")


class Moment(BaseModel):
    """Which moment is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: float = Field(default=0.0, allow_inf_nan=False, description="time: each shows its moment nearest to it")


def _moment(parameters: Parameters) -> type[Moment] | None:
    """Return what one chooses of the time, between the ends of all that has one; None: nothing of it has.

    Where nothing is known, as on a node that does not see the cache, there are no ends.
    """
    known = measured(parameters)
    if not known:
        return Moment
    timed = [found for found in known.values() if found.get("moments")]
    if not timed:
        return None
    least, most = min(found["first_time"] for found in timed), max(found["last_time"] for found in timed)
    units, gaps = {found["unit"] for found in timed}, [found["gap"] for found in timed]
    unit, _, since = (units.pop() if len(units) == 1 else "").partition(" since ")
    about = f"time in {unit} since {since}" if since else "time"
    # its step is the slider's, and no rule: any time between two moments means the nearer one
    extra = {"unit": unit} if unit else {}
    extra |= {"multipleOf": min(gaps)} if all(gaps) else {}
    field = Field(
        default=least, ge=least, le=most, allow_inf_nan=False,
        description=f"{about}: each shows its moment nearest to it", json_schema_extra=extra,
    )  # fmt: skip
    return create_model("Moment", __base__=Moment, time=(float, field))


class Saving(BaseModel):
    """Where pictures go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: str = Field(
        default="", max_length=4000, pattern=r"^(/.*)?$", description="folder for the pictures; empty: beside each file"
    )


@hookimpl
def case_actions(parameters: Parameters) -> Sequence[Action]:
    """Return what one can have done with tiles; the time is for those of which a file has one."""
    moment = _moment(parameters)
    timed = [Action(name="time", title="Show a moment", icon="look", parameters=moment, means="time")] if moment else []
    return [
        Action(name="camera-reset", title="Back to the first view", icon="restart"),
        Action(
            name="camera-copy", title="See all as the first", icon="camera", each="once", leader=True, means="camera"
        ),
        Action(name="colour-by", title="Colour by", icon="colour", parameters=ColourBy),
        Action(name="colours", title="Colours", icon="colour", parameters=Colouring),
        Action(name="isovalue", title="Isovalue", icon="level", parameters=Isovalue),
        *timed,
        Action(name="picture", title="Save a picture", icon="save", parameters=Saving),
    ]


@hookimpl
def case_action(
    action: str,
    member: Shown | Sequence[Member],
    tile: LiveTile | Sequence[LiveTile],
    arguments: BaseModel | None,
    report: Report,
) -> str:
    """Tell a tile's viewer, copy the first one's camera, or save a picture."""
    if not isinstance(tile, LiveTile):
        return copy_camera(tile, report)
    assert isinstance(member, Shown)
    if isinstance(arguments, Saving):
        folder = Path(arguments.folder) if arguments.folder else Path(member.path).parent
        if not folder.is_dir():
            raise UsageError(f"folder: there is no folder {folder} on this node")
        name = f"{Path(member.path).name}-{member.variable}" if member.variable else Path(member.path).name
        return f"saved: {save_picture(tile, folder, name.replace('/', '_'))}"
    return said(ask(tile, action, **(arguments.model_dump() if arguments else {})))
