"""Finds columns and fields in a netCDF-4 file, which is HDF5 with conventions of its own.

Members lie along one dimension: the one called ``member`` (or like it), else the only unlimited one, else the only
one along which there are variables of one dimension. Variables of that dimension alone are columns, with letters
along a second one they are text; those with more dimensions are fields. The rest is left, and said in notes.
"""

from __future__ import annotations

import math
import re
from typing import Any

import h5py
import numpy as np

from tvcore.ensemble.found import Found, NotLaidOutError
from tvcore.ensemble.guard import DATASETS_MAX, attribute, data_problem, member_of, text_attribute
from tvcore.ensemble.schema import Column, Field, Role
from tvcore.ensemble.stored import Kind, Packing, Stored
from tvcore.errors import TiledVizError

MEMBER_NAMES = ("member", "members", "ensemble", "realization", "sample", "run")
NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"
_ROLES: dict[str, Role] = {name: name for name in ("parameter", "result", "tag", "title", "path")}
_MARKS = ("_NCProperties", "_nc3_strict")


def is_netcdf(file: h5py.File) -> bool:
    """Return whether *file* was written as netCDF-4: by its mark, or by a dataset that is a dimension."""
    if any(mark in file.attrs for mark in _MARKS):
        return True
    return len(file) <= DATASETS_MAX and any(_is_scale(data) for _, data in _datasets(file, []))


def find(file: h5py.File) -> Found:
    """Return what *file* holds. Raises NotLaidOutError, with what to mend."""
    if len(file) > DATASETS_MAX:
        raise NotLaidOutError("the file", f"holds {len(file)} variables, and at most {DATASETS_MAX} are read")
    notes: list[str] = []
    datasets = _datasets(file, notes)
    variables = [(name, data, _dimensions(name, data)) for name, data in datasets if not _is_only_dimension(data)]
    sizes = {name: data for name, data in datasets if _is_scale(data)}
    along = _member_dimension(variables, sizes)
    found = Found(text_attribute(file, "title"), True, [], [], notes=notes)
    for name, data, dimensions in variables:
        problem = data_problem(data)
        if problem:
            raise NotLaidOutError(f"the variable {name}", problem)
        if not dimensions or dimensions[0] != along:
            notes.append(f"the variable {name} is left: it does not lie along the dimension {along}")
            continue
        why = _take(found, name, data)
        if why:
            notes.append(f"the variable {name} is left: {why}")
    if not found.columns:
        found.columns = [] if not found.fields else [_numbered(found.fields[0][1])]
    if not found.columns:
        raise NotLaidOutError(f"the dimension {along}", "has no variable of numbers or text along it")
    return found


def _datasets(file: h5py.File, notes: list[str]) -> list[tuple[str, h5py.Dataset]]:
    """Return the datasets of the root group, in the order in which they were made; groups are noted."""
    found = []
    for name in file:
        try:
            item = member_of(file, name)
        except LookupError as error:
            raise NotLaidOutError(name, str(error.args[0])) from error
        if isinstance(item, h5py.Dataset):
            found.append((name, item))
        else:
            notes.append(f"the group {name!r} is left: variables are read from the root group")
    return sorted(found, key=lambda each: _order(each[1]))


def _order(data: h5py.Dataset) -> int:
    """Return the place at which *data* was made; the same for all where the file does not say."""
    number = attribute(data, "_Netcdf4Dimid") if _is_only_dimension(data) else None
    return number if isinstance(number, int) else 0


def _is_scale(data: h5py.Dataset) -> bool:
    return text_attribute(data, "CLASS") == "DIMENSION_SCALE"


def _is_only_dimension(data: h5py.Dataset) -> bool:
    return _is_scale(data) and text_attribute(data, "NAME").startswith(NO_VARIABLE)


