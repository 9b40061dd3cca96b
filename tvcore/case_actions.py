"""Actions of cases on tiles: what is offered, and having it done. ``tvcore.tiles`` is who calls this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from tvcore.cases import manager
from tvcore.cases.case import Action, Member
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError, UsageError
from tvcore.tunnel.agents import Registration

Result = dict[str, Any]


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
class _Run:
    """The case of one job, with the parameters it was launched with, and what it offers."""

    case: manager.Case
    parameters: BaseModel
    actions: Sequence[Action]
    members: Sequence[Member] = ()

    @classmethod
    def of(cls, registration: Registration) -> _Run:
        """Return the case of the job of *registration*. Raises TiledVizError in one line."""
        case = manager.find(registration.plan.case)
        parameters = case.parameters(registration.plan.parameters)
        return cls(case, parameters, case.actions(parameters))

    def action(self, name: str) -> Action:
        """Return the action *name*. Raises UsageError that lists those there are."""
        for action in self.actions:
            if action.name == name:
                return action
        there = ", ".join(action.name for action in self.actions) or "none"
        raise UsageError(f"the case {self.case.info.name} has no action {name!r}: it has {there}")


def offered(targets: Iterable[Target]) -> Result:
    """Return the ``actions`` that the cases of *targets* offer, and ``errors``: one of each case that failed."""
    runs: dict[str, _Run | None] = {}
    found: dict[tuple[str, str], Result] = {}
    errors: dict[str, None] = {}
    for target in targets:
        registration = target.registration
        if registration is None or target.tile["state"] != "live":
            continue
        if registration.job not in runs:
            runs[registration.job] = None
            try:
                runs[registration.job] = _Run.of(registration)
            except TiledVizError as error:
                errors[str(error)] = None
        if (run := runs[registration.job]) is None:
            continue
        for action in run.actions:
            head = {"case": run.case.info.name, **action.model_dump(), "tiles": []}
            found.setdefault((run.case.info.name, action.name), head)["tiles"].append(target.tile["id"])
    return {"actions": list(found.values()), "errors": list(errors)}


def perform(
    targets: Sequence[Target],
    name: str,
    at_once: Callable[[Any, Callable[[Any], Result | None]], list[Result]],
) -> list[Result]:
    """Have the action *name* done with *targets*, and return a result per tile, in their order.

    *at_once* calls a function for each target and makes its TiledVizErrors results.
    """
    jobs: dict[str, list[Target]] = {}
    for target in targets:
        jobs.setdefault(target.tile["job"], []).append(target)
    # Members are read here, once a job: HDF5 in many threads is of no use to anybody.
    done = {job: _job(ours, name) for job, ours in jobs.items()}

    def one(target: Target) -> Result:
        found = done[target.tile["job"]]
        if isinstance(found, TiledVizError):
            target.live()  # what keeps a tile from everything is the better reason
            raise found
        return {"said": found(target)}

    return [{"said": ""} | result for result in at_once(targets, one)]


def _job(targets: Sequence[Target], name: str) -> Callable[[Target], str] | TiledVizError:
    """Return what does the action *name* with one of *targets*, all of one job, or why nothing can."""
    registration = next((target.registration for target in targets if target.registration), None)
    try:
        if registration is None:
            raise TiledVizError("no node agent runs it now")
        run = _Run.of(registration)
        action = run.action(name)
        members = run.case.members(run.parameters, max(target.tile["index"] for target in targets) + 1)
    except TiledVizError as error:
        return error

    def member_of(target: Target) -> Member:
        if target.tile["index"] >= len(members):
            raise TiledVizError(f"the case {run.case.info.name} has no such member any more")
        found: Member = members[target.tile["index"]]
        return found

    def with_tile(target: Target) -> str:
        return run.case.act(run.parameters, name, member_of(target), target.live())

    if action.each == "tile":
        return with_tile
    live: list[tuple[Member, LiveTile]] = []
    for target in targets:
        try:
            live.append((member_of(target), target.live()))
        except TiledVizError:
            continue  # that tile's own result says it
    try:
        said = (
            run.case.act(run.parameters, name, [member for member, _ in live], [tile for _, tile in live])
            if live
            else ""
        )
    except TiledVizError as error:
        return error

    def told(target: Target) -> str:
        member_of(target)
        target.live()
        return said

    return told
