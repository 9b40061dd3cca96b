"""The program in a tile: one member's isosurface in a window over the whole display.

    python -m tvcore.plugins.gray_scott.view --file ENSEMBLE.h5 --member NUMBER

The mouse turns it (left button), moves it (middle) and brings it nearer (right, wheel). While somebody looks
(``$TILEDVIZ_WATCH`` names a file that says how many frames a second are wanted) it turns by itself, slowly; while
nobody looks it draws nothing. Sixteen of these start together on two cores, so only what is needed is imported, and
the surface comes ready to be drawn from the ensemble's file.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

# NumPy's linear algebra starts a thread per core, which costs more than all of NumPy's import; VTK's choice of a
# window falls back to one that nobody sees; llvmpipe's threads only add to those of the other tiles
os.environ.update({"OPENBLAS_NUM_THREADS": "1", "VTK_DEFAULT_OPENGL_WINDOW": "vtkXOpenGLRenderWindow"})
os.environ.setdefault("LP_NUM_THREADS", "0")

from tvcore.ensemble import open_ensemble
from tvcore.errors import TiledVizError

SURFACES = "surfaces"  # group of the ensemble's file: SURFACES/MEMBER/points, normals, u, triangles

BACKGROUND = (0.043, 0.043, 0.047)
FRAME = (0.23, 0.23, 0.25)
TEXT = (0.62, 0.62, 0.65)
U_RANGE = (0.2, 0.65)  # one scale for all members, so that tiles compare
VIRIDIS = (
    (0.267, 0.005, 0.329), (0.283, 0.141, 0.458), (0.254, 0.265, 0.530), (0.207, 0.372, 0.553), (0.164, 0.471, 0.558),
    (0.128, 0.567, 0.551), (0.135, 0.659, 0.518), (0.267, 0.749, 0.441), (0.478, 0.821, 0.318), (0.741, 0.873, 0.150),
    (0.993, 0.906, 0.144),
)  # fmt: skip

TURN = 9.0  # degrees per second
WALL_RATE = 5.0  # frames per second while seen among others
FOCUS_RATE = 12.0  # while it is the one that is looked at
FOCUS_FROM = 20.0  # wanted frames per second from which it is that one
WALL_SHARE = 0.08  # of a core's time that turning may take, so that sixteen leave the machine responsive
FOCUS_SHARE = 0.4
LEAST_RATE = 1.0
IDLE = 0.25  # seconds between looks at the file, while nobody looks
HANDS_OFF = 4.0  # seconds after the last touch of the mouse in which it stays as it was put


def turn_rate(wanted: float, frame_seconds: float) -> float:
    """Return the frames per second to turn at, when *wanted* can be seen and a frame takes so long to draw.

    The time is that of the clock: on a busy machine frames take longer, and all tiles slow down.
    """
    most, share = (FOCUS_RATE, FOCUS_SHARE) if wanted >= FOCUS_FROM else (WALL_RATE, WALL_SHARE)
    return min(wanted, most, max(LEAST_RATE, share / max(frame_seconds, 1e-6)))


def read_wanted(path: str | None) -> float:
    """Return how many frames per second somebody wants to see, by the file *path*; 0 when it does not say.

    Without a *path* the program runs outside of a tile, in front of whoever started it.
    """
    if path is None:
        return FOCUS_FROM
    try:
        with open(path, encoding="ascii") as file:
            return max(0.0, float(file.read(32)))
    except (OSError, ValueError):
        return 0.0


def load(path: str, member: int) -> tuple[dict[str, Any], int]:
    """Return the member's surface (arrays by name) and the grid's edge. Raises TiledVizError."""
    with open_ensemble(path) as ensemble:
        ensemble.row(member)
        edge = ensemble.fields[0].shape[0] if ensemble.fields else 1
        names = ("points", "normals", "u", "triangles")
        return {name: ensemble.dataset(f"{SURFACES}/{member}/{name}") for name in names}, edge


def open_window() -> Any:
    """Return a window over the whole display. Raises TiledVizError when GL cannot draw into one."""
    from vtkmodules import vtkRenderingOpenGL2  # noqa: F401 (makes the window's class known)
    from vtkmodules.vtkCommonCore import vtkLogger
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)  # our one line says it instead
    display = os.environ.get("DISPLAY", "")
    window = vtkRenderWindow()
    if window is None or window.GetClassName() != "vtkXOpenGLRenderWindow":
        raise TiledVizError(
            f"cannot open a GL window on the X display {display!r}: "
            "see that it is there, that XAUTHORITY names its cookie, and that glxinfo -B runs"
        )
    window.SetMultiSamples(0)
    window.BordersOff()
    window.SetPosition(0, 0)
    window.SetSize(*window.GetScreenSize())
    window.SetWindowName("TiledViz gray_scott")
    return window


def _numbers(array: Any, values: Any, components: int) -> Any:
    """Return the VTK *array* over the memory of *values*, which lives as long."""
    array.SetNumberOfComponents(components)
    array.SetVoidArray(values, values.size, 1)
    array.values = values
    return array


def surface_actor(surface: dict[str, Any]) -> Any:
    """Return the actor of the surface, coloured by u."""
    from vtkmodules.vtkCommonCore import vtkFloatArray, vtkPoints, vtkTypeInt32Array
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkRenderingCore import vtkActor, vtkColorTransferFunction, vtkPolyDataMapper

    points, cells, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(_numbers(vtkFloatArray(), surface["points"], 3))
    cells.SetData(3, _numbers(vtkTypeInt32Array(), surface["triangles"].reshape(-1), 1))
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    mesh.GetPointData().SetNormals(_numbers(vtkFloatArray(), surface["normals"], 3))
    mesh.GetPointData().SetScalars(_numbers(vtkFloatArray(), surface["u"], 1))
    low, high = U_RANGE
    colours = vtkColorTransferFunction()
    for i, colour in enumerate(VIRIDIS):
        colours.AddRGBPoint(low + (high - low) * i / (len(VIRIDIS) - 1), *colour)
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    mapper.SetLookupTable(colours)
    mapper.UseLookupTableScalarRangeOn()
    actor = vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetAmbient(0.16)
    look.SetDiffuse(0.86)
    look.SetSpecular(0.22)
    look.SetSpecularPower(24)
    return actor


def frame_actor(edge: int) -> Any:
    """Return the edges of the cube in which the member lives."""
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    points, lines, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
    for corner in range(8):
        points.InsertNextPoint(*(edge if corner >> axis & 1 else -1 for axis in range(3)))
    for corner in range(8):
        for axis in range(3):
            if not corner >> axis & 1:
                lines.InsertNextCell(2, (corner, corner | 1 << axis))
    mesh.SetPoints(points)
    mesh.SetLines(lines)
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*FRAME)
    actor.GetProperty().LightingOff()
    actor.PickableOff()
    return actor


def note_actor(text: str) -> Any:
    """Return *text* for the middle of the window."""
    from vtkmodules import vtkRenderingFreeType  # noqa: F401 (draws text)
    from vtkmodules.vtkRenderingCore import vtkTextActor

    actor = vtkTextActor()
    actor.SetInput(text)
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    actor.SetPosition(0.5, 0.5)
    style = actor.GetTextProperty()
    style.SetFontSize(20)
    style.SetColor(*TEXT)
    style.SetJustificationToCentered()
    style.SetVerticalJustificationToCentered()
    return actor


def make_scene(surface: dict[str, Any], edge: int) -> Any:
    """Return the renderer with the member, seen from slightly above."""
    from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

    renderer = vtkRenderer()
    renderer.SetBackground(*BACKGROUND)
    renderer.AddActor(frame_actor(edge))
    if len(surface["triangles"]):
        renderer.AddActor(surface_actor(surface))
    else:
        renderer.AddActor(note_actor("no surface: v stays below the isovalue"))
    light = vtkLight()
    light.SetLightTypeToCameraLight()
    light.SetPosition(-0.35, 0.5, 1.0)
    renderer.AddLight(light)
    middle = (edge - 1) / 2
    camera = renderer.GetActiveCamera()
    camera.SetViewAngle(26)
    height = middle - 0.05 * edge  # seen from above, the cube's near bottom corner is what comes closest to the rim
    camera.SetFocalPoint(middle, middle, height)
    camera.SetPosition(middle, middle - 3.7 * (edge + 1), height)
    camera.SetViewUp(0, 0, 1)
    camera.Azimuth(33)
    camera.Elevation(22)
    renderer.ResetCameraClippingRange()
    return renderer


class Turntable:
    """Turns the camera while somebody looks and nobody has a hand on it."""

    def __init__(self, window: Any, renderer: Any, interactor: Any, watch: str | None) -> None:
        self._window = window
        self._renderer = renderer
        self._interactor = interactor
        self._watch = watch
        self._held = False
        self._last_touch = -HANDS_OFF
        self._last_turn: float | None = None
        style: Any = interactor.GetInteractorStyle()
        style.AddObserver("StartInteractionEvent", lambda *_: self._touch(held=True))
        style.AddObserver("EndInteractionEvent", lambda *_: self._touch(held=False))
        interactor.AddObserver("TimerEvent", lambda *_: self._tick())
        interactor.CreateOneShotTimer(round(IDLE * 1000))

    def _touch(self, held: bool) -> None:
        self._held = held
        self._last_touch = time.monotonic()

    def _tick(self) -> None:
        now = time.monotonic()
        wanted = read_wanted(self._watch)
        wait = IDLE
        if wanted > 0 and not self._held and now - self._last_touch >= HANDS_OFF:
            # after a pause it goes on from where it stands: it never jumps
            passed = min(now - self._last_turn, 2 / WALL_RATE) if self._last_turn is not None else 1 / WALL_RATE
            self._renderer.GetActiveCamera().Azimuth(TURN * passed)
            self._renderer.ResetCameraClippingRange()
            self._window.Render()
            self._last_turn = now
            took = time.monotonic() - now
            wait = max(1 / turn_rate(wanted, took) - took, 0.001)
        else:
            self._last_turn = None
        self._interactor.CreateOneShotTimer(max(1, round(min(wait, 10.0) * 1000)))


def show(window: Any, renderer: Any, watch: str | None) -> None:
    """Draw, and answer mouse and clock until the display goes away."""
    from vtkmodules.vtkInteractionStyle import vtkInteractorStyleTrackballCamera
    from vtkmodules.vtkRenderingCore import vtkRenderWindowInteractor

    window.AddRenderer(renderer)
    interactor: Any = vtkRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    interactor.SetInteractorStyle(vtkInteractorStyleTrackballCamera())
    interactor.AddObserver("ExitEvent", lambda *_: None)  # the keys q and e would end the tile
    interactor.Initialize()
    window.Render()
    if not window.SupportsOpenGL():
        raise TiledVizError(f"GL does not draw on this display: {window.GetOpenGLSupportMessage().strip()}")
    turntable = Turntable(window, renderer, interactor, watch)
    interactor.Start()
    del turntable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    parser = argparse.ArgumentParser(prog="gray_scott view", description="Show one member of a Gray-Scott ensemble.")
    parser.add_argument("--file", required=True, help="the ensemble's HDF5 file")
    parser.add_argument("--member", required=True, type=int, help="the member's number, from 0")
    given = parser.parse_args(arguments)
    try:
        surface, edge = load(given.file, given.member)
        show(open_window(), make_scene(surface, edge), os.environ.get("TILEDVIZ_WATCH"))
    except TiledVizError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
