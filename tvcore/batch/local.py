"""The local scheduler: jobs as process groups of this machine, each held by a runner of its own.

Nothing but files says what runs, so any process of the owner's may ask, and the jobs outlive all of them.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tvcore import paths, proc
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.errors import TiledVizError, UsageError

START_SECONDS = 15.0
_OUTER = ("SLURM_", "TILEDVIZ_JOB", "TILEDVIZ_REMOTE")  # of a job that we may be in
_ID = re.compile(r"local-[0-9a-f]{8}")


class LocalScheduler:
    """Runs each job at once on this machine."""

    name = "local"

    def submit(self, script: str) -> str:
        """Start *script* in a session of its own and return the job's id. Raises TiledVizError."""
        job = f"local-{secrets.token_hex(4)}"
        folder = paths.secure_folder(paths.jobs_dir() / job)
        paths.write_atomic(folder / "script.sh", script, mode=0o700)
        with (folder / "job.log").open("ab") as log:
            os.fchmod(log.fileno(), 0o600)
            # setsid --fork ends at once, so that the runner is nobody's child.
            subprocess.run(
                ["setsid", "--fork", sys.executable, "-P", "-m", "tvcore.batch.runner", str(folder)],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=_environment(),
            )
        deadline = time.monotonic() + START_SECONDS
        while not (folder / "started.json").exists():
            if time.monotonic() > deadline:
                raise TiledVizError(f"the job did not start within {START_SECONDS:.0f} s: see {folder / 'job.log'}")
            time.sleep(0.02)
        return job

    def jobs(self, ids: Iterable[str]) -> dict[str, JobStatus]:
        """Return the status of each of *ids* that there is."""
        found = {job: self._status(job) for job in ids}
        return {job: status for job, status in found.items() if status is not None}

    def cancel(self, job: str) -> None:
        """End *job* and everything it started; returns when it is over. Raises UsageError when it is unknown."""
        if self._status(job) is None:
            raise UsageError(f"the local scheduler knows no job {job}: `tiledviz jobs` lists those there are")
        started = _read(self._folder(job) / "started.json")
        runner = proc.Process(started.get("pid", 0), started.get("start", 0))
        if runner.alive:
            os.kill(runner.pid, signal.SIGTERM)
        while runner.alive:
            time.sleep(0.02)

    def estimate(self, script: str) -> float | None:
        """Return now: a local job starts at once."""
        return time.time()

    def addresses(self, node: str) -> tuple[str, ...]:
        """Return nothing: local jobs are reached without a network."""
        return ()

    def _folder(self, job: str) -> Path:
        if not _ID.fullmatch(job):
            raise UsageError(f"{job} is not the id of a local job: `tiledviz jobs` lists those there are")
        return paths.jobs_dir() / job

    def _status(self, job: str) -> JobStatus | None:
        folder = self._folder(job)
        started, ended = _read(folder / "started.json"), _read(folder / "ended.json")
        if not started:
            return None
        begin = started["time"]
        if ended:
            code = ended["exit_code"]
            state, reason = outcome(code, ended["cancelled"], ended.get("late", False))
            return JobStatus(job, state, reason, code, started=begin, ended=ended["time"])
        if proc.Process(started["pid"], started["start"]).alive:
            here = (socket.gethostname(),)
            return JobStatus(job, JobState.RUNNING, started=begin, nodes=here, ends=started.get("ends"))
        if not (folder / "ended.json").exists():  # asked again: it may have ended between the two looks
            reason = "the process that ran the job was killed"
            return JobStatus(job, JobState.FAILED, reason, started=begin)
        return self._status(job)


def outcome(code: int, cancelled: bool, late: bool = False) -> tuple[JobState, str]:
    """Return the state, and the cause in words, of a job whose script ended with *code* (negative: by a signal).

    *cancelled*: somebody ended it; *late*: its time was over.
    """
    if cancelled:
        return JobState.CANCELLED, ""
    if late:
        return JobState.TIMEOUT, "it reached its time limit: ask for more time"
    if code == 0:
        return JobState.COMPLETED, ""
    number = -code if code < 0 else code - 128
    if code < 0 or code > 128:
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        return JobState.FAILED, f"the node agent was killed by {name}"
    return JobState.FAILED, f"the node agent ended with exit code {code}: `tiledviz logs` shows its last words"


def _environment() -> dict[str, str]:
    """Return the environment of a job: ours, less what would make it think itself inside another job."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OUTER)}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
