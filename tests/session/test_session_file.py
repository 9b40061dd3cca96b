"""A session as a file: found again under other ids, and nothing lost without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tvcore.batch.plan import Plan, TilePlan
from tvcore.cli import cli
from tvcore.errors import UsageError
from tvcore.session import acts, file
from tvcore.store import Store

DOCS = Path(__file__).parent.parent.parent / "docs" / "session-file.md"


@pytest.fixture
def store() -> Store:
    return Store.open()


def launch(store: Store, job: str, members: list[int], title: str = "Gears") -> list[int]:
    tiles = tuple(TilePlan(index=i, title=f"m{m}", command=("x",), member=m) for i, m in enumerate(members))
    store.add_run(Plan(case="gears", title=title, session="main", state="/s", tiles=tiles), "local", job)
    return [tile["id"] for tile in store.wall()["tiles"] if tile["job"] == job]


def do(store: Store, name: str, **does: Any) -> None:
    assert "op" in store.rooms.append("main", "ann", "editor", [{"id": name, **does}])[0]


def filled(store: Store, ids: list[int]) -> None:
    a, b = ids[:2]
    do(
        store, "a-1",
        set=[
            [f"order/{a}", "b"], [f"tags/{b}/hot%20one", True], ["layout/columns", 3],
            ["tag/hot%20one/colour", "#ff0000"],
            ["person/ann/selection", [a]],
            ["bookmark/x", {"name": "both", "view": {"tile": a, "zoomed": [b, a, 999], "text": ""}}],
        ],
        text=[[f"note/{b}", [["+", "", "naïve 🙂"]]]],
    )  # fmt: skip


def test_every_field_of_the_file_is_described() -> None:
    text = DOCS.read_text()
    for model in (file.SessionFile, file.FileTile):
        for name in model.model_fields:
            assert f"| `{name}` |" in text, name


def test_a_session_comes_back_from_its_file_on_tiles_with_other_ids(store: Store, tmp_path: Path) -> None:
    ids = launch(store, "one", [4, 5, 6])
    filled(store, ids)
    written = json.loads(json.dumps(acts.export_session(store)))
    assert [tile["title"] for tile in written["tiles"]] != []
    assert not [path for path in written["registers"] if path.startswith("person/")]
    other = Store.open(f"sqlite:///{tmp_path}/other.sqlite")
    launch(other, "zero", [9, 9, 9, 9], "Others")
    a, b, _ = launch(other, "two", [4, 5, 6])
    assert (a, b) != tuple(ids[:2])
    do(other, "b-1", set=[["sort", {"by": "title", "descending": True}]])
    before = other.rooms.document("main").plain()
    assert acts.import_session(other, written) == {"changed": True, "missing": []}
    document = other.rooms.document("main")
    assert document.plain() == {
        "registers": {
            "bookmark/x": {"name": "both", "view": {"tile": a, "zoomed": [b, a], "text": ""}},
            "layout/columns": 3,
            f"order/{a}": "b",
            "tag/hot%20one/colour": "#ff0000",
            f"tags/{b}/hot%20one": True,
        },
        "texts": {f"note/{b}": "naïve 🙂"},
    }
    act = document.undoable(acts.HERE)
    assert act is not None
    other.rooms.append("main", acts.HERE, "owner", [{"id": "u", "undo": act["id"]}])
    assert other.rooms.document("main").plain() == before


def test_a_tile_in_another_place_is_found_by_its_member_and_one_that_is_missing_is_told(
    store: Store, tmp_path: Path
) -> None:
    ids = launch(store, "one", [4, 5])
    filled(store, ids)
    other = Store.open(f"sqlite:///{tmp_path}/other.sqlite")
    (b,) = launch(other, "two", [5], "Gears again")
    found = acts.import_session(other, acts.export_session(store))
    assert found["missing"] == ["tile 'm4' of gears is not on this wall"]
    assert other.rooms.document("main").text(f"note/{b}") == "naïve 🙂"


def test_what_this_release_does_not_know_is_told_and_the_rest_imported(store: Store) -> None:
    document = acts.export_session(store)
    document["registers"] |= {"layout/columns": 5, "layout/colours": 7, "person/bob/name": "x", "layout/gap": -1}
    document["texts"] |= {"essay": "x"}
    found = acts.import_session(store, document)
    assert len(found["missing"]) == 4
    assert "layout/colours" in found["missing"][0]
    assert store.rooms.document("main").plain() == {"registers": {"layout/columns": 5}, "texts": {}}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "not a session file"),
        ([], "not a session file"),
        ({"format": "x"}, "not a session file"),
        ({"format": "tiledviz-session", "version": 2}, "version '2'"),
        ({"format": "tiledviz-session", "version": "1" * 1000}, "version '1111"),
        ({"format": "tiledviz-session", "version": 1}, "session: Field required"),
        (
            {"format": "tiledviz-session", "version": 1, "session": "m", "tiles": [{}], "registers": {}, "texts": {}},
            "tiles.0.number",
        ),
        (
            {"format": "tiledviz-session", "version": 1, "session": "m", "tiles": [], "registers": [], "texts": {}},
            "registers",
        ),
    ],
)
def test_what_is_no_session_file_is_refused_in_one_line(store: Store, document: Any, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        acts.import_session(store, document)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_command_line_saves_compares_restores_exports_and_imports(store: Store, tmp_path: Path) -> None:
    filled(store, launch(store, "one", [4, 5]))
    there = tmp_path / "session.json"

    def tell(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["session", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "No versions" in tell("versions")
    tell("save", "first")
    assert "first" in tell("versions")
    tell("export", str(there))
    assert json.loads(tell("export", "-")) == json.loads(there.read_text())
    do(store, "a-9", set=[["layout/columns", 9]])
    assert tell("compare", "first").split() == ["layout/columns"]
    assert "restored" in tell("restore", "first")
    assert "nothing differs" in tell("compare", "first")
    do(store, "a-10", set=[["layout/columns", 9]])
    assert "imported" in tell("import", str(there))
    differences = json.loads(tell("compare", "first", "--json"))["differences"]
    assert differences == ["bookmark/x"], "its view named a tile that is not on the wall"
    tell("delete", "first")
    assert json.loads(tell("versions", "--json")) == []
    assert store.rooms.document("main").get("layout/columns") == 3


def test_a_file_that_is_not_json_is_refused_by_the_command_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    for text in ("{", "[" * 100_000, ""):
        bad.write_text(text)
        with pytest.raises(UsageError, match="is not JSON"):
            CliRunner().invoke(cli, ["session", "import", str(bad)], catch_exceptions=False, standalone_mode=False)
