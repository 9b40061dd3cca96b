"""What may be asked of a tile with a display and of one without: the one has no time, the other no keyboard."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tvcore.errors import TiledVizError
from tvcore.node.control import Action, Restart, Result, Stop
from tvcore.node.media_tile import AnyTile, MediaTile, Moment
from tvcore.node.tile import Tile

MOST_RATE = 64.0


class Play(BaseModel):
    """Show *at* of a movie (seconds) or a PDF (a page, from 1), and go on at *rate* since *since*; None: stay there."""

    id: int
    tile: int
    call: Literal["play"]
    at: Annotated[float, Field(ge=0, le=1e9)]
    since: Annotated[float, Field(ge=0, le=1e12)] | None = None
    rate: Annotated[float, Field(ge=-MOST_RATE, le=MOST_RATE)] = 1.0


async def do(call: Action | Play, tile: AnyTile) -> Result:
    """Do *call* with *tile*. Raises TiledVizError where such a tile cannot."""
    if isinstance(tile, Tile):
        if isinstance(call, Play):
            raise TiledVizError(f"tile {tile.plan.index} is a live display: only movies and PDFs are played")
        return await call.do(tile)
    return await _without_display(call, tile)


async def _without_display(call: Action | Play, tile: MediaTile) -> Result:
    if isinstance(call, Play):
        tile.play(Moment(call.at, call.since, call.rate))
    elif isinstance(call, Restart):
        tile.restart()
    elif isinstance(call, Stop):
        await tile.stop()
    else:
        raise TiledVizError(f"tile {tile.plan.index} shows a {tile.plan.kind}: there is no display to work in")
    return {}
