"""What a tile set is: its columns and its tiles, as a document that is kept, edited, imported and exported.

The same as JSON is what people edit (`docs/tile-sets.md`)::

    {"format": "tiledviz-tileset", "version": 1, "title": "Brains",
     "columns": [{"name": "age", "kind": "number", "unit": "a"}],
     "tiles": [{"key": 1, "title": "sub-01", "kind": "picture", "source": "/data/sub-01.png",
                "tags": ["control"], "note": "", "values": {"age": 31}}]}
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tvcore.errors import UsageError

FORMAT: Literal["tiledviz-tileset"] = "tiledviz-tileset"
VERSION: Literal[1] = 1
TILES_MAX = 65_535
COLUMNS_MAX = 1_000
TAGS_MAX = 200
TEXT_MAX = 100_000  # letters of a note, or of a value
INTEGER_MAX = 2**53  # what every reader of JSON takes for the same number (RFC 8259, section 6)
PROBLEMS_MAX = 1_000
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"

Kind = Literal["picture", "movie", "pdf", "page", "card"]
ColumnKind = Literal["number", "integer", "flag", "text"]
Role = Literal["parameter", "result", "tag", "title", "path"]
Value = bool | int | float | str


def _text(value: str) -> str:
    """Return *value* if it can be stored, and written as UTF-8."""
    if "\0" in value:
        raise ValueError("a text cannot hold a zero byte")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("it is not text that UTF-8 can hold") from None
    return value


def _line(value: str) -> str:
    """Return *value* if it is one line that can be shown."""
    if not value.isprintable():
        raise ValueError("it must be one line, without control characters")
    return _text(value)


def _text_problem(value: str) -> str:
    """Return what is wrong with *value* as one of a column, empty when nothing is."""
    if len(value) > TEXT_MAX:
        return f"a text has at most {TEXT_MAX} letters"
    try:
        _text(value)
    except ValueError as error:
        return str(error)
    return ""


Text = Annotated[str, Field(max_length=TEXT_MAX), AfterValidator(_text)]
Line = Annotated[str, Field(max_length=1_000), AfterValidator(_line)]
Tag = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
ColumnName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Column(_Part):
    """A column of the tiles' metadata; *unit* is as printed, ``1`` for a number without one."""

    name: ColumnName
    kind: ColumnKind
    unit: Line = ""
    description: Text = ""
    role: Role = "result"

    def problem(self, value: Value | None) -> str:
        """Return what is wrong with *value* in this column, empty when nothing is. None is a value that is missing."""
        if value is None:
            return ""
        match self.kind:
            case "number":
                if not isinstance(value, int | float) or isinstance(value, bool):
                    return "this column holds numbers"
                large = abs(value) > sys.float_info.max if isinstance(value, int) else not math.isfinite(value)
                return "this number is too large" if large else ""
            case "integer":
                right = isinstance(value, int) and not isinstance(value, bool)
                if not right:
                    return "this column holds integers"
                return "" if abs(cast(int, value)) <= INTEGER_MAX else "integers have at most 53 bits here"
            case "flag":
                return "" if isinstance(value, bool) else "this column holds true and false"
            case "text":
                return _text_problem(value) if isinstance(value, str) else "this column holds text"


class Place(_Part):
    """Where TiledViz had a tile: pixels, and its number in the grid. -1 is not set."""

    x: float = Field(default=-1, allow_inf_nan=False)
    y: float = Field(default=-1, allow_inf_nan=False)
    index: int = Field(default=-1, ge=-1, le=INTEGER_MAX)


class Stream(_Part):
    """Where a tile's picture came from while it was a VNC stream of TiledViz: its password is never kept."""

    host: Line = ""
    port: int | None = Field(default=None, ge=1, le=65_535)


class Tile(_Part):
    """One tile. *key* is its own for as long as the set is kept: edits, notes and positions go by it.

    *source* is an absolute path on the machine that is to show it, or the address of a page. A ``card`` has none: it
    shows its title and values. *values* are by column; what is not there is missing.
    """

    key: int = Field(ge=1, le=INTEGER_MAX)
    title: Line = ""
    kind: Kind = "card"
    source: Annotated[str, Field(max_length=4_000), AfterValidator(_line)] = ""
    tags: Annotated[tuple[Tag, ...], Field(max_length=TAGS_MAX, strict=False)] = ()
    note: Text = ""
    values: dict[str, Value | None] = Field(default_factory=dict)
    variable: Line = Field(default="", description="what TiledViz addressed the tile by: ID-NNN")
    place: Place | None = None
    stream: Stream | None = None

    @model_validator(mode="after")
    def _source_of_its_kind(self) -> Self:
        if problem := source_problem(self.kind, self.source):
            raise ValueError(problem)
        return self


