"""Who asks a scheduler when, and what is told of one that is away."""

from __future__ import annotations

import pytest

from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.store import Store

JOB = "17"


@pytest.fixture
def store(engine: str) -> Store:
    return Store.open()


def plan(tiles: int = 4, nodes: int = 2) -> Plan:
    return Plan(
        case="gears", title="Gears", state="/s",
        tiles=tuple(
            TilePlan(index=i, title=f"t{i}", command=("x",), node=i * nodes // tiles) for i in range(tiles)
        ),
    )  # fmt: skip


def running(*nodes: str) -> JobStatus:
    return JobStatus(JOB, JobState.RUNNING, nodes=nodes)


def states(store: Store) -> list[tuple[str, str]]:
    return [(tile["state"], tile["reason"]) for tile in store.tiles()]


def test_just_one_process_asks_at_a_time_and_not_too_often(store: Store) -> None:
    other = Store.open()
    assert store.services.claim("slurm", 3, now=100)
    assert not other.services.claim("slurm", 3, now=110), "somebody asks just now"
    store.services.tell("slurm", seconds=0.01, now=110)
    assert not other.services.claim("slurm", 20, now=111)
    assert other.services.claim("slurm", 3, now=111)


def test_a_slow_scheduler_is_asked_less_often(store: Store) -> None:
    assert store.services.claim("slurm", 3, now=100)
    store.services.tell("slurm", seconds=0.5, now=100.5)
    assert not store.services.claim("slurm", 3, now=110)
    assert store.services.claim("slurm", 3, now=111)
    store.services.tell("slurm", seconds=30, now=141)
    assert not store.services.claim("slurm", 3, now=200)
    assert store.services.claim("slurm", 3, now=202), "once a minute in any case"


def test_a_scheduler_that_is_away_is_asked_less_often_the_longer_it_is(store: Store) -> None:
    assert store.services.claim("slurm", 3, now=100)
    store.services.tell("slurm", "away", seconds=20, now=120)
    assert not store.services.claim("slurm", 3, now=122)
    assert store.services.claim("slurm", 3, now=124), "it may be back soon"
    store.services.tell("slurm", "away", seconds=20, now=144)
    assert store.services.claim("slurm", 3, now=600)
    store.services.tell("slurm", "away", seconds=20, now=620)
    assert not store.services.claim("slurm", 3, now=679)
    assert store.services.claim("slurm", 3, now=681), "once a minute in any case"


def test_who_died_while_asking_blocks_the_others_for_a_while_only(store: Store) -> None:
    assert store.services.claim("slurm", 3, now=100)
    assert not store.services.claim("slurm", 3, now=140)
    assert store.services.claim("slurm", 3, now=146)


def test_a_scheduler_that_is_away_is_a_notice_with_the_time_since_when_and_no_error_of_a_job(store: Store) -> None:
    store.add_run(plan(), "slurm", JOB)
    store.apply_jobs([running("c1", "c2")])
    revision = store.revision()
    assert store.services.tell("slurm", "Slurm does not answer", now=1000)
    assert not store.services.tell("slurm", "Slurm does not answer", now=2000)
    assert store.revision() == revision + 1
    (notice,) = store.wall()["notices"]
    assert "Slurm does not answer" in notice
    assert store.services.state("slurm").since == 1000
    assert {state for state, _ in states(store)} == {"starting"}
    assert store.services.tell("slurm")
    assert store.wall()["notices"] == []


def test_a_node_that_is_gone_from_a_running_job_fails_its_tiles_and_no_other(store: Store) -> None:
    store.add_run(plan(), "slurm", JOB)
    store.apply_jobs([running("c1", "c2")])
    live = {"state": "live", "reason": "", "frames": 1, "restarts": 0, "width": 640, "height": 480, "since": 1.0}
    store.apply_tiles(JOB, "c1", [live | {"index": 0}, live | {"index": 1}])
    store.apply_jobs([running("c1")])
    assert states(store) == [("live", ""), ("live", "")] + [("failed", "node failure: c2 is gone from the job")] * 2
    (job,) = store.jobs()
    assert (job["nodes"], job["lost"]) == (["c1"], ["c2"])
    # A node that was cut off and comes back too late is not believed: its job is over there.
    assert store.apply_tiles(JOB, "c2", [live | {"index": 2}]) == []


def test_a_job_that_is_put_back_into_the_queue_begins_anew(store: Store) -> None:
    store.add_run(plan(), "slurm", JOB)
    store.apply_jobs([running("c1", "c2")])
    store.apply_jobs([JobStatus(JOB, JobState.PENDING, "waits for nodes (BeginTime)", expected_start=5.0)])
    assert states(store) == [("queued", "waits for nodes (BeginTime)")] * 4
    (job,) = store.jobs()
    assert (job["nodes"], job["expected_start"]) == ([], 5.0)


def test_one_nodes_tiles_fail_with_its_agents_last_words(store: Store) -> None:
    store.add_run(plan(), "slurm", JOB)
    store.apply_jobs([running("c1", "c2")])
    assert store.fail_node(JOB, 1, "the node agent was killed by SIGKILL")
    assert not store.fail_node(JOB, 1, "the node agent was killed by SIGKILL")
    assert [state for state, _ in states(store)] == ["starting"] * 2 + ["failed"] * 2
    store.apply_jobs([JobStatus(JOB, JobState.CANCELLED)])
    assert states(store)[3] == ("failed", "the node agent was killed by SIGKILL")
