"""Whatever the texts and numbers are, an export that is imported again says the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soak import examples
from tvcore.exporting.exports import text_of
from tvcore.importing.importers import import_source
from tvcore.importing.report import Report
from tvcore.tilesets.document import Column, Tile, TileSet, read

LETTERS = 'aé☃,"{}[]0;|'
LINE = st.text(LETTERS, max_size=8)
NOTE = st.text(LETTERS + "\n", max_size=12)
TAG = st.text(LETTERS, min_size=1, max_size=6)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-(2**53), 2**53)
COLUMNS = (
    Column(name="F", kind="number"), Column(name="n", kind="integer"), Column(name="a, b", kind="text"),
)  # fmt: skip
TEXT = st.text(LETTERS + "\n", min_size=1, max_size=8)
ROW = st.tuples(LINE, NOTE, st.lists(TAG, max_size=3, unique=True), NUMBER, WHOLE, TEXT)


@pytest.mark.parametrize("how", ["tiledviz", "csv", "tileset"])
@settings(max_examples=examples(40, 1_000), deadline=None, derandomize=True)
@given(rows=st.lists(ROW, min_size=1, max_size=4))
def test_import_of_an_export_is_the_same_tile_set(
    how: str, rows: list[tuple[str, str, list[str], float, int, str]]
) -> None:
    tiles = tuple(
        Tile(key=key, title=title, note=note, tags=tuple(tags), values={"F": number, "n": whole, "a, b": text})
        for key, (title, note, tags, number, whole, text) in enumerate(rows, 1)
    )
    found = TileSet(title="wall", columns=COLUMNS, tiles=tiles)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("wall.csv" if how == "csv" else "wall.json")
        path.write_text(text_of(found, how, Report()), newline="")
        assert read(import_source(str(path), how, {}, None)["document"]) == found
