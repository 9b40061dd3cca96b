"""The plan of a job: which tiles run, what each runs, and on which of the job's nodes.

A plan is a value. It is written into the job script as one line of JSON and read back by the node agents,
so that a script handed to ``sbatch`` by hand is complete by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tvcore.cases.case import Bind, Kind, check_kind
from tvcore.errors import TiledVizError, UsageError
from tvcore.session import SESSION

ARGUMENT_BYTES = (1 << 17) - 1  # the kernel's MAX_ARG_STRLEN, of one argument or NAME=VALUE, with its closing zero


def _text(value: str) -> str:
    """Return *value* if it can be written; what Python makes of a file's name that is no UTF-8 cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("this is no text: it cannot be written as UTF-8") from None
    return value


def _json(value: dict[str, object]) -> dict[str, object]:
    try:
        _text(json.dumps(value, ensure_ascii=False))
    except TypeError as error:
        raise ValueError(f"cannot be written as JSON: {error}") from error
    return value


def _argument(value: str) -> str:
    """Return *value* if a program can get it as an argument (execve(2))."""
    _text(value)
    if "\0" in value:
        raise ValueError("no program can get a NUL character: remove it")
    if len(value.encode()) > ARGUMENT_BYTES:
        raise ValueError(f"no program can get more than {ARGUMENT_BYTES} bytes in one argument")
    return value


def _environment(values: dict[str, str]) -> dict[str, str]:
    for name, value in values.items():
        if not name or "=" in name:
            raise ValueError(f"{name!r} cannot be the name of a variable of the environment")
        _argument(f"{name}={value}")
    return values


Meaning = Literal["camera", "time"]
NodeHook = Literal["case_ready", "case_limit", "case_end"]
Text = Annotated[str, AfterValidator(_text)]
Argument = Annotated[str, AfterValidator(_argument)]


class DrawnBy(BaseModel):
    """Which plugin (a ``Plugin.spec``) makes a picture of a tile's file, what it calls such a file, and its time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plugin: Text
    kind: Text
    seconds: float = Field(gt=0, description="after which its process is ended")


class TilePlan(BaseModel):
    """One tile: its picture's size in pixels, its program, and the node that runs it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int = Field(ge=0, le=0xFFFF, description="number within the job; the tile's name on the wire")
    title: Argument
    command: tuple[Argument, ...] = Field(default=(), description="argument list of the program of a live tile")
    kind: Kind = Field(default="live", description="live: a display with a program in it; else what *source* is")
    source: Argument = Field(default="", description="absolute path of the file, or address of the page")
    drawn_by: DrawnBy | None = Field(default=None, description="what makes the picture that is shown of the file")
    environment: Annotated[dict[str, str], AfterValidator(_environment)] = Field(default_factory=dict)
    member: int | None = Field(default=None, description="row in the ensemble, from 0")
    tags: tuple[Text, ...] = ()
    width: int = Field(default=640, ge=16, le=16384)
    height: int = Field(default=480, ge=16, le=16384)
    node: int = Field(default=0, ge=0, description="ordinal of the node within the job")
    gpu: int | None = Field(default=None, ge=0, description="ordinal among the job's GPUs on that node; None: no GPU")
    image: Text | None = Field(default=None, description="absolute path of the image it runs in; None: in none")
    binds: tuple[Bind, ...] = Field(default=(), description="what of the node the container sees")
    window_manager: bool = False
    unwatched: Literal["run", "pause"] = Field(
        default="run", description="what becomes of the program while nobody looks: it runs on, or is stopped (SIGSTOP)"
    )

    @model_validator(mode="after")
    def _goes_with_its_kind(self) -> Self:
        check_kind(self.kind, self.command, self.source)
        return self


class Plan(BaseModel):
    """Everything a job's node agents need to know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    case: Text
    title: Text
    session: Text = SESSION
    state: Text = Field(description="absolute path of the owner's state folder, where agents register and log")
    ensemble: Text | None = Field(default=None, description="absolute path of the HDF5 file with the members")
    live: bool = Field(default=False, description="whether the node agents follow that file while it is written")
    parameters: Annotated[dict[str, object], AfterValidator(_json)] = Field(
        default_factory=dict, description="what the case was launched with"
    )
    container: Text = Field(default="none", description="command that runs a tile's image, where it has one")
    images: dict[str, str] = Field(default_factory=dict, description="digest of each image, ``sha256:…``, by its path")
    gl: Literal["auto", "nvidia", "virtualgl", "mesa"] = Field(
        default="auto", description="way to GL: the best that draws, or this one alone"
    )
    plugin: Text = Field(default="", description="which plugin the case is, so that nodes load the very same")
    hooks: tuple[NodeHook, ...] = Field(default=(), description="of those that are called on the nodes, what it has")
    means: tuple[Meaning, ...] = Field(default=(), description="what actions of the case are for, as they say")
    plugin_memory: int = Field(default=0, ge=0, description="bytes that a process of its hooks may have; 0: no bound")
    warning: int = Field(default=0, ge=0, description="seconds before the time limit at which case_limit is called")
    scratch: Text = Field(default="", description="folder on the nodes for what tiles write and nobody keeps; or empty")
    isolation: Literal["auto", "required"] = Field(
        default="auto",
        description="whether a tile may run on a node that cannot hide the agent and other tiles from it",
    )
    tunnel_way: Literal["endpoint", "sshd"] = Field(
        default="endpoint", description="how node agents reach the login node"
    )
    encoders: int = Field(default=0, ge=0, description="threads of a node that encode pictures, 0: one per core")
    cores: float = Field(default=0.0, ge=0.0, description="cores of a node that encoding may take, 0: no bound")
    tiles: tuple[TilePlan, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _of_an_older_release(cls, given: Any) -> Any:
        """Take what a job that outlived an upgrade has registered: it said ``ready`` for one of the hooks."""
        if isinstance(given, dict) and "ready" in given:
            more = {name: value for name, value in given.items() if name != "ready"}
            return {"hooks": ("case_ready",) if given["ready"] else (), **more}
        return given

    @property
    def nodes(self) -> int:
        """How many nodes the job needs: no more than it has tiles, when ``place`` placed them."""
        return 1 + max(tile.node for tile in self.tiles)

    def on_node(self, ordinal: int) -> tuple[TilePlan, ...]:
        """Return the tiles of the node with this *ordinal*."""
        return tuple(tile for tile in self.tiles if tile.node == ordinal)


@contextmanager
def refused_by_name(what: str) -> Iterator[None]:
    """Make of a ValidationError a UsageError of one line: *what*, the name of the wrong value, and the reason."""
    try:
        yield
    except ValidationError as error:
        raise UsageError(f"{what}: {_first(error)}") from error


def read_plan(text: str) -> Plan:
    """Return the plan in *text* (JSON). Raises TiledVizError naming the first wrong field."""
    try:
        return Plan.model_validate_json(text)
    except ValidationError as error:
        raise TiledVizError(f"this is not a plan of TiledViz: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the text"
    return " ".join(f"{where}: {first['msg'].removeprefix('Value error, ')}".split())
