"""Data files as VTK's data: its own formats, STL, OBJ, PLY, and fields of netCDF and HDF5 files."""

from __future__ import annotations

import contextlib
import math
import re
from pathlib import Path
from typing import Any

from tvcore.errors import TiledVizError

# by how the file's name ends: the module of VTK, and the class that reads it
READERS = {
    ".vtk": ("vtkIOLegacy", "vtkGenericDataObjectReader"),
    ".vtp": ("vtkIOXML", "vtkXMLPolyDataReader"),
    ".vtu": ("vtkIOXML", "vtkXMLUnstructuredGridReader"),
    ".vti": ("vtkIOXML", "vtkXMLImageDataReader"),
    ".vts": ("vtkIOXML", "vtkXMLStructuredGridReader"),
    ".vtr": ("vtkIOXML", "vtkXMLRectilinearGridReader"),
    ".stl": ("vtkIOGeometry", "vtkSTLReader"),
    ".obj": ("vtkIOGeometry", "vtkOBJReader"),
    ".ply": ("vtkIOPLY", "vtkPLYReader"),
}
FIELDS = (".nc", ".nc4", ".cdf", ".h5", ".hdf5", ".he5")
SUFFIXES = (*READERS, *FIELDS)

EDGE_MAX = {2: 4096, 3: 256}  # grid points along an axis, by the number of axes: of a larger field each n-th is taken
FAR = 1e30  # of a point
_SIDE = ("Normals", "TCoords", "GroupIds")  # arrays that come with a shape
_PLACE = re.compile(r"^(?P<name>.+?)(\[(?P<at>-?\d+(,-?\d+)*)\])?$")


def suffix_of(path: str | Path) -> str:
    """Return how the name of *path* ends, where that is something that can be read; else an empty text."""
    suffix = Path(path).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


def read(path: str, variable: str = "") -> Any:
    """Return the vtkDataSet of the file *path*; of a netCDF or HDF5 file that of its field *variable*.

    *variable* is a path within the file, ``group/temperature``, and ``temperature[3]`` is the fourth along its first
    axis; what is left has the axes (y, x) or (z, y, x): of a time that is not chosen it is the first. Raises
    TiledVizError with one line that names the file.
    """
    file, suffix = Path(path), suffix_of(path)
    try:
        with file.open("rb") as opened:
            empty = not opened.read(1)
    except OSError as error:
        raise TiledVizError(f"{path}: it cannot be read: {error.strerror}") from error
    if not suffix:
        raise TiledVizError(f"{path}: its name ends with none of {', '.join(SUFFIXES)}")
    if empty:
        raise TiledVizError(f"{path}: it is empty")
    if suffix in FIELDS:
        return _field(path, variable)
    if variable:
        raise TiledVizError(f"{path}: a variable ({variable}) is named for netCDF and HDF5 files alone")
    return _by_reader(path, suffix)


def _by_reader(path: str, suffix: str) -> Any:
    from importlib import import_module

    from vtkmodules.vtkCommonCore import vtkLogger, vtkOutputWindow, vtkStringOutputWindow

    # readers, and what they are made of, tell of damage nowhere else
    told: Any = vtkStringOutputWindow()
    before = vtkOutputWindow.GetInstance()
    vtkOutputWindow.SetInstance(told)
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    try:
        module, name = READERS[suffix]
        reader: Any = getattr(import_module(f"vtkmodules.{module}"), name)()
        reader.SetFileName(path)
        reader.Update()
        data = reader.GetOutputDataObject(0)
    finally:
        vtkOutputWindow.SetInstance(before)
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
    errors = [
        " ".join(text.split()) for text in re.findall(r"(?s)(?:\A|\n)ERROR: In .*?\): (.*?)\n\n", told.GetOutput())
    ]
    if data is not None and not data.IsA("vtkDataSet") and data.GetClassName() != "vtkDataObject":
        raise TiledVizError(f"{path}: a {data.GetClassName()} is not shown")
    if errors or data is None or not data.IsA("vtkDataSet"):  # what is shown would not be what was computed
        why = errors[0][:300] if errors else "no data are found in it"
        raise TiledVizError(f"{path}: it is damaged, or none of {suffix}: {why}")
    if not data.GetNumberOfPoints() or not data.GetNumberOfCells():
        raise TiledVizError(f"{path}: there are no points and cells in it")
    if not all(abs(number) < FAR for number in data.GetBounds()):
        raise TiledVizError(f"{path}: it is damaged: points of it lie at no place")
    if _names_strangers(data):
        raise TiledVizError(f"{path}: it is damaged: its cells have points that are not there")
    return data


