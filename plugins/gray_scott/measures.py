"""What a member is called by: numbers, and a class, worked out from its final fields.

The class follows from three questions, in this order:

1. Is there any pattern? Where v varies by less than DEAD_BELOW (standard deviation), the state is uniform: **dead**.
2. Are the bodies in which v exceeds BODY_LEVEL compact? Where their sphericity (weighted by volume) is at least
   SPOTS_FROM, they are **spots**.
3. Does the pattern still move? Where dv/dt, from the model's own equation, exceeds WAVES_FROM of v's deviation
   per step (both as root mean squares), it is **waves**; where it stands still, its sheets and tubes are **stripes**.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from .simulation import DIFFUSION_V, FieldArray

Pattern = Literal["spots", "stripes", "waves", "dead"]
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int64]
Areas = npt.NDArray[np.float64]

DEAD_BELOW = 0.005
BODY_LEVEL = 0.25  # of v: above it, neighbouring spots no longer touch
SPOTS_FROM = 0.43
WAVES_FROM = 2e-3  # per step; settled patterns have 2e-4 to 1e-3, moving ones 5e-3 and more
ENTROPY_BINS = 256
DIRECTIONS = (
    (0, 0, 1), (0, 1, 0), (1, 0, 0),
    (0, 1, 1), (0, 1, -1), (1, 0, 1), (1, 0, -1), (1, 1, 0), (1, -1, 0),
    (1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1),
)  # fmt: skip
SHARES = {1: 0.0915556, 2: 0.0739612, 3: 0.0703914}  # of the sphere, by the direction's squared length


def activity(u: FieldArray, v: FieldArray, feed: float, kill: float) -> float:
    """Return the root mean square of dv/dt over v's standard deviation, in 1/step; 0 for a uniform v."""
    wide = v.astype(np.float64)
    laplacian = sum(np.roll(wide, shift, axis) for axis in range(3) for shift in (1, -1)) - 6 * wide
    change = DIFFUSION_V * laplacian + u * wide**2 - (feed + kill) * wide
    deviation = float(wide.std())
    return float(np.sqrt(np.mean(change**2))) / deviation if deviation > 0 else 0.0


def entropy(field: FieldArray) -> float:
    """Return Shannon's entropy of the values, in bits: of a histogram of ENTROPY_BINS bins from 0 to 1."""
    counts = np.histogram(np.clip(field, 0, 1), bins=ENTROPY_BINS, range=(0, 1))[0]
    shares = counts[counts > 0] / field.size
    return float(-np.sum(shares * np.log2(shares))) + 0.0


def label_bodies(inside: Mask) -> tuple[Labels, int]:
    """Return the connected bodies of *inside*, numbered from 1 (0 outside), and how many there are.

    Voxels are connected through faces, and not across the cube's faces: a body is what is seen as one.
    """
    number = np.arange(inside.size).reshape(inside.shape)
    pairs = [
        (number[a][inside[a] & inside[b]], number[b][inside[a] & inside[b]])
        for a, b in (_shifted(direction) for direction in DIRECTIONS[:3])
    ]
    first, second = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    parent = _roots(inside.size, first, second)
    labels = np.zeros(inside.size, np.int64)
    chosen = inside.reshape(-1)
    roots, labels[chosen] = np.unique(parent[chosen], return_inverse=True)
    labels[chosen] += 1
    return labels.reshape(inside.shape), len(roots)


def _roots(count: int, first: Labels, second: Labels) -> Labels:
    """Return the least element of each of *count* elements' set, where first[i] and second[i] are in one set.

    Union-find over all pairs at once: hook roots onto smaller ones, then shorten paths, until nothing changes.
    """
    parent = np.arange(count)
    while True:
        before = parent.copy()
        a, b = parent[first], parent[second]
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(shorter := parent[parent], parent):
            parent = shorter
        if np.array_equal(parent, before):
            return parent


def surface_areas(labels: Labels, bodies: int) -> Areas:
    """Return the area of each of the *bodies*, closed where the cube's faces cut it.

    By Crofton's formula, from the borders that lines in 13 directions cross, weighted by the directions' shares of
    the sphere (Lang, Ohser and Hilfer, J. Microscopy 203 (2001) 303): right to a few per cent however a body lies.
    """
    closed = np.pad(labels, 1)
    areas = np.zeros(bodies + 1)
    for direction in DIRECTIONS:
        low, high = (closed[part] for part in _shifted(direction))
        border = low != high
        crossed = sum(np.bincount(side[border], minlength=bodies + 1) for side in (low, high))
        length = math.sqrt(sum(map(abs, direction)))
        areas += 2 * SHARES[sum(map(abs, direction))] * crossed / length
    return areas[1:]


def _shifted(direction: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return two parts of an array, of which the second lies one step in *direction* on."""
    low = tuple(slice(max(0, -d), -1 if d > 0 else None) for d in direction)
    high = tuple(slice(max(0, d), -1 if d < 0 else None) for d in direction)
    return low, high


def sphericity(labels: Labels, bodies: int) -> float:
    """Return the isoperimetric quotient 36 π V² / S³ of the *bodies*, averaged by volume: 1 for balls, 0 for sheets."""
    if not bodies:
        return 0.0
    volume = np.bincount(labels.reshape(-1), minlength=bodies + 1)[1:].astype(np.float64)
    quotient = 36 * np.pi * volume**2 / surface_areas(labels, bodies) ** 3
    return float(np.sum(np.minimum(quotient, 1) * volume) / volume.sum())


def classify(deviation: float, compactness: float, motion: float) -> Pattern:
    """Return the class of a pattern with this deviation of v, this ``sphericity`` and this ``activity``."""
    if deviation < DEAD_BELOW:
        return "dead"
    if compactness >= SPOTS_FROM:
        return "spots"
    return "waves" if motion >= WAVES_FROM else "stripes"


def measure(u: FieldArray, v: FieldArray, feed: float, kill: float) -> dict[str, float | int | str]:
    """Return the metadata of one member by the name of its column."""
    labels, bodies = label_bodies(v > BODY_LEVEL)
    compactness, motion = sphericity(labels, bodies), activity(u, v, feed, kill)
    return {
        "F": feed,
        "k": kill,
        "class": classify(float(v.std(dtype=np.float64)), compactness, motion),
        "mean_u": float(u.mean(dtype=np.float64)),
        "var_u": float(u.var(dtype=np.float64)),
        "mean_v": float(v.mean(dtype=np.float64)),
        "var_v": float(v.var(dtype=np.float64)),
        "entropy": entropy(v),
        "activity": motion,
        "volume": float(np.mean(v > BODY_LEVEL)),
        "bodies": bodies,
        "sphericity": compactness,
    }
