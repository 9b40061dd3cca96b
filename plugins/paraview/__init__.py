"""The case ``paraview``: ParaView in every tile, each on a state file or a data file of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

import tvcore
from tvcore.cases import Action, Bind, CaseInfo, Column, ImageSpec, Member, Report, TileSpec, hookimpl
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError, UsageError
from tvcore.importing.named import Paths, files_of
from tvcore.viewer.asking import ask, copy_camera, said

from .state_file import StateFileError, data_files, replaced

HERE = Path(__file__).parent
IN_CONTAINER = "/opt/tiledviz/paraview_case"  # not ``paraview``: what is in /opt/tiledviz can be imported
CODE = "/opt/tiledviz"
STATES = (".pvsm", ".py")
START_SECONDS = 600.0  # until ParaView has its windows, where many start on few cores
# Folders of which a tile has its own, or which are too much to show for the sake of one file in them.
OWN = {Path("/", path) for path in ("", "tmp", "var/tmp", "home", "root", "usr", "etc", "opt", "dev", "run")}


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    states: Paths = Field(default=(), description="state files (.pvsm, .py), folders, patterns, with commas between")
    data: Paths = Field(
        default=(), description="data files, folders, patterns: each as it is, or in the one state that is named"
    )
    replace: str = Field(
        default="",
        max_length=1000,
        description="which data file of that state each of data replaces, if it reads several",
    )
    interface: Literal["view", "full"] = Field(default="view", description="the picture alone, or all of ParaView")
    binds: Paths = Field(
        default=(), description="more that an image is to see of the node: folders, files, with commas between"
    )
    gpu: bool = Field(default=True, description="draw on a GPU, where jobs have some")
    threads: int = Field(default=1, ge=0, le=64, description="threads that draw where no GPU does; 0: one per core")
    width: int = Field(default=1024, ge=64, le=16384, description="of each tile", json_schema_extra={"unit": "px"})
    height: int = Field(default=768, ge=64, le=16384, description="of each tile", json_schema_extra={"unit": "px"})

    @field_validator("states", "data", "binds")
    @classmethod
    def _are_plain(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for path in value:
            if "\0" in path:
                raise ValueError("a path has no zero byte in it")
        return value


class Shown(Member):
    """A member: its state, and its data file (each a path, or empty)."""

    state: str = ""
    data: str = ""

    @property
    def source(self) -> Path:
        """Return the file that this member has alone."""
        return Path(self.data or self.state)


def _members(parameters: Parameters) -> list[tuple[str, str]]:
    """Return state and data of all members. Raises UsageError."""
    states = (
        files_of(parameters.states, _is_state, "state file (.pvsm, .py)", key="states") if parameters.states else []
    )
    data = files_of(parameters.data, _is_data, "data file", key="data") if parameters.data else []
    if not states and not data:
        raise UsageError("states: name state files, or data files: --set states=/data/*.pvsm, --set data=/data/*.vtu")
    if not data:
        for state in states:
            _read(state)
        return [(str(state), "") for state in states]
    if len(states) > 1:
        raise UsageError(f"states: these are {len(states)}: name one for all of data, or states alone")
    for state in states:
        _read(state, parameters.replace)
    return [(str(states[0]) if states else "", str(file)) for file in data]


def _is_state(path: Path) -> bool:
    return path.suffix in STATES


def _is_data(path: Path) -> bool:
    """Return whether *path* may be a data file: no state, and none of the pictures that the action saves there."""
    return path.suffix not in (*STATES, ".png")


@lru_cache(maxsize=8)
def _read(state: Path, replace: str | None = None) -> list[str]:
    """Return the data files that *state* names; see that *replace* (None: nothing) is one. Raises UsageError."""
    if state.suffix != ".pvsm":
        return []
    try:
        files = data_files(str(state))
    except StateFileError as error:
        raise UsageError(f"states: {state}: {error}") from error
    if replace is not None:
        try:
            replaced(files, replace)
        except StateFileError as error:
            raise UsageError(f"replace: {state}: {error}") from error
    return files


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="paraview",
        title="ParaView",
        description="ParaView in every tile, each on a state file of its own, or all on one state and a data file each",
        picture="picture.png",
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each state, or for each data file. Raises UsageError."""
    _read.cache_clear()  # what is there now
    found = [Shown(index=i, title="", state=state, data=data) for i, (state, data) in enumerate(_members(parameters))]
    return [each.model_copy(update={"title": each.source.stem, "values": _values(each)}) for each in found[:count]]


