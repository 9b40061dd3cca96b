"""The values of the document's registers, as types that say what they may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

INTEGER = 1 << 53  # what a page can say of a whole number


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Number = Annotated[float, Field(allow_inf_nan=False)]
Key = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,60}$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Tile = Annotated[int, Field(ge=0, lt=INTEGER)]
Tiles = Annotated[list[Tile], Field(max_length=65_535)]
Along = Annotated[int, Field(ge=0, le=65_535)]
ByColumn = Annotated[str, Field(pattern=r"^column:.{1,200}$")]
ByEither = Annotated[str, Field(pattern=r"^(column|tag):.{1,400}$")]
Words = Annotated[str, Field(max_length=200)]


class Sort(_Value):
    """How tiles are sorted."""

    by: Annotated[str, Field(pattern=r"^(|title|state|node|(column|tag):.{1,400})$")]
    descending: bool


class Group(_Value):
    """By what tiles stand in lanes."""

    by: Literal["tags"] | ByColumn


class Scale(_Value):
    """By what tiles are coloured, and how."""

    by: ByEither
    scale: Literal["viridis", "cividis", "batlow", "diverging"]
    from_: Annotated[Number | None, Field(alias="from")]
    to: Number | None
    reversed: bool


Bound = Number | None


class Ranges(_Value):
    """A brush of numbers: ranges whose ends belong to them; None is no end."""

    ranges: Annotated[
        list[Annotated[list[Bound], Field(min_length=2, max_length=2)]], Field(min_length=1, max_length=32)
    ]


class Chosen(_Value):
    """A brush of words: those that are looked at."""

    values: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(min_length=1, max_length=1000)]


class Axis(_Value):
    """A column that the linked views show, and which way."""

    by: ByEither
    flipped: bool
    log: bool


Axes = Annotated[list[Axis], Field(max_length=64)]


class Shape(_Value):
    """Something drawn, in 65536ths of the picture's sides."""

    kind: Literal["pen", "line", "arrow", "text"]
    points: Annotated[
        list[Annotated[list[Along], Field(min_length=2, max_length=2)]], Field(min_length=1, max_length=5000)
    ]
    colour: Colour
    width: Annotated[Number, Field(ge=1, le=64)]
    text: Annotated[str, Field(max_length=2000)] = ""


class Filter(_Value):
    """What somebody searches, and what becomes of the rest."""

    text: Annotated[str, Field(max_length=2000)]
    rest: Literal["dim", "hide", "last"]


class Hands(_Value):
    """A group of tiles that one types into: a *leader*, or the first that takes input, and all who follow it.

    *together*: their views are kept as the leader's is, by the action of their case.
    """

    name: Annotated[str, Field(min_length=1, max_length=80)]
    leader: Tile | None
    tiles: Tiles
    together: bool = False


Millimetres = Annotated[Number, Field(gt=0, le=100_000)]
Pair = Field(min_length=2, max_length=2)


class Screen(_Value):
    """A screen of a display wall: its *pixels* and its *size* in mm, across and down."""

    pixels: Annotated[list[Annotated[int, Field(ge=1, le=65_535)]], Pair]
    size: Annotated[list[Millimetres], Pair]


class Screens(_Value):
    """A display wall: its *screens* row by row, each with a frame of *bezel* mm around its picture."""

    columns: Annotated[int, Field(ge=1, le=16)]
    rows: Annotated[int, Field(ge=1, le=16)]
    bezel: Annotated[Number, Field(ge=0, le=1000)]
    screens: Annotated[list[Screen], Field(max_length=256)]

    @model_validator(mode="after")
    def _one_for_each_place(self) -> Self:
        if len(self.screens) != self.columns * self.rows:
            raise ValueError(f"a wall of {self.columns}x{self.rows} has {self.columns * self.rows} screens")
        return self


# The ids of bookmarks, in the order in which they are shown.
Slides = Annotated[list[Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]], Field(max_length=500)]


class Made(_Value):
    """A column that an analysis made: *how*, its *unit*, and *values*, ``[tile, value]`` each: all numbers or texts.

    *tagged*: what tags it gave: each tile its text, or the column's name to the tiles whose number is greater.
    """

    how: Annotated[str, Field(min_length=1, max_length=2000)]
    unit: Annotated[str, Field(max_length=40)]
    values: Annotated[list[Annotated[list[Tile | Number | Words], Pair]], Field(max_length=65_535)]
    tagged: Literal["values"] | Number | None

    @model_validator(mode="after")
    def _one_kind_each_once(self) -> Self:
        if not all(type(tile) is int and 0 <= tile < INTEGER for tile, _ in self.values):
            raise ValueError("values: each is the id of a tile, and its value")
        if len({tile for tile, _ in self.values}) < len(self.values):
            raise ValueError("values: a tile has one value")
        if len({isinstance(value, str) for _, value in self.values}) > 1:
            raise ValueError("values: a column has numbers or texts, not both")
        return self


class Side(_Value):
    """What tiles stand by along one side of a scatter plot."""

    by: ByEither
    log: bool


class Scatter(_Value):
    """The wall as a scatter plot; *size* of its tiles, in units of that which suits by itself."""

    x: Side
    y: Side
    size: Annotated[Number, Field(ge=0.1, le=10)] = 1.0


Difference = Literal["absolute", "signed"]
Factor = Literal[1, 2, 4, 8, 16, 32]
Share = Annotated[Number, Field(ge=0, le=1)]


class At(_Value):
    """What of pictures is in the middle, as shares of their sides, and how close: at 1 all of them is seen."""

    x: Share
    y: Share
    zoom: Annotated[Number, Field(ge=1, le=32)]


class Compare(_Value):
    """What somebody compares, and how; *pair*: the places of the two that are shown where a way shows two.

    *rate* is in pictures per second: more than three are flashes that can make people ill (WCAG 2.2, 2.3.1).
    """

    tiles: Annotated[list[Tile], Field(min_length=2, max_length=4)]
    way: Literal["side", "overlay", "swipe", "blink", "difference"]
    pair: Annotated[list[Annotated[int, Field(ge=0, le=3)]], Pair] = [0, 1]
    at: At = At(x=0.5, y=0.5, zoom=1)
    opacity: Share = 0.5
    divider: Share = 0.5
    rate: Annotated[Number, Field(ge=0.25, le=3)] = 1
    kind: Difference = "absolute"
    factor: Factor = 1

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.tiles)) < len(self.tiles):
            raise ValueError("a tile is compared with others, not with itself")
        if self.pair[0] == self.pair[1] or max(self.pair) >= len(self.tiles):
            raise ValueError("a pair is the places of two of the tiles")
        return self


class Reference(_Value):
    """The tile from which all others show their differences, and how these are shown."""

    tile: Tile
    way: Difference
    scale: Factor


class Bookmark(_Value):
    """A view with a name; what a view holds is the page's own."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    view: dict[str, Any]
