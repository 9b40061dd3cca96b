"""The values of the document's registers, as types that say what they may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

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


class Bookmark(_Value):
    """A view with a name; what a view holds is the page's own."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    view: dict[str, Any]
