"""The program in a tile: one member's isosurface in a window over the whole display.

    python -m tvcore.plugins.gray_scott.view --file ENSEMBLE.h5 --member NUMBER

While somebody looks it turns by itself, slowly; while nobody looks it draws nothing. Sixteen of these start together
on two cores, so only what is needed is imported, and the surface comes ready to be drawn from the ensemble's file. It
is made anew when another isovalue is asked for (``tvcore.viewer.tell``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from tvcore.viewer.view import View  # before NumPy: it says how many threads NumPy may start

# isort: split
from tvcore.ensemble import open_ensemble
from tvcore.errors import TiledVizError, UsageError
from tvcore.viewer.colours import MAPS, colours
from tvcore.viewer.notes import box_actor, note_actor
from tvcore.viewer.surfaces import Surface, isosurface, surface_actor

SURFACES = "surfaces"  # group of the ensemble's file: SURFACES/MEMBER/points, normals, u, triangles
U_RANGE = (0.2, 0.65)  # one scale for all members, so that tiles compare


def load(path: str, member: int) -> tuple[Surface, int]:
    """Return the member's surface and the grid's edge. Raises TiledVizError."""
    with open_ensemble(path) as ensemble:
        ensemble.row(member)
        edge = ensemble.fields[0].shape[0] if ensemble.fields else 1
        names = ("points", "normals", "u", "triangles")
        return Surface(*(ensemble.dataset(f"{SURFACES}/{member}/{name}") for name in names)), edge


class Shown:
    """The member in its view, and what it may be told."""

    def __init__(self, view: View, file: str, member: int, triangles: int, surface: Surface, edge: int) -> None:
        self._view = view
        self._file = file
        self._member = member
        self._triangles = triangles
        self._colours = "viridis"
        self._actor: Any = None
        view.renderer.AddActor(box_actor((-1, edge) * 3))
        self._put(surface, 0.0)
        self._set_camera(edge)
        view.act("isovalue", self.isovalue)
        view.act("colours", self.colours)

    def isovalue(self, value: float) -> str:
        """Show the surface v = *value*, made anew from the stored fields. Raises TiledVizError."""
        if not 0 < float(value) < 1:
            raise UsageError(f"an isovalue lies between 0 and 1, not {value}")
        with open_ensemble(self._file) as ensemble:
            u, v = (ensemble.field(name, self._member) for name in ("u", "v"))
        surface = isosurface(v, float(value), self._triangles, u)
        self._put(surface, float(value))
        return f"v = {value:g}: {len(surface.triangles)} triangles" if len(surface.triangles) else "no surface there"

    def colours(self, name: str) -> str:
        """Colour u by the map *name*. Raises TiledVizError."""
        if name not in MAPS:
            raise UsageError(f"no colours are called {name!r}: there are {', '.join(MAPS)}")
        self._colours = name
        if hasattr(self._actor, "GetMapper") and self._actor.GetMapper() is not None:
            self._actor.GetMapper().SetLookupTable(colours(name, *U_RANGE))
        return f"coloured by {name}"

    def _put(self, surface: Surface, level: float) -> None:
        if self._actor is not None:
            self._view.renderer.RemoveActor(self._actor)
        if len(surface.triangles):
            self._actor = surface_actor(surface, colours(self._colours, *U_RANGE))
        else:
            self._actor = note_actor("no surface: v stays below the isovalue" + (f" {level:g}" if level else ""))
        self._view.renderer.AddActor(self._actor)

    def _set_camera(self, edge: int) -> None:
        middle = (edge - 1) / 2
        camera = self._view.camera
        height = middle - 0.05 * edge  # seen from above, the cube's near bottom corner is what comes closest to the rim
        camera.SetFocalPoint(middle, middle, height)
        camera.SetPosition(middle, middle - 3.7 * (edge + 1), height)
        camera.SetViewUp(0, 0, 1)
        camera.Azimuth(33)
        camera.Elevation(22)
        self._view.keep_first((-1, edge) * 3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    parser = argparse.ArgumentParser(prog="gray_scott view", description="Show one member of a Gray-Scott ensemble.")
    parser.add_argument("--file", required=True, help="the ensemble's HDF5 file")
    parser.add_argument("--member", required=True, type=int, help="the member's number, from 0")
    parser.add_argument("--triangles", default=12_000, type=int, help="most triangles of a surface made anew")
    given = parser.parse_args(arguments)
    try:
        surface, edge = load(given.file, given.member)
        view = View("TiledViz gray_scott")
        Shown(view, given.file, given.member, given.triangles, surface, edge)
        view.show()
    except TiledVizError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
