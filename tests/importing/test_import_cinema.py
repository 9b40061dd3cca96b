from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cinema_rules import problems

from tvcore.errors import UsageError
from tvcore.importing.importers import detect, import_source
from tvcore.importing.report import report_lines

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    folder = tmp_path / "sweep.cdb"
    (folder / "image").mkdir(parents=True)
    for name in ("a.png", "image/b 1.png"):
        (folder / name).write_bytes(PNG)
    (folder / "data.vti").write_text("<VTKFile/>")
    return folder


def taken(folder: Path, rows: str, **options: Any) -> tuple[dict[str, Any], list[str]]:
    (folder / "data.csv").write_text(rows)
    assert detect(folder) == detect(folder / "data.csv") == "cinema"
    found = import_source(str(folder), None, options, None)
    return found["document"], report_lines(found["report"])


ROWS = '''time,phi,name,FILE_data,FILE
0.5,NaN,"a, b",data.vti,a.png
1.5,,"say ""hi""",data.vti,image/b 1.png
,2.0,,,gone.png
'''


def test_the_first_column_of_files_that_has_pictures_is_shown(database: Path) -> None:
    found, said = taken(database, ROWS)
    assert found["title"] == "sweep"
    tiles = found["tiles"]
    assert [tile.get("source") for tile in tiles] == [str(database / "a.png"), str(database / "image/b 1.png"), None]
    assert tiles[0]["values"] == {"time": 0.5, "name": "a, b", "FILE_data": "data.vti"}
    assert tiles[1]["values"]["name"] == 'say "hi"'
    assert tiles[2]["values"] == {"phi": 2.0}
    assert tiles[1]["title"] == "b 1.png"
    assert "row 4, changed: gone.png: there is no such file: the tile is a card" in said
    assert any("the tiles show column FILE; FILE_data stay columns" in line for line in said)


def test_another_column_none_or_each_of_them_can_be_shown(database: Path) -> None:
    found, said = taken(database, ROWS, show="FILE_data")
    assert all("source" not in tile for tile in found["tiles"])
    assert "row 2, changed: data.vti is no picture, movie or PDF: the tile is a card" in said
    found, _ = taken(database, ROWS, show="-")
    assert [tile["values"].get("FILE") for tile in found["tiles"]] == ["a.png", "image/b 1.png", "gone.png"]
    found, _ = taken(database, ROWS, show="all")
    assert [tile["values"]["file_column"] for tile in found["tiles"]] == ["FILE_data", "FILE"] * 2 + ["FILE"]
    with pytest.raises(UsageError, match="there is no column nothing to show; there are FILE_data, FILE"):
        taken(database, ROWS, show="nothing")


def test_a_database_without_files_is_of_cards_and_any_column_may_name_them(database: Path) -> None:
    rows = "step,results\n1,a.png\n2,image/b 1.png\n"
    found, said = taken(database, rows)
    assert all(tile.get("kind", "card") == "card" for tile in found["tiles"])
    assert any("no column begins with FILE" in line for line in said)
    found, _ = taken(database, rows, show="results")
    assert [tile["kind"] for tile in found["tiles"]] == ["picture", "picture"]


def test_a_column_behind_the_files_is_told_and_taken(database: Path) -> None:
    found, said = taken(database, "FILE,x\na.png,1\n")
    assert found["tiles"][0]["values"] == {"x": 1}
    assert any("column x stands behind FILE" in line for line in said)
    assert problems(database) == ["a column that is none of files stands behind the first FILE column"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("a,FILE\n1,a.png\n,a.png\n2,\n", None),
        ('a,FILE\nNaN,a.png\n1.0,"a.png"\n', None),
        ("a,FILE\n1,https://h/x.vti\n", None),
        ('a\n""\n', None),
        ("a\n1\n2.0\n", "column 'a', data row 2: '2.0' is no integer"),
        ("a\n1.0\n2\n", "column 'a', data row 2: '2' is no float"),
        ("a\n1\nNaN\n", "column 'a', data row 2: 'NaN' is no integer"),
        ("a,a\n1,2\n", "header value 'a' is there twice"),
        ("a,\n1,2\n", "header value 2 is empty"),
        ("a\n", "there is no data row"),
        ("a,b\n1\n", "data row 1 has 1 values for 2 columns"),
        ("a,FILE\n1,gone.png\n", "column 'FILE', data row 1: there is no file 'gone.png'"),
        ('a,b\n1, "x"\n', "data.csv is not by RFC 4180: a quote within a value without quotes, in row 2"),
        ('a\n"x', "data.csv is not by RFC 4180: a quote in row 2 never closes"),
    ],
)
def test_the_rules_of_spec_d_are_told_from_each_other(database: Path, rows: str, problem: str | None) -> None:
    (database / "data.csv").write_text(rows)
    assert problems(database) == ([problem] if problem else [])
