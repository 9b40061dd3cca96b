"""What is known of a tile: values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["starting", "live", "failed", "stopped"]


@dataclass(frozen=True)
class TileStatus:
    """What is known of a tile; process ids are None where there is no process.

    *cause* is a ``tvcore.causes.Cause`` of the failure that *reason* tells, empty where there is none. *gl* has the
    fields of a ``tvcore.container.gl.Truth``, None until it is known. *image* is the name of the image it runs in.
    """

    index: int
    state: State
    reason: str
    cause: str
    frames: int
    renderer: str | None
    gl: dict[str, Any] | None
    image: str | None
    display: str | None
    pid: int | None
    xvnc: int | None
    restarts: int
    width: int
    height: int
    since: float
    isolated: bool  # whether its program is kept from what is not the tile's
    kind: str = "live"
    media: dict[str, Any] | None = None  # of a tile that shows a file or a page: what it is, and where it stands
