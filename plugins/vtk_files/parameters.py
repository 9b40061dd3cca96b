"""What one may choose, and which files that means."""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tvcore.errors import TiledVizError, UsageError
from tvcore.viewer.collection import COLLECTION, collection
from tvcore.viewer.colours import Colours
from tvcore.viewer.moments import FIRST, LAST, time_of
from tvcore.viewer.reading import FIELDS, READERS, SUFFIXES, suffix_of

MOST = 4096  # tiles of one launch
SHOWN = 400  # letters of a path in a line
MESHES = (*READERS, COLLECTION)  # what of a folder is shown


@dataclass(frozen=True)
class Source:
    """What a tile shows: the file at the absolute *path*, or its field *variable*."""

    path: str
    variable: str = ""

    @property
    def name(self) -> str:
        """Return it as one names it."""
        return f"{self.path}:{self.variable}" if self.variable else self.path


def _several(value: object) -> object:
    """Take several paths in one text, as the command line gives them: by commas, ``\\,`` for one in a name."""
    if not isinstance(value, str):
        return value
    parts = (part.replace("\\,", ",").strip() for part in re.split(r"(?<!\\),(?![^\[]*\])", value))
    return [part for part in parts if part]


def _absolute(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return *paths* as they are to be read anywhere: launched again, they begin elsewhere."""
    return tuple(str(Path(os.path.expanduser(path)).absolute()) for path in paths)


def _time(value: str) -> str:
    """Return a moment as all understand it, ``first``, ``last`` or a number. Raises ValueError."""
    if value in (FIRST, LAST):
        return value
    try:
        return f"{time_of(value)!r}"
    except UsageError as error:
        raise ValueError(str(error)) from error


class Parameters(BaseModel):
    """Which files, and how they are seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: Annotated[tuple[str, ...], BeforeValidator(_several), AfterValidator(_absolute)] = Field(
        default=(),
        description="files, folders and patterns (run*/mesh.vtu), with commas between; of netCDF and HDF5 a field: "
        "run.nc:temperature, or temperature[3] for the fourth along its first axis",
    )
    colour_by: str = Field(
        default="",
        max_length=200,
        description="the array that colours them; empty: the first of each; none: one colour",
    )
    colours: Colours = Field(default="viridis", description="the colours, from the least value to the largest")
    scale: Literal["own", "common"] = Field(
        default="own", description="colours over the values of each file, or of all, so that tiles compare"
    )
    show: Literal["auto", "outside", "isosurface", "slices"] = Field(
        default="auto", description="how volumes are seen; auto: of regular grids an isosurface, of others the outside"
    )
    time: Annotated[
        str,
        BeforeValidator(lambda value: str(value) if isinstance(value, int | float) else value),
        AfterValidator(_time),
    ] = Field(
        default=FIRST,
        max_length=40,
        description="of a series the moment that is shown first: first, last, or a time, for the nearest that it has",
    )
    low: float | None = Field(default=None, allow_inf_nan=False, description="the value of the first colour")
    high: float | None = Field(default=None, allow_inf_nan=False, description="the value of the last colour")
    width: int = Field(
        default=640, ge=16, le=16384, description="width of each display", json_schema_extra={"unit": "px"}
    )
    height: int = Field(
        default=480, ge=16, le=16384, description="height of each display", json_schema_extra={"unit": "px"}
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low must be less than high")
        return self


def sources(parameters: Parameters) -> list[Source]:
    """Return what the paths name, in their order, what a folder or pattern has by name. Raises UsageError."""
    if not parameters.paths:
        raise UsageError("paths: name files or folders: --set paths=/data/meshes,/data/run.nc:temperature")
    found: dict[Source, None] = {}
    for path in parameters.paths:
        found.update(dict.fromkeys(_named(path)))
    if len(found) > MOST:
        raise UsageError(f"paths: these are {len(found)} files, more than {MOST}: name fewer")
    return list(found)


def _named(path: str) -> list[Source]:
    """Return what one of the paths names. Raises UsageError that says what is wrong with it."""
    place, variable = _split(path)
    shown = _shown(path)
    whole = Path(place)
    try:
        if whole.is_dir():
            there = [each for each in _by_name(whole.iterdir()) if each.suffix.lower() in MESHES and each.is_file()]
            if not there:
                raise UsageError(f"paths: {shown} has no file that ends with one of {', '.join(MESHES)}")
            there = _without_parts(there)
        else:
            there = [whole] if whole.exists() else _by_name(Path(each) for each in glob.glob(place, recursive=True))
            there = [each for each in there if each.is_file()]
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no name of a file"
        raise UsageError(f"paths: {shown} cannot be read: {why}") from error
    if not there:
        raise UsageError(f"paths: there is no {shown}")
    for each in there:
        if not suffix_of(each):
            raise UsageError(f"paths: {_shown(each)} ends with none of {', '.join(SUFFIXES)}")
        if suffix_of(each) in FIELDS and not variable:
            raise UsageError(f"paths: say which field of {_shown(each)} is to be shown: {_shown(each)}:VARIABLE")
    return [Source(str(each), variable) for each in there]


def _without_parts(files: list[Path]) -> list[Path]:
    """Return *files* without those that a collection among them shows already."""
    shown: set[str] = set()
    for path in files:
        if path.suffix.lower() == COLLECTION:
            with contextlib.suppress(TiledVizError):  # its tile says what is wrong with it
                shown.update(os.path.normpath(part) for _, parts in collection(str(path)) for part in parts)
    return [path for path in files if os.path.normpath(path) not in shown]


def _shown(path: str | Path) -> str:
    """Return *path* as it can stand in a line."""
    text = str(path)
    text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return text if text.isprintable() else ascii(text)


def _split(path: str) -> tuple[str, str]:
    """Return the file (or pattern) and the variable of ``FILE:VARIABLE``; a colon may be in a file's name too."""
    for suffix in FIELDS:
        before, mark, after = path.partition(f"{suffix}:")
        if mark and after and not Path(path).exists():
            return before + suffix, after
    return path, ""


def _by_name(files: object) -> list[Path]:
    """Return *files* as people count: run2 before run10."""
    every: Sequence[Path] = list(files)  # type: ignore[call-overload]

    def key(path: Path) -> list[tuple[bool, int, str]]:
        return [
            (not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", str(path))
        ]

    return sorted(every, key=key)
