"""The local scheduler, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tvcore import proc
from tvcore.batch.local import LocalScheduler, outcome
from tvcore.batch.scheduler import JobState
from tvcore.batch.time_limit import limit_in, seconds_of
from tvcore.errors import UsageError

Until = Callable[..., None]


def started(home: Path, job: str) -> int:
    return int(json.loads((home / "jobs" / job / "started.json").read_text())["pid"])


def alive(pid: Path) -> bool:
    process = proc.Process.of(int(pid.read_text()))
    return process is not None and process.alive


def end(job: str) -> JobState:
    return LocalScheduler().jobs([job])[job].state


def test_a_script_runs_and_its_exit_code_is_the_jobs(home: Path, until: Until) -> None:
    scheduler = LocalScheduler()
    good = scheduler.submit("echo hello from $TILEDVIZ_JOB; exit 0")
    bad = scheduler.submit("exit 3")
    until(lambda: end(good).ended and end(bad).ended)
    assert scheduler.jobs([good])[good].state is JobState.COMPLETED
    assert (home / "jobs" / good / "job.log").read_text() == f"hello from {good}\n"
    status = scheduler.jobs([bad])[bad]
    assert (status.state, status.exit_code) == (JobState.FAILED, 3)
    assert "exit code 3" in status.reason


def test_a_job_outlives_the_process_that_submitted_it(home: Path, until: Until) -> None:
    code = "from tvcore.batch.local import LocalScheduler; print(LocalScheduler().submit('sleep 60'))"
    job = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert end(job) is JobState.RUNNING
    LocalScheduler().cancel(job)
    assert end(job) is JobState.CANCELLED


def test_cancel_ends_every_process_even_one_that_daemonised_ignores_sigterm_or_is_stopped(
    home: Path, tmp_path: Path, until: Until
) -> None:
    pids = tmp_path / "pids"
    job = LocalScheduler().submit(
        f"setsid --fork bash -c 'trap \"\" TERM; echo $BASHPID >> {pids}; while :; do sleep 1; done'\n"
        f"bash -c 'echo $BASHPID >> {pids}; kill -STOP $BASHPID' &\n"
        f"echo $BASHPID >> {pids}\nwait\n"
    )
    until(lambda: pids.exists() and len(pids.read_text().split()) == 3)
    processes = [proc.Process.of(int(pid)) for pid in pids.read_text().split()]
    assert all(process and process.alive for process in processes)
    LocalScheduler().cancel(job)
    assert not any(process and process.alive for process in processes)
    assert end(job) is JobState.CANCELLED


def test_what_a_script_leaves_running_ends_with_it(home: Path, tmp_path: Path, until: Until) -> None:
    pid = tmp_path / "pid"
    job = LocalScheduler().submit(
        f"setsid --fork bash -c 'echo $BASHPID > {pid}; sleep 60'; until test -s {pid}; do sleep .1; done"
    )
    until(lambda: end(job).ended)
    assert not alive(pid)


def test_a_script_killed_fails_with_the_signal_in_words(home: Path, tmp_path: Path, until: Until) -> None:
    pid = tmp_path / "pid"
    job = LocalScheduler().submit(f"echo $$ > {pid}; exec sleep 60")
    until(lambda: pid.exists() and pid.read_text().strip())
    os.kill(int(pid.read_text()), signal.SIGKILL)
    until(lambda: end(job).ended)
    status = LocalScheduler().jobs([job])[job]
    assert (status.state, status.reason) == (JobState.FAILED, "the node agent was killed by SIGKILL")


def test_a_killed_runner_takes_its_script_along_and_the_job_has_failed(
    home: Path, tmp_path: Path, until: Until
) -> None:
    pid = tmp_path / "pid"
    job = LocalScheduler().submit(f"echo $$ > {pid}; exec sleep 60")
    until(lambda: pid.exists() and pid.read_text().strip())
    os.kill(started(home, job), signal.SIGKILL)
    until(lambda: end(job) is JobState.FAILED)
    until(lambda: not alive(pid))


def test_an_id_of_another_process_is_not_taken_for_the_runner(home: Path, until: Until) -> None:
    job = LocalScheduler().submit("sleep 60")
    record = home / "jobs" / job / "started.json"
    runner = started(home, job)
    try:
        record.write_text(json.dumps(json.loads(record.read_text()) | {"start": 1}))
        assert end(job) is JobState.FAILED
    finally:
        os.kill(runner, signal.SIGTERM)
        until(lambda: proc.Process.of(runner) is None)


def test_an_unknown_job_is_said_so(home: Path) -> None:
    assert LocalScheduler().jobs(["local-00000000"]) == {}
    with pytest.raises(UsageError, match="knows no job local-00000000"):
        LocalScheduler().cancel("local-00000000")
    with pytest.raises(UsageError, match=r"\.\./\.\. is not the id of a local job"):
        LocalScheduler().cancel("../..")


def test_files_of_a_job_are_closed_to_others(home: Path, until: Until) -> None:
    job = LocalScheduler().submit("true")
    until(lambda: end(job).ended)
    folder = home / "jobs" / job
    assert folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())


@pytest.mark.parametrize(
    ("code", "cancelled", "state", "words"),
    [
        (0, False, JobState.COMPLETED, ""),
        (0, True, JobState.CANCELLED, ""),
        (-9, True, JobState.CANCELLED, ""),
        (1, False, JobState.FAILED, "exit code 1"),
        (-11, False, JobState.FAILED, "SIGSEGV"),
        (137, False, JobState.FAILED, "SIGKILL"),
        (255, False, JobState.FAILED, "signal 127"),
    ],
)
def test_an_exit_code_is_told_in_words(code: int, cancelled: bool, state: JobState, words: str) -> None:
    found, reason = outcome(code, cancelled)
    assert found is state
    assert words in reason


def test_a_job_whose_time_is_over_is_ended_and_says_so(home: Path, tmp_path: Path, until: Until) -> None:
    pids = tmp_path / "pids"
    script = f"#!/bin/bash\n#SBATCH --time=0:02\necho $$ $TILEDVIZ_JOB_END > {pids}\nsleep 1000\n"
    job = LocalScheduler().submit(script)
    until(lambda: pids.exists() and pids.read_text().strip())
    pid, said = pids.read_text().split()
    ends = LocalScheduler().jobs([job])[job].ends
    assert ends == pytest.approx(float(said), abs=1)
    until(lambda: end(job).ended, seconds=30)
    status = LocalScheduler().jobs([job])[job]
    assert (status.state, status.reason) == (JobState.TIMEOUT, "it reached its time limit: ask for more time")
    assert status.ended
    assert ends
    assert status.ended >= ends
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("1:30", 90), ("02:00:00", 7200), ("1-0", 86400), ("1-2:30", 95400), ("2-00:00:05", 172805),
     ("0", None), ("UNLIMITED", None), ("x", None)],
)  # fmt: skip
def test_the_time_that_a_script_asks_for_is_read_as_sbatch_does(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds
    assert limit_in(f"#!/bin/bash\n# x\n#SBATCH --time={text}\n\necho\n") == seconds
    assert limit_in(f"#!/bin/bash\necho\n#SBATCH --time={text}\n") is None, "after the first command it is no option"
