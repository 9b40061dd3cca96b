"""ParaView's collections (``.pvd``): which files a series of meshes has, and when."""

from __future__ import annotations

import os
from pathlib import Path
from xml.parsers import expat

from tvcore.errors import TiledVizError, UsageError
from tvcore.viewer.moments import time_of

COLLECTION = ".pvd"
_PLACE = ["VTKFile", "Collection", "DataSet"]


def collection(path: str) -> list[tuple[float, list[str]]]:
    """Return the moments of the collection *path* in the order of time: each with the paths of its parts, as listed.

    A relative name begins at the folder of *path*; one without a timestep is of the time 0. Raises TiledVizError with
    one line that begins with *path*.
    """
    found: dict[float, list[str]] = {}
    place: list[str] = []

    def begin(name: str, given: dict[str, str]) -> None:
        place.append(name)
        if len(place) == 1 and (name != "VTKFile" or given.get("type") != "Collection"):
            raise ValueError('it does not begin with <VTKFile type="Collection">')
        if place == _PLACE:
            found.setdefault(_time(given), []).append(os.path.join(os.path.dirname(path), _file(given)))

    def declares(*_: object) -> None:
        raise ValueError("it declares a document type, which no collection has")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: place.pop()
    parser.StartDoctypeDeclHandler = declares
    try:
        parser.Parse(Path(path).read_bytes(), True)
    except OSError as error:
        raise TiledVizError(f"{path}: it cannot be read: {error.strerror}") from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        why = " ".join(str(error).split())[:300]
        raise TiledVizError(f"{path}: it is damaged, or none of {COLLECTION}: {why}: write it anew") from error
    if not found:
        raise TiledVizError(f"{path}: no files are listed in it: write a <DataSet file=…/> for each of its meshes")
    return sorted(found.items())


def _time(given: dict[str, str]) -> float:
    text = given.get("timestep", "0")
    try:
        return time_of(text)
    except UsageError:
        raise ValueError(f"timestep={text[:80]!r} is no time") from None


def _file(given: dict[str, str]) -> str:
    name = given.get("file", "")
    if not name.isprintable():  # it is to stand in a line
        raise ValueError(f"file={name[:80]!a} is no name of a file")
    if not name:
        raise ValueError("one of its <DataSet/> names no file")
    return name


def how_to_mend(path: str, file: str) -> str:
    """Return what to do about the *file* that the collection *path* lists, and that cannot be read."""
    folder = os.path.realpath(os.path.dirname(path))
    if not os.path.exists(file) and os.path.commonpath((folder, os.path.realpath(file))) != folder:
        return f"it lies outside of {folder}, of which alone a container sees something: put it there"
    return f"put it there anew, or take it out of {os.path.basename(path)}"
