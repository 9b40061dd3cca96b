"""Which rows stand out, and in which column. Pure.

The modified z-score of B. Iglewicz, D. C. Hoaglin, "How to detect and handle outliers", ASQC 1993: 0.6745 (x - median)
/ MAD, where MAD is the median distance from the median, so that outliers do not hide themselves. Where more than half
of a column are equal its MAD is 0, and the mean distance takes its place: (x - median) / (1.253314 MeanAD). A row's
score is the greatest of its columns; it is an outlier beyond 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tvcore.analysis.standard import Floats

BEYOND = 3.5
SCORE_MOST = 1e300  # of a value beside which all others are one
MAD_SCALE, MEAN_SCALE = 0.6745, 1.253314


@dataclass(frozen=True)
class Outliers:
    """The *scores* of the rows, NaN for one without a value; the column that each is by, and on which side it is."""

    scores: Floats
    columns: npt.NDArray[np.intp]
    signs: Floats


def modified_z(values: Floats) -> Floats:
    """Return the modified z-scores of *values*; NaN where one is not finite, 0 in a column that is all the same."""
    found = np.full(len(values), np.nan)
    finite = np.isfinite(values)
    there = values[finite]
    if not len(there):
        return found
    there = there / (float(np.abs(there).max()) or 1.0)
    away = there - np.median(there)
    spread = float(np.median(np.abs(away))) / MAD_SCALE
    if spread == 0:
        spread = float(np.mean(np.abs(away))) * MEAN_SCALE
    found[finite] = away / spread if spread > 0 else 0.0
    return found


def outliers(matrix: Floats) -> Outliers:
    """Return how far each row of *matrix* stands out. A value that is missing says nothing."""
    scores = np.column_stack([modified_z(column) for column in matrix.T])
    sizes = np.where(np.isnan(scores), -1.0, np.abs(scores))
    columns = sizes.argmax(axis=1)
    rows = np.arange(len(matrix))
    best = sizes[rows, columns]
    return Outliers(np.where(best < 0, np.nan, np.minimum(best, SCORE_MOST)), columns, np.sign(scores[rows, columns]))
