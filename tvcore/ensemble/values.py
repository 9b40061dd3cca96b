"""The columns that queries are evaluated over, and what queries need of them, each worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    """Texts without regard to case, each kept once; *rows* says for each of *texts* on which of *count* rows it is."""

    def __init__(self, texts: Iterable[str], rows: npt.NDArray[np.intp], count: int) -> None:
        numbers: dict[str, int] = {}
        self._numbers = np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.intp)
        self._folded = [text.casefold() for text in numbers]
        self._rows = rows
        self._count = count

    def matching(self, compare: Callable[[str, str], bool], wanted: str) -> Mask:
        """Return the rows that have a text of which *compare* holds with *wanted*, which is folded here too."""
        hits = np.fromiter(map(compare, self._folded, repeat(wanted.casefold())), np.bool_, len(self._folded))
        found = np.zeros(self._count, np.bool_)
        found[self._rows[hits[self._numbers]]] = True
        return found


class Values:
    """One column: *given* are its values, None where one is missing. What was given does not change any more."""

    def __init__(self, given: ColumnValues) -> None:
        self.given = given

    def __len__(self) -> int:
        return len(self.given)

    @cached_property
    def kind(self) -> Kind:
        """Return what queries take the column for."""
        if isinstance(self.given, np.ndarray) and self.given.dtype.kind != "O":
            kinds: dict[str, Kind] = {"b": "flag", "U": "text", "S": "text"}
            return kinds.get(self.given.dtype.kind, "number")
        present = [value for value in self.given if value is not None]
        if present and all(isinstance(value, bool | np.bool_) for value in present):
            return "flag"
        return "number" if present and all(isinstance(value, _NUMBERS) for value in present) else "text"

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64]:
        """Return the values of a column of numbers; NaN is missing."""
        if isinstance(self.given, np.ndarray) and self.given.dtype.kind != "O":
            return self.given.astype(np.float64)
        return np.array([np.nan if value is None else float(value) for value in self.given], np.float64)

    @cached_property
    def texts(self) -> Texts:
        """Return the values as texts, one a row."""
        values: Iterable[Any] = self.given
        if isinstance(self.given, np.ndarray) and self.given.dtype.kind == "S":
            values = np.char.decode(self.given, "utf-8", "replace")
        return Texts(("" if value is None else str(value) for value in values), np.arange(len(self)), len(self))

    @cached_property
    def tags(self) -> Texts:
        """Return the texts of a column that has any number of them on each row."""
        rows = [row for row, tags in enumerate(self.given) for _ in tags or ()]
        return Texts((str(tag) for tags in self.given for tag in tags or ()), np.array(rows, np.intp), len(self))

    def flagged(self, wanted: bool) -> Mask:
        """Return the rows of a column of true and false that are *wanted*."""
        return np.fromiter((value is not None and bool(value) == wanted for value in self.given), np.bool_, len(self))


def values_of(column: ColumnValues | Values) -> Values:
    """Return *column* as one that queries are evaluated over."""
    return column if isinstance(column, Values) else Values(column)
