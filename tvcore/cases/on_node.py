"""``python -P -m tvcore.cases.on_node JOB ORDINAL INDEX HOOK [SECONDS]``: a hook of a case, on a tile's node.

The node agent starts it for tile INDEX of JOB, on the job's node ORDINAL, outside of the tile's sandbox, with its own
state folder in ``$TILEDVIZ_HOME``. HOOK is ``case_ready``, ``case_limit`` (with the SECONDS that are left),
``case_end`` or ``act``. It says ``{"begun": true}`` on standard output when it has loaded the case. An action reads one
line of JSON, ``{"action": ..., "arguments": {...}}``, from standard input, and answers on standard output as
``tvcore.node.acting`` says. What the case prints goes to standard error, the tile's log.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from pydantic import BaseModel

from tvcore.cases import manager, sources
from tvcore.cases.case import Action, Member
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration

PREFIX = "[tiledviz] "
TELL_EVERY = 0.1  # seconds between two reports of progress
TOO_MUCH = "it wants more memory than it may have (plugins.memory)"


def main(arguments: Sequence[str]) -> int:
    """Do it, tell what went wrong in one line, and return the exit code."""
    job, ordinal, index, hook, *more = arguments
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if hook != "act":
        return _run(
            lambda: _tell(_agent(job, int(ordinal)), int(index), hook, more, answers), lambda why: _note(hook, why)
        )

    def act() -> None:
        request = json.loads(sys.stdin.readline())
        said = _act(_agent(job, int(ordinal)), int(index), request["action"], request["arguments"], answers)
        _write(answers, {"said": said})

    code = _run(act, lambda why: _write(answers, {"error": why}))
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)  # what the case left behind, a thread, is not waited for


def _run(work: Callable[[], None], wrong: Callable[[str], None]) -> int:
    try:
        work()
    except TiledVizError as error:
        wrong(str(error))
    except MemoryError:
        wrong(TOO_MUCH)
    else:
        return 0
    return 1


def _note(hook: str, why: str) -> None:
    print(f"{PREFIX}{hook}: {why}", flush=True)


def _agent(job: str, ordinal: int) -> Registration:
    """Return the registration of the agent that asks, by its own socket: it is on this very node."""
    for found in agents.registrations():
        if (found.job, found.ordinal) == (job, ordinal):
            if most := found.plan.plugin_memory:
                resource.setrlimit(resource.RLIMIT_AS, (most, most))
            return found.model_copy(update={"key": ""})
    raise TiledVizError(f"the node agent {ordinal} of job {job} is not registered any more")


def _case(registration: Registration, index: int) -> tuple[manager.Case, BaseModel, Member]:
    """Return the case of the job, loaded here, the parameters that it was launched with, and member *index*."""
    plan = registration.plan
    if plan.plugin:
        plugin = sources.of_spec(plan.plugin)
    else:  # of a job that an earlier release began
        counted, _ = sources.plugins()
        if plan.case not in counted:
            raise TiledVizError(f"there is no case {plan.case!r} on this node")
        plugin = counted[plan.case]
    case = manager.load(plugin)
    parameters = case.parameters(plan.parameters)
    members = case.members(parameters, index + 1)
    if index >= len(members):
        raise TiledVizError(f"the case {plan.case} has no such member any more")
    return case, parameters, members[index]


def _tell(registration: Registration, index: int, hook: str, more: Sequence[str], answers: TextIO) -> None:
    case, parameters, member = _case(registration, index)
    _write(answers, {"begun": True})
    case.tell(hook, parameters, member, LiveTile(registration, index), **({"seconds": float(more[0])} if more else {}))


def _act(registration: Registration, index: int, name: str, given: Mapping[str, object], answers: TextIO) -> str:
    """Do the action *name* and return what it says."""
    case, parameters, member = _case(registration, index)
    action = _action(case, parameters, name)
    _write(answers, {"begun": True})
    return case.act(parameters, action, member, LiveTile(registration, index), given, _reporter(answers))


def _action(case: manager.Case, parameters: BaseModel, name: str) -> Action:
    for action in case.actions(parameters):
        if action.name == name:
            return action
    raise TiledVizError(f"the case {case.plugin.name} has no action {name!r} on this node")


def _reporter(answers: TextIO) -> Callable[[float, str], None]:
    """Return the function by which an action says how far it is; more often than is of use, it is passed over."""
    last = 0.0

    def report(fraction: float, text: str) -> None:
        nonlocal last
        if not 0 <= fraction <= 1:  # NaN too
            fraction = 0.0
        now = time.monotonic()
        if now - last >= TELL_EVERY or fraction == 1:
            last = now
            _write(answers, {"progress": [float(fraction), " ".join(str(text).split())[:400]]})

    return report


_lock = threading.Lock()


def _write(answers: TextIO, document: Mapping[str, Any]) -> None:
    with _lock:  # an action may report from threads of its own
        answers.write(json.dumps(document) + "\n")
        answers.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
