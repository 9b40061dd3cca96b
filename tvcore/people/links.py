"""The links by which one chooses a password, or shows that a mail address is one's own; good once, for a while.

The secret stands behind the ``#`` of an address, where no server and no log sees it.
"""

from __future__ import annotations

from typing import Any

from tvcore.errors import TiledVizError
from tvcore.people import mail, passwords
from tvcore.people.accounts import NoSuchThingError, after_verified, checked_mail, newcomer, prove, typed_name
from tvcore.settings import PortalSettings
from tvcore.store import Store
from tvcore.store.accounts import ACCOUNTS, ACTIVE, DEACTIVATED

RESET_SECONDS = 24 * 3600.0
VERIFY_SECONDS = 7 * 24 * 3600.0
MAILED_RESET_SECONDS = 3600.0


def make_reset(store: Store, person: int, totp_off: bool = False) -> dict[str, Any]:
    """Return a ``secret`` with which *person* chooses a password, and when it ``expires``.

    With *totp_off* their authenticator is taken off at once. Raises NoSuchThingError for who has no account here.
    """
    found = store.accounts.person(person)
    if found["way"] != ACCOUNTS:
        raise NoSuchThingError(f"{found['name']} comes in by {found['way']}, and has no password here")
    if found["state"] == DEACTIVATED:
        raise NoSuchThingError(f"{found['name']} is deactivated: activate them first")
    if totp_off and found["password"]:
        store.accounts.set_totp(person, None)
    secret, expires = store.accounts.add_link(person, "reset", RESET_SECONDS)
    return {"name": found["name"], "secret": secret, "expires": expires}


def reset(store: Store, secret: str, password: str) -> str:
    """Have the person of the link have *password*, and all their logins end; return their name.

    Raises UsageError for a password that cannot be one, with which the link stays good; NoSuchThingError for a link
    that was used, or is too old.
    """
    found = store.accounts.link(secret, "reset")
    if found is None:
        raise _void()
    passwords.check(password, (found["name"], found["display"], found["mail"]))
    if not store.accounts.reset_password(secret, passwords.hashed(password)):
        raise _void()
    name: str = found["name"]
    return name


def verify(store: Store, settings: PortalSettings, secret: str) -> dict[str, Any]:
    """Note that the mail address to which the link was sent is its person's; return them."""
    used = store.accounts.use_link(secret, "verify")
    if used is None or used[1] is None:
        raise _void()
    store.accounts.verified(used[0], used[1], after_verified(settings), newcomer(settings))
    return store.accounts.person(used[0])


def send_verify(store: Store, settings: PortalSettings, person: int, address: str, url: str) -> None:
    """Send *person* a link to show that the mail *address* is theirs, to the portal at *url*."""
    secret, _ = store.accounts.add_link(person, "verify", VERIFY_SECONDS, address)
    text = (
        f"Somebody, you we hope, gave this address for an account of TiledViz at {url}\n\n"
        f"Open this to say that it is yours:\n\n{url}#verify={secret}\n\n"
        "If it was not you, do nothing.\n"
    )
    mail.send(settings.mail, address, "Your address, for TiledViz", text)


def change_mail(store: Store, settings: PortalSettings, person: int, address: str, password: str, url: str) -> bool:
    """Have *person* have another mail address; return whether a link was sent, which makes it count.

    Where no mail is sent it counts at once, for administrators to read. An empty one is none.
    """
    prove(store, person, password)
    wanted = checked_mail(address)
    if wanted is None or not settings.mail.server:
        store.accounts.set_mail(person, wanted)
        return False
    send_verify(store, settings, person, wanted, url)
    return True


def forgot(store: Store, settings: PortalSettings, name: str, url: str) -> None:
    """Send a link to choose a password to who has the account *name*, or this mail address, if there is somebody.

    Whoever asked is told nothing of that, by time neither: nobody waits for this.
    """
    if not settings.mail.server:
        raise NoSuchThingError("no mail is sent here: an administrator makes you a link")
    asked = typed_name(name)
    if "@" in asked:
        found = store.accounts.of_mail(asked)
    else:
        there = store.accounts.find(asked)
        found = [there] if there else []
    for person in found:
        if person["state"] == ACTIVE and person["verified"] and person["mail"]:
            secret, _ = store.accounts.add_link(person["id"], "reset", MAILED_RESET_SECONDS)
            text = (
                f"Somebody, you we hope, asked for a new password of the account {person['name']} of TiledViz at "
                f"{url}\n\nOpen this within an hour to choose one:\n\n{url}#reset={secret}\n\n"
                "If it was not you, do nothing: the password of before stays.\n"
            )
            mail.send(settings.mail, person["mail"], "A new password for TiledViz", text)


def _void() -> TiledVizError:
    return NoSuchThingError("this link was used already, or is too old: ask for a new one")
