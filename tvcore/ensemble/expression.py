"""What a query means: a tree of values that is evaluated over columns, all rows at once.

``str(expression)`` is a query again, and parses to an equal expression.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from tvcore.ensemble.values import ColumnValues, Mask, Values, values_of
from tvcore.errors import UsageError

Table = Mapping[str, ColumnValues | Values]
Operator = Literal["=", "!=", "<", "<=", ">", ">="]

TAGS = "tags"
NEAR = 1e-6  # numbers that differ by less, relative to the one that was typed, are equal
_ALIASES = {"tag": TAGS}
_PLAIN_WORD = re.compile(r"(?:(?!\.\.)[^\s\"'\\=<>&|!(),:])+")
_KEYWORDS = ("and", "or", "not", "in")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


class QueryError(UsageError):
    """A query that cannot be understood, or does not fit the table; *position* counts characters from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class Expression(Protocol):
    """A query that has been understood."""

    def evaluate(self, table: Table) -> Mask:
        """Return, per row of *table*, whether it is asked for.

        *table* maps names to columns of equal length: numbers, bool or text; ``title`` (text) and ``tags`` (per
        row a collection of texts) are reserved. None, where a value is missing, counts as NaN or empty text. Columns
        that more than one query is evaluated over are best given as Values.
        Raises QueryError for a column that is not there, or a value that does not fit its column.
        """
        ...


@dataclass(frozen=True)
class All:
    """Every one of the parts; with none, everything."""

    parts: tuple[Expression, ...]

    def evaluate(self, table: Table) -> Mask:
        """See Expression."""
        if not self.parts:
            return np.ones(row_count(table), np.bool_)
        found = self.parts[0].evaluate(table)
        for part in self.parts[1:]:
            found &= part.evaluate(table)
        return found

    def __str__(self) -> str:
        return " & ".join(_nested(part) for part in self.parts)


@dataclass(frozen=True)
class Any_:  # noqa: N801 (the builtin any, and typing's, are something else)
    """At least one of the parts."""

    parts: tuple[Expression, ...]

    def evaluate(self, table: Table) -> Mask:
        """See Expression."""
        if not self.parts:
            return np.zeros(row_count(table), np.bool_)
        found = self.parts[0].evaluate(table)
        for part in self.parts[1:]:
            found |= part.evaluate(table)
        return found

    def __str__(self) -> str:
        return " | ".join(_nested(part) for part in self.parts)


@dataclass(frozen=True)
class Not:
    """What the part does not ask for."""

    part: Expression

    def evaluate(self, table: Table) -> Mask:
        """See Expression."""
        found = self.part.evaluate(table)
        return np.logical_not(found, out=found)

    def __str__(self) -> str:
        return f"!{_nested(self.part)}"


@dataclass(frozen=True)
class Word:
    """A word anywhere: in the title, the tags, or a text column."""

    text: str

    def evaluate(self, table: Table) -> Mask:
        """See Expression."""
        found = np.zeros(row_count(table), np.bool_)
        for name, column in table.items():
            values = values_of(column)
            if name == TAGS:
                found |= values.tags.matching(operator.contains, self.text)
            elif values.kind == "text":
                found |= values.texts.matching(operator.contains, self.text)
        return found

    def __str__(self) -> str:
        return _quote(self.text)


@dataclass(frozen=True)
class Compare:
    """A column compared with one value. Positions are where name and value stand in the query."""

    name: str
    operator: Operator
    value: str
    name_at: int = field(default=0, compare=False)
    value_at: int = field(default=0, compare=False)

    def evaluate(self, table: Table) -> Mask:
        """See Expression."""
        name, values = column_of(table, self.name, self.name_at)
        if name == TAGS:
            return self._compare_tags(values)
        if values.kind == "number":
            return compare_numbers(values.numbers, self.operator, _number(name, self.value, self.value_at))
        if values.kind == "flag":
            return self._compare_flag(name, values)
        return values.texts.matching(_COMPARE[self.operator], self.value)

    def _compare_tags(self, values: Values) -> Mask:
        if self.operator not in ("=", "!="):
            raise QueryError(f"tags have no order: use =, != or tag:{_quote(self.value)}", self.name_at)
        has = values.tags.matching(operator.eq, self.value)
        return has if self.operator == "=" else ~has

    def _compare_flag(self, name: str, values: Values) -> Mask:
        wanted = self.value.casefold()
        if self.operator not in ("=", "!=") or wanted not in (*_TRUE, *_FALSE):
            raise QueryError(f"{name} is true or false: ask {name}=true or {name}=false", self.value_at)
        same = values.flagged(wanted in _TRUE)
        return same if self.operator == "=" else ~same

    def __str__(self) -> str:
        return f"{_quote(self.name)}{self.operator}{_quote(self.value)}"


@dataclass(frozen=True)
class Range:
    """A column between two values, which belong to the range; without one it is open there."""

    name: str
    low: str | None
    high: str | None
    name_at: int = field(default=0, compare=False)
    value_at: int = field(default=0, compare=False)

    def evaluate(self, table: Table) -> Mask:
        """See Expression."""
        found: Mask | None = None
        ends: tuple[tuple[Operator, str | None], ...] = ((">=", self.low), ("<=", self.high))
        for compare, value in ends:
            if value is not None:
                part = Compare(self.name, compare, value, self.name_at, self.value_at).evaluate(table)
                found = part if found is None else np.logical_and(found, part, out=found)
        return np.ones(row_count(table), np.bool_) if found is None else found

    def __str__(self) -> str:
        low, high = ("" if end is None else _quote(end) for end in (self.low, self.high))
        return f"{_quote(self.name)}={low}..{high}"


