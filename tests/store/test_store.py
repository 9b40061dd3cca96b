"""The store, on a real SQLite file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.orm import Session

from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.errors import TiledVizError, UsageError
from tvcore.portal.roles import ROLES
from tvcore.store import Members, Store, database
from tvcore.store.models import Base, SessionRow

JOB = "local-0a1b2c3d"


@pytest.fixture
def store(home: Path) -> Store:
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


def test_the_migrations_make_exactly_the_models_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_head_is_the_last_migration() -> None:
    folder = Path(database.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == database.HEAD


def ids(store: Store) -> list[int]:
    return [tile["id"] for tile in store.tiles()]


def test_ids_of_tiles_are_never_given_again(store: Store) -> None:
    with store.engine.connect() as db:
        made = db.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'tile'").scalar()
    assert "AUTOINCREMENT" in str(made)
    store.add_run(plan(), "local", JOB)
    before = ids(store)
    store.remove_run(JOB)
    store.add_run(plan(), "local", JOB)
    assert min(ids(store)) > max(before)


def test_a_store_of_before_gives_no_id_that_anything_names(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(database, "HEAD", "0006")
        Store.open().close()
    base = '{"seq":1,"registers":[["order/7","a"],["person/p/selection",[3,31]]],"texts":[["note/40",[["a-1",0,"x"]]]]}'
    with sqlite3.connect(home / "store.sqlite") as connection:
        connection.execute("INSERT INTO session VALUES (1, 'main', 0, 1)")
        rows = ["a-1", None], ["a-2", '{"set":[["tags/22/t",true],["order/1234567890","a"]]}']
        for seq, row in enumerate(rows, start=1):
            connection.execute("INSERT INTO operation VALUES (1, ?, ?, 'p', 1, 1, ?)", (seq, *row))
        connection.execute("INSERT INTO document_base VALUES (1, 1, 1, 1, ?)", (base,))
    store = Store.open()
    assert store.rooms.document("main").text("note/40") == "x"
    store.add_run(plan(), "local", JOB)
    assert ids(store) == [41, 42, 43]


def test_a_store_that_is_busy_says_so_in_one_line_and_reads_go_on(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    again = Store.open()
    with contextlib.closing(sqlite3.connect(home / "store.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        line = re.escape("the store cannot be used now (database is locked): try again")
        with pytest.raises(TiledVizError, match=f"^{line}$"):
            again.rooms.append("main", "ann", "editor", [{"id": "a-1", "set": [["order/1", "b"]]}])
        assert Store.open().tiles() == [], "who opens it only to read waits for nobody"
    assert "op" in again.rooms.append("main", "ann", "editor", [{"id": "a-1", "set": [["order/1", "b"]]}])[0]


def test_a_session_that_another_process_makes_first_is_the_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writers do not wait for each other to begin, as PostgreSQL's."""
    other = Store.open()
    event.remove(store.engine, "begin", database._begin_sqlite)
    event.remove(other.engine, "begin", database._begin_sqlite)
    add = Session.add

    def late(db: Session, row: Any) -> None:
        if isinstance(row, SessionRow) and not other.revisions():
            monkeypatch.setattr(Session, "add", add)
            other.rooms.append("main", "ann", "editor", [])
        add(db, row)

    monkeypatch.setattr(Session, "add", late)
    store.add_run(plan(), "local", JOB)
    assert len(store.tiles()) == 3
    assert store.revision() == 1


def test_a_revision_counts_from_what_is_stored_not_from_what_was_read(store: Store) -> None:
    store.add_run(plan(), "local", JOB)
    seen: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    store.apply_tiles(JOB, "c1", [live(0)])
    store.services.tell("slurm", "away")
    updates = [sql for sql in seen if sql.startswith("UPDATE session")]
    assert len(updates) == 2
    assert all("revision=(session.revision + ?)" in sql for sql in updates), updates


def test_the_file_is_in_wal_mode_and_closed_to_others(store: Store, home: Path) -> None:
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.glob("store.sqlite*"))


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


