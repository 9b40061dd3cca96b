"""Actions of cases on tiles: what is offered, and having it done. ``tvcore.tiles`` is who calls this.

An action for each tile by itself is done on the tile's node, by the case's Python or a command in the tile; one that is
done once for all runs here, in a process apart.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tvcore.apart import CancelledError
from tvcore.cases import catalog, sources
from tvcore.cases.arguments import ArgumentsError
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError, UsageError
from tvcore.portal.roles import Right
from tvcore.tunnel import remote
from tvcore.tunnel.agents import Registration

HOST = "tvcore.cases.host_actions"
KEPT = 1 << 16  # bytes kept of the end of each output of a command
MOST_SAID = 2000  # characters of a result
CANCELLED = remote.CANCELLED

Result = dict[str, Any]
State = Literal["waits", "runs", "done", "failed"]
AtOnce = Callable[[Any, Callable[[Any], Result | None]], list[Result]]


class RightError(TiledVizError):
    """Who asks for an action has not the right that it needs."""


@dataclass(frozen=True)
class Progress:
    """How far an action is in a *tile*: *fraction* from 0 to 1, and a *text* of what it does or what came of it."""

    tile: int
    fraction: float
    text: str
    state: State


@dataclass(frozen=True)
class Order:
    """What is to be done: the action *name*, with the arguments *given*, for one of *role* who has *rights*.

    *report* is called in threads; *cancelled*, often, whether nothing more of it is wanted; *begin* before anything is
    done, with the right that the action needs: nothing is where it raises.
    """

    name: str
    given: Mapping[str, object]
    role: str
    rights: frozenset[Right]
    report: Callable[[Progress], None] = lambda _: None
    cancelled: Callable[[], bool] = lambda: False
    begin: Callable[[Right], None] = lambda _: None


class Target(Protocol):
    """A tile, as ``tvcore.tiles`` finds it."""

    @property
    def tile(self) -> dict[str, Any]:
        """Return its document."""
        ...

    @property
    def registration(self) -> Registration | None:
        """Return its node agent's registration."""
        ...

    def live(self) -> LiveTile:
        """Return the tile in the hands of its agent. Raises TiledVizError when it is not live."""
        ...


@dataclass(frozen=True)
class Performed:
    """What came of it for each tile, and the arguments as they may be *shown*."""

    results: list[Result]
    shown: dict[str, Any]


def plugin_of(registration: Registration) -> catalog.Plugin:
    """Return the plugin that the job of *registration* was launched with. Raises TiledVizError."""
    plan = registration.plan
    return sources.of_spec(plan.plugin) if plan.plugin else catalog.find(plan.case)


def offered(targets: Iterable[Target], rights: frozenset[Right]) -> Result:
    """Return the ``actions`` that the cases of *targets* offer to who has *rights*.

    ``errors`` has one per case that failed.
    """
    runs: dict[str, tuple[Registration, list[int]]] = {}  # tiles for which a case offers the same
    for target in targets:
        if target.registration is not None and target.tile["state"] == "live":
            runs.setdefault(_key(target.registration), (target.registration, []))[1].append(target.tile["id"])
    found: dict[tuple[str, str], Result] = {}
    errors: dict[str, None] = {}
    with ThreadPoolExecutor(catalog.AT_ONCE) as pool:  # a case that hangs costs its own time alone
        answers = list(pool.map(_offers, [registration for registration, _ in runs.values()]))
    for (registration, tiles), actions in zip(runs.values(), answers, strict=True):
        if isinstance(actions, TiledVizError):
            errors[str(actions)] = None
            continue
        case = registration.plan.case
        for action in actions:
            if action["right"] in rights:
                head = {"case": case, **action, "tiles": []}
                found.setdefault((case, action["name"]), head)["tiles"].extend(tiles)
    return {"actions": list(found.values()), "errors": list(errors)}


def _offers(registration: Registration) -> list[Result] | TiledVizError:
    try:
        return catalog.actions(plugin_of(registration), registration.plan.parameters)
    except TiledVizError as error:
        return error


def _key(registration: Registration) -> str:
    """Return what is the same for jobs whose case offers the same."""
    plan = registration.plan
    return json.dumps([plan.case, plan.plugin, plan.parameters], sort_keys=True)


def perform(targets: Sequence[Target], order: Order, at_once: AtOnce) -> Performed:
    """Have an action done with *targets*, and return a result per tile, in their order.

    *at_once* calls a function for each target and makes its TiledVizErrors results. Nothing is done, and it raises,
    where the arguments are wrong (ArgumentsError), a right is missing (RightError), or no case has such an action.
    """
    jobs: dict[str, list[Target]] = {}
    for target in targets:
        jobs.setdefault(target.tile["job"], []).append(target)
    prepared = _prepared(jobs, order)
    for right in {found["action"]["right"] for found in prepared.values() if isinstance(found, dict)}:
        order.begin(right)
    done = {
        job: found if isinstance(found, TiledVizError) else _job(jobs[job], found, order)
        for job, found in prepared.items()
    }

    def one(target: Target) -> Result:
        found = done[target.tile["job"]]
        number = target.tile["id"]
        try:
            if isinstance(found, TiledVizError):
                target.live()  # what keeps a tile from everything is the better reason
                raise found
            said = found(target)
        except TiledVizError as error:
            order.report(Progress(number, 1.0, str(error), "failed"))
            raise
        order.report(Progress(number, 1.0, said, "done"))
        return {"said": said}

    results = [{"said": ""} | result for result in at_once(targets, one)]
    shown: dict[str, Any] = next((found["shown"] for found in prepared.values() if isinstance(found, dict)), {})
    return Performed(results, shown)


