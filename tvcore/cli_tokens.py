"""``tiledviz token``: API tokens of the portal's own person, for programs that act in their name."""

from __future__ import annotations

import time

import click

from tvcore.cli_kit import as_json, opened_store, show
from tvcore.people import tokens
from tvcore.people.by import shell
from tvcore.portal.roles import RIGHTS
from tvcore.terminal import printable, table, when


@click.group(name="token")
def token() -> None:
    """API tokens, for programs that call the portal in your name."""


@token.command()
@click.argument("name")
@click.option(
    "--right", "rights", multiple=True, type=click.Choice(list(RIGHTS)), default=("see", "read"), show_default=True,
    help="What it may do; give it more than once for several.",
)  # fmt: skip
@click.option(
    "--session", metavar="TITLE", envvar="TILEDVIZ_SESSION", help="For this session alone (its title or key)."
)
@click.option("--days", type=int, default=tokens.DAYS, show_default=True, help="For how long.")
@as_json
def new(name: str, rights: tuple[str, ...], session: str | None, days: int, as_json: bool) -> None:
    """Make an API token called NAME, and print it, this once.

    Programs show it as `Authorization: Bearer TOKEN`.
    """
    with opened_store() as store:
        key = store.sessions.find(session) if session else None
        made = tokens.new(store, store.access.owner(), name, rights, key, days)
    if "operate" in rights:
        click.echo(f"tiledviz: {shell()}", err=True)
    show(made, as_json, lambda: made["token"])


@token.command(name="list")
@as_json
def list_(as_json: bool) -> None:
    """List your API tokens; of a token itself only its hash is kept."""
    with opened_store() as store:
        found = tokens.mine(store, store.access.owner())
    now = time.time()
    rows = [
        (
            printable(f["name"]), " ".join(f["rights"]), f["session"] or "all",
            when(f["expires"]) if f["expires"] > now else "over", when(f["used"], "never"),
        )
        for f in found
    ]  # fmt: skip
    header = ("token", "rights", "session", "good until", "last used")
    show(found, as_json, lambda: table(header, rows) if rows else "No API tokens: `tiledviz token new NAME` makes one.")


@token.command()
@click.argument("name")
@as_json
def revoke(name: str, as_json: bool) -> None:
    """Make the API token NAME good for nothing, at once."""
    with opened_store() as store:
        person = store.access.owner()
        found = tokens.revoke(store, person, tokens.find(store, person, name))
    show(found, as_json, lambda: f"{printable(found['name'])} is revoked")
