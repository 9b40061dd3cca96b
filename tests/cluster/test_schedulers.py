"""The schedulers: one suite for all of them, on real Slurm of every release served.

The product runs where it runs at a site: on the login node, as an ordinary user.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import scheduler_host
from cluster import Cluster
from pyslurm_wheel import WHEEL, install
from scheduler_host import RemoteScheduler
from tvcore.batch.scheduler import JobState, JobStatus, SchedulerAwayError
from tvcore.errors import TiledVizError, UsageError
from waiting import wait_until

PATIENCE = 6.0  # seconds that a command of Slurm gets here
AWAY_WITHIN = 60.0  # the library behind pyslurm asks twice, MessageTimeout (5 s here) each; the machine may be busy

# What the product may find around it: another job's variables, and a person's taste.
AROUND = {
    "SLURM_JOB_ID": "77", "SLURM_NTASKS": "9", "TILEDVIZ_JOB": "local-ffffffff", "SLURM_TIME_FORMAT": "relative",
    "SQUEUE_FORMAT": "%j", "SQUEUE_STATES": "PENDING", "SACCT_FORMAT": "jobid", "SBATCH_WAIT": "1",
}  # fmt: skip

RELEASES = ("bookworm", "trixie", "sid")  # Slurm 22.05, 24.11, 26.05
# Of a plugin, spool; the local one is TiledViz' own.
OTHERS = ("local", "spool")
BACKENDS = [*OTHERS, *(f"slurm-{release}" for release in RELEASES), *(["pyslurm-trixie"] if WHEEL else [])]


@dataclass(frozen=True)
class World:
    """A scheduler, and a folder as its jobs see it (*there*) and as this process does (*here*).

    *overdue* is a job past its time limit from the beginning: Slurm looks only every 30 s.
    """

    scheduler: RemoteScheduler
    here: Path
    there: Path
    cluster: Cluster | None
    overdue: str = ""

    def status(self, job: str) -> JobStatus:
        return self.scheduler.jobs([job])[job]

    def wait(self, job: str, state: JobState, seconds: float = 40) -> JobStatus:
        """Wait until *job* is in *state* and return its status; fail when it ends in another."""
        seen: list[JobStatus] = []

        def reached() -> bool:
            seen.append(self.status(job))
            assert seen[-1].state is state or not seen[-1].state.ended, f"it ended otherwise: {seen[-1]}"
            return seen[-1].state is state

        wait_until(reached, seconds, f"job {job} is {state}")
        return seen[-1]

    def submit(self, *lines: str) -> str:
        return self.scheduler.submit(self.script(*lines))

    def script(self, *lines: str) -> str:
        """Return a script of *lines*, with its log in the folder."""
        return "\n".join(("#!/bin/bash", f"#SBATCH --output='{self.there}/log-%j'", *lines, ""))


@pytest.fixture(scope="module", params=BACKENDS)
def world(
    request: pytest.FixtureRequest, cluster_of: Callable[[str], Cluster], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    backend, _, release = request.param.partition("-")
    if not release:
        folder = tmp_path_factory.mktemp("local")
        environment = {**os.environ, **AROUND, "TILEDVIZ_HOME": str(folder)}

        def here(argv: list[str], **options: object) -> subprocess.Popen[str]:
            return subprocess.Popen(argv, env=environment, **options)  # type: ignore[call-overload,no-any-return]

        with contextlib.closing(scheduler_host.connect(here, backend, PATIENCE)) as scheduler:
            yield World(scheduler, folder, folder, None)
        return
    cluster = cluster_of(release)
    cluster.wait_no_jobs()
    there = Path("/home/tv/scheduler tests")
    cluster.run("login", ["mkdir", "-p", there], user="tv")
    around = {**AROUND, "PYTHONPATH": str(Path(__file__).parent)}
    if backend == "pyslurm":
        assert WHEEL
        around["PYTHONPATH"] += ":" + install(cluster, Path(WHEEL))

    def login(argv: list[str], **options: object) -> subprocess.Popen[str]:
        return cluster.popen("login", argv, "tv", env=around, **options)  # type: ignore[arg-type]

    with contextlib.closing(scheduler_host.connect(login, backend, PATIENCE)) as scheduler:
        made = World(scheduler, cluster.home("tv") / there.name, there, cluster)
        yield replace(made, overdue=overdue_job(made, cluster))
    cluster.run("login", ["scancel", "--user=tv"])


def overdue_job(world: World, cluster: Cluster) -> str:
    job = world.submit("#SBATCH --time=5 --nodelist=c1", "sleep 3000")
    world.wait(job, JobState.RUNNING)
    # Limits are whole minutes otherwise.
    cluster.expire(job)
    return job


@pytest.fixture
def slurm(world: World) -> Cluster:
    """Return the cluster behind the scheduler; the test says nothing of the local one, which has none of this."""
    assert world.cluster
    return world.cluster


def slurm_only(function: Callable[..., None]) -> Callable[..., None]:
    """Leave the test out for the local scheduler and the plugin's, which have no queue, limits, partitions or nodes."""
    return pytest.mark.parametrize("world", [name for name in BACKENDS if name not in OTHERS], indirect=True)(function)


