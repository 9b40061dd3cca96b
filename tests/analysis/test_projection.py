"""Standardised columns, principal components, t-SNE and outliers, beside scikit-learn's and NumPy's."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from tvcore.analysis import projection
from tvcore.analysis.outliers import BEYOND, modified_z, outliers
from tvcore.analysis.projection import pca, tsne
from tvcore.analysis.standard import listed, standardise
from tvcore.errors import TiledVizError, UsageError

NAN = float("nan")


def some(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(size=(rows, columns)) @ random.normal(size=(columns, columns)) + random.normal(size=columns)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 200), st.integers(1, 9), st.integers(0, 10_000))
def test_standardised_columns_are_those_of_scikit_learn(rows: int, columns: int, seed: int) -> None:
    values = some(rows, columns, seed) * 10.0 ** np.random.default_rng(seed).integers(-6, 7, columns)
    found = standardise([str(i) for i in range(columns)], values)
    np.testing.assert_allclose(found.matrix, StandardScaler().fit_transform(values), rtol=1e-9, atol=1e-9)
    assert (found.missing, found.left, found.rows.tolist()) == (0, (), list(range(rows)))


def test_rows_without_a_value_and_columns_that_say_nothing_are_left_out_and_said() -> None:
    values = np.array([[1.0, 7.0, 3.0], [2.0, 7.0, NAN], [4.0, 7.0, math.inf], [8.0, 7.0, 5.0]])
    found = standardise(["a", "b", "c"], values)
    assert (found.names, found.left, found.missing, found.rows.tolist()) == (("a", "c"), ("b",), 2, [0, 3])
    assert found.said == ["2 tiles lack a value, and stayed out of it", "the same everywhere, and left out: b"]
    np.testing.assert_allclose(found.matrix, [[-1, -1], [1, 1]])
    assert listed([str(i) for i in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"


@pytest.mark.parametrize("value", [1e300, 1e-300, 5e-324, 1.7e308])
def test_huge_and_tiny_values_stay_in_range(value: float) -> None:
    found = standardise("ab", np.array([[value, 1.0], [-value, 2.0], [0.0, 3.0]]))
    np.testing.assert_allclose(found.matrix[:, 0], np.array([1, -1, 0]) * math.sqrt(1.5))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[NAN, 1.0], [2.0, NAN]], "no tile has a value in all of a, b: choose fewer columns, or others"),
        ([[3.0, 1.0]], "a, b: the same in all tiles, so there is nothing to tell them apart by"),
        ([[0.1, 1.0]] * 3, "a, b: the same in all tiles, so there is nothing to tell them apart by"),
    ],
)
def test_where_nothing_is_left_a_line_says_why(values: list[list[float]], said: str) -> None:
    with pytest.raises(UsageError) as error:
        standardise("ab", np.array(values))
    assert str(error.value) == said


@settings(deadline=None, max_examples=60)
@given(st.integers(3, 300), st.integers(2, 12), st.integers(0, 10_000))
def test_principal_components_are_those_of_scikit_learn(rows: int, columns: int, seed: int) -> None:
    matrix = standardise([str(i) for i in range(columns)], some(rows, columns, seed)).matrix
    found, theirs = pca(matrix), PCA(2, svd_solver="full").fit(matrix)
    np.testing.assert_allclose(found.shares, theirs.explained_variance_ratio_, rtol=1e-9, atol=1e-9)
    gap = theirs.explained_variance_[0] - theirs.explained_variance_[1]
    if gap < 1e-3 or theirs.explained_variance_[1] < 1e-3:
        return  # which way such axes point is rounding alone
    for axis in (0, 1):  # where two columns count as much, either sign is as good
        sizes = np.sort(np.abs(theirs.components_[axis]))
        if sizes[-1] - sizes[-2] < 1e-7:
            return
    np.testing.assert_allclose(found.axes, theirs.components_, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.scores, theirs.transform(matrix), rtol=1e-7, atol=1e-8)


def test_principal_components_of_a_fixed_table_agree_to_the_last_digits() -> None:
    matrix = standardise("abcdef", some(500, 6, 11)).matrix
    found, theirs = pca(matrix), PCA(2, svd_solver="full").fit(matrix)
    np.testing.assert_allclose(found.axes, theirs.components_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.scores, theirs.transform(matrix), rtol=1e-9, atol=1e-11)


def test_what_is_near_stays_near_on_the_plane_of_tsne_and_the_seed_settles_it() -> None:
    random = np.random.default_rng(0)
    matrix = np.concatenate([random.normal(at, 0.1, (20, 5)) for at in (-3.0, 0.0, 3.0)])
    found = tsne(matrix, 1)
    np.testing.assert_array_equal(found, tsne(matrix, 1))
    apart = np.linalg.norm(found[:, None] - found, axis=2)
    np.fill_diagonal(apart, np.inf)
    group = np.arange(60) // 20
    np.testing.assert_array_equal(group[apart.argmin(axis=1)], group)
    assert tsne(matrix[:4], 0).shape == (4, 2)
    assert tsne(matrix[:, :1], 0).shape == (60, 2)


def test_tsne_without_scikit_learn_and_of_too_many_or_few_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *rest, **more)

    with pytest.raises(UsageError, match="takes at most 10000 tiles, and these are 10001"):
        tsne(np.zeros((projection.TSNE_MOST + 1, 2)))
    with pytest.raises(UsageError, match="needs 4 tiles at least, and 3 have"):
        tsne(np.zeros((3, 2)))
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TiledVizError, match=r"pip install 'tiledviz\[analysis\]'") as error:
        tsne(some(10, 2))
    assert "\n" not in str(error.value)


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6).map(lambda value: round(value, 3))))
def test_the_modified_z_score_is_by_numpys_medians(values: np.ndarray) -> None:
    found = modified_z(values)
    away = values - np.median(values)
    mad = np.median(np.abs(away))
    if mad > 1e-6 * np.abs(values).max():
        np.testing.assert_allclose(found, 0.6745 * away / mad, rtol=1e-6, atol=1e-9)
    elif mad == 0 and np.abs(away).any():
        np.testing.assert_allclose(found, away / (1.253314 * np.abs(away).mean()), rtol=1e-6, atol=1e-9)
    elif mad == 0:
        assert not found.any()


def test_outliers_are_scored_by_the_column_in_which_they_stand_out_and_missing_values_say_nothing() -> None:
    random = np.random.default_rng(2)
    matrix = random.normal(size=(100, 3))
    matrix[7, 1], matrix[9, 2], matrix[11], matrix[12, 0] = 40.0, -30.0, NAN, NAN
    found = outliers(matrix)
    assert np.flatnonzero(found.scores > 6).tolist() == [7, 9]
    assert (found.columns[7], found.signs[7], found.columns[9], found.signs[9]) == (1, 1, 2, -1)
    assert np.isnan(found.scores[11])
    assert np.isfinite(found.scores[12])
    assert (found.scores > BEYOND).sum() < 6
    assert not outliers(np.full((5, 2), 3.0)).scores.any()
    huge = outliers(np.array([[1e308], [1.0], [2.0], [3.0], [5.0]])).scores
    assert (np.isfinite(huge).all(), huge.argmax()) == (True, 0)
