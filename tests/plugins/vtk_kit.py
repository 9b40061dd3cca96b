"""Small files of every kind that the case ``vtk_files`` shows, and some that are none."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkFiltersCore import vtkAppendFilter, vtkElevationFilter
from vtkmodules.vtkFiltersSources import vtkSphereSource
from vtkmodules.vtkImagingCore import vtkRTAnalyticSource
from vtkmodules.vtkIOGeometry import vtkOBJWriter, vtkSTLWriter
from vtkmodules.vtkIOLegacy import vtkDataSetWriter
from vtkmodules.vtkIOPLY import vtkPLYWriter
from vtkmodules.vtkIOXML import vtkXMLImageDataWriter, vtkXMLPolyDataWriter, vtkXMLUnstructuredGridWriter

from tvcore.cases import TileSpec
from tvcore.cases.manager import Case

POINTS = 402  # of the ball


def prepared(case: Case, **given: Any) -> list[tuple[Any, TileSpec]]:
    """Return members and tiles as a launch makes them."""
    parameters = case.parameters(given)
    case.prepare(parameters, lambda *_: None)
    return [(member, case.tile(parameters, member)) for member in case.members(parameters, None)]


def ball() -> Any:
    """Return a ball with an array Elevation, from 0 to 1."""
    source = vtkSphereSource()
    source.SetThetaResolution(20)
    source.SetPhiResolution(22)
    elevation: Any = vtkElevationFilter()
    elevation.SetInputConnection(source.GetOutputPort())
    elevation.SetLowPoint(0, 0, -0.5)
    elevation.SetHighPoint(0, 0, 0.5)
    elevation.Update()
    mesh = elevation.GetOutput()
    mesh.GetPointData().SetActiveScalars("Elevation")
    return mesh


def write_meshes(folder: Path) -> None:
    """Write the ball in every format of meshes, and a volume ``wave.vti`` with an array RTData."""
    mesh = ball()
    together: Any = vtkAppendFilter()
    together.AddInputData(mesh)
    together.Update()
    wave: Any = vtkRTAnalyticSource()
    wave.SetWholeExtent(-8, 8, -8, 8, -8, 8)
    wave.Update()
    made = (
        (vtkXMLPolyDataWriter, "ball.vtp", mesh), (vtkDataSetWriter, "ball.vtk", mesh),
        (vtkSTLWriter, "ball.stl", mesh), (vtkOBJWriter, "ball.obj", mesh), (vtkPLYWriter, "ball.ply", mesh),
        (vtkXMLUnstructuredGridWriter, "ball.vtu", together.GetOutput()),
        (vtkXMLImageDataWriter, "wave.vti", wave.GetOutput()),
    )  # fmt: skip
    for kind, name, data in made:
        writer: Any = kind()
        writer.SetInputData(data)
        writer.SetFileName(str(folder / name))
        assert writer.Write()


def write_coloured(path: Path) -> None:
    """Write the ball with colours in bytes, all red."""
    mesh = ball()
    red: Any = vtkUnsignedCharArray()
    red.SetName("RGB")
    red.SetNumberOfComponents(3)
    for _ in range(mesh.GetNumberOfPoints()):
        red.InsertNextTuple3(250, 20, 20)
    mesh.GetPointData().AddArray(red)
    writer: Any = vtkXMLPolyDataWriter()
    writer.SetInputData(mesh)
    writer.SetFileName(str(path))
    assert writer.Write()


def write_fields(path: Path) -> None:
    """Write netCDF-4 fields: temp (time 2, 12, 16), packed, with a value missing; group/volume (1, 10, 12, 14)."""
    z, y, x = np.mgrid[0:10, 0:12, 0:14]
    with h5py.File(path, "w") as file:
        latitude = file.create_dataset("lat", data=np.linspace(90, -90, 12))
        latitude.make_scale("lat")
        time = file.create_dataset("hour", data=np.arange(2.0))
        time.make_scale("hour")
        time.attrs["units"] = "hours since 2026-01-01"
        packed = np.arange(2 * 12 * 16, dtype=np.int16).reshape(2, 12, 16)
        packed[:, 3, 4] = -1
        field = file.create_dataset("temp", data=packed)
        field.dims[0].attach_scale(time)
        field.dims[1].attach_scale(latitude)
        field.attrs.update({"_FillValue": np.int16(-1), "scale_factor": 0.5, "add_offset": 100.0})
        file["group/volume"] = np.exp(-((z - 5) ** 2 + (y - 6) ** 2 + (x - 7) ** 2) / 12.0)[None]
        file["name"] = b"text"
        file["line"] = np.arange(5.0)


def write_classic(path: Path, version: int = 1, records: int | None = None) -> NDArray[np.int16]:
    """Write netCDF of the classic format: temp (hour 3, lat 4, lon 5), packed, and mask (lat, lon); return temp.

    *records* is the number of hours that the file says it has, where that is another one.
    """
    wide = ">q" if version == 5 else ">i"
    place = ">i" if version == 1 else ">q"

    def number(value: int, kind: str = wide) -> bytes:
        return struct.pack(kind, value)

    def padded(data: bytes) -> bytes:
        return data + bytes(-len(data) % 4)

    def name(text: str) -> bytes:
        return number(len(text)) + padded(text.encode())

    def many(tag: int, items: list[bytes]) -> bytes:
        return number(tag if items else 0, ">i") + number(len(items)) + b"".join(items)

    def attributes(given: dict[str, Any]) -> bytes:
        made = []
        for key, value in given.items():
            kind, count, data = (
                (2, len(value), value.encode())
                if isinstance(value, str)
                else ({"h": 3, "f": 5}[value[0]], 1, struct.pack(f">{value[0]}", value[1]))
            )
            made.append(name(key) + number(kind, ">i") + number(count) + padded(data))
        return many(12, made)

    temp = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)
    temp[1, 2, 3] = -1
    hours, lat = np.arange(3, dtype=">f8"), np.linspace(60, -60, 4).astype(">f4")
    packed = {"_FillValue": ("h", -1), "scale_factor": ("f", 0.5), "add_offset": ("f", 10.0)}
    whole = [
        ("lat", [1], {"units": "degrees_north"}, 5, lat.tobytes()),
        ("mask", [1, 2], {}, 1, bytes(range(20))),
    ]
    growing = [
        ("hour", [0], {"units": "hours since 2026-01-01"}, 6, [hours[i : i + 1].tobytes() for i in range(3)]),
        ("temp", [0, 1, 2], packed, 3, [padded(step.astype(">i2").tobytes()) for step in temp]),
    ]
    dimensions = many(10, [name(text) + number(length) for text, length in (("hour", 0), ("lat", 4), ("lon", 5))])

    def header(begins: list[int]) -> bytes:
        made = []
        for (text, axes, given, kind, data), begin in zip((*whole, *growing), begins, strict=True):
            size = len(data if isinstance(data, bytes) else data[0])
            ids = number(len(axes)) + b"".join(map(number, axes))
            made.append(name(text) + ids + attributes(given) + number(kind, ">i") + number(size + -size % 4))
            made[-1] += number(begin, place)
        count = number(3 if records is None else records, ">Q" if version == 5 else ">I")
        return b"CDF" + bytes([version]) + count + dimensions + attributes({"title": "small"}) + many(11, made)

    at = len(header([0] * 4))
    begins = [at, at + 16, at + 36, at + 44]
    steps = b"".join(each[4][hour] for hour in range(3) for each in growing)
    path.write_bytes(header(begins) + whole[0][4] + whole[1][4] + steps)
    return temp


def write_bad(folder: Path) -> dict[str, str]:
    """Write files that are none; return what is said of each, or some of it, by its name."""
    mesh = (folder / "ball.vtp").read_bytes()
    crooked = (
        "<VTKFile type='PolyData'><PolyData><Piece NumberOfPoints='1' NumberOfPolys='1'><Points>"
        "<DataArray type='Float32' NumberOfComponents='3' format='ascii'>0 0 0</DataArray></Points><Polys>"
        "<DataArray type='Int32' Name='connectivity' format='ascii'>0 7 900</DataArray>"
        "<DataArray type='Int32' Name='offsets' format='ascii'>3</DataArray></Polys></Piece></PolyData></VTKFile>"
    )
    bad: dict[str, tuple[bytes, str]] = {
        "empty.stl": (b"", "it is empty"),
        "cut.vtp": (mesh[: len(mesh) // 2], "it is damaged, or none of .vtp: "),
        "noise.vtu": (np.random.default_rng(1).bytes(3000), "it is damaged, or none of .vtu: "),
        "text.vtk": (b"hello\n", "it is damaged, or none of .vtk: "),
        "huge.vtk": (
            b"# vtk DataFile Version 3.0\nx\nASCII\nDATASET POLYDATA\nPOINTS 99999999999999 float\n0 0 0\n",
            "it is damaged, or none of .vtk: ",
        ),
        "crooked.vtp": (crooked.encode(), "its cells have points that are not there"),
        "cut.obj": (b"v 0 0 0\nf 1 2 3\n", "its cells have points that are not there"),
        "cut.stl": (b"solid x\nfacet\n", "it is damaged, or none of .stl: "),
        "nothing.vtp": (
            b"<VTKFile type='PolyData'><PolyData><Piece NumberOfPoints='0'></Piece></PolyData></VTKFile>",
            "there are no points and cells in it",
        ),
    }  # fmt: skip
    for name, (content, _) in bad.items():
        (folder / name).write_bytes(content)
    return {name: said for name, (_, said) in bad.items()}


def write_run(path: Path, times: Sequence[float], units: str = "hours since 2026-01-01") -> None:
    """Write a netCDF-4 field heat (time, 12, 16) that is the number of the moment, plus a gradient from 0 to 1."""
    with h5py.File(path, "w") as file:
        time = file.create_dataset("time", data=np.asarray(times, float))
        time.make_scale("time")
        time.attrs["units"] = units
        steps = np.arange(len(times))[:, None, None] + np.linspace(0, 1, 12)[:, None] + np.zeros(16)
        field = file.create_dataset("heat", data=steps.astype("f4"), chunks=(1, 12, 16), fletcher32=True)
        field.dims[0].attach_scale(time)


def write_pvd(path: Path, listed: Iterable[tuple[float, str]]) -> None:
    """Write a collection of files: (timestep, name) each."""
    sets = "".join(f'<DataSet timestep="{time}" part="0" file="{name}"/>\n' for time, name in listed)
    path.write_text(f'<?xml version="1.0"?>\n<VTKFile type="Collection"><Collection>\n{sets}</Collection></VTKFile>\n')


def write_series(folder: Path, name: str = "run.pvd") -> Path:
    """Write a collection of a ball that moves along x, at 0, 0.5 and 2; at 2 with a second ball. Return its path."""
    parts = folder / "parts"
    parts.mkdir(exist_ok=True)
    listed = []
    for time, number, place in ((2, 0, 1.0), (2, 1, -1.0), (0.5, 0, 0.5), (0, 0, 0.0)):  # in any order
        mesh = ball()
        points = mesh.GetPoints()
        for i in range(points.GetNumberOfPoints()):
            x, y, z = points.GetPoint(i)
            points.SetPoint(i, x + place, y, z)
        writer: Any = vtkXMLPolyDataWriter()
        writer.SetInputData(mesh)
        listed.append((time, f"parts/ball-{time}-{number}.vtp"))
        writer.SetFileName(str(folder / listed[-1][1]))
        assert writer.Write()
    write_pvd(folder / name, listed)
    return folder / name
