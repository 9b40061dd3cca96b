"""The case ``files``: pictures, movies, PDFs and pages that are there already, a tile each."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tvcore.cases import CaseInfo, Member, TileSpec, hookimpl
from tvcore.cases.case import Kind
from tvcore.errors import UsageError
from tvcore.importing.kit import kind_of

MOST = 4096  # tiles of one launch


def _several(value: object) -> object:
    """Take several paths in one text, as the command line gives them: by commas, ``\\,`` for one in a name."""
    if not isinstance(value, str):
        return value
    parts = (part.replace("\\,", ",").strip() for part in re.split(r"(?<!\\),", value))
    return [part for part in parts if part]


def _absolute(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return *paths* as they are to be read anywhere: launched again, they begin elsewhere."""
    return tuple(path if is_address(path) else str(Path(os.path.expanduser(path)).absolute()) for path in paths)


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: Annotated[tuple[str, ...], BeforeValidator(_several), AfterValidator(_absolute)] = Field(
        default=(),
        description="files, folders, patterns (*.png) and addresses (https://…), with commas between; \\, in a name",
    )


class Source(Member):
    """A member, and what it shows: looked for once a launch."""

    kind: Kind
    source: str


def is_address(path: str) -> bool:
    """Return whether *path* is the address of a page."""
    return path.startswith(("http://", "https://"))


def _check_address(path: str) -> None:
    """Raise UsageError for what is no address, or one with a name or password: these would be on the wall, in logs."""
    shown = re.sub(r"(?s)//.*@", "//…@", path)
    try:
        parts = urlsplit(path)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise UsageError(f"paths: {shown} is no address: name a page as https://HOST/… or https://HOST:PORT/…")
    if "@" in parts.netloc:
        raise UsageError(f"paths: {shown} has a name or password in it, for all to see: leave out what is before the @")


def found(paths: Sequence[str]) -> list[tuple[Kind, str]]:
    """Return kind and source of all that *paths*, absolute ones, name. Raises UsageError that names a wrong one."""
    sources: dict[str, Kind] = {}
    for path in paths:
        if is_address(path):
            _check_address(path)
            sources[path] = "page"
            continue
        whole = Path(path)
        try:
            if whole.is_dir():
                there = sorted(whole.iterdir())
            else:
                there = [whole] if whole.exists() else [Path(each) for each in sorted(glob.glob(path, recursive=True))]
            kinds = {each: kind for each in there if each.is_file() and (kind := kind_of(each))}
        except OSError as error:
            raise UsageError(f"paths: {path} cannot be read: {error.strerror}") from error
        if not kinds:
            raise UsageError(
                f"paths: {path} has no picture, movie or PDF"
                if there or whole.is_dir()
                else f"paths: there is no {path}"
            )
        sources |= {str(each): kind for each, kind in kinds.items()}
    if len(sources) > MOST:
        raise UsageError(f"paths: these are {len(sources)} files, more than {MOST}: name fewer")
    return [(kind, source) for source, kind in sources.items()]


def title_of(source: str) -> str:
    """Return what a source is called: a file's name, an address's host and last part."""
    if not is_address(source):
        return Path(source).name
    parts = urlsplit(source)
    return (parts.hostname or source) + parts.path.rstrip("/")


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(name="files", title="Files", description="Pictures, movies, PDFs and web pages, a tile each")


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each file and address, tagged with its kind. Raises UsageError."""
    if not parameters.paths:
        raise UsageError("paths: name files, folders or addresses: --set paths=/data/pictures,https://example.org")
    every = found(parameters.paths)[:count]
    return [
        Source(index=i, title=title_of(source), tags=(kind,), kind=kind, source=source)
        for i, (kind, source) in enumerate(every)
    ]


@hookimpl
def case_tile(member: Source) -> TileSpec:
    """Return what shows one of them."""
    return TileSpec(kind=member.kind, source=member.source)