def test_a_job_runs_to_its_end(world: World) -> None:
    before = time.time()
    job = world.submit("exit 0")
    assert world.status(job).state in (JobState.PENDING, JobState.RUNNING, JobState.COMPLETED)
    status = world.wait(job, JobState.COMPLETED)
    assert (status.id, status.exit_code, status.reason, status.nodes) == (job, 0, "", ())
    assert status.started is not None
    assert status.ended is not None
    assert before - 2 <= status.started <= status.ended <= time.time() + 2


def test_the_exit_code_of_a_script_that_fails_is_kept(world: World) -> None:
    status = world.wait(world.submit("exit 3"), JobState.FAILED)
    assert status.exit_code == 3
    assert "exit code 3" in status.reason


def test_a_script_that_a_signal_ends_says_which(world: World) -> None:
    status = world.wait(world.submit("kill -KILL $$"), JobState.FAILED)
    assert status.exit_code == -9
    assert "SIGKILL" in status.reason


def test_the_nodes_of_a_job_are_known_while_it_runs(world: World) -> None:
    nodes = 2 if world.cluster else 1
    job = world.submit(f"#SBATCH --nodes={nodes}", "sleep 300")
    status = world.wait(job, JobState.RUNNING)
    assert len(set(status.nodes)) == nodes
    assert status.started is not None
    assert (status.exit_code, status.ended, status.expected_start) == (None, None, None)
    assert (status.ends is None) == (world.cluster is None)
    world.scheduler.cancel(job)
    assert world.wait(job, JobState.CANCELLED).nodes == ()


def test_a_running_job_is_cancelled_and_to_cancel_it_again_is_harmless(world: World) -> None:
    job = world.submit("sleep 300")
    world.wait(job, JobState.RUNNING)
    world.scheduler.cancel(job)
    status = world.wait(job, JobState.CANCELLED)
    assert status.ended is not None
    world.scheduler.cancel(job)
    assert world.status(job) == status


def test_a_job_that_ended_is_not_changed_by_cancel(world: World) -> None:
    job = world.submit("exit 3")
    status = world.wait(job, JobState.FAILED)
    world.scheduler.cancel(job)
    assert world.status(job) == status


def test_an_unknown_job_is_in_no_answer_and_cannot_be_cancelled(world: World) -> None:
    unknown = "999999" if world.cluster else f"{world.submit('exit 0').partition('-')[0]}-00000000"
    job = world.submit("exit 0")
    assert world.scheduler.jobs([unknown, job]).keys() == {job}
    with pytest.raises(UsageError, match=unknown):
        world.scheduler.cancel(unknown)


def test_many_jobs_take_one_question(world: World) -> None:
    jobs = [world.submit("exit 0") for _ in range(5)]
    assert world.scheduler.jobs(jobs).keys() == set(jobs)
    world.scheduler.jobs(jobs)  # by now it knows which format there is
    assert len(world.scheduler.commands) <= 1


