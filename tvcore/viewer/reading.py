"""Data files as VTK's data: its own formats, STL, OBJ, PLY, series of them, and fields of netCDF and HDF5 files."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tvcore.errors import TiledVizError
from tvcore.viewer.collection import COLLECTION, collection, how_to_mend
from tvcore.viewer.moments import Moments

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
SUFFIXES = (*READERS, COLLECTION, *FIELDS)

EDGE_MAX = {2: 4096, 3: 256}  # grid points along an axis, by the number of axes: of a larger field each n-th is taken
FAR = 1e30  # of a point
NO_RANGE = (0.0, 1.0)  # of an array without values
_SIDE = ("Normals", "TCoords", "GroupIds")  # arrays that come with a shape
_PLACE = re.compile(r"^(?P<name>.+?)(\[(?P<at>-?\d+(,-?\d+)*)\])?$")


def suffix_of(path: str | Path) -> str:
    """Return how the name of *path* ends, where that is something that can be read; else an empty text."""
    suffix = Path(path).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


def read(path: str, variable: str = "", moment: int = 0) -> Any:
    """Return the vtkDataSet of the file *path*; of a netCDF or HDF5 file that of its field *variable*.

    *variable* is a path within the file, ``group/temperature``, and ``temperature[3]`` is the fourth along its first
    axis; what is left has the axes (y, x) or (z, y, x). Of those with ``moments`` it is that at *moment*, from 0 on,
    and nothing else is read. Raises TiledVizError with one line that begins with *path*.
    """
    suffix = _looked_at(path, variable)
    if suffix in FIELDS:
        return _field(path, variable, moment)
    return _of_series(path, moment) if suffix == COLLECTION else _by_reader(path, suffix)


def moments(path: str, variable: str = "") -> Moments:
    """Return the moments of the file *path*, or of its field *variable*; none of what has no time, or one moment alone.

    Raises TiledVizError with one line that begins with *path*.
    """
    suffix = _looked_at(path, variable)
    if suffix == COLLECTION:
        times = tuple(time for time, _ in collection(path))
        return Moments(times) if len(times) > 1 else Moments()
    if suffix not in FIELDS:
        return Moments()
    with _opened(path, variable) as (found, _, at):
        return _moments(found, len(at))


def _looked_at(path: str, variable: str) -> str:
    """Return how the name of *path* ends, once a first look says that it can be read. Raises TiledVizError."""
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
    if variable and suffix not in FIELDS:
        raise TiledVizError(f"{path}: a variable ({variable}) is named for netCDF and HDF5 files alone")
    return suffix


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


# ------------------------------------------------------------------------ series


def _of_series(path: str, moment: int) -> Any:
    """Return all parts of the collection *path* at its *moment* together."""
    every = collection(path)
    if moment >= len(every):
        raise TiledVizError(f"{path}: there is no moment {moment} of {len(every)}: it was written anew")
    time, files = every[moment]
    parts = []
    for file in files:
        at = f"{path}: at {time:.10g}: "
        if Path(file).suffix.lower() not in READERS:
            raise TiledVizError(f"{at}{file} ends with none of {', '.join(READERS)}: write it as one of these")
        try:
            parts.append(read(file))
        except TiledVizError as error:
            raise TiledVizError(f"{at}{error}: {how_to_mend(path, file)}") from error
    return parts[0] if len(parts) == 1 else _together(parts)


def _together(parts: list[Any]) -> Any:
    """Return one mesh of all *parts*, with the arrays that each of them has."""
    from vtkmodules.vtkFiltersCore import vtkAppendFilter, vtkAppendPolyData

    flat = all(part.IsA("vtkPolyData") for part in parts)
    together: Any = vtkAppendPolyData() if flat else vtkAppendFilter()
    for part in parts:
        together.AddInputData(part)
    together.Update()
    return together.GetOutput()


# ------------------------------------------------------------------------ fields


@contextlib.contextmanager
def _opened(path: str, variable: str) -> Iterator[tuple[Any, str, list[int]]]:
    """Open the field *variable* of the file *path*: the field, its name, and what is chosen along its first axes.

    Raises TiledVizError in one line, also for what fails while it is open.
    """
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
            yield found, place["name"], _chosen(found, at)
    except TiledVizError as error:
        raise error if str(error).startswith(path) else TiledVizError(f"{path}:{variable}: {error}") from None
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, ArithmeticError, MemoryError) as error:
        raise TiledVizError(f"{path}: {variable} cannot be read: {_what(error)}") from error


def _field(path: str, variable: str, moment: int) -> Any:
    with _opened(path, variable) as (found, name, at):
        values, steps = _numbers(found, at, moment)
        flip = _falls(found, values.ndim)
    return _grid(values[..., ::-1, :] if flip else values, name.rpartition("/")[2], steps)


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


def _chosen(found: Any, at: list[int]) -> list[int]:
    """Return the places *at* along the first axes of the field, from 0. Raises TiledVizError where there are none."""
    if found.dtype.kind not in "iufb" or found.shape is None:
        raise TiledVizError("it holds no numbers")
    if len(at) > found.ndim - 2 and at:
        raise TiledVizError(f"{len(at)} of its {found.ndim} axes are chosen, and two must be left")
    for number, length in zip(at, found.shape, strict=False):
        if not -length <= number < length:
            raise TiledVizError(f"there is no [{number}] along an axis of {length}")
    return [number % found.shape[i] for i, number in enumerate(at)]


def _numbers(found: Any, at: list[int], moment: int) -> tuple[Any, list[int]]:
    """Return the field as floats (y, x) or (z, y, x), what is missing as NaN, and the step taken along each axis."""
    import numpy as np

    chosen: list[int | slice] = [*at]
    left = list(found.shape[len(at) :])
    if moment and (len(left) < 3 or moment >= left[0]):
        raise TiledVizError(f"there is no moment {moment}: it was written anew")
    # of a time that is not chosen, and of axes of which there are too many, the first
    while len(left) > 2 and (len(left) > 3 or left[0] == 1 or _is_time(found, len(chosen))):
        chosen.append(moment if len(chosen) == len(at) else 0)
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


def _moments(found: Any, axis: int) -> Moments:
    """Return the moments along *axis* of the field: what its coordinate says, else its steps from 0; none: no time."""
    import numpy as np

    if found.ndim - axis < 3 or found.shape[axis] < 2 or not _is_time(found, axis):
        return Moments()
    for scale in found.dims[axis].values():
        with contextlib.suppress(OSError, RuntimeError, ValueError, TypeError):  # such a time has its steps alone
            if scale.dtype.kind not in "iuf" or scale.shape != found.shape[axis : axis + 1]:
                continue
            times = np.asarray(scale[...], np.float64)
            if np.isfinite(times).all() and times.min() < times.max():
                return Moments(tuple(times.tolist()), _unit(scale))
    return Moments(tuple(map(float, range(found.shape[axis]))))


def _unit(scale: Any) -> str:
    """Return the unit of a coordinate as it can stand in a line."""
    unit = scale.attrs.get("units", "")
    text = unit.decode("utf-8", "replace") if isinstance(unit, bytes) else unit if isinstance(unit, str) else ""
    return "".join(letter for letter in " ".join(text.split())[:80] if letter.isprintable())


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


def finite_range(array: Any) -> tuple[float, float] | None:
    """Return the least and the largest value of *array*, of vectors their lengths; None: there is none."""
    low, high = array.GetFiniteRange(-1 if array.GetNumberOfComponents() > 1 else 0)
    return (low, high) if low <= high else None


def range_of(array: Any) -> tuple[float, float]:
    """Return the least and the largest value of *array*, of vectors their lengths; 0, 1 where there is none."""
    return finite_range(array) or NO_RANGE
