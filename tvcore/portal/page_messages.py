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
Extent = Annotated[float, Field(allow_inf_nan=False, gt=0, le=1e9)]
Place = Annotated[int, Field(ge=1, le=16)]
Moment = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e15)]
DisplayName = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]
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

    *columns* is how many the wall has there: what is in sight means something in a wall that stands alike. *hand* is
    where their pointer is, in the wall's units, if they show it; *presents*: they show slides.
    """

    page: PageName
    focus: Tile | None = None
    view: tuple[Length, Length, Length, Length] | None = None
    columns: Annotated[int, Field(ge=1, le=TILES_MAX)] | None = None
    zoomed: Annotated[list[Tile], Field(max_length=ZOOMED_MAX)] = []
    hand: tuple[Length, Length] | None = None
    presents: bool = False


class Watch(_Said):
    """A page that is told what a display *wall* shows; it may be the wall's *screen*, by column and row from 1."""

    wall: DisplayName
    screen: tuple[Place, Place] | None = None


class ShownView(_Said):
    """What a display wall shows: the part *rect* of a session's wall that stands in *columns*.

    It is laid out as for a window of *layout* CSS pixels, so that it is the same on screens of all sizes.
    """

    rect: tuple[Length, Length, Extent, Extent]
    columns: Annotated[int, Field(ge=1, le=TILES_MAX)]
    layout: tuple[Extent, Extent]
    zoomed: Annotated[list[Tile], Field(max_length=ZOOMED_MAX)] = []
    focus: Tile | None = None
    blank: bool = False


class Lead(_Said):
    """What a page has a display wall show, in *duration* ms; *take*: it leads the wall from now on."""

    wall: DisplayName
    view: ShownView
    duration: Annotated[float, Field(allow_inf_nan=False, ge=0, le=10_000)] = 0.0
    even: bool = False
    take: bool = False


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
    clock: Moment | None = None  # its time, in ms: it is told the portal's
    watch: Watch | None = None  # given as null: no display wall any more
    lead: Lead | None = None


def read_page_message(message: bytes) -> PageMessage:
    """Return what the page says in *message*. Raises CloseError when it cannot be."""
    try:
        # Strict would refuse JSON's arrays for tuples if the text were parsed elsewhere.
        return PageMessage.model_validate_json(message)
    except ValidationError as error:
        raise CloseError(BAD_PAYLOAD, f"not a message of the wall stream: {error.errors()[0]['msg']}") from None
