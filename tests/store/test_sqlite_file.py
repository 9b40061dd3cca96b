"""The store's file, where it is one of SQLite."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tvcore.batch.plan import Plan, TilePlan
from tvcore.errors import TiledVizError
from tvcore.store import Store, database


@pytest.fixture
def store(home: Path) -> Store:
    return Store.open()


def test_a_store_of_before_gives_no_id_that_anything_names(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(database, "HEAD", "0006")
        Store.open().close()
    base = '{"seq":1,"registers":[["order/7","a"],["person/p/selection",[3,31]]],"texts":[["note/40",[["a-1",0,"x"]]]]}'
    with sqlite3.connect(home / "store.sqlite") as connection:
        connection.execute("INSERT INTO session VALUES (1, 'main', 0, 1)")
        rows: list[list[str | None]] = [["a-1", None], ["a-2", '{"set":[["tags/22/t",true],["order/1234567890","a"]]}']]
        for seq, row in enumerate(rows, start=1):
            connection.execute("INSERT INTO operation VALUES (1, ?, ?, 'p', 1, 1, ?)", (seq, *row))
        connection.execute("INSERT INTO document_base VALUES (1, 1, 1, 1, ?)", (base,))
    store = Store.open()
    assert store.rooms.document("main").text("note/40") == "x"
    tiles = tuple(TilePlan(index=i, title="t", command=("x",)) for i in range(3))
    store.add_run(Plan(case="gears", title="Gears", state="/s", tiles=tiles), "local", "local-0a1b2c3d")
    assert [tile["id"] for tile in store.tiles()] == [41, 42, 43]


def test_the_file_is_in_wal_mode_and_closed_to_others(store: Store, home: Path) -> None:
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.glob("store.sqlite*"))


def test_a_file_that_is_no_store_is_said_so_in_one_line(home: Path) -> None:
    (home / "store.sqlite").write_bytes(os.urandom(5000))
    with pytest.raises(TiledVizError, match="cannot be opened") as error:
        Store.open()
    assert "\n" not in str(error.value)


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
