from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.ensemble import Column, create, open_ensemble
from tvcore.ensemble.expression import NEAR, Operator, compare_numbers
from tvcore.ensemble.table import MemberTable
from tvcore.errors import UsageError

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


def table() -> MemberTable:
    return MemberTable(
        {
            "F": np.array([0.05, 0.01, np.nan, 0.03, 0.01]),
            "steps": np.array([8, 4, 2, 1, 0], np.int32),
            "class": np.array(["spots", "Waves", "spots", "", "waves"]),
            "temperature": ["12_300K", "8_300K", "8_30K", "x", ""],
            "settled": np.array([True, False, True, True, False]),
            "tags": [["a", "b"], [], ["b"], ["a10"], ["a9"]],
        }
    )


def slowly(value: float, operator: Operator, wanted: float) -> bool:
    """What a comparison means, said plainly and for one number."""
    equal = value == wanted or (not math.isinf(wanted) and abs(value - wanted) <= NEAR * abs(wanted))
    return {
        "=": equal,
        "!=": not equal,
        "<": value < wanted and not equal,
        "<=": value < wanted or equal,
        ">": value > wanted and not equal,
        ">=": value > wanted or equal,
    }[operator]


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
@given(wanted=FLOATS, others=st.lists(FLOATS, max_size=5), steps=st.integers(-3, 3))
def test_two_bounds_mean_what_nearly_equal_means_at_the_very_edge(
    operator: Operator, wanted: float, others: list[float], steps: int
) -> None:
    edges = [wanted * (1 + sign * NEAR) for sign in (-1, 0, 1)]
    edges = [float(np.float64(edge)) for edge in edges]
    for _ in range(abs(steps)):
        edges = [math.nextafter(edge, math.copysign(math.inf, steps)) for edge in edges]
    values = [*others, *edges, wanted]
    found = compare_numbers(np.array(values, np.float64), operator, wanted).tolist()
    assert found == [slowly(value, operator, wanted) for value in values]
    with np.errstate(over="ignore"):
        single = np.array(values, np.float64).astype(np.float32)
    found = compare_numbers(single, operator, wanted).tolist()
    assert found == [slowly(float(value), operator, wanted) for value in single]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
@given(wanted=st.one_of(st.floats(-300, 300), st.integers(-300, 300).map(float), FLOATS))
def test_integers_are_compared_as_they_are_kept(dtype: str, operator: Operator, wanted: float) -> None:
    low = max(-128, np.iinfo(dtype).min)
    values = np.arange(low, low + 256 if low < 0 else 256).astype(dtype)
    found = compare_numbers(values, operator, wanted).tolist()
    assert found == [slowly(float(value), operator, wanted) for value in values]


def test_rows_are_sorted_by_several_columns_and_what_is_missing_comes_last() -> None:
    assert table().sort(["F"]).tolist() == [1, 4, 3, 0, 2]
    assert table().sort(["F"], [True]).tolist() == [0, 3, 1, 4, 2]
    assert table().sort(["F", "steps"]).tolist() == [4, 1, 3, 0, 2]
    assert table().sort(["settled", "F"], [True, False]).tolist() == [3, 0, 2, 1, 4]
    assert table().sort([]).tolist() == [0, 1, 2, 3, 4]


def test_texts_are_sorted_by_the_numbers_in_them_and_without_case() -> None:
    assert table().sort(["temperature"]).tolist() == [2, 1, 0, 3, 4]
    assert table().sort(["class"]).tolist() == [0, 2, 1, 4, 3]
    assert table().sort(["class"], [True]).tolist() == [1, 4, 0, 2, 3]


def test_just_the_rows_of_a_mask_are_sorted_and_grouped() -> None:
    members = table()
    mask = members.filter("steps>=2")
    assert members.sort(["F"], mask=mask).tolist() == [1, 0, 2]
    groups = [(group.value, group.count, group.rows.tolist()) for group in members.group("class", mask)]
    assert groups == [("spots", 2, [0, 2]), ("Waves", 1, [1])]


def test_groups_have_every_row_once_and_what_is_missing_last() -> None:
    groups = [(group.value, group.rows.tolist()) for group in table().group("F")]
    assert groups == [(0.01, [1, 4]), (0.03, [3]), (0.05, [0]), (None, [2])]
    assert [(group.value, group.rows.tolist()) for group in table().group("class")][-1] == (None, [3])
    assert [(g.value, g.count) for g in table().group("settled")] == [(False, 2), (True, 3)]
    assert [(g.value, g.count) for g in table().group("tag")] == [("a", 1), ("a9", 1), ("a10", 1), ("b", 2)]
    assert table().group("F", np.zeros(5, np.bool_)) == []


def test_a_table_without_rows_answers_everything() -> None:
    empty = MemberTable({"F": np.array([]), "class": np.array([], "U5")})
    assert empty.sort(["F", "class"]).tolist() == []
    assert empty.group("class") == []
    assert empty.histogram("F").counts.tolist() == []
    assert all(math.isnan(value) for value in empty.quantiles("F", [0, 1]))


def test_a_column_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="no column clas; there are class"):
        table().group("clas")
    with pytest.raises(UsageError, match="class is no column of numbers"):
        table().histogram("class")


def test_columns_of_a_file_are_read_when_they_are_needed_and_once(tmp_path: Path) -> None:
    columns = [Column("F", "float32"), Column("class", "S8"), Column("settled", "bool")]
    with create(tmp_path / "members.h5", columns) as file:
        file.append([{"F": i / 100, "class": "äöü" if i % 2 else "b", "settled": i < 3} for i in range(6)])
    with open_ensemble(tmp_path / "members.h5") as ensemble:
        members = MemberTable.of(ensemble)
        assert np.flatnonzero(members.filter("F=0.03 & class=ÄÖÜ")).tolist() == [3]
        given = members["F"].given
        assert members["F"].given is given
        assert np.flatnonzero(members.filter("settled=false")).tolist() == [3, 4, 5]
        assert [group.value for group in members.group("class")] == ["b", "äöü"]
    assert members.filter("F>0.03").sum() == 2  # what was read stays
