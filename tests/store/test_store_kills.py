"""Nothing that was acknowledged is lost when whoever writes is killed, on any engine; nor by a crash of the server.

A process does what people do, one thing after the other, and says of each when it is done; it is killed at a moment
that is drawn, again and again on the same store. A few dozen times here; ``make soak`` does it hundreds of times.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgres as pg
import pytest

from soak import examples
from tvcore.store import Store
from tvcore.store.access import hashed
from tvcore.store.check import check

KILLS = examples(8, 200)
CRASHES = examples(2, 20)

# Starting Python takes longer than all else: one that has all that is needed makes the writers, by fork.
MAKER = r"""
import itertools, os, sys
from tvcore.store import Store

def write(run):
    store = Store.open()
    me = store.access.owner()
    print("on", run, ".", flush=True)
    for n in itertools.count():
        name = f"{run}-{n}"
        (taken,) = store.rooms.append("main", "ann", "editor", [{"id": name, "set": [[f"order/{n}", "b"]]}])
        assert "op" in taken, taken
        print("op", name, ".", flush=True)
        store.access.add_login(f"c{name}", f"k{name}", 3600, me)
        print("login", name, ".", flush=True)
        store.rooms.save_version("main", name, "ann")
        print("version", name, ".", flush=True)
        store.access.came("proxy", name, "viewer")
        print("member", name, ".", flush=True)
        store.access.add_ticket(f"t{name}")
        store.access.use_ticket(f"t{name}")
        print("used", name, ".", flush=True)

first = Store.open()  # imports what is imported late
first.rooms.append("main", "ann", "editor", [])
first.close()
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        try:
            write(line.strip())
        finally:
            os._exit(1)
    print("writer", pid, ".", flush=True)
    os.waitpid(pid, 0)
    print("over", pid, ".", flush=True)
"""


class Writers:
    """Writers, one after the other."""

    def __init__(self) -> None:
        self._maker = subprocess.Popen(
            [sys.executable, "-c", MAKER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr, text=True,
        )  # fmt: skip
        self._pid = 0
        self._done: list[tuple[str, str]] = []

    def begin(self, run: str) -> None:
        """Have one write, and wait until it does."""
        assert self._maker.stdin is not None
        self._maker.stdin.write(f"{run}\n")
        self._maker.stdin.flush()
        said = dict(self._line() for _ in range(2))  # one of the maker's, one of the writer's
        assert said.keys() == {"writer", "on"}
        self._pid = int(said["writer"])

    def await_(self, count: int) -> None:
        """Wait until it says that *count* more things are done."""
        self._done = [self._line() for _ in range(count)]

    def kill(self) -> None:
        """Kill it."""
        os.kill(self._pid, signal.SIGKILL)

    def done(self) -> list[tuple[str, str]]:
        """Return what it said was done, once it is over."""
        while (line := self._line())[0] != "over":
            self._done.append(line)
        return self._done

    def close(self) -> None:
        """Let go of all."""
        self._maker.kill()
        self._maker.communicate()

    def _line(self) -> tuple[str, str]:
        assert self._maker.stdout is not None
        what, name, end = self._maker.stdout.readline().split()
        assert end == "."
        return what, name


@pytest.fixture
def writers(home: Path) -> Iterator[Writers]:
    found = Writers()
    yield found
    found.close()


def lost(store: Store, done: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what of *done* the store does not have."""
    ops = {op["id"] for op in store.rooms.since("main", None)["ops"]}
    versions = {each["name"] for each in store.rooms.versions("main")}
    me = store.access.owner()

    def there(what: str, name: str) -> Any:
        if what == "login":
            document = store.access.of_login(hashed(f"c{name}"), hashed(f"k{name}"))
            return document is not None and document["who"]["id"] == me
        if what == "member":
            with_role = store.access.of_person(store.access.came("proxy", name, None))
            return with_role is not None and [each["role"] for each in with_role["projects"]] == ["viewer"]
        if what == "used":
            return store.access.use_ticket(f"t{name}") is None
        return name in (ops if what == "op" else versions)

    return [(what, name) for what, name in done if not there(what, name)]


def test_what_was_acknowledged_is_there_after_a_kill_at_any_moment(engine: str, writers: Writers) -> None:
    drawn = random.Random(20261129)
    every: list[tuple[str, str]] = []
    store = Store.open()
    for number in range(KILLS):
        writers.begin(f"r{number}")
        writers.await_(drawn.randrange(8))
        time.sleep(drawn.uniform(0, 0.02))
        writers.kill()
        done = writers.done()
        assert lost(store, done) == []
        every += done
    assert lost(store, every) == []
    assert len(every) > KILLS, "something was done before most kills"
    assert [each for each in check() if each.wrong] == []
    store.close()


def test_what_was_acknowledged_is_there_after_a_crash_of_the_server(
    postgres: pg.Server, home: Path, writers: Writers
) -> None:
    """Of a server of its own: all its processes are killed at once, and it begins again from its log."""
    server = pg.Server(synchronous_commit="on")
    drawn = random.Random(20261130)
    try:
        pg.use_store(home, server.url(server.new_store()))
        with pg.all_closed():
            store = Store.open()
            for number in range(CRASHES):
                writers.begin(f"c{number}")
                writers.await_(drawn.randrange(8))
                time.sleep(drawn.uniform(0, 0.02))
                server.stop(signal.SIGKILL)
                done = writers.done()
                server.start()
                assert lost(store, done) == [], "and who had it open finds it again"
            assert [each for each in check() if each.wrong] == []
            store.close()
    finally:
        server.close()
