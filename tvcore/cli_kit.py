"""What the verbs of the command line share: options, the store, and how a document is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from tvcore import api
from tvcore.errors import UsageError
from tvcore.store import Store

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a parameter of the case, or a setting of its job (`tiledviz config show` lists them), as nodes=2.",
)
tiles_option = click.option("--tiles", type=int, metavar="N", help="Show the first N members.")


@contextmanager
def opened_store() -> Iterator[Store]:
    """Open the person's store for one verb."""
    store = Store.open()
    try:
        yield store
    finally:
        store.close()


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


def matching(store: Store, query: str) -> list[dict[str, Any]]:
    """Return the tiles that *query* matches. Raises UsageError that says where the query is wrong."""
    from tvcore.ensemble.query import QueryError

    try:
        return api.tiles(store, query)
    except QueryError as error:
        raise UsageError(f"{error}, at character {error.position + 1} of {query!r}") from error
