"""``tiledviz account``: the people of a portal whose way in is `accounts` or another, as an administrator sees them."""

from __future__ import annotations

from typing import Any

import click

from tvcore import config
from tvcore.cli_kit import as_json, opened_store, really, show, yes_option
from tvcore.people import accounts, links
from tvcore.people.by import shell
from tvcore.portal import instance
from tvcore.terminal import printable, table, when

name_argument = click.argument("name", metavar="[WAY:]NAME")


@click.group(name="account")
def account() -> None:
    """The portal's people: make accounts, let people in, keep them out.

    Passwords are never typed here: a link, good once, lets its person choose one.
    """


@account.command(name="list")
@as_json
def list_(as_json: bool) -> None:
    """List the portal's people, without guests."""
    with opened_store() as store:
        found = store.accounts.people()
    rows = [
        (printable(f["name"]), f["way"], printable(f["display"]), f["state"], _notes(f), when(f["seen"], "never"))
        for f in found
    ]
    show(found, as_json, lambda: table(("name", "way", "shown as", "state", "", "last here"), rows))


def _notes(person: dict[str, Any]) -> str:
    said = {"administrator": person["administrator"], "authenticator": person["totp"], "mail": person["verified"]}
    return ", ".join(word for word, holds in said.items() if holds)


@account.command()
@click.argument("name")
@click.option("--display", default="", metavar="TEXT", help="What others read [default: NAME].")
@click.option("--mail", default="", metavar="ADDRESS", help="Mail address.")
@as_json
def new(name: str, display: str, mail: str, as_json: bool) -> None:
    """Make the account NAME, and print the link by which its person chooses a password."""
    with opened_store() as store:
        role = accounts.newcomer(config.load().settings.portal)
        made = accounts.make(store, name, display, mail, role)
        link = _link(links.make_reset(store, made["id"]))
    show(made | link, as_json, lambda: _say(made["name"], link))


@account.command()
@name_argument
@click.option("--totp", is_flag=True, help="Take the authenticator off too.")
@as_json
def reset(name: str, totp: bool, as_json: bool) -> None:
    """Print a link by which NAME chooses a password: good once, for a day."""
    with opened_store() as store:
        link = _link(links.make_reset(store, accounts.find(store, name)["id"], totp))
    show(link, as_json, lambda: _say(link["name"], link))


def _link(made: dict[str, Any]) -> dict[str, Any]:
    portal = instance.running()
    # Without a portal its address is not known; the part that counts is.
    address = f"{portal.url if portal else ''}#reset={made['secret']}"
    return {"name": made["name"], "url": address, "expires": made["expires"]}


def _say(name: str, link: dict[str, Any]) -> str:
    url = link["url"] if "://" in link["url"] else f"the portal's address, and behind it {link['url']}"
    return f"For {printable(name)} alone, until {when(link['expires'])}, once: {url}"


@account.command()
@name_argument
@as_json
def approve(name: str, as_json: bool) -> None:
    """Let NAME in, who waits for that or was deactivated."""
    with opened_store() as store:
        found = accounts.activate(store, accounts.find(store, name)["id"])
    _tell(found, as_json)


@account.command()
@name_argument
@as_json
def deactivate(name: str, as_json: bool) -> None:
    """Keep NAME out from now on: logins and API tokens end."""
    with opened_store() as store:
        found = accounts.deactivate(store, accounts.find(store, name)["id"])
    _tell(found, as_json)


@account.command()
@name_argument
@click.option("--off", is_flag=True, help="Take it back.")
@yes_option
@as_json
def administrator(name: str, off: bool, yes: bool, as_json: bool) -> None:
    """Make NAME an administrator of the portal, who sees to its people and makes projects."""
    if not off:
        really(f"An administrator makes projects, and operates in them: {shell()}.", yes)
    with opened_store() as store:
        found = accounts.set_administrator(store, accounts.find(store, name)["id"], not off)
    _tell(found, as_json)


def _tell(person: dict[str, Any], as_json: bool) -> None:
    notes = f", {said}" if (said := _notes(person)) else ""
    show(person, as_json, lambda: f"{printable(person['name'])} is {person['state']}{notes}")
