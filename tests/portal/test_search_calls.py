"""The search that is kept: it finds at once what changed in a real store, and the same as one that reads all anew."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from rows_kit import new_session

from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.errors import UsageError
from tvcore.portal import routes
from tvcore.portal.auth import Login
from tvcore.portal.search_calls import KeptWall
from tvcore.searching import Searched
from tvcore.store import Members, Store, rooms

QUERIES = (
    "", "live", "spots", "tag:hand", "tag:keep", "note:see", "see | hand", "F>0.3", "F<0.5 & class=spots", "age>3",
    "age=3 | keep | tile", "state=failed", "node=c1", "job=job-2", "case=gears & !live", "class in (spots, waves)",
)  # fmt: skip
NUMERIC = "%7Bage%2C0%2C{}%2C20%7D"


class World:
    """A store, a wall that is kept to be searched, and what happens to both."""

    def __init__(self) -> None:
        self.store = Store.open()
        self.kept = KeptWall(self.store, "main")
        self.other = new_session(self.store)
        self._names = (f"page-{n}" for n in itertools.count())
        self._jobs = itertools.count(1)

    @property
    def ids(self) -> list[int]:
        return [tile["id"] for tile in self.store.wall()["tiles"]]

    def run(self, tiles: int = 3, session: str = "main", columns: bool = True) -> str:
        job = f"job-{next(self._jobs)}"
        each = tuple(
            TilePlan(index=i, title=f"tile {i}", command=("x",), tags=("keep",) * (i % 2)) for i in range(tiles)
        )
        rows = [{"F": i / 10, "class": ("spots", "waves")[i % 2]} for i in range(tiles)] if columns else []
        plan = Plan(case="gears", title="Gears", session=session, state="/s", tiles=each)
        self.store.add_run(plan, "local", job, Members([], rows))
        self.store.apply_jobs([JobStatus(job, JobState.RUNNING, "")])
        return job

    def say(self, job: str, index: int, state: str, node: str = "c1") -> None:
        status = {
            "index": index, "state": state, "reason": "", "frames": 7, "renderer": "llvmpipe", "display": ":3",
            "pid": 42, "restarts": 0, "width": 640, "height": 480, "since": 1.0,
        }  # fmt: skip
        self.store.apply_tiles(job, node, [status])

    def act(self, **does: Any) -> str:
        name = next(self._names)
        (found,) = self.store.rooms.append("main", "anna", "owner", [{"id": name, **does}])
        assert "op" in found, found
        return name

    def tag(self, tile: int, name: str, on: bool | None = True) -> str:
        return self.act(set=[[f"tags/{tile}/{name}", on]])

    def note(self, tile: int, text: str) -> str:
        return self.act(text=[[f"note/{tile}", [["+", "", text]]]])

    def finds(self, query: str) -> list[int]:
        return self.kept.search(query)[0]

    def check(self) -> None:
        """Compare with what is read from the wall as everybody sees it, and from the whole document."""
        wall, document = self.store.wall()["tiles"], self.store.rooms.document("main")
        now = [(tile["state"], tile["node"]) for tile in wall]
        for query in QUERIES:
            assert outcome(lambda: self.kept.search(query)) == outcome(  # noqa: B023
                lambda: Searched(wall, document).search(now, query)  # noqa: B023
            ), query


def outcome(search: Any) -> Any:
    try:
        return search()
    except UsageError as error:
        return str(error)


@pytest.fixture
def world(home: Path) -> World:
    return World()


def test_a_search_sees_at_once_a_tag_and_a_note_just_written_and_taken_back(world: World) -> None:
    world.run()
    one, two, _ = world.ids
    assert world.finds("keep") == [two]
    tagged = world.tag(one, "keep")
    assert world.finds("tag:keep") == [one, two]
    world.tag(two, "keep", False)
    assert world.finds("keep") == [one]
    world.act(undo=tagged)
    assert world.finds("keep") == []
    world.act(redo=tagged)
    world.note(two, "see the rim")
    assert world.finds("keep | rim") == [one, two]
    world.tag(two, NUMERIC.format(12))
    assert world.finds("age=12") == [two]


def test_a_search_sees_at_once_a_tile_just_added_and_removed(world: World) -> None:
    assert world.finds("") == []
    job = world.run()
    first = world.ids
    assert world.finds("tile") == first
    world.run(2)
    assert world.finds("tile") == world.ids
    assert len(world.ids) == 5
    world.store.remove_tiles(first[1:2])
    assert world.finds("F=0 | F=0.1 | F=0.2") == world.ids
    world.store.remove_run(job)
    assert world.finds("tile") == world.ids
    assert len(world.ids) == 2


def test_a_search_sees_at_once_a_state_and_a_node_that_changed(world: World) -> None:
    job = world.run()
    one, two, _ = world.ids
    assert world.finds("state=live") == []
    world.say(job, 0, "live")
    world.say(job, 1, "failed", "c2")
    assert world.finds("state=live") == world.finds("node=c1") == [one]
    assert world.finds("failed c2") == [two]


def test_tiles_of_another_session_are_not_found(world: World) -> None:
    world.run(session=world.other)
    assert world.finds("tile") == []
    world.run()
    assert world.finds("tile") == world.ids
    assert len(world.ids) == 3
    assert len(KeptWall(world.store, world.other).search("tile")[0]) == 3


def test_a_store_that_was_put_back_is_read_anew(world: World, home: Path) -> None:
    world.run()
    one, two, _ = world.ids
    world.tag(one, "hand")
    world.note(two, "see")
    assert world.finds("hand | see") == [one, two]
    with world.store.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM operation WHERE seq > 1")
        db.exec_driver_sql("UPDATE tile SET title = 'another' WHERE id = ?", (two,))
    assert world.finds("hand | see") == [one]
    assert world.finds("another") == [two]


def test_a_search_that_failed_half_way_does_not_lose_what_it_had_read(world: World) -> None:
    world.run()
    one, *_ = world.ids
    assert world.finds("hand") == []
    world.tag(one, "hand")
    with pytest.raises(UsageError):
        world.finds("nothing=here")
    assert world.finds("hand") == [one]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_finds_the_same_as_what_is_read_anew_whatever_happens(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SETTLE_AT", 12)
    monkeypatch.setattr(rooms, "KEEP", 4)
    chance = random.Random(seed)
    done: list[str] = []
    jobs = [world.run()]
    for _ in range(40):
        ids = world.ids or [1]
        match chance.randrange(9):
            case 0:
                jobs.append(
                    world.run(chance.randint(1, 4), chance.choice(("main", "main", world.other)), chance.random() < 0.7)
                )
            case 1:
                world.store.remove_tiles(chance.sample(ids, 1))
            case 2 | 3:
                world.say(chance.choice(jobs), chance.randrange(3), chance.choice(("live", "failed")), "c1")
            case 4 | 5:
                name = chance.choice(("hand", "keep", NUMERIC.format(chance.randint(1, 9))))
                done.append(world.tag(chance.choice((*ids, 999)), name, chance.choice((True, False, None))))
            case 6:
                done.append(world.note(chance.choice(ids), chance.choice(("see ", "keep ", "hand "))))
            case 7 if done:
                world.store.rooms.append(
                    "main", "anna", "owner", [{"id": f"u-{chance.random()}", "undo": chance.choice(done)}]
                )
            case _:
                world.act(set=[[f"tile/{chance.choice(ids)}/rotation", 90]])
        if chance.random() < 0.4:
            world.check()
    world.check()


def test_a_search_is_prepared_for_who_looks_at_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[str] = []
    portal: Any = SimpleNamespace(prepare_search=prepared.append)
    monkeypatch.setattr(routes.wall, "WallViewer", lambda *_: SimpleNamespace(run=lambda: gevent.sleep(0)))
    nobody: Any = None
    routes.run_wall(portal, nobody, Login("", "", session="s-1"), None)
    assert prepared == ["s-1"]
