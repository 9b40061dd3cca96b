"""The messages of the routes for tile sets that are kept."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tvcore.portal.messages import Answer, Message
from tvcore.tilesets.document import TILES_MAX

BODY_MAX = 64 << 20  # bytes of a document, or of a file that a browser sends
LIST_MAX = 1 << 20  # bytes of a list of tiles
NAME = Field(min_length=1, max_length=80)


class ListParameters(Message):
    """A search."""

    q: str = Field(default="", max_length=200, description="what the name or title is to have in it")


class KeptSet(Answer):
    """A tile set that is kept."""

    name: str
    title: str
    tiles: int
    columns: int
    revision: int
    person: str = Field(description="who changed it last")
    at: float = Field(description="when, in seconds since the epoch")
    jobs: list[str] = Field(default_factory=list, description="the jobs that have it on the wall")


class KeptSets(Answer):
    """The tile sets, by name."""

    tilesets: list[KeptSet]


class KeptDocument(Answer):
    """A tile set: its document is as `docs/tile-sets.md` describes it."""

    name: str
    revision: int
    document: dict[str, Any]


class Schema(Answer):
    """The JSON schema of a tile set's document."""


class Format(Answer):
    """A format that can be imported."""

    name: str
    title: str
    origin: str = Field(description="`bundled`, or where the plugin comes from that reads it")


class Formats(Answer):
    """The formats, and a line for each plugin that cannot say which it reads."""

    formats: list[Format]
    problems: list[str]


class Written(BaseModel):
    """A document, and the revision that was edited; null for a set that is not there yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    revision: int | None = Field(default=None, ge=0)
    document: dict[str, Any]


class WrittenAnswer(Answer):
    """It is kept; *wall* has how many tiles say so already, and the jobs whose rest is seen when it is shown again."""

    name: str
    revision: int
    wall: dict[str, Any] | None


class To(Message):
    """Another name."""

    to: str = NAME


class Revision(Message):
    """A revision that is to count again."""

    revision: int = Field(ge=1)


class Named(Answer):
    """A set as it is called now."""

    name: str


class Revisions(Answer):
    """The revisions that are kept, the last first: revision, at, person, label, tiles, columns."""

    revisions: list[dict[str, Any]]


class Import(BaseModel):
    """What to import: a *path* on the portal's machine, or the *text* of a *file* of the browser's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = Field(default=None, min_length=1, max_length=4_000)
    file: str | None = Field(default=None, min_length=1, max_length=1_000, description="the name of the browser's file")
    text: str | None = None
    format: str | None = Field(default=None, max_length=40, description="found out when none is given")
    options: dict[str, Any] = Field(default_factory=dict)
    name: str = Field(default="", max_length=80, description="of the set; as the file is called when it is empty")
    title: str | None = Field(default=None, max_length=1_000)


class ImportedSet(Answer):
    """The new set, and row by row what was taken, changed and left."""

    name: str
    revision: int
    report: dict[str, Any]


class FromWall(Message):
    """Tiles of the wall that are to be kept as a set; null: all."""

    name: str = NAME
    tiles: list[int] | None = Field(default=None, max_length=TILES_MAX)


class Show(Message):
    """Show a set: settings of its job, and a job with an earlier revision that it replaces."""

    settings: dict[str, Any] = Field(default_factory=dict)
    replace: str | None = Field(default=None, max_length=80)
