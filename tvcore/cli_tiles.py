"""``tiledviz tile``: what is done with tiles while they run."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from tvcore import tiles as acts
from tvcore.cases.live import read_chunks
from tvcore.cli_kit import as_json, matching, opened_store, save_file, session_key, session_option, show
from tvcore.errors import UsageError
from tvcore.store import Store
from tvcore.terminal import printable, table

Results = list[dict[str, Any]]

tiles_argument = click.argument("wanted", metavar="TILES")
where_option = click.option("--where", default="", metavar="QUERY", help="Only those of TILES that QUERY matches.")


@click.group(name="tile")
@session_option
@click.pass_context
def tile(context: click.Context, session: str | None) -> None:
    """Act on tiles, or on those of a session: start again, stop, remove, resize; commands, files, keys, windows.

    TILES are numbers of `tiledviz tiles`, as 3 or 3,5-8, or `all`.
    """
    context.obj = session


def chosen(store: Store, wanted: str, where: str, session: str | None = None) -> list[int]:
    """Return the ids of the tiles *wanted*, of *session* by its key, that *where* matches.

    None: the session of `tiledviz tile --session`, else all. Raises UsageError when there are none.
    """
    named = click.get_current_context().find_object(str)
    key = session or (session_key(store, named) if named else None)
    found = [found["id"] for found in matching(store, where, session=key)]
    if wanted != "all":
        ids = list(dict.fromkeys(_numbers(wanted)))
        if not where and key is None:
            return ids
        found = [number for number in ids if number in found]
    if not found:
        raise UsageError("there is no such tile: `tiledviz tiles` lists those there are")
    return found


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip(), re.ASCII)
        if match is None:
            raise UsageError(f"{text!r} are no tiles: write numbers of `tiledviz tiles`, as 3 or 3,5-8, or `all`")
        yield from range(int(match[1]), int(match[2] or match[1]) + 1)


def tell(results: Results, as_json: bool, said: Callable[[dict[str, Any]], str]) -> None:
    """Print what came of it for each tile, and end with exit code 1 if it could not be done for some."""
    rows = [(found["tile"], found["title"], found["error"] or said(found)) for found in results]
    show(results, as_json, lambda: table(("tile", "title", ""), rows))
    if acts.failed(results):
        sys.exit(1)


def act(wanted: str, where: str, as_json: bool, work: Callable[[Store, list[int]], Results], said: str) -> None:
    """Do *work* with the tiles *wanted*, and say *said* of those for which it was done."""
    with opened_store() as store:
        results = work(store, chosen(store, wanted, where))
    tell(results, as_json, lambda found: found.get("note") or said)


@tile.command()
@tiles_argument
@where_option
@as_json
def restart(wanted: str, where: str, as_json: bool) -> None:
    """Start the programs of TILES again: also those that failed or were stopped."""
    act(wanted, where, as_json, acts.restart_tiles, "started again")


@tile.command()
@tiles_argument
@where_option
@as_json
def stop(wanted: str, where: str, as_json: bool) -> None:
    """End the programs of TILES; `tiledviz tile restart` starts them again."""
    act(wanted, where, as_json, acts.stop_tiles, "stopped")


@tile.command()
@tiles_argument
@where_option
@as_json
def remove(wanted: str, where: str, as_json: bool) -> None:
    """End TILES and take them off the wall for good; a job without tiles is ended."""
    act(wanted, where, as_json, acts.remove_tiles, "removed")


@tile.command()
@tiles_argument
@click.argument("size", metavar="WIDTHxHEIGHT")
@where_option
@as_json
def resize(wanted: str, size: str, where: str, as_json: bool) -> None:
    """Change the displays of TILES to a size in pixels, while their programs run."""
    match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", size, re.ASCII)
    if match is None:
        raise UsageError(f"{size!r} is no size: write it as WIDTHxHEIGHT, e.g. 1280x720")
    with opened_store() as store:
        results = acts.resize_tiles(store, chosen(store, wanted, where), int(match[1]), int(match[2]))
    tell(results, as_json, lambda found: f"{found['width']}x{found['height']}")


@tile.command()
@tiles_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="End it after so long.")
@where_option
@as_json
def run(wanted: str, command: tuple[str, ...], seconds: float | None, where: str, as_json: bool) -> None:
    """Run a command in TILES, as their programs run: `tiledviz tile run all -- nvidia-smi -L`.

    Of one tile the output is passed on as it comes, and the exit code is the command's. Of several, and with --json,
    the first 64 KiB of each output are shown.
    """
    with opened_store() as store:
        ids = chosen(store, wanted, where)
        if len(ids) == 1 and not as_json:
            code = acts.run_in_tile(store, ids[0], command, _pass_on, seconds)
            sys.exit(code if code >= 0 else 128 - code)  # of a signal, as a shell says it
        results = acts.run_on_tiles(store, ids, command, seconds)
    show(results, as_json, lambda: "\n".join(_ran(found) for found in results))
    if acts.failed(results):
        sys.exit(1)


def _pass_on(stream: int, data: bytes) -> None:
    file = sys.stdout.buffer if stream == 1 else sys.stderr.buffer
    file.write(data)
    file.flush()


def _ran(found: dict[str, Any]) -> str:
    ended = found["error"] or f"exit code {found['code']}, {found['seconds']:.1f} s"
    more = ["(there was more)"] if found["cut"] else []
    lines = [printable(line) for line in (found["stdout"] + found["stderr"]).splitlines()] + more
    return "\n".join([f"tile {found['tile']}  {found['title']}: {ended}", *(f"  {line}" for line in lines)])


@tile.command()
@tiles_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("path")
@where_option
@as_json
def put(wanted: str, file: Path, path: str, where: str, as_json: bool) -> None:
    """Write FILE of this machine to PATH in TILES."""
    with opened_store() as store:
        results = acts.put(store, chosen(store, wanted, where), lambda: read_chunks(file), path)
    tell(results, as_json, lambda _: f"{path} is there")


@tile.command()
@click.argument("number", metavar="TILE", type=click.IntRange(min=0))
@click.argument("path")
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@as_json
def get(number: int, path: str, file: Path | None, as_json: bool) -> None:
    """Fetch PATH of a tile into FILE (default: its name, here; `-`: standard output)."""
    target = file or Path(path.rstrip("/").rpartition("/")[2] or "file")
    if str(target) == "-" and as_json:
        raise UsageError("standard output cannot have both the file and JSON: name a FILE")
    with opened_store() as store:
        chosen(store, str(number), "")
        chunks = acts.get(store, number, path)
        if str(target) == "-":
            for chunk in chunks:
                _pass_on(1, chunk)
            return
        size = save_file(chunks, target)
    document = {"tile": number, "path": path, "file": str(target.absolute()), "bytes": size}
    show(document, as_json, lambda: f"{target}: {size} bytes")


@tile.command(name="type")
@tiles_argument
@click.argument("text")
@where_option
@as_json
def type_(wanted: str, text: str, where: str, as_json: bool) -> None:
    """Type TEXT in TILES, into the window that has the keyboard."""
    act(wanted, where, as_json, lambda store, ids: acts.type_text(store, ids, text), "typed")


@tile.command()
@tiles_argument
@click.argument("keys")
@where_option
@as_json
def key(wanted: str, keys: str, where: str, as_json: bool) -> None:
    """Press KEYS together in TILES: `Return`, `ctrl+alt+t`."""
    act(wanted, where, as_json, lambda store, ids: acts.press(store, ids, keys), "pressed")


@tile.command(name="click")
@tiles_argument
@click.argument("x", type=int)
@click.argument("y", type=int)
@click.option("--button", type=click.IntRange(1, 9), default=1, help="1 left, 2 middle, 3 right.")
@click.option("--count", type=click.IntRange(1, 10), default=1, help="2 for a double click.")
@where_option
@as_json
def click_(wanted: str, x: int, y: int, button: int, count: int, where: str, as_json: bool) -> None:
    """Click at X Y in TILES."""
    act(wanted, where, as_json, lambda store, ids: acts.click(store, ids, x, y, button, count), "clicked")


@tile.command()
@tiles_argument
@click.argument("x", type=int)
@click.argument("y", type=int)
@where_option
@as_json
def move(wanted: str, x: int, y: int, where: str, as_json: bool) -> None:
    """Move the pointer to X Y in TILES."""
    act(wanted, where, as_json, lambda store, ids: acts.move(store, ids, x, y), "moved")


@tile.command()
@tiles_argument
@click.argument("x", type=int)
@click.argument("y", type=int)
@click.argument("to_x", type=int)
@click.argument("to_y", type=int)
@click.option("--button", type=click.IntRange(1, 9), default=1, help="1 left, 2 middle, 3 right.")
@where_option
@as_json
def drag(wanted: str, x: int, y: int, to_x: int, to_y: int, button: int, where: str, as_json: bool) -> None:
    """Drag from X Y to TO_X TO_Y in TILES."""
    act(wanted, where, as_json, lambda store, ids: acts.drag(store, ids, x, y, to_x, to_y, button), "dragged")


@tile.command()
@tiles_argument
@where_option
@as_json
def windows(wanted: str, where: str, as_json: bool) -> None:
    """List the windows of TILES."""
    with opened_store() as store:
        results = acts.windows(store, chosen(store, wanted, where))
    tell(results, as_json, lambda found: "; ".join(map(_window, found["windows"])) or "no window")


def _window(window: dict[str, Any]) -> str:
    place = f"{window['width']}x{window['height']}+{window['x']}+{window['y']}"
    return f"{printable(window['title']) or 'untitled'} {place}"


@tile.command()
@tiles_argument
@click.argument("action", type=click.Choice(["maximise", "place", "raise", "close"]))
@click.argument("place", nargs=-1, type=int, metavar="[X Y [WIDTH HEIGHT]]")
@click.option("--title", default="", help="The first window with this in its title [default: the first one]")
@where_option
@as_json
def window(wanted: str, action: str, place: tuple[int, ...], title: str, where: str, as_json: bool) -> None:
    """Maximise a window of TILES, place it at X Y, raise or close it."""
    with opened_store() as store:
        results = acts.change_windows(store, chosen(store, wanted, where), title, action, place)
    tell(results, as_json, lambda found: printable(found["window"]) or "done")
