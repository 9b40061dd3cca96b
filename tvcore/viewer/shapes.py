"""Meshes to draw out of VTK's data: its outside, cuts, surfaces of one value, and flat pictures."""

from __future__ import annotations

from typing import Any

from tvcore.viewer.reading import array_of, is_colour
from tvcore.viewer.surfaces import isosurface, mesh_of, shiny

PLAIN_COLOUR = (0.78, 0.80, 0.84)


def is_flat(data: Any) -> bool:
    """Return whether *data* is a picture in the plane x, y."""
    if not data.IsA("vtkImageData") and not data.IsA("vtkRectilinearGrid"):
        return False
    width, height, depth = data.GetDimensions()
    return bool(width > 1 and height > 1 and depth == 1)


def is_volume(data: Any) -> bool:
    """Return whether *data* fills a part of space."""
    if data.IsA("vtkPolyData"):
        return False
    if data.IsA("vtkUnstructuredGrid"):
        return any(data.GetCell(i).GetCellDimension() == 3 for i in range(min(data.GetNumberOfCells(), 100)))
    return bool(min(data.GetDimensions()) > 1)


def outside(data: Any) -> Any:
    """Return the surface of *data*, with normals."""
    mesh = data
    if not data.IsA("vtkPolyData"):
        from vtkmodules.vtkFiltersGeometry import vtkGeometryFilter

        geometry: Any = vtkGeometryFilter()
        geometry.SetInputData(data)
        geometry.Update()
        mesh = geometry.GetOutput()
    if mesh.GetPointData().GetNormals() is not None or not mesh.GetNumberOfPolys():
        return mesh
    from vtkmodules.vtkFiltersCore import vtkPolyDataNormals

    normals: Any = vtkPolyDataNormals()
    normals.SetInputData(mesh)
    normals.SetFeatureAngle(40)
    normals.Update()
    return normals.GetOutput()


def cut(data: Any) -> Any:
    """Return three cuts through the middle of *data*, one across each axis."""
    from vtkmodules.vtkCommonDataModel import vtkPlane
    from vtkmodules.vtkFiltersCore import vtkAppendPolyData, vtkCutter

    together: Any = vtkAppendPolyData()
    middle = data.GetCenter()
    for axis in range(3):
        plane = vtkPlane()
        plane.SetOrigin(*middle)
        plane.SetNormal(*(float(axis == i) for i in range(3)))
        cutter: Any = vtkCutter()
        cutter.SetInputData(data)
        cutter.SetCutFunction(plane)
        cutter.Update()
        together.AddInputData(cutter.GetOutput())
    together.Update()
    return together.GetOutput()


def level_surface(data: Any, name: str, level: float, triangles: int, by: str = "") -> Any:
    """Return the surface of *data* where its array *name* is *level*; it can be coloured by the array *by*.

    Out of an image it is closed, and has about *triangles* triangles at most. Raises TiledVizError.
    """
    data = _at_points(data, [name, *([by] if by else [])])
    if data.IsA("vtkImageData") and (not by or array_of(data, by)[0].GetNumberOfComponents() == 1):
        return _light(data, name, level, triangles, by)
    from vtkmodules.vtkFiltersCore import vtkContourFilter

    contour: Any = vtkContourFilter()
    contour.SetInputData(data)
    contour.SetInputArrayToProcess(0, 0, 0, 0, name)
    contour.SetValue(0, level)
    contour.Update()
    return contour.GetOutput()


def _light(data: Any, name: str, level: float, triangles: int, by: str) -> Any:
    import numpy as np
    from vtkmodules.util import numpy_support as support

    numpy_support: Any = support  # it has no types
    shape = tuple(reversed(data.GetDimensions()))

    def field(array: str) -> Any:
        values = numpy_support.vtk_to_numpy(array_of(data, array)[0]).reshape(shape).astype(np.float32)
        missing = ~np.isfinite(values)
        if missing.any():
            values[missing] = values[~missing].min() if not missing.all() else 0
        return values

    low = [data.GetOrigin()[i] + data.GetExtent()[2 * i] * data.GetSpacing()[i] for i in range(3)]
    coloured = field(by) if by and by != name else None
    surface = isosurface(field(name), level, triangles, coloured, data.GetSpacing(), (low[0], low[1], low[2]))
    mesh = mesh_of(surface)
    if by and surface.values.size:
        mesh.GetPointData().GetScalars().SetName(by)
    return mesh


def _at_points(data: Any, names: list[str]) -> Any:
    """Return *data* with each of the arrays *names* at its points."""
    if all(array_of(data, name)[1] for name in names):
        return data
    from vtkmodules.vtkFiltersCore import vtkCellDataToPointData

    spread: Any = vtkCellDataToPointData()
    spread.SetInputData(data)
    spread.Update()
    return spread.GetOutput()


def shape_actor(mesh: Any) -> Any:
    """Return what draws *mesh*, in one colour."""
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    mapper.ScalarVisibilityOff()
    actor: Any = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*PLAIN_COLOUR)
    if not mesh.GetNumberOfPolys() and not mesh.GetNumberOfStrips():
        actor.GetProperty().SetPointSize(3)
        actor.GetProperty().LightingOff()
        return actor
    return shiny(actor)


def colour(actor: Any, mesh: Any, by: str, function: Any) -> None:
    """Have *actor* draw *mesh* coloured by its array *by* through *function*; without that its bytes are colours."""
    points, cells = mesh.GetPointData().GetArray(by), mesh.GetCellData().GetArray(by)
    if not by or (points is None and cells is None):
        return
    mapper = actor.GetMapper()
    mapper.ScalarVisibilityOn()
    if points is not None:
        mapper.SetScalarModeToUsePointFieldData()
    else:
        mapper.SetScalarModeToUseCellFieldData()
    mapper.SelectColorArray(by)
    if function is None:
        mapper.SetColorModeToDirectScalars()
        return
    if (points or cells).GetNumberOfComponents() > 1:
        function.SetVectorModeToMagnitude()
    mapper.SetColorModeToMapScalars()
    mapper.SetLookupTable(function)
    mapper.UseLookupTableScalarRangeOn()


def flat_actor(data: Any, by: str, function: Any) -> Any:
    """Return what draws the picture *data*, coloured by its array *by*; None where that is no plain picture."""
    if not by or not data.IsA("vtkImageData"):
        return None
    array, at_points = array_of(data, by)
    if not at_points or (function is None and not is_colour(array)):
        return None
    if function is not None and array.GetNumberOfComponents() > 1:
        return None
    from vtkmodules.vtkRenderingCore import vtkImageActor

    data.GetPointData().SetActiveScalars(by)
    actor: Any = vtkImageActor()
    if function is None:
        actor.SetInputData(data)
        return actor
    from vtkmodules.vtkImagingCore import vtkImageMapToColors

    painted: Any = vtkImageMapToColors()
    painted.SetInputData(data)
    painted.SetLookupTable(function)
    painted.SetOutputFormatToRGB()
    painted.Update()
    actor.SetInputData(painted.GetOutput())
    return actor
