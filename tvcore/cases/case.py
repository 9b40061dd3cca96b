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


class TileSpec(BaseModel):
    """What runs in one tile: an argument list (no shell), its environment, and the display's size in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    environment: dict[str, str] = Field(default_factory=dict)
    width: int = Field(default=640, ge=16, le=16384)
    height: int = Field(default=480, ge=16, le=16384)
    gpu: bool = Field(default=False, description="draws on a GPU where the job has some; such tiles share them evenly")
    unwatched: Literal["run", "pause"] = Field(
        default="run", description="while nobody looks the program runs on (it may read $TILEDVIZ_WATCH), or is stopped"
    )
