"""What is on the wall becomes a tile set, and a file, with all that people wrote on it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tvcore.batch.plan import Plan, TilePlan
from tvcore.cli_export import export as export_verb
from tvcore.errors import UsageError
from tvcore.exporting.exports import export
from tvcore.exporting.freeze import tileset_of_wall
from tvcore.importing.report import Report
from tvcore.session.order import key_of
from tvcore.store import Store
from tvcore.tilesets.document import TileSet
from tvcore.tilesets.library import write_set


def test_an_export_never_writes_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "there.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        export(TileSet(title="t"), "csv", path, Report())
    assert path.read_text() == "mine"


def test_the_verb_writes_the_empty_wall_and_says_so(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "wall.json"
    result = CliRunner().invoke(export_verb, ["tiledviz", str(path)])
    assert result.exit_code == 0, result.output
    assert "took 0 tiles" in result.output
    assert json.loads(path.read_text()) == {"nodes": []}


def test_the_verb_writes_a_tile_set_that_is_kept(home: Path, tmp_path: Path) -> None:
    document = {"format": "tiledviz-tileset", "version": 1, "title": "Kept", "tiles": [{"key": 1, "title": "a"}]}
    store = Store.open()
    write_set(store, "kept", document, None)
    store.close()
    path = tmp_path / "kept.json"
    result = CliRunner().invoke(export_verb, ["tileset", str(path), "--set", "kept"])
    assert result.exit_code == 0, result.output
    assert json.loads(path.read_text()) == document
    refused = CliRunner().invoke(export_verb, ["tileset", str(path), "F>1", "--set", "kept"])
    assert "leave QUERY and --pictures out" in str(refused.exception)


def test_tiles_stand_as_people_put_them_by_hand(home: Path) -> None:
    store = Store.open()
    tiles = tuple(TilePlan(index=at, title=f"t{at}", command=("x",)) for at in range(3))
    store.add_run(Plan(case="gears", title="Gears", session="main", state="/s", tiles=tiles), "local", "local-0a1b2c3d")
    ids = [tile["id"] for tile in store.tiles()]
    order = {f"order/{ids[2]}": "0", f"order/{ids[0]}": key_of(ids[1]) + "V"}
    store.rooms.make("main", "ada", "owner", {"registers": order, "texts": {}}, "put", "0123456789abcdef0123")
    for wanted in (None, ids):
        assert [tile.title for tile in tileset_of_wall(store, wanted, Report()).tiles] == ["t2", "t1", "t0"]
    store.close()


def test_a_tile_that_was_never_moved_has_the_key_that_the_page_gives_it() -> None:
    numbers = [0, 1, 61, 62, 3843, 3844, 123_456_789]
    keys = f"file://{Path(__file__).parents[2]}/web_static/keys.js"
    asked = f"import('{keys}').then(({{ keyOf }}) => console.log(JSON.stringify({numbers}.map(keyOf))))"
    done = subprocess.run(["node", "-e", asked], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [key_of(number) for number in numbers]


def test_tags_and_notes_that_people_wrote_are_the_tiles_of_the_set(home: Path) -> None:
    store, report = Store.open(), Report()
    tiles = tuple(TilePlan(index=at, title=f"t{at}", command=("x",), tags=("a",)) for at in range(2))
    store.add_run(Plan(case="gears", title="Gears", session="main", state="/s", tiles=tiles), "local", "local-0a1b2c3d")
    first, second = (tile["id"] for tile in store.tiles())
    plain = {
        "registers": {f"tags/{first}/keep": True, f"tags/{first}/a": False},
        "texts": {f"note/{first}": "two\nlines"},
    }
    store.rooms.make("main", "ada", "owner", plain, "written", "0123456789abcdef0123")
    found = tileset_of_wall(store, None, report)
    assert [(tile.title, tile.tags, tile.note) for tile in found.tiles] == [
        ("t0", ("keep",), "two\nlines"),
        ("t1", ("a",), ""),
    ]
    assert any("they are cards" in line for line in report.lines())
    assert [tile.title for tile in tileset_of_wall(store, [second], Report()).tiles] == ["t1"]
    store.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["csv", "w.csv", "--columns", "F"], "--columns is for a contact sheet"),
        (["csv", "w.csv", "--per-page", "4x6"], "--per-page is for a contact sheet"),
        (["cinema", "w.cdb", "--landscape"], "--landscape is for a contact sheet"),
        (["sheet", "w.pdf", "--set", "kept"], "leave --set and --pictures out"),
        (["sheet", "w.pdf", "--per-page", "13x1"], "--across: Input should be less than or equal to 12"),
        (["sheet", "w.pdf", "--per-page", "12x20", "--paper", "a5"], "do not fit on a page of a5"),
        (["sheet", "w.gif"], "is called NAME.pdf or NAME.png"),
        (["sheet", "w.pdf"], "there are no tiles"),
    ],
)
def test_a_contact_sheet_that_cannot_be_is_refused_by_the_verb(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(export_verb, arguments)
    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception)
    assert not list(tmp_path.glob("w.*"))


@pytest.mark.parametrize("size", ["4", "4x", "0x3", "4x-1", "x", "٤x٤", "100x1"])
def test_the_tiles_of_a_page_are_two_numbers(home: Path, size: str) -> None:
    result = CliRunner().invoke(export_verb, ["sheet", "w.pdf", "--per-page", size])
    assert result.exit_code == 2
    assert "write it as ACROSSxDOWN" in result.output
