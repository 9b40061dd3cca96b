"""The isosurface of v as a light mesh, made once, so that a tile has only to draw it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.util import numpy_support as vtk_numpy_support
from vtkmodules.vtkCommonCore import vtkLogger
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D, vtkQuadricDecimation

from .simulation import FieldArray

COLOUR_WEIGHT = 0.5  # of u beside the shape, when the mesh is made lighter
numpy_support: Any = vtk_numpy_support  # it has no types


@dataclass(frozen=True)
class Surface:
    """A mesh of P points and T triangles; lengths in grid spacings, the first grid point at 0."""

    points: npt.NDArray[np.float32]  # (P, 3): x, y, z
    normals: npt.NDArray[np.float32]  # (P, 3), out of the body
    u: npt.NDArray[np.float32]  # (P,): the other substance on the surface
    triangles: npt.NDArray[np.int32]  # (T, 3): numbers of points


NAMES = tuple(field.name for field in fields(Surface))


def make_surface(u: FieldArray, v: FieldArray, isovalue: float, triangles: int) -> Surface:
    """Return the surface v = *isovalue* of fields (z, y, x), of about *triangles* triangles at most.

    Outside the cube v counts as 0, so that the surface is closed where it meets a face.
    """
    # the decimation warns of every flat spot, where its quadric has no unique minimum and an end of the edge serves
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
    contour: Any = vtkFlyingEdges3D()
    contour.SetInputData(_grid(u, v))
    contour.SetValue(0, isovalue)
    contour.ComputeNormalsOn()
    contour.ComputeGradientsOff()
    contour.ComputeScalarsOff()
    contour.InterpolateAttributesOn()
    contour.Update()
    mesh = contour.GetOutput()
    if mesh.GetNumberOfPolys() > triangles:
        mesh = _decimate(mesh, 1 - triangles / mesh.GetNumberOfPolys())
    if not mesh.GetNumberOfPolys():
        nothing = np.empty((0, 3), np.float32)
        return Surface(nothing, nothing, np.empty(0, np.float32), np.empty((0, 3), np.int32))
    data = mesh.GetPointData()
    normals = numpy_support.vtk_to_numpy(data.GetArray("Normals"))
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return Surface(
        numpy_support.vtk_to_numpy(mesh.GetPoints().GetData()).astype(np.float32),
        (normals / np.where(length > 0, length, 1)).astype(np.float32),
        numpy_support.vtk_to_numpy(data.GetArray("u")).astype(np.float32),
        numpy_support.vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32),
    )


def _grid(u: FieldArray, v: FieldArray) -> Any:
    grid: Any = vtkImageData()
    grid.SetDimensions(*(edge + 2 for edge in reversed(v.shape)))
    grid.SetOrigin(-1, -1, -1)
    for name, field in (("v", np.pad(v, 1)), ("u", np.pad(u, 1, mode="edge"))):
        values = numpy_support.numpy_to_vtk(field.ravel(), deep=True)
        values.SetName(name)
        grid.GetPointData().AddArray(values)
    grid.GetPointData().SetActiveScalars("v")
    return grid


def _decimate(mesh: Any, reduction: float) -> Any:
    """Take away this share of the triangles, where shape, normals and u suffer least."""
    mesh.GetPointData().SetActiveScalars("u")
    decimation: Any = vtkQuadricDecimation()
    decimation.SetInputData(mesh)
    decimation.SetTargetReduction(reduction)
    decimation.AttributeErrorMetricOn()
    decimation.NormalsAttributeOn()
    decimation.ScalarsAttributeOn()
    decimation.SetScalarsWeight(COLOUR_WEIGHT)
    decimation.VolumePreservationOn()
    decimation.Update()
    return decimation.GetOutput()
