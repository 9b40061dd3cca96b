"""Files are read as VTK's data, and what is none is told in one line that names it."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from vtkmodules.util import numpy_support
from vtkmodules.vtkIONetCDF import vtkNetCDFReader

import vtk_kit
from tvcore.errors import TiledVizError
from tvcore.viewer.reading import array_of, arrays, is_colour, range_of, read, suffix_of, variables


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("meshes")
    vtk_kit.write_meshes(made)
    vtk_kit.write_fields(made / "run.nc")
    return made


def fails(path: Path, variable: str = "") -> str:
    with pytest.raises(TiledVizError) as caught:
        read(str(path), variable)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert len(said.splitlines()) == 1
    return said


@pytest.mark.parametrize("name", ["ball.vtp", "ball.vtk", "ball.vtu", "ball.stl", "ball.obj", "ball.ply"])
def test_a_mesh_is_read_with_all_of_its_points_and_its_array(folder: Path, name: str) -> None:
    data = read(str(folder / name))
    assert data.GetNumberOfPoints() == vtk_kit.POINTS
    assert data.GetBounds()[4:] == pytest.approx((-0.5, 0.5), abs=1e-3)
    if suffix_of(name) in (".vtp", ".vtk", ".vtu"):
        assert arrays(data) == ["Elevation"]
        array, at_points = array_of(data, "Elevation")
        assert (at_points, is_colour(array)) == (True, False)
        assert range_of(array) == pytest.approx((0, 1), abs=1e-3)
    else:
        assert arrays(data) == []


def test_a_field_is_unpacked_with_north_up_and_what_is_missing_left_out(folder: Path) -> None:
    path = str(folder / "run.nc")
    data = read(path, "temp[1]")
    assert data.GetDimensions() == (16, 12, 1)
    values = numpy_support.vtk_to_numpy(array_of(data, "temp")[0]).reshape(12, 16)
    expected = (np.arange(12 * 16, 24 * 16) * 0.5 + 100).reshape(12, 16)[::-1]
    missing = np.isnan(values)
    assert np.argwhere(missing).tolist() == [[8, 4]]  # row 3 from the top
    assert np.allclose(values[~missing], expected[~missing])
    assert range_of(array_of(data, "temp")[0]) == (expected.min(), expected.max())
    assert numpy_support.vtk_to_numpy(array_of(read(path, "temp[0]"), "temp")[0])[0] == expected[0][0] - 96
    volume = read(path, "group/volume")
    assert volume.GetDimensions() == (14, 12, 10)
    assert arrays(volume) == ["volume"]
    assert variables(path) == ["group/volume", "temp"]


def test_a_field_of_more_axes_and_points_than_can_be_shown_is_thinned(tmp_path: Path) -> None:
    path = tmp_path / "large.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("v", (3, 4, 6, 600, 5), "float32", chunks=(1, 1, 6, 600, 5), fillvalue=2.0)
    data = read(str(path), "v")  # the first of its times, of the first group
    assert data.GetDimensions() == (5, 200, 6)
    assert data.GetSpacing() == (1, 3, 1)


def test_what_of_a_file_of_fields_cannot_be_shown_is_told_with_what_there_is(folder: Path) -> None:
    path = folder / "run.nc"
    there = " (it has group/volume, temp)"
    assert fails(path) == f"{path}: say which field of it is to be shown: {path}:VARIABLE{there}"
    assert fails(path, "pressure") == f"{path}: there is no field pressure{there}"
    assert fails(path, "group") == f"{path}: there is no field group{there}"
    assert fails(path, "temp[2]") == f"{path}:temp[2]: there is no [2] along an axis of 2"
    assert "two must be left" in fails(path, "temp[0,0]")
    assert "it holds no numbers" in fails(path, "name")
    assert "it has no two axes" in fails(path, "line")
    assert "netCDF and HDF5 files alone" in fails(folder / "ball.vtp", "temp")
    cut = folder / "cut.nc"
    cut.write_bytes(path.read_bytes()[:3000])
    assert "cannot be read" in fails(cut, "temp")
    noise = folder / "noise.h5"
    noise.write_bytes(b"\x89HDF\r\n\x1a\n" + os.urandom(2000))
    assert "cannot be read" in fails(noise, "temp")


@pytest.mark.parametrize("version", [1, 2, 5])
def test_the_classic_format_is_read_as_netcdf_4_is(tmp_path: Path, version: int) -> None:
    path = tmp_path / "run.nc"
    temp = vtk_kit.write_classic(path, version)
    assert variables(str(path)) == ["mask", "temp"]
    for which, hour in (("temp", 0), ("temp[1]", 1), ("temp[-1]", 2)):
        data = read(str(path), which)
        assert data.GetDimensions() == (5, 4, 1)
        values = numpy_support.vtk_to_numpy(array_of(data, "temp")[0]).reshape(4, 5)
        expected = np.where(temp[hour] == -1, np.nan, temp[hour] * 0.5 + 10)[::-1]  # the latitudes fall
        assert np.allclose(values, expected, equal_nan=True)
    mask = numpy_support.vtk_to_numpy(array_of(read(str(path), "mask"), "mask")[0]).reshape(4, 5)
    assert mask.tolist() == np.arange(20).reshape(4, 5)[::-1].tolist()
    if version != 5:  # VTK's own reader knows the file for what it is
        reader = vtkNetCDFReader()
        reader.SetFileName(str(path))
        reader.UpdateInformation()
        names = reader.GetAllVariableArrayNames()
        assert {names.GetValue(i) for i in range(names.GetNumberOfValues())} == {"hour", "lat", "mask", "temp"}


def test_a_classic_file_that_is_cut_anywhere_or_changed_is_told_in_one_line_or_read(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    vtk_kit.write_classic(path)
    whole = path.read_bytes()
    for length in range(3, len(whole) - 40, 7):
        path.write_bytes(whole[:length])
        assert "cut short, damaged or no netCDF" in fails(path, "temp")
    random, said = np.random.default_rng(5), []
    for _ in range(200):
        changed = bytearray(whole)
        for at in random.integers(4, len(whole), 3):
            changed[at] = random.integers(256)
        path.write_bytes(changed)
        try:
            read(str(path), "temp")
        except TiledVizError as error:
            said.append(str(error))
    assert len(said) > 20
    assert all(line.startswith(str(path)) and len(line.splitlines()) == 1 for line in said)
    vtk_kit.write_classic(path, records=0xFFFFFFFF)  # whoever writes it has not said how many there are
    assert read(str(path), "temp[2]").GetNumberOfPoints() == 20
    vtk_kit.write_classic(path, records=4)
    assert "cut short" in fails(path, "temp")


def test_what_is_no_mesh_is_told_in_one_line(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, said in vtk_kit.write_bad(folder).items():
        assert said in fails(folder / name), name
        (folder / name).unlink()
    assert "No such file" in fails(folder / "none.vtp")
    assert "Is a directory" in fails(folder)
    (folder / "a.xyz").write_text("x")
    assert "ends with none of .vtk, .vtp" in fails(folder / "a.xyz")
    assert capfd.readouterr() == ("", "")  # VTK itself says nothing besides


def test_an_array_that_is_not_there_is_told_with_those_that_are(folder: Path) -> None:
    with pytest.raises(TiledVizError, match="no array 'heat' to colour by: there are Elevation"):
        array_of(read(str(folder / "ball.vtp")), "heat")
    with pytest.raises(TiledVizError, match="there are none"):
        array_of(read(str(folder / "ball.stl")), "heat")
