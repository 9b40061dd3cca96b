from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from mutate import seeds

from tvcore import apart
from tvcore.errors import TiledVizError, UsageError
from tvcore.importing.importers import IMPORTERS, detect, import_source
from tvcore.importing.kit import kind_of, natural, resolved_source
from tvcore.importing.report import LISTED_MAX, Report, report_lines


@pytest.mark.parametrize("name", IMPORTERS)
def test_a_file_of_each_format_is_known_and_imported_apart(tmp_path: Path, name: str) -> None:
    for path in seeds(name, tmp_path):
        assert detect(path) == name
        arguments = {"path": str(path), "format": None, "options": {}, "title": "Mine"}
        found = apart.call("tvcore.importing.importers:import_source", arguments, what=str(path))
        assert found["document"]["title"] == "Mine"
        assert report_lines(found["report"])[0].startswith(f"took {len(found['document']['tiles'])} tile")


def test_what_is_no_file_or_folder_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path in ("pipe", "loop", "gone", "x" * 5000, "a\nb"):
        with pytest.raises(UsageError, match="there is no such file or folder") as caught:
            import_source(str(tmp_path / path), "tileset", {}, None)
        assert str(caught.value).isprintable()
    with pytest.raises(UsageError, match="there is no such file or folder"):
        import_source("/dev/zero", None, {}, None)


def test_an_unknown_file_format_or_option_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x01\x02\x03")
    with pytest.raises(UsageError, match=r"a\.bin: what it is cannot be told by how it begins: choose one of "):
        import_source(str(tmp_path / "a.bin"), None, {}, None)
    with pytest.raises(UsageError, match=r"there is no format exel: there are .*parquet"):
        import_source(str(tmp_path / "a.bin"), "exel", {}, None)
    with pytest.raises(UsageError, match="pictures has no option colour: it has subfolders"):
        import_source(str(tmp_path), "pictures", {"colour": 1}, None)
    with pytest.raises(UsageError, match="option subfolders of pictures: Input should be a valid boolean"):
        import_source(str(tmp_path), "pictures", {"subfolders": "perhaps"}, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"format": "tiledviz-tileset",\n "version": 1,,}', "line 2, column 15: this is no JSON"),
        ('{"format": "tiledviz-tileset", "version": 9}', "it is of version|is of version '9'"),
        ('{"format": "tiledviz-tileset", "version": 1, "title": "x", "tiles": [{"key": 0}]}', "tile 1, key: "),
        ('{"format": "tiledviz-tileset", "a": ' + "[" * 200_000, "it is nested too deeply"),
        ('{"format": "tiledviz-tileset", "a": ' + "9" * 5000 + "}", "a number in it has too many digits"),
        ('{"format": "tiledviz-tileset", "a": "\udcff"}', "it is not UTF-8 from byte 37 on"),
    ],
)
def test_a_tile_set_that_is_not_as_it_should_be_is_one_line_that_says_where(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(TiledVizError, match=words) as caught:
        import_source(str(path), None, {}, None)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).isprintable()


def test_a_tile_set_is_imported_as_it_is(tmp_path: Path) -> None:
    (path,) = seeds("tileset", tmp_path)
    assert import_source(str(path), None, {}, None)["document"] == json.loads(path.read_text())


def test_a_report_lists_each_row_and_counts_those_beyond() -> None:
    report = Report()
    report.took, report.columns = 1200, 1
    for row in range(1, LISTED_MAX + 101):
        report.changed(row, "cut")
    report.left(7, "a tag")
    report.about("all is well")
    report.about("all is well")
    lines = report.lines()
    assert lines[:3] == ["took 1200 tiles with 1 column", "all is well", "row 1, changed: cut"]
    assert "row 7, left: a tag" in lines
    assert lines[-1] == "100 more rows, changed: cut"
    assert report_lines(json.loads(json.dumps(report.plain()))) == lines


def test_a_report_of_a_hundred_thousand_different_complaints_stays_small() -> None:
    report = Report()
    for row in range(100_000):
        report.changed(row, f"complaint {row}")
        report.about(f"complaint {row}")
    lines = report.lines()
    assert len(lines) < 4 * LISTED_MAX
    assert "and 99000 more of this kind" in lines
    assert lines[-1].startswith("98000 more rows, changed: and something else")


def test_numbers_in_names_sort_as_numbers() -> None:
    names = ["b", "shot 10", "Shot 2", "shot 2b", "10", "9", "shot 010", "", "9" * 9000]
    assert sorted(names, key=natural) == ["", "9", "10", "9" * 9000, "b", "Shot 2", "shot 2b", "shot 010", "shot 10"]


@pytest.mark.parametrize(
    ("beginning", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "a.txt", "picture"),
        (b"\0\0\0\x18ftypisom", "a", "movie"),
        (b"RIFF\0\0\0\0AVI ", "a", "movie"),
        (b"RIFF\0\0\0\0WEBP", "a", "picture"),
        (b"%PDF-1.7", "a", "pdf"),
        (b"unknown", "a.BMP", "picture"),
        (b"unknown", "a.txt", None),
    ],
)
def test_what_a_file_is_shows_by_how_it_begins(tmp_path: Path, beginning: bytes, name: str, kind: str | None) -> None:
    (tmp_path / name).write_bytes(beginning)
    assert kind_of(tmp_path / name) == kind


def test_what_a_row_names_is_a_file_beside_its_table_a_page_or_told(tmp_path: Path) -> None:
    (tmp_path / "a b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "a.txt").write_bytes(b"text")
    inner = tmp_path / "inner"
    inner.mkdir()
    report = Report()

    def resolved(text: str) -> Any:
        return resolved_source(text, inner, 3, report)

    assert resolved("../a b.png") == ("picture", str(tmp_path / "a b.png"))
    assert resolved(str(tmp_path / "a b.png")) == ("picture", str(tmp_path / "a b.png"))
    assert resolved("https://host/p") == ("page", "https://host/p")
    for text in ("gone.png", "../a.txt", "https://me:secret@host/", "a\0b", "x" * 9000, "http://h/\n"):
        assert resolved(text) == ("card", "")
    said = "\n".join(report.lines())
    for words in ("gone.png: there is no such file", "a.txt is no picture", "//…@host/: an address has no name"):
        assert f"row 3, changed: {words}" in said.replace("../", "").replace("https:", "")
    assert "secret" not in said
