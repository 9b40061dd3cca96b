"""Tile sets that are kept: written, read, copied, removed and had back, by several at once; imported, and edited."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tvcore import api
from tvcore.errors import TiledVizError, UsageError
from tvcore.store import Store, kept
from tvcore.store.kept import ConflictError
from tvcore.tilesets import library


@pytest.fixture
def store(engine: str) -> Iterator[Store]:
    """The person's own store, on each engine."""
    opened = Store.open()
    yield opened
    opened.close()


def document(*titles: str, **more: Any) -> dict[str, Any]:
    """Return a tile set of cards with *titles*."""
    tiles = [{"key": number, "title": title, "values": {"F": number / 2}} for number, title in enumerate(titles, 1)]
    return {
        "format": "tiledviz-tileset", "version": 1, "title": "Brains",
        "columns": [{"name": "F", "kind": "number"}], "tiles": tiles, **more,
    }  # fmt: skip


def titles(store: Store, name: str) -> list[str]:
    return [tile["title"] for tile in library.read_set(store, name)["document"]["tiles"]]


def test_what_is_written_is_read_again_and_each_writing_is_a_revision(store: Store) -> None:
    assert library.write_set(store, "brains", document("a"), None, "eva")["revision"] == 1
    assert library.write_set(store, "brains", document("a", "b"), 1, "tom", "added b")["revision"] == 2
    assert library.read_set(store, "brains")["document"] == document("a", "b")
    assert titles(store, "brains") == ["a", "b"]
    assert library.read_set(store, "brains", 1)["document"] == document("a")
    said = [
        (each["revision"], each["person"], each["label"], each["tiles"]) for each in library.revisions(store, "brains")
    ]
    assert said == [(2, "tom", "added b", 2), (1, "eva", "", 1)]


def test_of_two_who_write_the_same_revision_one_is_told_of_the_other_and_nothing_is_lost(store: Store) -> None:
    library.write_set(store, "brains", document("a"), None)

    def write(number: int) -> int | str:
        other = Store.open()
        try:
            return int(library.write_set(other, "brains", document(f"by {number}"), 1, f"p{number}")["revision"])
        except ConflictError as error:
            return f"{error} ({error.revision})"
        finally:
            other.close()

    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(write, range(4)))
    refused = "somebody else changed brains meanwhile: it is at revision 2, not 1 (2)"
    assert (came.count(2), came.count(refused)) == (1, 3)
    assert len(library.revisions(store, "brains")) == 2


def test_a_document_with_faults_is_refused_with_every_cell_and_what_was_there_stays(store: Store) -> None:
    library.write_set(store, "brains", document("a"), None)
    wrong = document("a", "b")
    wrong["tiles"][0]["values"]["F"] = "much"
    wrong["tiles"][1] |= {"kind": "picture", "source": "b.png"}
    with pytest.raises(library.ProblemsError) as refused:
        library.write_set(store, "brains", wrong, 1)
    assert [(each.row, each.field) for each in refused.value.problems] == [(1, "source")]
    wrong["tiles"][1]["source"] = "/b.png"
    with pytest.raises(library.ProblemsError) as refused:
        library.write_set(store, "brains", wrong, 1)
    assert [(each.row, each.field) for each in refused.value.problems] == [(0, "values/F")]
    assert titles(store, "brains") == ["a"]


@pytest.mark.parametrize(
    ("text", "why"), [("a\0b", "zero byte"), ("\ud800", "UTF-8"), ("a" * 100_001, "at most 100000 letters")]
)
def test_a_text_that_cannot_be_kept_is_told_at_its_cell(store: Store, text: str, why: str) -> None:
    wrong = document("a", columns=[{"name": "F", "kind": "text"}])
    wrong["tiles"][0]["values"]["F"] = text
    with pytest.raises(library.ProblemsError) as refused:
        library.write_set(store, "brains", wrong, None)
    (problem,) = refused.value.problems
    assert (problem.row, problem.field) == (0, "values/F")
    assert why in problem.text