@dataclass(frozen=True)
class OneOf:
    """A column equal to one of several values."""

    name: str
    values: tuple[str, ...]
    name_at: int = field(default=0, compare=False)
    value_at: int = field(default=0, compare=False)

    def evaluate(self, table: Table) -> Mask:
        """See Expression."""
        found = np.zeros(row_count(table), np.bool_)
        for value in self.values:
            found |= Compare(self.name, "=", value, self.name_at, self.value_at).evaluate(table)
        return found

    def __str__(self) -> str:
        return f"{_quote(self.name)} in ({', '.join(_quote(value) for value in self.values)})"


@dataclass(frozen=True)
class Has:
    """A column whose text has a word inside; of the tags, one that is the word; of the rest, equal to it."""

    name: str
    value: str
    name_at: int = field(default=0, compare=False)
    value_at: int = field(default=0, compare=False)

    def evaluate(self, table: Table) -> Mask:
        """See Expression."""
        name, values = column_of(table, self.name, self.name_at)
        if name != TAGS and values.kind == "text":
            return values.texts.matching(operator.contains, self.value)
        return Compare(self.name, "=", self.value, self.name_at, self.value_at).evaluate(table)

    def __str__(self) -> str:
        return f"{_quote(self.name)}:{_quote(self.value)}"


@lru_cache(maxsize=256)  # beside a small table it is this that takes the time
def near(wanted: float) -> tuple[float, float]:
    """Return the least and the greatest number that is equal to *wanted* (NEAR)."""
    slack = NEAR * abs(wanted)
    if not math.isfinite(wanted) or slack == 0:
        return wanted, wanted
    return -_furthest(-wanted, slack), _furthest(wanted, slack)


def _furthest(wanted: float, slack: float) -> float:
    """Return the greatest number that is *slack* or less above *wanted*, as floating point subtracts."""
    end = min(wanted + slack, sys.float_info.max)
    while end - wanted > slack:
        end = math.nextafter(end, -math.inf)
    while (above := math.nextafter(end, math.inf)) - wanted <= slack:
        end = above
    return end


def _bounds(values: npt.NDArray[Any], low: float, high: float) -> tuple[Any, Any]:
    """Return *low* rounded up and *high* rounded down to what can stand in *values*, so that none is converted."""
    if values.dtype.kind in "iu" and math.isfinite(low):
        return math.ceil(low), math.floor(high)
    if values.dtype == np.float32:
        with np.errstate(over="ignore"):
            least, most = np.float32(low), np.float32(high)
        if float(least) < low:
            least = np.nextafter(least, np.float32(np.inf))
        if float(most) > high:
            most = np.nextafter(most, np.float32(-np.inf))
        return least, most
    return np.float64(low), np.float64(high)


def compare_numbers(values: npt.NDArray[Any], compare: Operator, wanted: float) -> Mask:
    """Return how *values* compare with *wanted*; of <, = and > exactly one holds, and none for NaN."""
    low, high = _bounds(values, *near(wanted))
    mask: Mask
    match compare:
        case "=":
            mask = between(values, low, high)
        case "!=":
            mask = between(values, low, high)
            np.logical_not(mask, out=mask)
        case "<":
            mask = values < low
        case "<=":
            mask = values <= high
        case ">":
            mask = values > high
        case ">=":
            mask = values >= low
    return mask


def between(values: npt.NDArray[Any], low: Any, high: Any) -> Mask:
    """Return which of *values* are *low*, *high* or between."""
    mask: Mask = values >= low
    mask &= values <= high
    return mask


def row_count(table: Table) -> int:
    """Return the rows of *table*. Raises ValueError when its columns differ in length."""
    if isinstance(known := getattr(table, "count", None), int):  # a MemberTable, which compared them once
        return known
    lengths = {len(values) for values in table.values()}
    if len(lengths) > 1:
        raise ValueError(f"the columns of the table have different lengths: {sorted(lengths)}")
    return lengths.pop() if lengths else 0


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def column_of(table: Table, asked: str, position: int) -> tuple[str, Values]:
    """Return the column called *asked*: exactly so, or else the only one without regard to case. Raises QueryError."""
    rows = row_count(table)
    if asked in table:
        return asked, values_of(table[asked])
    folded = asked.casefold()
    alike = [name for name in table if name.casefold() == folded]
    alias = _ALIASES.get(folded)
    for name in (*(alike if len(alike) == 1 else ()), alias):
        if name is not None and name in table:
            return name, values_of(table[name])
    if alias == TAGS:
        return TAGS, Values([()] * rows)
    near = difflib.get_close_matches(asked, list(table), n=len(table) or 1, cutoff=0.0)
    raise QueryError(f"there is no column {asked}; there are {', '.join(near) or 'none'}", position)


def _number(name: str, text: str, position: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise QueryError(f"{name} is a number, and {text!r} is none", position) from None


def _nested(part: Expression) -> str:
    text = str(part)
    return f"({text})" if isinstance(part, All | Any_) else text


def _quote(text: str) -> str:
    if _PLAIN_WORD.fullmatch(text) and text.casefold() not in _KEYWORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
