from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tvcore.errors import TiledVizError
from tvcore.importing import pictures
from tvcore.importing.pictures import Options
from tvcore.importing.report import Report
from tvcore.tilesets.document import TileSet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder for pictures."""
    made = tmp_path / "shots"
    made.mkdir()
    return made


def _picture(path: Path, size: tuple[int, int] = (8, 6), **exif: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Image.Exif()
    for name, value in exif.get("top", {}).items():
        made[name] = value
    made.get_ifd(0x8769).update(exif.get("inner", {}))
    made.get_ifd(0x8825).update(exif.get("gps", {}))
    Image.new("RGB", size, (10, 90, 200)).save(path, exif=made)
    return path


def _read(folder: Path, **options: Any) -> tuple[TileSet, str]:
    report = Report()
    found = pictures.read(folder, Options(**options), report)
    return found, "\n".join(report.lines())


def test_a_folder_becomes_tiles_in_natural_order_with_their_sizes(folder: Path) -> None:
    for name in ("shot 10.png", "shot 2.png", "Shot 1.jpg"):
        _picture(folder / name)
    found, _ = _read(folder)
    assert found.title == "shots"
    assert [tile.title for tile in found.tiles] == ["Shot 1", "shot 2", "shot 10"]
    assert [tile.key for tile in found.tiles] == [1, 2, 3]
    assert {tile.kind for tile in found.tiles} == {"picture"}
    assert found.tiles[2].source == str(folder / "shot 10.png")
    assert [(column.name, column.kind, column.unit) for column in found.columns] == [
        ("width", "integer", "px"),
        ("height", "integer", "px"),
    ]
    assert found.tiles[0].values == {"width": 8, "height": 6}


def test_what_a_camera_wrote_becomes_columns(folder: Path) -> None:
    _picture(
        folder / "a.jpg",
        top={0x010F: "Maker", 0x0110: "Model X", 0x0132: "2024:05:06 07:08:09"},
        inner={0x829A: 0.008, 0x829D: 2.8, 0x8827: 400},
        gps={1: "S", 2: (48.0, 30.0, 36.0), 3: "W", 4: (2.0, 15.0, 0.0), 5: b"\x01", 6: 12.5},
    )
    _picture(folder / "b.jpg")
    found, _ = _read(folder)
    values = found.tiles[0].values
    assert values["exif_datetime"] == "2024-05-06T07:08:09"
    assert (values["exif_make"], values["exif_model"], values["exif_iso"]) == ("Maker", "Model X", 400)
    assert values["exif_exposure"] == pytest.approx(0.008)
    assert values["gps_latitude"] == pytest.approx(-48.51)
    assert (values["gps_longitude"], values["gps_altitude"]) == (-2.25, -12.5)
    assert found.tiles[1].values == {"width": 8, "height": 6}
    units = {column.name: column.unit for column in found.columns}
    assert (units["exif_exposure"], units["gps_latitude"], units["gps_altitude"]) == ("s", "°", "m")


def test_sidecar_files_become_columns_and_the_tile_s_title_tags_and_note(folder: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        _picture(folder / name)
    said = {
        "title": "Run one",
        "tags": ["keep"],
        "note": "two\nlines",
        "run": {"seed": 3, "at": {"x": 0.5}},
        "ok": True,
    }
    (folder / "a.json").write_text(json.dumps(said))
    (folder / "b.png.json").write_text('{"run": {"seed": 4}, "names": ["p", "q"], "width": 80}')
    found, report = _read(folder)
    first, second, third = found.tiles
    assert (first.title, first.tags, first.note) == ("Run one", ("keep",), "two\nlines")
    assert first.values == {"width": 8, "height": 6, "run.seed": 3, "run.at.x": 0.5, "ok": True}
    assert second.values == {"width": 80, "height": 6, "run.seed": 4, "names": "p, q"}
    assert third.values == {"width": 8, "height": 6}
    kinds = {column.name: column.kind for column in found.columns}
    assert (kinds["run.seed"], kinds["run.at.x"], kinds["ok"], kinds["names"]) == ("integer", "number", "flag", "text")
    assert "b.png.json: its width stands for the picture's own" in report


def test_a_folder_within_is_a_tag(folder: Path) -> None:
    _picture(folder / "a.png")
    _picture(folder / "control/left/b.png")
    found, _ = _read(folder)
    assert [(tile.title, tile.tags) for tile in found.tiles] == [("a", ()), ("b", ("control", "left"))]
    found, report = _read(folder, subfolders=False)
    assert [tile.title for tile in found.tiles] == ["a"]
    assert "left: the folder control" in report


def test_movies_and_pdfs_are_tiles_and_the_rest_is_told(folder: Path) -> None:
    (folder / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom")
    (folder / "b.pdf").write_bytes(b"%PDF-1.4")
    (folder / "notes.txt").write_text("x")
    (folder / "lonely.json").write_text("{}")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe.png")
    found, report = _read(folder)
    assert [(tile.title, tile.kind) for tile in found.tiles] == [("a", "movie"), ("b", "pdf")]
    for name in (
        "notes.txt is no picture",
        "lonely.json is no picture",
        ".hidden.png is hidden",
        "loop",
        "up",
        "pipe.png",
    ):
        assert name in report, name


@pytest.mark.parametrize("sidecar", ["{", "[1, 2]", '"' + "x" * (2 << 20) + '"', "[" * 100_000, "\ud800"])
def test_a_broken_sidecar_is_told_and_costs_nothing_else(folder: Path, sidecar: str) -> None:
    _picture(folder / "a.png")
    (folder / "a.json").write_bytes(sidecar.encode("utf-8", "surrogatepass"))
    found, report = _read(folder)
    assert found.tiles[0].values == {"width": 8, "height": 6}
    assert "a.json: it is" in report


def test_broken_pictures_are_told_by_name(folder: Path) -> None:
    whole = _picture(folder / "whole.png", (300, 200)).read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) - 20])
    (folder / "noise.png").write_bytes(b"\x89PNG\r\n\x1a\nnoise")
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    (folder / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + whole[33:])
    found, report = _read(folder)
    kinds = {tile.title: tile.kind for tile in found.tiles}
    assert kinds == {"bomb": "card", "cut": "picture", "noise": "card", "whole": "picture"}
    assert "bomb.png: it claims" in report
    assert "cut.png: it is cut short" in report
    assert "noise.png: it cannot be read as a picture" in report
    assert "whole.png" not in report


def test_a_value_that_is_a_number_here_and_a_text_there_is_kept_as_text_and_told(folder: Path) -> None:
    for name, value in (("a", "1"), ("b", '"one"'), ("c", "1e999")):
        _picture(folder / f"{name}.png")
        (folder / f"{name}.json").write_text(f'{{"n": {value}}}')
    found, report = _read(folder)
    assert [tile.values.get("n") for tile in found.tiles] == ["1", "one", None]
    assert "column n has numbers and texts" in report
    assert "column n: an infinite number is left out" in report


@pytest.mark.parametrize("name", [b"\xff.png", b"a\n.png"])
def test_a_name_that_no_tile_set_can_hold_is_told(folder: Path, name: bytes) -> None:
    _picture(folder / "a.png")
    (folder / os.fsdecode(name)).write_bytes(b"\x89PNG\r\n")
    found, report = _read(folder)
    assert len(found.tiles) == 1
    assert "a tile set cannot hold this name" in report


def test_a_folder_without_pictures_is_one_line(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    with pytest.raises(TiledVizError, match=r"shots: there is no picture in this folder$"):
        _read(folder)
