"""Keeping the store true to schedulers and node agents."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tvcore import paths
from tvcore.batch import watch
from tvcore.batch.local import LocalScheduler
from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState, JobStatus, SchedulerAwayError
from tvcore.ensemble import Column, create
from tvcore.errors import TiledVizError
from tvcore.node.last_words import LastWords, write_last_words
from tvcore.store import Store
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration


def plan(home: Path, ensemble: Path | None = None) -> Plan:
    tiles = tuple(TilePlan(index=i, title=f"t{i}", command=("x",), member=i) for i in range(2))
    return Plan(case="c", title="C", state=str(home), tiles=tiles, ensemble=str(ensemble) if ensemble else None)


def register(home: Path, job: str) -> Registration:
    folder = paths.runtime_folder()
    registration = Registration(
        job=job, ordinal=0, node=socket.gethostname(), pid=os.getpid(), started=1.0,
        socket=str(folder / "agent.sock"), secret="s", plan=plan(home),
    )  # fmt: skip
    agents.register(registration)
    return registration


@pytest.fixture
def store(home: Path) -> Store:
    return Store.open()


def test_a_job_that_nobody_told_of_is_adopted_through_its_agents_registration(home: Path, store: Store) -> None:
    job = LocalScheduler().submit("sleep 60")
    register(home, job)
    assert watch.sync(store)
    assert [(t["job"], t["title"], t["state"]) for t in store.tiles()] == [
        (job, "t0", "starting"),
        (job, "t1", "starting"),
    ]
    assert not watch.sync(store)
    LocalScheduler().cancel(job)


def test_what_agents_of_jobs_that_are_over_left_behind_is_removed(
    home: Path, store: Store, until: Callable[..., None]
) -> None:
    job = LocalScheduler().submit("true")
    watch.adopt(store, plan(home), job)
    until(lambda: LocalScheduler().jobs([job])[job].state.ended)
    registration = register(home, job)
    watch.sync(store)
    assert not registration.folder.exists()
    assert list(agents.registrations()) == []
    assert {tile["state"] for tile in store.tiles()} == {"stopped"}


def test_the_members_metadata_comes_from_the_ensemble(home: Path, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "e.h5"
    with create(
        path, [Column("F", "float64", unit="1", role="parameter"), Column("class", "S8", role="tag")]
    ) as writer:
        writer.append([{"F": 0.1, "class": "spots"}, {"F": 0.2, "class": "waves"}])
    store.add_run(plan(home, path), "local", "local-00000001", watch.read_members(plan(home, path)))
    wall = store.wall()
    assert [tile["metadata"] for tile in wall["tiles"]] == [{"F": 0.1, "class": "spots"}, {"F": 0.2, "class": "waves"}]
    assert [(c["name"], c["role"]) for c in wall["sets"][0]["columns"]] == [("F", "parameter"), ("class", "tag")]


def test_a_file_that_grows_is_left_to_the_node_agents(home: Path, store: Store, tmp_path: Path) -> None:
    live = plan(home, tmp_path / "not-here.h5").model_copy(update={"live": True})
    store.add_run(live, "local", "local-00000001", watch.read_members(live))
    (tile_set,) = store.wall()["sets"]
    assert (tile_set["reason"], tile_set["complete"], tile_set["columns"]) == ("", False, [])


def test_what_the_command_line_hears_of_members_is_kept(home: Path, store: Store, tmp_path: Path) -> None:
    live = plan(home, tmp_path / "e.h5").model_copy(update={"live": True})
    store.add_run(live, "local", "local-00000001", watch.read_members(live))
    columns = [{"name": "F", "dtype": "float64", "unit": "", "description": "", "role": "result"}]
    said = {"columns": columns, "rows": {"1": {"F": 0.5}}, "note": "e.h5: its writer is gone", "complete": False}
    registration = register(home, "local-00000001")
    watch.apply_status(store, registration, {"tiles": [], "members": said})
    assert [tile["metadata"] for tile in store.tiles()] == [{}, {"F": 0.5}]
    assert store.notices() == [f"C: {socket.gethostname()}: e.h5: its writer is gone"]
    watch.apply_status(store, registration, {"tiles": []})  # of an earlier release: it says nothing of members
    assert [tile["metadata"] for tile in store.tiles()] == [{}, {"F": 0.5}]


@pytest.mark.parametrize("content", [b"", b"no HDF5", None])
def test_an_ensemble_that_cannot_be_read_costs_the_metadata_and_says_why(
    home: Path, store: Store, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "broken.h5"
    if content is not None:
        path.write_bytes(content)
    store.add_run(plan(home, path), "local", "local-00000001", watch.read_members(plan(home, path)))
    (tile_set,) = store.wall()["sets"]
    assert str(path) in tile_set["reason"]
    assert "\n" not in tile_set["reason"]
    assert [tile["state"] for tile in store.tiles()] == ["queued", "queued"]


class Asked:
    """A scheduler whose answers a test gives: what it is asked is counted."""

    name = "slurm"

    def __init__(self, answer: dict[str, JobStatus] | TiledVizError) -> None:
        self.answer = answer
        self.asked: list[list[str]] = []

    def jobs(self, ids: Iterable[str]) -> dict[str, JobStatus]:
        self.asked.append(list(ids))
        if isinstance(self.answer, TiledVizError):
            raise self.answer
        return self.answer


def ask(store: Store, scheduler: Asked) -> bool:
    return watch.ask_scheduler(store, "slurm", scheduler, 0.0)  # type: ignore[arg-type]  # just what is asked


def test_a_scheduler_is_asked_once_for_all_jobs(home: Path, store: Store) -> None:
    for job in ("1", "2", "3"):
        watch.adopt(store, plan(home), job)
    slurm = Asked({job: JobStatus(job, JobState.RUNNING) for job in ("1", "2", "3")})
    assert ask(store, slurm)
    assert slurm.asked == [["1", "2", "3"]]
    assert {job["state"] for job in store.jobs()} == {"running"}


def test_a_scheduler_that_is_away_changes_no_job_and_is_told(home: Path, store: Store) -> None:
    watch.adopt(store, plan(home), "1")
    ask(store, Asked({"1": JobStatus("1", JobState.RUNNING)}))
    away = Asked(SchedulerAwayError("Slurm does not answer: connection refused"))
    assert ask(store, away)
    assert store.jobs()[0]["state"] == "running"
    assert "connection refused" in store.services.notices()[0]
    store.services.tell("slurm", "away still", seconds=0.0)
    back = Asked({"1": JobStatus("1", JobState.RUNNING)})
    assert ask(store, back)
    assert store.services.notices() == []


def test_a_job_that_the_scheduler_has_forgotten_is_over_and_not_failed(home: Path, store: Store) -> None:
    watch.adopt(store, plan(home), "1")
    assert ask(store, Asked({}))
    (job,) = store.jobs()
    assert (job["state"], job["reason"]) == ("completed", watch.FORGOTTEN)
    assert {tile["state"] for tile in store.tiles()} == {"stopped"}


def test_an_agent_of_another_release_is_told_on_its_tiles_in_words(home: Path, store: Store) -> None:
    job = LocalScheduler().submit("sleep 60")
    registration = register(home, job)
    strange = registration.model_copy(update={"v": 99})
    agents.register(strange)
    watch.sync(store)
    assert all("the portal is older than the job" in tile["reason"] for tile in store.tiles())
    with pytest.raises(TiledVizError, match=f"tiledviz stop {job}"):
        agents.connect(strange, "rpc")
    LocalScheduler().cancel(job)


def test_an_agents_last_words_fail_its_own_tiles(home: Path, store: Store) -> None:
    job = LocalScheduler().submit("sleep 60")
    watch.adopt(store, plan(home), job)
    write_last_words(home, job, LastWords(node="c1", ordinal=0, error="the node agent was killed by SIGKILL"))
    assert watch.sync(store)
    assert [(t["state"], t["reason"]) for t in store.tiles()] == [
        ("failed", "the node agent was killed by SIGKILL")
    ] * 2
    assert store.jobs()[0]["state"] == "running"
    LocalScheduler().cancel(job)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that grows with every sync that is not spared."""
    did: list[None] = []
    whole = watch._sync

    def counted(*arguments: Any) -> bool:
        did.append(None)
        return whole(*arguments)

    monkeypatch.setattr(watch, "_sync", counted)
    return did


