"""What is on the wall becomes a tile set, and a file, with all that people wrote on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tvcore.batch.plan import Plan, TilePlan
from tvcore.cli_export import export as export_verb
from tvcore.errors import UsageError
from tvcore.exporting.exports import export
from tvcore.exporting.freeze import tileset_of_wall
from tvcore.importing.report import Report
from tvcore.store import Store
from tvcore.tilesets.document import TileSet


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
