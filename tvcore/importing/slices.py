"""A picture of each member's field: its middle slice in the colours of viridis, one scale for all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tvcore import paths
from tvcore.ensemble import Ensemble, Field
from tvcore.errors import TiledVizError, UsageError

SIDE_MIN = 256  # pixels that a picture has at least along its shorter side, where its numbers are fewer
PIXELS_MAX = 1 << 26  # of a slice
FIELD_BYTES_MAX = 1 << 29  # of one member: it is read whole where the file has it in one chunk
MISSING = (0x55, 0x55, 0x55)  # no number
# The page's own table (web_static/scales.js), so that slices and swatches are alike.
VIRIDIS = (
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 "
    "fde725"
)


def slice_folder(path: Path, field: str) -> Path:
    """Return the folder for the slices of *field* of the file *path* as it is now, a 0700 folder of ours."""
    found = path.stat()
    told = f"{path.absolute()}\0{field}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ino}"
    return paths.secure_folder(
        paths.secure_folder(paths.state_dir() / "slices") / hashlib.sha256(told.encode()).hexdigest()[:24]
    )


def write_slices(ensemble: Ensemble, name: str, folder: Path) -> tuple[list[Path], tuple[float, float]]:
    """Write the middle slice of field *name* of every member into *folder*; return the files and the scale's ends.

    Raises UsageError when there is no such field, TiledVizError when it is too large.
    """
    field = next((each for each in ensemble.fields if each.name == name), None)
    if field is None:
        there = ", ".join(each.name for each in ensemble.fields) or "none"
        raise UsageError(f"{ensemble.path}: there is no field {name} to show; there are {there}")
    _check_size(ensemble, field)
    low, high = _ends(ensemble, field)
    files = []
    for member in range(len(ensemble)):
        file = folder / f"{member:05}.png"
        if not file.exists():
            _save(picture(_middle(ensemble, field, member), low, high), file)
        files.append(file)
    return files, (low, high)


def _check_size(ensemble: Ensemble, field: Field) -> None:
    rows, columns = (1, 1, *field.shape)[-2:]
    whole = int(np.prod([float(length) for length in field.shape])) * np.dtype(field.dtype).itemsize
    if rows * columns > PIXELS_MAX or whole > FIELD_BYTES_MAX:
        shape = "×".join(str(length) for length in field.shape)
        raise TiledVizError(f"{ensemble.path}: the field {field.name} is too large to draw slices of: {shape} a member")


def _middle(ensemble: Ensemble, field: Field, member: int) -> npt.NDArray[np.float64]:
    """Return the middle slice (rows, columns) of *member*: the middle of every axis but the last two."""
    found = ensemble.field(field.name, member)
    while found.ndim > 2:
        found = found[found.shape[0] // 2]
    return np.atleast_2d(found).astype(np.float64)


def _ends(ensemble: Ensemble, field: Field) -> tuple[float, float]:
    """Return the least and the largest number of all slices; 0 and 1 where there is none."""
    low, high = np.inf, -np.inf
    for member in range(len(ensemble)):
        there = _middle(ensemble, field, member)
        there = there[np.isfinite(there)]
        if there.size:
            low, high = min(low, float(there.min())), max(high, float(there.max()))
    return (low, high) if low <= high else (0.0, 1.0)


def picture(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Return *values* (rows, columns) as a picture (rows, columns, 3), the first row at the bottom as y goes up.

    Of *low* to *high* goes the scale; what is no number is gray.
    """
    with np.errstate(all="ignore"):
        half = high / 2 - low / 2  # the difference of two large numbers may be infinite, that of halves is not
        place = np.full(values.shape, 0.5) if half == 0 else (values / 2 - low / 2) / half
    known = np.isfinite(values)
    at = np.where(known, np.clip(place, 0, 1) * 255, 0).round().astype(np.intp)
    colours = _colours()[at]
    colours[~known] = MISSING
    factor = max(1, -(-SIDE_MIN // min(values.shape))) if max(values.shape) < 4 * SIDE_MIN else 1
    factor = min(factor, max(1, 4 * SIDE_MIN // max(values.shape)))
    return np.repeat(np.repeat(colours[::-1], factor, axis=0), factor, axis=1)


def _colours() -> npt.NDArray[np.uint8]:
    """Return viridis as a table (256, 3)."""
    stops = np.array([list(bytes.fromhex(colour)) for colour in VIRIDIS.split()], np.float64)
    places = np.linspace(0, len(stops) - 1, 256)
    parts = [np.interp(places, np.arange(len(stops)), stops[:, part]) for part in range(3)]
    return np.stack(parts, axis=1).round().astype(np.uint8)


def _save(colours: npt.NDArray[np.uint8], file: Path) -> None:
    """Write a picture beside its place, and rename it when it is whole."""
    partial = file.with_suffix(f".{os.getpid()}.partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as output:
            Image.fromarray(colours).save(output, "png", compress_level=1)
        os.replace(partial, file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TiledVizError(f"{file.parent}: cannot write a slice: {error.strerror or error}") from error
