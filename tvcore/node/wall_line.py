"""What a portal says of its viewers over a wall stream: a line of JSON each (``tvcore.node.wire`` lists them)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST_VIEWERS = 1024  # of one stream
MOST_CREDIT = 1 << 30  # bytes

_Number = Annotated[int, Field(ge=0, le=0xFFFF)]
_Urgency = Annotated[int, Field(ge=0, le=3)]
_Tiles = Annotated[list[_Number], Field(max_length=0x10000)]


class Line(BaseModel):
    """One line, about one viewer."""

    model_config = ConfigDict(extra="ignore", strict=True)

    viewer: _Number
    demand: Annotated[list[tuple[_Number, _Number, _Number, _Urgency]], Field(max_length=0x10000)] | None = None
    credit: int = Field(default=0, ge=0, le=MOST_CREDIT)
    tiles: _Tiles = []
    key: tuple[Annotated[int, Field(ge=0, le=0xFFFFFFFF)], bool] | None = None
    pointer: tuple[_Number, _Number, Annotated[int, Field(ge=0, le=0xFF)]] | None = None
    release: bool = False
    gone: bool = False


def read_line(text: bytes) -> Line:
    """Return what the portal says in *text*. Raises ValueError when it is no line of the stream, in one line."""
    try:
        return Line.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise ValueError(f"a line of the wall stream cannot be read: {where}: {first['msg']}") from None
