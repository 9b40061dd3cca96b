"""Which tiles a query means, with what people wrote on them."""

from __future__ import annotations

from typing import Any

import pytest

from tvcore.ensemble.query import QueryError
from tvcore.errors import UsageError
from tvcore.searching import annotated, match, search


def tile(number: int, **metadata: Any) -> dict[str, Any]:
    return {
        "id": number, "title": f"tile {number}", "tags": ["keep"] if number % 2 else [], "state": "live",
        "node": None, "case": "gears", "job": "local-1", "metadata": metadata,
    }  # fmt: skip


WALL = [tile(1, F=0.1, kind="spots"), tile(2, F=0.3), tile(3, kind="waves"), tile(4, F="text")]


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


def test_no_tiles_match_nothing() -> None:
    assert match([], "title=x") == []


class Written:
    """What people wrote, as a document says it."""

    def __init__(self, registers: dict[str, Any], texts: dict[str, str]) -> None:
        self._registers, self._texts = registers, texts

    def below(self, prefix: str) -> list[tuple[str, Any]]:
        return [(path.removeprefix(prefix), v) for path, v in self._registers.items() if path.startswith(prefix)]

    def texts(self) -> list[tuple[str, str]]:
        return list(self._texts.items())


def test_tags_given_by_hand_are_found_and_those_taken_off_are_not() -> None:
    written = Written({"tags/1/keep": False, "tags/2/two%20words%2F": True, "tags/9/other": True}, {})
    tiles = annotated(WALL, written)
    assert match(tiles, "tag:keep") == [3]
    assert match(tiles, 'tag:"two words/"') == [2]
    assert match(tiles, "two") == [2]
    assert WALL[0]["tags"] == ["keep"]


def test_notes_are_searched_like_any_text() -> None:
    tiles = annotated(WALL, Written({}, {"note/3": "Ask Martial\nabout this", "drawing/1": "Martial"}))
    assert match(tiles, "martial") == [3]
    assert match(tiles, "note:ask") == [3]
    assert match(tiles, "martial | spots") == [1, 3]


def test_the_number_of_a_numeric_tag_is_a_column() -> None:
    registers = {"tags/1/%7Bage%2C0%2C3%2C20%7D": True, "tags/2/%7Bage%2C0%2C12.5%2C20%7D": True}
    tiles = annotated(WALL, Written(registers, {}))
    assert match(tiles, "age=2..5") == [1]
    assert match(tiles, "age>3") == [2]


def test_each_alternative_of_a_search_has_its_own_tiles() -> None:
    assert search(WALL, "kind=spots or kind=waves") == ([1, 3], [("kind=spots", [1]), ("kind=waves", [3])])
    assert search(WALL, "kind=spots & tag:keep") == ([1], [])
    assert search(WALL, "keep & (spots | waves)") == ([1, 3], [])


def test_a_wrong_alternative_is_told_with_its_position() -> None:
    with pytest.raises(QueryError) as error:
        search(WALL, "keep | knd=x")
    assert error.value.position == 7
