"""The case ``pictures``: what its paths are taken for, what is known of each file, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from ready_kit import HOSTILE, Made, refusal
from tvcore.cases import catalog, manager


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three pictures, where we are."""
    (tmp_path / "pics").mkdir()
    for width, name in enumerate(("a.png", "b.png", "c,d.png"), 4):
        Image.new("RGB", (width, 3)).save(tmp_path / "pics" / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def paths_of(given: object) -> object:
    """Return the paths that a job remembers."""
    return manager.load(catalog.find("pictures")).parameters({"paths": given}).model_dump(mode="json")["paths"]


def test_paths_are_remembered_so_that_they_are_the_same_from_anywhere(folder: Path) -> None:
    remembered = f"{folder}/pics,{folder}/pics/*.png,{folder}/a"
    assert paths_of("pics, ~/pics/*.png,./a") == remembered
    assert paths_of(["pics", "~/pics/*.png", "a"]) == remembered
    os.chdir("/")
    assert paths_of(remembered) == remembered
    assert paths_of(["/a,b", "/c"]) == r"/a\,b,/c"
    assert paths_of(["/a\\", "/c"]) == ["/a\\", "/c"]  # which no one text can say


def test_a_comma_in_a_name_is_written_with_a_backslash(folder: Path) -> None:
    assert Made("pictures", {"paths": r"pics/c\,d.png,pics/a.png"}).titles == ["c,d.png", "a.png"]


def test_what_a_folder_or_pattern_names_is_told_by_its_content_in_the_order_of_people(folder: Path) -> None:
    (folder / "pics/b.png").rename(folder / "pics/b")  # by its content, not by its name
    (folder / "pics/shot 10.pdf").write_bytes(b"%PDF-1.4")
    (folder / "pics/shot 2.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    (folder / "pics/notes.txt").write_text("nothing to look at")
    made = Made("pictures", {"paths": "pics,pics/*.png"})
    assert [(kind, Path(source).name) for kind, source in made.sources] == [
        ("picture", "a.png"),
        ("picture", "b"),
        ("picture", "c,d.png"),
        ("movie", "shot 2.mp4"),
        ("pdf", "shot 10.pdf"),
    ]
    assert [member.tags for member in made.members] == [(kind,) for kind, _ in made.sources]
    assert len(Made("pictures", {"paths": "pics"}, 2).tiles) == 2


def test_a_folder_is_read_once_a_launch_whatever_becomes_of_it(folder: Path) -> None:
    case = manager.load(catalog.find("pictures"))
    parameters = case.parameters({"paths": "pics"})
    members = case.members(parameters, None)
    (folder / "pics/a.png").unlink()
    tiles = [case.tile(parameters, member) for member in members]
    assert [tile.source for tile in tiles] == [f"{folder}/pics/{name}" for name in ("a.png", "b.png", "c,d.png")]
    assert {tile.kind for tile in tiles} == {"picture"}
    assert [member.title for member in case.members(parameters, None)] == ["b.png", "c,d.png"]


def test_size_exif_and_what_sidecar_files_say_become_columns(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0110] = "Camera 5"
    Image.new("RGB", (8, 6)).save(folder / "pics/e.jpg", exif=exif)
    said = {"title": "The first", "note": "look here", "tags": ["wet"], "run": {"F": 0.5}}
    (folder / "pics/a.png.json").write_text(json.dumps(said))
    (folder / "pics/deep").mkdir()
    Image.new("RGB", (5, 5)).save(folder / "pics/deep/z.png")
    made = Made("pictures", {"paths": "pics", "subfolders": "true"})
    assert made.titles == ["The first", "b.png", "c,d.png", "z.png", "e.jpg"]
    by_title = {member.title: member for member in made.members}
    assert by_title["The first"].tags == ("picture", "wet")
    assert by_title["z.png"].tags == ("picture", "deep")
    assert {name: by_title["The first"].values[name] for name in ("width", "height", "run.F", "note")} == {
        "width": 4, "height": 3, "run.F": 0.5, "note": "look here"
    }  # fmt: skip
    assert by_title["e.jpg"].values["exif_model"] == "Camera 5"
    units = {column.name: column.unit for column in made.columns}
    assert units["width"] == "px"
    assert {"run.F", "note", "exif_model"} <= set(units)
    assert len(Made("pictures", {"paths": "pics"}).tiles) == 4  # without what is in folders


def test_a_damaged_picture_keeps_its_tile_which_says_so_itself(folder: Path) -> None:
    (folder / "pics/b.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    made = Made("pictures", {"paths": "pics"})
    assert made.sources[1] == ("picture", f"{folder}/pics/b.png")
    assert made.members[1].values["width"] is None


def test_what_is_not_there_or_is_nothing_to_look_at_is_named(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    (folder / "notes.txt").write_text("x")
    (folder / "empty").mkdir()
    for name in ("pipe.png", "notes.txt", "empty"):
        assert refusal("pictures", {"paths": name}) == f"paths: {folder}/{name} has no picture, movie or PDF"
    assert refusal("pictures", {"paths": "pics,nowhere.png"}) == f"paths: there is no {folder}/nowhere.png"
    assert "name files or folders" in refusal("pictures", {})
    said = refusal("pictures", {"paths": "https://user:secret@example.org/x"})
    assert "tiledviz launch pages" in said
    assert "secret" not in said


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_paths_and_names_are_refused_in_one_line_or_shown(folder: Path, value: str) -> None:
    assert refusal("pictures", {"paths": value})
    try:
        (folder / f"pics/{value[:50].replace('/', '')}.png").write_bytes(b"\x89PNG\r\n")
    except (ValueError, OSError):
        return
    said = refusal("pictures", {"paths": "pics"})
    assert said == "" or "give the file another name" in said