def test_a_login_ticket_is_good_once_even_for_many_at_the_same_time(store: Store) -> None:
    store.add_login_ticket("secret")
    results: list[str | None] = []
    threads = [threading.Thread(target=lambda: results.append(store.use_login_ticket("secret"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, results)) == ["None"] * 7 + ["owner"]


def test_an_expired_ticket_is_refused(store: Store) -> None:
    store.add_login_ticket("old", seconds=-1)
    assert not store.use_login_ticket("old")
    assert not store.use_login_ticket("never made")


def test_a_login_needs_cookie_and_key_of_the_same_login(store: Store) -> None:
    store.add_login("cookie", "key", 60)
    store.add_login("cookie2", "key2", 60)
    store.add_login("old", "key", -1)
    assert store.login_valid("cookie", "key")
    for cookie, key in (("cookie", "key2"), ("cookie", ""), ("", "key"), ("", ""), ("old", "key")):
        assert not store.login_valid(cookie, key)
    store.add_login("cookie", "key of another page", 60)
    assert store.login_valid("cookie", "key")
    assert store.login_valid("cookie", "key of another page")
    assert store.cookie_known("cookie")
    assert not store.cookie_known("old")
    store.remove_login("cookie")
    assert not store.login_valid("cookie", "key")
    assert not store.login_valid("cookie", "key of another page")


def test_a_ticket_and_a_login_keep_the_role_they_were_made_for_and_one_that_is_not_known_lets_nobody_in(
    store: Store, home: Path
) -> None:
    for role in ROLES:
        store.add_login_ticket(f"for {role}", role=role)
        assert store.use_login_ticket(f"for {role}") == role
        store.add_login("cookie", f"key of {role}", 60, role)
    assert [store.login_valid("cookie", f"key of {role}") for role in ROLES] == list(ROLES)
    store.add_login_ticket("later")
    with sqlite3.connect(home / "store.sqlite") as connection:
        for table in ("login", "login_ticket"):
            connection.execute(f"UPDATE {table} SET role = 'emperor'")
    assert store.login_valid("cookie", "key of owner") is None
    assert store.use_login_ticket("later") is None


def test_who_was_logged_in_before_there_were_roles_is_the_owner(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(database, "HEAD", "0003")
        Store.open().close()
    hashes = [hashlib.sha256(secret.encode()).hexdigest() for secret in ("cookie", "key", "ticket")]
    with sqlite3.connect(home / "store.sqlite") as connection:
        connection.execute("INSERT INTO login VALUES (?, ?, 1, 9e9)", hashes[:2])
        connection.execute("INSERT INTO login_ticket VALUES (?, 9e9)", hashes[2:])
    store = Store.open()
    assert store.login_valid("cookie", "key") == "owner"
    assert store.use_login_ticket("ticket") == "owner"


def test_no_secret_stands_in_the_file(store: Store, home: Path) -> None:
    store.add_login_ticket("planted-ticket")
    store.add_login("planted-cookie", "planted-key", 60)
    store.close()
    assert not any(b"planted" in path.read_bytes() for path in home.glob("store.sqlite*"))


def test_two_processes_open_a_new_store_at_once(home: Path) -> None:
    code = "from tvcore.store import Store; print(Store.open().revision())"
    openers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(3)]
    assert [opener.communicate(timeout=60)[0] for opener in openers] == [b"0\n"] * 3


def test_a_writer_killed_in_the_middle_leaves_the_store_as_it_was(store: Store, home: Path) -> None:
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


def test_a_file_that_is_no_store_is_said_so_in_one_line(home: Path) -> None:
    (home / "store.sqlite").write_bytes(os.urandom(5000))
    with pytest.raises(TiledVizError, match="cannot be opened") as error:
        Store.open()
    assert "\n" not in str(error.value)


def test_a_store_of_a_later_release_is_left_alone(store: Store, home: Path) -> None:
    store.close()
    with sqlite3.connect(home / "store.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(TiledVizError, match="written by a later TiledViz"):
        Store.open()


def test_a_second_store_in_one_process_leaves_the_first_ones_locks(store: Store, home: Path) -> None:
    """Without them another process takes itself for the last one when it closes the file, and deletes the log."""
    store.tiles()
    again = Store.open()
    again.close()
    other = "from tvcore.store import Store; store = Store.open(); store.tiles(); store.close()"
    subprocess.run([sys.executable, "-c", other], check=True)
    log = home / "store.sqlite-wal"
    assert log.exists()
    held = [os.readlink(fd) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    assert str(log) in held
