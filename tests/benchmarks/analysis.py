"""Analyses of many members: k-means with a proposed number of groups, silhouettes, PCA; ours beside scikit-learn's.

``.venv/bin/python tests/benchmarks/analysis.py [--members 10000 100000] [--columns 12] [--repeat 5]`` groups blobs that
touch each other. Both do the same, in turns within one run, each with one thread, as an analysis has: k-means from ten
k-means++ starts in as many groups as were proposed, which comes out as well (``inertia`` over scikit-learn's);
silhouettes and the proposal of the number of groups over the same sample of 2,000 rows; PCA. ``apart`` is the whole of
a k-means as a person has it: in a process apart with limits, the numbers handed over and back.

The last line is one JSON object: median milliseconds by members and step, ``ours`` and ``theirs``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tvcore import apart
from tvcore.analysis.compute import packed
from tvcore.analysis.kmeans import kmeans
from tvcore.analysis.projection import pca
from tvcore.analysis.silhouette import distances, propose, sample, silhouette
from tvcore.analysis.standard import standardise

GROUPS = 6
SAME = 1e-9


def took(work: Callable[[], Any]) -> float:
    """Return how long *work* takes, in ms."""
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1e3


def proposed_by_theirs(matrix: np.ndarray) -> int:
    """Return the number of groups that scikit-learn finds best: over the same sample, from as many starts."""
    few = matrix[sample(len(matrix), 0)]
    found = {}
    for k in range(2, 11):
        found[k] = silhouette_score(few, KMeans(k, n_init=10, random_state=0).fit(few).labels_)
    return max(found, key=lambda k: found[k])


def measured(members: int, columns: int, repeat: int) -> dict[str, Any]:
    """Return the figures for so many members."""
    values, _ = make_blobs(members, columns, centers=GROUPS, cluster_std=2.0, random_state=0)
    names = [f"c{i}" for i in range(columns)]
    matrix = standardise(names, values).matrix
    k = propose(matrix).k
    assert k == proposed_by_theirs(matrix), "both propose the same"
    few = matrix[sample(members, 0)]
    labels = kmeans(few, k).labels
    ours, theirs = kmeans(matrix, k), KMeans(k, n_init=10, random_state=0).fit(matrix)
    assert abs(silhouette(distances(few), labels) - silhouette_score(few, labels)) < SAME
    np.testing.assert_allclose(
        np.abs(pca(matrix).scores), np.abs(PCA(2, svd_solver="full").fit_transform(matrix)), rtol=SAME, atol=SAME
    )
    request = {"method": "kmeans", "names": names, "data": packed(values), "k": None, "seed": 0}
    steps: dict[str, tuple[Callable[[], Any], Callable[[], Any] | None]] = {
        "standardise": (lambda: standardise(names, values), lambda: StandardScaler().fit_transform(values)),
        "propose": (lambda: propose(matrix), lambda: proposed_by_theirs(matrix)),
        "kmeans": (lambda: kmeans(matrix, k), lambda: KMeans(k, n_init=10, random_state=0).fit(matrix)),
        "silhouette": (lambda: silhouette(distances(few), labels), lambda: silhouette_score(few, labels)),
        "pca": (lambda: pca(matrix), lambda: PCA(2).fit_transform(matrix)),
        "apart": (lambda: apart.call("tvcore.analysis.compute:compute", request, memory=3 << 30), None),
    }
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in steps}
    for turn in range(repeat + 1):
        for name, (mine, other) in steps.items():
            for at, work in enumerate((mine, other)):
                if work is not None and (lasts := took(work)) and turn > 0:  # the first time is not measured
                    times[name][at].append(lasts)
    figures = {
        name: {
            who: round(statistics.median(each), 2) for who, each in zip(("ours", "theirs"), both, strict=True) if each
        }
        for name, both in times.items()
    }
    return {"k": k, "inertia": round(ours.inertia / theirs.inertia_, 12), **figures}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--columns", type=int, default=12)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    found = {}
    for members in given.members:
        with threadpool_limits(1):
            found[str(members)] = measured(members, given.columns, given.repeat)
        for name, figures in found[str(members)].items():
            print(f"{members:>8} {name:12} {figures}", flush=True)
    print(json.dumps({"columns": given.columns, "repeat": given.repeat, "members": found}))


if __name__ == "__main__":
    main()
