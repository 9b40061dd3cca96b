"""The members of an ensemble as a table that is filtered, sorted, grouped and summed up; columns are read once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tvcore.ensemble import statistics
from tvcore.ensemble.expression import TAGS, Expression, QueryError, column_of, row_count
from tvcore.ensemble.query import parse
from tvcore.ensemble.reader import Ensemble
from tvcore.ensemble.statistics import Histogram, Rows
from tvcore.ensemble.values import ColumnValues, Kind, Mask, ReadValues, Values, values_of
from tvcore.errors import UsageError

_PARTS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Group:
    """The *rows* that have one *value* in a column, ascending."""

    value: Any
    rows: Rows

    @property
    def count(self) -> int:
        """Return how many they are."""
        return len(self.rows)


class MemberTable(Mapping[str, Values]):
    """Columns of equal length by name, as queries are evaluated over them (``Expression.evaluate``).

    Where a column is asked for by name, its case does not matter unless two differ just by that. Methods raise
    UsageError, with the columns there are, for one that is not there.
    """

    def __init__(self, columns: Mapping[str, ColumnValues | Values]) -> None:
        self._columns = {name: values_of(values) for name, values in columns.items()}
        self.count = row_count(self._columns)

    @classmethod
    def of(cls, ensemble: Ensemble) -> Self:
        """Return the table of *ensemble*, which stays open; a column is read when it is first needed."""
        kinds: dict[str, Kind] = {"b": "flag", "S": "text"}
        columns = {
            column.name: ReadValues(
                partial(ensemble.stored, column.name),
                len(ensemble),
                kinds.get(np.dtype(column.dtype).kind, "number"),
            )
            for column in ensemble.columns
        }
        return cls(columns)

    def __getitem__(self, name: str) -> Values:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def filter(self, query: str | Expression) -> Mask:
        """Return, per row, whether *query* asks for it. Raises QueryError."""
        expression = parse(query) if isinstance(query, str) else query
        return expression.evaluate(self)

    def sort(self, columns: Sequence[str], descending: Sequence[bool] = (), mask: Mask | None = None) -> Rows:
        """Return the rows (of *mask*) in the order of *columns*, the first of them before the next.

        Rows of equal values stay in their order. Numbers within texts count as numbers, as in ``8_300K`` before
        ``12_300K``; case does not count. What is missing comes last, also where the order is *descending*.
        """
        order = np.arange(self.count) if mask is None else np.flatnonzero(mask)
        turned = [*descending, *[False] * len(columns)]
        for name, down in reversed(list(zip(columns, turned, strict=False))):
            keys, missing = self._keys(self.found(name)[1])
            keys, missing = keys[order], missing[order]
            there = order[~missing]
            keys = keys[~missing]
            if down:  # twice turned, so that equal ones stay in their order
                there = there[::-1][np.argsort(keys[::-1], kind="stable")[::-1]]
            else:
                there = there[np.argsort(keys, kind="stable")]
            order = np.concatenate((there, order[missing]))
        return order

    @staticmethod
    def _keys(values: Values) -> tuple[npt.NDArray[Any], Mask]:
        """Return what the rows of a column are sorted by, and where it is missing."""
        if values.kind == "number":
            numbers = values.numbers
            return numbers, np.isnan(numbers)
        if values.kind == "flag":
            yes, no = values.flagged(True), values.flagged(False)
            return yes, ~(yes | no)
        texts = values.texts
        naturally = [_natural(text) for text in texts.distinct]
        places = {key: place for place, key in enumerate(sorted(set(naturally)))}
        ranks = np.array([places[key] for key in naturally], np.intp)
        empty = np.array([not text for text in texts.distinct], np.bool_)
        return ranks.take(texts.codes), empty.take(texts.codes)

    def group(self, column: str, mask: Mask | None = None) -> list[Group]:
        """Return the rows (of *mask*) by their values of *column*, in the order of ``sort``; for tags, by each tag.

        Texts that differ by case alone are one group, called as its first row has it.
        The value of those where it is missing is None, and their group is the last.
        """
        name, values = self.found(column)
        if name == TAGS:
            return self._tagged(values, mask)
        keys, missing = self._keys(values)
        order = self.sort([name], mask=mask)
        if not len(order):
            return []
        keys, missing = keys[order], missing[order]
        first = np.flatnonzero((keys[1:] != keys[:-1]) & ~(missing[1:] & missing[:-1]) | (missing[1:] != missing[:-1]))
        groups = []
        for rows in np.split(order, first + 1):
            value = None if missing[len(order) - 1] and rows[-1] == order[-1] else plain(values, int(rows[0]))
            groups.append(Group(value, rows))
        return groups

    def _tagged(self, values: Values, mask: Mask | None) -> list[Group]:
        rows_of: dict[str, list[int]] = {}
        for row in range(self.count) if mask is None else np.flatnonzero(mask).tolist():
            for tag in dict.fromkeys(str(tag) for tag in values.given[row] or ()):
                rows_of.setdefault(tag, []).append(row)
        return [Group(tag, np.array(rows_of[tag], np.intp)) for tag in sorted(rows_of, key=_natural)]

    def histogram(self, column: str, bins: int = 20, mask: Mask | None = None) -> Histogram:
        """Return the histogram of a column of numbers, over the rows of *mask*. Raises UsageError."""
        numbers = self._of_numbers(column).numbers
        return statistics.histogram(numbers if mask is None else numbers[mask], bins)

    def quantiles(self, column: str, shares: Sequence[float], mask: Mask | None = None) -> list[float]:
        """Return the quantiles of a column of numbers at *shares*, over the rows of *mask*. Raises UsageError."""
        numbers = self._of_numbers(column).numbers
        return statistics.quantiles(numbers if mask is None else numbers[mask], shares)

    def mean(self, column: str, mask: Mask | None = None) -> float:
        """Return the mean of a column of numbers, over the rows of *mask*; NaN without one. Raises UsageError."""
        numbers = self._of_numbers(column).numbers
        return statistics.mean(numbers if mask is None else numbers[mask])

    def nearest(
        self, row: int, k: int, columns: Sequence[str] = (), mask: Mask | None = None
    ) -> tuple[list[int], list[float]]:
        """Return the *k* rows (of *mask*) most like *row* in *columns*, by default all numbers, and how far they are.

        See ``statistics.nearest``. Raises UsageError for a row that is not there, and where there is no number.
        """
        if not 0 <= row < self.count:
            raise UsageError(f"there is no row {row}: there are {self.count}, counted from 0")
        if k < 1:
            raise UsageError(f"at least 1 neighbour can be asked for, not {k}")
        chosen = list(columns) or [name for name, values in self.items() if values.kind == "number"]
        if not chosen:
            raise UsageError("there is no column of numbers, by which members can be near")
        everything = np.ones(self.count, np.bool_) if mask is None else mask
        rows, distances = statistics.nearest([self._of_numbers(name) for name in chosen], row, k, everything)
        return rows.tolist(), distances.tolist()

    def _of_numbers(self, column: str) -> Values:
        name, values = self.found(column)
        if name == TAGS or values.kind != "number":
            raise UsageError(f"{name} is no column of numbers")
        return values

    def found(self, column: str) -> tuple[str, Values]:
        """Return the column called *column*, with its name as it is written. Raises UsageError."""
        try:
            return column_of(self, column, 0)
        except QueryError as error:  # it is no part of a query, in which there would be a position
            raise UsageError(str(error)) from error


def plain(values: Values, row: int) -> Any:
    """Return the value of *values* at *row* as plain Python has it; None where it is missing."""
    value = values.given[row]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and value != value else value


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts *text* as people do: numbers within it by their size; *text* itself settles the rest."""
    parts = _PARTS.split(text.casefold())
    keyed = ((0, int(part), "") if part.isdecimal() and len(part) < 1000 else (1, 0, part) for part in parts if part)
    return (*keyed, (-1, 0, text.casefold()))
