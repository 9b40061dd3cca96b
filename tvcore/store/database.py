"""Opening the store's database and bringing it to today's tables."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, OperationalError

from tvcore import paths
from tvcore.errors import TiledVizError
from tvcore.store.address import Address

BUSY_SECONDS = 20
CONNECT_SECONDS = 10
PROGRAM, PORTAL = "tiledviz", "tiledviz portal"
HEAD = "0011"  # the last of the migrations
# One writer at a time, as with SQLite: what is read in a transaction that writes holds until its end on both engines.
# The server lets go of the lock when its holder dies, or is silent for too long in the middle of a transaction.
_WRITER = "SELECT pg_advisory_xact_lock(1414945380, hashtext(current_schema()))"
_SILENT_SECONDS = 120


def open_engine(address: Address, migrate: bool = True, program: str = PROGRAM) -> Engine:
    """Return an engine on *address* whose tables are today's; SQLite is put into WAL mode.

    *program* is what a server hears of who asks. Raises TiledVizError when the database cannot be opened, is not ours,
    or is of a later release; so does the engine when the database cannot be used for the moment. Without *migrate* the
    tables are left as they are.
    """
    engine = _postgresql(address, program) if address.url.get_backend_name() == "postgresql" else _sqlite(address)
    try:
        with _one_at_a_time(address):
            if migrate:
                _migrate(engine, address)
            else:
                schema_of(engine)
    except DatabaseError as error:
        engine.dispose()
        raise TiledVizError(_unopened(address, error)) from error
    except TiledVizError:
        engine.dispose()
        raise
    event.listen(engine, "handle_error", _told)
    return engine


def reading(engine: Engine) -> Engine:
    """Return *engine* for what only reads: it waits for no writer, and sees one state from its beginning to its end."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(read_only=True)
    return engine.execution_options(read_only=True, isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _unopened(address: Address, error: DatabaseError) -> str:
    what = f"the store {address} cannot be opened ({_line(error.orig)})"
    if address.file is not None:
        return f"{what}: move it away to begin with an empty one"
    return f"{what}: see that the server runs and lets you in, or mend store.url in your settings"


def _told(context: ExceptionContext) -> TiledVizError | None:
    """Return what to raise instead of a failure that is none of ours: the store is locked, full or away."""
    if context.is_pre_ping or not isinstance(context.sqlalchemy_exception, OperationalError):
        return None  # a connection that is found dead before it is used is made anew
    return TiledVizError(f"the store cannot be used now ({_line(context.original_exception)}): try again")


def _line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0]


# ---------------------------------------------------------------------- engines


def _sqlite(address: Address) -> Engine:
    engine = create_engine(address.url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: two of them wait for each other instead of failing half-way.
    reads = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _postgresql(address: Address, program: str) -> Engine:
    try:
        import psycopg  # noqa: F401 - an extra: not everybody has it
    except ImportError as error:
        raise TiledVizError(
            f"the store {address} needs the driver psycopg, which is not here: pip install 'tiledviz[postgres]'"
        ) from error
    options = {
        "lock_timeout": BUSY_SECONDS * 1000,
        "idle_in_transaction_session_timeout": _SILENT_SECONDS * 1000,
        "tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3,
        "timezone": "UTC",
    }  # fmt: skip
    arguments: dict[str, object] = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": program,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        "client_encoding": "utf8",
        # Prepared statements would be lost behind a pooler.
        "prepare_threshold": None,
    }
    if address.password is not None:
        arguments["password"] = address.password
    # One that the server ended meanwhile, as when it was started again, is replaced before it is used.
    engine = create_engine(address.url, connect_args=arguments, pool_pre_ping=True)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("read_only"):
        connection.exec_driver_sql(_WRITER)


# -------------------------------------------------------------------- migrations


@contextlib.contextmanager
def _one_at_a_time(address: Address) -> Iterator[None]:
    """Let one process migrate at a time, and keep the file of a SQLite store to its owner."""
    path = address.file
    if path is None:
        yield
        return
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


def schema_of(engine: Engine) -> str | None:
    """Return the revision of the store's tables, None where there are none."""
    with reading(engine).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)


def _migrate(engine: Engine, address: Address) -> None:
    # What only reads waits for no writer.
    if schema_of(engine) != HEAD:
        with exclusive(engine) as connection:
            upgrade(connection, None, f"the store {address}")


@contextlib.contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """Have a transaction that changes tables. Raises TiledVizError when rows would be left that belong to none."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            driver = connection.connection.driver_connection
            assert driver is not None
            # It changes a table by making it anew, and to drop the old would cascade. Within a transaction this does
            # nothing, so it comes before.
            driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            yield connection
            if engine.dialect.name == "sqlite":
                lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if lost:
                    raise TiledVizError(f"the store has rows of {lost[0][0]} that belong to none: it is left as it was")
        connection.invalidate()  # the next one is made with foreign keys again


def upgrade(connection: Connection, revision: str | None, what: str) -> None:
    """Bring the tables to *revision*, None: to today's. Raises TiledVizError when *what* is of a later release."""
    # Alembic takes longer to import than all else here, and is needed once a release.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision or HEAD)
    except CommandError as error:
        raise TiledVizError(f"{what} was written by a later TiledViz: use that release, or move it away") from error
