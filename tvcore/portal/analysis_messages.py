"""The messages of the route that analyses the tiles of a wall."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from tvcore.analysis import COLUMNS_MAX, K_MOST, Method
from tvcore.portal.messages import Answer, Message
from tvcore.portal.query_messages import QUERY_MAX

SEED_MAX = 2**32 - 1


class Analysis(Message):
    """What is to be found, in which columns of which tiles."""

    method: Method
    columns: list[str] = Field(
        default=[],
        max_length=COLUMNS_MAX,
        description="by name; none: all numbers that at least half of the tiles have",
    )
    query: str = Field(default="", max_length=QUERY_MAX, description="the tiles; empty: all")
    k: int | None = Field(
        default=None, ge=1, le=K_MOST,
        description="groups of k-means, null: as many as have the greatest silhouette; nearest tiles that are listed",
    )  # fmt: skip
    seed: int = Field(default=0, ge=0, le=SEED_MAX, description="the same seed gives the same groups and places")
    tile: int | None = Field(default=None, ge=0, lt=2**53, description="whose nearest tiles are wanted")
    name: str = Field(
        default="",
        max_length=40,
        description="what the columns are called; empty: cluster, pca, tsne, outlier, distance",
    )


class AnalysisGroup(Answer):
    """A group of k-means: its tag, how many tiles, and by how many deviations its mean of a column is off."""

    name: str
    tiles: int
    about: list[dict[str, Any]] = Field(description="`column`, `by`: the farthest first, at most three")


class AnalysisAnswer(Answer):
    """What came of it; columns and tags are in the session's document, by one act, which undo takes back."""

    method: Method
    made: list[str] = Field(description="the columns that were made")
    how: str = Field(description="how they were made, in one line")
    tiles: int = Field(description="that have a value in them")
    columns: list[str] = Field(description="what it is over")
    said: list[str] = Field(description="what was left out, and why: a line each")
    k: int | None = Field(default=None, description="k-means: how many groups")
    proposed: int | None = Field(default=None, description="how many have the greatest silhouette")
    silhouettes: list[tuple[int, float]] | None = Field(default=None, description="of each number of groups tried")
    silhouette: float | None = Field(default=None, description="of the groups: 1 is well apart, 0 touches")
    sampled: int | None = Field(default=None, description="of how many tiles silhouettes are; null: all")
    inertia: float | None = Field(default=None, description="sum of squared distances from the groups' means")
    groups: list[AnalysisGroup] | None = None
    shares: list[float] | None = Field(default=None, description="PCA: of the variance, by component")
    axes: list[dict[str, float]] | None = Field(default=None, description="PCA: how much each column counts")
    beyond: float | None = Field(default=None, description="outliers: the score above which a tile is one")
    found: int | None = Field(default=None, description="how many there are")
    outliers: list[dict[str, Any]] | None = Field(
        default=None, description="the first hundred: `tile`, `title`, `score`, `column`, `low`"
    )
    tile: int | None = None
    near: list[dict[str, Any]] | None = Field(default=None, description="nearest first: `tile`, `title`, `distance`")
