"""The messages of the routes for display walls."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tvcore.people.display_walls import BEZEL_MAX, DAYS, INCHES_MAX, SIDE_MAX, USES
from tvcore.people.invitations import DAYS_MAX, USES_MAX
from tvcore.portal.messages import Answer, Message

Pixels = Annotated[int, Field(ge=1, le=65_535)]
Side = Annotated[int, Field(ge=1, le=SIDE_MAX)]


class NewScreen(Message):
    """A screen: its pixels, and its diagonal in inches."""

    width: Pixels
    height: Pixels
    inches: float = Field(ge=1, le=INCHES_MAX)


class NewDisplayWall(Message):
    """A display wall: its *screens* row by row, each with a frame of *bezel* mm; its addresses are good for *days*."""

    name: str = Field(min_length=1, max_length=24, pattern=r"^[0-9A-Za-z-]+$")
    columns: Side
    rows: Side
    bezel: float = Field(default=0.0, ge=0, le=BEZEL_MAX)
    screens: list[NewScreen] = Field(min_length=1, max_length=SIDE_MAX * SIDE_MAX)
    days: float = Field(default=DAYS, gt=0, le=DAYS_MAX)
    uses: int = Field(default=USES, ge=1, le=USES_MAX)


class WallScreen(Answer):
    """A screen: its sides in pixels, and in mm."""

    pixels: tuple[int, int]
    size: tuple[float, float]


class ScreenSecret(Answer):
    """The *secret* of a screen's address, by its column and row, from 1."""

    column: int
    row: int
    secret: str


class RemoteSecret(Answer):
    """The *secret* of the address of a remote control."""

    secret: str


class DisplayWall(Answer):
    """A display wall: its *screens* row by row."""

    name: str
    columns: int
    rows: int
    bezel: float
    screens: list[WallScreen]


class MadeDisplayWall(DisplayWall):
    """It is told the secrets this once: `#invite=SECRET&s=SESSION&screen=NAME,COLUMN,ROW` is a screen's address.

    `#invite=SECRET&s=SESSION&remote=NAME` is the remote control's.
    """

    places: list[ScreenSecret]
    remote: RemoteSecret


class KnownDisplayWall(DisplayWall):
    """How many of its screens are logged in (*here*), and *until* when its addresses are good."""

    here: int
    until: float | None


class DisplayWalls(Answer):
    """The display walls of the session, by their names."""

    walls: list[KnownDisplayWall]


class RemovedDisplayWall(Answer):
    """It is taken down; *out* browsers were thrown out."""

    name: str
    out: int
