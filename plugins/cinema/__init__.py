"""The case ``cinema``: a Cinema database (Spec D), a tile for each of its rows, with all that it says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tvcore.cases import CaseInfo, Column, Member, TileSpec, hookimpl
from tvcore.errors import UsageError
from tvcore.importing.members import Row, Table, read_table
from tvcore.importing.named import MOST, FilePath


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: FilePath = Field(default="", description="the database: a folder NAME.cdb with a file data.csv in it")
    show: str = Field(
        default="", description="the column of files that tiles show; all: a tile for each; else the pictures'"
    )
    title: str = Field(default="", description="the column of titles")
    tags: str = Field(default="", description="the column of tags, with commas between")


class Shown(Member):
    """A member, and the file that shows it."""

    kind: str
    source: str


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="cinema",
        title="Cinema database",
        description="The pictures of a Cinema database (Spec D), a tile for each row, with its parameters",
        picture="picture.png",
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each row. Raises UsageError."""
    if not parameters.path:
        raise UsageError("path: name a Cinema database: --set path=/data/run.cdb")
    if parameters.show == "-":
        raise UsageError("show: tiles show files: name a column of them, or all")
    _read.cache_clear()  # what is there now
    table = _read(parameters)
    table.tell(parameters.path)
    if not table.rows:
        raise UsageError(f"path: {parameters.path} has no rows")
    if not any(row.source or row.in_vain for row in table.rows):
        raise UsageError(f"path: {parameters.path} names no files to show: say with show=COLUMN which column has them")
    if len(table.rows) > MOST and count is None:
        raise UsageError(f"path: it has {len(table.rows)} rows, more than {MOST}: say how many tiles")
    return [_member(index, row, _folder(parameters)) for index, row in enumerate(table.rows[:count])]


@hookimpl
def case_columns(parameters: Parameters) -> Sequence[Column]:
    """Return the columns of the database."""
    return _read(parameters).columns if parameters.path else []


@hookimpl
def case_tile(member: Shown) -> TileSpec:
    """Return what shows one of them."""
    return TileSpec.model_validate({"kind": member.kind, "source": member.source})


@lru_cache(maxsize=1)
def _read(parameters: Parameters) -> Table:
    chosen = {"show": parameters.show, "title": parameters.title, "tags": parameters.tags, "note": "-"}
    return read_table(parameters.path, "cinema", **chosen)


def _folder(parameters: Parameters) -> Path:
    path = Path(parameters.path)
    return path if path.is_dir() else path.parent


def _member(index: int, row: Row, folder: Path) -> Shown:
    """Return the member of *row*: one whose file is missing keeps its tile, which says what there is not."""
    kind, source = (row.kind, row.source) if row.source else ("picture", _missing(row, folder))
    return Shown(index=index, title=row.title, tags=row.tags, values=row.values, kind=kind, source=source)


def _missing(row: Row, folder: Path) -> str:
    """Return where the file of *row* should be; an address that cannot be shown, without any password."""
    named = re.sub(r"(?s)//.*@", "//…@", row.in_vain)
    return str(folder / ((named if named.isprintable() else ascii(named)) or "the row names no file"))
