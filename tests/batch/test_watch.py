"""Keeping the store true to schedulers and node agents."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tvcore import paths
from tvcore.batch import watch
from tvcore.batch.local import LocalScheduler
from tvcore.batch.plan import Plan, TilePlan
from tvcore.ensemble import Column, create
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
