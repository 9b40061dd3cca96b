from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from tvcore.ensemble import Column, Field, create, open_ensemble
from tvcore.errors import TiledVizError, UsageError
from tvcore.importing import hdf5
from tvcore.importing.hdf5 import Options
from tvcore.importing.report import Report
from tvcore.importing.slices import picture, write_slices
from tvcore.tilesets.document import TileSet

COLUMNS = (
    Column("name", "S16", role="title"),
    Column("F", "float32", "1/step", "feed rate", "parameter"),
    Column("n", "int32", "1"),
    Column("settled", "bool"),
    Column("class", "S24", "", "the pattern", "tag"),
    Column("shot", "S40", role="path"),
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an ensemble of three members with two fields, and a folder for state beside it."""
    monkeypatch.setenv("TILEDVIZ_HOME", str(tmp_path / "home"))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    rows = [
        {
            "name": f"run {i}",
            "F": 0.03 + i / 100,
            "n": i,
            "settled": i == 1,
            "class": "spots,{age,0,3,20}",
            "shot": shot,
        }
        for i, shot in enumerate(("a.png", "gone.png", ""))
    ]
    v = np.arange(3 * 4 * 2 * 3, dtype=np.float32).reshape(3, 4, 2, 3)
    with create(tmp_path / "sweep.h5", COLUMNS, (Field("v", (4, 2, 3)), Field("w", (5,))), "A sweep") as writer:
        writer.append(rows, {"v": v, "w": np.full((3, 5), np.nan, np.float32)})
    return tmp_path / "sweep.h5"


def _read(path: Path, **options: Any) -> tuple[TileSet, str]:
    report = Report()
    found = hdf5.read(path, Options(**options), report)
    return found, "\n".join(report.lines())


def test_members_become_tiles_by_the_roles_of_their_columns(path: Path) -> None:
    assert hdf5.reads(path)
    found, report = _read(path)
    assert found.title == "A sweep"
    first, second, third = found.tiles
    assert (first.title, first.kind, first.source) == ("run 0", "picture", str(path.parent / "a.png"))
    assert first.tags == ("spots", "{age,0,3,20}")
    assert first.values == {"F": 0.03, "n": 0, "settled": False, "class": "spots,{age,0,3,20}"}
    assert (second.kind, third.kind) == ("card", "card")
    assert "gone.png" in report
    assert [(c.name, c.kind, c.unit, c.description, c.role) for c in found.columns] == [
        ("F", "number", "1/step", "feed rate", "parameter"),
        ("n", "integer", "1", "", "result"),
        ("settled", "flag", "", "", "result"),
        ("class", "text", "", "the pattern", "tag"),
    ]
    assert "fields are not shown: choose one with show=FIELD (v, w)" in report


def test_a_field_is_shown_by_its_middle_slice_in_one_scale_for_all(path: Path) -> None:
    found, report = _read(path, show="v")
    assert "each tile shows the middle slice of v, from 12 (dark) to 65 (bright)" in report
    assert {tile.kind for tile in found.tiles} == {"picture"}
    first, last = (Path(found.tiles[at].source) for at in (0, 2))
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    with Image.open(first) as image:
        assert min(image.size) >= 256
        assert image.getpixel((0, image.height - 1)) == (0x44, 0x01, 0x54)  # the least, where y is least
    with Image.open(last) as image:
        assert image.getpixel((image.width - 1, 0)) == (0xFD, 0xE7, 0x25)
    again, _ = _read(path, show="v")
    assert [tile.source for tile in again.tiles] == [tile.source for tile in found.tiles]


def test_a_field_that_is_not_there_is_named_with_those_that_are(path: Path) -> None:
    with pytest.raises(UsageError, match=r"sweep\.h5: there is no field x to show; there are v, w"):
        _read(path, show="x")


def test_a_field_without_numbers_is_gray(path: Path, tmp_path: Path) -> None:
    with open_ensemble(path) as ensemble:
        files, ends = write_slices(ensemble, "w", tmp_path)
    assert ends == (0.0, 1.0)
    with Image.open(files[0]) as image:
        assert image.getcolors() == [(image.width * image.height, (0x55, 0x55, 0x55))]


def test_slices_of_any_numbers_are_pictures() -> None:
    values = np.array([[-1.7e308, 0.0, 1.7e308, np.nan, np.inf]])
    colours = picture(values, -1.7e308, 1.7e308)
    width = colours.shape[1] // 5
    seen = [tuple(colours[0, at * width].tolist()) for at in range(5)]
    assert seen[0] == (0x44, 0x01, 0x54)
    assert seen[2] == (0xFD, 0xE7, 0x25)
    assert seen[3] == seen[4] == (0x55, 0x55, 0x55)
    assert picture(np.full((3, 3), 7.0), 7.0, 7.0).shape == (258, 258, 3)
    assert picture(np.zeros((3, 5000)), 0.0, 1.0).shape == (3, 5000, 3)


def test_too_many_members_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with create(tmp_path / "a.h5", (Column("n", "int32"),)) as writer:
        writer.append([{"n": 1}])
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["members/n"].resize(70_000, axis=0)
    with pytest.raises(UsageError, match="it has 70000 members, and a tile set has at most 65535 tiles"):
        _read(tmp_path / "a.h5")


def test_a_file_of_netcdf_4_is_read_where_its_shape_allows(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        member = file.create_dataset("member", data=np.arange(4.0))
        member.make_scale("member")
        found = file.create_dataset("temperature", data=[1.0, 2.0, np.nan, 4.0])
        found.attrs["units"] = "K"
        found.dims[0].attach_scale(member)
    found_set, _ = _read(tmp_path / "a.nc")
    assert len(found_set.tiles) == 4
    units = {column.name: column.unit for column in found_set.columns}
    assert units["temperature"] == "K"
    assert "temperature" not in found_set.tiles[2].values


@pytest.mark.parametrize("end", [8, 100, 2000])
def test_a_file_cut_short_is_one_line(path: Path, end: int) -> None:
    path.write_bytes(path.read_bytes()[:end])
    assert hdf5.reads(path)
    with pytest.raises(TiledVizError) as caught:
        _read(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_file_with_a_block_before_its_signature_is_known(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as file:
        file["x"] = 1
    assert hdf5.reads(tmp_path / "a.h5")
    (tmp_path / "b.h5").write_bytes(b"\0" * 5000)
    assert not hdf5.reads(tmp_path / "b.h5")
