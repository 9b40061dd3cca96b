"""The routes by which people act on tiles: ``tvcore.tiles`` over HTTP, each for many tiles at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tvcore.errors import UsageError
from tvcore.portal import tile_messages as messages
from tvcore.portal.acts import Act
from tvcore.portal.auditing import about
from tvcore.portal.route import ApiError, Call, Route

DO_SECONDS = 90.0  # longer than an agent takes to answer or not, for many tiles in turns

ACT_SECONDS = 7 * 86400.0  # of all tiles in turns: an action has its own limit for each


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
    return call.portal.asking.call("actions", DO_SECONDS, tiles=call.body.tiles, rights=call.login.rights)


def act(call: Call) -> Any:
    """Have the cases of tiles do something: theirs is the time it takes, and the right that it needs."""
    wanted, login, acts = call.body, call.login, call.portal.acts
    try:
        act = acts.begin(login, wanted.request, wanted.tiles)
    except UsageError as error:
        raise ApiError(409, str(error)) from error
    asked = {"tiles": wanted.tiles, "name": wanted.name, "arguments": wanted.arguments}
    workers = call.portal.acting if login.may("operate") else call.portal.lookers
    by = asdict(call.portal.auditor.by(login, call.headers))
    who = {"by": by, "place": about(login, call.path), "rights": login.rights}
    try:
        found = workers.converse("act", ACT_SECONDS, act.talk, asked | who)
    finally:
        act.ended = time.monotonic()
    if refused := found.get("refused"):
        raise ApiError(refused["status"], refused["error"], more=refused["more"])
    call.portal.monitor.hint()
    return found


def _act_of(call: Call) -> Act:
    found: Act | None = call.portal.acts.find(call.login, call.path["request"])
    if found is None:
        raise ApiError(404, "there is no such action under way: it has not begun, or is over")
    return found


def progress(call: Call) -> Any:
    """Return how far an action of this login in this session is."""
    return _act_of(call).document()


def cancel(call: Call) -> Any:
    """End what of an action is not done."""
    _act_of(call).talk.cancel()
    return {"cancelled": True}


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
        "audit": f"tile {name}",
        "handle": _do(more.pop("call", f"{name}_tiles")),
        "answer": messages.Results,
        "right": "operate",
    }
    return Route("POST", f"/tiles/{name}", summary, body=body, **(usual | more))


TILE_ROUTES: tuple[Route, ...] = (
    _route("restart", "Start the programs of tiles again"),
    _route("stop", "End the programs of tiles; they can be started again"),
    _route("remove", "End tiles and take them off the wall; a job without tiles is ended"),
    _route(
        "resize", "Change the size of tiles' displays", messages.Resize, answer=messages.ResizeResults,
        kept=("width", "height"),
    ),
    _route("run", "Run a command in tiles", messages.Run, handle=run, answer=messages.RunResults, kept=("command",)),
    _route("put", "Write a file into tiles", messages.Put, handle=put, kept=("path",), body_max=messages.PUT_BODY_MAX),
    _route("type", "Type a text in tiles", messages.Type, call="type_text"),
    _route("key", "Press keys together in tiles", messages.Key, call="press"),
    _route("move", "Move the pointer in tiles", messages.Move, call="move"),
    _route("click", "Click in tiles", messages.Click, call="click"),
    _route("drag", "Drag in tiles", messages.Drag, call="drag"),
    _route(
        "play", "Show a moment of movies and PDFs, and go on", messages.Play, handle=play, right="arrange", audit="",
    ),
    _route("windows", "The windows of tiles", call="windows", answer=messages.WindowsResults, audit=""),
    _route(
        "window", "Maximise, place, raise or close a window of tiles", messages.ChangeWindow, call="change_windows",
        kept=("action",),
    ),
    _route(
        "actions", "What the cases of tiles offer", handle=actions, answer=messages.CaseActions, right="see", audit="",
    ),
    # An action is written down where it is done, with the arguments that are no secrets.
    _route(
        "act", "Have cases do an action", messages.Act, handle=act, answer=messages.ActResults, right="see", audit="",
    ),
    Route("GET", "/acts/{request}", "How far an action is", progress, messages.ActProgress),
    Route(
        "POST", "/acts/{request}/cancel", "End what of an action is not done", cancel, messages.Cancelled,
        audit="act cancel",
    ),
    Route(
        "POST", "/tiles/get", "Read a file of a tile", get, messages.FileAnswer, body=messages.Get, right="operate",
        audit="tile get", kept=("path",),
    ),
)  # fmt: skip
