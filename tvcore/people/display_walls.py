"""What a person can do with display walls: make one, list them, take one down.

A display wall is many screens with a browser each. What it is like, for all to see, is a register of the session's
document (``screens/NAME``); each screen comes in by an invitation of its own, which is for looking and no more, and so
does its remote control, which may also say what the wall shows (``tvcore.portal.presenting``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvcore.errors import UsageError
from tvcore.people import invitations
from tvcore.people.by import By, NoneSuchError, NotAllowedError
from tvcore.session import acts
from tvcore.session.rules import RefusedError
from tvcore.store import Store

SIDE_MAX = 16  # screens along a side
NAME, DAYS, USES = "wall", 7.0, 3  # of a wall that is not told otherwise
INCH = 25.4  # mm
INCHES_MAX = 1000.0
BEZEL_MAX = 1000.0  # mm
REGISTER = "screens/"

_NAME = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,22}[0-9A-Za-z])?", re.ASCII)
_GRID = re.compile(r"([1-9][0-9]?)x([1-9][0-9]?)", re.ASCII)
_SCREEN = re.compile(
    r"(?:([1-9][0-9]?x[1-9][0-9]?)=)?([1-9][0-9]{0,4})x([1-9][0-9]{0,4})@([0-9]{1,4}(?:\.[0-9]{1,3})?)in"
)
_LENGTH = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(mm|cm|in)?", re.ASCII)
_UNITS = {"mm": 1.0, "cm": 10.0, "in": INCH, None: 1.0}


@dataclass(frozen=True)
class ScreenSize:
    """A screen: how many pixels it has across and down, and its diagonal in inches."""

    width: int
    height: int
    inches: float

    def plain(self) -> dict[str, Any]:
        """Return what the session's document says of it: its sides in pixels, and in mm. Pixels are square."""
        across = INCH * self.inches / math.hypot(self.width, self.height)
        return {"pixels": [self.width, self.height], "size": [self.width * across, self.height * across]}


USUAL = ScreenSize(1920, 1080, 24.0)


def read_grid(text: str, what: str = "a wall") -> tuple[int, int]:
    """Return the columns and rows of *text*, as ``4x2``. Raises UsageError."""
    found = _GRID.fullmatch(text)
    columns, rows = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= columns <= SIDE_MAX and 1 <= rows <= SIDE_MAX):
        raise UsageError(f"{text!r} is not how {what} is written: COLUMNSxROWS, as 4x2, each at most {SIDE_MAX}")
    return columns, rows


