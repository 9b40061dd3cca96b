"""Says of files what is in them: run as a program, so that a file on which VTK crashes takes nothing else along.

    python -P measure.py < lines

Each line is JSON, ``[path, variable, array, time, most]``, and each is answered by one, in order: what was found, or
``{}``. Without VTK, and of more than *most* bytes, only the moments are.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
from typing import Any

from tvcore.errors import TiledVizError
from tvcore.viewer.collection import COLLECTION, collection
from tvcore.viewer.moments import even_gap
from tvcore.viewer.reading import array_of, arrays, is_colour, moments, range_of, read, suffix_of

KINDS = {
    "vtkPolyData": "surface",
    "vtkUnstructuredGrid": "unstructured grid",
    "vtkStructuredGrid": "structured grid",
    "vtkRectilinearGrid": "rectilinear grid",
    "vtkImageData": "regular grid",
}
AXES = ("x", "y", "z")


def measure(path: str, variable: str, name: str, time: str, most: int) -> dict[str, Any]:
    """Return what is in the file *path*, with the ends of its array *name* (empty: its first) at *time*.

    Raises TiledVizError where nothing can be known of it.
    """
    every = moments(path, variable)
    moment = every.place(time)
    found: dict[str, Any] = {}
    if every:
        found = {
            "moments": len(every), "first_time": min(every.times), "last_time": max(every.times),
            "unit": every.unit, "gap": even_gap(every.times),
        }  # fmt: skip
    size = os.stat(path).st_size
    if suffix_of(path) == COLLECTION:
        sizes = [sum(map(_size, parts)) for _, parts in collection(path)]
        found["size"] = float(size + sum(sizes))
        size = sizes[moment]
    if size <= most and importlib.util.find_spec("vtkmodules") is not None:
        with contextlib.suppress(TiledVizError):  # its tile says what is wrong with it
            found |= _seen(path, variable, name, moment)
    return found


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _seen(path: str, variable: str, name: str, moment: int) -> dict[str, Any]:
    data = read(path, variable, moment)
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
        except (TiledVizError, OSError):
            found = {}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
