from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tvcore.errors import UsageError
from tvcore.importing.importers import import_source
from tvcore.importing.report import report_lines

PNG = b"\x89PNG\r\n\x1a\n"


def taken(path: Path, data: str | bytes, **options: Any) -> tuple[dict[str, Any], list[str]]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    found = import_source(str(path), None, options, None)
    return found["document"], report_lines(found["report"])


def values(document: dict[str, Any], name: str) -> list[Any]:
    return [tile.get("values", {}).get(name) for tile in document["tiles"]]


def kinds(document: dict[str, Any]) -> dict[str, str]:
    return {column["name"]: column["kind"] for column in document["columns"]}


def test_values_are_what_they_look_like_and_empty_ones_are_missing(tmp_path: Path) -> None:
    rows = "F,n,ok,id,word,none\n0.5,1,TRUE,007,x,\n1e3,-2,false,008,,\nNaN,,,,NaN,nan\n-.5,3,true,1,y,\n"
    found, said = taken(tmp_path / "a.csv", rows)
    expected = {"F": "number", "n": "integer", "ok": "flag", "id": "text", "word": "text", "none": "number"}
    assert kinds(found) == expected
    assert values(found, "F") == [0.5, 1000.0, None, -0.5]
    assert values(found, "n") == [1, -2, None, 3]
    assert values(found, "ok") == [True, False, None, True]
    assert values(found, "id") == ["007", "008", None, "1"]
    assert values(found, "word") == ["x", None, "NaN", "y"]
    assert any(line.startswith("column id: its numbers begin with 0") for line in said)
    assert [tile["title"] for tile in found["tiles"]] == ["row 1", "row 2", "row 3", "row 4"]


def test_quotes_hold_commas_quotes_and_lines_and_tell_text_from_numbers(tmp_path: Path) -> None:
    rows = 'title,note,code,n\r\n"a, b","say ""hi""\r\nthere","1",1\r\n,,"",2\r\n'
    found, said = taken(tmp_path / "a.csv", rows)
    assert found["tiles"][0]["title"] == "a, b"
    assert found["tiles"][0]["note"] == 'say "hi"\r\nthere'
    assert kinds(found) == {"code": "text", "n": "integer"}
    assert values(found, "code") == ["1", ""]
    assert said == ["took 2 tiles with 2 columns"]


def test_a_file_that_quotes_everything_has_numbers_nevertheless(tmp_path: Path) -> None:
    found, _ = taken(tmp_path / "a.csv", '"n","w"\n"1","x"\n"","y"\n')
    assert kinds(found) == {"n": "integer", "w": "text"}
    assert values(found, "n") == [1, None]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings_and_separators_are_found_out(tmp_path: Path, encoding: str) -> None:
    found, said = taken(tmp_path / "a.csv", "Name;Wert\r\nä;1,5\r\nö;2\r\n".encode(encoding))
    assert values(found, "Name") == ["ä", "ö"]
    assert values(found, "Wert") == [1.5, 2.0]
    assert any("decimal commas" in line for line in said)
    assert any("Latin-1" in line for line in said) == (encoding == "cp1252")
    found, _ = taken(tmp_path / "a.tsv", "a\tb\n1\t2\n")
    assert kinds(found) == {"a": "integer", "b": "integer"}
    found, _ = taken(tmp_path / "a.csv", "sep=|\na|b\n1|2\n")
    assert kinds(found) == {"a": "integer", "b": "integer"}


def test_rows_that_are_too_long_or_short_are_told_by_their_line(tmp_path: Path) -> None:
    found, said = taken(tmp_path / "a.csv", 'a,a,\n"x\ny",1,2\nz\n\nw,2,3,4,\n')
    assert [column["name"] for column in found["columns"]] == ["a", "a 2", "column"]
    assert "row 4, changed: it has 1 of 3 values: the last are missing" in said
    assert "row 5, left: an empty line" in said
    assert "row 6, left: a value beyond the 3 columns: 4" in said
    assert len(found["tiles"]) == 3


def test_titles_tags_and_files_are_known_by_name_or_chosen(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    rows = 'Title,tags,File,label\n7,"x,{age,0,3,20}",a.png,l1\n8,"[""p, q""]",gone.png,l2\n9,,https://h/p,l3\n'
    found, said = taken(tmp_path / "a.csv", rows)
    assert [tile["title"] for tile in found["tiles"]] == ["7", "8", "9"]
    assert found["tiles"][0]["tags"] == ["x", "{age,0,3,20}"]
    assert found["tiles"][1]["tags"] == ["p, q"]
    assert [tile.get("kind", "card") for tile in found["tiles"]] == ["picture", "card", "page"]
    assert "row 3, changed: gone.png: there is no such file: the tile is a card" in said
    found, _ = taken(tmp_path / "a.csv", rows, title="label", source="-")
    assert [tile["title"] for tile in found["tiles"]] == ["l1", "l2", "l3"]
    assert values(found, "File") == ["a.png", "gone.png", "https://h/p"]


def test_integers_that_are_too_large_stay_texts_and_infinite_numbers_are_told(tmp_path: Path) -> None:
    found, said = taken(tmp_path / "a.csv", f"big,F\n{2**53 + 1},1e999\n{'9' * 600},0.5\n3,-inf\n")
    assert values(found, "big") == [str(2**53 + 1), "9" * 600, "3"]
    assert values(found, "F") == [None, 0.5, None]
    assert "row 4, changed: column F: an infinite number is left out" in said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b'a,b\n1,2\n3,"4\n', "line 3: a quote opens here and never closes"),
        (b"a\n\xff\0", "it is no UTF-8 text from byte 2 on"),
        (b"a\n" + b"," * 20_000, "line 2: it has more than 10000 values"),
        (b"a," * 2_000, "its first line has 2001 names"),
        (b"a\n" + b"1\n" * 65_536, "line 65537: it has more than 65535 rows"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line_that_says_where(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(UsageError, match=words) as caught:
        import_source(str(tmp_path / "a.csv"), None, {}, None)
    assert str(caught.value).startswith(str(tmp_path / "a.csv"))


def test_a_million_commas_in_tags_cost_no_time_to_speak_of(tmp_path: Path) -> None:
    found, _ = taken(tmp_path / "a.csv", 'tags\n"' + "{a,b" + "," * 1_000_000 + '"\n')
    assert found["tiles"][0]["tags"] == ["{a", "b"]
