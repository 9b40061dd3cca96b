"""The case ``cinema``: the rows of a Cinema database, with all their columns, and files that are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ready_kit import HOSTILE, Made, refusal


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database of three rows, the last without its pictures."""
    folder = tmp_path / "run.cdb"
    folder.mkdir()
    for name in ("a.png", "b.png", "a-slice.png"):
        Image.new("RGB", (4, 4)).save(folder / name)
    rows = ["F,class,FILE,FILE_slice", "0.5,spots,a.png,a-slice.png", "1,rolls,b.png,", "1.5,,gone.png,no/where.png"]
    (folder / "data.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_each_row_has_its_tile_with_all_its_values(database: Path) -> None:
    for path in (database, database / "data.csv"):
        made = Made("cinema", {"path": str(path)})
        assert made.sources == [("picture", f"{database}/{name}") for name in ("a.png", "b.png", "gone.png")]
        assert [member.values["F"] for member in made.members] == [0.5, 1, 1.5]
        assert [member.values["class"] for member in made.members] == ["spots", "rolls", None]
    roles = {column.name: column.role for column in made.columns}
    assert roles["F"] == "result"
    assert roles["FILE_slice"] == "path"
    assert made.titles[:2] == ["a.png", "b.png"]
    assert len(Made("cinema", {"path": str(database)}, 2).tiles) == 2


def test_the_column_that_is_shown_is_chosen_or_each_file_has_a_tile(database: Path) -> None:
    made = Made("cinema", {"path": str(database), "show": "FILE_slice", "title": "class"})
    assert [source for _, source in made.sources] == [
        f"{database}/a-slice.png",
        f"{database}/the row names no file",
        f"{database}/no/where.png",
    ]
    assert made.titles == ["spots", "rolls", ""]
    made = Made("cinema", {"path": str(database), "show": "all"})
    assert [Path(source).name for _, source in made.sources] == [
        "a.png", "a-slice.png", "b.png", "gone.png", "where.png"
    ]  # fmt: skip
    assert [member.values["file_column"] for member in made.members][:2] == ["FILE", "FILE_slice"]


def test_what_is_wrong_is_said_in_one_line(database: Path, tmp_path: Path) -> None:
    assert "path: name a Cinema database" in refusal("cinema", {})
    assert f"{tmp_path}: a Cinema database is a folder with a file data.csv in it" in refusal(
        "cinema", {"path": str(tmp_path)}
    )
    assert "there is no such file or folder" in refusal("cinema", {"path": str(tmp_path / "no.cdb")})
    assert "there is no column nope to show" in refusal("cinema", {"path": str(database), "show": "nope"})
    assert "show: tiles show files" in refusal("cinema", {"path": str(database), "show": "-"})
    (database / "data.csv").write_text("F\n1\n")
    assert "names no files to show" in refusal("cinema", {"path": str(database)})
    (database / "data.csv").write_text("F,FILE\n")
    assert "has no rows" in refusal("cinema", {"path": str(database)})
    (database / "data.csv").write_text("FILE\nhttp://user:secret@example.org/x.png\n")
    assert "secret" not in str(Made("cinema", {"path": str(database)}).sources)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_refused_in_one_line_or_name_what_is_not_there(database: Path, value: str) -> None:
    assert refusal("cinema", {"path": value})
    assert refusal("cinema", {"path": str(database), "show": value})
    (database / "data.csv").write_bytes(f'F,FILE\n1,"{value}"\n'.encode(errors="replace"))
    refusal("cinema", {"path": str(database)})
