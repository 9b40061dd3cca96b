"""The columns that queries are evaluated over, and what queries need of them, each worked out once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
ColumnValues = Sequence[Any] | npt.NDArray[Any]
Kind = Literal["number", "flag", "text"]

_NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)


class Texts:
    """Texts, each kept once: *distinct* as they are, *codes* which of them each text is.

    *rows* says for each text on which of *count* rows it is; without it there is one a row.
    """

    def __init__(self, texts: Sequence[Any], rows: npt.NDArray[np.intp] | None = None, count: int = 0) -> None:
        numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        self.codes = np.fromiter(map(numbers.__getitem__, texts), np.intp, len(texts))
        self.distinct = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in numbers]
        self._folded = [text.casefold() for text in self.distinct]
        self._rows = rows
        self._count = count

    def matching(self, compare: Callable[[str, str], bool], wanted: str) -> Mask:
        """Return the rows that have a text of which *compare* holds with *wanted*, which is folded here too."""
        hits = np.fromiter(map(compare, self._folded, repeat(wanted.casefold())), np.bool_, len(self._folded))
        if self._rows is None:
            return hits.take(self.codes)
        found = np.zeros(self._count, np.bool_)
        found[self._rows[hits[self.codes]]] = True
        return found


@dataclass(frozen=True)
class Spread:
    """The standard *deviation* of the finite values of a column, and which are *finite*: None where all are."""

    deviation: float
    finite: Mask | None


class Values:
    """One column: *given* are its values, None where one is missing. What was given does not change any more."""

    def __init__(self, given: ColumnValues) -> None:
        self._given = given

    def __len__(self) -> int:
        return len(self._given)

    @property
    def given(self) -> ColumnValues:
        """Return the values as they were given."""
        return self._given

    @cached_property
    def kind(self) -> Kind:
        """Return what queries take the column for."""
        given = self.given
        if isinstance(given, np.ndarray) and given.dtype.kind != "O":
            kinds: dict[str, Kind] = {"b": "flag", "U": "text", "S": "text"}
            return kinds.get(given.dtype.kind, "number")
        present = [value for value in given if value is not None]
        if present and all(isinstance(value, bool | np.bool_) for value in present):
            return "flag"
        return "number" if present and all(isinstance(value, _NUMBERS) for value in present) else "text"

    @cached_property
    def numbers(self) -> npt.NDArray[Any]:
        """Return the values of a column of numbers, integers or floats as they are kept; NaN is missing."""
        given = self.given
        if isinstance(given, np.ndarray) and given.dtype.kind != "O":
            return given if given.dtype.kind in "iu" or given.dtype in (np.float32, np.float64) else given.astype(float)
        return np.array([np.nan if value is None else float(value) for value in given], np.float64)

    @cached_property
    def spread(self) -> Spread:
        """Return how a column of numbers is spread."""
        numbers = self.numbers
        finite = None if numbers.dtype.kind in "iu" else np.isfinite(numbers)
        if finite is None or finite.all():
            finite, there = None, numbers
        else:
            there = numbers[finite]
        if not len(there):
            return Spread(0.0, finite)
        there = there.astype(np.float64)
        scale = float(np.abs(there).max()) or 1.0  # so that squares stay in range
        return Spread(float(np.std(there / scale)) * scale, finite)

    @cached_property
    def texts(self) -> Texts:
        """Return the values as texts, one a row."""
        given = self.given
        if isinstance(given, np.ndarray) and given.dtype.kind in "US":
            return Texts(given.tolist())
        return Texts(["" if value is None else str(value) for value in given])

    @cached_property
    def tags(self) -> Texts:
        """Return the texts of a column that has any number of them on each row."""
        rows = [row for row, tags in enumerate(self.given) for _ in tags or ()]
        texts = [str(tag) for tags in self.given for tag in tags or ()]
        return Texts(texts, np.array(rows, np.intp), len(self))

    def flagged(self, wanted: bool) -> Mask:
        """Return the rows of a column of true and false that are *wanted*."""
        given = self.given
        if isinstance(given, np.ndarray) and given.dtype.kind == "b":
            return given.copy() if wanted else ~given
        return np.fromiter((value is not None and bool(value) == wanted for value in given), np.bool_, len(self))


class ReadValues(Values):
    """A column of *count* values of which the kind is known, and that is read when it is first asked for."""

    def __init__(self, read: Callable[[], ColumnValues], count: int, kind: Kind) -> None:
        self._read = read
        self._count = count
        self.kind = kind

    def __len__(self) -> int:
        return self._count

    @cached_property
    def given(self) -> ColumnValues:
        """Return the values, read now if they were not yet."""
        return self._read()


def values_of(column: ColumnValues | Values) -> Values:
    """Return *column* as one that queries are evaluated over."""
    return column if isinstance(column, Values) else Values(column)