def test_no_job_takes_no_question(world: World) -> None:
    assert world.scheduler.jobs([]) == {}
    assert world.scheduler.commands == []


HOSTILE = (
    "\t$(touch pwned) `touch pwned` ${HOME} $'\\x41' \"double\" 'single' \\ %j %% !! "
    "\U0001f30d\u00e9 --wrap=x ; & | > < # \x01\x7f"
)


def test_a_script_runs_exactly_as_it_was_given(world: World) -> None:
    out = world.here / f"hostile-{time.monotonic_ns()}"
    job = world.submit(f"# {HOSTILE}", f"cat > '{world.there / out.name}' <<'END'", HOSTILE, "END", "test ! -e pwned")
    world.wait(job, JobState.COMPLETED)
    wait_until(out.exists)
    assert out.read_text() == HOSTILE + "\n"


def test_a_job_gets_the_environment_of_who_submits_it_without_that_of_an_outer_job(world: World) -> None:
    out = world.here / f"environment-{time.monotonic_ns()}"
    job = world.submit(f"env > '{world.there / out.name}'")
    world.wait(job, JobState.COMPLETED)
    found = dict(line.partition("=")[::2] for line in out.read_text().splitlines())
    assert found["HOME"]
    assert found["SLURM_JOB_ID" if world.cluster else "TILEDVIZ_JOB"] == job
    assert "TILEDVIZ_JOB" not in found or not world.cluster
    assert found.get("SLURM_NTASKS") != AROUND["SLURM_NTASKS"]
    assert "SLURM_TIME_FORMAT" not in found


def test_an_estimate_is_soon_when_nothing_waits(world: World) -> None:
    start = world.scheduler.estimate(world.script("sleep 1"))
    assert start is not None
    assert abs(start - time.time()) < 60


@slurm_only
def test_a_job_waits_says_why_and_since_when_and_is_cancelled(world: World, slurm: Cluster) -> None:
    first = world.submit("#SBATCH --nodes=2 --ntasks-per-node=9 --time=10", "sleep 300")
    running = world.wait(first, JobState.RUNNING)
    second, third = (world.submit("#SBATCH --nodes=2 --ntasks-per-node=9 --time=10", "sleep 300") for _ in range(2))
    held = world.submit("#SBATCH --hold", "exit 0")
    wait_until(lambda: "Resources" in world.status(second).reason, 20, "Slurm looked at the second job")
    waiting = world.status(second)
    assert waiting.state is JobState.PENDING
    assert waiting.reason == "waits for free nodes (Resources)"
    assert (waiting.started, waiting.ended, waiting.exit_code, waiting.nodes) == (None, None, None, ())
    assert running.started is not None
    assert running.ends == running.started + 600
    wait_until(lambda: world.status(second).expected_start is not None, 20, "Slurm planned the second job")
    assert abs((world.status(second).expected_start or 0) - running.started - 600) < 90
    assert world.status(held).expected_start is None
    assert world.status(held).reason == "held: `scontrol release` lets it start (JobHeldUser)"
    world.scheduler.cancel(third)
    cancelled = world.wait(third, JobState.CANCELLED)
    assert (cancelled.started, cancelled.nodes) == (None, ())
    world.scheduler.cancel(held)
    world.scheduler.cancel(first)
    world.wait(second, JobState.RUNNING)
    world.scheduler.cancel(second)
    world.wait(second, JobState.CANCELLED)


@slurm_only
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--partition=nowhere", "invalid partition specified: nowhere; partitions here: tiles"),
        ("--reservation=nothing", "Requested reservation is invalid; `scontrol show reservation`"),
        ("--nodelist=nowhere", "Invalid node name specified"),
        ("--time=soon", "Invalid --time specification; write times as"),
        ("--gres=fpga:9", r"Invalid generic resource \(gres\) specification; `sinfo"),
        ("--constraint=moon", "Invalid feature specification; `sinfo"),
        ("--no-such-option", "unrecognized option '--no-such-option'; remove it"),
    ],
)
def test_what_slurm_refuses_is_told_in_its_own_words_and_with_what_to_do(
    world: World, slurm: Cluster, option: str, words: str
) -> None:
    script = world.script(f"#SBATCH {option}", "exit 0")
    with pytest.raises(TiledVizError, match=f"Slurm refuses the job: .*{words}") as caught:
        world.scheduler.submit(script)
    assert "\n" not in str(caught.value)
    with pytest.raises(TiledVizError, match="Slurm refuses the job: "):
        world.scheduler.estimate(script)


