"""Which moments a file has, which one is meant by a time, and that it alone is read."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from vtkmodules.util import numpy_support

import vtk_kit
from tvcore.errors import TiledVizError, UsageError
from tvcore.viewer.collection import collection
from tvcore.viewer.moments import Moments, even_gap
from tvcore.viewer.reading import array_of, arrays, moments, read

SINCE = "hours since 2026-01-01"


def values(path: Path, name: str, moment: int) -> list[float]:
    found: list[float] = numpy_support.vtk_to_numpy(array_of(read(str(path), name, moment), name)[0]).tolist()
    return found


def fails(path: Path, variable: str = "", moment: int = 0) -> str:
    with pytest.raises(TiledVizError) as caught:
        read(str(path), variable, moment)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert len(said.splitlines()) == 1
    return said


def test_of_a_time_the_nearest_moment_is_meant_and_of_two_as_near_the_earlier() -> None:
    every = Moments((0, 6, 12, 48), "h")
    asked = {0: 0, 3: 0, 3.01: 1, 9: 1, 30: 2, 30.5: 3, -7: 0, 1e9: 3, "11.5": 2, "first": 0, "last": 3}
    assert {time: every.place(time) for time in asked} == asked
    assert Moments((9.0, 3.0, 6.0)).place(4.5) == 1  # in any order
    assert every.words(3) == "t = 48 h"
    assert Moments().place("last") == 0
    for wrong in ("nan", "inf", "soon", ""):
        with pytest.raises(UsageError, match="a time is a number, first or last, not"):
            every.place(wrong)


def test_moments_that_follow_evenly_have_one_gap() -> None:
    assert even_gap((0.1, 0.2, 0.3)) == pytest.approx(0.1)
    assert even_gap((6, 0, 3)) == 3
    assert [even_gap(times) for times in ((0, 1, 3), (0, 0), (1,), ())] == [None] * 4


def test_a_field_has_the_moments_of_its_time_unless_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    vtk_kit.write_run(path, (0, 6, 12, 48))
    assert moments(str(path), "heat") == Moments((0, 6, 12, 48), SINCE)
    assert moments(str(path), "heat[2]") == Moments()
    for moment in range(4):
        assert values(path, "heat", moment)[0] == moment
    assert "there is no moment 4" in fails(path, "heat", 4)
    vtk_kit.write_fields(tmp_path / "fields.nc")
    assert moments(str(tmp_path / "fields.nc"), "temp") == Moments((0, 1), SINCE)
    assert moments(str(tmp_path / "fields.nc"), "group/volume") == Moments()  # its first axis is no time
    vtk_kit.write_meshes(tmp_path)
    assert moments(str(tmp_path / "ball.vtu")) == Moments()


@pytest.mark.parametrize("version", [1, 2, 5])
def test_a_field_of_the_classic_format_has_its_moments_too(tmp_path: Path, version: int) -> None:
    path = tmp_path / "run.nc"
    temp = vtk_kit.write_classic(path, version)
    assert moments(str(path), "temp") == Moments((0, 1, 2), SINCE)
    assert moments(str(path), "mask") == Moments()
    for moment in range(3):
        expected = temp[moment][::-1] * 0.5 + 10
        expected[temp[moment][::-1] == -1] = np.nan
        assert np.allclose(values(path, "temp", moment), expected.ravel(), equal_nan=True)


def test_a_time_that_cannot_be_read_has_its_steps(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    times = {"gone": [0.0, np.nan, 2.0], "same": [0.0] * 3, "text": [b"a", b"b", b"c"], "good": [1.5, 2.5, 4.0]}
    with h5py.File(path, "w") as file:
        for name, given in times.items():
            group = file.create_group(name)
            scale = group.create_dataset("time", data=given)
            scale.make_scale("time")
            scale.attrs["units"] = np.bytes_(b"s")
            field = group.create_dataset("v", data=np.zeros((3, 2, 4, 5)))
            field.dims[0].attach_scale(scale)
    for name in ("gone", "same", "text"):
        assert moments(str(path), f"{name}/v") == Moments((0, 1, 2))
    assert moments(str(path), "good/v") == Moments((1.5, 2.5, 4), "s")
    assert read(str(path), "good/v", 2).GetDimensions() == (5, 4, 2)


def test_of_a_field_that_moment_alone_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    vtk_kit.write_run(path, (0, 1, 2))
    with h5py.File(path) as file:
        places = [file["heat"].id.get_chunk_info(i).byte_offset for i in range(3)]
    with path.open("r+b") as raw:
        for place in (places[0], places[2]):
            raw.seek(place)
            raw.write(b"\x5a" * 64)  # its checksum does not fit any more
    assert values(path, "heat", 1)[0] == 1
    for moment in (0, 2):
        assert "heat cannot be read" in fails(path, "heat", moment)


def test_a_collection_has_its_files_by_time_and_all_parts_of_a_time_are_one_mesh(tmp_path: Path) -> None:
    path = vtk_kit.write_series(tmp_path)
    names = [[Path(part).relative_to(tmp_path).as_posix() for part in parts] for _, parts in collection(str(path))]
    assert names == [["parts/ball-0-0.vtp"], ["parts/ball-0.5-0.vtp"], ["parts/ball-2-0.vtp", "parts/ball-2-1.vtp"]]
    assert moments(str(path)) == Moments((0, 0.5, 2))
    assert [read(str(path), "", i).GetNumberOfPoints() // vtk_kit.POINTS for i in range(3)] == [1, 1, 2]
    both = read(str(path), "", 2)
    assert both.GetBounds()[:2] == pytest.approx((-1.5, 1.5), abs=0.01)
    assert arrays(both) == ["Elevation"]
    # a grid and a surface, by absolute names too; without a time it is one moment
    vtk_kit.write_meshes(tmp_path)
    still = tmp_path / "still.pvd"
    still.write_text(
        f"<VTKFile type='Collection'><Collection><DataSet file='{tmp_path}/ball.vtu'/><DataSet file='wave.vti'/>"
        "</Collection></VTKFile>"
    )
    assert moments(str(still)) == Moments()
    assert read(str(still)).GetNumberOfPoints() == vtk_kit.POINTS + 17**3
    assert "there is no moment 3 of 3" in fails(path, "", 3)
    assert "netCDF and HDF5 files alone" in fails(path, "heat")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("hello", "it is damaged, or none of .pvd: syntax error"),
        ("<VTKFile type='Collection'><Collection>", "no element found: line 1, column 39: write it anew"),
        ("<VTKFile type='PolyData'/>", 'it does not begin with <VTKFile type="Collection">'),
        ("<VTKFile type='Collection'><Collection/></VTKFile>", "no files are listed in it"),
        ("<VTKFile type='Collection'><Collection><DataSet/></Collection></VTKFile>", "names no file"),
        (
            "<VTKFile type='Collection'><Collection><DataSet file='a' timestep='x'/></Collection></VTKFile>",
            "timestep='x' is no time",
        ),
        (
            "<VTKFile type='Collection'><Collection><DataSet file='a&#10;b.vtp'/></Collection></VTKFile>",
            r"file='a\nb.vtp' is no name of a file",
        ),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><VTKFile type='Collection'/>", "it declares a document type"),
        ("<?xml version='1.0' encoding='of-mine'?><VTKFile/>", "it is damaged, or none of .pvd: unknown encoding"),
    ],
)
def test_a_damaged_collection_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "run.pvd"
    path.write_text(text)
    assert said in fails(path)


def test_a_file_that_a_collection_lacks_is_told_with_its_time_and_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    path = vtk_kit.write_series(folder)
    missing = folder / "parts" / "ball-0.5-0.vtp"
    missing.unlink()
    said = f"{path}: at 0.5: {missing}: it cannot be read: No such file or directory: "
    assert fails(path, "", 1) == f"{said}put it there anew, or take it out of run.pvd"
    missing.write_text("no mesh")
    assert fails(path, "", 1).startswith(f"{path}: at 0.5: {missing}: it is damaged, or none of .vtp: ")
    assert read(str(path), "", 2).GetNumberOfPoints() == 2 * vtk_kit.POINTS
    for name in ("../other/ball.vtp", "/nowhere/ball.vtp"):
        vtk_kit.write_pvd(path, [(0, name)])
        assert fails(path).endswith(
            f"it lies outside of {folder}, of which alone a container sees something: put it there"
        )
    for name in ("run.pvd", "ball.pvtu"):
        vtk_kit.write_pvd(path, [(3, name)])
        assert f"at 3: {folder}/{name} ends with none of .vtk, .vtp" in fails(path)
