"""What is exported and imported again is the same tile set, as far as the format holds it; the rest is told."""

from __future__ import annotations

from pathlib import Path

import cinema_rules
import pytest
from PIL import Image

from tvcore.errors import UsageError
from tvcore.exporting import cinema, csv_table, tiledviz_file
from tvcore.importing.importers import import_source
from tvcore.importing.report import Report
from tvcore.tilesets.document import Column, Tile, TileSet, read

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
    tile = Tile(key=1, values={"url": "x"})
    report = Report()
    tiledviz_file.write(TileSet(title="t", columns=(Column(name="url", kind="text"),), tiles=(tile,)), report)
    assert any(line.startswith("row 1, left: column url") for line in report.lines())
