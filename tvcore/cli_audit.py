"""``tiledviz audit``, and what of the command line's own is written down: a table of commands, wrapped in one place."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import click

from tvcore import audit as audited
from tvcore.audit import Entry, Outcome
from tvcore.audit_reading import PAGE, Wanted, page
from tvcore.cli_kit import as_json, show
from tvcore.errors import TiledVizError, UsageError
from tvcore.terminal import printable, table

# Commands that change something: what they are called in the audit, and which of their parameters may stand there.
COMMANDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "account administrator": ("account administrator", ("name", "off")),
    "account approve": ("account approve", ("name",)),
    "account deactivate": ("account deactivate", ("name",)),
    "account new": ("account new", ("name",)),
    "account reset": ("account reset", ("name",)),
    "analyse kmeans": ("analysis", ("columns", "query", "k", "seed", "name", "session")),
    "analyse nearest": ("analysis", ("tile", "columns", "query", "name", "session")),
    "analyse outliers": ("analysis", ("columns", "query", "name", "session")),
    "analyse pca": ("analysis", ("columns", "query", "name", "session")),
    "analyse tsne": ("analysis", ("columns", "query", "seed", "name", "session")),
    "demo": ("demo", ("tiles",)),
    "export": ("export", ("path", "name")),
    "record": ("record", ("file",)),
    "db backup": ("db backup", ("file",)),
    "db restore": ("db restore", ("file",)),
    "import": ("tileset import", ("path", "name")),
    "invite new": ("invitation new", ("session", "control", "days", "uses", "note")),
    "invite revoke": ("invitation revoke", ("invitation", "everything")),
    "launch": ("launch", ("case", "again", "session")),
    "log": ("log", ("level",)),
    "open": ("login address", ("role",)),
    "presets remove": ("preset remove", ("name",)),
    "presets rename": ("preset rename", ("name", "to")),
    "presets save": ("preset save", ("name", "case")),
    "project add": ("member add", ("project", "person", "role")),
    "project delete": ("project delete", ("project",)),
    "project new": ("project new", ("name",)),
    "project operate": ("member operate", ("project", "person", "off")),
    "project remove": ("member remove", ("project", "person")),
    "project rename": ("project rename", ("project", "name")),
    "project role": ("member role", ("project", "person", "role")),
    "project transfer": ("project transfer", ("project", "person")),
    "session archive": ("session archive", ("session",)),
    "session copy": ("session copy", ("session", "title")),
    "session delete": ("session delete", ("session",)),
    "session forget": ("version delete", ("name",)),
    "session hide": ("session hide", ("session", "job")),
    "session import": ("version import", ()),
    "session new": ("session new", ("title",)),
    "session rename": ("session rename", ("session", "title")),
    "session restore": ("version restore", ("name",)),
    "session save": ("version save", ("name",)),
    "session show": ("session show", ("session", "job")),
    "session undo": ("undo", ()),
    "stop": ("stop", ("job", "remove")),
    "tile click": ("tile click", ("wanted",)),
    "tile drag": ("tile drag", ("wanted",)),
    "tile get": ("tile get", ("number", "path")),
    "tile key": ("tile key", ("wanted",)),
    "tile move": ("tile move", ("wanted",)),
    "tile put": ("tile put", ("wanted", "path")),
    "tile remove": ("tile remove", ("wanted", "where")),
    "tile resize": ("tile resize", ("wanted", "size")),
    "tile restart": ("tile restart", ("wanted", "where")),
    "tile run": ("tile run", ("wanted", "command")),
    "tile stop": ("tile stop", ("wanted", "where")),
    "tile type": ("tile type", ("wanted",)),
    "tile window": ("tile window", ("wanted", "action")),
    "tileset copy": ("tileset copy", ("name", "to")),
    "tileset edit": ("tileset write", ("name",)),
    "tileset remove": ("tileset remove", ("name",)),
    "tileset rename": ("tileset rename", ("name", "to")),
    "tileset restore": ("tileset restore", ("name", "revision")),
    "tileset show": ("tileset show", ("name", "session")),
    "token new": ("token new", ("name", "rights", "session")),
    "token revoke": ("token revoke", ("name",)),
    "wall new": ("display wall new", ("grid", "bezel", "screens", "name", "days", "uses", "session")),
    "wall remove": ("display wall remove", ("name", "session")),
    "up": ("portal start", ("host", "port", "socket")),
}

# A shell's worth: written down before it is done, or it is not done.
SHELL = ("demo", "launch", "up", "stop", "tile ", "tileset show", "import")

_current: ContextVar[Entry | None] = ContextVar("entry", default=None)


def about(project: int | None = None, session: str = "", tiles: list[int] | None = None, **what: Any) -> None:
    """Add to what is written down of the command that runs: where it is done, and what else is known, no secrets."""
    if (entry := _current.get()) is not None:
        entry.project = entry.project if project is None else project
        entry.session = session or entry.session
        entry.tiles = entry.tiles if tiles is None else tiles
        entry.what |= what


def audit_commands(root: click.Group) -> None:
    """Have the commands of *root* that are in the table written down."""
    for name, command in commands(root):
        if name in COMMANDS and command.callback is not None:
            verb, kept = COMMANDS[name]
            command.callback = _written_down(command.callback, verb, kept, name.startswith(SHELL))


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield the commands of *group* and of its groups, with the words that they are called by."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name, command


def _written_down(work: Callable[..., Any], verb: str, kept: tuple[str, ...], shell: bool) -> Callable[..., Any]:
    @functools.wraps(work)
    def command(*arguments: Any, **given: Any) -> Any:
        entry = Entry(audited.here(), verb, what=_what(given, kept))
        if shell:
            audited.write(entry, "begun")
        current = _current.set(entry)
        try:
            result = work(*arguments, **given)
        except BaseException as error:
            _end(entry, *_came_out(error))
            raise
        finally:
            _current.reset(current)
        _end(entry, "done", "")
        return result

    return command


def _what(given: Mapping[str, Any], kept: tuple[str, ...]) -> dict[str, Any]:
    found = {name: given[name] for name in kept if given.get(name) not in (None, "", (), False)}
    plain = (str, int, float, list, tuple)
    return {name: value if isinstance(value, plain) else str(value) for name, value in found.items()}


def _came_out(error: BaseException) -> tuple[Outcome, str]:
    if isinstance(error, (SystemExit, click.exceptions.Exit)):
        code = error.code if isinstance(error, SystemExit) else error.exit_code
        return ("failed", f"exit code {code}") if code else ("done", "")
    if isinstance(error, (UsageError, click.UsageError)):
        return "refused", str(error)
    if isinstance(error, TiledVizError):
        return "failed", str(error)
    return "broken off", type(error).__name__


def _end(entry: Entry, outcome: Outcome, error: str) -> None:
    try:
        audited.write(entry, outcome, error)
    except TiledVizError as problem:
        click.echo(f"tiledviz: {problem}: what was done is not written down", err=True)


def moment(text: str) -> float | None:
    """Return the moment *text* says, in seconds since the epoch: a date, or a date and time of here, or ``3d`` ago.

    Raises UsageError.
    """
    if not text:
        return None
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if text[:-1].isascii() and text[:-1].isdigit() and text[-1] in units:
        return time.time() - int(text[:-1]) * units[text[-1]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no moment: write it as 2026-11-29, 2026-11-29T14:30, or 3d, 12h, 30m") from error


@click.command()
@click.option("--who", default="", metavar="NAME", help="Only of whom has NAME in their name.")
@click.option("--verb", default="", metavar="VERB", help="Only this: login, launch, tile run, invite ...")
@click.option("--outcome", type=click.Choice(audited.OUTCOMES), help="Only what came out so.")
@click.option("--tile", type=int, metavar="N", help="Only what was done with tile N.")
@click.option("--session", default="", metavar="KEY", help="Only of this session, by its key.")
@click.option("--project", type=int, metavar="ID", help="Only of this project.")
@click.option("--since", default="", metavar="WHEN", help="Only from then on: 2026-11-29, or 3d ago.")
@click.option("--until", default="", metavar="WHEN", help="Only up to then.")
@click.option("--lines", type=click.IntRange(1, 100_000), default=PAGE, show_default=True, help="The last so many.")
@as_json
def audit(
    who: str,
    verb: str,
    outcome: str | None,
    tile: int | None,
    session: str,
    project: int | None,
    since: str,
    until: str,
    lines: int,
    as_json: bool,
) -> None:
    """List who had what done, when, from where, and what came of it; the newest last."""
    wanted = Wanted(
        None if project is None else frozenset({project}), session, who, verb, outcome or "", tile,
        moment(since), moment(until),
    )  # fmt: skip
    found = list(reversed(page(wanted, limit=lines)["entries"]))
    rows = [_row(each) for each in found]
    header = ("when", "who", "from", "what", "with", "tiles", "outcome")
    show(found, as_json, lambda: table(header, rows) if rows else "Nothing of that kind is written down.")


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    who = f"{each.get('who') or '-'}" + (f" ({each['role']})" if each.get("role") else "")
    # An earlier release had these beside the rest.
    what = each.get("what") or {name: each[name] for name in ("action", "arguments") if name in each}
    return (
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(each.get("time", 0))),
        printable(who),
        printable(str(each.get("address", ""))),
        printable(str(each.get("verb"))),
        printable(json.dumps(what, ensure_ascii=False) if what else ""),
        ",".join(map(str, each.get("tiles") or [])),
        printable(": ".join(filter(None, (str(each.get("outcome")), str(each.get("error") or ""))))),
    )
