"""Says of files what is in them: run as a program, so that a file on which VTK crashes takes nothing else along.

    python -P measure.py < lines

Each line is JSON, ``[path, variable, array]``, and each is answered by one, in order: what was found, or ``{}``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from tvcore.errors import TiledVizError
from tvcore.viewer.reading import array_of, arrays, is_colour, range_of, read

KINDS = {
    "vtkPolyData": "surface",
    "vtkUnstructuredGrid": "unstructured grid",
    "vtkStructuredGrid": "structured grid",
    "vtkRectilinearGrid": "rectilinear grid",
    "vtkImageData": "regular grid",
}
AXES = ("x", "y", "z")


def measure(path: str, variable: str, name: str) -> dict[str, Any]:
    """Return what is in the file *path*, with the ends of its array *name* (empty: its first). Raises TiledVizError."""
    data = read(path, variable)
    found: dict[str, Any] = {
        "kind": KINDS.get(data.GetClassName(), data.GetClassName()),
        "points": data.GetNumberOfPoints(),
        "cells": data.GetNumberOfCells(),
    }
    bounds = data.GetBounds()
    for i, axis in enumerate(AXES):
        found[f"{axis}_min"], found[f"{axis}_max"] = bounds[2 * i], bounds[2 * i + 1]
    there = arrays(data)
    chosen = name if name in there else "" if name else next(iter(there), "")
    if chosen:
        array, _ = array_of(data, chosen)
        if not is_colour(array):
            found["array"] = chosen
            found["least"], found["largest"] = range_of(array)
    return found


def main() -> None:
    """Answer line after line."""
    for line in sys.stdin:
        try:
            found = measure(*json.loads(line))
        except TiledVizError:  # its tile says what is wrong with it
            found = {}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
