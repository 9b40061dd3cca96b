"""An analysis of a session's tiles: what is recorded, what is said, and what cannot be."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from tvcore import api
from tvcore.analysis import analyse as module
from tvcore.analysis.analyse import Asked, Whose, analyse
from tvcore.analysis.made import Made, path_of
from tvcore.batch.plan import Plan, TilePlan
from tvcore.cli import cli
from tvcore.ensemble.query import QueryError
from tvcore.errors import TiledVizError, UsageError
from tvcore.exporting.freeze import tileset_of_wall
from tvcore.importing.report import Report
from tvcore.session.rules import RefusedError
from tvcore.store import Store

ADA = Whose("ada", "editor", "Ada")
NAN = None


@pytest.fixture
def store() -> Store:
    return Store.open()


def wall(store: Store, columns: dict[str, list[Any]], job: str = "one") -> list[int]:
    """Put tiles with these values on the wall, and return their ids."""
    count = len(next(iter(columns.values()), [])) if columns else 2
    tiles = tuple(TilePlan(index=i, title=f"m{i}", command=("x",), member=i) for i in range(count))
    store.add_run(Plan(case="gears", title="Gears", session="main", state="/s", tiles=tiles), "local", job)
    described = [
        {"name": name, "dtype": "float64", "unit": "", "description": "", "role": "result"} for name in columns
    ]
    rows = {i: {"metadata_": {name: values[i] for name, values in columns.items()}} for i in range(count)}
    store.apply_edit(job, "Gears", described, rows)
    return [tile["id"] for tile in store.wall()["tiles"] if tile["job"] == job]


def groups(count: int = 8, columns: int = 3) -> dict[str, list[Any]]:
    """Return three groups of *count* members that are well apart, but for those of *count* // 2 in the last."""
    random = np.random.default_rng(5)
    parts = [random.normal(at, 0.1, (many, columns)) for at, many in ((0, count), (4, count + 2), (9, count // 2))]
    return {f"c{i}": column.tolist() for i, column in enumerate(np.concatenate(parts).T)}


def registers(store: Store) -> dict[str, Any]:
    found: dict[str, Any] = store.rooms.document("main").plain()["registers"]
    return found


def test_kmeans_records_a_column_and_tags_with_how_they_were_made_and_undo_takes_all_of_it_back(store: Store) -> None:
    ids = wall(store, groups())
    found = analyse(store, Asked("kmeans"), "main", ADA)
    assert (found["k"], found["proposed"], found["made"], found["tiles"]) == (3, 3, ["cluster"], 22)
    assert [(group["name"], group["tiles"]) for group in found["groups"]] == [
        ("cluster-1", 10), ("cluster-2", 8), ("cluster-3", 4),
    ]  # fmt: skip
    assert found["groups"][2]["about"][0]["by"] > 1
    assert [k for k, _ in found["silhouettes"]] == list(range(2, 11))
    assert found["silhouette"] == pytest.approx(dict(found["silhouettes"])[3])
    assert found["how"].startswith(
        "k-means, 3 groups (proposed by its silhouette), over c0, c1, c2, standardised, seed 0; 20"
    )
    assert found["how"].endswith(module.__version__)
    assert " UTC, by Ada, TiledViz " in found["how"]
    there = registers(store)
    values = dict(there["made/cluster"]["values"])
    assert (there["made/cluster"]["how"], list(values)) == (found["how"], ids)
    assert {f"tags/{tile}/{name}" for tile, name in values.items()} == {path for path in there if "tags/" in path}
    assert [tile["id"] for tile in api.tiles(store, "cluster=cluster-3", session="main")] == ids[18:]
    assert [tile["id"] for tile in api.tiles(store, "tag:cluster-2", session="main")] == ids[:8]
    assert store.rooms.document("main").undoable("ada")["label"] == "analysis"
    undo = store.rooms.append("main", "ada", "editor", [{"id": "u-1", "undo": _last(store)}])
    assert "op" in undo[0]
    assert registers(store) == {}


def _last(store: Store) -> str:
    return str(store.rooms.document("main").undoable("ada")["id"])


def test_once_more_replaces_the_column_and_the_tags_it_gave_and_leaves_what_people_tagged(store: Store) -> None:
    ids = wall(store, groups())
    store.rooms.append("main", "bob", "editor", [{"id": "b", "set": [[f"tags/{ids[0]}/good", True]]}])
    analyse(store, Asked("kmeans", k=5), "main", ADA)
    assert len({name for name in registers(store) if name.startswith("tags/")}) == 23
    analyse(store, Asked("kmeans", k=2), "main", ADA)
    tags = {name.rpartition("/")[2] for name in registers(store) if name.startswith("tags/")}
    assert tags == {"cluster-1", "cluster-2", "good"}
    analyse(store, Asked("kmeans", k=2, name="again"), "main", ADA)
    assert {name for name in registers(store) if "made" in name} == {"made/cluster", "made/again"}


def test_the_numbers_are_those_of_scikit_learn(store: Store) -> None:
    columns = groups()
    wall(store, columns)
    matrix = StandardScaler().fit_transform(np.array(list(columns.values())).T)
    found = analyse(store, Asked("kmeans", k=3), "main", ADA)
    assert found["inertia"] == pytest.approx(KMeans(3, n_init=50, random_state=0).fit(matrix).inertia_, rel=1e-9)
    found = analyse(store, Asked("pca"), "main", ADA)
    theirs = PCA(2, svd_solver="full").fit(matrix)
    there = registers(store)
    ours = np.array([[value for _, value in there[f"made/pca_{i}"]["values"]] for i in (1, 2)]).T
    np.testing.assert_allclose(ours, theirs.transform(matrix), rtol=1e-9, atol=1e-9)
    assert found["shares"] == pytest.approx(theirs.explained_variance_ratio_, rel=1e-9)
    assert " % of the variance; " in there["made/pca_1"]["how"]


def test_tiles_without_a_value_stay_out_and_are_told_and_a_search_says_of_which_tiles(store: Store) -> None:
    columns = groups()
    columns["c1"][0] = NAN
    columns["few"] = [1.0, *[NAN] * 21]
    columns["same"] = [7.0] * 22
    ids = wall(store, columns)
    found = analyse(store, Asked("pca"), "main", ADA)
    assert found["said"] == [
        "left out, as more than half of the tiles lack it: few",
        "1 tile lacks a value, and stayed out of it",
        "the same everywhere, and left out: same",
    ]
    assert (found["tiles"], found["columns"]) == (21, ["c0", "c1", "c2"])
    assert [tile for tile, _ in registers(store)["made/pca_1"]["values"]] == ids[1:]
    part = analyse(store, Asked("pca", columns=["C0", "c2"], query="c0>2", name="part"), "main", ADA)
    assert (part["tiles"], part["columns"], part["made"]) == (14, ["c0", "c2"], ["part_1", "part_2"])
    assert "of the tiles 'c0>2'" in part["how"]
    over = analyse(store, Asked("kmeans", columns=["pca_1", "pca_2"], k=3), "main", ADA)
    assert over["columns"] == ["pca_1", "pca_2"], "what was made is a column like any other"
    assert analyse(store, Asked("kmeans"), "main", ADA)["columns"] == ["c0", "c1", "c2"], "but not by itself"


def test_outliers_are_tagged_and_the_nearest_come_with_how_far_they_are(store: Store) -> None:
    columns = {"a": [float(i % 5) for i in range(20)], "b": [1.0 + 0.1 * (i % 3) for i in range(20)]}
    columns["b"][3] = -40.0
    ids = wall(store, columns)
    found = analyse(store, Asked("outliers"), "main", ADA)
    assert [(each["tile"], each["title"], each["column"], each["low"]) for each in found["outliers"]] == [
        (ids[3], "m3", "b", True)
    ]
    assert (found["found"], found["beyond"]) == (1, 3.5)
    assert registers(store)[f"tags/{ids[3]}/outlier"] is True
    assert [tile["id"] for tile in api.tiles(store, "outlier>3.5", session="main")] == [ids[3]]
    found = analyse(store, Asked("nearest", tile=ids[0], k=2, columns=["a", "b"]), "main", ADA)
    assert [each["tile"] for each in found["near"]] == [ids[15], ids[10]]
    assert found["near"][0]["title"] == "m15"
    near = dict(registers(store)["made/distance"]["values"])
    assert (near[ids[0]], len(near)) == (0.0, 20)
    assert [tile["id"] for tile in api.tiles(store, "", ["distance"], session="main")][:2] == [ids[0], ids[15]]


def test_what_was_made_is_in_the_list_of_tiles_in_exports_and_goes_before_no_column_of_a_tile(store: Store) -> None:
    ids = wall(store, {"a": [1.0, 2.0, 4.0], "b": [1.0, 0.0, 2.0]})
    analyse(store, Asked("pca"), "main", ADA)
    listed = {tile["id"]: tile["metadata"] for tile in api.tiles(store, session="main")}
    assert set(listed[ids[0]]) == {"a", "b", "pca_1", "pca_2"}
    frozen = tileset_of_wall(store, None, Report(), "main")
    assert [column.name for column in frozen.columns] == ["a", "b", "pca_1", "pca_2"]
    assert frozen.columns[2].description.startswith("PCA over a, b")
    assert frozen.tiles[0].values["pca_1"] == listed[ids[0]]["pca_1"]
    column = {"how": "x", "unit": "", "values": [[ids[0], 99.0]], "tagged": None}
    store.rooms.append("main", "ada", "editor", [{"id": "x", "set": [["made/a", column], ["made/n%C3%A4", column]]}])
    assert api.tiles(store, "a=1", session="main")[0]["metadata"]["a"] == 1.0
    made = Made(store.rooms.document("main"))
    assert made.of(ids[0])["nä"] == 99.0
    assert path_of("nä (1)") == "made/n%C3%A4%20(1)"
    names = [column["name"] for column in made.wall(store.wall("main"))["sets"][0]["columns"]]
    assert sorted(names) == ["a", "b", "nä", "pca_1", "pca_2"]


@pytest.mark.parametrize(
    ("columns", "asked", "said"),
    [
        ({}, Asked("kmeans"), "these tiles have no column of numbers, which an analysis is of"),
        ({"t": ["x", "y"]}, Asked("pca"), "these tiles have no column of numbers, which an analysis is of"),
        ({"a": [1.0]}, Asked("kmeans"), "a: the same in all tiles, so there is nothing to tell them apart by"),
        ({"a": [1.0, 1.0]}, Asked("tsne"), "a: the same in all tiles, so there is nothing to tell them apart by"),
        (
            {"a": [1.0, 2.0, 2.0]},
            Asked("kmeans", k=9),
            "k=9: there are 2 different tiles with all values, so at most 2",
        ),
        ({"a": [1.0, 2.0]}, Asked("kmeans", k=3), "k=3: there are 2 tiles with all values, so at most 2 groups"),
        ({"a": [NAN, NAN]}, Asked("pca"), "these tiles have no column of numbers, which an analysis is of"),
        ({"a": [1.0, NAN], "b": [NAN, 2.0]}, Asked("pca"), "no tile has a value in all of a, b: choose fewer columns"),
        ({"a": [1.0, 2.0]}, Asked("pca"), "PCA needs 2 columns that differ between tiles, and there is a alone"),
        ({"a": [1.0, 2.0], "b": [2.0, 1.0]}, Asked("tsne"), "t-SNE needs 4 tiles at least, and 2 have all values"),
        ({"a": [1.0, 2.0]}, Asked("outliers"), "2 tiles have values, and 3 at least are needed"),
        ({"a": [1.0, 2.0]}, Asked("pca", columns=["nothing"]), "there is no column nothing"),
        ({"a": [1.0, 2.0]}, Asked("pca", columns=["title"]), "title is no column of numbers"),
        ({"a": [1.0, 2.0], "t": ["x", "y"]}, Asked("pca", columns=["t"]), "t is no column of numbers"),
        ({"a": [1.0, 2.0]}, Asked("pca", query="a>9"), "no tile is found by this search"),
        ({"a": [1.0, 2.0]}, Asked("pca", query="a>"), "a value is missing"),
        ({"a": [1.0, 2.0]}, Asked("nearest"), "of which tile: the nearest are wanted of one that is on the wall"),
        ({"a": [1.0, 2.0]}, Asked("nearest", tile=999), "there is no tile 999"),
        (
            {"a": [1.0, 2.0]},
            Asked("kmeans", name="a"),
            "there is a column a already, which the tiles have by themselves",
        ),
        ({"a": [1.0, 2.0]}, Asked("kmeans", name="A"), "there is a column A already"),
        ({"a": [1.0, 2.0]}, Asked("kmeans", name="title"), "'title' names no column"),
        ({"a": [1.0, 2.0]}, Asked("kmeans", name="a b"), "'a b' names no column"),
        ({"pca_2": [1.0, 2.0]}, Asked("pca"), "there is a column pca_2 already"),
        ({f"c{i}": [1.0, 2.0] for i in range(201)}, Asked("kmeans"), "201 columns of 2 tiles are too many to look at"),
    ],
)
def test_what_cannot_be_is_one_line_and_records_nothing(
    store: Store, columns: dict[str, list[Any]], asked: Asked, said: str
) -> None:
    wall(store, columns)
    with pytest.raises((UsageError, QueryError)) as error:
        analyse(store, asked, "main", ADA)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert registers(store) == {}


def test_an_empty_wall_a_viewer_and_what_takes_too_long_are_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="there is no tile on this wall yet"):
        analyse(store, Asked("kmeans"), "main", ADA)
    wall(store, groups())
    with pytest.raises(RefusedError, match="needs the right `arrange`"):
        analyse(store, Asked("kmeans"), "main", Whose("eve", "viewer", "Eve"))
    monkeypatch.setattr(module, "SECONDS", 0.01)
    monkeypatch.setattr("tvcore.apart.GRACE", 0.0)
    with pytest.raises(TiledVizError, match=r"k-means of 22 tiles took longer than 0.01 s and was given up: choose"):
        analyse(store, Asked("kmeans"), "main", ADA)
    monkeypatch.setattr(module, "SECONDS", 60.0)
    monkeypatch.setattr(module, "MEMORY", 1 << 20)
    with pytest.raises(TiledVizError, match="k-means of 22 tiles") as error:
        analyse(store, Asked("kmeans"), "main", ADA)
    assert "\n" not in str(error.value)


def test_huge_values_are_grouped_like_any(store: Store) -> None:
    ids = wall(store, {"a": [1e300, 1.1e300, -1e300, -1.1e300], "b": [1e-300, 1.1e-300, 5e-300, 5.1e-300]})
    analyse(store, Asked("kmeans", k=2), "main", ADA)
    found = dict(registers(store)["made/cluster"]["values"])
    assert found[ids[0]] == found[ids[1]] != found[ids[2]] == found[ids[3]]
    json.dumps(analyse(store, Asked("outliers"), "main", ADA), allow_nan=False)


def test_the_command_line_does_the_same_and_takes_it_back(store: Store) -> None:
    ids = wall(store, groups())

    def tell(*words: str) -> str:
        return CliRunner().invoke(cli, words, catch_exceptions=False).stdout

    said = tell("analyse", "kmeans")
    assert "cluster-1  10" in said
    assert "3  " in said
    assert "█ proposed" in said
    assert f"recorded as column cluster of {len(ids)} tiles: k-means, 3 groups" in said
    assert "(command line), TiledViz" in said
    assert json.loads(tell("analyse", "pca", "--columns", "c0,c1", "--json"))["made"] == ["pca_1", "pca_2"]
    assert "pca_1 (" in tell("analyse", "pca")
    assert "no tile stands out" in tell("analyse", "outliers", "--columns", "c0")
    assert "m1 " in tell("analyse", "nearest", str(ids[0]), "--k", "8")
    assert "recorded as columns t_1 and t_2" in tell("analyse", "tsne", "--name", "t")
    assert "taken back: analysis" in tell("session", "undo")
    assert "made/t_1" not in registers(store)
    with pytest.raises(UsageError, match="there is no column nothing"):
        tell("analyse", "kmeans", "--columns", "nothing")
    with pytest.raises(UsageError, match="at character 4 of 'c0>'"):
        tell("analyse", "pca", "--where", "c0>")
    with pytest.raises(UsageError, match="there is no tile -1"):
        tell("analyse", "nearest", "--", "-1")
