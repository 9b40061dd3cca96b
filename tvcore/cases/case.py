"""The values that a case's hooks return."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class CaseInfo(BaseModel):
    """What a case is called: *name* on the command line, *title* for people, and a sentence of what it shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str
    description: str


class Member(BaseModel):
    """One member of the ensemble: its row in the ensemble's file (or its number), title and tags."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int = Field(ge=0)
    title: str
    tags: tuple[str, ...] = ()


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


class TileSpec(BaseModel):
    """What runs in one tile: an argument list (no shell), its environment, and the display's size in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    environment: dict[str, str] = Field(default_factory=dict)
    width: int = Field(default=640, ge=16, le=16384)
    height: int = Field(default=480, ge=16, le=16384)
    gpu: bool = Field(default=False, description="draws on a GPU where the job has some; such tiles share them evenly")
    image: ImageSpec | None = Field(default=None, description="the image to run in, where jobs use containers")
    window_manager: bool = Field(default=False, description="have a window manager in the display: frames, maximising")
    unwatched: Literal["run", "pause"] = Field(
        default="run", description="while nobody looks the program runs on (it may read $TILEDVIZ_WATCH), or is stopped"
    )
