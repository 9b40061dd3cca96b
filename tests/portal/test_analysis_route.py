"""An analysis through a real portal: what it answers, what pages and searches then have, what cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal_kit import Reply, RunningJob, RunningPortal
from tvcore.portal import analysis_messages as messages
from waiting import wait_until

ROWS: list[dict[str, Any]] = [
    {"an_x": float(at + 0.1 * i), "an_y": float(at - 0.07 * i * i), "an_z": float((i * 7) % 5)}
    for at in (0, 10)
    for i in range(5)
]
COLUMNS = [
    {"name": name, "dtype": "float64", "unit": "", "description": "", "role": "result"}
    for name in ("an_x", "an_y", "an_z")
]


@pytest.fixture(scope="module")
def members(portal: RunningPortal) -> Iterator[RunningJob]:
    running = RunningJob(portal, tiles=len(ROWS), columns=COLUMNS, rows=ROWS)
    yield running
    running.end()


@pytest.fixture
def analyse(portal: RunningPortal, members: RunningJob) -> Callable[..., Reply]:
    browser = portal.login("editor")

    def ask(**asked: object) -> Reply:
        return browser.post("/analysis", {"query": f"job={members.id}", "columns": ["an_x", "an_y"], **asked})

    return ask


def test_groups_are_answered_and_recorded_and_found_by_a_search_as_soon_as_that_knows(
    portal: RunningPortal, members: RunningJob, analyse: Callable[..., Reply]
) -> None:
    answer = analyse(method="kmeans")
    assert answer.status == 200, answer.json
    found = messages.AnalysisAnswer.model_validate(answer.json)
    assert (found.k, found.made, found.tiles) == (2, ["cluster"], 10)
    assert [group.tiles for group in found.groups or ()] == [5, 5]
    viewer = portal.login("viewer")
    matches = viewer.get("/query?q=cluster%3Dcluster-1").json["matches"]
    assert matches == members.tiles[:5]
    assert viewer.get("/query?q=tag%3Acluster-2").json["matches"] == members.tiles[5:]
    grouped = viewer.get(f"/query?q=job%3D{members.id}&group=cluster").json["groups"]
    assert [each["value"] for each in grouped] == ["cluster-1", "cluster-2"]
    metadata = {tile["id"]: tile["metadata"] for tile in viewer.get("/tiles").json}
    assert metadata[members.tiles[0]]["cluster"] == "cluster-1"
    assert viewer.get("/summary?column=cluster").json["values"] == [
        {"value": "cluster-1", "count": 5}, {"value": "cluster-2", "count": 5},
    ]  # fmt: skip


def test_each_method_answers_as_it_is_described(members: RunningJob, analyse: Callable[..., Reply]) -> None:
    for asked, made in (
        ({"method": "pca"}, ["pca_1", "pca_2"]),
        ({"method": "tsne", "name": "near"}, ["near_1", "near_2"]),
        ({"method": "outliers", "columns": []}, ["outlier"]),
        ({"method": "nearest", "tile": members.tiles[0], "k": 3}, ["distance"]),
    ):
        answer = analyse(**asked)
        assert answer.status == 200, answer.json
        found = messages.AnalysisAnswer.model_validate(answer.json)
        assert (found.made, found.tiles) == (made, 10)
    assert [each["tile"] for each in found.near or ()] == members.tiles[1:4]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"method": "magic"}, "method: "),
        ({"method": "kmeans", "k": 0}, "k: "),
        ({"method": "kmeans", "k": 51}, "k: "),
        ({"method": "kmeans", "k": 40}, "k=40: there are 10 tiles with all values, so at most 10 groups"),
        ({"method": "pca", "columns": ["nothing"]}, "there is no column nothing"),
        ({"method": "pca", "query": "an_x>"}, "a value is missing"),
        ({"method": "pca", "query": "an_x>99"}, "no tile is found by this search"),
        ({"method": "kmeans", "name": "title"}, "'title' names no column"),
        ({"method": "nearest"}, "of which tile"),
    ],
)
def test_what_cannot_be_is_one_line(analyse: Callable[..., Reply], asked: dict[str, Any], said: str) -> None:
    answer = analyse(**asked)
    assert answer.status == 400, answer.json
    assert said in answer.json["error"]
    assert "\n" not in answer.json["error"]


def test_a_tile_of_another_wall_has_no_neighbours_here_and_who_only_looks_makes_no_columns(
    portal: RunningPortal, members: RunningJob, analyse: Callable[..., Reply]
) -> None:
    assert analyse(method="nearest", tile=999_999).status == 404
    viewer = portal.login("viewer")
    assert viewer.post("/analysis", {"method": "pca"}).status == 403


def test_what_was_done_is_in_the_audit_with_what_it_was_of(
    portal: RunningPortal, members: RunningJob, analyse: Callable[..., Reply]
) -> None:
    assert analyse(method="pca", name="audited").status == 200

    def entries() -> list[dict[str, Any]]:
        lines = (portal.home / "audit.jsonl").read_text().splitlines()
        return [each for each in map(json.loads, lines) if each.get("what", {}).get("name") == "audited"]

    wait_until(entries, 10, "the audit has it")
    (entry,) = entries()
    assert (entry["verb"], entry["outcome"]) == ("analysis", "done")
    assert entry["what"]["made"] == ["audited_1", "audited_2"]
    assert entry["what"]["columns"] == ["an_x", "an_y"]
