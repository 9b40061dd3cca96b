"""The case ``pictures``: pictures, movies and PDFs that are there already, a tile each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tvcore.cases import CaseInfo, Column, Member, TileSpec, hookimpl
from tvcore.errors import UsageError
from tvcore.importing.kit import kind_of
from tvcore.importing.members import Row, Table, read_pictures
from tvcore.importing.named import Paths, files_of

NOTE = "note"  # the column of what a sidecar file notes


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: Paths = Field(
        default=(), description="files, folders and patterns (*.png), with commas between; \\, in a name"
    )
    subfolders: bool = Field(default=False, description="the folders in folders too; their names are tags")


class Shown(Member):
    """A member, and what shows it: looked for once a launch."""

    kind: str
    source: str


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="pictures", title="Pictures", description="Pictures, movies and PDFs, a tile each", picture="picture.png"
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each file, tagged with its kind. Raises UsageError."""
    if not parameters.paths:
        raise UsageError("paths: name files or folders: --set paths=/data/pictures,/data/run.mp4")
    if any(re.search(r"/https?:/", path) for path in parameters.paths):  # what an absolute path makes of an address
        raise UsageError("paths: an address is a page's: tiledviz launch pages --set addresses=https://…")
    _read.cache_clear()  # what is there now
    files, table = _read(parameters)
    table.tell("paths")
    return [_member(index, file, row) for index, (file, row) in enumerate(zip(files, table.rows, strict=True))][:count]


@hookimpl
def case_columns(parameters: Parameters) -> Sequence[Column]:
    """Return size, EXIF, and what is in sidecar files."""
    if not parameters.paths:
        return []
    _, table = _read(parameters)
    longest = max((len(row.note.encode()) for row in table.rows), default=0)
    return [*table.columns, *([Column(NOTE, f"S{longest}", description="of its sidecar file")] if longest else [])]


@hookimpl
def case_tile(member: Shown) -> TileSpec:
    """Return what shows one of them."""
    return TileSpec.model_validate({"kind": member.kind, "source": member.source})


@lru_cache(maxsize=1)
def _read(parameters: Parameters) -> tuple[list[Path], Table]:
    """Return the files, and of each what is known."""
    files = files_of(parameters.paths, kind_of, "picture, movie or PDF", subfolders=parameters.subfolders)
    for file in files:
        if not str(file).isprintable():
            raise UsageError(f"paths: {str(file)!r} is no plain line of text: give the file another name")
    return files, read_pictures(files, [Path(path) for path in parameters.paths])


def _member(index: int, file: Path, row: Row) -> Shown:
    kind = kind_of(file) or "picture"
    return Shown(
        index=index,
        title=row.title if row.title != file.stem else file.name,
        tags=tuple(dict.fromkeys((kind, *row.tags))),
        values=row.values | ({NOTE: row.note} if row.note else {}),
        kind=kind,
        source=str(file),
    )
