"""Isosurfaces are light, closed and lit from their normals; their meshes keep all that is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from tvcore.viewer.surfaces import isosurface, mesh_of

Z, Y, X = np.mgrid[0:20, 0:24, 0:28].astype(np.float32)
# 0 at a radius of 6, with a wave: where all is alike, nothing tells which triangles may go
BALL = (6 - np.sqrt((Z - 10) ** 2 + (Y - 12) ** 2 + (X - 14) ** 2) + 0.1 * np.sin(X / 3 + Y / 5 + Z / 4)).astype("f4")


def test_the_surface_of_a_ball_has_its_radius_its_normals_and_the_values_of_the_colour_there() -> None:
    surface = isosurface(BALL, 0.0, 100_000, X, spacing=(0.5, 0.5, 0.5), origin=(1, 2, 3))
    middle = np.array([1 + 7, 2 + 6, 3 + 5])
    out = surface.points - middle
    assert np.linalg.norm(out, axis=1) == pytest.approx(3, abs=0.2)
    assert (np.sum(out * surface.normals, axis=1) > 2.6).all()
    assert np.linalg.norm(surface.normals, axis=1) == pytest.approx(1, abs=1e-3)
    assert surface.values == pytest.approx((surface.points[:, 0] - 1) / 0.5, abs=0.1)
    mesh = mesh_of(surface)
    data = mesh.GetPointData()
    assert (mesh.GetNumberOfPoints(), mesh.GetNumberOfPolys()) == (len(surface.points), len(surface.triangles))
    assert data.GetNormals().GetNumberOfTuples() == len(surface.normals)  # neither takes the other's place
    assert data.GetScalars().GetNumberOfTuples() == len(surface.values)
    assert (data.GetNormals().GetNumberOfComponents(), data.GetScalars().GetNumberOfComponents()) == (3, 1)


def test_a_surface_has_no_more_triangles_than_asked_for_and_is_none_where_no_value_is() -> None:
    whole, light = isosurface(BALL, 0.0, 100_000), isosurface(BALL, 0.0, 300)
    assert len(light.triangles) <= 320 < len(whole.triangles)
    assert np.linalg.norm(light.points - (14, 12, 10), axis=1) == pytest.approx(6, abs=0.5)
    nothing = isosurface(BALL, 50.0, 300)
    assert (nothing.points.shape, nothing.values.shape, nothing.triangles.shape) == ((0, 3), (0,), (0, 3))


def test_a_body_that_meets_the_edge_of_the_grid_is_closed_there_below_zero_too() -> None:
    for field in (BALL + 8, BALL - 50):
        surface = isosurface(field, float(field.max()) - 12, 100_000)  # beyond every face
        edges = np.sort(surface.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        _, often = np.unique(edges, axis=0, return_counts=True)
        assert len(often)
        assert (often == 2).all()
