"""What is found in the numbers of tiles: groups, projections, outliers, neighbours.

The mathematics are pure functions over arrays (``standard``, ``kmeans``, ``silhouette``, ``projection``, ``outliers``);
``compute`` does one method in a process apart; ``analyse`` is what a person does: it records what came of it in the
session's document as columns (``made``) and tags, by one act that can be undone.
"""

from typing import Literal

Method = Literal["kmeans", "pca", "tsne", "outliers", "nearest"]
COLUMNS_MAX = 200
K_MOST = 50  # groups, and neighbours that are listed
