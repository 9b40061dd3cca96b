"""A session as one JSON file: what its document says, in words that hold on another wall too. Pure.

A tile has another id wherever it is launched anew. So the file names tiles by numbers of its own, and says of each how
it is found again: case, title of its tile set, index, member and title. ``docs/session-file.md`` describes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tvcore.errors import UsageError
from tvcore.session.changes import shared_part
from tvcore.session.document import Plain
from tvcore.session.rules import shared

FORMAT: Literal["tiledviz-session"] = "tiledviz-session"
VERSION = 1
FILE_MAX = 64 << 20  # bytes
TITLE_MAX = 1000  # letters; of a longer title the beginning is taken

# Of which paths the second part is a tile: `tags/TILE/NAME`.
_TILE_FIRST = frozenset({"order", "tags", "tile", "drawing", "note"})


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FileTile(_Part):
    """A tile that the session says something of, and how it is found again."""

    number: int = Field(ge=0, lt=1 << 31, description="what the paths of this file call it")
    case: str = Field(max_length=80, description="the case that it shows")
    set: str = Field(max_length=TITLE_MAX, description="the title of its tile set")
    index: int = Field(ge=0, lt=1 << 31, description="its place within its tile set")
    member: int | None = Field(default=None, ge=0, description="the row of its member in the ensemble")
    title: str = Field(max_length=TITLE_MAX, description="its own title")


class SessionFile(_Part):
    """A session as a file."""

    format: Literal["tiledviz-session"] = Field(description="what this file is")
    version: int = Field(description=f"of the format: {VERSION}")
    session: str = Field(max_length=80, description="the name of the session it was written from")
    tiles: list[FileTile] = Field(max_length=65_535, description="the tiles that paths name")
    registers: dict[str, Any] = Field(description="values by path; a part of a path that names a tile is its number")
    texts: dict[str, str] = Field(description="notes by path")
    notes: list[str] = Field(default=[], description="what is not in it, a line each; import does not use it")


@dataclass(frozen=True)
class Placed:
    """What a file says of this wall; *missing* is a line for each thing in it that cannot be placed here."""

    plain: Plain
    missing: Sequence[str]


def written(session: str, plain: Mapping[str, Any], wall: Mapping[str, Any]) -> dict[str, Any]:
    """Return *plain* as a session file; *wall* is the wall document.

    What each person has chosen for itself is not in it, nor tiles that are on the wall no more: ``notes`` says so.
    """
    sets = {tile_set["id"]: tile_set for tile_set in wall["sets"]}
    tiles = {str(tile["id"]): tile for tile in wall["tiles"] if tile["set"] in sets}
    numbers: dict[str, str] = {}
    gone: set[str | None] = set()

    def number(tile: str) -> str | None:
        return numbers.setdefault(tile, str(len(numbers))) if tile in tiles else None

    found = renamed(shared_part(plain), number, lambda path: gone.add(_tile_of(path)))
    described = [
        {
            "number": int(named), "case": tiles[tile]["case"], "set": sets[tiles[tile]["set"]]["title"][:TITLE_MAX],
            "index": tiles[tile]["index"], "member": tiles[tile]["member"], "title": tiles[tile]["title"][:TITLE_MAX],
        }
        for tile, named in numbers.items()
    ]  # fmt: skip
    tiles_are = "1 tile that is" if len(gone) == 1 else f"{len(gone)} tiles that are"
    notes = [f"what people wrote on {tiles_are} off the wall is not in it"] if gone else []
    return {"format": FORMAT, "version": VERSION, "session": session, "tiles": described, **found, "notes": notes}


def read(document: object) -> SessionFile:
    """Return the session file *document*, parsed JSON. Raises UsageError: it is none, or of a later release."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise UsageError("this is not a session file of TiledViz: its `format` is to be `tiledviz-session`")
    if document.get("version") != VERSION:
        raise UsageError(
            f"this session file is of version {str(document.get('version'))[:20]!r}, and this TiledViz reads version "
            f"{VERSION}: take a later release"
        )
    try:
        found = SessionFile.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:120]
        raise UsageError(f"this session file is not as it should be: {place}: {first['msg']}") from None
    if len({tile.number for tile in found.tiles}) < len(found.tiles):
        raise UsageError("this session file is not as it should be: two of its tiles have one number")
    return found


def placed(file: SessionFile, wall: Mapping[str, Any]) -> Placed:
    """Return what *file* says of the tiles on *wall*: each is found by case, tile set, index, member and title.

    One that is not there just so is taken for the one of the same case and member, if there is one such; else for the
    one of the same case and title. What a file says of persons is nobody's to bring.
    """
    here = _found(file.tiles, wall)
    names = {str(tile.number): f"tile {tile.title!r} of {tile.case}" for tile in file.tiles}
    lost: dict[str, None] = {}

    def tile_id(number: str) -> str | None:
        return here.get(number)

    def lose(path: str) -> None:
        number = _tile_of(path)
        lost[f"{names.get(number or '', f'tile number {number}')} is not on this wall"] = None

    plain = renamed({"registers": file.registers, "texts": file.texts}, tile_id, lose)
    own = [f"{path[:80]}: this is a person's own" for part in plain.values() for path in part if not shared(path)]
    return Placed(shared_part(plain), [*lost, *own])


def off_wall(plain: Mapping[str, Any], wall: Mapping[str, Any]) -> Plain:
    """Return what *plain* says of tiles that are not on *wall*."""
    there = {None, *(str(tile["id"]) for tile in wall["tiles"])}
    return {
        part: {path: value for path, value in plain[part].items() if _tile_of(path) not in there}
        for part in ("registers", "texts")
    }


