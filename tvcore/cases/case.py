"""The values that a case's hooks return."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CASE_NAME = r"^[a-z][a-z0-9_]{0,39}$"


class CaseInfo(BaseModel):
    """What a case is called: *name* on the command line, *title* for people, and a sentence of what it shows.

    The plugin is called *name* too. *picture* is the name of a PNG file beside its code, for the list of cases.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=CASE_NAME)
    title: str = Field(min_length=1, max_length=80)
    description: str = Field(max_length=1000)
    picture: str = Field(default="", pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]{0,79}\.png)?$")


class Member(BaseModel):
    """One member of the ensemble: its row in the ensemble's file (or its number), title and tags.

    *values* are its metadata by column, for a case without a file of its own: TiledViz writes one. None: not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int = Field(ge=0)
    title: str
    tags: tuple[str, ...] = ()
    values: dict[str, bool | int | float | str | None] = Field(default_factory=dict)


class EnsembleFile(BaseModel):
    """The HDF5 file that describes the members, at the absolute *path*.

    *live*: a program of the job writes it, or will, perhaps on a disk that only its node sees. The node agent then
    follows it there, and the wall shows each row as it is written; a tile waits until its member is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    live: bool = False

    @model_validator(mode="after")
    def _is_the_same_everywhere(self) -> Self:
        if self.live and not self.path.is_absolute():
            raise ValueError(f"a live file has an absolute path, as its node sees it, not {str(self.path)!r}")
        return self

    def __init__(self, path: Path | str, live: bool = False) -> None:
        super().__init__(path=path, live=live)


class Bind(BaseModel):
    """A file or folder of the node that a tile's container sees, at *target* (empty: its own path).

    Read-only unless *write*. *source* is an absolute path. What is not bound is not there: neither the person's home
    nor the node's disks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(pattern=r"^/")
    target: str = Field(default="", pattern=r"^(/.*)?$")
    write: bool = False


class ImageSpec(BaseModel):
    """The image that a tile's program may run in: used where the setting ``job.container`` names a container command.

    *name* is that of an image of ``tiledviz image list``, or the absolute path of a SIF file or of a folder. *command*
    and *environment* replace those of the TileSpec in a container; an empty command: the same one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    command: tuple[str, ...] = ()
    environment: dict[str, str] = Field(default_factory=dict)
    binds: tuple[Bind, ...] = ()


Kind = Literal["live", "picture", "movie", "pdf", "page"]


def check_kind(kind: str, command: tuple[str, ...], source: str) -> None:
    """Raise ValueError where a tile of *kind* does not go with *command* and *source*, of which it has just one.

    A kind that is none of ``Kind`` is a plugin's, and has a file.
    """
    if kind == "live":
        if not command or source:
            raise ValueError("a live tile has a command, and no source")
    elif command:
        raise ValueError(f"a {kind} has a source, and no command")
    elif kind == "page":
        if not re.match(r"https?://[^/\s]", source):
            raise ValueError(f"a page has an address that begins with http:// or https://, not {source!r}")
    elif not source.startswith("/"):
        raise ValueError(f"a {kind} has the absolute path of a file as its source, not {source!r}")


Icon = Literal["act", "restart", "save", "look", "count", "stop", "camera", "colour", "level", "table"]
Right = Literal["see", "arrange", "manage", "operate"]
Means = Literal["", "camera", "time"]


class Action(BaseModel):
    """Something that people may have the case do with tiles: a button with a *title*, and a word for its *icon*.

    *each*: for every tile by itself (``tile``), on the tile's node; or for all that are meant together, job by job
    (``once``), where the portal or the command line runs, as only from there all nodes are reached. *leader*: of those
    of a ``once``, the first is the one whose state the others take. *parameters* is a pydantic model of what one
    chooses before; ``case_action`` gets such a value. *command*, an argument list without a shell, is run in the tile
    instead of ``case_action``: in each argument ``{name}`` stands for that parameter, ``{{`` for a brace. *right* is
    what who does it must have, *seconds* how long it may take for one tile (or once). *confirm* is a question that is
    asked before; empty: none is.

    *means* says what it is for where TiledViz does it by itself: ``camera``, the others look from where the first does
    (a ``once`` with a *leader*, asking nothing that has no default); ``time``, show the moment that its parameter
    ``time`` says, a number whose least and largest value and unit are those of the slider.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    title: str = Field(min_length=1, max_length=80)
    icon: Icon = "act"
    each: Literal["tile", "once"] = "tile"
    leader: bool = False
    parameters: type[BaseModel] | None = None
    command: tuple[str, ...] = ()
    right: Right = "operate"
    seconds: float = Field(default=60.0, gt=0, le=86400)
    confirm: str = Field(default="", max_length=400)
    means: Means = ""

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        if self.leader and self.each == "tile":
            raise ValueError("leader: an action with a leader is done once for all: each='once'")
        if self.command and self.each == "once":
            raise ValueError("command: a command is run in each tile: each='tile'")
        return self

    @model_validator(mode="after")
    def _means_it(self) -> Self:
        asked = self.parameters.model_fields if self.parameters else {}
        needed = [name for name, field in asked.items() if field.is_required()]
        if self.means == "camera":
            if not self.leader:
                raise ValueError("means: a camera is one tile's, and the others take it: each='once', leader=True")
            if needed:
                raise ValueError(f"means: a camera is copied without asking, so {needed[0]} needs a default")
        if self.means == "time":
            properties = self.parameters.model_json_schema().get("properties", {}) if self.parameters else {}
            if properties.get("time", {}).get("type") not in ("number", "integer"):
                raise ValueError("means: an action that means time has a parameter `time`, a number")
            if others := [name for name in needed if name != "time"]:
                raise ValueError(f"means: a time is shown without asking, so {others[0]} needs a default")
        return self

    def plain(self) -> dict[str, Any]:
        """Return it as JSON, with the JSON Schema of its parameters (None: it has none)."""
        found = self.model_dump(mode="json", exclude={"parameters"})
        return found | {"parameters": self.parameters.model_json_schema() if self.parameters else None}


class TileSpec(BaseModel):
    """What one tile shows: a program, or without any a file or an address.

    A live tile, ``TileSpec(command=(...))``, has an argument list (no shell), its environment, and the size of its
    display in pixels. Others have a *kind* and a *source*, ``TileSpec(kind="movie", source="/data/run.mp4")``: the
    absolute path of a file that the node sees, of a page (``kind="page"``) its address. Plugins bring more kinds of
    files (``portal_tile_kinds``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = ()
    kind: str = Field(default="live", pattern=CASE_NAME)
    source: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    width: int = Field(default=640, ge=16, le=16384)
    height: int = Field(default=480, ge=16, le=16384)
    cpus: int = Field(default=0, ge=0, le=4096, description="cores that it needs; 0: not said")
    memory: int = Field(default=0, ge=0, le=1 << 50, description="bytes of memory that it needs; 0: not said")
    gpu: bool = Field(default=False, description="draws on a GPU where the job has some; such tiles share them evenly")
    image: ImageSpec | None = Field(default=None, description="the image to run in, where jobs use containers")
    window_manager: bool = Field(default=False, description="have a window manager in the display: frames, maximising")
    unwatched: Literal["run", "pause"] = Field(
        default="run", description="while nobody looks the program runs on (it may read $TILEDVIZ_WATCH), or is stopped"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        check_kind(self.kind, self.command, self.source)
        return self
