from __future__ import annotations

import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.ensemble import statistics
from tvcore.ensemble.statistics import histogram, nearest, quantiles
from tvcore.ensemble.table import MemberTable
from tvcore.ensemble.values import Values
from tvcore.errors import UsageError

NUMBERS = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40)


@given(values=NUMBERS, bins=st.integers(1, 30))
def test_a_histogram_counts_every_value_once(values: list[float], bins: int) -> None:
    found = histogram(np.array(values, np.float64), bins)
    assert found.counts.sum() + found.missing == len(values)
    assert found.missing == sum(not math.isfinite(value) for value in values)
    assert (np.diff(found.edges) > 0).all() or len(found.counts) <= 1


def test_a_histogram_of_one_value_has_one_bin() -> None:
    found = histogram(np.array([3, 3, 3]), 5)
    assert (found.edges.tolist(), found.counts.tolist(), found.missing) == ([3.0, 3.0], [3], 0)


def test_bins_and_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="not 0"):
        histogram(np.array([1.0]), 0)
    with pytest.raises(UsageError, match=r"not 1\.5"):
        quantiles(np.array([1.0]), [1.5])


def test_quantiles_leave_out_what_is_missing() -> None:
    values = np.array([np.nan, 4, 1, 3, 2, np.inf, 5])
    assert quantiles(values, [0, 0.5, 0.75, 1]) == [1, 3, 4, 5]


def test_neighbours_are_near_in_units_of_each_columns_spread() -> None:
    members = MemberTable(
        {
            "small": np.array([0.0, 0.001, 0.002, 0.009]),
            "large": np.array([0, 5000, 100, 0]),
            "name": ["a", "b", "c", "d"],
        }
    )
    rows, distances = members.nearest(0, 3)
    assert rows == [2, 1, 3]
    assert distances == sorted(distances)
    assert members.nearest(0, 1, ["small"])[0] == [1]
    assert members.nearest(0, 9, mask=np.array([True, False, False, True]))[0] == [3]


def test_equal_neighbours_come_in_their_order_and_those_that_share_no_value_not_at_all() -> None:
    nan = np.nan
    columns = [Values(np.array([1.0, 2, 0, 2, nan, 1])), Values(np.array([nan, nan, nan, nan, 7, 7]))]
    rows, _ = nearest(columns, 0, 10, np.ones(6, np.bool_))
    assert rows.tolist() == [5, 1, 2, 3]
    rows, _ = nearest(columns, 0, 2, np.ones(6, np.bool_))
    assert rows.tolist() == [5, 1]


@given(data=st.data(), count=st.integers(1, 12), k=st.integers(1, 14))
def test_neighbours_are_those_that_comparing_each_with_each_finds(data: st.DataObject, count: int, k: int) -> None:
    value = st.sampled_from([0.0, 1.0, -2.5, 1e300, -1e300, 5e-324, math.nan, math.inf])
    columns = data.draw(st.lists(st.lists(value, min_size=count, max_size=count), min_size=1, max_size=3))
    row = data.draw(st.integers(0, count - 1))
    spreads = [Values(np.array(column)).spread.deviation or 1.0 for column in columns]
    away = {}
    for other in range(count):
        both = [
            (abs(column[other] - column[row]) / spread) ** 2 if abs(column[other] - column[row]) / spread < 1e150 else 0
            for column, spread in zip(columns, spreads, strict=True)
            if math.isfinite(column[row]) and math.isfinite(column[other])
        ]
        if both and other != row:
            away[other] = math.sqrt(sum(both) / len(both))
    with mock.patch.object(statistics, "BLOCK", 5):
        rows, distances = nearest([Values(np.array(column)) for column in columns], row, k, np.ones(count, np.bool_))
    expected = sorted(away, key=away.__getitem__)[:k]
    assert rows.tolist() == expected
    assert distances.tolist() == pytest.approx([away[other] for other in expected])


def test_a_row_that_is_not_there_has_no_neighbours() -> None:
    with pytest.raises(UsageError, match="no row 2: there are 2"):
        MemberTable({"F": np.array([1.0, 2.0])}).nearest(2, 1)
