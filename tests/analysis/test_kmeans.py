"""k-means and silhouettes, beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_score

from tvcore.analysis import silhouette as ours
from tvcore.analysis.kmeans import kmeans, lloyd, nearest_centres
from tvcore.analysis.standard import standardise


def blobs(rows: int = 300, columns: int = 5, centres: int = 4, seed: int = 0, spread: float = 1.5) -> np.ndarray:
    found, _ = make_blobs(rows, columns, centers=centres, cluster_std=spread, random_state=seed)
    return standardise([f"c{i}" for i in range(columns)], found).matrix


def theirs(matrix: np.ndarray, start: np.ndarray) -> KMeans:
    return KMeans(len(start), init=start, n_init=1, algorithm="lloyd", tol=0, max_iter=300).fit(matrix)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(2, 400), st.integers(1, 12), st.integers(2, 9), st.integers(0, 10_000), st.sampled_from([0.1, 1, 10])
)
def test_from_the_same_start_the_groups_are_those_of_scikit_learn(
    rows: int, columns: int, k: int, seed: int, spread: float
) -> None:
    k = min(k, rows)
    matrix = blobs(rows, columns, seed=seed, spread=spread)
    start = matrix[np.random.default_rng(seed).choice(rows, k, replace=False)]
    found, other = lloyd(matrix, start), theirs(matrix, start)
    np.testing.assert_array_equal(found.labels, other.labels_)
    np.testing.assert_allclose(found.centres, other.cluster_centers_, rtol=1e-9, atol=1e-9)
    assert found.inertia == pytest.approx(other.inertia_, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_group_that_nobody_is_in_gets_the_farthest_row_as_in_scikit_learn(seed: int) -> None:
    matrix = blobs(200, 3, seed=seed)
    far = np.vstack([matrix[:3], np.full((2, 3), 50.0) + np.arange(2)[:, None]])  # two starts that no row is near
    found, other = lloyd(matrix, far), theirs(matrix, far)
    assert len(set(found.labels)) == 5
    np.testing.assert_array_equal(found.labels, other.labels_)
    np.testing.assert_allclose(found.centres, other.cluster_centers_, rtol=1e-9, atol=1e-9)


def test_groups_that_are_apart_are_found_whatever_the_seed_and_are_the_same_for_the_same_one() -> None:
    matrix, whose = make_blobs(240, 4, centers=6, cluster_std=0.2, random_state=3)
    matrix = standardise("abcd", matrix).matrix
    for seed in range(4):
        found = kmeans(matrix, 6, seed)
        assert {(a, b) for a, b in zip(found.labels, whose, strict=True)} == {
            (found.labels[list(whose).index(each)], each) for each in range(6)
        }
        np.testing.assert_array_equal(kmeans(matrix, 6, seed).labels, found.labels)
    best = KMeans(6, n_init=10, random_state=0).fit(matrix).inertia_
    assert kmeans(matrix, 6).inertia == pytest.approx(best, rel=1e-9)


def test_the_largest_group_is_the_first() -> None:
    matrix = np.concatenate([np.full((2, 1), 9.0), np.zeros((5, 1)), np.full((3, 1), -9.0)])
    assert kmeans(matrix, 3).labels.tolist() == [2, 2, 0, 0, 0, 0, 0, 1, 1, 1]


def test_each_row_is_nearest_to_its_centre() -> None:
    matrix, centres = blobs(20_000, 7), blobs(9, 7, seed=5)
    away = ((matrix[:, None] - centres) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest_centres(matrix, centres), away.argmin(axis=1))


@settings(deadline=None, max_examples=60)
@given(st.integers(4, 200), st.integers(1, 6), st.integers(2, 6), st.integers(0, 10_000))
def test_silhouettes_are_those_of_scikit_learn(rows: int, columns: int, k: int, seed: int) -> None:
    matrix = blobs(rows, columns, seed=seed)
    labels = np.random.default_rng(seed).integers(0, min(k, rows - 1), rows)
    labels[:2] = 0, 1
    if len(set(labels.tolist())) >= rows:
        return
    apart = ours.distances(matrix)
    np.testing.assert_allclose(apart, np.linalg.norm(matrix[:, None] - matrix, axis=2), rtol=1e-12, atol=1e-12)
    theirs_is = silhouette_score(apart, labels, metric="precomputed")
    assert ours.silhouette(apart, labels) == pytest.approx(theirs_is, rel=1e-9, abs=1e-9)


def test_a_row_that_is_alone_and_rows_that_are_the_same_count_nothing() -> None:
    matrix = np.array([[0.0], [0.0], [1.0]])
    assert ours.silhouette(ours.distances(matrix), np.array([0, 0, 1])) == pytest.approx(2 / 3)
    same = np.zeros((4, 1))
    assert ours.silhouette(ours.distances(same), np.array([0, 0, 1, 1])) == 0.0


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_as_many_groups_are_proposed_as_there_are(count: int) -> None:
    matrix, _ = make_blobs(400, 6, centers=count, cluster_std=0.1, random_state=count)
    found = ours.propose(standardise("abcdef", matrix).matrix)
    assert (found.k, found.sampled) == (count, None)
    assert list(found.silhouettes) == list(range(2, 11))
    assert found.silhouettes[count] == max(found.silhouettes.values())


def test_of_many_rows_a_sample_proposes_and_says_so() -> None:
    matrix, _ = make_blobs(9000, 3, centers=4, cluster_std=0.1, random_state=1)
    found = ours.propose(standardise("abc", matrix).matrix)
    assert (found.k, found.sampled) == (4, 2000)
    chosen = ours.sample(9000, 0)
    assert len(set(chosen.tolist())) == 2000
    assert (np.diff(chosen) > 0).all()
    assert ours.sample(5, 0).tolist() == [0, 1, 2, 3, 4]


def test_no_more_groups_are_tried_than_there_are_different_rows() -> None:
    matrix = np.repeat(np.array([[0.0], [1.0], [5.0]]), 4, axis=0)
    assert list(ours.propose(matrix).silhouettes) == [2, 3]
    assert ours.propose(np.array([[0.0], [1.0]])).k == 2