def _names_strangers(data: Any) -> bool:
    """Return whether cells of *data* name points that there are not, on which VTK would crash."""
    if data.IsA("vtkPolyData"):
        cells = [data.GetVerts(), data.GetLines(), data.GetPolys(), data.GetStrips()]
    else:
        cells = [data.GetCells()] if data.IsA("vtkUnstructuredGrid") else []
    for each in cells:
        if each is not None and each.GetNumberOfConnectivityIds():
            low, high = each.GetConnectivityArray().GetRange(0)
            if low < 0 or high >= data.GetNumberOfPoints():
                return True
    return False


# ------------------------------------------------------------------------ fields


def _field(path: str, variable: str) -> Any:
    import h5py

    from tvcore.viewer import classic

    if not variable:
        raise TiledVizError(f"{path}: say which field of it is to be shown: {path}:VARIABLE{_there(path)}")
    place = _PLACE.match(variable)
    assert place
    at = [int(number) for number in place["at"].split(",")] if place["at"] else []
    try:
        with contextlib.ExitStack() as opened:
            if classic.is_classic(path):
                found: Any = classic.variables(path).get(place["name"])
            else:
                found = opened.enter_context(h5py.File(path, "r")).get(place["name"])
            if not isinstance(found, h5py.Dataset | classic.Variable):
                raise TiledVizError(f"{path}: there is no field {place['name']}{_there(path)}")
            values, steps = _numbers(found, at)
            flip = _falls(found, values.ndim)
    except TiledVizError as error:
        raise error if str(error).startswith(path) else TiledVizError(f"{path}:{variable}: {error}") from None
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, ArithmeticError, MemoryError) as error:
        raise TiledVizError(f"{path}: {variable} cannot be read: {_what(error)}") from error
    return _grid(values[..., ::-1, :] if flip else values, place["name"].rpartition("/")[2], steps)


def _what(error: Exception) -> str:
    return f"{error or type(error).__name__}".replace("\n", " ")[:300]


def variables(path: str) -> list[str]:
    """Return the names of the fields of the netCDF or HDF5 file *path* that can be shown; none where it is neither."""
    import h5py

    from tvcore.viewer import classic

    names: list[str] = []

    def see(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset | classic.Variable) and found.dtype.kind in "iufb":
            names.extend([name] if sum(n > 1 for n in found.shape or ()) >= 2 else [])

    with contextlib.suppress(TiledVizError, OSError, RuntimeError, ValueError, KeyError, TypeError):
        if classic.is_classic(path):
            for name, found in classic.variables(path).items():
                see(name, found)
        else:
            with h5py.File(path, "r") as file:
                file.visititems(see)
    return names


def _there(path: str) -> str:
    names = variables(path)
    return f" (it has {', '.join(names[:20])}{', …' if len(names) > 20 else ''})" if names else ""


