"""Surfaces of fields, light enough to turn, as plain arrays and as something to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Field = npt.NDArray[Any]

COLOUR_WEIGHT = 0.5  # of the colour beside the shape, when a mesh is made lighter


@dataclass(frozen=True)
class Surface:
    """A mesh of P points and T triangles; *values* colour it. Lengths as the grid's that it was made from."""

    points: npt.NDArray[np.float32]  # (P, 3): x, y, z
    normals: npt.NDArray[np.float32]  # (P, 3), out of the body
    values: npt.NDArray[np.float32]  # (P,)
    triangles: npt.NDArray[np.int32]  # (T, 3): numbers of points


def isosurface(
    field: Field,
    level: float,
    triangles: int,
    colour: Field | None = None,
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Surface:
    """Return the surface *field* = *level*, of about *triangles* triangles at most, coloured by the field *colour*.

    Fields have the axes (z, y, x); *spacing* and *origin* (of the first grid point) are x, y, z. Outside of the grid
    the field counts as 0, or as its least value if that is less, so that the surface is closed where it meets a face.
    """
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D

    outside = min(0.0, float(field.min()))
    grid: Any = vtkImageData()
    grid.SetDimensions(*(edge + 2 for edge in reversed(field.shape)))
    grid.SetSpacing(*spacing)
    grid.SetOrigin(*(start - step for start, step in zip(origin, spacing, strict=True)))
    for name, padded in (
        ("field", np.pad(field, 1, constant_values=outside)),
        ("colour", np.pad(field if colour is None else colour, 1, mode="edge")),
    ):
        grid.GetPointData().AddArray(vtk_array(padded.astype(np.float32, copy=False).reshape(-1), name))
    grid.GetPointData().SetActiveScalars("field")
    contour: Any = vtkFlyingEdges3D()
    contour.SetInputData(grid)
    contour.SetValue(0, level)
    contour.ComputeNormalsOn()
    contour.ComputeGradientsOff()
    contour.ComputeScalarsOff()
    contour.InterpolateAttributesOn()
    contour.Update()
    mesh = contour.GetOutput()
    if mesh.GetNumberOfPolys() > triangles:
        mesh = _decimated(mesh, 1 - triangles / mesh.GetNumberOfPolys(), coloured=colour is not None)
    return _arrays(mesh)


def _decimated(mesh: Any, reduction: float, coloured: bool) -> Any:
    """Take away this share of the triangles, where shape, normals and colour (if there is any) suffer least."""
    from vtkmodules.vtkCommonCore import vtkLogger
    from vtkmodules.vtkFiltersCore import vtkQuadricDecimation

    mesh.GetPointData().SetActiveScalars("colour")
    decimation: Any = vtkQuadricDecimation()
    decimation.SetInputData(mesh)
    decimation.SetTargetReduction(reduction)
    decimation.AttributeErrorMetricOn()
    decimation.NormalsAttributeOn()
    decimation.SetScalarsAttribute(coloured)
    decimation.SetScalarsWeight(COLOUR_WEIGHT)
    decimation.VolumePreservationOn()
    # it complains of every flat spot, where its quadric has no unique minimum and an end of the edge serves
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    decimation.Update()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
    return decimation.GetOutput()


def _arrays(mesh: Any) -> Surface:
    if not mesh.GetNumberOfPolys():
        nothing = np.empty((0, 3), np.float32)
        return Surface(nothing, nothing, np.empty(0, np.float32), np.empty((0, 3), np.int32))
    from vtkmodules.util import numpy_support as support

    numpy_support: Any = support  # it has no types
    data = mesh.GetPointData()
    normals = numpy_support.vtk_to_numpy(data.GetArray("Normals"))
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return Surface(
        numpy_support.vtk_to_numpy(mesh.GetPoints().GetData()).astype(np.float32),
        (normals / np.where(length > 0, length, 1)).astype(np.float32),
        numpy_support.vtk_to_numpy(data.GetArray("colour")).astype(np.float32),
        numpy_support.vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32),
    )


def vtk_array(values: Field, name: str = "") -> Any:
    """Return the VTK array *name* over the memory of *values*: float32 or int32, (N,) or (N, components)."""
    from vtkmodules.vtkCommonCore import vtkFloatArray, vtkTypeInt32Array

    array: Any = vtkFloatArray() if values.dtype == np.float32 else vtkTypeInt32Array()
    array.SetNumberOfComponents(values.shape[1] if values.ndim > 1 else 1)
    values = np.ascontiguousarray(values)
    array.SetVoidArray(values, values.size, 1)
    array.values = values  # which live as long
    if name:  # of one name, the empty one too, data keep just one array
        array.SetName(name)
    return array


def mesh_of(surface: Surface) -> Any:
    """Return *surface* as VTK's data, over the same memory."""
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    points, mesh = vtkPoints(), vtkPolyData()
    cells: Any = vtkCellArray()
    triangles = vtk_array(surface.triangles.reshape(-1))
    points.SetData(vtk_array(surface.points))
    cells.SetData(3, triangles)
    cells.kept = triangles  # VTK 9.3 takes the memory and lets go of the array
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    mesh.GetPointData().SetNormals(vtk_array(surface.normals, "Normals"))
    mesh.GetPointData().SetScalars(vtk_array(surface.values, "values"))
    return mesh


def shiny(actor: Any) -> Any:
    """Return *actor*, lit as surfaces of the kit are."""
    look = actor.GetProperty()
    look.SetAmbient(0.16)
    look.SetDiffuse(0.86)
    look.SetSpecular(0.22)
    look.SetSpecularPower(24)
    return actor


def surface_actor(surface: Surface, colours: Any) -> Any:
    """Return what draws *surface* with VTK's function from values to *colours*."""
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh_of(surface))
    mapper.SetLookupTable(colours)
    mapper.UseLookupTableScalarRangeOn()
    actor: Any = vtkActor()
    actor.SetMapper(mapper)
    return shiny(actor)