@pytest.mark.parametrize("name", ["", "a/b", "-x", "schema", "import", "from-wall", "a" * 81, "ä", "a b", "a\n"])
def test_a_name_that_cannot_be_is_refused_in_one_line(store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a tile set"):
        library.write_set(store, name, document("a"), None)


def test_a_set_is_copied_renamed_removed_and_had_back(store: Store) -> None:
    library.write_set(store, "brains", document("a"), None)
    library.copy_set(store, "brains", "copy")
    with pytest.raises(UsageError, match="there is a tile set copy already"):
        library.copy_set(store, "brains", "copy")
    library.rename_set(store, "copy", "minds")
    with pytest.raises(UsageError, match="there is a tile set minds already"):
        library.rename_set(store, "brains", "minds")
    assert [each["name"] for each in library.saved(store)] == ["brains", "minds"]
    assert [each["name"] for each in library.saved(store, "MIND")] == ["minds"]
    gone = library.remove_set(store, "brains")
    assert [each["name"] for each in library.saved(store)] == ["minds"]
    with pytest.raises(UsageError, match="there is no tile set brains"):
        library.read_set(store, "brains")
    library.restore_set(store, "brains", gone["revision"])
    assert titles(store, "brains") == ["a"]
    # a name that was left free is anybody's: what was removed is kept beside it
    library.remove_set(store, "brains")
    library.write_set(store, "brains", document("new"), None)
    assert titles(store, "brains") == ["new"]
    library.restore_set(store, "brains.removed-1", 1)
    assert titles(store, "brains.removed-1") == ["a"]


def test_a_revision_is_had_back_by_a_new_one(store: Store) -> None:
    library.write_set(store, "brains", document("a", title="First"), None)
    library.write_set(store, "brains", document("b", title="Second"), 1)
    assert library.restore_set(store, "brains", 1)["revision"] == 3
    (found,) = library.saved(store)
    assert (titles(store, "brains"), found["title"], found["label"]) == (["a"], "First", "as at 1")
    with pytest.raises(UsageError, match="brains has no revision 9"):
        library.restore_set(store, "brains", 9)


def test_the_last_revisions_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept.REVISIONS_MAX == 100
    monkeypatch.setattr(kept, "REVISIONS_MAX", 4)  # a hundred take long, on two engines
    library.write_set(store, "brains", document("0"), None)
    for number in range(1, 9):
        library.write_set(store, "brains", document(str(number)), number)
    assert [each["revision"] for each in library.revisions(store, "brains")] == [9, 8, 7, 6]


def test_an_import_reports_row_by_row_and_takes_a_free_name(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "a table.csv"
    file.write_text("title,F,file\none,0.5,gone.png\ntwo,,\n")
    first = library.import_set(store, str(file))
    again = library.import_set(store, str(file), title="Again")
    assert (first["name"], again["name"]) == ("a-table", "a-table-2")
    assert [each["title"] for each in library.saved(store)] == ["a table", "Again"]
    assert first["report"]["took"] == 2
    assert any("gone.png" in item["text"] for item in first["report"]["items"])
    with pytest.raises(TiledVizError, match="there is no such file or folder"):
        library.import_set(store, str(tmp_path / "nowhere.csv"))


def test_a_file_of_the_browsers_machine_is_imported_and_told_by_its_own_name(store: Store) -> None:
    made = library.import_text(store, "../../etc/x.csv", "title,F\na,1\n", name="x")
    assert (made["name"], titles(store, "x")) == ("x", ["a"])
    with pytest.raises(TiledVizError) as refused:
        library.import_text(store, "bad.json", "{", format="tileset")
    assert "bad.json" in str(refused.value)
    assert "tiledviz-import-" not in str(refused.value)
    assert list((Path(os.environ["TILEDVIZ_HOME"]) / "imports").iterdir()) == []


def test_who_is_killed_while_writing_leaves_a_whole_set(store: Store, tmp_path: Path) -> None:
    library.write_set(store, "brains", document("0"), None)
    code = (
        "import sys, json\nfrom tvcore.store import Store\nfrom tvcore.tilesets import library\n"
        "store, doc = Store.open(), json.load(sys.stdin)\nprint('on', flush=True)\n"
        "for n in range(1, 100000):\n"
        "    doc['tiles'] = [{**doc['tiles'][0], 'key': k, 'title': str(n)} for k in range(1, 400)]\n"
        "    library.write_set(store, 'brains', doc, n)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert writer.stdin is not None
    assert writer.stdout is not None
    writer.stdin.write(json.dumps(document("0")).encode())
    writer.stdin.close()
    assert writer.stdout.readline() == b"on\n"
    time.sleep(1.5)
    writer.send_signal(signal.SIGKILL)
    writer.wait(20)
    writer.stdout.close()
    found = library.read_set(store, "brains")
    assert {tile["title"] for tile in found["document"]["tiles"]} == {str(found["revision"] - 1)}
    assert library.write_set(store, "brains", document("after"), found["revision"])["revision"] == found["revision"] + 1


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"F": 10**400}, "too large"),
        ({"w": "a\0b"}, "zero byte"),
        ({"w": "\ud800"}, "UTF-8"),
        ({"w": "x" * 100_001}, "letters"),
    ],
)
def test_a_value_that_nothing_could_show_is_told_at_its_cell(store: Store, values: dict[str, Any], text: str) -> None:
    made = document("a", columns=[{"name": "F", "kind": "number"}, {"name": "w", "kind": "text"}])
    made["tiles"][0]["values"] = values
    with pytest.raises(library.ProblemsError) as refused:
        library.write_set(store, "brains", made, None)
    ((row, field, said),) = [(each.row, each.field, each.text) for each in refused.value.problems]
    assert (row, field) == (0, f"values/{next(iter(values))}")
    assert text in said


def test_columns_that_the_wall_could_not_tell_apart_are_refused(store: Store) -> None:
    made = document(columns=[{"name": "a/b", "kind": "text"}, {"name": "a\N{DIVISION SLASH}b", "kind": "text"}])
    with pytest.raises(library.ProblemsError, match="it looks like a/b"):
        library.write_set(store, "brains", made, None)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # it takes long, and passes on PostgreSQL too
def test_notes_of_more_letters_than_an_act_may_have_are_all_written(store: Store) -> None:
    made = document(*(f"t{n}" for n in range(30)))
    for tile in made["tiles"]:
        tile["note"] = "n" * 100_000
    library.write_set(store, "brains", made, None)
    job = library.show_set(store, "brains")
    try:
        said = store.rooms.document("main")
        assert [len(said.text(f"note/{tile['id']}")) for tile in store.tiles()] == [100_000] * 30
    finally:
        api.stop(store, job["id"])


def test_a_file_that_is_no_text_is_one_line(store: Store) -> None:
    with pytest.raises(UsageError, match=r"x\.csv: it is not text that UTF-8 can hold"):
        library.import_text(store, "x.csv", "\ud800")
