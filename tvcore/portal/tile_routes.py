"""The routes by which people act on tiles: ``tvcore.tiles`` over HTTP, each for many tiles at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tvcore.portal import tile_messages as messages
from tvcore.portal.route import Call, Route

DO_SECONDS = 90.0  # longer than an agent takes to answer or not, for many tiles in turns

ACT_SECONDS = 600.0  # that an action of a case may take


def _do(name: str) -> Callable[[Call], Any]:
    """Return the handler that calls *name* of ``tile_calls`` with the body's fields."""

    def handle(call: Call) -> Any:
        found = call.portal.do_tiles(name, DO_SECONDS, **call.body.model_dump(by_alias=False))
        call.portal.monitor.hint()
        return {"results": found}

    return handle


def run(call: Call) -> Any:
    """Run a command in tiles."""
    wanted = call.body
    seconds = wanted.seconds + DO_SECONDS
    return {"results": call.portal.do_commands("run_on_tiles", seconds, **wanted.model_dump())}


def actions(call: Call) -> Any:
    """Return what the cases of tiles offer."""
    return call.portal.do_tiles("actions", DO_SECONDS, tiles=call.body.tiles)


def act(call: Call) -> Any:
    """Have the cases of tiles do something: theirs is the time it takes."""
    wanted = call.body
    found = call.portal.do_commands("act", ACT_SECONDS, tiles=wanted.tiles, name=wanted.name)
    call.portal.monitor.hint()
    return {"results": found}


def play(call: Call) -> Any:
    """Show a moment of movies and PDFs: from now on by the portal's clock, not by those of browsers."""
    wanted = call.body
    since = time.time() if wanted.playing else None
    found = call.portal.do_tiles("play", DO_SECONDS, tiles=wanted.tiles, at=wanted.at, since=since, rate=wanted.rate)
    call.portal.monitor.hint()
    return {"results": found}


def put(call: Call) -> Any:
    """Write a file into tiles."""
    return {"results": call.portal.do_commands("put_file", messages.FILE_SECONDS, **call.body.model_dump())}


def get(call: Call) -> Any:
    """Read a file of a tile."""
    return call.portal.do_commands("get_file", messages.FILE_SECONDS, **call.body.model_dump())


def _route(name: str, summary: str, body: type[messages.Tiles] = messages.Tiles, **more: Any) -> Route:
    usual: dict[str, Any] = {
        "handle": _do(more.pop("call", f"{name}_tiles")),
        "answer": messages.Results,
        "right": "operate",
    }
    return Route("POST", f"/tiles/{name}", summary, body=body, **(usual | more))


TILE_ROUTES: tuple[Route, ...] = (
    _route("restart", "Start the programs of tiles again"),
    _route("stop", "End the programs of tiles; they can be started again"),
    _route("remove", "End tiles and take them off the wall; a job without tiles is ended"),
    _route("resize", "Change the size of tiles' displays", messages.Resize, answer=messages.ResizeResults),
    _route("run", "Run a command in tiles", messages.Run, handle=run, answer=messages.RunResults),
    _route("put", "Write a file into tiles", messages.Put, handle=put, body_max=messages.PUT_BODY_MAX),
    _route("type", "Type a text in tiles", messages.Type, call="type_text"),
    _route("key", "Press keys together in tiles", messages.Key, call="press"),
    _route("move", "Move the pointer in tiles", messages.Move, call="move"),
    _route("click", "Click in tiles", messages.Click, call="click"),
    _route("drag", "Drag in tiles", messages.Drag, call="drag"),
    _route("play", "Show a moment of movies and PDFs, and go on", messages.Play, handle=play, right="arrange"),
    _route("windows", "The windows of tiles", call="windows", answer=messages.WindowsResults),
    _route("window", "Maximise, place, raise or close a window of tiles", messages.ChangeWindow, call="change_windows"),
    _route("actions", "What the cases of tiles offer to do", handle=actions, answer=messages.CaseActions),
    _route("act", "Have the cases of tiles do an action", messages.Act, handle=act, answer=messages.ActResults),
    Route("POST", "/tiles/get", "Read a file of a tile", get, messages.FileAnswer, body=messages.Get, right="operate"),
)  # fmt: skip
