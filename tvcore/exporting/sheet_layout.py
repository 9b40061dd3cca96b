"""Where everything stands on the pages of a contact sheet, in millimetres from the upper left corner. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tvcore.errors import UsageError

Paper = Literal["a3", "a4", "a5", "letter", "legal"]

PAPERS: Mapping[Paper, tuple[float, float]] = {
    "a3": (297.0, 420.0), "a4": (210.0, 297.0), "a5": (148.0, 210.0), "letter": (215.9, 279.4), "legal": (215.9, 355.6),
}  # fmt: skip
MARGIN = 12.0
HEAD, FOOT = 12.0, 7.0  # heights of what stands above and below the tiles on each page
GAP = 4.0
TITLE_LINE, VALUE_LINE = 4.2, 3.3  # heights of a line below a picture
PICTURE_LEAST = 8.0  # the height of a picture that can still be recognised
ACROSS_MAX, DOWN_MAX, COLUMNS_MAX = 12, 20, 20


class SheetOptions(BaseModel):
    """How a contact sheet is to look."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(default="", max_length=200, description="on each page; empty: the session's")
    columns: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(), max_length=COLUMNS_MAX, description="whose values stand below each picture"
    )
    tags: bool = Field(default=False, description="whether tags stand there too")
    across: int = Field(default=4, ge=1, le=ACROSS_MAX, description="tiles side by side")
    down: int = Field(default=6, ge=1, le=DOWN_MAX, description="tiles one below the other")
    paper: Paper = "a4"
    landscape: bool = False

    @property
    def per_page(self) -> int:
        """The number of tiles on a page."""
        return self.across * self.down

    @property
    def lines(self) -> int:
        """The number of lines below a picture's title."""
        return len(self.columns) + self.tags


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """A page of *width* by *height*, its *cells* in the order of tiles, and the height of the *picture* in each."""

    width: float
    height: float
    cells: tuple[Box, ...]
    picture: float

    def picture_of(self, cell: Box) -> Box:
        """Return where in *cell* its picture is."""
        return Box(cell.x, cell.y, cell.width, self.picture)


def layout(options: SheetOptions) -> Layout:
    """Return how pages stand. Raises UsageError where pictures would be too small to be recognised."""
    short, long = PAPERS[options.paper]
    width, height = (long, short) if options.landscape else (short, long)
    top, bottom = MARGIN + HEAD, height - MARGIN - FOOT
    across = (width - 2 * MARGIN - (options.across - 1) * GAP) / options.across
    down = (bottom - top - (options.down - 1) * GAP) / options.down
    picture = down - TITLE_LINE - options.lines * VALUE_LINE
    if picture < PICTURE_LEAST or across < PICTURE_LEAST:
        raise UsageError(
            f"{options.across} by {options.down} tiles with {options.lines} lines of values do not fit on a page of "
            f"{options.paper}: choose fewer tiles on a page, fewer columns, or larger paper"
        )
    cells = tuple(
        Box(MARGIN + column * (across + GAP), top + row * (down + GAP), across, down)
        for row in range(options.down)
        for column in range(options.across)
    )
    return Layout(width, height, cells, picture)


def within(box: Box, width: int, height: int) -> Box:
    """Return where in *box* a picture of this size stands: as large as fits, in the middle."""
    scale = min(box.width / width, box.height / height)
    fitted = (width * scale, height * scale)
    return Box(box.x + (box.width - fitted[0]) / 2, box.y + (box.height - fitted[1]) / 2, *fitted)
