"""The program in a tile: one file's data in a window over the whole display.

    python -m tvcore.plugins.vtk_files.view --file ball.vtp --colour-by Elevation

Surfaces are shown as they are, volumes by an isosurface or by slices, fields of two axes flat. What it may be told
while it runs: ``colours``, ``colour-by``, ``isovalue``, ``time`` and what every view knows (``tvcore.viewer``).
"""

from __future__ import annotations

import argparse
import math
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tvcore.viewer.view import View  # before NumPy: it says how many threads NumPy may start

# isort: split
from tvcore.errors import TiledVizError, UsageError
from tvcore.viewer.colours import MAPS, colours
from tvcore.viewer.moments import FIRST, time_of
from tvcore.viewer.notes import bar_actor, box_actor, caption_actor, note_actor
from tvcore.viewer.reading import NO_RANGE, array_of, arrays, finite_range, is_colour, moments, range_of, read
from tvcore.viewer.shapes import colour, cut, flat_actor, is_flat, is_volume, level_surface, outside, shape_actor

PLAIN = "none"  # for colour-by: no colours
SHOW = ("auto", "outside", "isosurface", "slices")
LETTER = 11  # pixels that a letter of a note is wide, at most


class Shown:
    """The data of a file in its *view*, and what it may be told: first *data*, as it is at the moment *when*."""

    def __init__(self, view: View, data: Any, title: str, when: str, given: argparse.Namespace) -> None:
        self._view = view
        self._data = data
        self._title = title
        self._when = when
        self._wrong = ""
        self._file = given.file, given.variable
        self._show = given.show
        self._ends = (given.low, given.high)
        self._spans: dict[str, tuple[float, float]] = {}
        self._triangles = given.triangles
        self._map = given.colours
        self._wanted = given.colour_by
        self._by = self._chosen(given.colour_by)
        self._level: float | None = None
        self._actors: list[Any] = []
        self._put()
        view.frame(data.GetBounds())
        view.act("colours", self.colours)
        view.act("colour-by", self.colour_by)
        view.act("isovalue", self.isovalue)
        view.act("time", self.time)

    def time(self, time: float) -> str:
        """Show the moment nearest to *time*; the camera stays. Raises TiledVizError, and then shows its line."""
        wanted = time_of(time)
        try:
            every = moments(*self._file)
            if not every:
                return f"{self._title} has no time, and stays as it is"
            moment = every.place(wanted)
            data = read(*self._file, moment)
            by = self._by if self._by in arrays(data) else self._chosen(self._wanted, data)
            self._data, self._by, self._when, self._wrong = data, by, every.words(moment), ""
            self._put()
        except TiledVizError as error:
            self._wrong = str(error)  # rather than another moment, which would be taken for this one
            self._put()
            self._view.draw()
            raise
        return f"{self._when}, moment {moment + 1} of {len(every)}"

    def colours(self, name: str) -> str:
        """Colour by the map *name*. Raises TiledVizError."""
        if name not in MAPS:
            raise UsageError(f"no colours are called {name!r}: there are {', '.join(MAPS)}")
        self._map = name
        self._put()
        return f"coloured by {name}"

    def colour_by(self, name: str) -> str:
        """Colour by the array *name*; empty: the first there is. Raises TiledVizError."""
        self._by = self._chosen(name)
        self._wanted = name
        self._put()
        return f"coloured by {self._by}" if self._by else "in one colour"

    def isovalue(self, value: float) -> str:
        """Show the surface at *value*. Raises TiledVizError."""
        if not is_volume(self._data):
            raise UsageError("this is no volume: it has no isosurface")
        if not math.isfinite(float(value)):
            raise UsageError(f"an isovalue is a number, not {value}")
        before = self._show, self._level
        self._show, self._level = "isosurface", float(value)
        try:
            self._put()
        except TiledVizError:
            self._show, self._level = before
            raise
        return f"{self._volume_array()} = {value:g}"

    def _chosen(self, name: str, data: Any = None) -> str:
        """Return the array to colour by, an empty text for none. Raises TiledVizError where it is not there."""
        data = self._data if data is None else data
        there = arrays(data)
        if not name or (name == PLAIN and name not in there):
            return there[0] if there and not name else ""
        array_of(data, name)
        return name

    def _volume_array(self) -> str:
        """Return the array of which an isosurface is shown. Raises TiledVizError."""
        names = [name for name in arrays(self._data) if array_of(self._data, name)[0].GetNumberOfComponents() == 1]
        if not names:
            raise TiledVizError("there are no numbers in it of which an isosurface could be shown")
        return self._by if self._by in names else names[0]

    def _put(self) -> None:
        """Make what is shown anew."""
        words = f"{self._title}   {self._when}" if self._when else self._title
        made = []
        function = None if self._wrong else self._function()
        if self._wrong:
            words = self._title
            made.append(note_actor(self._note()))
        elif is_flat(self._data) and (flat := flat_actor(self._data, self._by, function)) is not None:
            made.append(flat)
        else:
            shape, what = self._shape()
            words = f"{words}   {what}" if what else words
            made.append(shape_actor(shape))
            made[0].GetProperty().SetLighting(self._show != "slices")
            colour(made[0], shape, self._by, function)
        if is_volume(self._data) and not self._wrong:
            made.append(box_actor(self._data.GetBounds()))
        if function is not None:
            made.append(bar_actor(function, self._by))
        made.append(caption_actor(words))
        renderer = self._view.renderer
        for actor in self._actors:
            renderer.RemoveViewProp(actor)
        for actor in made:
            renderer.AddViewProp(actor)
        self._actors = made

    def _shape(self) -> tuple[Any, str]:
        """Return the mesh to draw, and what it is in words."""
        show = self._show
        if not is_volume(self._data) or (show == "auto" and not self._data.IsA("vtkImageData")):
            show = "outside" if show != "slices" or not is_volume(self._data) else show
        if show == "outside":
            return outside(self._data), ""
        if show == "slices":
            return cut(self._data), ""
        name = self._volume_array()
        level = self._level
        if level is None:
            low, high = range_of(array_of(self._data, name)[0])
            level = (low + high) / 2
            self._level = level if low < high else None  # the same at all moments, once there is a surface
        return level_surface(self._data, name, level, self._triangles, self._by), f"{name} = {level:.4g}"

    def _note(self) -> str:
        """Return what is wrong in lines that fit into the window."""
        across = max(20, self._view.window.GetSize()[0] // LETTER)
        return textwrap.fill(self._wrong, across, break_on_hyphens=False)

    def _function(self) -> Any:
        """Return VTK's function from values to colours, None where there is nothing to be coloured by it."""
        if not self._by:
            return None
        array, _ = array_of(self._data, self._by)
        if is_colour(array):
            return None
        span = self._spans.get(self._by) or finite_range(array)
        if span and span[0] < span[1]:
            self._spans[self._by] = span  # the colours mean the same at all moments
        low, high = span or NO_RANGE
        low, high = (end if given is None else given for end, given in zip((low, high), self._ends, strict=True))
        return colours(self._map, low, high if high > low else low + (abs(low) * 1e-6 or 1.0))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    parser = argparse.ArgumentParser(prog="vtk_files view", description="Show the data of one file.")
    parser.add_argument("--file", required=True, help="the file")
    parser.add_argument("--variable", default="", help="the field of a netCDF or HDF5 file")
    parser.add_argument("--colour-by", default="", help=f"the array that colours it; {PLAIN}: one colour")
    parser.add_argument("--colours", default="viridis", choices=list(MAPS))
    parser.add_argument("--show", default="auto", choices=SHOW)
    parser.add_argument("--low", type=float, help="the value of the first colour")
    parser.add_argument("--high", type=float, help="the value of the last colour")
    parser.add_argument("--time", default=FIRST, help="the moment: first, last, or the one nearest to a time")
    parser.add_argument("--triangles", type=int, default=100_000, help="most triangles of an isosurface")
    given = parser.parse_args(arguments)
    name = Path(given.file).name
    try:
        every = moments(given.file, given.variable)
        moment = every.place(given.time)
        data = read(given.file, given.variable, moment)
        view = View(f"TiledViz {name}", flat=is_flat(data))
        title = f"{name}:{given.variable}" if given.variable else name
        Shown(view, data, title, every.words(moment) if every else "", given)
        view.show()
    except TiledVizError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed here: pip install 'tiledviz[vtk]', or use the image vtk", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
