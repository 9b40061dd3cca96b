"""Processes as Linux shows them in /proc (proc(5)): who is alive, whose children, and how all of them end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36  # prctl(2)


@dataclass(frozen=True)
class Process:
    """A process for good: its id, and when it started (clock ticks since boot), as ids are used again."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """Return the process that has the id *pid* now, or None when there is none."""
        fields = _stat(pid)
        return cls(pid, int(fields[19])) if fields else None

    @classmethod
    def current(cls) -> Process:
        """Return this process."""
        found = cls.of(os.getpid())
        if found is None:  # pragma: no cover - /proc is not mounted
            raise OSError("/proc is not mounted")
        return found

    @property
    def alive(self) -> bool:
        """Return whether it still runs (a zombie does not)."""
        fields = _stat(self.pid)
        return fields is not None and int(fields[19]) == self.start and fields[0] not in "ZX"


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat behind the name (state first), or None."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def descendants(pid: int) -> list[int]:
    """Return the ids of all children of *pid*, and of theirs, zombies left out."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and (fields := _stat(int(entry))) and fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(int(entry))
    found: list[int] = []
    wave = [pid]
    while wave:
        wave = [child for parent in wave for child in children.get(parent, ())]
        found += wave
    return found


def running(pid: int) -> bool:
    """Return whether there is a process *pid* that runs (a zombie does not)."""
    fields = _stat(pid)
    return fields is not None and fields[0] not in "ZX"


def children_of(pid: int) -> list[int]:
    """Return the ids of the children of *pid*, zombies too (needs CONFIG_PROC_CHILDREN; without it, none)."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def has_mark(pid: int, mark: str) -> bool:
    """Return whether *pid* was started with *mark*, ``NAME=value``, in its environment."""
    try:
        return mark.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def become_subreaper() -> None:
    """Make orphaned descendants children of this process, so that none gets away (prctl(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def hide_memory() -> None:
    """Keep what this process has in memory, and in its environment, from core files and from other processes.

    Of what it starts that is true only until that runs another program (execve(2)); but the limit of a core file stays,
    which a program may raise again. Root may look all the same. Nobody debugs such a process: not even its user.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Send signal *number* to each of *pids*; one that is gone is passed over."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end_descendants(grace: float) -> None:
    """End every descendant of this process, a subreaper: by SIGTERM, and after *grace* seconds by SIGKILL."""
    deadline = time.monotonic() + grace
    told: set[int] = set()
    while left := descendants(os.getpid()):
        late = time.monotonic() > deadline
        signal_all(left if late else set(left) - told, signal.SIGKILL if late else signal.SIGTERM)
        # A stopped process acts on SIGTERM only once it goes on.
        signal_all(set(left) - told, signal.SIGCONT)
        told |= set(left)
        _reap()
        time.sleep(0.02)
    _reap()


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
