"""What the verbs of the command line share: options, the store, and how a document is printed."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from tvcore import api
from tvcore.errors import TiledVizError, UsageError
from tvcore.session import SESSION
from tvcore.store import Store

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a parameter of the case, or a setting of its job (`tiledviz config show` lists them), as nodes=2.",
)
session_option = click.option(
    "--session", envvar="TILEDVIZ_SESSION", metavar="TITLE", help="Title or key of a session [default: the first one]"
)
project_option = click.option("--project", metavar="NAME", help="A project [default: the first one]")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
tiles_option = click.option("--tiles", type=int, metavar="N", help="Show the first N members.")


@contextlib.contextmanager
def opened_store() -> Iterator[Store]:
    """Open the person's store for one verb."""
    store = Store.open()
    try:
        yield store
    finally:
        store.close()


def session_key(store: Store, named: str | None) -> str:
    """Return the key of the session *named*, None: the first one. Raises UsageError."""
    return store.sessions.find(named) if named else SESSION


def project_id(store: Store, named: str | None) -> int | None:
    """Return the id of the project *named*, None of the first one. Raises UsageError."""
    return store.projects.find(named) if named else None


def really(what: str, yes: bool) -> None:
    """Have a person agree to *what*, unless they did with --yes. Raises UsageError where there is nobody to ask."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what} Say --yes to do it")
    click.confirm(f"{what} Do it?", abort=True, err=True)


def show(document: Any, as_json: bool, text: Callable[[], str]) -> None:
    """Print *document* as JSON, or *text* for people."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False) if as_json else text())


def tell_notices(store: Store) -> None:
    """Say on standard error what is away, so that what is shown may be old."""
    for notice in api.notices(store):
        click.echo(f"tiledviz: {notice}", err=True)


def parse_settings(settings: tuple[str, ...]) -> dict[str, object]:
    """Return ``KEY=VALUE`` settings as a dictionary. Raises UsageError for one that is not of that form."""
    found: dict[str, object] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {setting}: write it as KEY=VALUE")
        if key in found:
            raise UsageError(f"--set {key} is given twice: keep one")
        found[key] = value
    return found


def matching(store: Store, query: str, sort: Sequence[str] = (), session: str | None = None) -> list[dict[str, Any]]:
    """Return the tiles that *query* matches (``api.tiles``). Raises UsageError that points at what is wrong in it."""
    with query_error(query):
        return api.tiles(store, query, sort, session)


@contextlib.contextmanager
def query_error(query: str) -> Iterator[None]:
    """Turn what is wrong with *query* into a UsageError: one line, and for people a caret below its character."""
    from tvcore.ensemble.query import QueryError

    try:
        yield
    except QueryError as error:
        where = f"{error}, at character {error.position + 1} of {query!r}"
        if sys.stderr.isatty():  # other programs get one line
            where += caret(query, error.position)
        raise UsageError(where) from error


def caret(query: str, position: int) -> str:
    """Return lines that point at a *position* of *query*; none where its letters may differ in width."""
    return f"\n  {query}\n  {' ' * position}^" if query.isprintable() and query.isascii() else ""


def save_file(chunks: Iterable[bytes], target: Path) -> int:
    """Write *chunks* to *target*, whole or not at all; return how many bytes they were."""
    if target.exists() and not target.is_file():
        raise UsageError(f"{target} is no file: name one, or `-` for standard output")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:50]}.", dir=target.parent)
    except OSError as error:
        raise TiledVizError(f"cannot write into the folder {target.parent}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as written:
            size = sum(written.write(chunk) for chunk in chunks)
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(written.fileno(), 0o666 & ~umask)
        Path(name).replace(target)
    except OSError as error:
        raise TiledVizError(f"cannot write {target}: {error.strerror}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    return size
