"""Runs within ParaView (``--script``): brings up what the tile is to show, then does what the actions of the case ask.

What that is stands in $TILEDVIZ_PARAVIEW, as JSON (start.py): ``state`` and ``data``, each a path or empty, and
``code``, the folder of TiledViz's code. ParaView's own Python runs this, whichever it is.
"""

# mypy: ignore-errors

import json
import os
import sys
import tempfile

from paraview import simple

TICK = 100  # milliseconds between two looks for orders


def load(state, data):
    """Bring up a *state* (.pvsm, or .py), or the file *data* alone."""
    if state.endswith(".py"):
        with open(state, "rb") as file:
            code = compile(file.read(), state, "exec")
        exec(code, {"__name__": "__main__", "__file__": state})  # noqa: S102 - as ParaView itself loads one
    elif state:
        simple.LoadState(state)
    else:
        show(data)


def show(data):
    """Show the file *data* as ParaView's Apply does, coloured by the first array there is, seen as a whole."""
    view = simple.GetActiveViewOrCreate("RenderView")
    source = simple.OpenDataFile(data)
    if source is None:
        raise RuntimeError(f"ParaView knows no reader for {data}")
    source.UpdatePipeline()
    display = simple.Show(source, view)
    if display.Representation == "Outline":  # of images in three dimensions: that shows nothing of them
        display.Representation = "Surface"
    for kind, arrays in (("POINTS", source.PointData), ("CELLS", source.CellData)):
        if len(arrays):
            simple.ColorBy(display, (kind, arrays[0].Name))
            display.RescaleTransferFunctionToDataRange(True)
            display.SetScalarBarVisibility(view, True)
            break
    simple.ResetCamera(view)


def render_view():
    """Return the view that the actions are about: the active one, if it has a camera, else the first that has."""
    found = [simple.GetActiveView(), *simple.GetViews()]
    return next((view for view in found if view is not None and hasattr(view, "CameraPosition")), None)


CAMERA = (
    *("CameraPosition", "CameraFocalPoint", "CameraViewUp", "CameraViewAngle"),
    *("CameraParallelScale", "CameraParallelProjection", "CenterOfRotation"),
)


class Orders:
    """What may be asked of this tile by name; each answers with what is told to who asked."""

    def __init__(self, view):
        self.view = view

    def table(self):
        """Return the orders."""
        return {"camera-reset": self.reset, "camera": self.camera, "picture": self.picture}

    def reset(self):
        """Look at all there is."""
        self.view.ResetCamera()
        simple.Render(self.view)
        return "all of it is seen"

    def camera(self, **wanted):
        """Look from where *wanted* says, and return from where one looks."""
        for name in CAMERA:
            if name in wanted:
                setattr(self.view, name, wanted[name])
        if wanted:
            simple.Render(self.view)
        values = {name: getattr(self.view, name) for name in CAMERA}
        return {name: list(value) if hasattr(value, "__len__") else value for name, value in values.items()}

    def picture(self, width):
        """Draw the view once more, *width* pixels wide, and return the PNG file with that."""
        across, down = self.view.ViewSize
        path = os.path.join(tempfile.gettempdir(), "paraview.png")
        simple.SaveScreenshot(path, self.view, ImageResolution=[width, max(1, round(width * down / across))])
        return path


def listen(code):
    """Do from now on what the case's actions ask; do without them where TiledViz's code is not for this Python."""
    sys.path.append(code)
    try:
        from tvcore.viewer.control import Control
    except (ImportError, SyntaxError, TypeError) as error:
        print(f"actions need a ParaView with Python 3.11: {error}", file=sys.stderr)
        return None
    view = render_view()
    if view is None:
        return None
    control = Control(Orders(view).table())
    interactor = view.GetInteractor()
    interactor.AddObserver("TimerEvent", lambda *_: control.look())
    interactor.CreateRepeatingTimer(TICK)
    return control


def main():
    """Do what $TILEDVIZ_PARAVIEW says."""
    wanted = json.loads(os.environ["TILEDVIZ_PARAVIEW"])
    load(wanted["state"], wanted["data"])
    if render_view() is not None:
        simple.Render(render_view())
    simple.tiledviz_control = listen(wanted["code"])  # for as long as the program runs, unlike what is this script's


main()
