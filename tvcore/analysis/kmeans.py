"""k-means: groups of rows, each around its mean. Pure, and NumPy alone, so that all sites get the same groups.

S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982; starts by D. Arthur,
S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007, the greedy variant. From the same start it
comes to what scikit-learn's ``KMeans(algorithm="lloyd", tol=0)`` does, empty groups included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tvcore.analysis.standard import Floats

Labels = npt.NDArray[np.intp]

STARTS = 10
ROUNDS_MAX = 300
SEEDED = 10_000  # rows that starts are chosen from, where there are more
NEAR = 1e-4  # as scikit-learn's `tol`
BLOCK = 4096  # rows whose scores are in the processor's cache


@dataclass(frozen=True)
class Groups:
    """The group of each row (*labels*, from 0), and the *centres*, groups x columns.

    *inertia* is the sum of the squared distances of the rows from their centre.
    """

    labels: Labels
    centres: Floats
    inertia: float


def kmeans(matrix: Floats, k: int, seed: int = 0, starts: int = STARTS) -> Groups:
    """Return the best of *starts* groupings of the rows of *matrix* into *k*, the largest group first.

    Which start is best shows before its centres rest; that one goes on until they do.
    """
    random = np.random.default_rng(seed)
    few = matrix if len(matrix) <= SEEDED else matrix[random.choice(len(matrix), SEEDED, replace=False)]
    best: Groups | None = None
    for _ in range(starts if k > 1 else 1):
        found = lloyd(matrix, seeds(few, k, random), near=NEAR)
        if best is None or found.inertia < best.inertia * (1 - 1e-12):
            best = found
    assert best is not None
    return _by_size(lloyd(matrix, best.centres))


def lloyd(matrix: Floats, centres: Floats, rounds: int = ROUNDS_MAX, near: float = 0.0) -> Groups:
    """Return the groups that the rows of *matrix* come to from *centres*, once none changes any more.

    Or once the centres move by no more than *near*: the sum of the squares of their ways, in mean variances.
    """
    close = near * float(matrix.var(axis=0).mean()) if near else -1.0
    centres = np.array(centres, np.float64)
    labels = np.full(len(matrix), -1, np.intp)
    for _ in range(rounds):
        found = nearest_centres(matrix, centres)
        if np.array_equal(found, labels):
            break
        labels, before = found, centres
        centres = _means(matrix, labels, centres)
        if near and float(((centres - before) ** 2).sum()) <= close:
            labels = nearest_centres(matrix, centres)
            break
    away = matrix - centres[labels]
    return Groups(labels, centres, float(np.einsum("ij,ij->", away, away)))


def nearest_centres(matrix: Floats, centres: Floats) -> Labels:
    """Return for each row the number of the nearest of *centres*: |a - b|² without |a|², which is the same for all."""
    squares = np.einsum("ij,ij->i", centres, centres)[:, None]
    turned = -2.0 * centres
    labels = np.empty(len(matrix), np.intp)
    for begin in range(0, len(matrix), BLOCK):
        block = slice(begin, begin + BLOCK)
        scores = turned @ matrix[block].T
        scores += squares
        scores.argmin(axis=0, out=labels[block])
    return labels


def seeds(matrix: Floats, k: int, random: np.random.Generator) -> Floats:
    """Return *k* rows to start from: each next one likelier the farther it is from those there are."""
    tries = 2 + int(math.log(k)) if k > 1 else 1
    squares = np.einsum("ij,ij->i", matrix, matrix)
    chosen = np.empty((k, matrix.shape[1]))
    chosen[0] = matrix[random.integers(len(matrix))]
    left = _away(matrix, squares, chosen[:1])[:, 0]
    for number in range(1, k):
        total = np.cumsum(left)
        at = np.searchsorted(total, random.random(tries) * total[-1])
        candidates = matrix[np.minimum(at, len(matrix) - 1)]
        away = np.minimum(_away(matrix, squares, candidates), left[:, None])
        best = int(away.sum(axis=0).argmin())
        chosen[number], left = candidates[best], away[:, best]
    return chosen


def distinct_rows(matrix: Floats) -> int:
    """Return how many different rows there are: there can be no more groups."""
    return len(np.unique(matrix, axis=0))


def _away(matrix: Floats, squares: Floats, points: Floats) -> Floats:
    """Return the squared distances of the rows from *points*, rows x points."""
    found = matrix @ (-2.0 * points.T)
    found += squares[:, None]
    found += np.einsum("ij,ij->i", points, points)
    return np.maximum(found, 0.0, out=found)


def _means(matrix: Floats, labels: Labels, centres: Floats) -> Floats:
    """Return the means of the groups; one that is empty gets the row that is farthest from its own centre."""
    k = len(centres)
    counts = np.bincount(labels, minlength=k).astype(np.float64)
    sums, numbers = np.zeros_like(centres), np.arange(k)[:, None]
    for begin in range(0, len(matrix), BLOCK):
        block = slice(begin, begin + BLOCK)
        sums += (labels[block] == numbers).astype(np.float64) @ matrix[block]
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        away = matrix - centres[labels]
        distances = np.einsum("ij,ij->i", away, away)
        if distances.max() > 0:
            for group, row in zip(empty, np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1], strict=True):
                sums[labels[row]] -= matrix[row]
                counts[labels[row]] -= 1
                sums[group], counts[group] = matrix[row], 1
    there = counts > 0
    means = centres.copy()
    means[there] = sums[there] / counts[there, None]
    return means


def _by_size(found: Groups) -> Groups:
    """Return the same groups, the largest first; of equal ones that with the first row."""
    k = len(found.centres)
    counts = np.bincount(found.labels, minlength=k)
    first = np.full(k, len(found.labels))
    np.minimum.at(first, found.labels, np.arange(len(found.labels)))
    order = np.lexsort((first, -counts))
    place = np.empty(k, np.intp)
    place[order] = np.arange(k)
    return Groups(place[found.labels], found.centres[order], found.inertia)
