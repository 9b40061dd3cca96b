"""What one may choose of the sweep, and which runs follow from it."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from .simulation import Run, kill_line


class Parameters(BaseModel):
    """A sweep over feed and kill rates: rows of equal feed rate, columns of equal distance from the kill line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    members: int = Field(default=16, ge=1, le=1024, description="members of the sweep, in a grid over F and k")
    size: int = Field(default=48, ge=16, le=192, description="grid points along each edge of the periodic cube")
    steps: int = Field(default=4000, ge=1, le=200_000, description="steps of time (each 1) that are integrated")
    feed_min: float = Field(default=0.018, ge=0.001, le=0.1, description="least feed rate F, in 1/step")
    feed_max: float = Field(default=0.046, ge=0.001, le=0.1, description="largest feed rate F, in 1/step")
    offset_min: float = Field(
        default=0.001, ge=-0.02, le=0.03, description="least k - (sqrt(F)/2 - F), in 1/step: patterns live about 0"
    )
    offset_max: float = Field(default=0.009, ge=-0.02, le=0.03, description="largest k - (sqrt(F)/2 - F), in 1/step")
    isovalue: float = Field(default=0.2, gt=0, lt=1, description="concentration v that the surface shows (0 to 1)")
    triangles: int = Field(
        default=12_000, ge=100, le=1_000_000, description="most triangles of a surface: fewer turn faster"
    )
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="random seed of the initial state of all members")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.feed_min > self.feed_max or self.offset_min > self.offset_max:
            raise ValueError("the least feed rate and offset must not exceed the largest")
        return self

    def runs(self) -> list[Run]:
        """Return the run of each member: the feed rate grows from row to row, the kill rate within a row."""
        rows = max(1, round(math.sqrt(self.members)))
        columns = math.ceil(self.members / rows)
        feeds = np.linspace(self.feed_min, self.feed_max, rows).tolist()
        offsets = np.linspace(self.offset_min, self.offset_max, columns).tolist()
        grid = [(feed, max(0.0, kill_line(feed) + offset)) for feed in feeds for offset in offsets]
        return [
            Run(round(feed, 6), round(kill, 6), self.size, self.steps, self.seed) for feed, kill in grid[: self.members]
        ]
