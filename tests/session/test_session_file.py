"""A session as a file: found again under other ids, and nothing lost without a word."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tvcore.batch.plan import Plan, TilePlan
from tvcore.cli import cli
from tvcore.errors import TiledVizError, UsageError
from tvcore.session import acts, changes, file, rules
from tvcore.session.rules import RefusedError
from tvcore.session.text import edits_to
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
            ["slides", ["x"]],
            ["bookmark/y", {"name": "pair", "view": {
                "shared": [["sort", None], ["hands/h", {"name": "p", "leader": a, "tiles": [999]}], "odd", [3, 4]],
                "own": {"compare": {"way": "swipe", "tiles": [b, 999, a]}, "other": 7}}}],
            ["hands/h", {"name": "pair", "leader": b, "tiles": [a, 999], "together": True}],
            ["hands/lone", {"name": "of one that is gone", "leader": 999, "tiles": [b]}],
            ["reference", {"tile": b, "way": "signed", "scale": 4}],
            ["time", 2.5],
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
            "bookmark/y": {
                "name": "pair",
                "view": {
                    "shared": [["sort", None], ["hands/h", {"name": "p", "leader": a, "tiles": []}]],
                    "own": {"compare": {"way": "swipe", "tiles": [b, a]}, "other": 7},
                },
            },
            "hands/h": {"name": "pair", "leader": b, "tiles": [a], "together": True},
            "hands/lone": {"name": "of one that is gone", "leader": None, "tiles": [b]},
            "layout/columns": 3,
            "reference": {"tile": b, "way": "signed", "scale": 4},
            "slides": ["x"],
            "time": 2.5,
            f"order/{a}": "b",
            "tag/hot%20one/colour": "#ff0000",
            f"tags/{b}/hot%20one": True,
        },
        "texts": {f"note/{b}": "naïve 🙂"},
    }
    assert acts.undo(other)["label"] == "import"
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
    for words in ("layout/colours", "person/bob/name", "layout/gap", "essay"):
        assert any(words in line for line in found["missing"])
    assert store.rooms.document("main").plain() == {"registers": {"layout/columns": 5}, "texts": {}}


def test_what_cannot_be_imported_or_restored_stays_as_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (tile,) = launch(store, "one", [4])
    do(store, "a-1", set=[["layout/gap", 3], ["layout/columns", 3]])
    saved = store.rooms.save_version("main", "first", "ann")
    document = acts.export_session(store)
    document["registers"] |= {"layout/gap": -1, "layout/columns": 4}
    document["texts"] |= {"note/0": "x"}
    found = acts.import_session(store, document)
    assert [line.split(":")[0] for line in found["missing"]] == ["tile number 0 is not on this wall", "layout/gap"]
    assert store.rooms.document("main").plain()["registers"] == {"layout/gap": 3, "layout/columns": 4}

    def refuse_gap(body: Any, *_: Any) -> None:
        if body["set"][0][0] == "layout/gap":
            raise RefusedError("a text that cannot be")

    do(store, "a-2", set=[["layout/gap", 9], [f"tile/{tile}/off", True]])
    monkeypatch.setattr(acts, "check", refuse_gap)  # as a later release may
    found = acts.restore_version(store, saved["id"])
    assert (found["changed"], found["missing"]) == (True, ["layout/gap: a text that cannot be"])
    assert store.rooms.document("main").plain()["registers"] == {"layout/gap": 9, "layout/columns": 3}


def test_a_note_that_is_longer_than_one_edit_is_restored_and_imported(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (rules, changes):
        monkeypatch.setattr(module, "LETTERS", 1000)  # 100,000 take half a minute
    (tile,) = launch(store, "one", [4])
    note = "".join(f"{number} " for number in range(600))
    for number, start in enumerate(range(0, len(note), 1000)):
        after = f"a-{number - 1}:999" if number else ""
        do(store, f"a-{number}", text=[[f"note/{tile}", [["+", after, note[start : start + 1000]]]]])
    saved, document = store.rooms.save_version("main", "first", "ann"), acts.export_session(store)
    for number, bring in enumerate(
        (lambda: acts.restore_version(store, saved["id"]), lambda: acts.import_session(store, document))
    ):
        empty = edits_to(store.rooms.document("main").characters(f"note/{tile}"), "")
        do(store, f"b-{number}", text=[[f"note/{tile}", empty]])
        assert store.rooms.document("main").text(f"note/{tile}") == ""
        assert bring()["missing"] == []
        assert store.rooms.document("main").text(f"note/{tile}") == note


def test_what_is_on_tiles_off_the_wall_is_told_by_export_and_left_by_import(store: Store, tmp_path: Path) -> None:
    a, b, c = launch(store, "one", [4, 5, 6])
    filled(store, [a, b])
    do(store, "a-2", set=[[f"tile/{c}/rotation", 90]])
    assert acts.export_session(store)["notes"] == []
    store.remove_tiles([b])
    document = acts.export_session(store)
    assert document["notes"] == ["what people wrote on 1 tile that is off the wall is not in it"]
    there = tmp_path / "session.json"
    done = CliRunner().invoke(cli, ["session", "export", str(there)])
    assert done.stderr == f"tiledviz: {document['notes'][0]}\n"
    assert json.loads(there.read_text()) == document
    store.remove_tiles([c])
    assert acts.export_session(store)["notes"] == ["what people wrote on 2 tiles that are off the wall is not in it"]
    document["registers"]["layout/columns"] = 4
    acts.import_session(store, document)
    now = store.rooms.document("main")
    assert now.text(f"note/{b}") == "naïve 🙂"
    assert (now.get(f"tags/{b}/hot%20one"), now.get(f"tile/{c}/rotation"), now.get("layout/columns")) == (True, 90, 4)


def test_titles_of_any_length_come_back(store: Store, tmp_path: Path) -> None:
    def launched(into: Store, job: str) -> list[int]:
        tiles = tuple(TilePlan(index=i, title=f"{'t' * 1500}{i}", command=("x",)) for i in range(2))
        into.add_run(Plan(case="gears", title="s" * 1500, session="main", state="/s", tiles=tiles), "local", job)
        return [tile["id"] for tile in into.wall()["tiles"] if tile["job"] == job]

    filled(store, launched(store, "one"))
    document = acts.export_session(store)
    assert {len(tile["title"]) for tile in document["tiles"]} == {1000}
    other = Store.open(f"sqlite:///{tmp_path}/other.sqlite")
    launch(other, "zero", [9], "Others")
    _, b = launched(other, "two")
    assert acts.import_session(other, document) == {"changed": True, "missing": []}
    assert other.rooms.document("main").text(f"note/{b}") == "naïve 🙂"


def test_a_reference_that_is_not_on_the_wall_is_told_and_left(store: Store, tmp_path: Path) -> None:
    (a,) = launch(store, "one", [4])
    do(store, "a-1", set=[["reference", {"tile": a, "way": "absolute", "scale": 1}]])
    document = acts.export_session(store)
    other = Store.open(f"sqlite:///{tmp_path}/other.sqlite")
    launch(other, "two", [5], "Others")
    found = acts.import_session(other, document)
    assert found["missing"] == ["tile 'm4' of gears is not on this wall"]
    assert other.rooms.document("main").get("reference") is None
    (c,) = launch(store, "three", [4])
    acts.carry_over(store, {a: c})
    assert store.rooms.document("main").get("reference") == {"tile": c, "way": "absolute", "scale": 1}
    store.remove_tiles([c])
    document = acts.export_session(store)
    assert "reference" not in document["registers"]
    assert document["notes"] == ["what people wrote on 1 tile that is off the wall is not in it"]


def test_a_column_that_was_made_goes_with_the_tiles_that_it_is_of(store: Store, tmp_path: Path) -> None:
    a, b = launch(store, "one", [4, 5])
    column = {"how": "PCA", "unit": "", "values": [[a, 1.5], [999, 7.0], [b, -2.0]], "tagged": None}
    scatter = {"x": {"by": "column:pca_1", "log": False}, "y": {"by": "column:F", "log": True}, "size": 1.0}
    do(store, "m-1", set=[["made/pca_1", column], ["layout/scatter", scatter]])
    written = json.loads(json.dumps(acts.export_session(store)))
    other = Store.open(f"sqlite:///{tmp_path}/other.sqlite")
    launch(other, "zero", [9, 9], "Others")
    c, d = launch(other, "two", [4, 5])
    assert acts.import_session(other, written) == {"changed": True, "missing": []}
    assert other.rooms.document("main").plain()["registers"] == {
        "made/pca_1": column | {"values": [[c, 1.5], [d, -2.0]]},
        "layout/scatter": scatter,
    }
    e, f = launch(store, "three", [4, 5])
    acts.carry_over(store, {a: e, b: f})
    moved = store.rooms.document("main").get("made/pca_1")
    assert moved == column | {"values": [[e, 1.5], [999, 7.0], [f, -2.0]]}


def test_what_goes_over_to_other_tiles_is_all_that_people_made_of_them(store: Store) -> None:
    a, b, c = launch(store, "one", [4, 5, 6])
    filled(store, [a, b])
    do(store, "a-2", set=[["bookmark/y", {"name": "odd", "view": {"tile": True, "zoomed": ["x", -1]}}]])
    d, e = launch(store, "two", [4, 5])
    acts.carry_over(store, {a: d, b: e})
    now = store.rooms.document("main").plain()
    assert now["texts"] == {f"note/{e}": "naïve 🙂"}
    assert now["registers"]["bookmark/x"]["view"] == {"tile": d, "zoomed": [e, d, 999], "text": ""}
    assert now["registers"]["bookmark/y"]["view"] == {"tile": None, "zoomed": [-1]}
    assert [now["registers"].get(path) for path in (f"order/{a}", f"order/{d}", f"tags/{e}/hot%20one")] == [
        None, "b", True,
    ]  # fmt: skip
    head = store.rooms.head("main")
    acts.carry_over(store, {c: d})
    assert store.rooms.head("main") == head, "there was nothing"


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
    named = ["bookmark/x", "bookmark/y", "hands/h", "hands/lone"]
    assert differences == named, "they named a tile that is not on the wall"
    assert "taken back: import of" in tell("undo")
    assert store.rooms.document("main").get("layout/columns") == 9
    do(store, "a-11", set=[["layout/gap", 5]])
    assert json.loads(tell("undo", "--json"))["label"] == "restore"
    with pytest.raises(UsageError, match="nothing that the command line did"):
        CliRunner().invoke(cli, ["session", "undo"], catch_exceptions=False, standalone_mode=False)
    assert store.rooms.document("main").get("layout/gap") == 5
    tell("import", str(there))
    tell("forget", "first")
    assert json.loads(tell("versions", "--json")) == []
    assert store.rooms.document("main").get("layout/columns") == 3


def test_a_file_that_is_not_json_is_refused_by_the_command_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    for text in ("{", "[" * 100_000, ""):
        bad.write_text(text)
        with pytest.raises(UsageError, match="is not JSON"):
            CliRunner().invoke(cli, ["session", "import", str(bad)], catch_exceptions=False, standalone_mode=False)


def test_export_leaves_the_old_file_until_the_new_one_is_whole_and_writes_over_nothing_else(
    store: Store, tmp_path: Path
) -> None:
    there = tmp_path / "session.json"
    there.write_text("old")
    with there.open() as old:
        assert CliRunner().invoke(cli, ["session", "export", str(there)]).exit_code == 0
        assert old.read() == "old", "it was written over in place"
    assert json.loads(there.read_text())["format"] == file.FORMAT
    os.mkfifo(tmp_path / "pipe")
    for target, words in ((tmp_path, "is no file"), (tmp_path / "pipe", "is no file"), (there / "x", "cannot write")):
        with pytest.raises(TiledVizError, match=words):
            CliRunner().invoke(cli, ["session", "export", str(target)], catch_exceptions=False, standalone_mode=False)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["pipe", "session.json"]


def test_of_a_file_that_is_too_large_no_more_is_read_than_tells_so(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    with large.open("wb") as written:
        written.truncate(1 << 40)
    with pytest.raises(UsageError, match="more than 64 MiB"):
        CliRunner().invoke(cli, ["session", "import", str(large)], catch_exceptions=False, standalone_mode=False)
