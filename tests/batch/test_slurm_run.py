"""Running a command of Slurm: real processes."""

from __future__ import annotations

import os
import sys
import time

import pytest

from tvcore.batch.slurm_run import OUTPUT_MAX, environment, run_command

OUTER = {
    "PATH": "/bin", "HOME": "/home/x", "LANG": "de_DE.UTF-8", "SLURM_CONF": "/etc/x.conf", "SLURM_JOB_ID": "7",
    "SLURM_TIME_FORMAT": "relative", "SQUEUE_FORMAT": "%i", "SQUEUE_STATES": "RUNNING", "SACCT_FORMAT": "x",
    "SBATCH_WAIT": "1", "SBATCH_ACCOUNT": "physics", "TILEDVIZ_JOB": "local-00000000", "TILEDVIZ_HOME": "/h",
}  # fmt: skip


def test_what_a_command_says_and_how_it_ends_comes_back() -> None:
    code = "import sys; print(sys.stdin.read().upper()); print('bad', file=sys.stderr); sys.exit(3)"
    done = run_command([sys.executable, "-c", code], "a\U0001f30d", 10)
    assert (done.code, done.out, done.err, done.cut) == (3, "A\U0001f30d\n", "bad\n", False)


def test_a_long_script_and_a_long_answer_do_not_wait_for_each_other() -> None:
    text = "x" * (1 << 20)
    done = run_command([sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read())"], text, 20)
    assert done.out == text


def test_what_is_no_utf8_is_read_nevertheless() -> None:
    assert run_command(["printf", r"a\377b"], "", 10).out == "a�b"


def test_a_command_that_takes_too_long_is_killed() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="sleep gave no answer within 0 s"):
        run_command(["sleep", "60"], "", 0.3)
    assert time.monotonic() - began < 10


def test_a_command_that_closes_its_outputs_and_goes_on_is_killed_too() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        run_command(["sh", "-c", "exec >&- 2>&-; sleep 60"], "", 0.5)
    assert time.monotonic() - began < 10


def test_output_without_end_is_cut() -> None:
    done = run_command(["yes"], "", 30)
    assert done.cut
    assert OUTPUT_MAX < len(done.out) < OUTPUT_MAX + (1 << 20)


def test_a_command_that_is_not_there_is_an_oserror() -> None:
    with pytest.raises(FileNotFoundError):
        run_command(["tiledviz-no-such-command"], "", 1)


def test_no_descriptor_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        run_command(["true"], "x", 10)
        with pytest.raises(TimeoutError):
            run_command(["sleep", "60"], "x", 0.1)
    assert len(os.listdir("/proc/self/fd")) == before


def test_answers_come_in_one_locale_with_times_in_seconds_whatever_a_person_likes() -> None:
    inner = environment(["squeue", "--me"], OUTER)
    assert inner == {
        "PATH": "/bin", "HOME": "/home/x", "LANG": "de_DE.UTF-8", "SLURM_CONF": "/etc/x.conf",
        "SBATCH_ACCOUNT": "physics", "TILEDVIZ_HOME": "/h", "LC_ALL": "C", "SLURM_TIME_FORMAT": "%s",
    }  # fmt: skip
    assert environment(["sbatch", "--test-only"], OUTER) == inner


def test_a_job_inherits_what_a_person_has_without_what_an_outer_job_set() -> None:
    assert environment(["sbatch", "--parsable"], OUTER) == {
        "PATH": "/bin", "HOME": "/home/x", "LANG": "de_DE.UTF-8", "SLURM_CONF": "/etc/x.conf",
        "SBATCH_ACCOUNT": "physics", "TILEDVIZ_HOME": "/h",
    }  # fmt: skip