def _found(tiles: Iterable[FileTile], wall: Mapping[str, Any]) -> dict[str, str]:
    titles = {tile_set["id"]: tile_set["title"] for tile_set in wall["sets"]}
    ways: tuple[Callable[[Any], tuple[Any, ...] | None], ...] = (
        lambda tile: (tile["case"], tile["set"], tile["index"], tile["member"], tile["title"]),
        lambda tile: (tile["case"], tile["member"]) if tile["member"] is not None else None,
        lambda tile: (tile["case"], tile["title"]),
    )
    there = [
        tile | {"set": titles.get(tile["set"], "")[:TITLE_MAX], "title": tile["title"][:TITLE_MAX]}
        for tile in wall["tiles"]
    ]
    wanted = {str(tile.number): tile.model_dump() for tile in tiles}
    found: dict[str, str] = {}
    for way in ways:
        places: dict[tuple[Any, ...], list[str]] = {}
        taken = set(found.values())
        for tile in there:
            if str(tile["id"]) not in taken and (key := way(tile)) is not None:
                places.setdefault(key, []).append(str(tile["id"]))
        for number, tile in wanted.items():
            key = way(tile)
            if number not in found and key is not None and places.get(key):
                found[number] = places[key].pop(0)
    return found


def _tile_of(path: str) -> str | None:
    """Return the tile that *path* is about, None if it is about none."""
    first, *rest = path.split("/")
    return rest[0] if rest and first in _TILE_FIRST else None


def renamed(
    plain: Mapping[str, Any], tile: Callable[[str], str | None], lose: Callable[[str], None] = lambda _: None
) -> Plain:
    """Return *plain* with each tile called as *tile* says; paths of one without a name are given to *lose*."""
    found: Plain = {"registers": {}, "texts": {}}
    for part, into in found.items():
        for path, value in plain[part].items():
            named = _tile_of(path)
            if named is not None:
                name = tile(named)
                if name is None:
                    lose(path)
                    continue
                first, _, *rest = path.split("/")
                path = "/".join([first, name, *rest])
            renamed_value = _within(path, value, tile)
            if path == "reference" and renamed_value is None:
                lose(f"tile/{value['tile']}")
                continue
            into[path] = renamed_value
    return found


def _within(path: str, value: Any, tile: Callable[[str], str | None]) -> Any:
    """Return the *value* of a register with the tiles that it names called as *tile* says."""
    first = path.partition("/")[0]
    return _NAMING[first](value, tile) if first in _NAMING else value


def _named(number: object, tile: Callable[[str], str | None]) -> int | None:
    found = tile(str(number)) if type(number) is int else None
    return None if found is None else int(found)


def _all_named(numbers: Iterable[object], tile: Callable[[str], str | None]) -> list[int]:
    return [found for found in (_named(number, tile) for number in numbers) if found is not None]


def _led(group: Any, tile: Callable[[str], str | None]) -> Any:
    """Return a group of hands whose tiles are named as *tile* says; those that have no name are left out."""
    if not isinstance(group, Mapping) or not isinstance(group.get("tiles"), list):
        return group
    return {**group, "leader": _named(group.get("leader"), tile), "tiles": _all_named(group["tiles"], tile)}


def _held_against(reference: Any, tile: Callable[[str], str | None]) -> Any:
    """Return a reference whose tile is named as *tile* says; None: that has no name."""
    if not isinstance(reference, Mapping) or type(reference.get("tile")) is not int:
        return reference
    name = _named(reference["tile"], tile)
    return None if name is None else {**reference, "tile": name}


def _viewed(bookmark: Any, tile: Callable[[str], str | None]) -> Any:
    """Return a bookmark whose view names tiles as *tile* says; those that have no name are not looked at."""
    view = bookmark.get("view") if isinstance(bookmark, Mapping) else None
    if not isinstance(view, Mapping):
        return bookmark
    changed = dict(view)
    if "tile" in view:
        changed["tile"] = _named(view["tile"], tile)
    if isinstance(view.get("zoomed"), list):
        changed["zoomed"] = _all_named(view["zoomed"], tile)
    if isinstance(view.get("shared"), list):
        changed["shared"] = [
            [pair[0], _within(pair[0], pair[1], tile)] for pair in view["shared"]
            if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
        ]  # fmt: skip
    if isinstance(view.get("own"), Mapping):
        changed["own"] = {name: _seen(value, tile) for name, value in view["own"].items()}
    return {**bookmark, "view": changed}


def _made(column: Any, tile: Callable[[str], str | None]) -> Any:
    """Return a column that was made with its tiles called as *tile* says; those that have no name are left out."""
    if not isinstance(column, Mapping) or not isinstance(column.get("values"), list):
        return column
    pairs = [pair for pair in column["values"] if isinstance(pair, list) and len(pair) == 2]
    named = {_named(pair[0], tile): pair[1] for pair in pairs}
    return {**column, "values": [[name, value] for name, value in named.items() if name is not None]}


def _seen(own: Any, tile: Callable[[str], str | None]) -> Any:
    if not isinstance(own, Mapping) or not isinstance(own.get("tiles"), list):
        return own
    return {**own, "tiles": _all_named(own["tiles"], tile)}


# What names the tiles within a value, by the first part of its path.
_NAMING: Mapping[str, Callable[[Any, Callable[[str], str | None]], Any]] = {
    "bookmark": _viewed, "hands": _led, "made": _made, "reference": _held_against
}  # fmt: skip
