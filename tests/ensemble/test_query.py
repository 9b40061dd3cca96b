from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.ensemble.query import DEPTH_MAX, TEXT_MAX, Expression, QueryError, parse
from tvcore.errors import TiledVizError

TABLE = {
    "title": ["0 spots", "1 waves", "2 dead", "3 Spots and more"],
    "tags": [["spots", "keep"], ["waves"], [], ("Keep", "last")],
    "F": np.array([0.02, 0.03, 0.04, 0.05]),
    "single": np.array([0.02, 0.03, 0.04, 0.05], np.float32),
    "bodies": np.array([12, 3, 0, 44]),
    "class": np.array(["spots", "waves", "dead", "spots"]),
    "entropy": [1.5, None, 0.0, float("nan")],
    "settled": np.array([True, False, True, False]),
    "node name": ["c1", "c2", "c1", "Öst"],
}


def matches(text: str) -> list[int]:
    return np.flatnonzero(parse(text).evaluate(TABLE)).tolist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("  ", [0, 1, 2, 3]),
        ("F>0.03", [2, 3]),
        ("F>=0.03", [1, 2, 3]),
        ("F<0.03", [0]),
        ("F <= 0.03", [0, 1]),
        ("F=0.03", [1]),
        ("F==3e-2", [1]),
        ("F!=0.03", [0, 2, 3]),
        ("single=0.03", [1]),
        ("single>0.03", [2, 3]),
        ("F=0.03..0.04", [1, 2]),
        ("F = 0.03 .. 0.04", [1, 2]),
        ("F=0.035..", [2, 3]),
        ("F=..0.03", [0, 1]),
        ("F!=0.03..0.04", [0, 3]),
        ("F in (0.02, 0.05)", [0, 3]),
        ("f>0.03", [2, 3]),
        ("bodies=12", [0]),
        ("bodies:12", [0]),
        ("class=spots", [0, 3]),
        ("class=SPOTS", [0, 3]),
        ("class!=spots", [1, 2]),
        ("class in (spots, waves)", [0, 1, 3]),
        ("class>dead", [0, 1, 3]),
        ("class:pot", [0, 3]),
        ("tag:keep", [0, 3]),
        ("tags:KEEP", [0, 3]),
        ("tag:kee", []),
        ("tag=keep", [0, 3]),
        ("tags!=keep", [1, 2]),
        ("tag in (waves, last)", [1, 3]),
        ("settled=true", [0, 2]),
        ("settled!=yes", [1, 3]),
        ("entropy=0", [2]),
        ("entropy>=0", [0, 2]),
        ("!(entropy>=0)", [1, 3]),
        ('"node name"=c1', [0, 2]),
        ("'node name':öST", [3]),
        ("spots", [0, 3]),
        ("AND_MORE", []),
        ('"and more"', [3]),
        ("last", [3]),
        ("öst", [3]),
        ("spots keep", [0, 3]),
        ("spots c1", [0]),
        ("!spots", [1, 2]),
        ("not spots", [1, 2]),
        ("!!spots", [0, 3]),
        ("F>0.03 & class in (spots, waves) | tag:keep", [0, 3]),
        ("F>0.03 and (class=dead or tag:last)", [2, 3]),
        ("F>0.03 && class=dead || F=0.02", [0, 2]),
        ("NOT class=dead AND F>0.03", [3]),
        ("in", []),
    ],
)
def test_a_query_finds_what_it_asks_for(text: str, rows: list[int]) -> None:
    assert matches(text) == rows


