"""Words in a viewer's picture, and the cube around what it shows."""

from __future__ import annotations

from typing import Any

FRAME = (0.23, 0.23, 0.25)
TEXT = (0.62, 0.62, 0.65)


def note_actor(text: str) -> Any:
    """Return *text* for the middle of the window."""
    actor = _text_actor(text, 20)
    actor.SetPosition(0.5, 0.5)
    style = actor.GetTextProperty()
    style.SetJustificationToCentered()
    style.SetVerticalJustificationToCentered()
    return actor


def caption_actor(text: str) -> Any:
    """Return *text* for the lower left corner of the window."""
    actor = _text_actor(text, 15)
    actor.SetPosition(0.02, 0.025)
    return actor


def _text_actor(text: str, size: int) -> Any:
    from vtkmodules import vtkRenderingFreeType  # noqa: F401 (draws text)
    from vtkmodules.vtkRenderingCore import vtkTextActor

    actor: Any = vtkTextActor()
    actor.SetInput(text)
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    style = actor.GetTextProperty()
    style.SetFontSize(size)
    style.SetColor(*TEXT)
    return actor


def box_actor(bounds: tuple[float, ...]) -> Any:
    """Return the edges of the box *bounds* (x from, to, y from, to, z from, to)."""
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    points, lines, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
    for corner in range(8):
        points.InsertNextPoint(*(bounds[2 * axis + (corner >> axis & 1)] for axis in range(3)))
    for corner in range(8):
        for axis in range(3):
            if not corner >> axis & 1:
                lines.InsertNextCell(2, (corner, corner | 1 << axis))
    mesh.SetPoints(points)
    mesh.SetLines(lines)
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    actor: Any = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*FRAME)
    actor.GetProperty().LightingOff()
    actor.PickableOff()
    return actor


def bar_actor(function: Any, title: str) -> Any:
    """Return the colours of *function* with some values beside them, under *title*, for the right of the window."""
    from vtkmodules import vtkRenderingFreeType  # noqa: F401 (draws text)
    from vtkmodules.vtkRenderingAnnotation import vtkScalarBarActor

    bar: Any = vtkScalarBarActor()
    bar.SetLookupTable(function)
    bar.SetTitle(title)
    bar.SetNumberOfLabels(5)
    bar.SetLabelFormat("%-.4g")
    bar.UnconstrainedFontSizeOn()
    bar.SetPosition(0.885, 0.3)
    bar.SetWidth(0.1)
    bar.SetHeight(0.45)
    bar.SetBarRatio(0.28)
    for style, size in ((bar.GetLabelTextProperty(), 13), (bar.GetTitleTextProperty(), 14)):
        style.SetFontSize(size)
        style.SetColor(*TEXT)
        style.ShadowOff()
        style.ItalicOff()
        style.BoldOff()
    return bar
