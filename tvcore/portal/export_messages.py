"""The messages of the route by which the wall is written as a file that others read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from tvcore.exporting import Format
from tvcore.exporting.sheet_layout import SheetOptions
from tvcore.portal.messages import Answer, Message
from tvcore.portal.tile_messages import TILES_MAX, TileId

EXPORT_SECONDS = 900.0  # of thousands of tiles' pictures
SHEET_SECONDS = 300.0
SHEET_MAX = 1000  # tiles of a sheet that is made for a browser


def _absolute(path: str) -> str:
    if not path.startswith("/") or not path.isprintable():
        raise ValueError("a path here begins with / and is one plain line")
    return path


NewPath = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_absolute)]


class Export(Message):
    """What is to be written, and where on the portal's machine; nothing there is written over."""

    format: Format
    tiles: list[TileId] | None = Field(default=None, min_length=1, max_length=TILES_MAX, description="null: all")
    set: str | None = Field(
        default=None, min_length=1, max_length=80, description="a tile set that is kept, instead of the wall"
    )
    path: NewPath | None = Field(
        default=None, description="a new file, or for cinema a new folder NAME.cdb; null: its text is answered"
    )
    pictures: NewPath | None = Field(
        default=None, description="a new folder for what the tiles show; cinema has its pictures in itself"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Export:
        if self.set and (self.tiles is not None or self.pictures):
            raise ValueError("a tile set that is kept is exported as it is: leave tiles and pictures out")
        return self


class Sheet(SheetOptions):
    """A contact sheet that is to be made: of which tiles, in their order, and how it looks."""

    tiles: list[TileId] = Field(min_length=1, max_length=SHEET_MAX)
    format: Literal["pdf", "png"] = Field(default="pdf", description="png: of several pages a ZIP archive of pictures")


class ExportAnswer(Answer):
    """What was written: at *path*, or as *text*."""

    path: str | None
    text: str | None
    report: dict[str, Any] = Field(
        description="`took`, `columns`, `about` (lines), and `items`: what of which `rows` was left or changed"
    )
