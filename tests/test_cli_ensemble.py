from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from tvcore.batch.plan import Plan, TilePlan
from tvcore.cli import cli
from tvcore.cli_ensemble import ensemble
from tvcore.cli_kit import caret
from tvcore.ensemble import Column, create
from tvcore.errors import TiledVizError, UsageError
from tvcore.store import Members, Store

COLUMNS = [Column("F", "float64"), Column("class", "S8"), Column("steps", "int32")]


@pytest.fixture
def members(tmp_path: Path) -> str:
    path = tmp_path / "members.h5"
    with create(path, COLUMNS) as file:
        file.append([{"F": 0.01 * i if i else float("nan"), "class": "ab"[i % 2], "steps": 10 - i} for i in range(10)])
    return str(path)


def asked(*arguments: str) -> str:
    done = CliRunner().invoke(ensemble, arguments)
    if done.exception is not None:
        raise done.exception
    return done.stdout


def rows(*arguments: str) -> list[int]:
    return [row["row"] for row in json.loads(asked(*arguments, "--json"))]


def test_members_are_found_and_sorted(members: str) -> None:
    assert rows(members, "F>0.03 & class=a") == [4, 6, 8]
    assert rows(members, "F>0.03", "--sort", "class,-F") == [8, 6, 4, 9, 7, 5]
    assert rows(members, "", "--sort", "F", "--limit", "2") == [1, 2]


def test_csv_has_the_columns_asked_for_with_all_their_digits(members: str) -> None:
    found = list(csv.reader(io.StringIO(asked(members, "F=0.03", "--columns", "class,f", "--csv"))))
    assert found == [["row", "class", "F"], ["3", "b", "0.03"]]


def test_groups_histogram_quantiles_and_neighbours_are_of_what_matches(members: str) -> None:
    assert json.loads(asked(members, "steps<=4", "--group", "class", "--json")) == [
        {"class": "a", "members": 2},
        {"class": "b", "members": 2},
    ]
    bins = json.loads(asked(members, "", "--histogram", "F", "--bins", "4", "--json"))
    assert [found["members"] for found in bins] == [2, 2, 2, 3]
    assert "####" in asked(members, "", "--histogram", "F")
    shares = json.loads(asked(members, "", "--quantiles", "steps", "--json"))
    assert [found["steps"] for found in shares] == [1, 3.25, 5.5, 7.75, 10]
    assert rows(members, "class=a", "--nearest", "5", "--columns", "steps", "--limit", "2") == [4, 6]


def test_a_wrong_query_is_pointed_at(members: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(members, "F>0.1 & clas=a")
    assert "no column clas" in str(caught.value)
    assert "at character 9" in str(caught.value)
    assert caret("F>0.1 & clas=a", 8) == "\n  F>0.1 & clas=a\n          ^"


def test_a_column_to_sort_by_that_is_not_there_is_said(members: str) -> None:
    with pytest.raises(UsageError, match="there is no column Q; there are"):
        asked(members, "", "--sort", "Q")


def test_two_questions_at_once_are_refused(members: str) -> None:
    with pytest.raises(UsageError, match="--group and --nearest"):
        asked(members, "", "--group", "class", "--nearest", "1")


def test_a_tile_set_is_asked_as_a_file_of_members_is(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    document = {
        "format": "tiledviz-tileset",
        "version": 1,
        "title": "A set",
        "columns": [{"name": "F", "kind": "number"}],
        "tiles": [
            {"key": 1, "title": "one", "tags": ["keep"], "values": {"F": 0.5}},
            {"key": 2, "title": "two", "values": {"F": 0.7}},
            {"key": 3, "title": "three"},
        ],
    }
    path.write_text(json.dumps(document))
    assert rows(str(path), "F>0.4 & tag:keep") == [0]
    assert rows(str(path), "", "--sort", "-F") == [1, 0, 2]
    with pytest.raises(UsageError, match="--check reads HDF5"):
        asked(str(path), "--check")


def test_a_damaged_file_is_one_line(members: str) -> None:
    path = Path(members)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(TiledVizError) as caught:
        asked(members)
    assert len(str(caught.value).splitlines()) == 1


@pytest.fixture
def wall(home: Path) -> list[int]:
    """Four tiles of a job, by their ids."""
    rows = [
        {"F": 0.3, "class": "8_300K"},
        {"F": None, "class": "12_300K"},
        {"F": 0.1, "class": "8_300K"},
        {"F": 0.2, "class": ""},
    ]
    tags = (("keep",), (), ("keep", "old"), ())
    tiles = tuple(TilePlan(index=i, title=f"tile {i}", command=("x",), tags=tags[i]) for i in range(4))
    plan = Plan(case="gears", title="Gears", state=str(home), tiles=tiles)
    with closing(Store.open()) as store:
        store.add_run(plan, "local", "job-1", Members([], rows))
        return [tile["id"] for tile in store.tiles()]


def tiles(*arguments: str, error: str = "") -> str:
    done = CliRunner().invoke(cli, ["tiles", *arguments])
    assert (done.exit_code != 0) == bool(error), (done.output, done.exception)
    assert error in f"{done.exception} {done.stderr}"
    return done.stdout


@pytest.mark.parametrize(
    ("query", "sort", "order"),
    [
        ("", "F", (2, 3, 0, 1)),
        ("", "-f", (0, 3, 2, 1)),
        ("", "class, -F", (0, 2, 1, 3)),
        ("tag:keep", "F", (2, 0)),
        ("F>5", "F", ()),
    ],
)
def test_tiles_come_in_the_order_asked_for(wall: list[int], query: str, sort: str, order: tuple[int, ...]) -> None:
    found = json.loads(tiles(query, "--sort", sort, "--json"))
    assert [tile["id"] for tile in found] == [wall[index] for index in order]


def test_tiles_are_counted_by_the_values_of_a_column(wall: list[int]) -> None:
    one, two, three, four = wall
    assert json.loads(tiles("", "--group", "class", "--json")) == [
        {"value": "8_300K", "tiles": [one, three]},
        {"value": "12_300K", "tiles": [two]},
        {"value": None, "tiles": [four]},
    ]
    assert json.loads(tiles("F<0.25", "--group", "tags", "--json")) == [
        {"value": "keep", "tiles": [three]},
        {"value": "old", "tiles": [three]},
    ]
    lines = tiles("", "--group", "class").splitlines()
    assert lines[0].split() == ["class", "tiles"]
    assert lines[1].split() == ["8_300K", "2", f"{one},", str(three)]


def test_a_column_of_tiles_that_is_not_there_is_said(wall: list[int]) -> None:
    for option in ("--sort", "--group"):
        assert tiles("", option, "Q", error="there is no column Q") == ""