@slurm_only
def test_other_jobs_of_the_user_whatever_they_are_do_not_matter(world: World, slurm: Cluster) -> None:
    array = world.submit("#SBATCH --array=1-3 --hold", "exit 0")
    pair = world.submit("#SBATCH --hold", "#SBATCH hetjob", "#SBATCH --nodes=1", "exit 0")
    named = world.submit("#SBATCH --hold --job-name='a|b \" \\ \U0001f30d'", "exit 0")
    job = world.submit("exit 0")
    world.wait(job, JobState.COMPLETED)
    assert world.scheduler.jobs([job]).keys() == {job}
    for other in (array, pair, named):
        assert world.status(other).state is JobState.PENDING
        world.scheduler.cancel(other)
        world.wait(other, JobState.CANCELLED)


@slurm_only
def test_the_addresses_of_a_node_are_known_and_no_others(world: World, slurm: Cluster) -> None:
    assert set(world.scheduler.addresses("c1")) == {"c1", slurm.address("c1")}
    for name in ("nowhere", "", "-h", "c1,c2 x", "$(touch pwned)"):
        assert world.scheduler.addresses(name) == ()


@slurm_only
def test_a_job_survives_a_node_where_it_asks_for_that_and_fails_with_it_otherwise(world: World, slurm: Cluster) -> None:
    wide = "#SBATCH --nodes=2 --ntasks-per-node=1 --no-requeue"
    frail = world.submit(wide, "sleep 300")
    tough = world.submit(wide, "#SBATCH --no-kill", "sleep 300")
    assert set(world.wait(frail, JobState.RUNNING).nodes) == {"c1", "c2"}
    assert set(world.wait(tough, JobState.RUNNING).nodes) == {"c1", "c2"}
    batch_host = slurm.run("login", ["squeue", "-h", "-j", tough, "-o", "%B"]).stdout.strip()
    lost = "c2" if batch_host == "c1" else "c1"
    slurm.mark_down(lost)
    try:
        assert world.wait(frail, JobState.NODE_FAIL).reason == "node failure: a node of the job went down (NODE_FAIL)"
        status = world.status(tough)
        assert (status.state, status.nodes) == (JobState.RUNNING, (batch_host,))
    finally:
        slurm.run("login", ["scontrol", "update", f"nodename={lost}", "state=resume"], check=False)  # may be back
        slurm.wait_idle()
    world.scheduler.cancel(tough)
    world.wait(tough, JobState.CANCELLED)


@slurm_only
def test_a_controller_that_hangs_is_away_and_nothing_is_lost(world: World, slurm: Cluster) -> None:
    job = world.submit("sleep 300")
    before = world.wait(job, JobState.RUNNING)
    slurm.pause("slurmctld")
    try:
        began = time.monotonic()
        with pytest.raises(SchedulerAwayError, match="Slurm does not answer: "):
            world.scheduler.jobs([job])
        assert time.monotonic() - began < AWAY_WITHIN
        with pytest.raises(SchedulerAwayError, match="Slurm does not answer: "):
            world.scheduler.cancel(job)
        with pytest.raises(SchedulerAwayError, match="tells later whether the job was queued"):
            world.submit("exit 0")
    finally:
        slurm.resume("slurmctld")
    assert world.status(job) == before
    world.scheduler.cancel(job)
    world.wait(job, JobState.CANCELLED)


@slurm_only
def test_a_job_past_its_time_limit_says_so(world: World, slurm: Cluster) -> None:
    status = world.wait(world.overdue, JobState.TIMEOUT, 60)
    assert status.reason == "it reached its time limit: ask for more time (TIMEOUT)"