def read_length(text: str) -> float:
    """Return a length in mm: ``10mm``, ``1.2cm``, ``0.5in``, or a number of mm. Raises UsageError."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no length: write it as 10mm, 1.2cm or 0.5in")
    return float(found[1]) * _UNITS[found[2]]


def read_screen(text: str) -> tuple[tuple[int, int] | None, ScreenSize]:
    """Return which screen *text* is about, by column and row (None: all), and its size. Raises UsageError."""
    found = _SCREEN.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no screen: write 1920x1080@24in for all of them, 2x1=3840x2160@55in for one")
    inches = float(found[4])
    if not 1 <= inches <= INCHES_MAX:
        raise UsageError(f"{text!r}: a screen's diagonal is 1 to {INCHES_MAX:.0f} inches")
    place = read_grid(found[1], "a screen's place") if found[1] else None
    return place, ScreenSize(int(found[2]), int(found[3]), inches)


def screens_of(columns: int, rows: int, said: Sequence[tuple[tuple[int, int] | None, ScreenSize]]) -> list[ScreenSize]:
    """Return the screens of a wall, row by row, as ``read_screen`` found them *said*. Raises UsageError."""
    usual, places = USUAL, dict[tuple[int, int], ScreenSize]()
    for place, size in said:
        if place is None:
            usual = size
        elif place[0] > columns or place[1] > rows:
            raise UsageError(f"a wall of {columns}x{rows} has no screen {place[0]}x{place[1]}")
        else:
            places[place] = size
    return [places.get((column, row), usual) for row in range(1, rows + 1) for column in range(1, columns + 1)]


def new_display_wall(
    store: Store,
    by: By,
    session: str,
    name: str,
    columns: int,
    rows: int,
    bezel: float,
    screens: Sequence[Mapping[str, Any]],
    days: float = DAYS,
    uses: int = USES,
    person: str = acts.HERE,
) -> dict[str, Any]:
    """Set up the display wall *name*; return it, and the secrets by which its screens and its remote control come in.

    *bezel* is the width of a screen's frame in mm, *screens* as ``ScreenSize`` has them, row by row. Each address is
    good for *days* and for so many browsers (*uses*), to look at *session*. Raises UsageError.
    """
    by.need("manage")
    by.need("arrange")
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"{name[:40]!r} is no name of a display wall: 1 to 24 letters, digits and hyphens")
    if not (1 <= columns <= SIDE_MAX and 1 <= rows <= SIDE_MAX and len(screens) == columns * rows):
        raise UsageError(f"a wall of {columns}x{rows} has a screen for each place, and at most {SIDE_MAX} a side")
    if not (math.isfinite(bezel) and 0 <= bezel <= BEZEL_MAX):
        raise UsageError(f"a bezel is 0 to {BEZEL_MAX:.0f} mm wide")
    if name in _walls(store, session):
        raise UsageError(f"there is a display wall {name} already: take it down first, or give this one another name")
    sizes = [ScreenSize(each["width"], each["height"], each["inches"]).plain() for each in screens]
    wall = {"columns": columns, "rows": rows, "bezel": bezel, "screens": sizes}

    def invite(note: str, leads: bool = False) -> dict[str, Any]:
        return invitations.new_invitation(
            store, by, session, days=days, uses=uses, note=note, display=name, leads=leads
        )  # fmt: skip

    made = []
    try:
        for place in range(columns * rows):
            column, row = place % columns + 1, place // columns + 1
            found = invite(f"screen {column}x{row} of {name}")
            made.append({"column": column, "row": row, "secret": found["secret"]})
        remote = invite(f"remote control of {name}", leads=True)
        acts.set_registers(store, {REGISTER + name: wall}, "screens", session, person)
    except (UsageError, RefusedError, NotAllowedError):
        store.invitations.revoke_display(session, name)
        raise
    return {"name": name, **wall, "places": made, "remote": {"secret": remote["secret"]}}


def display_walls(store: Store, by: By, session: str) -> dict[str, Any]:
    """Return the ``walls`` of a session by their names, with how many screens are logged in."""
    by.need("manage")
    listed = store.invitations.listed(session)
    walls = []
    for name, wall in sorted(_walls(store, session).items()):
        of = [each for each in listed if each["display"] == name and each["revoked"] is None]
        screens = [each for each in of if not each["leads"]]
        here = sum(bool(each["guests"]) for each in screens)
        until = max((each["expires"] for each in of), default=None)
        walls.append({"name": name, **wall, "here": here, "until": until})
    return {"walls": walls}


def remove_display_wall(store: Store, by: By, session: str, name: str, person: str = acts.HERE) -> dict[str, Any]:
    """Take a display wall down: its screens and its remote control are out at once. Raises NoneSuchError."""
    by.need("manage")
    by.need("arrange")
    there = name in _walls(store, session)
    out = store.invitations.revoke_display(session, name)
    if there:
        acts.set_registers(store, {REGISTER + name: None}, "screens", session, person)
    elif not out:
        raise NoneSuchError(f"there is no display wall {name[:40]!r}: `tiledviz wall list` lists those there are")
    return {"name": name, "out": out}


def _walls(store: Store, session: str) -> dict[str, Any]:
    registers = store.rooms.document(session).plain()["registers"]
    return {path[len(REGISTER) :]: wall for path, wall in registers.items() if path.startswith(REGISTER)}
