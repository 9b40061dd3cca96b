"""What is worked out over columns of numbers: histogram, quantiles, nearest members. NaN is a value that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tvcore.ensemble.values import Mask, Values
from tvcore.errors import UsageError

BINS_MAX = 10_000
BLOCK = 16_384  # rows that are worked on at a time: they stay in the processor's cache
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


def mean(values: npt.NDArray[Any]) -> float:
    """Return the mean of the finite *values*; NaN without one."""
    finite = _finite(values)
    if not len(finite):
        return float("nan")
    scale = float(np.abs(finite.astype(np.float64)).max()) or 1.0  # so that the sum stays in range
    return float(np.mean(finite / scale)) * scale


def nearest(columns: Sequence[Values], row: int, k: int, mask: Mask) -> tuple[Rows, npt.NDArray[np.float64]]:
    """Return the *k* rows of *mask* nearest to *row*, nearest first, and their distances.

    Each of *columns* counts in units of its standard deviation over all rows; the distance is the root of the mean
    square over the columns that both rows have. A row that shares none is no neighbour, nor is *row* itself. Of equal
    distances the first rows come first.
    """
    used = [column for column in columns if np.isfinite(column.numbers[row])]
    squares = np.full(len(mask), np.nan)
    for begin in range(0, len(mask), BLOCK):
        block = slice(begin, begin + BLOCK)
        squares[block] = _mean_squares(used, row, block, len(squares[block]))
    candidates = np.flatnonzero(mask & ~np.isnan(squares))
    candidates = candidates[candidates != row]
    distances = np.sqrt(squares[candidates])
    if k < len(candidates):  # the k nearest, and all as far as the last of them
        last = np.partition(distances, k - 1)[k - 1]
        close = distances <= last
        candidates, distances = candidates[close], distances[close]
    order = np.argsort(distances, kind="stable")[:k]
    return candidates[order], distances[order]


def _mean_squares(columns: Sequence[Values], row: int, block: slice, count: int) -> npt.NDArray[np.float64]:
    """Return how far the *count* rows of *block* are from *row*, squared; NaN for those that share no column."""
    total, shared = np.zeros(count), np.zeros(count)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        for column in columns:
            numbers, spread = column.numbers, column.spread
            away = numbers[block].astype(np.float64)
            away -= float(numbers[row])
            away /= spread.deviation or 1.0
            away *= away
            if spread.finite is not None:
                there = spread.finite[block]
                away[~there] = 0.0
                shared += there
            else:
                shared += 1
            total += away
        total /= shared
    return total


def _finite(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return those of *values* that are finite: the same array where all are."""
    if values.dtype.kind in "iu":
        return values
    finite = np.isfinite(values)
    return values if finite.all() else values[finite]
