"""Job scripts with hostile values, read by the real sbatch and run by the real srun."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator

import pytest

from cluster import Cluster
from tvcore.batch.plan import Plan, TilePlan, read_plan
from tvcore.batch.script import render
from tvcore.settings import JobSettings
from waiting import wait_until

HOSTILE = [
    "two  words", "it's", 'a "quoted" word', "a\\b\\", "\\'\\\"", "$(id) `id` ${HOME}", "-x --hold", "# no comment",
    "%j %% %u", "é𝄞 \u202egpj", "hetjob", "a HetJob: packjob", "; touch canary", "!*?[a-z]~{a,b}", "=", "x" * 900,
]  # fmt: skip


def plan(state: str = "/home/tv/state", title: str = "a tile") -> Plan:
    tiles = tuple(TilePlan(index=node, title=title, command=("prog", title), node=node) for node in range(2))
    return Plan(case="gears", title=title, state=state, tiles=tiles)


@pytest.fixture(params=["bookworm", "trixie", "sid"])
def quiet(request: pytest.FixtureRequest, cluster_of: Callable[[str], Cluster]) -> Iterator[Cluster]:
    """A cluster of each release, on which no job of ours is left behind."""
    cluster = cluster_of(request.param)
    cluster.wait_idle()
    yield cluster
    cluster.run("login", ["scancel", "--user=tv"])
    cluster.wait_no_jobs()


def submit(cluster: Cluster, script: str) -> str:
    return cluster.run("login", ["sbatch", "--parsable"], user="tv", input=script).stdout.strip()


def test_sbatch_reads_each_value_exactly_as_it_was_set(quiet: Cluster) -> None:
    for value in HOSTILE:
        job = JobSettings(account=value, sbatch=(f"--comment={value}", "--hold"))
        number = submit(quiet, render(plan(), job))
        shown = ["squeue", "--noheader", f"--jobs={number}"]
        assert quiet.run("login", [*shown, "--format=%k"], user="tv").stdout == f"{value}\n"
        # sbatch takes accounts in small letters
        assert quiet.run("login", [*shown, "--format=%a"], user="tv").stdout == f"{value.lower()}\n"
    states = quiet.run("login", ["squeue", "--noheader", "--user=tv", "--format=%t %D"], user="tv").stdout.splitlines()
    assert states == ["PD 2"] * len(HOSTILE)


def test_the_plan_reaches_the_agent_on_every_node_from_a_state_folder_with_a_hostile_name(quiet: Cluster) -> None:
    folder = '/home/tv/it\'s "here" %j #1 $(id)'
    quiet.run("login", ["mkdir", "-p", f"{folder}/jobs"], user="tv")
    stub = f"{folder}/python"
    text = '#!/bin/bash\ncat > "${0%/*}/plan.$SLURM_NODEID"; echo "$SLURM_CPUS_ON_NODE $CUDA_VISIBLE_DEVICES"\n'
    quiet.run("login", ["bash", "-c", f"cat > {shlex.quote(stub)} && chmod 755 {shlex.quote(stub)}"], "tv", input=text)
    made = plan(folder, "\n".join([*HOSTILE, "TILEDVIZ_PLAN", "id"]))
    script = render(made, JobSettings(python=stub, cpus=4, gres="gpu:2", prologue="cd /"))
    for number in (submit(quiet, script), submit(quiet, script)):  # twice: nothing in it belongs to one job
        log = quiet.home("tv") / folder.removeprefix("/home/tv/") / "jobs" / f"slurm-{number}.log"
        # All CPUs and GPUs of the job are the agent's, on both nodes.
        wait_until(lambda log=log: log.exists() and log.read_text().count("4 0,1\n") == 2, seconds=30)
        for node in range(2):
            arrived = log.parent.parent / f"plan.{node}"
            assert read_plan(arrived.read_text()) == made
            arrived.unlink()
