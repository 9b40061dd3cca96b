"""What is exported and imported again is the same tile set, as far as the format holds it; the rest is told."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import cinema_rules
import pytest
from PIL import Image

from tvcore.errors import UsageError
from tvcore.exporting import cinema, csv_table, tiledviz_file
from tvcore.importing.importers import import_source
from tvcore.importing.report import Report
from tvcore.tilesets.document import Column, Stream, Tile, TileSet, read

TAGS = (("{age,0,3,20}", "8_300K"), ("animal", "with, comma"), ())
NOTES = ('two\nlines, "quoted"', "été ☃", "")


def _set(folder: Path) -> TileSet:
    tiles = []
    for at in range(3):
        path = folder / f"picture {at}.png"
        Image.new("RGB", (4, 3)).save(path)
        values: dict[str, bool | int | float | str | None] = {
            "F": 0.5 * at,
            "n": 2**53 - at,
            "on": at == 1,
            "class": str(at),
        }
        if at == 2:
            del values["F"]
        tiles.append(
            Tile(
                key=at + 1, title=f"a, {at}", kind="picture", source=str(path), tags=TAGS[at], note=NOTES[at],
                values=values,
            )
        )  # fmt: skip
    columns = (
        Column(name="F", kind="number"),
        Column(name="n", kind="integer"),
        Column(name="on", kind="flag"),
        Column(name="class", kind="text"),
    )
    return TileSet(title="wall", columns=columns, tiles=tuple(tiles))


@pytest.mark.parametrize(("name", "write"), [("wall.json", tiledviz_file.write), ("wall.csv", csv_table.write)])
def test_a_text_that_was_exported_comes_back_as_it_was(tmp_path: Path, name: str, write: object) -> None:
    found, report = _set(tmp_path), Report()
    (tmp_path / name).write_text(write(found, report), newline="")  # type: ignore[operator]
    assert read(import_source(str(tmp_path / name), None, {}, None)["document"]) == found
    assert report.lines()[1:] == []


def test_a_cinema_database_is_by_the_rules_and_comes_back_with_its_pictures(tmp_path: Path) -> None:
    found, folder = _set(tmp_path), tmp_path / "wall.cdb"
    cinema.write(found, folder, Report())
    assert cinema_rules.problems(folder) == []
    again = read(import_source(str(folder), None, {}, None)["document"])
    assert [tile.model_copy(update={"source": ""}) for tile in again.tiles if tile.kind == "picture"] == [
        tile.model_copy(update={"source": ""}) for tile in found.tiles
    ]
    pictures = [Path(tile.source).read_bytes() for tile in again.tiles]
    assert pictures == [Path(tile.source).read_bytes() for tile in found.tiles]


def test_a_database_is_never_written_over_another_and_a_missing_file_is_told(tmp_path: Path) -> None:
    found, report = _set(tmp_path), Report()
    Path(found.tiles[1].source).unlink()
    cinema.write(found, tmp_path / "wall.cdb", report)
    assert any(line.startswith("row 2, left: ") and "no such file" in line for line in report.lines())
    with pytest.raises(UsageError, match="there already"):
        cinema.write(found, tmp_path / "wall.cdb", Report())
    assert not list(tmp_path.glob(".wall*"))


def test_what_tiledviz_cannot_hold_is_told_row_by_row() -> None:
    tiles = (
        Tile(key=7, title="a  b", values={"url": "x", "connection": 0, "age": 3}),
        Tile(key=9, kind="page", source="https://example.org/", stream=Stream(host="h", port=1)),
    )
    columns = (
        Column(name="url", kind="text"), Column(name="connection", kind="integer"),
        Column(name="age", kind="number", unit="a"), Column(name="none", kind="text"),
    )  # fmt: skip
    report = Report()
    nodes = json.loads(tiledviz_file.write(TileSet(title="t", columns=columns, tiles=tiles), report))["nodes"]
    assert nodes[0]["url 2"] == "x"
    assert nodes[1]["url"] == "https://example.org/"
    assert report.lines()[1:] == [
        "left: the tiles' keys: read again, they are numbered from 1",
        "left: units, descriptions and roles of the columns age",
        "column none has no values: read again, it is one of numbers",
        "column url is called url 2: its own name means something else there",
        "row 1, changed: spaces in its title or tags: read again, there is one where there were several",
        "row 1, changed: column connection: 0 means there that there is none",
        "row 2, left: its stream: its url is that of what it shows",
    ]


def test_columns_whose_names_mean_something_in_cinema_are_called_otherwise(tmp_path: Path) -> None:
    names = ("FILE", "FILE_b", "file", "Title", "n")
    columns = tuple(Column(name=name, kind="text") for name in names)
    values: dict[str, bool | int | float | str | None] = {name: f"of {name}" for name in names}
    report = Report()
    tiles = (Tile(key=1, values=values),)
    cinema.write(TileSet(title="t", columns=columns, tiles=tiles), tmp_path / "t.cdb", report)
    assert cinema_rules.problems(tmp_path / "t.cdb") == []
    again = read(import_source(str(tmp_path / "t.cdb"), None, {}, None)["document"])
    assert again.tiles[0].values == {
        "file 2": "of FILE", "file_b": "of FILE_b", "file": "of file", "Title 2": "of Title", "n": "of n",
    }  # fmt: skip
    assert "column FILE is called file 2: its own name means something else there" in report.lines()


def test_a_database_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    found = _set(tmp_path)
    there = sorted(tmp_path.iterdir())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))  # as a full disk: writing fails in the middle
    try:
        with pytest.raises(UsageError, match=r"wall\.cdb: it cannot be written: File too large"):
            cinema.write(found, tmp_path / "wall.cdb", Report())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sorted(tmp_path.iterdir()) == there


def test_without_tiles_there_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one row"):
        cinema.write(TileSet(title="t"), tmp_path / "t.cdb", Report())
    assert not list(tmp_path.iterdir())
