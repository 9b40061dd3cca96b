"""What a page says over its wall stream, with the limits of all of it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tvcore.portal.websocket import BAD_PAYLOAD, CloseError

TILES_MAX = 0xFFFF
INPUT_MAX = 1024
OPERATIONS_MAX = 500
ZOOMED_MAX = 256

Tile = Annotated[int, Field(ge=0, lt=1 << 53)]
Pixels = Annotated[int, Field(ge=1, le=16384)]
Urgency = Annotated[int, Field(ge=0, le=3)]
Bytes = Annotated[int, Field(ge=0, lt=1 << 53)]
Keysym = Annotated[int, Field(ge=1, lt=1 << 32)]
Along = Annotated[int, Field(ge=0, lt=1 << 16)]
Buttons = Annotated[int, Field(ge=0, lt=1 << 8)]
Sequence = Annotated[int, Field(ge=0, lt=1 << 40)]
Length = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
PageName = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
OperationName = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Arm(_Said):
    """Which tile leads, and which do as it does."""

    leader: Tile
    followers: Annotated[list[Tile], Field(max_length=TILES_MAX)]


class Input(_Said):
    """A key (keysym, whether it goes down) or the pointer (65536ths of the display's sides, buttons) in a tile."""

    tile: Tile
    key: tuple[Keysym, bool] | None = None
    pointer: tuple[Along, Along, Buttons] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.key is None) == (self.pointer is None):
            raise ValueError("input is a key or a pointer")
        return self


class Operation(BaseModel):
    """An operation on the session's document. All but its name is for the rules to judge (``tvcore.session.rules``).

    One that is wrong is refused by its name: to close the stream of a page that sends it again would help nobody.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    id: OperationName


class Here(_Said):
    """What the person at the page looks at: the tile in focus, what of the wall is in sight, what is zoomed.

    *columns* is how many the wall has there: what is in sight means something in a wall that stands alike.
    """

    page: PageName
    focus: Tile | None = None
    view: tuple[Length, Length, Length, Length] | None = None
    columns: Annotated[int, Field(ge=1, le=TILES_MAX)] | None = None
    zoomed: Annotated[list[Tile], Field(max_length=ZOOMED_MAX)] = []


class PageMessage(_Said):
    """What a page says: the tiles it shows with their sizes in device pixels, bytes it has drawn, what it does."""

    demand: Annotated[list[tuple[Tile, Pixels, Pixels, Urgency]], Field(max_length=TILES_MAX)] | None = None
    drawn: Bytes = 0
    arm: Arm | None = None  # given as null: nothing is armed any more
    input: Annotated[list[Input], Field(max_length=INPUT_MAX)] | None = None
    release: bool = False
    join: Sequence | None = None  # what it knows of the session's document; given as null: nothing
    ops: Annotated[list[Operation], Field(max_length=OPERATIONS_MAX)] | None = None
    here: Here | None = None


def read_page_message(message: bytes) -> PageMessage:
    """Return what the page says in *message*. Raises CloseError when it cannot be."""
    try:
        # Strict would refuse JSON's arrays for tuples if the text were parsed elsewhere.
        return PageMessage.model_validate_json(message)
    except ValidationError as error:
        raise CloseError(BAD_PAYLOAD, f"not a message of the wall stream: {error.errors()[0]['msg']}") from None
