"""The routes for display walls: set up, listed, taken down. What a wall shows goes over the wall streams."""

from __future__ import annotations

from typing import Any

from tvcore.portal import display_wall_messages as messages
from tvcore.portal.asking import CHANGE_SECONDS, answered, ask, by, change
from tvcore.portal.messages import Nothing
from tvcore.portal.route import Call, Route


def new(call: Call) -> Any:
    """Set one up; nobody may do anything else by it until a screen comes in."""
    wanted = call.body.model_dump()
    return answered(
        call.portal.do(
            "new_display_wall", CHANGE_SECONDS, by=by(call.login), session=call.login.session,
            person=call.login.person, **wanted,
        )
    )  # fmt: skip


def list_(call: Call) -> Any:
    """List those of the session."""
    return ask(call, "display_walls", session=call.login.session)


def remove(call: Call) -> Any:
    """Take one down: its screens are out at once."""
    session, person = call.login.session, call.login.person
    return change(call, "remove_display_wall", session=session, name=call.path["name"], person=person)


DISPLAY_WALL_ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/display-walls", "The display walls of the session", list_, messages.DisplayWalls, right="manage",
    ),
    Route(
        "POST", "/display-walls", "Set up a display wall: the secrets of its screens are told this once", new,
        messages.MadeDisplayWall, body=messages.NewDisplayWall, right="manage", audit="display wall new",
        kept=("name", "columns", "rows", "bezel", "days", "uses"),
    ),
    Route(
        "POST", "/display-walls/{name}/remove", "Take a display wall down; its screens are out at once", remove,
        messages.RemovedDisplayWall, body=Nothing, right="manage", audit="display wall remove",
    ),
)  # fmt: skip
