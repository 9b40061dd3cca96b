"""A real PostgreSQL of the tests' own: one server a process of pytest, and a database for each test.

Root cannot run one: it is given to an unprivileged user. Names are sorted as people of some language do, not by bytes,
as sites have it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tvcore.store import Store

UNPRIVILEGED = ("postgres", "nobody")
START_SECONDS = 60.0
SETTINGS = {
    # The tests kill processes, not the machine: what the kernel has is there all the same.
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "listen_addresses": "",
    "max_connections": "200", "shared_buffers": "16MB", "autovacuum_naptime": "1h", "log_statement": "all",
}  # fmt: skip


def programs() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres`` of the latest release that is here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    there = shutil.which("initdb")
    return found[-1].parent if found else Path(there).parent if there else None


class Server:
    """A PostgreSQL server on a unix socket in a folder of its own."""

    def __init__(self, **settings: str) -> None:
        self._settings = SETTINGS | settings
        folder = programs()
        assert folder is not None, "there is no initdb here: install Debian's postgresql"
        self._programs = folder
        self.folder = Path(tempfile.mkdtemp(prefix="tvp-", dir="/tmp"))
        self._as: list[str] = []
        self.user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            found = next(pwd.getpwnam(name) for name in UNPRIVILEGED if _there(name))
            self.user = found.pw_name
            os.chown(self.folder, found.pw_uid, found.pw_gid)
            self._as = ["setpriv", f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups", "--"]
        self._numbers = itertools.count(1)
        self.data = self.folder / "data"
        sort = ("--locale-provider=icu", "--icu-locale=en", "--locale=C.UTF-8")
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", *sort)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        self.made: set[str] = set()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._as, str(self._programs / "postgres"), "-D", str(self.data), "-k", str(self.folder), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(psycopg.OperationalError), self.connect("postgres"):
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT cuts all connections, SIGKILL is a crash."""
        assert self.process is not None
        if how is signal.SIGKILL:
            # Its children see that it is gone, and end.
            self.process.kill()
            self.process.wait(30)
            deadline = time.monotonic() + START_SECONDS
            while (self.data / "postmaster.pid").exists() and self._children():
                assert time.monotonic() < deadline, "the server's processes do not end"
                time.sleep(0.02)
            return
        self.process.send_signal(how)
        self.process.wait(30)

    def close(self) -> None:
        """End it, and remove all of it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """Return a connection of the administrator's to *database*, each statement a transaction."""
        return psycopg.connect(host=str(self.folder), dbname=database, user="postgres", autocommit=True)

    def url(self, database: str, user: str = "postgres") -> str:
        """Return the address of *database* as it is written in the settings."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def database(self, template: str = "template1") -> str:
        """Make a database like *template*, and return its name."""
        name = f"t{next(self._numbers)}"
        with self.connect("postgres") as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        self.made.add(name)
        return name

    def new_store(self) -> str:
        """Make a database with an empty store of today, and return its name."""
        if "store" not in self.made:
            with self.connect("postgres") as db:
                db.execute("CREATE DATABASE store")
            Store.open(self.url("store")).close()
            self.made.add("store")
        return self.database("store")

    def drop(self, name: str) -> None:
        """Remove the database *name*, and cut who uses it."""
        with self.connect("postgres") as db:
            db.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        self.made.discard(name)

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._as, str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, timeout=120)
        assert done.returncode == 0, done.stderr

    def _children(self) -> Sequence[int]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                there = os.readlink(path.parent / "cwd")
                if there == str(self.data):
                    found.append(int(path.parent.name))
        return found


def _there(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Have a PostgreSQL server."""
    if programs() is None:
        pytest.skip("not run: there is no PostgreSQL here (Debian: postgresql)")
    server = Server()
    yield server
    server.close()


def use_store(home: Path, url: str) -> None:
    """Have every process of the test use the store at *url*, by the person's own settings."""
    folder = home.parent / "config" / "tiledviz"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(f'[store]\nurl = "{url}"\n')


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """Have an empty store on each engine in turn, which ``Store.open()`` opens in every process of the test."""
    if request.param == "sqlite":
        yield request.param
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.new_store()
    use_store(home, server.url(name))
    with all_closed():
        yield request.param
    server.drop(name)


@contextlib.contextmanager
def all_closed() -> Iterator[None]:
    """Close all connections that this process made meanwhile: stores that a test leaves open."""
    made: list[Any] = []

    def note(connection: Any, _record: object) -> None:
        made.append(connection)

    event.listen(Pool, "connect", note)
    try:
        yield
    finally:
        event.remove(Pool, "connect", note)
        for connection in made:
            connection.close()
