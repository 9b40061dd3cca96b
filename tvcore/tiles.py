"""What a person can do with tiles while they are on the wall: one function each, for many tiles at once.

The node agents do the work, for several tiles at a time. Each function but ``get`` returns a dictionary per tile, in
the order asked for: its id as ``tile``, its ``title``, ``error`` (one line, empty when it was done), and what came of
it. A tile for which it cannot be done is an error for that tile alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from tvcore import audit
from tvcore.batch import watch
from tvcore.batch.scheduler import JobState
from tvcore.batch.schedulers import schedulers
from tvcore.case_actions import Order, Progress, RightError, offered, perform
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError, UsageError
from tvcore.portal.roles import TABLE, Right
from tvcore.store import Store
from tvcore.tunnel import agents

AT_ONCE = 16  # tiles that are asked at a time
OUTPUT_MAX = 1 << 16  # bytes that ``run_on_tiles`` returns of each output of each tile

Result = dict[str, Any]
_logger = logging.getLogger(__name__)
RUNNING = ("starting", "live", "failed", "stopped")  # states of tiles that a node agent keeps


@dataclass(frozen=True)
class Target:
    """A tile as the store knows it, and the registration of its agent where there is one."""

    tile: dict[str, Any]
    job_over: bool
    registration: agents.Registration | None

    def live(self) -> LiveTile:
        """Return the tile in the hands of its agent. Raises TiledVizError when it is not live."""
        tile = self.kept()
        if self.tile["state"] != "live":
            reason = f": {self.tile['reason']}" if self.tile["reason"] else ""
            raise TiledVizError(f"it is not live, but {self.tile['state']}{reason}")
        return tile

    def kept(self) -> LiveTile:
        """Return the tile, live or not. Raises TiledVizError when no agent has it."""
        if self.job_over:
            raise TiledVizError(
                f"its job is over: launch the case again (`tiledviz launch --again {self.tile['job']}`)"
            )
        if self.tile["state"] not in RUNNING:
            raise TiledVizError("its job waits in the queue: the tile starts with it")
        if self.registration is None:
            raise TiledVizError(f"no node agent runs it now: `tiledviz jobs` says how job {self.tile['job']} is")
        return LiveTile(self.registration, self.tile["index"])


@dataclass(frozen=True)
class Asker:
    """Who asks for an action: *by* as it is written down, with which *rights*, in which *project* and *session*."""

    by: audit.By
    rights: frozenset[Right] = TABLE["owner"]
    project: int | None = None
    session: str = ""


def restart_tiles(store: Store, ids: Sequence[int]) -> list[Result]:
    """Start the programs of tiles again, whether they run, failed or were stopped."""
    return _on_each(store, ids, lambda target: target.kept().restart())


def stop_tiles(store: Store, ids: Sequence[int]) -> list[Result]:
    """End the programs of tiles; the tiles stay on the wall and can be started again."""
    return _on_each(store, ids, lambda target: target.kept().stop())


def remove_tiles(store: Store, ids: Sequence[int]) -> list[Result]:
    """End tiles and take them off the wall for good; a job whose last tile that was is ended.

    A tile that its agent could not end has that as its ``note``: it is ended as soon as the agent is heard again.
    """

    def remove(target: Target) -> Result:
        try:
            if target.registration is not None and not target.job_over:
                LiveTile(target.registration, target.tile["index"]).stop()
        except TiledVizError as error:
            return {"note": str(error)}
        return {"note": ""}

    targets = targets_of(store, ids)
    results = at_once(targets, remove)
    for job in store.remove_tiles(ids):
        found = next(found for found in store.jobs() if found["id"] == job)
        scheduler = schedulers().get(found["scheduler"])
        if scheduler is not None and not JobState(found["state"]).ended:
            scheduler.cancel(job)
    store.forget_empty()
    return results


def resize_tiles(store: Store, ids: Sequence[int], width: int, height: int) -> list[Result]:
    """Change the displays of tiles to *width* by *height* pixels; results have the size that each got."""

    def resize(target: Target) -> Result:
        got = target.live().resize(width, height)
        return {"width": got[0], "height": got[1]}

    return _on_each(store, ids, resize)


def run_on_tiles(
    store: Store, ids: Sequence[int], command: Sequence[str], seconds: float | None = None
) -> list[Result]:
    """Run *command*, an argument list, in tiles; results have ``code``, ``stdout``, ``stderr`` and ``seconds``.

    Of each output 64 KiB are kept; ``cut`` says whether there was more.
    """

    def run(target: Target) -> Result:
        output = target.live().run(command, seconds, most=OUTPUT_MAX)
        return asdict(output) | {
            "stdout": output.stdout.decode(errors="replace"),
            "stderr": output.stderr.decode(errors="replace"),
        }

    if not command:
        raise UsageError("there is no command to run")
    empty = {"code": None, "stdout": "", "stderr": "", "seconds": 0.0, "cut": False}
    return [empty | result for result in _on_each(store, ids, run)]


def run_in_tile(
    store: Store,
    tile: int,
    command: Sequence[str],
    sink: Callable[[int, bytes], None],
    seconds: float | None = None,
) -> int:
    """Run *command* in *tile* and return its exit code; *sink* gets its outputs (1, 2) as they come.

    Raises TiledVizError when it cannot be run, or is ended.
    """
    (target,) = targets_of(store, [tile])
    return target.live().pass_on(command, sink, seconds)


def put(store: Store, ids: Sequence[int], source: Callable[[], Iterable[bytes]], path: str) -> list[Result]:
    """Write what *source* gives, called once for each tile, to the file *path* of tiles: whole, or not at all."""
    return _on_each(store, ids, lambda target: target.live().put(source(), path))


def get(store: Store, tile: int, path: str) -> Iterator[bytes]:
    """Yield the file *path* of *tile*. Raises TiledVizError when it cannot be had."""
    (target,) = targets_of(store, [tile])
    return target.live().get(path)


def type_text(store: Store, ids: Sequence[int], text: str) -> list[Result]:
    """Type *text* in tiles."""
    return _on_each(store, ids, lambda target: target.live().type(text))


def press(store: Store, ids: Sequence[int], keys: str) -> list[Result]:
    """Press *keys* together in tiles: ``Return``, ``ctrl+alt+t``."""
    return _on_each(store, ids, lambda target: target.live().key(keys))


def click(store: Store, ids: Sequence[int], x: int, y: int, button: int = 1, count: int = 1) -> list[Result]:
    """Click at *x*, *y* in tiles."""
    return _on_each(store, ids, lambda target: target.live().click(x, y, button, count))


def move(store: Store, ids: Sequence[int], x: int, y: int) -> list[Result]:
    """Move the pointer to *x*, *y* in tiles."""
    return _on_each(store, ids, lambda target: target.live().move(x, y))


def drag(store: Store, ids: Sequence[int], x: int, y: int, to_x: int, to_y: int, button: int = 1) -> list[Result]:
    """Drag from *x*, *y* to *to_x*, *to_y* in tiles."""
    return _on_each(store, ids, lambda target: target.live().drag(x, y, to_x, to_y, button))


def play(store: Store, ids: Sequence[int], at: float, since: float | None = None, rate: float = 1.0) -> list[Result]:
    """Show *at* of movies (seconds) and PDFs (a page, from 1), and go on at *rate* since *since*; None: stay there.

    *since* is in seconds since the epoch, so that many tiles, on whatever nodes, show the same moment.
    """
    return _on_each(store, ids, lambda target: target.live().play(at, since, rate))


def windows(store: Store, ids: Sequence[int]) -> list[Result]:
    """Return the ``windows`` of tiles."""
    found = _on_each(store, ids, lambda target: {"windows": [asdict(w) for w in target.live().windows()]})
    return [{"windows": []} | result for result in found]


def change_windows(
    store: Store, ids: Sequence[int], title: str, action: str, place: Sequence[int] = ()
) -> list[Result]:
    """Do *action* (maximise, place, raise, close) with the first window of tiles whose title has *title* in it.

    *place* is x, y and perhaps width and height, for the action ``place``.
    """

    def change(target: Target) -> Result:
        tile = target.live()
        window = tile.wait_window(title, seconds=0)
        if action == "place":
            tile.place(window, *place)
        else:
            {"maximise": tile.maximise, "raise": tile.raise_window, "close": tile.close}[action](window)
        return {"window": window.title}

    if (action == "place") != (len(place) in (2, 4)):
        raise UsageError("placing a window needs x and y, or x, y, width and height; nothing else takes them")
    return _on_each(store, ids, change)


def actions(store: Store, ids: Sequence[int], rights: Iterable[Right] = TABLE["owner"]) -> Result:
    """Return the ``actions`` that the cases of tiles offer to who has *rights*.

    Each has its ``tiles``; ``errors`` are lines.

    Only tiles that are live have actions.
    """
    return offered(targets_of(store, ids), frozenset(rights))


def act(
    store: Store,
    ids: Sequence[int],
    name: str,
    arguments: Mapping[str, object] | None = None,
    asker: Asker | None = None,
    report: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Result]:
    """Have the cases of tiles do their action *name*; results have ``said``, a line that says what came of it.

    Of an action for all together the first of *ids* leads. The *asker*, who runs this process if none is given, is
    written down with what came of it; where that cannot be, a warning is logged, but what needs the right to operate
    is not done.
    *report* gets how far each tile is, in threads; once *cancelled* returns true what is not done is ended. Raises
    ArgumentsError, RightError, and UsageError for an action that there is not: then nothing was done.
    """
    targets = targets_of(store, ids)
    asker = asker or Asker(audit.here())
    found = [target.tile["id"] for target in targets]
    entry = audit.Entry(asker.by, "act", asker.project, asker.session, found, what={"action": name})

    def begin(right: Right) -> None:
        if right == "operate":  # what cannot be written down is not done
            audit.write(entry, "begun")

    order = Order(name, arguments or {}, asker.by.role, asker.rights, report, cancelled, begin)
    try:
        done = perform(targets, order, at_once)
    except TiledVizError as error:
        # What was given is not written down: nobody knows which of it is secret.
        _write_down(entry, "refused" if isinstance(error, RightError | UsageError) else "failed", str(error))
        raise
    except BaseException as error:
        _write_down(entry, "broken off", type(error).__name__)
        raise
    entry.what["arguments"] = done.shown
    wrong = [result for result in done.results if result["error"]]
    _write_down(entry, "failed" if wrong else "done", wrong[0]["error"] if wrong else "", failed=len(wrong))
    return done.results


def _write_down(entry: audit.Entry, outcome: audit.Outcome, error: str, failed: int = 0) -> None:
    """Write it into the audit; where that cannot be, what came of it is not to be lost too."""
    try:
        audit.write(entry, outcome, error, failed)
    except TiledVizError as problem:
        _logger.error("%s: %s of %s is not written down: %s", problem, entry.verb, entry.by.who, outcome)


def failed(results: Iterable[Result]) -> bool:
    """Return whether anything went wrong on some tile: it could not be done, or a command did not succeed."""
    return any(result["error"] or result.get("code") for result in results)


# ------------------------------------------------------------------------ many


def _on_each(store: Store, ids: Sequence[int], work: Callable[[Target], Result | None]) -> list[Result]:
    return at_once(targets_of(store, ids), work)


def targets_of(store: Store, ids: Sequence[int]) -> list[Target]:
    """Return the tiles *ids*, in their order. Raises UsageError for one that is not there."""
    watch.sync_here(store)
    tiles = {tile["id"]: tile for tile in store.tiles(ids)}
    missing = [tile for tile in ids if tile not in tiles]
    if missing:
        raise UsageError(f"there is no tile {missing[0]}: `tiledviz tiles` lists those there are")
    over = {job["id"]: JobState(job["state"]).ended for job in store.jobs()}
    wanted = {tile["job"] for tile in tiles.values()}
    there: dict[tuple[str, int], agents.Registration] = {}
    for registration in agents.registrations():
        if registration.job in wanted:
            there |= {
                (registration.job, t.index): registration for t in registration.plan.on_node(registration.ordinal)
            }
    return [
        Target(tile, over.get(tile["job"], True), there.get((tile["job"], tile["index"])))
        for tile in (tiles[number] for number in dict.fromkeys(ids))
    ]


def at_once(
    chosen: Sequence[Target], work: Callable[[Target], Result | None], done: Callable[[Result], None] = lambda _: None
) -> list[Result]:
    """Do *work* with tiles, many at a time; *done* is called, in threads, with the result of each as it comes."""

    def one(target: Target) -> Result:
        head = {"tile": target.tile["id"], "title": target.tile["title"], "error": ""}
        try:
            result = head | (work(target) or {})
        except TiledVizError as error:
            result = head | {"error": str(error)}
        done(result)
        return result

    with ThreadPoolExecutor(min(AT_ONCE, max(1, len(chosen)))) as pool:
        return list(pool.map(one, chosen))
