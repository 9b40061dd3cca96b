"""How well groups are apart, and how many there are therefore best. Pure.

P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", J. Comput.
Appl. Math. 20, 1987: of each row (b - a) / max(a, b), where a is its mean distance from the others of its group and b
that from the nearest other group; 1 is well apart, 0 between two groups. A row alone in its group counts 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tvcore.analysis.kmeans import Labels, distinct_rows, kmeans
from tvcore.analysis.standard import Floats, Rows

SAMPLE = 2000  # rows that the number of groups is proposed from: what all rows cost grows with their square
K_LEAST, K_MOST = 2, 10


@dataclass(frozen=True)
class Proposal:
    """The number of groups *k* that is best by its silhouette, and the *silhouettes* of all that were tried, by k.

    *sampled*: of how many rows they are, None: all.
    """

    k: int
    silhouettes: dict[int, float]
    sampled: int | None


def distances(matrix: Floats) -> Floats:
    """Return how far all rows of *matrix* are from each other, rows x rows.

    From differences and not from |a|² + |b|² - 2ab, of which little is left where rows are close.
    """
    squares = np.zeros((len(matrix), len(matrix)))
    for column in matrix.T:
        away = column[:, None] - column
        away *= away
        squares += away
    return np.sqrt(squares, out=squares)


def silhouette(apart: Floats, labels: Labels) -> float:
    """Return the mean silhouette of groups of rows that are *apart* so far, rows x rows; two groups at least."""
    _, labels, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rows, k = len(labels), len(counts)
    member = np.zeros((rows, k))
    member[np.arange(rows), labels] = 1.0
    sums = apart @ member
    own = counts[labels]
    inside = sums[np.arange(rows), labels] / np.maximum(own - 1, 1)
    means = sums / counts
    means[np.arange(rows), labels] = np.inf
    outside = means.min(axis=1)
    larger = np.maximum(inside, outside)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where((own > 1) & (larger > 0), (outside - inside) / larger, 0.0)
    return float(found.mean())


def sample(count: int, seed: int, most: int = SAMPLE) -> Rows:
    """Return *most* of *count* rows in their order, chosen by *seed*; all where there are no more."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def propose(matrix: Floats, seed: int = 0, report: Callable[[float, str], None] = lambda *_: None) -> Proposal:
    """Return the number of groups, 2 to 10, of which the mean silhouette is greatest; the smaller where two are equal.

    Of many rows it is a sample that is grouped and looked at. There have to be two different rows.
    """
    chosen = sample(len(matrix), seed)
    few = np.ascontiguousarray(matrix[chosen])
    apart = distances(few)
    most = max(K_LEAST, min(K_MOST, len(few) - 1, distinct_rows(few)))
    found: dict[int, float] = {}
    for k in range(K_LEAST, most + 1):
        report((k - K_LEAST) / (most - K_LEAST + 1), f"groups: {k}")
        found[k] = silhouette(apart, kmeans(few, k, seed).labels)
    best = max(found, key=lambda k: (round(found[k], 9), -k))
    return Proposal(best, found, len(few) if len(few) < len(matrix) else None)