def test_while_nothing_changes_nothing_is_read_again(home: Path, store: Store, synced: list[None]) -> None:
    job = LocalScheduler().submit("sleep 60")
    register(home, job)
    assert watch.sync_here(store)
    watch.sync_here(store)  # sees what the first one wrote
    before = len(synced)
    for _ in range(3):
        assert not watch.sync_here(store)
    assert len(synced) == before
    LocalScheduler().cancel(job)


@pytest.mark.parametrize("what", ["agent", "last words", "job", "store"])
def test_whatever_changes_is_noticed_at_the_next_look(home: Path, store: Store, synced: list[None], what: str) -> None:
    job = LocalScheduler().submit("sleep 60")
    watch.adopt(store, plan(home), job)
    for _ in range(3):
        watch.sync_here(store)
    before = len(synced)
    if what == "agent":
        register(home, job)
    elif what == "last words":
        write_last_words(home, job, LastWords(node="n", ordinal=0, error="killed"))
    elif what == "job":
        LocalScheduler().cancel(job)
    else:
        Store.open().remove_tiles([store.tiles()[0]["id"]])
    watch.sync_here(store)
    assert len(synced) == before + 1
    states = {tile["state"] for tile in store.tiles()}
    assert states == {"last words": {"failed"}, "job": {"stopped"}}.get(what, {"starting"})
    if what != "job":
        LocalScheduler().cancel(job)


def test_where_there_is_no_batch_system_none_is_asked_and_that_is_told(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm = Asked({"1": JobStatus("1", JobState.RUNNING)})
    monkeypatch.setattr(watch, "schedulers", lambda: {"local": LocalScheduler()})
    assert not watch.ask_batch(store)
    watch.adopt(store, plan(home), "1")
    monkeypatch.setattr(watch, "schedulers", lambda: {"local": LocalScheduler(), "slurm": slurm})
    assert watch.ask_batch(store)
    assert slurm.asked == [["1"]]
    assert store.jobs()[0]["state"] == "running"


def test_a_job_whose_name_is_none_of_the_local_schedulers_stops_nothing(home: Path, store: Store) -> None:
    watch.adopt(store, plan(home), "local-by-hand")
    watch.sync_here(store)
    assert "local-by-hand is not the id of a local job" in store.services.notices()[0]
    assert not watch.sync_here(store)
