"""One method over columns of numbers, in a process apart: what goes in and comes out is JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tvcore import apart_call
from tvcore.analysis.kmeans import distinct_rows, kmeans
from tvcore.analysis.outliers import BEYOND, outliers
from tvcore.analysis.projection import pca, tsne
from tvcore.analysis.silhouette import distances, propose, sample, silhouette
from tvcore.analysis.standard import Floats, Standard, standardise
from tvcore.errors import UsageError

ABOUT = 3  # columns that tell a group from the others, at most
TELLS = 0.5  # deviations by which a group's mean differs where a column tells it
LISTED = 100  # outliers that are listed

Answer = dict[str, Any]


def packed(values: Floats) -> str:
    """Return rows x columns of numbers as a text."""
    return base64.b64encode(np.ascontiguousarray(values, "<f8").tobytes()).decode()


def compute(method: str, names: Sequence[str], data: str, k: int | None, seed: int) -> Answer:
    """Return what *method* says of the rows in *data* (``packed``), whose columns are called *names*.

    ``rows`` are the numbers of those that it says something of, ``values`` its columns for these, ``said`` what is to
    be known besides; the rest is the method's own. Raises UsageError.
    """
    values = np.frombuffer(base64.b64decode(data), "<f8").reshape(-1, len(names)).astype(np.float64)
    return METHODS[method](list(names), values, k, seed)


def _kmeans(names: list[str], values: Floats, k: int | None, seed: int) -> Answer:
    standard = standardise(names, values)
    matrix = standard.matrix
    different = distinct_rows(matrix)
    if different < 2:
        raise UsageError("one tile alone makes no groups: 2 at least have to have all values, and different ones")
    if k is not None and k > different:
        rows = "tiles with all values" if different == len(matrix) else "different tiles with all values"
        raise UsageError(f"k={k}: there are {different} {rows}, so at most {different} groups")
    apart_call.report(0.0, "how many groups there are")
    proposal = propose(matrix, seed, lambda share, text: apart_call.report(0.8 * share, text))
    apart_call.report(0.8, "groups")
    chosen = proposal.k if k is None else k
    found = kmeans(matrix, chosen, seed)
    few = sample(len(matrix), seed)
    worth = None
    if 1 < len(set(found.labels[few].tolist())) < len(few):
        worth = silhouette(distances(matrix[few]), found.labels[few])
    counts = np.bincount(found.labels, minlength=chosen).tolist()
    groups = [
        {"tiles": count, "about": _about(standard, centre)} for count, centre in zip(counts, found.centres, strict=True)
    ]
    return _of(standard) | {
        "values": [(found.labels + 1).tolist()],
        "k": chosen,
        "proposed": proposal.k,
        "silhouettes": [[tried, round(value, 12)] for tried, value in proposal.silhouettes.items()],
        "sampled": proposal.sampled,
        "silhouette": worth,
        "inertia": found.inertia,
        "groups": groups,
    }


def _about(standard: Standard, centre: Floats) -> list[dict[str, Any]]:
    """Return the columns that tell a group from all: by how many deviations its mean is off, the farthest first."""
    order = np.argsort(-np.abs(centre), kind="stable")[:ABOUT]
    return [{"column": standard.names[i], "by": float(centre[i])} for i in order if abs(centre[i]) >= TELLS]


def _pca(names: list[str], values: Floats, k: int | None, seed: int) -> Answer:
    standard = standardise(names, values)
    _two(standard, "PCA")
    found = pca(standard.matrix)
    return _of(standard) | {
        "values": found.scores.T.tolist(),
        "shares": found.shares.tolist(),
        "axes": [dict(zip(standard.names, axis.tolist(), strict=True)) for axis in found.axes],
    }


def _tsne(names: list[str], values: Floats, k: int | None, seed: int) -> Answer:
    standard = standardise(names, values)
    _two(standard, "t-SNE")
    apart_call.report(0.0, f"t-SNE of {len(standard.matrix)} tiles")
    return _of(standard) | {"values": tsne(standard.matrix, seed).T.tolist()}


def _two(standard: Standard, what: str) -> None:
    if len(standard.names) < 2:
        raise UsageError(f"{what} needs 2 columns that differ between tiles, and there is {standard.names[0]} alone")


def _outliers(names: list[str], values: Floats, k: int | None, seed: int) -> Answer:
    found = outliers(values)
    there = np.flatnonzero(np.isfinite(found.scores))
    if not len(there):
        raise UsageError("no tile has a value in any of these columns: choose others")
    if len(there) < 3:
        raise UsageError(f"{len(there)} tiles have values, and 3 at least are needed to tell which stands out")
    order = there[np.argsort(-found.scores[there], kind="stable")]
    beyond = order[found.scores[order] > BEYOND]
    rows = [
        {"row": int(row), "score": float(found.scores[row]), "column": names[found.columns[row]],
         "low": bool(found.signs[row] < 0)}
        for row in beyond[:LISTED]
    ]  # fmt: skip
    missing = len(values) - len(there)
    said = [f"{missing} tiles have no value in any of these columns"] if missing else []
    return {
        "rows": there.tolist(), "values": [found.scores[there].tolist()], "used": names, "said": said,
        "outliers": rows, "beyond": BEYOND, "found": len(beyond),
    }  # fmt: skip


def _of(standard: Standard) -> Answer:
    return {"rows": standard.rows.tolist(), "used": list(standard.names), "said": standard.said}


METHODS: dict[str, Callable[[list[str], Floats, int | None, int], Answer]] = {
    "kmeans": _kmeans, "pca": _pca, "tsne": _tsne, "outliers": _outliers,
}  # fmt: skip