def _numbers(found: Any, at: list[int]) -> tuple[Any, list[int]]:
    """Return the field as floats (y, x) or (z, y, x), what is missing as NaN, and the step taken along each axis."""
    import numpy as np

    if found.dtype.kind not in "iufb" or found.shape is None:
        raise TiledVizError("it holds no numbers")
    if len(at) > found.ndim - 2 and at:
        raise TiledVizError(f"{len(at)} of its {found.ndim} axes are chosen, and two must be left")
    for number, length in zip(at, found.shape, strict=False):
        if not -length <= number < length:
            raise TiledVizError(f"there is no [{number}] along an axis of {length}")
    chosen: list[int | slice] = [number % found.shape[i] for i, number in enumerate(at)]
    left = list(found.shape[len(at) :])
    # of a time, and of axes of which there are too many, the first
    while len(left) > 2 and (len(left) > 3 or left[0] == 1 or _is_time(found, len(chosen))):
        chosen.append(0)
        del left[0]
    if len(left) < 2 or min(left) < 1:
        raise TiledVizError("it has no two axes to be shown as a picture")
    edge = EDGE_MAX[len(left)]
    steps = [max(1, math.ceil(length / edge)) for length in left]
    values = found[(*chosen, *(slice(None, None, step) for step in steps))]
    missing = np.zeros(values.shape, bool)
    for name in ("_FillValue", "missing_value"):
        if name in found.attrs:
            missing |= np.isin(values, np.asarray(found.attrs[name]).astype(values.dtype, copy=False))
    floats = values.astype(np.float32)
    for name, apply in (("scale_factor", np.multiply), ("add_offset", np.add)):
        if name in found.attrs:
            apply(floats, np.float32(np.ravel(found.attrs[name])[0]), out=floats)
    floats[missing | ~np.isfinite(floats)] = np.nan
    return floats, steps


def _is_time(found: Any, axis: int) -> bool:
    """Return whether the coordinate along *axis* of the field is a time, by the conventions of netCDF."""
    for scale in found.dims[axis].values():
        if " since " in str(scale.attrs.get("units", "")) or str(scale.name).rpartition("/")[2].lower() == "time":
            return True
    return False


def _falls(found: Any, axes: int) -> bool:
    """Return whether the coordinate along y falls, as latitudes often do: such a field begins at the top."""
    scales = found.dims[found.ndim - 2]
    if axes != 2 or not len(scales):
        return False
    scale = next(iter(scales.values()))
    return bool(scale.ndim == 1 and scale.dtype.kind in "iuf" and len(scale) > 1 and scale[0] > scale[-1])


def _grid(values: Any, name: str, steps: list[int]) -> Any:
    """Return the grid of points with *values*, a grid spacing of the file being 1."""
    import numpy as np
    from vtkmodules.vtkCommonDataModel import vtkImageData

    from tvcore.viewer.surfaces import vtk_array

    grid: Any = vtkImageData()
    shape, spacing = list(reversed(values.shape)), list(reversed(steps))
    grid.SetDimensions(*([*shape, 1])[:3])
    grid.SetSpacing(*([*spacing, 1])[:3])
    array = vtk_array(np.ascontiguousarray(values).reshape(-1), name)
    grid.GetPointData().SetScalars(array)
    return grid


# ------------------------------------------------------------------------- about


def arrays(data: Any) -> list[str]:
    """Return the names of the arrays of numbers that *data* can be coloured by: those of points first."""
    names: dict[str, None] = {}
    for attributes in (data.GetPointData(), data.GetCellData()):
        active = attributes.GetScalars()
        if active is not None and active.GetName():
            names[active.GetName()] = None
        for i in range(attributes.GetNumberOfArrays()):
            array = attributes.GetArray(i)  # None: it holds text
            if array is not None and array.GetName() and array.GetName() not in _SIDE:
                names[array.GetName()] = None
    return list(names)


def array_of(data: Any, name: str) -> tuple[Any, bool]:
    """Return the array *name* of *data*, and whether its values are at points. Raises TiledVizError."""
    for attributes, at_points in ((data.GetPointData(), True), (data.GetCellData(), False)):
        array = attributes.GetArray(name)
        if array is not None:
            return array, at_points
    raise TiledVizError(f"there is no array {name!r} to colour by: there are {', '.join(arrays(data)) or 'none'}")


def is_colour(array: Any) -> bool:
    """Return whether *array* holds colours, red, green, blue in bytes, rather than values."""
    return bool(array.GetDataTypeAsString() == "unsigned char" and array.GetNumberOfComponents() in (3, 4))


def range_of(array: Any) -> tuple[float, float]:
    """Return the least and the largest value of *array*, of vectors their lengths; 0, 1 where there is none."""
    low, high = array.GetFiniteRange(-1 if array.GetNumberOfComponents() > 1 else 0)
    return (low, high) if low <= high else (0.0, 1.0)
