"""What the store says of failures, of time, and of tiles that were taken off the wall."""

from __future__ import annotations

from typing import Any

import pytest

from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.causes import Cause
from tvcore.store import Store

JOB = "local-0a1b2c3d"
GL = {"way": "mesa", "renderer": "llvmpipe", "software": True, "promised": True, "note": "no GPU here"}


@pytest.fixture
def store(engine: str) -> Store:
    store = Store.open()
    tiles = tuple(
        TilePlan(index=i, title=f"t{i}", command=("x",), node=i // 2, image="/images/vtk.sif" if i else None)
        for i in range(4)
    )
    plan = Plan(
        case="gears", title="Gears", state="/s", tiles=tiles, images={"/images/vtk.sif": "sha256:ab"},
        parameters={"count": 4},
    )  # fmt: skip
    store.add_run(plan, "local", JOB, settings={"job.time": "10"})
    return store


def status(state: JobState, **more: Any) -> JobStatus:
    return JobStatus(JOB, state, **more)


def said(index: int, **more: Any) -> dict[str, Any]:
    return {
        "index": index, "state": "live", "reason": "", "frames": 7, "renderer": "llvmpipe", "display": ":3",
        "pid": 42, "restarts": 0, "width": 640, "height": 480, "since": 1.0, **more,
    }  # fmt: skip


def causes(store: Store) -> list[str]:
    return [tile["cause"] for tile in store.tiles()]


@pytest.mark.parametrize(
    ("state", "code", "cause"),
    [
        (JobState.TIMEOUT, None, Cause.TIME_LIMIT),
        (JobState.OUT_OF_MEMORY, None, Cause.OUT_OF_MEMORY),
        (JobState.NODE_FAIL, None, Cause.NODE_FAILURE),
        (JobState.FAILED, 1, Cause.AGENT_ENDED),
        (JobState.FAILED, 0, Cause.BATCH_SYSTEM),
        (JobState.FAILED, None, Cause.BATCH_SYSTEM),
        (JobState.CANCELLED, None, ""),
        (JobState.COMPLETED, 0, ""),
    ],
)
def test_how_a_job_ended_is_the_cause_of_its_tiles_but_for_those_that_have_their_own(
    store: Store, state: JobState, code: int | None, cause: str
) -> None:
    store.apply_tiles(JOB, "c1", [said(0, state="failed", reason="gone", cause=Cause.PROGRAM_ENDED), said(1)])
    store.apply_jobs([status(state, exit_code=code)])
    assert causes(store) == [Cause.PROGRAM_ENDED, *[cause] * 3]
    advice = [tile["advice"] for tile in store.tiles()]
    assert advice[0] == Cause.PROGRAM_ENDED.advice
    assert advice[1] == (Cause(cause).advice if cause else "")
    assert store.jobs()[0]["cause"] == cause


def test_a_node_that_is_gone_and_an_agent_that_ended_are_causes(store: Store) -> None:
    store.apply_jobs([status(JobState.RUNNING, nodes=("c1", "c2"))])
    store.fail_node(JOB, 0, "no display", Cause.NO_DISPLAY)
    store.apply_jobs([status(JobState.RUNNING, nodes=("c1",))])
    assert causes(store) == [Cause.NO_DISPLAY] * 2 + [Cause.NODE_FAILURE] * 2


def test_a_cause_goes_when_the_tile_lives_again_and_when_its_job_waits_again(store: Store) -> None:
    store.apply_tiles(JOB, "c1", [said(0, state="failed", cause=Cause.NO_GL), said(1, state="failed", cause="x")])
    store.apply_tiles(JOB, "c1", [said(0)])  # of an agent that knows no causes
    assert causes(store) == ["", "x", "", ""]
    assert store.tiles()[1]["advice"] == ""  # a cause of another release
    store.apply_jobs([status(JobState.PENDING)])
    assert causes(store) == [""] * 4


def test_what_a_tile_runs_in_and_draws_with_is_told(store: Store) -> None:
    assert [tile["image"] for tile in store.tiles()] == [None, "vtk", "vtk", "vtk"]
    store.apply_tiles(JOB, "c1", [said(0, image=None, gl=GL), said(1, gl=None, image="vtk")])
    assert [tile["gl"] for tile in store.tiles()] == [GL, None, None, None]
    assert store.wall()["sets"][0]["images"] == {"/images/vtk.sif": "sha256:ab"}
    store.apply_tiles(JOB, "c1", [said(0), said(1)])
    assert store.tiles()[0]["gl"] == GL


def test_a_queued_tile_says_when_it_is_expected_to_start(store: Store) -> None:
    store.apply_jobs([status(JobState.PENDING, expected_start=5000.0)])
    assert {tile["expected_start"] for tile in store.tiles()} == {5000.0}
    assert store.wall()["sets"][0]["expected_start"] == 5000.0
    store.apply_jobs([status(JobState.RUNNING, started=4000.0)])
    assert {tile["expected_start"] for tile in store.tiles()} == {None}
    assert store.wall()["sets"][0]["expected_start"] is None


@pytest.mark.parametrize(
    ("length", "before"), [(300, 60), (1800, 180), (86400, 600), (30, 60)], ids=["5 min", "30 min", "a day", "30 s"]
)
def test_the_wall_warns_a_tenth_of_a_jobs_time_before_its_end(store: Store, length: float, before: float) -> None:
    store.apply_jobs([status(JobState.RUNNING, started=1000.0, ends=1000.0 + length)])
    (tile_set,) = store.wall()["sets"]
    assert (tile_set["started"], tile_set["ends"]) == (1000.0, 1000.0 + length)
    assert tile_set["warns"] == 1000.0 + length - before
    store.apply_jobs([status(JobState.TIMEOUT)])
    assert store.wall()["sets"][0]["warns"] is None
    assert store.jobs()[0]["ends"] == 1000.0 + length


def test_a_job_without_a_limit_is_not_warned_of(store: Store) -> None:
    store.apply_jobs([status(JobState.RUNNING, started=1000.0)])
    (tile_set,) = store.wall()["sets"]
    assert (tile_set["ends"], tile_set["warns"]) == (None, None)


def test_the_same_news_again_change_nothing(store: Store) -> None:
    running = status(JobState.RUNNING, started=1000.0, ends=2000.0, nodes=("c1", "c2"))
    assert store.apply_jobs([running])
    revision = store.revision()
    assert not store.apply_jobs([running])
    assert store.revision() == revision


def test_a_tile_that_was_removed_stays_away_whatever_its_agent_says(store: Store) -> None:
    first, *rest = (tile["id"] for tile in store.tiles())
    revision = store.revision()
    assert store.remove_tiles([first]) == []
    assert store.revision() > revision
    assert store.apply_tiles(JOB, "c1", [said(0)]) == []
    assert [tile["id"] for tile in store.wall()["tiles"]] == rest
    assert store.removed(JOB, [0, 1]) == [0]
    assert store.removed("local-99999999", [0, 1]) == []  # not known yet: nothing was removed of it


def test_a_job_whose_last_tile_was_removed_is_known_until_it_is_over(store: Store) -> None:
    assert store.remove_tiles(tile["id"] for tile in store.tiles()) == [JOB]
    assert (store.wall()["sets"], store.wall()["tiles"]) == ([], [])
    store.forget_empty()
    assert [(job["id"], job["tiles"]) for job in store.jobs()] == [(JOB, 0)]
    store.apply_jobs([status(JobState.CANCELLED)])
    store.forget_empty()
    assert store.jobs() == []


def test_how_a_job_was_launched_is_kept_with_the_tiles_that_are_left(store: Store) -> None:
    store.remove_tiles([store.tiles()[1]["id"]])
    run = store.run_of(JOB)
    assert (run.case, run.title, run.parameters) == ("gears", "Gears", {"count": 4})
    assert (run.settings, run.indices) == ({"job.time": "10"}, [0, 2, 3])
