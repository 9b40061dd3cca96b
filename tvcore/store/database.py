"""Opening the store's database and bringing it to today's tables."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from tvcore import paths
from tvcore.errors import TiledVizError

BUSY_SECONDS = 20
HEAD = "0008"  # the last of the migrations


def default_url() -> str:
    """Return the address of the person's own SQLite file."""
    return f"sqlite:///{paths.state_dir() / 'store.sqlite'}"


def open_engine(url: str) -> Engine:
    """Return an engine on *url* whose tables are today's; SQLite is put into WAL mode.

    Raises TiledVizError when the database cannot be opened, is not ours, or is of a later release; so does the
    engine when the database cannot be used for the moment.
    """
    try:
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS} if url.startswith("sqlite") else {})
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise TiledVizError(f"the store's address is not one of a database: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with _one_at_a_time(engine):
            _migrate(engine)
    except DatabaseError as error:
        raise TiledVizError(
            f"the store {engine.url.render_as_string()} cannot be opened ({_line(error.orig)}): "
            "move it away to begin with an empty one"
        ) from error
    event.listen(engine, "handle_error", _told)
    return engine


def _told(context: ExceptionContext) -> TiledVizError | None:
    """Return what to raise instead of a failure that is none of ours: the store is locked, full or away."""
    if not isinstance(context.sqlalchemy_exception, OperationalError):
        return None
    return TiledVizError(f"the store cannot be used now ({_line(context.original_exception)}): try again")


def _line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0]


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: two of them wait for each other instead of failing half-way.
    reads = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextlib.contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """Let one process migrate at a time, and keep the file of a SQLite store to its owner."""
    database = make_url(str(engine.url)).database
    if engine.dialect.name != "sqlite" or not database or database == ":memory:":
        yield
        return
    path = Path(database)
    paths.secure_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        # Never opened once it is there: to close it would drop the locks of all this process's connections to it
        # (https://www.sqlite.org/howtocorrupt.html, 2.2), and another process would take the last of them for gone.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    lock = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go by the kernel when its holder dies
        yield
    finally:
        os.close(lock)


def _migrate(engine: Engine) -> None:
    # What only reads waits for no writer.
    with engine.connect().execution_options(read_only=True) as connection:
        known = inspect(connection).has_table("alembic_version")
        if known and connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD:
            return
    # Alembic takes longer to import than all else here, and is needed once a release.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, HEAD)
        except CommandError as error:
            raise TiledVizError(
                f"the store {engine.url.render_as_string()} was written by a later TiledViz: use that release, "
                "or move the store away"
            ) from error