def source_problem(kind: Kind, source: str) -> str:
    """Return what is wrong with *source* for a tile of *kind*, empty when nothing is."""
    if kind == "card":
        return "a card has no source: choose what the tile is" if source else ""
    if kind == "page":
        if not re.match(r"https?://[^/\s]", source):
            return "a page has an address that begins with http:// or https://"
        return "an address has no name or password in it" if "@" in source.split("/")[2] else ""
    return "" if source.startswith("/") else f"a {kind} has the absolute path of a file, which begins with /"


class TileSet(_Part):
    """A tile set as a document."""

    format: Literal["tiledviz-tileset"] = FORMAT
    version: Literal[1] = VERSION
    title: Annotated[Line, Field(min_length=1)]
    description: Text = ""
    columns: Annotated[tuple[Column, ...], Field(max_length=COLUMNS_MAX, strict=False)] = ()
    tiles: Annotated[tuple[Tile, ...], Field(max_length=TILES_MAX, strict=False)] = ()

    def plain(self) -> dict[str, Any]:
        """Return the document as JSON has it, without what is as it is by default."""
        head = {"format": self.format, "version": self.version}
        return head | self.model_dump(mode="json", exclude_defaults=True)


@dataclass(frozen=True)
class Problem:
    """What is wrong in one cell: *row* of the tiles from 0, *field* as ``title``, ``values/F``.

    Without a row it is about the set itself.
    """

    row: int | None
    field: str
    text: str

    def __str__(self) -> str:
        where = "the set" if self.row is None else f"tile {self.row + 1}"
        field = self.field[:120]
        if not field.isprintable():  # a name that is wrong may be anything
            field = ascii(field)[1:-1]
        return f"{where}, {field}: {self.text}" if field else f"{where}: {self.text}"


def problems_of(document: object) -> tuple[TileSet | None, list[Problem]]:
    """Return the tile set that *document*, parsed JSON, is; or None, and every problem of every cell.

    At most ``PROBLEMS_MAX`` of them. Raises UsageError for what is no tile set at all.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise UsageError(f"this is not a tile set of TiledViz: its `format` is to be `{FORMAT}`")
    if document.get("version") != VERSION:
        raise UsageError(
            f"this tile set is of version {str(document.get('version'))[:20]!r}, and this TiledViz reads version "
            f"{VERSION}: take a later release"
        )
    try:
        found = TileSet.model_validate(document)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
        each_once: dict[tuple[int | None, str], Problem] = {}
        for problem in (_problem(each["loc"], each["msg"]) for each in errors):
            each_once.setdefault((problem.row, problem.field), problem)
        return None, list(each_once.values())[:PROBLEMS_MAX]
    problems = list(_across(found))[:PROBLEMS_MAX]
    return (None, problems) if problems else (found, [])


def read(document: object) -> TileSet:
    """Return the tile set that *document*, parsed JSON, is. Raises UsageError that names the first problem."""
    found, problems = problems_of(document)
    if found is None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UsageError(f"this tile set is not as it should be: {problems[0]}{more}")
    return found


def _problem(where: Sequence[int | str], message: str) -> Problem:
    text = message.removeprefix("Value error, ")
    parts = [str(part) for part in where if part not in ("bool", "int", "float", "str")]
    if len(parts) >= 2 and parts[0] == "tiles" and parts[1].isdecimal():
        field = "/".join(parts[2:])[:200]
        if field.startswith("values/"):  # a value may be of several types: each would say that it is not it
            text = "a value is a number, a text, true, false, or null where it is missing"
        return Problem(int(parts[1]), field or "source", text)
    return Problem(None, "/".join(parts)[:200], text)


def _across(found: TileSet) -> Sequence[Problem]:
    """Return what is wrong between cells: names and keys given twice, values that their columns cannot hold."""
    problems: list[Problem] = []
    columns: dict[str, Column] = {}
    alike: dict[str, str] = {}
    for number, column in enumerate(found.columns):
        if column.name in columns:
            problems.append(Problem(None, f"columns/{number}/name", f"two columns are called {column.name}"))
        columns[column.name] = column
        shown = column.name.replace("/", "\N{DIVISION SLASH}")  # as the wall has it
        if alike.setdefault(shown, column.name) != column.name:
            problems.append(Problem(None, f"columns/{number}/name", f"it looks like {alike[shown]}: choose another"))
    keys: set[int] = set()
    for row, tile in enumerate(found.tiles):
        if tile.key in keys:
            problems.append(Problem(row, "key", f"two tiles have the key {tile.key}"))
        keys.add(tile.key)
        for name, value in tile.values.items():
            of = columns.get(name)
            text = of.problem(value) if of else "there is no such column"
            if text:
                problems.append(Problem(row, f"values/{name}", text))
        if len(problems) >= PROBLEMS_MAX:
            break
    return problems
