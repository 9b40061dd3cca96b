"""The window of a viewer: over the whole display, with a camera that turns, and orders that it takes.

::

    from tvcore.viewer.view import View

    view = View("my viewer")               # raises TiledVizError where GL cannot draw
    view.renderer.AddActor(actor)
    view.keep_first()                      # the camera as it is now is the first view
    view.act("level", level)               # `tell level value=0.3` calls level(value=0.3), and draws
    view.show()                            # until the display goes away

It knows some orders by itself: ``camera`` (what the camera is; with values: be so), ``camera-reset``, ``turn``.
The mouse turns it (left button), moves it (middle) and brings it nearer (right, wheel).
"""

from __future__ import annotations

import math
import os
from typing import Any

# NumPy's linear algebra starts a thread per core, which costs more than all of NumPy's import; VTK's choice of a
# window falls back to one that nobody sees; llvmpipe's threads only add to those of the other tiles
os.environ.update({"OPENBLAS_NUM_THREADS": "1", "VTK_DEFAULT_OPENGL_WINDOW": "vtkXOpenGLRenderWindow"})
os.environ.setdefault("LP_NUM_THREADS", "0")

from tvcore.errors import TiledVizError, UsageError
from tvcore.viewer.control import Act, Control
from tvcore.viewer.turntable import Turntable

BACKGROUND = (0.043, 0.043, 0.047)
VIEW_ANGLE = 26.0  # degrees
CLOSE = 0.96  # a box comes closer to the window's edge than the ball around it
MARGIN_RIGHT, MARGIN_BELOW = 0.14, 0.07  # of the window, beside a flat picture: for what is written there


def open_window(title: str) -> Any:
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
    window.SetWindowName(title)
    return window


