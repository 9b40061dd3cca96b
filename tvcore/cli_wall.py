"""``tiledviz wall``: display walls, one browser a screen."""

from __future__ import annotations

import re
from typing import Any

import click

from tvcore.cli_kit import as_json, session_option, show
from tvcore.cli_place import in_session
from tvcore.errors import TiledVizError
from tvcore.people import display_walls
from tvcore.people.display_walls import DAYS, NAME, USES
from tvcore.people.invitations import FRAGMENT
from tvcore.portal.instance import running
from tvcore.terminal import code, table, when


class _Wall(click.Group):
    """``tiledviz wall 4x2`` is short for ``tiledviz wall new 4x2``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and re.fullmatch(r"[0-9]+x[0-9]+", args[0]):
            args = ["new", *args]
        return super().parse_args(ctx, args)


@click.group(name="wall", cls=_Wall, subcommand_metavar="COLUMNSxROWS | COMMAND [ARGS]...")
def wall() -> None:
    """Show a session on a display wall: one browser a screen, each with its piece (docs/display-walls.md).

    `tiledviz wall 4x2 --bezel 10mm` sets one up, and prints an address for each screen.
    """


@wall.command()
@click.argument("grid", metavar="COLUMNSxROWS")
@click.option("--bezel", default="0mm", metavar="LENGTH", help="Width of a screen's frame: 10mm, 0.5in.")
@click.option(
    "--screen",
    "screens",
    multiple=True,
    metavar="[PLACE=]WxH@Din",
    help="Pixels and diagonal: 1920x1080@24in for all screens, 2x1=3840x2160@55in for that of column 2, row 1.",
)
@click.option("--name", default=NAME, show_default=True, help="Letters, digits, hyphens.")
@click.option("--days", type=float, default=DAYS, show_default=True, help="For how long the addresses are good.")
@click.option(
    "--uses", type=click.IntRange(1, 1000), default=USES, show_default=True, help="For how many browsers each."
)
@click.option("--no-qr", is_flag=True, help="Print the addresses alone.")
@session_option
@as_json
def new(
    grid: str,
    bezel: str,
    screens: tuple[str, ...],
    name: str,
    days: float,
    uses: int,
    no_qr: bool,
    session: str | None,
    as_json: bool,
) -> None:
    """Set up a display wall; print an address for each screen, and one for its remote control.

    Who has an address can look at the session, and no more; they are told this once.
    """
    columns, rows = display_walls.read_grid(grid)
    frame = display_walls.read_length(bezel)
    sizes = display_walls.screens_of(columns, rows, [display_walls.read_screen(each) for each in screens])
    portal = running()
    if portal is None:
        raise TiledVizError("no portal of yours is running: start one with `tiledviz up`")
    with in_session(session) as (store, by, key):
        given = [{"width": each.width, "height": each.height, "inches": each.inches} for each in sizes]
        made = display_walls.new_display_wall(store, by, key, name, columns, rows, frame, given, days, uses)
    found = {
        "name": name, "columns": columns, "rows": rows, "bezel": frame, "session": key,
        "screens": [
            {"column": each["column"], "row": each["row"], **size,
             "url": _address(portal.url, each["secret"], key, f"screen={name},{each['column']},{each['row']}")}
            for each, size in zip(made["places"], made["screens"], strict=True)
        ],
        "remote": {"url": _address(portal.url, made["remote"]["secret"], key, f"remote={name}")},
    }  # fmt: skip
    show(found, as_json, lambda: _told(found, not no_qr))


def _address(url: str, secret: str, session: str, what: str) -> str:
    """Return what a browser opens: all of it behind '#', where no server and no log sees it."""
    return f"{url}{FRAGMENT}{secret}&s={session}&{what}"


def _told(found: dict[str, Any], with_code: bool) -> str:
    def one(title: str, url: str) -> str:
        return f"{title}: {url}{code(url) if with_code else ''}"

    size = f"{found['columns']}x{found['rows']}"
    screens = [one(f"Screen {each['column']},{each['row']} of {size}", each["url"]) for each in found["screens"]]
    last = f"Open each address in the browser of its screen. `tiledviz wall remove {found['name']}` ends them all."
    return "\n".join([*screens, one("Remote control", found["remote"]["url"]), last])


@wall.command(name="list")
@session_option
@as_json
def list_(session: str | None, as_json: bool) -> None:
    """List the display walls of a session."""
    with in_session(session) as (store, by, key):
        found = display_walls.display_walls(store, by, key)["walls"]
    rows = [
        (each["name"], f"{each['columns']}x{each['rows']}", f"{each['bezel']:g} mm",
         f"{each['here']} of {len(each['screens'])}", when(each["until"]))
        for each in found
    ]  # fmt: skip
    header = ("wall", "screens", "bezel", "logged in", "addresses until")
    empty = "No display walls: `tiledviz wall 4x2` sets one up."
    show(found, as_json, lambda: table(header, rows) if rows else empty)


@wall.command()
@click.argument("name")
@session_option
@as_json
def remove(name: str, session: str | None, as_json: bool) -> None:
    """Take the display wall NAME down: its addresses are good for nothing, and its screens are out."""
    with in_session(session) as (store, by, key):
        found = display_walls.remove_display_wall(store, by, key, name)
    out = found["out"]
    show(found, as_json, lambda: f"{name} is taken down; {out} browser{'' if out == 1 else 's'} out.")
