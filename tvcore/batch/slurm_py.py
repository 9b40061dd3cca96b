"""Slurm by pyslurm: no process per question, but only with a pyslurm that was built for this very Slurm.

Scripts go to ``sbatch`` here too, for one behaviour: a job that pyslurm 24.11 submits has no SLURM_CPUS_PER_TASK and no
SLURM_NTASKS_PER_NODE, is profiled by every plugin, and loses the options that pyslurm does not know. Its calls hold
the interpreter's lock while they wait, which is why they belong into worker processes.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from tvcore.batch import slurm_parse, slurm_words
from tvcore.batch.scheduler import JobStatus, SchedulerAwayError
from tvcore.batch.slurm import SlurmCommandLine
from tvcore.batch.slurm_words import Seen
from tvcore.errors import TiledVizError, UsageError

PROBE_SECONDS = 20.0


def why_not(commands: SlurmCommandLine | None = None) -> str:
    """Return why pyslurm cannot be used here; empty when it can. *commands* asks Slurm for its version."""
    if importlib.util.find_spec("pyslurm") is None:
        return "pyslurm is not installed: install the one of this Slurm's version, or set scheduler.backend to slurm"
    if shutil.which("sbatch") is None:
        return "sbatch, by which jobs are submitted, was not found: PATH lacks Slurm's commands"
    try:
        slurm = (commands or SlurmCommandLine()).version()
    except TiledVizError as error:
        return str(error)
    if mismatch := mismatch_of(_version(), slurm):
        return mismatch
    # A library that finds no configuration ends the process that loads it, so another one tries.
    argv = [sys.executable, "-c", "import pyslurm"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"pyslurm could not be loaded within {PROBE_SECONDS:.0f} s"
    if done.returncode == 0:
        return ""
    last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return f"pyslurm cannot be loaded: {last[:300]}"


def _version() -> str:
    try:
        return metadata.version("pyslurm")
    except metadata.PackageNotFoundError:
        return "of unknown version"


def mismatch_of(pyslurm: str, slurm: str | None) -> str:
    """Return what is wrong with release *pyslurm* for the Slurm of release *slurm*; empty when they belong together."""

    def release(version: str | None) -> str:
        match = re.match(r"(\d+)\.(\d+)", version or "")
        return f"{int(match[1])}.{int(match[2]):02}" if match else "unknown"

    wanted, here = release(pyslurm), release(slurm)
    if wanted == here:
        return ""
    return (
        f"pyslurm {pyslurm} is for Slurm {wanted}, this is {here}: install pyslurm {here}, or set scheduler.backend"
        " to slurm"
    )


class PyslurmScheduler:
    """Slurm as its library shows it through pyslurm; *commands* does what that cannot."""

    name = "slurm"

    def __init__(self, commands: SlurmCommandLine | None = None, pyslurm: Any = None) -> None:
        self._commands = commands or SlurmCommandLine()
        self._pyslurm = pyslurm or _load()

    def submit(self, script: str) -> str:
        """Queue *script* by ``sbatch`` and return the job's number. Raises TiledVizError with Slurm's own words."""
        return self._commands.submit(script)

    def jobs(self, ids: Iterable[str]) -> dict[str, JobStatus]:
        """Return the status of each of *ids* that Slurm knows: one request for all."""
        wanted = slurm_parse.job_ids(ids)
        if not wanted:
            return {}
        try:
            loaded = self._pyslurm.Jobs.load()
        except self._pyslurm.RPCError as error:
            raise self._failed("jobs cannot be listed", error) from error
        now = self._commands.now()
        found = {}
        for job in wanted:
            info = loaded.get(int(job))
            if info is not None and info.user_id == os.getuid():
                found[job] = slurm_words.status(_seen(job, info), now)
        return found | self._commands.forgotten([job for job in wanted if job not in found])

    def cancel(self, job: str) -> None:
        """End *job*; one that is over is left as it is. Raises UsageError when Slurm does not know it."""
        status = self.jobs([job]).get(job)
        if status is None:
            raise UsageError(f"Slurm knows no job {job!r:.40} of yours: `tiledviz jobs` lists those there are")
        if status.state.ended:
            return
        try:
            self._pyslurm.Job(int(job)).cancel()
        except self._pyslurm.RPCError as error:
            # It reports whatever error was the last in this process: let scancel say whether there is one.
            if slurm_words.is_away(str(error)):
                raise self._failed(f"job {job} cannot be cancelled", error) from error
            self._commands.cancel(job)

    def estimate(self, script: str) -> float | None:
        """Return what ``sbatch --test-only`` says: pyslurm has nothing of the kind."""
        return self._commands.estimate(script)

    def addresses(self, node: str) -> tuple[str, ...]:
        """Return the address and host name of *node*; none when Slurm knows no such node."""
        if not node:
            return ()
        try:
            found = self._pyslurm.Node.load(node)
        except self._pyslurm.RPCError as error:
            if slurm_words.is_away(str(error)):
                raise self._failed(f"node {node!r:.80} cannot be looked up", error) from error
            return ()
        return tuple(dict.fromkeys(name for name in (found.address, found.hostname) if name))

    def _failed(self, what: str, error: Exception) -> TiledVizError:
        said = slurm_words.words(str(error)) or type(error).__name__
        if slurm_words.is_away(str(error)):
            return SchedulerAwayError(f"Slurm does not answer: {said}")
        return TiledVizError(f"{what}: {said}")


def _load() -> Any:
    """Return the module pyslurm; how libraries are loaded after it stays as it was."""
    flags = sys.getdlopenflags()
    try:
        return importlib.import_module("pyslurm")
    finally:
        sys.setdlopenflags(flags)


def _seen(job: str, info: Any) -> Seen:
    signal = info.exit_code_signal
    return Seen(
        job,
        (info.state or "",),
        info.state_reason or "",
        -signal if signal else info.exit_code,
        info.start_time or None,
        info.end_time or None,
        info.allocated_nodes or "",
    )
