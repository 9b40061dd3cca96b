"""Which tiles a query means, with what people wrote on them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.ensemble.query import ALTERNATIVES_MAX, QueryError, parse
from tvcore.errors import UsageError
from tvcore.searching import Found, Searched, members


def tile(number: int, **metadata: Any) -> dict[str, Any]:
    return {
        "id": number, "title": f"tile {number}", "tags": ["keep"] if number % 2 else [], "state": "live",
        "node": None, "case": "gears", "job": "local-1", "metadata": metadata,
    }  # fmt: skip


WALL = [tile(1, F=0.1, kind="spots"), tile(2, F=0.3), tile(3, kind="waves"), tile(4, F="text")]


class Written:
    """What people wrote, as a document says it."""

    def __init__(self, registers: dict[str, Any], texts: dict[str, str]) -> None:
        self.registers, self.texts = registers, texts

    def below(self, prefix: str) -> list[tuple[str, Any]]:
        return [(path.removeprefix(prefix), v) for path, v in self.registers.items() if path.startswith(prefix)]

    def text(self, path: str) -> str:
        return self.texts.get(path, "")


NOTHING = Written({}, {})


def match(tiles: list[dict[str, Any]], query: str, written: Written = NOTHING) -> list[int]:
    found = members(tiles, written).filter(query)
    return [tile["id"] for tile, asked in zip(tiles, found, strict=True) if asked]


MADE = {"how": "PCA", "unit": "", "values": [[1, 0.5], [3, -1.5]], "tagged": None}


def test_a_column_that_was_made_is_searched_like_any_and_goes_before_none_that_tiles_have() -> None:
    written = Written({"made/pca%201": MADE, "made/F": {**MADE, "values": [[1, 99.0], [3, 99.0]]}}, {})
    assert match(WALL, '"pca 1"<0', written) == [3]
    assert match(WALL, '"pca 1">=-2', written) == [1, 3]
    assert match(WALL, "F=0.1", written) == [1]
    searched = Searched(WALL, NOTHING)
    with pytest.raises(QueryError):
        searched.search(now(WALL), "pca>0")
    searched.write(Written({"made/pca": MADE}, {}), ["made/pca"])
    assert searched.search(now(WALL), "pca>0")[0] == [1]
    searched.write(NOTHING, ["made/pca"])
    with pytest.raises(QueryError):
        searched.search(now(WALL), "pca>0")


def now(tiles: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(tile["state"], tile["node"]) for tile in tiles]


def search(tiles: list[dict[str, Any]], query: str) -> Found:
    return Searched(tiles, NOTHING).search(now(tiles), query)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("kind=spots", [1]),
        ("kind in (spots, waves)", [1, 3]),
        ("tag:keep", [1, 3]),
        ("state=live & case=gears", [1, 2, 3, 4]),
        ('"tile 2"', [2]),
        ("node=c1", []),
    ],
)
def test_a_query_runs_over_tiles_of_different_tile_sets(query: str, ids: list[int]) -> None:
    assert match(WALL, query) == ids


def test_a_tile_without_a_column_matches_no_comparison_with_it() -> None:
    assert match(WALL[:3], "F<1") == [1, 2]
    assert match(WALL[:3], "F>=0.2") == [2]
    assert match(WALL[:3], "!(F>=0.2)") == [1, 3]


def test_a_column_that_no_tile_has_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="kind") as error:
        match(WALL, "knd=spots")
    assert "\n" not in str(error.value)


def test_tiles_are_sorted_and_grouped_by_what_is_written_on_them_too() -> None:
    wall = [tile(1, F=0.3), tile(2, F=0.1), tile(3), tile(4, F=0.2)]
    written = Written({"tags/2/keep": True, "tags/4/last": True}, {})
    table = members(wall, written)
    assert table.sort(["F"], [True]).tolist() == [0, 3, 1, 2]
    assert [(group.value, group.rows.tolist()) for group in table.group("tag")] == [("keep", [0, 1, 2]), ("last", [3])]
    assert [group.value for group in table.group("F")] == [0.1, 0.2, 0.3, None]


def test_no_tiles_match_nothing() -> None:
    assert match([], "title=x") == []


def test_tags_given_by_hand_are_found_and_those_taken_off_are_not() -> None:
    written = Written({"tags/1/keep": False, "tags/2/two%20words%2F": True, "tags/9/other": True}, {})
    assert match(WALL, "tag:keep", written) == [3]
    assert match(WALL, 'tag:"two words/"', written) == [2]
    assert match(WALL, "two", written) == [2]
    assert WALL[0]["tags"] == ["keep"]


def test_notes_are_searched_like_any_text() -> None:
    written = Written({}, {"note/3": "Ask Martial\nabout this", "drawing/1": "Martial"})
    assert match(WALL, "martial", written) == [3]
    assert match(WALL, "note:ask", written) == [3]
    assert match(WALL, "martial | spots", written) == [1, 3]


def test_a_column_of_members_called_note_is_searched_until_there_are_notes() -> None:
    tiles = [tile(1, note="of the member"), tile(2)]
    searched, written = Searched(tiles, NOTHING), Written({}, {"note/2": "by hand"})
    assert searched.search(now(tiles), "note:member")[0] == [1]
    searched.write(written, ["note/2"])
    assert searched.search(now(tiles), "note:member")[0] == []
    assert searched.search(now(tiles), "note:hand")[0] == [2]
    searched.write(NOTHING, ["note/2"])
    assert searched.search(now(tiles), "note:member")[0] == [1]


def test_the_number_of_a_numeric_tag_is_a_column() -> None:
    registers = {"tags/1/%7Bage%2C0%2C3%2C20%7D": True, "tags/2/%7Bage%2C0%2C12.5%2C20%7D": True}
    assert match(WALL, "age=2..5", Written(registers, {})) == [1]
    assert match(WALL, "age>3", Written(registers, {})) == [2]


@pytest.mark.parametrize(
    ("tag", "query", "found"),
    [
        ("{age,0,3,20}", "age=3", True),
        ("{ age of it , 0 , +.5e1 , 20. }", '"age of it"=5', True),
        ("{age,0,3}", "age=3", False),
        ("{age,0,x,20}", "age=3", False),
        ("{,0,3,20}", "age=3", False),
        ("{  ,0,3,20}", "age=3", False),
        ("{age,0,3,20} ", "age=3", False),
    ],
)
def test_a_numeric_tag_is_name_least_value_and_most(tag: str, query: str, found: bool) -> None:
    tiles = [{**tile(2), "tags": [tag]}]
    if found:
        assert match(tiles, query) == [2]
    else:
        with pytest.raises(UsageError, match="no column"):
            match(tiles, query)


@pytest.mark.parametrize(
    "tag", ["{" + " " * 100_000 + "x", "{a," + " " * 100_000, "{a,0," + "1" * 100_000, "{" * 100_000]
)
def test_a_tag_of_any_length_is_read_at_once(tag: str) -> None:
    tiles = [{**tile(2), "tags": [tag]}]
    began = time.process_time()
    assert match(tiles, "tile") == [2]
    assert time.process_time() - began < 1


def test_each_alternative_of_a_search_has_its_own_tiles() -> None:
    assert search(WALL, "kind=spots or kind=waves") == ([1, 3], [("kind=spots", [1]), ("kind=waves", [3])])
    assert search(WALL, "kind=spots & tag:keep") == ([1], [])
    assert search(WALL, "keep & (spots | waves)") == ([1, 3], [])
    assert search([], "title=a | title=b") == ([], [("title=a", []), ("title=b", [])])


def test_a_wrong_alternative_is_told_with_its_position() -> None:
    with pytest.raises(QueryError) as error:
        search(WALL, "keep | knd=x")
    assert error.value.position == 7


@pytest.mark.parametrize(("query", "position"), [("a|" * 32 + "a", 63), ("(" + "a|" * 32 + "a)", 64)])
def test_there_are_so_many_alternatives_and_no_more(query: str, position: int) -> None:
    parse(query.replace("a|", "", 1))
    with pytest.raises(QueryError, match=f"^a search has at most {ALTERNATIVES_MAX} alternatives$") as error:
        search(WALL, query)
    assert error.value.position == position


def test_what_is_searched_again_follows_states_and_what_people_write() -> None:
    searched = Searched(WALL, NOTHING)
    assert searched.search(now(WALL), "live")[0] == [1, 2, 3, 4]
    assert searched.search([("failed", "c1"), *now(WALL)[1:]], "live")[0] == [2, 3, 4]
    assert searched.search([("failed", "c1"), *now(WALL)[1:]], "node=c1")[0] == [1]
    written = Written({"tags/2/keep": True, "tags/4/%7Bage%2C0%2C3%2C20%7D": True}, {"note/1": "see"})
    searched.write(written, ["tags/2/keep"])
    assert searched.search(now(WALL), "tag:keep")[0] == [1, 2, 3]
    with pytest.raises(QueryError, match="no column age"):
        searched.search(now(WALL), "age=3")
    searched.write(written, ["tags/4/%7Bage%2C0%2C3%2C20%7D", "note/1", "note/9", "note", "tile/1/off", "tags/x/y"])
    assert searched.search(now(WALL), "age=3 | see")[0] == [1, 4]
    searched.write(NOTHING)
    assert searched.search(now(WALL), "tag:keep | see")[0] == [1, 3]


TEXTS = st.text(st.sampled_from("aAbßÉ 1"), max_size=4)
TILES = st.lists(st.tuples(TEXTS, st.lists(TEXTS, max_size=3), st.none() | TEXTS, TEXTS), max_size=6)


@given(TILES, st.text(st.sampled_from("aAbßÉ1"), min_size=1, max_size=2))
def test_a_word_is_found_in_every_text_as_it_would_be_one_by_one(
    rows: list[tuple[str, list[str], str | None, str]], word: str
) -> None:
    tiles = [
        {**tile(number), "title": title, "tags": tags, "node": node, "metadata": {"kind": kind}}
        for number, (title, tags, node, kind) in enumerate(rows)
    ]
    folded = [[text.casefold() for text in (t, *g, n or "", k, "live", "gears", "local-1")] for t, g, n, k in rows]
    wanted = word.casefold()
    assert match(tiles, word) == [i for i, texts in enumerate(folded) if any(wanted in text for text in texts)]
    has = [i for i, (_, tags, _, _) in enumerate(rows) if wanted in [tag.casefold() for tag in tags]]
    assert match(tiles, f"tag:{word}") == match(tiles, f"tag={word}") == has
    assert match(tiles, f"tag!={word}") == [i for i in range(len(rows)) if i not in has]
    if rows:
        assert match(tiles, f"kind={word}") == [i for i, (*_, kind) in enumerate(rows) if kind.casefold() == wanted]
        assert match(tiles, f"kind<{word}") == [i for i, (*_, kind) in enumerate(rows) if kind.casefold() < wanted]
