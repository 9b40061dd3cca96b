"""Many columns shown as two: principal components, and t-SNE. Pure.

K. Pearson, "On lines and planes of closest fit to systems of points in space", Phil. Mag. 2(11), 1901; L. van der
Maaten, G. Hinton, "Visualizing data using t-SNE", JMLR 9, 2008, by scikit-learn, which only this needs.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from tvcore.analysis.standard import Floats
from tvcore.errors import TiledVizError, UsageError

TSNE_MOST = 10_000  # rows: some minutes of one core
PERPLEXITY = 30.0
EXTRA = "t-SNE needs scikit-learn, which is not installed here: pip install 'tiledviz[analysis]'"


@dataclass(frozen=True)
class Components:
    """*scores* of the rows, rows x components; *axes*, components x columns; *shares* of the variance, 0 to 1."""

    scores: Floats
    axes: Floats
    shares: Floats


def pca(matrix: Floats, count: int = 2) -> Components:
    """Return the first *count* principal components of *matrix*, whose columns have the mean 0.

    The column that counts most in a component does so with a positive sign, as scikit-learn's ``svd_flip`` has it.
    """
    # The R of a QR has the same singular values and axes, and a row per column alone.
    reduced = np.linalg.qr(matrix, mode="r") if len(matrix) > matrix.shape[1] else matrix
    _, singular, axes = np.linalg.svd(reduced, full_matrices=False)
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    axes = axes * np.where(signs == 0, 1.0, signs)[:, None]
    variance = singular**2
    return Components(matrix @ axes[:count].T, axes[:count], (variance / variance.sum())[:count])


def tsne(matrix: Floats, seed: int = 0) -> Floats:
    """Return a place on a plane for each row of *matrix*, rows x 2: what is near there was near in all columns.

    Raises TiledVizError without scikit-learn, UsageError for too many rows or too few.
    """
    rows = len(matrix)
    if rows > TSNE_MOST:
        raise UsageError(f"t-SNE takes at most {TSNE_MOST} tiles, and these are {rows}: search for fewer, or take PCA")
    if rows < 4:
        raise UsageError(f"t-SNE needs 4 tiles at least, and {rows} have all values")
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise TiledVizError(EXTRA) from None
    perplexity = min(PERPLEXITY, (rows - 1) / 3)
    start = "pca" if matrix.shape[1] >= 2 else "random"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = TSNE(2, perplexity=perplexity, init=start, random_state=seed, n_jobs=1).fit_transform(matrix)
    return np.asarray(found, np.float64)
