"""A batch system that a plugin brings: its jobs by names of their own, its mistakes in one line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from tvcore import paths
from tvcore.batch.scheduler import JobStatus, Scheduler, SchedulerAwayError
from tvcore.cases.extending import SchedulerWay
from tvcore.errors import TiledVizError, UsageError

ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,49}", re.ASCII)  # it is in names of files, and of variables' values

Answer = TypeVar("Answer")


class ForeignScheduler:
    """The Scheduler *name* of a plugin: whatever it raises or returns, its callers see what the protocol says.

    Its jobs are called ``NAME-ID``, and so they call themselves: the script that it gets says so. *load* returns its
    way, in this process, once something is asked of it; *used* is called before a job is submitted.
    """

    most_nodes = 1  # nothing starts an agent on the others

    def __init__(
        self, name: str, remote: bool, load: Callable[[], SchedulerWay], used: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self.remote = remote
        self._load = load
        self._used = used

    @cached_property
    def way(self) -> SchedulerWay:
        """What the plugin says of it. Raises SchedulerAwayError."""
        try:
            return self._load()
        except TiledVizError as error:
            raise SchedulerAwayError(f"the scheduler {self.name} cannot be asked: {error}") from error

    @cached_property
    def _scheduler(self) -> Scheduler:
        return self.way.make()

    def submit(self, script: str) -> str:
        """Queue *script* and return the job's id. Raises TiledVizError."""
        self._used()
        found = self._ask("submit", str, lambda there: there.submit(self._named(script)))
        if not ID.fullmatch(found):
            raise TiledVizError(
                f"the scheduler {self.name} calls a job {found!r:.60}: an id has letters, digits, _ . -"
            )
        return f"{self.name}-{found}"

    def jobs(self, ids: Iterable[str]) -> dict[str, JobStatus]:
        """Return the status of each of *ids* that the batch system still knows."""
        wanted = [self._own(job) for job in ids]
        found = self._ask("jobs", dict, lambda there: there.jobs(wanted)) if wanted else {}
        if not all(isinstance(status, JobStatus) for status in found.values()):
            raise self._away("jobs returned something else than a JobStatus for each id")
        return {
            f"{self.name}-{job}": replace(found[job], id=f"{self.name}-{job}", reason=_line(found[job].reason))
            for job in wanted
            if job in found
        }

    def cancel(self, job: str) -> None:
        """End *job*; one that is over is left as it is. Raises UsageError when it is unknown."""
        own, known = self._own(job), self.jobs([job])
        if job not in known:
            raise UsageError(f"the scheduler {self.name} knows no job {job}: `tiledviz jobs` lists those there are")
        if not known[job].state.ended:
            self._ask("cancel", None, lambda there: there.cancel(own))

    def estimate(self, script: str) -> float | None:
        """Return when *script* would start, or None."""
        return self._ask("estimate", (int, float, type(None)), lambda there: there.estimate(self._named(script)))

    def addresses(self, node: str) -> tuple[str, ...]:
        """Return the names and addresses of *node*."""
        found = self._ask("addresses", (tuple, list), lambda there: there.addresses(node))
        return tuple(str(each) for each in found)

    def _own(self, job: str) -> str:
        """Return what the batch system itself calls *job*. Raises UsageError for a job of another."""
        name, _, own = job.partition("-")
        if name != self.name or not ID.fullmatch(own):
            raise UsageError(
                f"{job!r:.80} is not the id of a job of {self.name}: `tiledviz jobs` lists those there are"
            )
        return own

    def _named(self, script: str) -> str:
        """Return *script* with a line that has its job know what it is called here, after what is for the scheduler."""
        lines = script.split("\n")
        at = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        # What is of another job, if this one was submitted from within it, is not ours.
        export = f'unset "${{!SLURM_@}}"\nexport TILEDVIZ_JOB="{self.name}-${self.way.job_variable}"'
        if self.remote:
            export += "\nexport TILEDVIZ_REMOTE=1"
        jobs = shlex.quote(str(paths.jobs_dir()))
        log = f'{jobs}/"$TILEDVIZ_JOB"'  # where the logs of jobs are looked for; else where the batch system puts it
        export += f"\nif (umask 077; mkdir -p {log}; : >>{log}/job.log) 2>/dev/null; then exec >>{log}/job.log 2>&1; fi"
        return "\n".join([*lines[:at], export, *lines[at:]])

    def _ask(
        self, verb: str, kind: type[object] | tuple[type[object], ...] | None, ask: Callable[[Scheduler], Answer]
    ) -> Answer:
        """Return what *ask* has of the scheduler, of *kind*. Raises TiledVizError in one line that names it."""
        try:
            found = ask(self._scheduler)
        except TiledVizError:
            raise
        except (Exception, SystemExit) as error:
            raise self._away(f"{verb} failed: {type(error).__name__}: {error}") from error
        if kind is not None and not isinstance(found, kind):
            raise self._away(f"{verb} returned {type(found).__name__}, which is not what a Scheduler returns")
        return found

    def _away(self, why: str) -> SchedulerAwayError:
        return SchedulerAwayError(_line(f"the scheduler {self.name}: {why}"))


def _line(text: str) -> str:
    return " ".join(str(text).split())[:500]