def _prepared(jobs: Mapping[str, Sequence[Target]], order: Order) -> dict[str, Result | TiledVizError]:
    """Return what doing the action needs, by job, or why it cannot be done there."""
    asked: dict[str, Result | TiledVizError] = {}
    found: dict[str, Result | TiledVizError] = {}
    for job, targets in jobs.items():
        registration = next((target.registration for target in targets if target.registration), None)
        if registration is None:
            found[job] = TiledVizError("no node agent runs it now")
            continue
        key = _key(registration)
        if key not in asked:
            asked[key] = _ask(registration, order)
        found[job] = asked[key]
    if found and all(isinstance(each, UsageError) for each in found.values()):
        raise next(each for each in found.values() if isinstance(each, UsageError))
    said = [each for each in found.values() if isinstance(each, dict)]
    if right := next((each["missing"] for each in said if each["missing"]), ""):
        needs = f"which the action {order.name} needs"
        raise RightError(f"the role {order.role} has not the right `{right}`, {needs}")
    for each in said:
        if each["problems"]:
            raise ArgumentsError(each["problems"])
    return found


def _ask(registration: Registration, order: Order) -> Result | TiledVizError:
    try:
        found: Result = catalog.ask(
            plugin_of(registration), "prepared", host=HOST,
            parameters=registration.plan.parameters, action=order.name, given=dict(order.given), role=order.role,
            rights=sorted(order.rights),
        )  # fmt: skip
    except TiledVizError as error:
        return error
    return found


def _job(targets: Sequence[Target], prepared: Result, order: Order) -> Callable[[Target], str] | TiledVizError:
    """Return what does the action with one of *targets*, all of one job, or why nothing can."""
    action = prepared["action"]
    if action["each"] == "once":
        return _once(targets, action, order)

    def on_node(target: Target) -> str:
        tile = _begun(target, order)
        report = _reporter(target, order)
        return remote.act(
            tile.registration, tile.index, order.name, order.given,
            seconds=action["seconds"], report=report, cancelled=order.cancelled,
        )  # fmt: skip

    def in_tile(target: Target) -> str:
        return _ran(_begun(target, order), prepared["command"], action["seconds"], order.cancelled)

    return in_tile if prepared["command"] else on_node


def _begun(target: Target, order: Order) -> LiveTile:
    if order.cancelled():
        raise TiledVizError(CANCELLED)
    tile = target.live()
    order.report(Progress(target.tile["id"], 0.0, "", "runs"))
    return tile


def _reporter(target: Target, order: Order) -> Callable[[float, str], None]:
    return lambda fraction, text: order.report(Progress(target.tile["id"], fraction, text, "runs"))


def _ran(tile: LiveTile, command: Sequence[str], seconds: float, cancelled: Callable[[], bool]) -> str:
    """Run *command* in *tile*; return the last line of its output. Raises TiledVizError when it failed."""
    kept = {remote.OUTPUT: b"", remote.ERRORS: b""}

    def keep(kind: int, data: bytes) -> None:
        kept[kind] = (kept[kind] + data)[-KEPT:]

    ended = remote.run_command(tile.registration, tile.index, command, sink=keep, seconds=seconds, cancelled=cancelled)
    if ended.code or ended.error:
        why = ended.error or _last(kept[remote.ERRORS])
        raise TiledVizError(why or f"its program ended with exit code {ended.code}")
    return _last(kept[remote.OUTPUT]) or "done"


def _last(data: bytes) -> str:
    lines = data.decode(errors="replace").strip().splitlines()
    return " ".join(lines[-1].split())[:MOST_SAID] if lines else ""


def _once(targets: Sequence[Target], action: Result, order: Order) -> Callable[[Target], str] | TiledVizError:
    """Do the action with all of *targets* that are live, together; return what tells each its result."""
    live: list[tuple[Target, LiveTile]] = []
    for target in targets:
        try:
            live.append((target, _begun(target, order)))
        except TiledVizError as error:
            if action["leader"] and target is targets[0]:
                return TiledVizError(f"its leader, tile {target.tile['id']}, cannot lead: {error}")
            continue  # that tile's own result says it
    if not live:
        return lambda target: str(target.live())  # which raises why it is not
    try:
        said = _together(live, action, order)
    except TiledVizError as error:
        return error
    members = {target.tile["id"] for target, _ in live}

    def told(target: Target) -> str:
        if target.tile["id"] not in members:
            target.live()
            raise TiledVizError("it became live after the action had begun")
        return said

    return told


def _together(live: Sequence[tuple[Target, LiveTile]], action: Result, order: Order) -> str:
    tiles = [(tile.index, tile.registration) for _, tile in live]
    deadline = time.monotonic() + action["seconds"]

    def given_up() -> bool:
        return order.cancelled() or time.monotonic() > deadline

    def report(fraction: float, text: str) -> None:
        for target, _ in live:
            _reporter(target, order)(fraction, text)

    try:
        return catalog.act_once(
            plugin_of(tiles[0][1]), tiles[0][1].plan.parameters, order.name, order.given, tiles,
            action["seconds"], report, given_up,
        )  # fmt: skip
    except CancelledError:
        if order.cancelled():
            raise TiledVizError(CANCELLED) from None
        raise TiledVizError(f"it took longer than {action['seconds']:g} s and was ended") from None


class Whole:
    """How far an action is in all its tiles together: ``fraction``; for any thread."""

    def __init__(self, tiles: Iterable[int]) -> None:
        self._fractions = dict.fromkeys(tiles, 0.0)
        self._lock = threading.Lock()

    def take(self, progress: Progress) -> float:
        """Take the *progress* of one tile and return that of all."""
        with self._lock:
            self._fractions[progress.tile] = progress.fraction
            return sum(self._fractions.values()) / len(self._fractions)
