"""Columns of numbers made comparable: each counts in units of its standard deviation. Pure.

Groups and projections need a value in every column: rows that lack one are left out, and columns that say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tvcore.errors import UsageError

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

EPS = float(np.finfo(np.float64).eps)
LISTED = 8  # names that are listed in a sentence


@dataclass(frozen=True)
class Standard:
    """The standardised values of some rows: *matrix*, rows x columns, each column of mean 0 and deviation 1.

    *rows* are their numbers in what was given, *names* the columns, *left* those that were left out as they are the
    same in all rows, *missing* how many rows were left out as they lack a value.
    """

    names: tuple[str, ...]
    rows: Rows
    matrix: Floats
    left: tuple[str, ...]
    missing: int

    @property
    def said(self) -> list[str]:
        """Return a sentence for each thing that was left out."""
        found = []
        if self.missing:
            tiles = "1 tile lacks" if self.missing == 1 else f"{self.missing} tiles lack"
            found.append(f"{tiles} a value, and stayed out of it")
        if self.left:
            found.append(f"the same everywhere, and left out: {listed(self.left)}")
        return found


def standardise(names: Sequence[str], values: Floats) -> Standard:
    """Return *values*, rows x columns called *names*, standardised; not finite is missing.

    As scikit-learn's ``StandardScaler``: by the standard deviation over all rows (``ddof`` 0), and a column is taken
    for constant where its deviation could be rounding alone. Raises UsageError: nothing is left.
    """
    complete = np.flatnonzero(np.isfinite(values).all(axis=1))
    if not len(complete):
        raise UsageError(f"no tile has a value in all of {listed(names)}: choose fewer columns, or others")
    chosen = values[complete]
    # Of a greatest size of 1: squares of huge values, and of tiny ones, stay in range.
    largest = np.abs(chosen).max(axis=0)
    chosen = chosen / np.where(largest > 0, largest, 1.0)
    mean, deviation = chosen.mean(axis=0), chosen.std(axis=0)
    varies = deviation > len(chosen) * EPS * np.abs(mean) + EPS
    if not varies.any():
        raise UsageError(f"{listed(names)}: the same in all tiles, so there is nothing to tell them apart by")
    matrix = (chosen[:, varies] - mean[varies]) / deviation[varies]
    kept = tuple(name for name, does in zip(names, varies, strict=True) if does)
    left = tuple(name for name, does in zip(names, varies, strict=True) if not does)
    return Standard(kept, complete, np.ascontiguousarray(matrix), left, len(values) - len(complete))


def listed(names: Sequence[str]) -> str:
    """Return *names* as they stand in a sentence: the first of them, and how many more."""
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")
