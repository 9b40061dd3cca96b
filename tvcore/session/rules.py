"""What an operation on a session's document may be: paths, their values and the right that each needs, as data."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tvcore.errors import TiledVizError
from tvcore.portal.roles import Right
from tvcore.session.values import (
    INTEGER,
    Axes,
    Bookmark,
    Chosen,
    Colour,
    Compare,
    Filter,
    Group,
    Hands,
    Key,
    Made,
    Number,
    Ranges,
    Reference,
    Scale,
    Scatter,
    Screens,
    Shape,
    Slides,
    Sort,
    Tiles,
)


class RefusedError(TiledVizError):
    """An operation cannot be, or is not for who asks: one line that says why."""


@dataclass(frozen=True)
class Limits:
    """How large one operation may be: registers, texts, edits, letters it writes and removes, values in all.

    A page's is PAGE; what makes a whole session of another, as a version that is restored, is WHOLE.
    """

    sets: int
    texts: int
    edits: int
    letters: int
    values: int


PAGE = Limits(sets=20_000, texts=2_000, edits=5_000, letters=300_000, values=400_000)
WHOLE = Limits(sets=500_000, texts=100_000, edits=1_000_000, letters=2_000_000, values=10_000_000)  # a restored version
DEPTH = 12  # lists and objects within each other
LETTERS = 100_000  # of one string
VIEW_VALUES = 2_000
NAME_MAX = 80  # letters of a version's name
ID = "[0-9A-Za-z-]{1,64}"


# What a path may be, the right it needs, and its value. Names in capitals stand for a part of the path; `person/P/…`
# is for that person alone.
_TABLE: tuple[tuple[str, Right, Any], ...] = (
    ("layout/columns", "arrange", Annotated[int, Field(ge=1, le=64)]),
    ("layout/gap", "arrange", Annotated[Number, Field(ge=0, le=200)]),
    ("layout/title", "arrange", Annotated[Number, Field(ge=0, le=60)]),
    ("layout/tile", "arrange", Annotated[Number, Field(ge=40, le=4000)]),
    ("layout/scatter", "arrange", Scatter),
    ("order/TILE", "arrange", Key),
    ("sort", "arrange", Sort),
    ("group", "arrange", Group),
    ("colour", "arrange", Scale),
    ("brush/NAME", "arrange", Ranges | Chosen),
    ("brushing", "arrange", Literal["dim", "hide", "select"]),
    ("axes", "arrange", Axes),
    ("made/NAME", "arrange", Made),
    ("tags/TILE/NAME", "arrange", bool),
    ("tag/NAME/colour", "arrange", Colour),
    ("tag/NAME/hidden", "arrange", Literal[True]),
    ("tile/TILE/off", "arrange", Literal[True]),
    ("tile/TILE/hidden", "arrange", Literal[True]),
    ("tile/TILE/rotation", "arrange", Literal[90, 180, 270]),
    ("tile/TILE/opacity", "arrange", Annotated[Number, Field(ge=0, le=1)]),
    ("tile/TILE/undrawn", "arrange", Literal[True]),
    ("drawing/TILE/ID", "arrange", Shape),
    ("bookmark/ID", "arrange", Bookmark),
    ("slides", "arrange", Slides),
    ("reference", "arrange", Reference),
    ("hands/ID", "arrange", Hands),
    ("time", "arrange", Number),
    ("screens/ID", "arrange", Screens),
    ("person/P/name", "see", Annotated[str, Field(min_length=1, max_length=80)]),
    ("person/P/selection", "see", Tiles),
    ("person/P/filter", "see", Filter),
    ("person/P/zoomed", "see", Tiles),
    ("person/P/followers", "see", Tiles),
    ("person/P/compare", "see", Compare),
)
_TEXTS: tuple[tuple[str, Right], ...] = (("note/TILE", "arrange"),)

_PARTS = {
    "TILE": "(?:0|[1-9][0-9]{0,14})",
    "NAME": r"(?:[A-Za-z0-9_.!~*'()-]|%[0-9A-F]{2}){1,400}",  # what encodeURIComponent leaves, and makes
    "ID": ID,
    "P": "[0-9A-Za-z_-]{1,64}",
}
_AFTER = re.compile(rf"{ID}:(?:0|[1-9][0-9]{{0,8}})", re.ASCII)
_ID = re.compile(ID, re.ASCII)
_LABEL = re.compile("[0-9a-z-]{1,40}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUL = "\x00"  # PostgreSQL keeps none


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    right: Right
    value: TypeAdapter[Any] | None


def _rule(path: str, right: Right, value: Any = None) -> _Rule:
    pattern = "/".join(_PARTS.get(part, part) for part in path.split("/"))
    adapter = TypeAdapter(value, config=None if isinstance(value, type) and issubclass(value, BaseModel) else _STRICT)
    return _Rule(re.compile(pattern, re.ASCII), right, adapter)


_STRICT = ConfigDict(strict=True)


@cache
def _rules(texts: bool) -> dict[str, list[_Rule]]:
    """Return the rules by the first part of their paths."""
    rules: dict[str, list[_Rule]] = {}
    for path, right, *value in _TEXTS if texts else _TABLE:
        rules.setdefault(path.partition("/")[0], []).append(_rule(path, right, *value))
    return rules


def check(body: Mapping[str, Any], person: str, may: Callable[[Right], bool], limits: Limits = PAGE) -> None:
    """Check the operation *body* of *person*, who has the rights that *may* says.

    Of an undo or redo only that it is one: what it takes back is the store's to know. Raises RefusedError.
    """
    if not isinstance(body, Mapping):
        raise RefusedError("an operation is an object with an id")
    if unknown := sorted(str(name)[:40] for name in set(body) - {"id", "label", "set", "text", "undo", "redo"}):
        raise RefusedError(f"an operation has no {unknown[0]!r}")
    _id(body.get("id"), "id")
    _bounded(body, limits.values)
    if "label" in body and not (isinstance(body["label"], str) and _LABEL.fullmatch(body["label"])):
        raise RefusedError("label: a short name in small letters is wanted")
    about = [name for name in ("undo", "redo") if name in body]
    if len(about) + ("set" in body or "text" in body) != 1:
        raise RefusedError("an operation sets registers and edits texts, or is an undo, or a redo")
    if about:
        _id(body[about[0]], about[0])
        return
    sets, texts = _pairs(body.get("set", []), "set", limits.sets), _pairs(body.get("text", []), "text", limits.texts)
    if not sets and not texts:
        raise RefusedError("an operation that does nothing")
    for path, value in sets:
        rule = _allowed(path, person, may, texts=False)
        if value is not None:
            _value(path, rule, value)
    left = [limits.edits, limits.letters]
    for path, edits in texts:
        _allowed(path, person, may, texts=True)
        _edits(path, edits, left)


def check_rights(act: Mapping[str, Any], person: str, may: Callable[[Right], bool]) -> None:
    """Check that *person* may still touch what *act*, which is theirs, touches. Raises RefusedError."""
    for name in ("set", "text"):
        for path, _ in act.get(name, ()):
            _allowed(path, person, may, texts=name == "text")


def shared(path: str) -> bool:
    """Return whether what is at *path* is the session's: no person's own, and not of the room that it is shown in.

    Versions, files and copies of a session have that, and nothing else.
    """
    return not path.startswith(("person/", "screens/"))


def named(op: object) -> str | None:
    """Return the name of an operation, None if it has none that could be."""
    name = op.get("id") if isinstance(op, Mapping) else None
    return name if isinstance(name, str) and _ID.fullmatch(name) else None


def _id(value: object, what: str) -> None:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise RefusedError(f"{what}: 1 to 64 letters, digits and hyphens are wanted")


def _pairs(value: object, what: str, most: int) -> list[list[Any]]:
    if not isinstance(value, list) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in value
    ):
        raise RefusedError(f"{what}: a list of pairs is wanted, each a path and what is done there")
    if len(value) > most:
        raise RefusedError(f"{what}: {len(value)} paths in one operation, and at most {most} may be")
    return value


def _allowed(path: str, person: str, may: Callable[[Right], bool], texts: bool) -> _Rule:
    first = path.partition("/")[0]
    rule = next((rule for rule in _rules(texts).get(first, ()) if rule.pattern.fullmatch(path)), None)
    if rule is None:
        raise RefusedError(f"there is no {'text' if texts else 'register'} {path[:80]!r}")
    if first == "person" and path.split("/")[1] != person:
        raise RefusedError(f"{path[:80]}: this is another person's own")
    if not may(rule.right):
        raise RefusedError(f"{path[:80]}: this needs the right `{rule.right}`, which your role does not have")
    return rule


def _value(path: str, rule: _Rule, value: object) -> None:
    assert rule.value is not None
    try:
        rule.value.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"][:4])
        raise RefusedError(f"{path[:80]}: {place + ': ' if place else ''}{first['msg']}"[:300]) from None
    if path.startswith("bookmark/"):
        _bounded(value, VIEW_VALUES)


def _edits(path: str, edits: object, left: list[int]) -> None:
    if not isinstance(edits, list) or not edits:
        raise RefusedError(f"{path}: a list of edits is wanted")
    left[0] -= len(edits)
    for edit in edits:
        kind = edit[0] if isinstance(edit, list | tuple) and edit else None
        if kind == "+" and len(edit) == 3 and all(isinstance(part, str) for part in edit):
            if not edit[2] or (edit[1] != "" and not _AFTER.fullmatch(edit[1])):
                raise RefusedError(f"{path}: an edit writes a text behind a character, or at the beginning")
            left[1] -= len(edit[2])
        elif kind == "-" and len(edit) == 4 and _removes(edit):
            left[1] -= edit[3]
        else:
            raise RefusedError(f"{path}: an edit is ['+', behind what, text] or ['-', operation, from, count]")
    if min(left) < 0:
        raise RefusedError(f"{path}: too much text for one operation: write it in parts")


def _removes(edit: list[Any]) -> bool:
    _, op, begin, count = edit
    numbers = type(begin) is int and type(count) is int and 0 <= begin < 1 << 31 and 0 < count < 1 << 31
    return numbers and isinstance(op, str) and _ID.fullmatch(op) is not None


def _bounded(value: object, most: int) -> None:
    """Check that *value* is JSON of bounded size and depth, without what databases and pages cannot keep."""
    level: list[Any] = [value]
    for _ in range(DEPTH):
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                _string(each)
            elif isinstance(each, bool) or each is None:
                continue
            elif isinstance(each, int | float):
                if not math.isfinite(each) if isinstance(each, float) else abs(each) > INTEGER:
                    raise RefusedError("a number that no page can keep")
            elif isinstance(each, Mapping):
                for name in each:
                    if not isinstance(name, str):
                        raise RefusedError("the names in an object are texts")
                    _string(name)
                below.extend(each.values())
            elif isinstance(each, list | tuple):
                below.extend(each)
            else:
                raise RefusedError("an operation is JSON")
        most -= len(level)
        if most < 0:
            raise RefusedError("too much for one operation: do it in parts")
        if not below:
            return
        level = below
    raise RefusedError(f"an operation may have {DEPTH} lists and objects within each other, and no more")


def _string(text: str) -> None:
    if len(text) > LETTERS:
        raise RefusedError(f"a text of {len(text)} letters, and at most {LETTERS} may be")
    if _SURROGATE.search(text) or _NUL in text:
        raise RefusedError("a text has half a character in it, or a NUL, which cannot be kept")
