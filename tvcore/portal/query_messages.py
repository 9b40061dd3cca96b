"""The messages of the routes that search the wall and sum it up."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tvcore.portal.messages import Answer, Message

QUERY_MAX = 2000
NAMES_MAX = 2000  # characters of a list of columns


class QueryParameters(Message):
    """A search, and in what order its outcome is wanted."""

    q: str = Field(max_length=QUERY_MAX, description="e.g. `F>0.03 & class=spots`")
    sort: str = Field(
        default="", max_length=NAMES_MAX, description="columns, e.g. `class,-F`: one after - from the greatest down"
    )
    descending: bool = Field(default=False, description="turn the order of all of them")
    group: str = Field(default="", max_length=NAMES_MAX, description="a column by whose values to group")


class QueryTerm(Answer):
    """One of the alternatives of a search, as a query of its own."""

    query: str
    matches: list[int]


class QueryGroup(Answer):
    """The tiles that have one value in the column; null where it is missing."""

    value: Any
    tiles: list[int]


class QueryAnswer(Answer):
    """The ids of the tiles that match; where the search says `or`, also those of each alternative."""

    matches: list[int]
    terms: list[QueryTerm]
    order: list[int] | None = Field(default=None, description="with `sort`: the same ids, those without a value last")
    groups: list[QueryGroup] | None = Field(default=None, description="with `group`: by value, missing ones last")


class SummaryParameters(Message):
    """Which column of which tiles."""

    q: str = Field(default="", max_length=QUERY_MAX)
    column: str = Field(min_length=1, max_length=NAMES_MAX)
    bins: int = Field(default=20, ge=1, le=1000, description="of the histogram")


class ValueCount(Answer):
    """How many tiles have a value."""

    value: Any
    count: int


class SummaryAnswer(Answer):
    """How the values of a column are spread: of numbers a histogram, of others how often each is there."""

    column: str = Field(description="its name as it is written")
    kind: Literal["number", "flag", "text", "tags"]
    count: int = Field(description="tiles that match")
    missing: int = Field(description="those of them without a value; infinite ones too")
    edges: list[float] | None = Field(default=None, description="of the histogram's bins: one more than counts")
    counts: list[int] | None = None
    shares: list[float] | None = Field(default=None, description="of the quantiles, 0 to 1")
    quantiles: list[float | None] | None = None
    mean: float | None = None
    values: list[ValueCount] | None = Field(default=None, description="in order, the first 1,000")
    more: int | None = Field(default=None, description="further values")


class NearestParameters(Message):
    """The tiles most like which one."""

    tile: int = Field(ge=0, lt=2**53)
    k: int = Field(default=10, ge=1, le=1000, description="how many")
    columns: str = Field(default="", max_length=NAMES_MAX, description="e.g. `F,k`; all numbers by default")


class Neighbour(Answer):
    """A tile, and how far it is; null: too far for a number."""

    tile: int
    distance: float | None


class NearestAnswer(Answer):
    """The tiles that are most alike, nearest first.

    Each column counts in units of its standard deviation; the distance is the root of the mean square over the columns
    that both tiles have. One that shares none with the tile is left out.
    """

    tiles: list[Neighbour]
