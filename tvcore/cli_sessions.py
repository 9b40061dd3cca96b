"""``tiledviz session list|new|rename|copy|archive|delete|show|hide``: the sessions there are."""

from __future__ import annotations

from typing import Any

import click

from tvcore.cli_kit import as_json, opened_store, project_id, project_option, really, show, yes_option
from tvcore.cli_place import in_session
from tvcore.cli_session import session
from tvcore.people import sessions
from tvcore.people.by import here
from tvcore.terminal import printable, table, when

__all__ = ["session"]

session_argument = click.argument("session")
off_option = click.option("--off", is_flag=True, help="Have it back.")


@session.command(name="list")
@click.argument("query", default="")
@click.option("--archived", is_flag=True, help="Those that were put away.")
@click.option("--all", "all_", is_flag=True, help="Those that were put away too.")
@as_json
def list_(query: str, archived: bool, all_: bool, as_json: bool) -> None:
    """List the sessions with QUERY in their title or their project's name; all without one."""
    wanted: sessions.Archived = "all" if all_ else "yes" if archived else "no"
    with opened_store() as store:
        found = sessions.sessions(store, query=query, archived=wanted)
    rows = [
        (printable(each["title"]), each["key"], printable(each["project_name"]), each["tiles"], when(each["changed"]),
         "archived" if each["archived"] else "")
        for each in found
    ]  # fmt: skip
    header = ("session", "key", "project", "tiles", "changed", "")
    show(found, as_json, lambda: table(header, rows) if rows else "No such session: `tiledviz session new` makes one.")


@session.command(name="new")
@click.argument("title")
@project_option
@as_json
def new(title: str, project: str | None, as_json: bool) -> None:
    """Make a session called TITLE."""
    with opened_store() as store:
        found = sessions.new_session(store, here(store), project_id(store, project) or store.projects.first(), title)
    show(found, as_json, lambda: _made(found))


def _made(found: dict[str, Any]) -> str:
    return f"{printable(found['title'])} is {found['key']}: `tiledviz launch CASE --session {found['key']}` feeds it."


@session.command()
@session_argument
@click.argument("title")
@as_json
def rename(session: str, title: str, as_json: bool) -> None:
    """Call SESSION TITLE; its key stays."""
    with in_session(session) as (store, by, key):
        found = sessions.rename_session(store, by, key, title)
    show(found, as_json, lambda: f"{found['key']} is called {printable(found['title'])} now.")


@session.command()
@session_argument
@click.argument("title")
@as_json
def copy(session: str, title: str, as_json: bool) -> None:
    """Make a session TITLE with the tiles of SESSION and what people made of them, but for its versions."""
    with in_session(session) as (store, by, key):
        found = sessions.copy_session(store, by, key, title)
    show(found, as_json, lambda: _made(found))


@session.command()
@session_argument
@off_option
@as_json
def archive(session: str, off: bool, as_json: bool) -> None:
    """Put SESSION away: it is there as before, and listed apart."""
    with in_session(session) as (store, by, key):
        found = sessions.archive_session(store, by, key, not off)
    show(found, as_json, lambda: f"{printable(found['title'])} is {'back' if off else 'put away'}.")


@session.command(name="show")
@session_argument
@click.argument("job")
@as_json
def show_(session: str, job: str, as_json: bool) -> None:
    """Show in SESSION the tiles of JOB too, which was launched for another one of the project."""
    with in_session(session) as (store, by, key):
        found = sessions.show_job(store, by, key, job)
    show(found, as_json, lambda: f"{printable(found['title'])} shows {found['tiles']} tiles.")


@session.command()
@session_argument
@click.argument("job")
@as_json
def hide(session: str, job: str, as_json: bool) -> None:
    """Show in SESSION the tiles of JOB no more, which was launched for another one."""
    with in_session(session) as (store, by, key):
        found = sessions.hide_job(store, by, key, job)
    show(found, as_json, lambda: f"{printable(found['title'])} shows {found['tiles']} tiles.")


@session.command()
@session_argument
@yes_option
@as_json
def delete(session: str, yes: bool, as_json: bool) -> None:
    """Delete SESSION with its tiles and all that people made of them; never while one of its jobs runs."""
    with in_session(session) as (store, by, key):
        there = sessions.session(store, by, key)
        really(f"{printable(there['title'])} goes with {sessions.lost_line(there['loses'])}.", yes)
        found = sessions.delete_session(store, by, key)
    lost = sessions.lost_line(found["lost"])
    show(found, as_json, lambda: f"{printable(found['title'])} is deleted, with {lost}.")
