"""The routes by which people act on tiles: ``tvcore.tiles`` over HTTP, each for many tiles at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tvcore.portal import tile_messages as messages
from tvcore.portal.route import Call, Route

DO_SECONDS = 90.0  # longer than an agent takes to answer or not, for many tiles in turns


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


def put(call: Call) -> Any:
    """Write a file into tiles."""
    return {"results": call.portal.do_commands("put_file", messages.FILE_SECONDS, **call.body.model_dump())}


def get(call: Call) -> Any:
    """Read a file of a tile."""
    return call.portal.do_commands("get_file", messages.FILE_SECONDS, **call.body.model_dump())


def _route(name: str, summary: str, body: type[messages.Tiles] = messages.Tiles, **more: Any) -> Route:
    usual: dict[str, Any] = {"handle": _do(more.pop("call", f"{name}_tiles")), "answer": messages.Results}
    return Route("POST", f"/tiles/{name}", summary, body=body, right="operate", **(usual | more))


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
    _route("windows", "The windows of tiles", call="windows", answer=messages.WindowsResults),
    _route("window", "Maximise, place, raise or close a window of tiles", messages.ChangeWindow, call="change_windows"),
    Route("POST", "/tiles/get", "Read a file of a tile", get, messages.FileAnswer, body=messages.Get, right="operate"),
)  # fmt: skip
