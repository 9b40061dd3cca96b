"""``tiledviz tile actions``, ``act`` and ``play``: what cases offer, having it done; movies."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import click

from tvcore import tiles as acts
from tvcore.case_actions import Progress, Whole
from tvcore.cases import catalog
from tvcore.cli_kit import as_json, opened_store, parse_settings, show
from tvcore.cli_tiles import chosen, tell, tile, tiles_argument, where_option
from tvcore.errors import UsageError
from tvcore.terminal import Progress as Bar
from tvcore.terminal import printable, table

__all__ = ["tile"]

QUIET = 2.0  # seconds that an action may take without a bar


@tile.command()
@tiles_argument
@where_option
@as_json
def actions(wanted: str, where: str, as_json: bool) -> None:
    """List the actions that the cases of TILES offer; `tiledviz tile act` does them."""
    with opened_store() as store:
        found = acts.actions(store, chosen(store, wanted, where))
    rows = [
        (
            each["name"],
            each["case"],
            printable(each["title"]),
            "each" if each["each"] == "tile" else "all at once",
            len(each["tiles"]),
            ", ".join(_parameters(each)) or "-",
        )
        for each in found["actions"]
    ]
    for error in found["errors"]:
        click.echo(f"tiledviz: {printable(error)}", err=True)
    if not rows and not as_json:
        click.echo("These tiles offer no actions: only live ones do, whose case has some.")
        return
    show(found, as_json, lambda: table(("action", "case", "", "done for", "tiles", "--set"), rows))


def _parameters(action: dict[str, Any]) -> Iterator[str]:
    """Yield what one may choose: each parameter with its default, or what it takes."""
    schema = action["parameters"] or {}
    for name, each in schema.get("properties", {}).items():
        if "default" in each:
            yield f"{name}={json.dumps(each['default'], ensure_ascii=False).strip(chr(34))}"
        else:
            kind = "|".join(map(str, each["enum"])) if "enum" in each else str(each.get("type", "value"))
            yield f"{name}={kind.upper() if kind.isidentifier() else kind}"


@tile.command()
@tiles_argument
@click.argument("at", type=click.FloatRange(min=0))
@click.option("--pause", is_flag=True, help="Stay there.")
@click.option("--rate", type=click.FloatRange(-64, 64), default=1.0, help="Seconds, or pages, a second.")
@where_option
@as_json
def play(wanted: str, at: float, pause: bool, rate: float, where: str, as_json: bool) -> None:
    """Play the movies of TILES from AT seconds on, all at the same moment; of PDFs AT is a page (with --pause)."""
    with opened_store() as store:
        ids = chosen(store, wanted, where)
        results = acts.play(store, ids, at, None if pause else time.time(), rate)
    tell(results, as_json, lambda _: "shown")


@tile.command()
@click.argument("name")
@tiles_argument
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set a parameter of the action.")
@click.option(
    "--leader", type=int, metavar="N", help="The tile whose state the others take, where the action wants one."
)
@where_option
@as_json
def act(name: str, wanted: str, settings: tuple[str, ...], leader: int | None, where: str, as_json: bool) -> None:
    """Have the case of TILES do its action NAME: `tiledviz tile actions all` lists them.

    Ctrl-C ends what is not done yet.
    """
    with opened_store() as store:
        ids = chosen(store, wanted, where)
        if leader is not None:
            if leader not in ids:
                raise UsageError(f"--leader {leader}: name one of the tiles {wanted}")
            ids.remove(leader)
            ids.insert(0, leader)
        catalog.speak()
        with _interrupted() as cancelled, _Shown(name, ids) as shown:
            results = acts.act(
                store, ids, name, parse_settings(settings), report=shown.report, cancelled=cancelled.is_set
            )
    tell(results, as_json, lambda found: printable(found["said"]))


@contextlib.contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C sets; a second one is as usual."""
    event = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        event.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)


class _Shown:
    """How far an action is in all its tiles, as one bar; nothing where it is over soon."""

    def __init__(self, name: str, ids: list[int]) -> None:
        self._name = name
        self._whole = Whole(ids)
        self._begun: float | None = None
        self._lock = threading.Lock()
        self._bar = Bar()

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.__exit__(None, None, None)

    def report(self, progress: Progress) -> None:
        """Take the *progress* of one tile, in any thread."""
        fraction = self._whole.take(progress)
        with self._lock:
            now = time.monotonic()
            self._begun = now if self._begun is None else self._begun
            if now - self._begun > QUIET:
                doing = progress.text if progress.state == "runs" else ""
                text = f"{self._name}, tile {progress.tile}: {doing}" if doing else self._name
                self._bar.report(fraction, printable(text)[:100])
