"""The guard of a node agent: its parent, small and plain, which outlives it and leaves nothing of it behind.

An agent that is killed (by somebody, or by the kernel for want of memory) cannot tidy up. Its guard ends every process
that descends from it, removes its registration and its runtime folder, and writes its last words. The other way round
the agent gets SIGTERM from the kernel when the guard dies.

The guard holds little in memory: what is only needed for a burial is imported for it.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from tvcore import proc
from tvcore.errors import TiledVizError
from tvcore.node.memory import own_group

GRACE = 3.0  # seconds between SIGTERM and SIGKILL for what a dead agent leaves
_STOPS = {signal.SIGTERM, signal.SIGINT}
_NEWS = signal.SIGURG  # the job's time is over soon (``tvcore.node.limit``)
_PR_SET_PDEATHSIG = 1  # prctl(2)

Agent = Callable[[str, str, int], int]


def job_of(environment: Mapping[str, str]) -> tuple[str, int]:
    """Return the job's id and this node's ordinal, from *environment*. Raises TiledVizError outside of a job."""
    job = environment.get("TILEDVIZ_JOB") or environment.get("SLURM_JOB_ID")
    if not job or not job.translate({ord(sign): None for sign in "_-."}).isalnum():
        raise TiledVizError("the node agent runs in a job only: set TILEDVIZ_JOB, or start it by a job script")
    ordinal = environment.get("SLURM_NODEID", "0")
    if not ordinal.isdecimal():
        raise TiledVizError(f"SLURM_NODEID is the number of this node in its job, not {ordinal!r}")
    return job, int(ordinal)


def node_name(environment: Mapping[str, str]) -> str:
    """Return what the batch system calls this node, else its host name."""
    return environment.get("SLURMD_NODENAME") or socket.gethostname()


def keep(agent: Agent) -> int:
    """Run ``agent(plan, job, ordinal)`` in a child process and return its exit code, 128 + n when a signal ended it.

    The plan is the first line of standard input. Returns in the child too, with what *agent* returns.
    """
    try:
        job, ordinal = job_of(os.environ)
    except TiledVizError as error:
        print(f"tiledviz: {error}", file=sys.stderr)
        return error.exit_code
    plan = sys.stdin.readline()
    proc.become_subreaper()
    begun = time.time()
    group = own_group()
    kills = group.kills() if group else 0
    guard = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    pid = os.fork()
    if pid == 0:
        _die_with(guard)
        return agent(plan, job, ordinal)
    code, told = _wait(pid)
    proc.end_descendants(GRACE)
    if code != 0 and (state := _state_in(plan)):
        _bury(state, job, ordinal, pid)
        if not told:
            hungry = code == -signal.SIGKILL and group is not None and group.kills() > kills
            _write_last_words(state, job, ordinal, code, begun, hungry=hungry)
    return code if code >= 0 else 128 - code


def _die_with(guard: int) -> None:
    """Have the kernel end this process, a child of *guard*, in order when that is no more."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != guard:  # it was gone before we asked
        os._exit(1)


def _wait(pid: int) -> tuple[int, bool]:
    """Wait for the agent *pid*, passing on what asks us to stop; return its exit code and whether we were asked."""
    told = False

    def pass_on(number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True
        os.kill(pid, number)

    for number in _STOPS:
        signal.signal(number, pass_on)
    signal.signal(_NEWS, lambda number, _: os.kill(pid, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    for number in (*_STOPS, _NEWS):
        signal.signal(number, signal.SIG_IGN)  # what is left to do is short, and the id may soon be another's
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), told


def _state_in(plan: str) -> Path | None:
    """Return the state folder that *plan* names; None where it is no plan, which the agent has said."""
    try:
        return Path(json.loads(plan)["state"])
    except (ValueError, KeyError, TypeError):
        return None


def _bury(state: Path, job: str, ordinal: int, pid: int) -> None:
    """Remove the registration and the runtime folder of the agent that was *pid*, not those of a later one."""
    from tvcore.node.scratch import remove_linked
    from tvcore.tunnel import agents

    for registration in agents.registrations(state):
        if (registration.job, registration.ordinal, registration.pid) == (job, ordinal, pid):
            if registration.folder.name.startswith(agents.RUNTIME_PREFIX):
                remove_linked(registration.folder)
                shutil.rmtree(registration.folder, ignore_errors=True)
            (state / "agents" / registration.name).unlink(missing_ok=True)


def _write_last_words(state: Path, job: str, ordinal: int, code: int, begun: float, *, hungry: bool) -> None:
    """Say how the agent ended, unless it has said so itself; *hungry*: the kernel ended it for want of memory."""
    from tvcore.causes import Cause
    from tvcore.node.last_words import LastWords, read_last_words, write_last_words

    if any(words.ordinal == ordinal and words.time >= begun for words in read_last_words(state, job)):
        return
    if hungry:
        error = "the node agent was ended for want of memory"
    elif code < 0:
        error = f"the node agent was killed by {_name_of(-code)}"
    else:
        error = f"the node agent ended with exit code {code}: `tiledviz logs {job}` shows its last words"
    try:
        cause = Cause.OUT_OF_MEMORY if hungry else Cause.AGENT_ENDED
        write_last_words(state, job, LastWords(node=node_name(os.environ), ordinal=ordinal, error=error, cause=cause))
    except (OSError, TiledVizError) as problem:
        print(f"tiledviz: {error}, which cannot be written down: {problem}", file=sys.stderr)


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
