"""Slurm by pyslurm, with a stand-in for it: the real one is tried on the test cluster."""

from __future__ import annotations

import os

import pytest

from test_slurm import Commands
from tvcore.batch import slurm_py
from tvcore.batch.scheduler import JobState, SchedulerAwayError
from tvcore.batch.slurm import SlurmCommandLine
from tvcore.errors import TiledVizError, UsageError


class RPCError(Exception):
    """What pyslurm raises."""


class Job:
    """A job as pyslurm shows it."""

    def __init__(self, job: int) -> None:
        self.id = job
        self.user_id = os.getuid()
        self.state, self.state_reason = "RUNNING", "None"
        self.exit_code, self.exit_code_signal = 0, 0
        self.start_time, self.end_time = 1795553000, 1795557000
        self.allocated_nodes: str | None = "c[1-2]"


class Pyslurm:
    """As much of pyslurm as a scheduler uses, with the jobs it shall have; *error* is what each call raises."""

    RPCError = RPCError

    def __init__(self, *jobs: Job, error: str = "") -> None:
        self.loads = 0
        self.cancelled: list[int] = []

        def fail() -> None:
            if error:
                raise RPCError(error)

        class Jobs:
            @staticmethod
            def load() -> dict[int, Job]:
                self.loads += 1
                fail()
                return {job.id: job for job in jobs}

        def cancel(job: int) -> object:
            class Handle:
                def cancel(_) -> None:  # noqa: N805
                    if self.cancel_error:
                        raise RPCError(self.cancel_error)
                    self.cancelled.append(job)

            return Handle()

        self.Jobs, self.Job = Jobs, cancel
        self.cancel_error = ""


def pyslurm_scheduler(pyslurm: Pyslurm, commands: Commands | None = None) -> slurm_py.PyslurmScheduler:
    return slurm_py.PyslurmScheduler(SlurmCommandLine(commands or Commands(), clock=lambda: 1795553780.0), pyslurm)


def test_all_jobs_take_one_request_of_pyslurm() -> None:
    other = Job(9)
    other.user_id += 1
    failed = Job(8)
    failed.state, failed.exit_code_signal = "FAILED", 9
    pyslurm, commands = Pyslurm(Job(7), failed, other), Commands()
    found = pyslurm_scheduler(pyslurm, commands).jobs(["7", "8", "9", "10"])
    assert found.keys() == {"7", "8"}
    assert (found["7"].state, found["7"].nodes) == (JobState.RUNNING, ("c1", "c2"))
    assert (found["7"].ends, found["8"].ends) == (1795557000, None)
    assert (found["8"].state, found["8"].exit_code) == (JobState.FAILED, -9)
    assert (pyslurm.loads, commands.names) == (1, ["sacct"])


def test_errors_of_pyslurm_are_told_like_those_of_the_commands() -> None:
    for away in ("Socket timed out on send/recv operation", "Unable to contact slurm controller (connect failure)"):
        with pytest.raises(SchedulerAwayError, match="Slurm does not answer: "):
            pyslurm_scheduler(Pyslurm(error=away)).jobs(["7"])
    with pytest.raises(TiledVizError, match="jobs cannot be listed: Access/permission denied"):
        pyslurm_scheduler(Pyslurm(error="Access/permission denied")).jobs(["7"])


def test_an_error_of_pyslurm_that_may_be_an_old_one_is_checked_by_scancel() -> None:
    pyslurm, commands = Pyslurm(Job(6)), Commands()
    scheduler = pyslurm_scheduler(pyslurm, commands)
    scheduler.cancel("6")
    assert (pyslurm.cancelled, commands.names) == ([6], [])
    pyslurm.cancel_error = "No such file or directory"
    scheduler.cancel("6")
    assert commands.asked[-1] == ("scancel", "6")
    pyslurm.cancel_error = "Zero Bytes were transmitted or received"
    with pytest.raises(SchedulerAwayError):
        scheduler.cancel("6")
    with pytest.raises(UsageError, match="Slurm knows no job '99'"):
        scheduler.cancel("99")


def test_scripts_go_to_sbatch_and_estimates_come_from_it() -> None:
    pyslurm, commands = Pyslurm(), Commands()
    scheduler = pyslurm_scheduler(pyslurm, commands)
    assert scheduler.submit("#!/bin/sh\n").isdecimal()
    assert scheduler.estimate("#!/bin/sh\n") is not None
    assert commands.names == ["sbatch", "sbatch"]
