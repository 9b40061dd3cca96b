"""What was found in a file: columns, fields, and what was left."""

from __future__ import annotations

from dataclasses import dataclass, field

import h5py

from tvcore.ensemble.schema import Field
from tvcore.ensemble.stored import Stored


class NotLaidOutError(Exception):
    """A file that is laid out otherwise: *where* (group, dataset or attribute) and *what* is wrong there."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where} {what}")
        self.where, self.what = where, what


@dataclass
class Found:
    """The parts of a file; *live* and *changes* are there where it is read while it grows (see ``schema``)."""

    title: str
    complete: bool
    columns: list[Stored]
    fields: list[tuple[Field, h5py.Dataset]]
    live: h5py.Dataset | None = None
    changes: h5py.Dataset | None = None
    notes: list[str] = field(default_factory=list)
