"""The case ``command``: any X program, run for each row of a table with that row's values in its arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tvcore.cases import Bind, CaseInfo, Column, ImageSpec, Member, TileSpec, hookimpl
from tvcore.errors import UsageError
from tvcore.importing.members import Row, Table, read_table
from tvcore.importing.named import MOST, FilePath, Texts

from .words import Value, filled, names_of, words_of

NAMES = ("title", "name")  # columns that titles are taken from
TITLE_MAX = 200  # letters
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Parameters(BaseModel):
    """What one may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cmd: str = Field(
        default="",
        max_length=10_000,
        description="the program and its arguments; {column}: that row's value; {{ a brace",
    )
    table: FilePath = Field(default="", description="the table (CSV, Parquet, HDF5): a tile for each of its rows")
    title: str = Field(
        default="", max_length=1000, description="of each tile, as {name}; else the column title or name"
    )
    image: str = Field(default="", description="the image to run in (tiledviz image list), where jobs use containers")
    binds: Texts = Field(
        default=(), description="what the image sees of the node: /data or /data:/inside, :rw to write; commas between"
    )
    gpu: bool = Field(default=False, description="it draws on a GPU")
    window_manager: bool = Field(default=False, description="have a window manager: frames, menus, maximising")
    width: int = Field(default=640, ge=16, le=16384, description="of each tile", json_schema_extra={"unit": "px"})
    height: int = Field(default=480, ge=16, le=16384, description="of each tile", json_schema_extra={"unit": "px"})
    cpus: int = Field(default=0, ge=0, le=4096, description="cores that each needs; 0: not said")
    memory: str = Field(default="", description="memory that each needs, as 500M or 4G; empty: not said")

    @field_validator("cmd")
    @classmethod
    def _can_be_split(cls, value: str) -> str:
        words_of(value)
        return value

    @field_validator("title")
    @classmethod
    def _can_be_filled(cls, value: str) -> str:
        names_of(value)
        return value

    @field_validator("memory")
    @classmethod
    def _is_a_size(cls, value: str) -> str:
        bytes_of(value)
        return value

    @field_validator("binds")
    @classmethod
    def _are_binds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            bind_of(each)
        return value


class Program(Member):
    """A member, and the command of its tile."""

    command: tuple[str, ...]


def bind_of(text: str) -> Bind:
    """Return the bind that *text* is: ``/data``, ``/data:/inside``, ``/data:rw``, ``/data:/inside:rw``."""
    parts = text.split(":")
    write = len(parts) > 1 and parts[-1] in ("rw", "ro")
    places = parts[:-1] if write else parts
    if len(places) > 2 or not all(place.startswith("/") for place in places):
        raise ValueError(f"{text[:200]!r} is no bind: write /data, /data:/inside or /data:/inside:rw")
    return Bind(source=places[0], target=places[1] if len(places) > 1 else "", write=write and parts[-1] == "rw")


def bytes_of(text: str) -> int:
    """Return how many bytes *text* is: ``4G``, ``500M``; 0 for an empty one. Raises ValueError."""
    found = re.fullmatch(r"([0-9]{1,9})([KMGT]?)", text)
    if not found:
        if text:
            raise ValueError("write it as 500M or 4G")
        return 0
    return min(int(found[1]) * _UNITS[found[2]], 1 << 50)


@hookimpl
def case_info() -> CaseInfo:
    """Return what the case is called."""
    return CaseInfo(
        name="command",
        title="Command",
        description="Any program that opens a window, in a tile for each row of a table: cmd='myviewer {path}'",
        picture="picture.png",
    )


@hookimpl
def case_parameters() -> type[BaseModel]:
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    """Return a member for each row, or without a table as many as are asked for. Raises UsageError."""
    words = words_of(parameters.cmd)
    if not words:
        raise UsageError("cmd: name a program: --set cmd=xclock, --set table=members.csv --set 'cmd=myviewer {path}'")
    if not parameters.table:
        return [_member(parameters, words, index, None) for index in range(min(count or 1, MOST))]
    _read.cache_clear()  # what is there now
    table = _read(parameters.table)
    table.tell(parameters.table)
    if not table.rows:
        raise UsageError(f"table: {parameters.table} has no rows")
    if len(table.rows) > MOST and count is None:
        raise UsageError(f"table: it has {len(table.rows)} rows, more than {MOST}: say how many tiles")
    rows: Sequence[Row] = table.rows[:count]
    return [_member(parameters, words, index, row) for index, row in enumerate(rows)]


@hookimpl
def case_columns(parameters: Parameters) -> Sequence[Column]:
    """Return the columns of the table."""
    return _read(parameters.table).columns if parameters.table else []


@hookimpl
def case_tile(parameters: Parameters, member: Program) -> TileSpec:
    """Return the program of *member*, in its image where there is one."""
    binds = tuple(bind_of(each) for each in parameters.binds)
    return TileSpec(
        command=member.command,
        width=parameters.width,
        height=parameters.height,
        cpus=parameters.cpus,
        memory=bytes_of(parameters.memory),
        gpu=parameters.gpu,
        window_manager=parameters.window_manager,
        image=ImageSpec(name=parameters.image, binds=binds) if parameters.image else None,
    )


@lru_cache(maxsize=1)
def _read(table: str) -> Table:
    return read_table(table, title="-", note="-", source="-")


def _member(parameters: Parameters, words: Sequence[str], index: int, row: Row | None) -> Program:
    """Return the member of one row, None without a table. Raises UsageError that names parameter and row."""
    values: Mapping[str, Value] = row.values if row else {}
    known = {"index": index, **({"folder": str(Path(parameters.table).parent)} if row else {}), **values}
    what = "cmd"
    try:
        command = tuple(filled(word, known) for word in words)
        what = "title"
        title = filled(parameters.title, known) if parameters.title else _title(words, index, values)
    except ValueError as error:
        where = f"row {row.number} of {parameters.table}: " if row else ""
        raise UsageError(f"{what}: {where}{error}") from error
    shown = " ".join(title.split())[:TITLE_MAX]
    return Program(index=index, title=shown, tags=row.tags if row else (), values=dict(values), command=command)


def _title(words: Sequence[str], index: int, values: Mapping[str, Value]) -> str:
    """Return the title of a tile of which none is said: what the table calls it, else its number and the program."""
    for name in NAMES:
        if given := next((value for column, value in values.items() if column.casefold() == name), None):
            return str(given)
    return f"{index} {Path(words[0]).name}"
