"""Searching the wall and summing it up, through a real portal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from portal_kit import Browser, Reply, RunningJob, RunningPortal
from tvcore.portal import query_messages as messages

NAN = float("nan")
ROWS: list[dict[str, Any]] = [
    {"q_phi": 3.0, "q_class": "8_300K", "q_done": True},
    {"q_phi": NAN, "q_class": "12_300K", "q_done": False},
    {"q_phi": 1.0, "q_class": "8_300k", "q_done": True},
    {"q_phi": 2.0, "q_class": "", "q_done": True},
]
TAGS: list[tuple[str, ...]] = [("q_keep",), (), ("q_keep", "q_old"), ()]
DTYPES = {"q_phi": "float64", "q_class": "S8", "q_done": "bool"}


@pytest.fixture(scope="module")
def members(portal: RunningPortal) -> Iterator[RunningJob]:
    """A job whose tiles have columns that no other has."""
    columns = [
        {"name": name, "dtype": dtype, "unit": "", "description": "", "role": "result"}
        for name, dtype in DTYPES.items()
    ]
    running = RunningJob(portal, tiles=4, columns=columns, rows=ROWS, tags=TAGS)
    yield running
    running.end()


@pytest.fixture
def ask(portal: RunningPortal, members: RunningJob) -> Any:
    browser = portal.login("viewer")

    def ask(path: str, **query: object) -> Reply:
        return browser.get(f"{path}?{urlencode(query)}")

    return ask


def at(job: RunningJob, *indices: int) -> list[int]:
    return [job.tiles[index] for index in indices]


def test_what_matches_comes_in_the_order_asked_for_and_what_has_no_value_last(ask: Any, members: RunningJob) -> None:
    here = f"job={members.id}"
    for sort, down, order in (
        ("q_phi", "false", (2, 3, 0, 1)),
        ("q_phi", "true", (0, 3, 2, 1)),
        ("-q_phi", "false", (0, 3, 2, 1)),
        ("q_class,-Q_PHI", "false", (0, 2, 1, 3)),
        ("q_class,-q_phi", "true", (1, 2, 0, 3)),
    ):
        found = messages.QueryAnswer.model_validate(ask("/query", q=here, sort=sort, descending=down).json)
        assert found.order == at(members, *order), sort
        assert found.matches == at(members, 0, 1, 2, 3)
    assert ask("/query", q="q_phi>1.5", sort="q_phi").json["order"] == at(members, 3, 0)


def test_what_matches_is_grouped_by_a_column_and_by_tags(ask: Any, members: RunningJob) -> None:
    here = f"job={members.id}"
    assert ask("/query", q=here, group="q_class").json["groups"] == [
        {"value": "8_300K", "tiles": at(members, 0, 2)},
        {"value": "12_300K", "tiles": at(members, 1)},
        {"value": None, "tiles": at(members, 3)},
    ]
    assert ask("/query", q=here, group="tags").json["groups"] == [
        {"value": "q_keep", "tiles": at(members, 0, 2)},
        {"value": "q_old", "tiles": at(members, 2)},
    ]
    plain = ask("/query", q=f"{here} or q_phi>2").json
    assert set(plain) == {"matches", "terms"}
    assert [term["matches"] for term in plain["terms"]] == [at(members, 0, 1, 2, 3), at(members, 0)]


def test_a_column_of_numbers_is_summed_up(ask: Any, members: RunningJob) -> None:
    found = ask("/summary", q=f"job={members.id}", column="Q_phi", bins=2).json
    assert found == {
        "column": "q_phi",
        "kind": "number",
        "count": 4,
        "missing": 1,
        "edges": [1.0, 2.0, 3.0],
        "counts": [1, 2],
        "shares": [0.0, 0.25, 0.5, 0.75, 1.0],
        "quantiles": [1.0, 1.5, 2.0, 2.5, 3.0],
        "mean": 2.0,
    }
    nothing = ask("/summary", q="q_done=false", column="q_phi").json
    assert (nothing["count"], nothing["missing"], nothing["counts"]) == (1, 1, [])
    assert (nothing["quantiles"], nothing["mean"]) == ([None] * 5, None)


def test_a_column_of_other_values_is_counted(ask: Any, members: RunningJob) -> None:
    here = f"job={members.id}"
    text = ask("/summary", q=here, column="q_class").json
    assert text["values"] == [{"value": "8_300K", "count": 2}, {"value": "12_300K", "count": 1}]
    assert (text["kind"], text["count"], text["missing"], text["more"]) == ("text", 4, 1, 0)
    flag = ask("/summary", q=here, column="q_done").json
    assert flag["values"] == [{"value": False, "count": 1}, {"value": True, "count": 3}]
    tags = ask("/summary", q=here, column="tag").json
    assert tags["values"] == [{"value": "q_keep", "count": 2}, {"value": "q_old", "count": 1}]
    assert (tags["column"], tags["kind"], tags["missing"]) == ("tags", "tags", 2)


def test_the_tiles_most_like_one_come_nearest_first(ask: Any, members: RunningJob) -> None:
    first = members.tiles[0]
    found = ask("/nearest", tile=first, columns="q_phi").json["tiles"]
    assert [each["tile"] for each in found] == at(members, 3, 2)  # those without the number are none
    spread = math.sqrt(2 / 3)
    assert [each["distance"] for each in found] == pytest.approx([1 / spread, 2 / spread])
    assert [each["tile"] for each in ask("/nearest", tile=first, k=1, columns="q_phi").json["tiles"]] == at(members, 3)


@pytest.mark.parametrize(
    ("path", "query", "said", "place"),
    [
        ("/query", {"q": "q_phi>1 & q_fi>2", "sort": "q_phi"}, "no column q_fi", 10),
        ("/summary", {"q": "q_phi>", "column": "q_phi"}, "a value is missing", 6),
        ("/query", {"q": "", "sort": "nothing"}, "no column nothing", None),
        ("/query", {"q": "", "group": "nothing"}, "no column nothing", None),
        ("/summary", {"column": "nothing"}, "no column nothing", None),
        ("/nearest", {"tile": 999999}, "no tile 999999", None),
        ("/nearest", {"tile": 1, "k": 0}, "k: ", None),
        ("/nearest", {"tile": 1, "k": 1001}, "k: ", None),
        ("/summary", {"column": "q_phi", "bins": 0}, "bins: ", None),
        ("/summary", {"column": "q_phi", "bins": 1001}, "bins: ", None),
        ("/summary", {}, "column: ", None),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(
    ask: Any, path: str, query: dict[str, Any], said: str, place: int | None
) -> None:
    answer = ask(path, **query)
    assert answer.status == (404 if "no tile" in said else 400), answer.json
    assert said in answer.json["error"]
    assert "\n" not in answer.json["error"]
    assert answer.json.get("at") == place


def test_a_column_of_texts_has_no_neighbours(ask: Any, members: RunningJob) -> None:
    answer = ask("/nearest", tile=members.tiles[0], columns="q_class")
    assert (answer.status, answer.json["error"]) == (400, "q_class is no column of numbers")


def test_the_description_has_the_limits(browser: Browser) -> None:
    paths = browser.get("/openapi.json").json["paths"]
    limits = {
        (path, given["name"]): (given["schema"]["minimum"], given["schema"]["maximum"])
        for path in ("/api/v1/summary", "/api/v1/nearest")
        for given in paths[path]["get"]["parameters"]
        if given.get("name") in ("bins", "k")
    }
    assert limits == {("/api/v1/summary", "bins"): (1, 1000), ("/api/v1/nearest", "k"): (1, 1000)}