def _dimensions(name: str, data: h5py.Dataset) -> tuple[str, ...]:
    """Return the names of the dimensions of variable *name*; () where it has none, or they are not told."""
    if "DIMENSION_LIST" in data.attrs and data.ndim:
        scales = [data.dims[axis] for axis in range(data.ndim)]
        return tuple(str(scale[0].name).rpartition("/")[2] if len(scale) else "" for scale in scales)
    if not _is_scale(data):
        return ()
    # a variable that is its own dimension; one with letters along a second has no list of dimensions either
    return (name, *("" for _ in range(data.ndim - 1)))


def _member_dimension(
    variables: list[tuple[str, h5py.Dataset, tuple[str, ...]]], sizes: dict[str, h5py.Dataset]
) -> str:
    """Return the name of the dimension along which members lie. Raises NotLaidOutError when that is not clear."""
    first = list(dict.fromkeys(dimensions[0] for _, _, dimensions in variables if dimensions and dimensions[0]))
    named = [name for wanted in MEMBER_NAMES for name in first if name.casefold() == wanted]
    unlimited = [name for name in first if name in sizes and sizes[name].maxshape[0] is None]
    alone = list(dict.fromkeys(d[0] for _, data, d in variables if d and d[0] and (data.ndim == 1 or _letters(data))))
    for choice in (named[:1], unlimited, alone, first):
        if len(choice) == 1:
            return choice[0]
    there = ", ".join(first) or "none"
    raise NotLaidOutError(
        "the dimensions",
        f"({there}) do not show along which members lie: call that one member (ncrename -d OLD,member)",
    )


def _letters(data: h5py.Dataset) -> bool:
    return bool(data.ndim == 2 and data.dtype.kind == "S" and data.dtype.itemsize == 1)


def _take(found: Found, name: str, data: h5py.Dataset) -> str:
    """Put *data* to the columns or fields of *found*; return why it is none, else ""."""
    unit, description = _unit(data), text_attribute(data, "long_name") or text_attribute(data, "standard_name")
    text = h5py.check_string_dtype(data.dtype)
    if data.ndim > 1 and not _letters(data):
        if data.dtype.kind not in "iuf" or min(data.shape[1:]) < 1:
            return f"it holds {data.dtype} in the shape {data.shape}, which is no field"
        found.fields.append((Field(name, tuple(data.shape[1:]), data.dtype.name, unit, description), data))
        return ""
    kind: Kind = "plain"
    packing = None
    dtype = data.dtype.name
    if _letters(data):
        if data.shape[1] < 1:
            return "it has no letters"
        kind, dtype = "letters", f"S{data.shape[1]}"
    elif text is not None:
        kind, dtype = ("loose", "S64") if text.length is None else ("plain", f"S{text.length}")
    elif data.dtype.kind in "iuf":
        packing = _packing(data)
        kind, dtype = ("packed", "float64") if packing else ("plain", dtype)
    role = _ROLES.get(text_attribute(data, "role"), "result")
    try:
        column = Column(name, dtype, unit, description, role)
    except TiledVizError as error:
        return str(error)
    found.columns.append(Stored(column, data, name, kind, packing))
    return ""


def _unit(data: h5py.Dataset) -> str:
    return text_attribute(data, "units")


def _packing(data: h5py.Dataset) -> Packing | None:
    """Return how the numbers of *data* are packed; None when they stand there as they are."""
    scale, offset = _number(attribute(data, "scale_factor")), _number(attribute(data, "add_offset"))
    fills = [_number(attribute(data, name)) for name in ("_FillValue", "missing_value")]
    there = tuple(fill for fill in fills if fill is not None and not math.isnan(fill))
    if scale is None and offset is None and not there:
        return None
    return Packing(1.0 if scale is None else scale, offset or 0.0, there)


def _number(value: Any) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?", value) else None


class _Numbered(Stored):
    """The members' numbers, for a file that has fields alone."""

    def raw(self, start: int, stop: int) -> Any:
        """See Stored."""
        return np.arange(start, stop, dtype=np.int64)


def _numbered(data: h5py.Dataset) -> Stored:
    return _Numbered(Column("member", "int64", "1", "number of the member, from 0"), data, "member")
