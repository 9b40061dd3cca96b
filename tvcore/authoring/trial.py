"""A plugin run for a try: a job of its case on this machine, which ends again, and what was seen of it."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tvcore import api, paths, tiles
from tvcore.authoring.where import found
from tvcore.cases import catalog, sources
from tvcore.cases.hookspecs import Report as Progress
from tvcore.errors import TiledVizError
from tvcore.store import Store
from tvcore.store.address import OWN

LIVE_SECONDS = 180.0
READY_SECONDS = 60.0
LAST_LINES = 5
PREFIX = "[tiledviz] "

Say = Callable[[str], None]


@dataclass
class Seen:
    """What was seen of one tile: its state, why it is not live, a picture of it, and its program's last words."""

    title: str
    state: str
    reason: str = ""
    picture: str = ""
    flat: bool = False
    log: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """How a try went: its tiles, and by action what each tile said or why it could not."""

    plugin: str
    tiles: list[Seen] = field(default_factory=list)
    actions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    hooks: list[str] = field(default_factory=list)  # what went wrong in the hooks of tiles

    @property
    def good(self) -> bool:
        """Return whether every tile lived, and every hook and action was done."""
        failed = bool(self.hooks) or any(tiles.failed(results) for results in self.actions.values())
        return bool(self.tiles) and all(seen.state == "live" for seen in self.tiles) and not failed

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self) | {"good": self.good}


def run(
    what: str | Path,
    given: Mapping[str, object],
    count: int,
    pictures: Path | None,
    actions: bool,
    say: Say,
    report: Progress,
) -> Outcome:
    """Run *count* tiles of the plugin *what* with what is *given*, and end them; return what was seen.

    The state folder is one of its own. A picture of each tile is written into the folder *pictures* (default:
    ``NAME-test`` here); with *actions* those of the case are done that need no choice. Raises TiledVizError when the
    job cannot be submitted.
    """
    plugin, findings = found(what)
    for finding in findings:
        say(str(finding))
    catalog.speak()
    outcome = Outcome(plugin.name)
    folder = pictures or Path(f"{plugin.name}-test")
    with _ended_by_term(), sources.trying(plugin), _own_state(), contextlib.closing(Store.open()) as store:
        job = api.launch(store, plugin.name, {**given, "scheduler.backend": "local"}, count, report=report)["id"]
        try:
            shown = api.wait_until_live(store, job, _reporter(report), LIVE_SECONDS)
            outcome.tiles = [_seen(store, tile, folder, say) for tile in shown]
            if actions:
                _act(store, [tile["id"] for tile in shown if tile["state"] == "live"], outcome, say)
            _let_finish(job)
        finally:
            api.stop(store, job)
        for tile in shown:
            outcome.hooks += _complaints(job, tile["index"])
        for line in outcome.hooks:
            say(line)
    return outcome


def _let_finish(job: str) -> None:
    """Wait until case_ready is done in the tiles of *job*, not for ever."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and any(_is_hook(path, job) for path in Path("/proc").glob("[0-9]*/cmdline")):
        time.sleep(0.1)


def _is_hook(path: Path, job: str) -> bool:
    try:
        words = path.read_bytes().split(b"\0")
    except OSError:
        return False
    return b"tvcore.cases.on_node" in words and job.encode() in words


def _complaints(job: str, index: int) -> list[str]:
    """Return what the log of a tile says of hooks that went wrong."""
    lines = api.tail(paths.jobs_dir() / job / f"tile-{index}.log", 1000)
    return [f"tile {index}: {line.removeprefix(PREFIX)}" for line in lines if line.startswith(f"{PREFIX}case_")]


@contextlib.contextmanager
def _ended_by_term() -> Iterator[None]:
    """Have SIGTERM do what Ctrl-C does meanwhile: the job is ended, and nothing is left."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _own_state() -> Iterator[None]:
    """Have a state folder of its own meanwhile, which is gone after that."""
    folder = tempfile.mkdtemp(prefix="tiledviz-test-")
    ours = {"TILEDVIZ_HOME": folder, OWN: "own"}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


def _reporter(report: Progress) -> Callable[[dict[str, Any], list[dict[str, Any]]], None]:
    def told(_job: dict[str, Any], found: list[dict[str, Any]]) -> None:
        report(sum(tile["state"] == "live" for tile in found) / max(1, len(found)), "tiles live")

    return told


def _seen(store: Store, tile: dict[str, Any], pictures: Path, say: Say) -> Seen:
    seen = Seen(tile["title"], tile["state"], tile["reason"])
    if seen.state == "live":
        with _said(say, f"tile {tile['index']} ({seen.title}): no picture"):
            (target,) = tiles.targets_of(store, [tile["id"]])
            data = target.live().picture()
            pictures.mkdir(parents=True, exist_ok=True)
            path = pictures / f"tile-{tile['index']}.png"
            path.write_bytes(data)
            seen.picture, seen.flat = str(path), _is_flat(data)
        text = seen.picture or "no picture"
        say(f"tile {tile['index']} ({seen.title}): live, {text}" + (", all of one colour" if seen.flat else ""))
        return seen
    if seen.state in ("queued", "starting"):
        seen.reason = seen.reason or f"not live within {LIVE_SECONDS:.0f} s"
    seen.log = api.logs(store, str(tile["id"]), LAST_LINES)
    say(f"tile {tile['index']} ({seen.title}): {seen.state}: {seen.reason}")
    for line in seen.log:
        say(f"  {line}")
    return seen


@contextlib.contextmanager
def _said(say: Say, head: str) -> Iterator[None]:
    try:
        yield
    except (TiledVizError, OSError) as error:
        say(f"{head}: {error}")


def _is_flat(png: bytes) -> bool:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        return all(low == high for low, high in picture.convert("RGB").getextrema())  # type: ignore[misc]


def _act(store: Store, live: list[int], outcome: Outcome, say: Say) -> None:
    """Do those actions that need no choice with the tiles that are *live*."""
    if not live:
        return
    offered = tiles.actions(store, live)
    for error in offered["errors"]:
        say(error)
        outcome.actions["case_actions"] = [{"error": error}]
    for action in offered["actions"]:
        name = action["name"]
        if (action["parameters"] or {}).get("required"):
            outcome.passed_over.append(name)
            say(f"action {name}: passed over, as one has to choose {', '.join(action['parameters']['required'])}")
            continue
        try:
            results = tiles.act(store, live, name)
        except TiledVizError as error:
            results = [{"error": str(error)}]
        outcome.actions[name] = results
        for result in results:
            where = f" of tile {live.index(result['tile'])}" if "tile" in result else ""
            say(f"action {name}{where}: {result.get('error') or result.get('said')}")
