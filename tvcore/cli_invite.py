"""``tiledviz invite``: links that let guests look at a session."""

from __future__ import annotations

import click

from tvcore.cli_kit import as_json, matching, opened_store, really, session_option, show, yes_option
from tvcore.cli_place import in_session
from tvcore.errors import TiledVizError, UsageError
from tvcore.people import invitations
from tvcore.people.by import here, shell
from tvcore.people.invitations import DAYS, FRAGMENT
from tvcore.portal.instance import running
from tvcore.terminal import code, printable, table, when


@click.group(name="invite")
def invite() -> None:
    """Let guests look at a session by a link, and take that back (docs/projects.md)."""


@invite.command()
@session_option
@click.option("--tiles", "query", metavar="QUERY", help="For the tiles that match alone, as they are now.")
@click.option("--control", is_flag=True, help="With keys and pointer, launches, commands and files: a shell.")
@click.option("--days", type=float, default=DAYS, show_default=True, help="For how long one can come by it.")
@click.option("--uses", type=click.IntRange(0), default=1, show_default=True, help="For how many guests; 0: any.")
@click.option("--note", default="", help="What it is for, for those who list invitations.")
@click.option("--qr", is_flag=True, help="Print the link as a code for a phone's camera too.")
@yes_option
@as_json
def new(
    session: str | None,
    query: str | None,
    control: bool,
    days: float,
    uses: int,
    note: str,
    qr: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Print a link by which guests come in. It is told this once: who has it is a guest."""
    portal = running()
    if portal is None:
        raise TiledVizError("no portal of yours is running: start one with `tiledviz up`")
    if control:
        really(f"Guests with control operate: {shell()}.", yes)
    with in_session(session) as (store, by, key):
        tiles = None if query is None else [tile["id"] for tile in matching(store, query, session=key)]
        if tiles == []:
            raise UsageError("no tile matches: `tiledviz tiles` lists those there are")
        made = invitations.new_invitation(store, by, key, control, tiles, days, uses or None, note)
    url = f"{portal.url}{FRAGMENT}{made['secret']}"
    found = made["invitation"] | {"url": url}
    show(found, as_json, lambda: f"Invitation {found['id']}: {url}{code(url) if qr else ''}")


@invite.command(name="list")
@session_option
@as_json
def list_(session: str | None, as_json: bool) -> None:
    """List the invitations to a session, the newest first."""
    with in_session(session) as (store, _, key):
        found = invitations.invitations(store, key)["invitations"]
    rows = [
        (each["id"], each["state"], "control" if each["control"] else "view",
         "all" if each["tiles"] is None else f"{len(each['tiles'])} tiles",
         f"{each['uses']} of {each['uses_max'] or 'any'}", when(each["expires"]),
         printable(", ".join(guest["display"] for guest in each["guests"])), printable(each["note"]))
        for each in found
    ]  # fmt: skip
    header = ("invitation", "state", "for", "tiles", "guests", "until", "here", "")
    empty = "No invitations: `tiledviz invite new` makes one."
    show(found, as_json, lambda: table(header, rows) if rows else empty)


@invite.command()
@click.argument("invitation", type=click.IntRange(1), required=False)
@click.option("--all", "everything", is_flag=True, help="All there are, to every session.")
@as_json
def revoke(invitation: int | None, everything: bool, as_json: bool) -> None:
    """End INVITATION, or all there are, and throw out who came by it."""
    if everything == (invitation is not None):
        raise UsageError("name one invitation, or --all: `tiledviz invite list` lists those to a session")
    out, found = 0, []
    with opened_store() as store:
        by = here(store)
        for number in store.invitations.unrevoked() if invitation is None else [invitation]:
            there = store.invitations.read(number)
            out += len(there["guests"])
            found.append(invitations.revoke_invitation(store, by, there["session"], number))
    what = f"Invitation {invitation} is" if invitation else f"{len(found)} invitation{_s(len(found))}"
    show(found if everything else found[0], as_json, lambda: f"{what} revoked; {out} guest{_s(out)} out.")


def _s(count: int) -> str:
    return "" if count == 1 else "s"
