from __future__ import annotations

import datetime
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.parquet
import pytest

from tvcore.errors import TiledVizError, UsageError
from tvcore.importing import parquet
from tvcore.importing.parquet import Options
from tvcore.importing.report import Report
from tvcore.tilesets.document import TileSet


def _read(path: Path, **options: Any) -> tuple[TileSet, str]:
    report = Report()
    found = parquet.read(path, Options(**options), report)
    return found, "\n".join(report.lines())


def _write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pyarrow.parquet.write_table(arrow.table(columns), path, **options)
    return path


def test_columns_keep_their_types_and_missing_values_are_missing(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "runs.parquet",
        {
            "F": [0.5, float("nan"), None],
            "n": arrow.array([1, None, 3], arrow.int16()),
            "ok": [True, False, None],
            "class": arrow.array(["spots", None, "wäves"]).dictionary_encode(),
            "f32": arrow.array([0.03, None, 2.0], arrow.float32()),
        },
    )
    found, report = _read(path)
    assert found.title == "runs"
    kinds = [(column.name, column.kind) for column in found.columns]
    assert kinds == [("F", "number"), ("n", "integer"), ("ok", "flag"), ("class", "text"), ("f32", "number")]
    assert [tile.values for tile in found.tiles] == [
        {"F": 0.5, "n": 1, "ok": True, "class": "spots", "f32": 0.03},
        {"ok": False},
        {"n": 3, "class": "wäves", "f32": 2.0},
    ]
    assert [tile.kind for tile in found.tiles] == ["card"] * 3
    assert "column" not in report.replace("columns", "")


def test_title_tags_note_and_file_are_the_tile_s_own(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    path = _write(
        tmp_path / "runs.parquet",
        {
            "Title": ["one", "two\nlines", None],
            "tags": [["x", "y"], [], None],
            "note": ["a\nb", None, ""],
            "file": ["a.png", "missing.png", "https://h/p"],
            "mark": ["p,{age,0,3,20}", None, ""],
        },
    )
    found, report = _read(path)
    assert [tile.title for tile in found.tiles] == ["one", "two lines", ""]
    assert [tile.tags for tile in found.tiles] == [("x", "y"), (), ()]
    assert found.tiles[0].note == "a\nb"
    assert [tile.kind for tile in found.tiles] == ["picture", "card", "page"]
    assert found.tiles[0].source == str(tmp_path / "a.png")
    assert found.tiles[2].source == "https://h/p"
    assert "missing.png" in report
    assert [column.name for column in found.columns] == ["mark"]
    found, _ = _read(path, tags="mark", title="-", source="-")
    assert found.tiles[0].tags == ("p", "{age,0,3,20}")
    assert found.tiles[0].title == ""
    assert {tile.kind for tile in found.tiles} == {"card"}
    with pytest.raises(UsageError, match="there is no column speed for title; there are Title, tags"):
        _read(path, title="speed")


def test_nested_columns_have_dotted_names_and_rare_types_are_kept_as_well_as_can_be(tmp_path: Path) -> None:
    instant = datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)
    path = _write(
        tmp_path / "a.parquet",
        {
            "run": [{"seed": 1, "at": {"x": 2.5}}, None],
            "list": [[1, 2], None],
            "when": arrow.array([instant, None], arrow.timestamp("ns", "UTC")),
            "odd": arrow.array([1, None], arrow.timestamp("ns")),
            "day": [datetime.date(2024, 5, 6), None],
            "took": [datetime.timedelta(seconds=1.5), None],
            "price": [Decimal("1.25"), None],
            "raw": [b"abc", b"\xff"],
            "big": [1 << 60, 1],
        },
    )
    found, report = _read(path)
    assert found.tiles[0].values == {
        "run.seed": 1, "run.at.x": 2.5, "list": "[1, 2]", "when": "2024-05-06T07:08:09+00:00",
        "odd": "1970-01-01T00:00:00", "day": "2024-05-06", "took": 1.5, "price": 1.25, "raw": "abc",
        "big": "1152921504606846976",
    }  # fmt: skip
    assert "column big: integers of more than 53 bits" in report
    assert "column list: a nested value" in report
    assert "column odd: times are kept to the microsecond" in report
    assert "column when: times" not in report
    assert "column raw: bytes that are no text" in report


def test_units_and_descriptions_of_the_file_are_the_columns(tmp_path: Path) -> None:
    field = arrow.field("F", arrow.float64(), metadata={b"unit": b"1/s", b"description": b"feed"})
    pyarrow.parquet.write_table(arrow.table([[0.5]], arrow.schema([field])), tmp_path / "a.parquet")
    found, _ = _read(tmp_path / "a.parquet")
    assert (found.columns[0].unit, found.columns[0].description) == ("1/s", "feed")


def test_text_that_is_not_utf_8_is_kept_as_digits_and_told(tmp_path: Path) -> None:
    buffers = [None, arrow.py_buffer(np.array([0, 1, 3], "i4").tobytes()), arrow.py_buffer(b"a\xff\xfe")]
    path = _write(tmp_path / "a.parquet", {"t": arrow.Array.from_buffers(arrow.string(), 2, buffers)})
    found, report = _read(path)
    assert [tile.values["t"] for tile in found.tiles] == ["a", "fffe"]
    assert "bytes that are no text" in report


def test_too_many_rows_or_columns_are_refused_before_they_are_read(tmp_path: Path) -> None:
    long = _write(tmp_path / "long.parquet", {"n": arrow.nulls(70_000)})
    with pytest.raises(UsageError, match="it has 70000 rows, and a tile set has at most 65535 tiles"):
        _read(long)
    wide = _write(tmp_path / "wide.parquet", {f"c{i}": [1] for i in range(1001)})
    with pytest.raises(UsageError, match="it has 1001 columns, and a tile set has at most 1000"):
        _read(wide)


@pytest.mark.parametrize("end", [4, 100, -1, -8])
def test_a_file_cut_short_is_one_line(tmp_path: Path, end: int) -> None:
    path = _write(tmp_path / "a.parquet", {"n": list(range(1000))})
    path.write_bytes(path.read_bytes()[:end])
    assert parquet.reads(path)
    with pytest.raises(TiledVizError, match="cannot be read as Parquet: it is cut short or damaged") as caught:
        _read(path)
    assert str(caught.value).isprintable()


def test_without_pyarrow_one_line_says_what_to_install(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.parquet", {"n": [1]})
    code = (
        "import sys, importlib.abc\n"
        "class Without(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.split('.')[0] == 'pyarrow': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "from pathlib import Path\n"
        "from tvcore.importing import parquet\n"
        "from tvcore.importing.report import Report\n"
        "try: parquet.read(Path(sys.argv[1]), parquet.Options(), Report())\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"TiledVizError {path}: reading Parquet needs pyarrow: pip install 'tiledviz[parquet]'\n"
