"""Finds columns and fields in a file of our own layout (see ``schema``), which any HDF5 tool may have written."""

from __future__ import annotations

from typing import cast

import h5py
import numpy as np

from tvcore.ensemble.found import Found, NotLaidOutError
from tvcore.ensemble.guard import DATASETS_MAX, attribute, data_problem, member_of, text_attribute
from tvcore.ensemble.schema import CHANGES, FIELDS, LAYOUT, LIVE, MEMBERS, ROLES, Column, Field, Role
from tvcore.ensemble.stored import Kind, Stored
from tvcore.errors import TiledVizError

LOOSE = 64  # bytes said of a column of texts of variable length, which has no size of its own


def find(file: h5py.File) -> Found:
    """Return what *file* holds. Raises NotLaidOutError, which names group and dataset."""
    version = attribute(file, "tiledviz")
    if version is None:
        raise NotLaidOutError("the attribute tiledviz", "is missing")
    if not isinstance(version, int) or version != LAYOUT:
        raise NotLaidOutError("the attribute tiledviz", f"says {version}, and this TiledViz reads layout {LAYOUT}")
    columns = [_column(name, data) for name, data in _group(file, MEMBERS, required=True)]
    fields = [_field(name, data) for name, data in _group(file, FIELDS, required=False)]
    live = _numbers(file, LIVE)
    if live is not None and live.shape != (3,):
        raise NotLaidOutError(LIVE, f"has the shape {live.shape}, not (3,)")
    changes = _numbers(file, CHANGES)
    return Found(
        text_attribute(file, "title"),
        bool(attribute(file, "complete") in (None, True, 1)),
        columns,
        fields,
        live,
        changes,
    )


def _group(file: h5py.File, name: str, required: bool) -> list[tuple[str, h5py.Dataset]]:
    group = _member(file, name, f"the group {name}")
    if group is None and not required:
        return []
    if not isinstance(group, h5py.Group):
        raise NotLaidOutError(f"the group {name}", "is missing")
    if len(group) > DATASETS_MAX:
        raise NotLaidOutError(f"the group {name}", f"holds {len(group)} datasets, and at most {DATASETS_MAX} are read")
    found = []
    for key in group:
        where = f"{name}/{key}"
        if not key.isprintable():
            raise NotLaidOutError(f"{name}/{key!r}", "has a name that cannot be shown")
        item = _member(group, key, where)
        if not isinstance(item, h5py.Dataset):
            raise NotLaidOutError(where, "is not a dataset")
        problem = data_problem(item)
        if problem:
            raise NotLaidOutError(where, problem)
        found.append((key, item))
    if required and not found:
        raise NotLaidOutError(f"the group {name}", "holds no column")
    return found


def _member(group: h5py.Group, name: str, where: str) -> object:
    try:
        return cast(object, member_of(group, name))
    except LookupError as error:
        raise NotLaidOutError(where, str(error.args[0])) from error


def _column(name: str, data: h5py.Dataset) -> Stored:
    where = f"{MEMBERS}/{name}"
    if data.ndim != 1:
        raise NotLaidOutError(where, f"has {data.ndim} dimensions, a column has one")
    text = h5py.check_string_dtype(data.dtype)
    role = text_attribute(data, "role", "result")
    if role not in ROLES:
        raise NotLaidOutError(where, f"has the role {role[:40]!r}; there are {', '.join(ROLES)}")
    loose = text is not None and text.length is None
    dtype = (f"S{LOOSE}" if loose else f"S{text.length}") if text is not None else data.dtype.name
    kind: Kind = "loose" if loose else "plain"
    unit, description = (text_attribute(data, key) for key in ("unit", "description"))
    try:
        return Stored(Column(name, dtype, unit, description, cast(Role, role)), data, where, kind)
    except TiledVizError as error:
        raise NotLaidOutError(where, f"holds {data.dtype}, neither numbers nor text") from error


def _field(name: str, data: h5py.Dataset) -> tuple[Field, h5py.Dataset]:
    where = f"{FIELDS}/{name}"
    if data.ndim < 2 or min(data.shape[1:]) < 1:
        raise NotLaidOutError(where, f"has the shape {data.shape}, a field has a member axis and at least one more")
    if data.dtype.kind not in "iufb":
        raise NotLaidOutError(where, f"holds {data.dtype}, not numbers")
    unit, description = (text_attribute(data, key) for key in ("unit", "description"))
    return Field(name, tuple(data.shape[1:]), data.dtype.name, unit, description), data


def _numbers(file: h5py.File, name: str) -> h5py.Dataset | None:
    """Return the dataset *name*, of integers of one dimension; None where there is none."""
    data = _member(file, name, name)
    if data is None:
        return None
    if not isinstance(data, h5py.Dataset) or data.ndim != 1 or not np.issubdtype(data.dtype, np.integer):
        raise NotLaidOutError(name, "is no dataset of integers of one dimension")
    problem = data_problem(data)
    if problem:
        raise NotLaidOutError(name, problem)
    return data
