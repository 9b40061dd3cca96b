"""What the portal's worker processes do with tiles (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tvcore import tiles as acts
from tvcore.audit import By
from tvcore.case_actions import Progress, RightError
from tvcore.cases.arguments import ArgumentsError
from tvcore.errors import TiledVizError, UsageError
from tvcore.nursery import Line, converses
from tvcore.portal.opened import opened_store
from tvcore.portal.tile_messages import FILE_MAX

TELL_EVERY = 0.1  # seconds between two reports on one tile


def _change(name: str) -> Callable[..., Any]:
    """Return the function *name* of ``tvcore.tiles`` as a worker's: *tiles* are its ids."""

    def call(tiles: list[int], **arguments: Any) -> Any:
        return getattr(acts, name)(opened_store(), tiles, **arguments)

    call.__name__ = name
    return call


def put_file(tiles: list[int], path: str, data: str) -> Any:
    """Write *data*, in base64, to the file *path* of *tiles*."""
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise UsageError("data: this is not base64") from error
    return acts.put(opened_store(), tiles, lambda: [content], path)


def get_file(tile: int, path: str) -> Any:
    """Return the file *path* of *tile* in base64."""
    content = bytearray()
    for chunk in acts.get(opened_store(), tile, path):
        content += chunk
        if len(content) > FILE_MAX:
            raise TiledVizError(
                f"{path} has more than {FILE_MAX >> 20} MiB: fetch it with `tiledviz tile get {tile} {path} FILE`"
            )
    return {"name": path.rpartition("/")[2], "data": base64.b64encode(content).decode()}


@converses
def act(line: Line, tiles: list[int], name: str, arguments: dict[str, Any], **asked: Any) -> Any:
    """Have an action done with *tiles*, telling how far each is; return ``results``, or why nothing was done.

    It is *asked* ``by`` whom, in which ``place`` (project, session), with which ``rights``.
    """
    told: dict[int, tuple[str, float]] = {}

    def report(progress: Progress) -> None:
        state, at = told.get(progress.tile, ("", 0.0))
        now = time.monotonic()
        if state != progress.state or now - at >= TELL_EVERY:
            told[progress.tile] = progress.state, now
            line.tell(asdict(progress))

    asker = acts.Asker(By(**asked["by"]), frozenset(asked["rights"]), **asked["place"])
    try:
        found = acts.act(opened_store(), tiles, name, arguments, asker, report, line.cancelled)
    except ArgumentsError as error:
        return {"refused": {"status": 400, "error": str(error), "more": {"problems": error.problems}}}
    except RightError as error:
        return {"refused": {"status": 403, "error": str(error), "more": {}}}
    return {"results": found}


TILE_FUNCTIONS = {
    function.__name__: function
    for function in (
        *map(_change, (
            "restart_tiles", "stop_tiles", "remove_tiles", "resize_tiles", "run_on_tiles", "type_text", "press", "move",
            "click", "drag", "windows", "change_windows", "actions", "play",
        )),
        act, put_file, get_file,
    )
}  # fmt: skip
