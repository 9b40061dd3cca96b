"""The store, on every engine."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from sqlalchemy import event, text

from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.errors import TiledVizError, UsageError
from tvcore.store import Members, Store, database

JOB = "local-0a1b2c3d"


@pytest.fixture
def store(engine: str) -> Store:
    return Store.open()


def plan(tiles: int = 3, session: str = "main") -> Plan:
    return Plan(
        case="gears",
        title="Gears",
        session=session,
        state="/s",
        tiles=tuple(TilePlan(index=i, title=f"t{i}", command=("x",), tags=("a",)) for i in range(tiles)),
    )


def status(state: JobState, reason: str = "") -> JobStatus:
    return JobStatus(JOB, state, reason)


def live(index: int, **more: Any) -> dict[str, Any]:
    return {
        "index": index, "state": "live", "reason": "", "frames": 7, "renderer": "llvmpipe", "display": ":3",
        "pid": 42, "restarts": 0, "width": 640, "height": 480, "since": 1.0, **more,
    }  # fmt: skip


def states(store: Store) -> list[str]:
    return [tile["state"] for tile in store.tiles()]


def ids(store: Store) -> list[int]:
    return [tile["id"] for tile in store.tiles()]


def test_ids_of_tiles_are_never_given_again(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    before = ids(store)
    store.remove_run(JOB)
    store.add_run(plan(), "local", JOB)
    assert min(ids(store)) > max(before)


def test_a_revision_counts_from_what_is_stored_not_from_what_was_read(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    seen: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    store.apply_tiles(JOB, "c1", [live(0)])
    store.services.tell("slurm", "away")
    updates = [sql for sql in seen if sql.startswith("UPDATE session")]
    assert len(updates) == 2
    assert all("revision=(session.revision + " in sql for sql in updates), updates


def test_a_run_is_on_the_wall_from_submission_with_its_metadata(store: Store) -> None:
    members = Members([{"name": "F", "unit": "1"}], [{"F": 0.1 * i} for i in range(3)])
    store.add_run(plan(), "local", JOB, members)
    wall = store.wall()
    assert [tile["state"] for tile in wall["tiles"]] == ["queued"] * 3
    assert wall["tiles"][2]["metadata"] == {"F": 0.2}
    assert wall["sets"][0]["columns"] == [{"name": "F", "unit": "1"}]
    assert wall["revision"] == store.revision() == 1
    assert store.wall("another") == {"session": "another", "revision": 0, "notices": [], "sets": [], "tiles": []}


def test_the_same_job_added_twice_is_there_once(store: Store) -> None:
    first = store.add_run(plan(), "local", JOB)
    assert store.add_run(plan(), "local", JOB) == first
    assert len(store.tiles()) == 3


def test_tiles_follow_their_job(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    store.apply_jobs([status(JobState.PENDING, "Resources")])
    assert store.tiles()[0]["reason"] == "Resources"
    store.apply_jobs([status(JobState.RUNNING)])
    assert states(store) == ["starting"] * 3
    changed = store.apply_tiles(JOB, "c1", [live(0), live(2)])
    assert len(changed) == 2
    assert states(store) == ["live", "starting", "live"]
    store.apply_jobs([status(JobState.FAILED, "killed by SIGKILL")])
    assert states(store) == ["failed"] * 3
    tile = store.tiles()[0]
    assert (tile["reason"], tile["pid"], tile["renderer"], tile["frames"]) == ("killed by SIGKILL", None, "llvmpipe", 7)


def test_a_tile_that_failed_keeps_its_own_cause_when_the_job_ends(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    store.apply_tiles(JOB, "c1", [live(1, state="failed", reason="program missing")])
    store.apply_jobs([status(JobState.CANCELLED)])
    assert [(t["state"], t["reason"]) for t in store.tiles()] == [
        ("stopped", ""), ("failed", "program missing"), ("stopped", ""),
    ]  # fmt: skip


def test_late_news_of_a_job_that_is_over_changes_nothing(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    store.apply_jobs([status(JobState.CANCELLED)])
    revision = store.revision()
    assert store.apply_tiles(JOB, "c1", [live(0)]) == []
    assert not store.apply_jobs([status(JobState.RUNNING)])
    assert states(store) == ["stopped"] * 3
    assert store.revision() == revision


def test_the_revision_grows_with_every_change_and_only_then(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    before = store.revision()
    store.apply_tiles(JOB, "c1", [live(0)])
    assert store.revision() == before + 1
    assert store.apply_tiles(JOB, "c1", [live(0)]) == []
    assert store.revision() == before + 1


def test_a_run_removed_is_gone(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    store.remove_run(JOB)
    assert store.tiles() == store.jobs() == []
    with pytest.raises(UsageError, match=f"there is no job {JOB}"):
        store.remove_run(JOB)
    with pytest.raises(UsageError, match="there is no tile 1"):
        store.tile(1)


def test_processes_open_a_store_at_once(engine: str) -> None:
    code = "from tvcore.store import Store; print(Store.open().revision())"
    openers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(3)]
    assert [opener.communicate(timeout=60)[0] for opener in openers] == [b"0\n"] * 3


def test_a_writer_killed_in_the_middle_leaves_the_store_as_it_was(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    code = (
        "import os, signal\nfrom tvcore.store import Store\nfrom tvcore.store.models import TileRow\n"
        "store = Store.open()\n"
        "with store._session.begin() as db:\n"
        "    for tile in db.query(TileRow): tile.state = 'half'; db.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert states(Store.open()) == ["queued"] * 3


def test_a_store_that_is_busy_says_so_in_one_line_and_reads_go_on(
    store: Store, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    again = Store.open()
    with contextlib.closing(Store.open()) as other, other.engine.begin():
        what = "database is locked" if engine == "sqlite" else "canceling statement due to lock timeout"
        line = re.escape(f"the store cannot be used now ({what}): try again")
        with pytest.raises(TiledVizError, match=f"^{line}$"):
            again.rooms.append("main", "ann", "editor", [{"id": "a-1", "set": [["order/1", "b"]]}])
        assert Store.open().tiles() == [], "who opens it only to read waits for nobody"
    assert "op" in again.rooms.append("main", "ann", "editor", [{"id": "a-1", "set": [["order/1", "b"]]}])[0]


def test_what_reads_sees_one_state_from_its_beginning_to_its_end(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    reading = store.wall
    begun, gone = threading.Event(), threading.Event()

    def between(*given: Any) -> None:
        if given[2].startswith("SELECT") and threading.current_thread() is not writer and not begun.is_set():
            begun.set()
            assert gone.wait(30)

    def write() -> None:
        assert begun.wait(30)
        store.remove_run(JOB)
        gone.set()

    writer = threading.Thread(target=write)
    writer.start()
    event.listen(store.engine, "after_cursor_execute", between)
    wall = reading()
    writer.join()
    assert (wall["revision"], len(wall["sets"]), len(wall["tiles"])) == (1, 1, 3)
    assert store.wall()["tiles"] == []


def test_what_a_writer_reads_holds_until_it_has_written(store: Store) -> None:
    """As where the last owner is not to leave: who asks whether there is another is not overtaken."""
    store.services.tell("slurm", "0")

    def count() -> None:
        for _ in range(10):
            with store._session.begin() as db:
                (number,) = db.execute(text("SELECT error FROM service")).scalars()
                time.sleep(0.001)
                db.execute(text("UPDATE service SET error = :next"), {"next": str(int(number) + 1)})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.services.state("slurm").error == "40"


def test_tiles_for_a_session_that_is_gone_are_not_shown_to_the_first_project(store: Store) -> None:
    with pytest.raises(UsageError, match="there is no session s-0000dead"):
        store.add_run(plan(session="s-0000dead"), "local", "local-dead")
    assert store.tiles() == []
    assert [each["key"] for each in store.sessions.listed()] == ["main"]
