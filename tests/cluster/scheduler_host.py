"""A scheduler of TiledViz in a process of its own, where its cluster is, and its counterpart on this side.

As a program (``python scheduler_host.py local|spool|slurm|pyslurm [SECONDS]``) it makes the scheduler, with SECONDS as
its patience, and answers calls: a line of JSON in, a line of JSON out. It tells which commands of Slurm each took.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from tvcore.batch import slurm_py, slurm_run
from tvcore.batch.foreign import ForeignScheduler
from tvcore.batch.local import LocalScheduler
from tvcore.batch.scheduler import JobState, JobStatus, Scheduler, SchedulerAwayError
from tvcore.batch.slurm import SlurmCommandLine
from tvcore.cases import provided, sources
from tvcore.errors import TiledVizError, UsageError

ERRORS = {kind.__name__: kind for kind in (TiledVizError, UsageError, SchedulerAwayError)}


class Recorder:
    """Runs commands as the product does, and keeps their names."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def __call__(self, argv: Sequence[str], stdin: str, seconds: float) -> slurm_run.Finished:
        self.commands.append(argv[0])
        return slurm_run.run_command(argv, stdin, seconds)


def make(backend: str, run: slurm_run.Run, seconds: float) -> Scheduler:
    if backend == "local":
        return LocalScheduler()
    if backend == "spool":
        plugin = sources.of_path(Path(__file__).parent.parent / "extending" / "spool.py")
        return ForeignScheduler("spool", False, lambda: provided.value(plugin.spec, "portal_schedulers", "spool"))
    commands = SlurmCommandLine(run, answer_seconds=seconds, submit_seconds=seconds)
    if backend == "slurm":
        return commands
    if reason := slurm_py.why_not(commands):
        sys.exit(reason)
    return slurm_py.PyslurmScheduler(commands)


def answer(scheduler: Scheduler, name: str, arguments: list[Any]) -> Any:
    result = getattr(scheduler, name)(*arguments)
    return {job: asdict(status) for job, status in result.items()} if name == "jobs" else result


def serve(backend: str, seconds: float, lines: TextIO, out: TextIO) -> None:
    recorder = Recorder()
    scheduler = make(backend, recorder, seconds)
    for line in lines:
        request = json.loads(line)
        recorder.commands.clear()
        try:
            said: dict[str, Any] = {"result": answer(scheduler, request["call"], request["arguments"])}
        except TiledVizError as error:
            said = {"error": type(error).__name__, "text": str(error)}
        out.write(json.dumps({**said, "commands": recorder.commands}) + "\n")
        out.flush()


class RemoteScheduler:
    """The scheduler that *process* serves; *commands* are the names of those that the last call ran."""

    name = "remote"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.commands: list[str] = []

    def submit(self, script: str) -> str:
        return str(self._call("submit", script))

    def jobs(self, ids: Iterable[str]) -> dict[str, JobStatus]:
        found = self._call("jobs", list(ids))
        return {
            job: JobStatus(**{**status, "state": JobState(status["state"]), "nodes": tuple(status["nodes"])})
            for job, status in found.items()
        }

    def cancel(self, job: str) -> None:
        self._call("cancel", job)

    def estimate(self, script: str) -> float | None:
        return None if (found := self._call("estimate", script)) is None else float(found)

    def addresses(self, node: str) -> tuple[str, ...]:
        return tuple(self._call("addresses", node))

    def close(self) -> None:
        """End the process."""
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()

    def _call(self, name: str, *arguments: object) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"call": name, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        self.commands = said["commands"]
        if "error" in said:
            raise ERRORS[said["error"]](said["text"])
        return said["result"]


def connect(popen: Callable[..., subprocess.Popen[Any]], backend: str, seconds: float) -> RemoteScheduler:
    """Start this file by *popen*, which takes a command line and Popen's options, and return its scheduler."""
    argv = [sys.executable, __file__, backend, str(seconds)]
    return RemoteScheduler(popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


if __name__ == "__main__":
    serve(sys.argv[1], float(sys.argv[2]), sys.stdin, sys.stdout)