class View:
    """A window called *title*, with the ``renderer`` to which actors are added.

    *flat*: it shows a picture that lies in the plane x, y, seen from straight above; it does not turn.
    """

    def __init__(self, title: str, flat: bool = False) -> None:
        self.window = open_window(title)
        from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

        self.flat = flat
        self.renderer: Any = vtkRenderer()
        self.renderer.SetBackground(*BACKGROUND)
        light = vtkLight()
        light.SetLightTypeToCameraLight()
        light.SetPosition(-0.35, 0.5, 1.0)
        self.renderer.AddLight(light)
        self.camera.SetViewAngle(VIEW_ANGLE)
        self._centre: tuple[float, ...] = (0.0, 0.0, 0.0)
        self._size = 1.0
        self._first: dict[str, Any] = {}
        self._turntable: Turntable | None = None
        self._acts: dict[str, Act] = {"camera": self._camera, "camera-reset": self._reset, "turn": self._turn}

    @property
    def camera(self) -> Any:
        """Return VTK's camera."""
        return self.renderer.GetActiveCamera()

    def act(self, name: str, act: Act) -> None:
        """Have *act* called with the values of the order *name*; then the picture is drawn anew.

        It returns a line that says what came of it, or a dictionary. A TiledVizError is the answer to who asked.
        """

        def done(**values: Any) -> dict[str, Any] | str | None:
            said = act(**values)
            self.draw()
            return said

        self._acts[name] = done

    def frame(self, bounds: tuple[float, ...]) -> None:
        """See what lies in *bounds* (x from, to, y from, to, z from, to) from slightly above, or flat."""
        centre = [(bounds[i] + bounds[i + 1]) / 2 for i in (0, 2, 4)]
        width, height, depth = (bounds[i + 1] - bounds[i] for i in (0, 2, 4))
        camera = self.camera
        camera.SetFocalPoint(*centre)
        if self.flat:
            camera.ParallelProjectionOn()
            across, along = (max(side, 1) for side in self.window.GetSize())
            pixel = max(width / (across * (1 - MARGIN_RIGHT)), height / (along * (1 - MARGIN_BELOW))) * 1.03 or 1.0
            middle = centre[0] + pixel * across * MARGIN_RIGHT / 2, centre[1] - pixel * along * MARGIN_BELOW / 2
            camera.SetParallelScale(pixel * along / 2)
            camera.SetFocalPoint(*middle, centre[2])
            camera.SetPosition(*middle, centre[2] + (math.hypot(width, height) or 1.0))
            camera.SetViewUp(0, 1, 0)
        else:
            away = (
                math.sqrt(width**2 + height**2 + depth**2) / 2 / math.sin(math.radians(VIEW_ANGLE / 2)) * CLOSE or 1.0
            )
            camera.SetPosition(centre[0], centre[1] - away, centre[2])
            camera.SetViewUp(0, 0, 1)
            camera.Azimuth(33)
            camera.Elevation(22)
        self.keep_first(bounds)

    def keep_first(self, bounds: tuple[float, ...] | None = None) -> None:
        """Take the camera as it is for the first view of what lies in *bounds* (default: of all there is)."""
        bounds = bounds or self.renderer.ComputeVisiblePropBounds()
        self._centre = tuple((bounds[i] + bounds[i + 1]) / 2 for i in (0, 2, 4))
        self._size = math.dist(bounds[::2], bounds[1::2]) or 1.0
        self.renderer.ResetCameraClippingRange()
        self._first = self.looks()

    def looks(self) -> dict[str, Any]:
        """Return what the camera is, in lengths of what it sees: another viewer's picture may be of another size."""
        camera = self.camera

        def inner(point: tuple[float, ...]) -> list[float]:
            return [(here - middle) / self._size for here, middle in zip(point, self._centre, strict=True)]

        return {
            "position": inner(camera.GetPosition()),
            "focus": inner(camera.GetFocalPoint()),
            "up": list(camera.GetViewUp()),
            "angle": camera.GetViewAngle(),
            "scale": camera.GetParallelScale() / self._size if camera.GetParallelProjection() else 0.0,
        }

    def look(
        self, position: list[float], focus: list[float], up: list[float], angle: float, scale: float = 0.0
    ) -> None:
        """Be what ``looks`` of a viewer returned. Raises UsageError."""
        vectors = (position, focus, up)
        if any(len(vector) != 3 for vector in vectors) or not all(
            math.isfinite(number) for number in (*position, *focus, *up, angle, scale)
        ):
            raise UsageError("this is no camera: position, focus and up have three numbers each")
        if not (0 < angle < 180 and scale >= 0) or position == focus or not any(up):
            raise UsageError("this is no camera: it looks nowhere")
        camera = self.camera
        camera.SetPosition(*(middle + self._size * x for middle, x in zip(self._centre, position, strict=True)))
        camera.SetFocalPoint(*(middle + self._size * x for middle, x in zip(self._centre, focus, strict=True)))
        camera.SetViewUp(*up)
        camera.SetViewAngle(angle)
        camera.SetParallelProjection(scale > 0)
        if scale > 0:
            camera.SetParallelScale(scale * self._size)

    def draw(self) -> None:
        """Draw anew."""
        self.renderer.ResetCameraClippingRange()
        self.window.Render()

    def show(self) -> None:
        """Draw, and answer mouse, clock and orders until the display goes away. Raises TiledVizError."""
        from vtkmodules.vtkInteractionStyle import vtkInteractorStyleImage, vtkInteractorStyleTrackballCamera
        from vtkmodules.vtkRenderingCore import vtkRenderWindowInteractor

        if not self._first:
            self.frame(self.renderer.ComputeVisiblePropBounds())
        self.window.AddRenderer(self.renderer)
        interactor: Any = vtkRenderWindowInteractor()
        interactor.SetRenderWindow(self.window)
        interactor.SetInteractorStyle(vtkInteractorStyleImage() if self.flat else vtkInteractorStyleTrackballCamera())
        interactor.AddObserver("ExitEvent", lambda *_: None)  # the keys q and e would end the tile
        interactor.Initialize()
        control = Control(self._acts)  # before the first picture: from then on the tile is live, and may be told
        self.window.Render()
        if not self.window.SupportsOpenGL():
            raise TiledVizError(f"GL does not draw on this display: {self.window.GetOpenGLSupportMessage().strip()}")
        watch = os.environ.get("TILEDVIZ_WATCH")
        turntable = self._turntable = Turntable(self.window, self.renderer, interactor.GetInteractorStyle(), watch)
        turntable.turning = not self.flat
        # a loop of our own: in VTK's, a timer is lost now and then when the mouse lets go, and nothing moves any more
        while not interactor.GetDone():
            interactor.ProcessEvents()
            if control.look():
                turntable.touch()
            control.wait(turntable.go_on())

    def _camera(self, **values: Any) -> dict[str, Any] | str:
        if not values:
            return self.looks()
        self.look(**values)
        self.draw()
        return "seen from there"

    def _reset(self) -> str:
        self.look(**self._first)
        self.draw()
        return "seen from where it began"

    def _turn(self, on: bool) -> str:
        if self._turntable and not self.flat:
            self._turntable.turning = bool(on)
            return "turns while somebody looks" if on else "stands still"
        return "is flat, and never turns"
