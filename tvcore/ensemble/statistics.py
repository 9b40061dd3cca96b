"""What is worked out over columns of numbers: histogram, quantiles, nearest members. NaN is a value that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tvcore.errors import UsageError

BINS_MAX = 10_000
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Histogram:
    """*counts* of the values between neighbouring *edges* (the last bin has both its edges), and those *missing*."""

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.intp]
    missing: int


def histogram(values: npt.NDArray[Any], bins: int = 20) -> Histogram:
    """Return the histogram of *values*, over all that are finite; infinite ones count as missing.

    Without a finite value there are no bins. Raises UsageError for a number of bins that cannot be.
    """
    if not 1 <= bins <= BINS_MAX:
        raise UsageError(f"a histogram has 1 to {BINS_MAX} bins, not {bins}")
    finite = _finite(values)
    missing = len(values) - len(finite)
    if not len(finite):
        return Histogram(np.empty(0), np.empty(0, np.intp), missing)
    # halved, so that the width of the widest range there is can be said too
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        return Histogram(np.array([low, high]), np.array([len(finite)], np.intp), missing)
    edges = 2 * np.linspace(low / 2, high / 2, bins + 1)
    edges[0], edges[-1] = low, high
    if not (np.diff(edges) > 0).all():  # fewer numbers lie between than there are bins
        edges = np.unique(edges)
    counts, _ = np.histogram(finite, edges)
    return Histogram(edges, counts, missing)


def quantiles(values: npt.NDArray[Any], shares: Sequence[float]) -> list[float]:
    """Return the quantiles of the finite *values* at *shares* (0 to 1), between neighbours where none is there.

    Without a finite value each is NaN. Raises UsageError for a share that is none.
    """
    for share in shares:
        if not 0 <= share <= 1:
            raise UsageError(f"a quantile is asked for by a number from 0 to 1, not {share}")
    finite = _finite(values)
    if not len(finite):
        return [float("nan")] * len(shares)
    return [float(value) for value in np.quantile(finite, list(shares))]


def nearest(columns: Sequence[npt.NDArray[Any]], row: int, k: int, mask: npt.NDArray[np.bool_]) -> tuple[Rows, Any]:
    """Return the *k* rows of *mask* nearest to *row*, nearest first, and their distances.

    Each of *columns* counts in units of its standard deviation over all rows; the distance is the root of the mean
    square over the columns that both rows have. A row that shares none is no neighbour, nor is *row* itself. Of equal
    distances the first rows come first.
    """
    total, shared = np.zeros(len(mask)), np.zeros(len(mask))
    for given in columns:
        values = given.astype(np.float64)
        here = values[row]
        finite = _finite(values)
        if not np.isfinite(here) or not len(finite):
            continue
        scale = float(np.abs(finite).max()) or 1.0  # so that squares stay in range
        spread = float(np.std(finite / scale)) * scale
        with np.errstate(invalid="ignore", over="ignore"):
            away = (values - here) / (spread or 1.0)
            away *= away
        there = np.isfinite(values)
        total[there] += away[there]
        shared += there
    candidates = np.flatnonzero(mask & (shared > 0))
    candidates = candidates[candidates != row]
    distances = np.sqrt(total[candidates] / shared[candidates])
    if k < len(candidates):  # the k nearest, and all as far as the last of them
        last = np.partition(distances, k - 1)[k - 1]
        close = distances <= last
        candidates, distances = candidates[close], distances[close]
    order = np.argsort(distances, kind="stable")[:k]
    return candidates[order], distances[order]


def _finite(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return those of *values* that are finite: the same array where all are."""
    if values.dtype.kind in "iu":
        return values
    finite = np.isfinite(values)
    return values if finite.all() else values[finite]