@pytest.mark.parametrize(
    ("text", "position", "part"),
    [
        ("F>", 2, "a value is missing before the end"),
        ("F>0.03 &", 8, "missing before the end"),
        ("| F", 0, "missing before '|'"),
        ("(F>0.03", 0, "parenthesis is not closed"),
        ("F>0.03)", 6, "')' cannot stand here"),
        ('class="spots', 6, 'the quote " is not closed'),
        ("F<0.03..0.04", 1, "a range goes with = or !="),
        ("F=..", 4, "the end of the range is missing"),
        ("class in (spots waves)", 9, "the list is not closed"),
        ("class in ()", 10, "a value is missing"),
        ("F = = 3", 4, "a value is missing"),
        ("tag:", 4, "a word is missing"),
    ],
)
def test_a_query_that_cannot_be_understood_says_what_and_where(text: str, position: int, part: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert part in str(caught.value)
    assert caught.value.position == position
    assert isinstance(caught.value, TiledVizError)


@pytest.mark.parametrize(
    ("text", "position", "part"),
    [
        ("x & entrpy>1", 4, "there is no column entrpy; there are entropy, "),
        ("F>high", 2, "F is a number, and 'high' is none"),
        ("F=0.03..high", 2, "F is a number"),
        ("settled>true", 8, "settled is true or false"),
        ("settled=maybe", 8, "settled is true or false"),
        ("tag<keep", 0, "tags have no order"),
    ],
)
def test_a_query_that_does_not_fit_the_table_says_what_and_where(text: str, position: int, part: str) -> None:
    expression = parse(text)
    with pytest.raises(QueryError, match=part) as caught:
        expression.evaluate(TABLE)
    assert caught.value.position == position


def test_a_missing_column_is_answered_with_all_there_are_nearest_first() -> None:
    with pytest.raises(QueryError) as caught:
        parse("bodie>1").evaluate(TABLE)
    listed = str(caught.value).split("there are ")[1].split(", ")
    assert listed[0] == "bodies"
    assert sorted(listed) == sorted(TABLE)


def test_a_name_is_taken_as_written_before_regard_to_case_is_dropped() -> None:
    table = {"F": [1.0, 2.0], "f": [2.0, 1.0]}
    assert parse("F=1").evaluate(table).tolist() == [True, False]
    assert parse("f=1").evaluate(table).tolist() == [False, True]
    with pytest.raises(QueryError):
        parse("Ff=1").evaluate(table)


def test_tags_may_be_asked_of_a_table_without_any() -> None:
    assert parse("tag:keep").evaluate({"F": [1.0, 2.0]}).tolist() == [False, False]


def test_columns_of_different_lengths_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        parse("F>1").evaluate({"F": [1.0], "k": [1.0, 2.0]})


def test_an_empty_table_has_no_match() -> None:
    assert parse("F>1 | spots").evaluate({"F": np.empty(0), "title": []}).tolist() == []


@pytest.mark.parametrize("text", ["(" * 5000, "!" * 5000, "(" * (DEPTH_MAX + 1) + "a" + ")" * (DEPTH_MAX + 1)])
def test_deep_nesting_is_an_error_and_not_a_crash(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text[:TEXT_MAX])


def test_a_query_that_is_too_long_is_refused() -> None:
    with pytest.raises(QueryError, match="longer than"):
        parse("a" * (TEXT_MAX + 1))


NAMES = ["F", "class", "title", "tags", "tag", "'node name'"]
VALUES = ["spots", "0.03", "nan", "inf", "-1e400", "é", "😀", "\0", " "]
SIGNS = ["in", "not", "and", "or", "!=", "<=", ">=", "..", *'"\\()&|!=<>:,.']
PIECES = st.sampled_from([*NAMES, *VALUES, *SIGNS])
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))


@given(TEXTS)
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    position = 0
    try:
        found = parse(text).evaluate(TABLE)
    except QueryError as error:
        position = error.position
    else:
        assert found.dtype == np.bool_
        assert found.shape == (4,)
    assert 0 <= position <= len(text)


@given(TEXTS)
def test_a_query_written_out_again_means_the_same(text: str) -> None:
    try:
        first = parse(text)
    except QueryError:
        return
    assert parse(str(first)) == first


NUMBERS = st.one_of(st.floats(width=32), st.integers(-1000, 1000).map(float))
COMPARISON = st.builds(
    "{}{}{}".format, st.just("x"), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), NUMBERS.map(repr)
)


def evaluate(text: str, values: list[float]) -> list[bool]:
    found: list[bool] = parse(text).evaluate({"x": np.array(values)}).tolist()
    return found


@given(COMPARISON, COMPARISON, st.lists(NUMBERS, max_size=20))
def test_and_or_and_not_are_those_of_logic(a: str, b: str, values: list[float]) -> None:
    left, right = evaluate(a, values), evaluate(b, values)
    assert evaluate(f"{a} & {b}", values) == [p and q for p, q in zip(left, right, strict=True)]
    assert evaluate(f"{a} | {b}", values) == [p or q for p, q in zip(left, right, strict=True)]
    assert evaluate(f"!({a} & {b})", values) == evaluate(f"!{a} | !{b}", values)
    assert evaluate(f"!!{a}", values) == left
    assert evaluate(f"{a} {b}", values) == evaluate(f"{b} and {a}", values)


@given(NUMBERS, st.lists(NUMBERS, max_size=20))
def test_exactly_one_of_less_equal_and_greater_holds_except_for_nan(wanted: float, values: list[float]) -> None:
    each = [evaluate(f"x{op}{wanted!r}", values) for op in ("<", "=", ">")]
    comparable = [not np.isnan(value) and not np.isnan(wanted) for value in values]
    assert [sum(column) for column in zip(*each, strict=True)] == [int(known) for known in comparable]
    assert evaluate(f"x<={wanted!r}", values) == [a or b for a, b in zip(each[0], each[1], strict=True)]
    assert evaluate(f"x!={wanted!r}", values) == [not b for b in each[1]]


@given(st.lists(NUMBERS, max_size=20), NUMBERS, NUMBERS)
def test_a_range_is_both_its_ends_and_what_lies_between(values: list[float], low: float, high: float) -> None:
    assert evaluate(f"x={low!r}..{high!r}", values) == evaluate(f"x>={low!r} & x<={high!r}", values)


def test_a_parsed_query_is_an_expression() -> None:
    expression: Expression = parse("F>0.03")
    assert str(expression) == "F>0.03"