def _values(member: Shown) -> dict[str, bool | int | float | str | None]:
    try:
        size = member.source.stat().st_size
    except OSError:
        size = None
    return {"file": member.source.name, "folder": str(member.source.parent), "size": size}


@hookimpl
def case_columns(parameters: Parameters) -> Sequence[Column]:
    """Return the columns that are known of a member: those of its file."""
    members = [Path(data or state) for state, data in _members(parameters)]

    def text(name: str, values: list[str], description: str) -> Column:
        return Column(name, f"S{max(len(value.encode()) for value in values)}", description=description)

    return [
        text("file", [path.name for path in members], "the member's own file"),
        text("folder", [str(path.parent) for path in members], "where that is"),
        Column("size", "int64", unit="B", description="how large it is"),
    ]


@hookimpl
def case_tile(parameters: Parameters, member: Shown) -> TileSpec:
    """Return ParaView on the state and data of *member*."""
    wanted = [f"--state={member.state}", f"--data={member.data}", f"--replace={parameters.replace}"]
    environment = {"LP_NUM_THREADS": str(parameters.threads)} if parameters.threads else {}
    return TileSpec(
        command=(sys.executable, str(HERE / "start.py"), *wanted, f"--code={Path(tvcore.__file__).parents[1]}"),
        environment=environment,
        width=parameters.width,
        height=parameters.height,
        gpu=parameters.gpu,
        window_manager=True,
        image=ImageSpec(
            name="paraview",
            command=("python3", f"{IN_CONTAINER}/start.py", *wanted, f"--code={CODE}"),
            environment=environment,
            binds=(Bind(source=str(HERE), target=IN_CONTAINER), *_binds(parameters, member)),
        ),
    )


def _binds(parameters: Parameters, member: Shown) -> list[Bind]:
    """Return what ParaView has to see of the node: the folders of the state and of the data, and what is named."""
    files = [Path(path) for path in (member.state, member.data) if path]
    if member.state:
        files += [Path(path) for path in _read(Path(member.state)) if path.startswith("/")]
    folders = [file if file.parent in OWN else file.parent for file in files if file.exists()]
    return [Bind(source=str(path)) for path in dict.fromkeys([*folders, *map(Path, parameters.binds)])]


@hookimpl
def case_ready(parameters: Parameters, member: Shown, tile: LiveTile) -> None:
    """Make ParaView as large as the tile, or its view, once it has read what it shows. Raises TiledVizError."""
    window = tile.wait_window("ParaView", START_SECONDS)
    tile.maximise(window)
    deadline = time.monotonic() + START_SECONDS
    while parameters.interface == "view":
        try:
            ask(tile, "camera")
        except TiledVizError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
            continue
        tile.key("ctrl+F11")  # its shortcut for that; Escape brings the rest back
        return


class Size(BaseModel):
    """How large a picture is to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(default=1920, ge=16, le=16384, description="of the picture", json_schema_extra={"unit": "px"})


@hookimpl
def case_actions(parameters: Parameters) -> Sequence[Action]:
    """Return what one can have done with tiles."""
    return [
        Action(name="camera-reset", title="See all of it", icon="restart"),
        Action(
            name="camera-copy", title="See all as the first", icon="camera", each="once", leader=True, means="camera"
        ),
        Action(name="picture", title="Save a picture", icon="save", parameters=Size),
    ]


@hookimpl
def case_action(
    action: str, member: Shown | Sequence[Shown], tile: LiveTile | Sequence[LiveTile], arguments: Size, report: Report
) -> str:
    """Have ParaView in the tiles do it; it answers when it has nothing else to do."""
    if not isinstance(tile, LiveTile):
        return copy_camera(tile, report)
    if action != "picture":
        return said(ask(tile, action))
    assert isinstance(member, Shown)
    picture = tile.read(said(ask(tile, "picture", width=arguments.width)))
    path = member.source.with_name(f"{member.source.stem}-{time.strftime('%Y%m%d-%H%M%S')}.png")
    try:
        with path.open("xb") as file:
            file.write(picture)
    except OSError as error:
        raise TiledVizError(f"{path} cannot be written: {error.strerror}") from error
    return f"saved: {path}"
