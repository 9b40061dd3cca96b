"""Whatever the texts, numbers, files and places are, an export that is imported again says the same.

What a format cannot hold is left out of what is compared, and only that: it is what ``docs/exporting.md`` says of it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cinema_rules
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from soak import examples
from tvcore.exporting import cinema
from tvcore.exporting.exports import text_of
from tvcore.importing.importers import import_source
from tvcore.importing.report import Report
from tvcore.tilesets.document import Column, Place, Stream, Tile, TileSet, read

LETTERS = "aé☃,;\"{}[]0:|'\\#=-"
LINE = st.text(LETTERS, max_size=8)
NOTE = st.text(LETTERS + "\r\n\t ", max_size=12)
TAG = st.one_of(st.text(LETTERS, min_size=1, max_size=6), st.just("{age,0,3,20}"))
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-(2**53), 2**53)
TEXT = st.text(LETTERS + "\n ", min_size=1, max_size=8)
COLUMNS = (
    Column(name="F", kind="number"), Column(name="n", kind="integer"), Column(name="on", kind="flag"),
    Column(name="a, \"b\"", kind="text"), Column(name="title", kind="text"), Column(name="FILE", kind="text"),
)  # fmt: skip
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "F": NUMBER, "n": WHOLE, "on": st.booleans(), 'a, "b"': TEXT, "title": TEXT, "FILE": TEXT,
    },
)  # fmt: skip
SHOWN = st.sampled_from(["picture", "card", "page", "missing"])
PLACE = st.builds(Place, x=st.floats(0, 9_000), y=st.floats(0, 9_000), index=st.just(-1))
STREAM = st.builds(
    Stream, host=st.sampled_from(["", "node1.example.org"]), port=st.one_of(st.none(), st.integers(1, 65_535))
)
ROW = st.tuples(LINE, NOTE, st.lists(TAG, max_size=3, unique=True), VALUES, SHOWN)
FIRST: dict[str, Any] = {"F": 0.5, "n": 1, "on": True, 'a, "b"': "b", "title": "t", "FILE": "f"}


def made(rows: list[Any], folder: Path) -> TileSet:
    """Return the tile set of *rows*, whose pictures are in *folder*; no column is without any value."""
    picture = folder / "picture.png"
    Image.new("RGB", (4, 3), (9, 8, 7)).save(picture)
    shows: dict[str, dict[str, Any]] = {
        "picture": {"kind": "picture", "source": str(picture)},
        "page": {"kind": "page", "source": "https://example.org/a,b?c=%22d%22"},
        "missing": {"kind": "movie", "source": str(folder / "gone.mp4")},
        "card": {},
    }
    tiles = [Tile(key=1, title="first", values=FIRST)]
    tiles += [
        Tile(key=key, title=title, note=note, tags=tuple(tags), values=values, **shows[shown])
        for key, (title, note, tags, values, shown) in enumerate(rows, 2)
    ]
    return TileSet(title="wall", columns=COLUMNS, tiles=tuple(tiles))


def again(path: Path, how: str) -> TileSet:
    """Return what is imported from *path*."""
    return read(import_source(str(path), how, {}, None)["document"])


def same(found: TileSet, names: dict[str, str], *, missing: bool) -> TileSet:
    """Return *found* as an importer reads it: columns by their *names* there; what is *missing* is a card."""
    tiles = []
    for tile in found.tiles:
        gone = missing and tile.kind == "movie"
        values = {names.get(name, name): value for name, value in tile.values.items()}
        tiles.append(tile.model_copy(update={"values": values} | ({"kind": "card", "source": ""} if gone else {})))
    columns = tuple(each.model_copy(update={"name": names.get(each.name, each.name)}) for each in found.columns)
    return found.model_copy(update={"columns": columns, "tiles": tuple(tiles)})


@pytest.mark.parametrize("how", ["tiledviz", "csv", "tileset"])
@settings(max_examples=examples(40, 1_000), deadline=None, derandomize=True)
@given(rows=st.lists(ROW, min_size=1, max_size=4))
def test_import_of_an_export_is_the_same_tile_set(how: str, rows: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        found, report = made(rows, Path(name)), Report()
        path = Path(name) / ("wall.csv" if how == "csv" else "wall.json")
        path.write_text(text_of(found, how, report), newline="")
        renamed = {} if how == "tileset" else {"title": "title 2"}
        assert again(path, how) == same(found, renamed, missing=how != "tileset")
        assert len(report.lines()) == 1 + len(renamed)


@settings(max_examples=examples(60, 1_000), deadline=None, derandomize=True)
@given(rows=st.lists(ROW, min_size=1, max_size=4))
def test_a_cinema_database_is_by_the_rules_and_is_the_same_tile_set_again(rows: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        found, folder, report = made(rows, Path(name)), Path(name) / "wall.cdb", Report()
        cinema.write(found, folder, report)
        assert cinema_rules.problems(folder) == []
        came = again(folder, "cinema")
        for tile, of in zip(came.tiles, found.tiles, strict=True):
            if of.kind == "picture":
                assert Path(tile.source).read_bytes() == Path(of.source).read_bytes()
        moved = [
            tile.model_copy(update={"source": of.source}) if of.kind == "picture" else tile
            for tile, of in zip(came.tiles, found.tiles, strict=True)
        ]
        wanted = same(found, {"title": "title 2", "FILE": "file"}, missing=True)
        assert came.model_copy(update={"tiles": tuple(moved)}) == wanted
        assert "cards have no file: their rows are without FILE" in report.lines()
        left = [line for line in report.lines() if ", left:" in line]
        assert len(left) == sum(tile.kind == "movie" for tile in found.tiles)


@settings(max_examples=examples(40, 1_000), deadline=None, derandomize=True)
@given(
    tiles=st.lists(
        st.tuples(st.one_of(st.none(), PLACE), st.one_of(st.none(), STREAM), st.sampled_from(["", "ID-007", "a b"])),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_places_streams_and_numbers_are_those_of_tiledviz(tiles: list[Any]) -> None:
    found = TileSet(
        title="wall",
        tiles=tuple(
            Tile(key=key, title="t", place=place, stream=stream, variable=variable)
            for key, (place, stream, variable) in enumerate(tiles, 1)
        ),
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "wall.json"
        path.write_text(text_of(found, "tiledviz", Report()))
        assert again(path, "tiledviz") == found


def test_tiles_that_have_places_of_their_own_come_back_in_that_order_and_it_is_told(tmp_path: Path) -> None:
    tiles = tuple(Tile(key=key, title=f"t{key}", place=Place(index=3 - key)) for key in (1, 2, 3))
    report, path = Report(), tmp_path / "wall.json"
    path.write_text(text_of(TileSet(title="wall", tiles=tiles), "tiledviz", report))
    assert [tile.title for tile in again(path, "tiledviz").tiles] == ["t3", "t2", "t1"]
    assert "read again, the tiles stand in the order of their places (IdLocation)" in report.lines()
