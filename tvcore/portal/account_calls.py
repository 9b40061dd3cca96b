"""What the portal's worker processes do about accounts and API tokens (``tvcore.portal.calls`` has the rest).

What is refused comes back as ``refused``, with the status and the line that tell it (``asking.answered``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from tvcore import config
from tvcore.errors import TiledVizError, UsageError
from tvcore.people import accounts, links, tokens
from tvcore.portal import instance
from tvcore.portal.opened import opened_store


def _telling(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def told(**arguments: Any) -> Any:
        try:
            return function(**arguments)
        except accounts.WrongPasswordError as error:
            return {"refused": {"status": 403, "error": str(error)}}
        except UsageError as error:
            return {"refused": {"status": 400, "error": str(error)}}
        except TiledVizError as error:
            return {"refused": {"status": 409, "error": str(error)}}

    return told


def _portal() -> Any:
    return config.load().settings.portal


def _url() -> str:
    found = instance.running()
    if found is None:
        raise TiledVizError("the portal does not know its own address now: try again in a moment")
    return found.url


def register_account(name: str, password: str, display: str, mail: str) -> Any:
    """Make an account for a stranger, and send a link where that is to be; return the person."""
    settings = _portal()
    person = accounts.register(opened_store(), settings, name, password, display, mail)
    if person["state"] == "unverified":
        try:
            links.send_verify(opened_store(), settings, person["id"], person["mail"], _url())
        except TiledVizError:
            # Else the name would be taken by nobody.
            opened_store().accounts.forget_unverified(time.time() + 1, person["id"])
            raise
    return person


def verify_account(secret: str) -> Any:
    """Note that the link's mail address is its person's; return them."""
    return links.verify(opened_store(), _portal(), secret)


def forgot_password(name: str) -> Any:
    """Send a link to choose a password, if there is somebody of this name or address."""
    links.forgot(opened_store(), _portal(), name, _url())
    return {}


def reset_password(secret: str, password: str) -> Any:
    """Have the person of the link have *password*; return their name."""
    return {"name": links.reset(opened_store(), secret, password)}


def read_account(person: int) -> Any:
    """Return the person."""
    return opened_store().accounts.person(person)


def change_display(person: int, display: str) -> Any:
    """Have others read *display*; return the person."""
    return accounts.change_display(opened_store(), person, display)


def change_password(person: int, old: str, new: str, keep: list[str]) -> Any:
    """Have another password; all logins but that of the page *keep* end."""
    accounts.change_password(opened_store(), person, old, new, (keep[0], keep[1]))
    return {}


def change_mail(person: int, mail: str, password: str) -> Any:
    """Have another mail address; return whether a link was sent."""
    settings = _portal()
    url = _url() if settings.mail.server else ""
    return {"sent": links.change_mail(opened_store(), settings, person, mail, password, url)}


def begin_totp(person: int, password: str, place: str) -> Any:
    """Return a new secret for an authenticator."""
    return accounts.begin_totp(opened_store(), person, password, place)


def confirm_totp(person: int, code: str) -> Any:
    """Have codes be asked for; return recovery codes."""
    return {"recovery": accounts.confirm_totp(opened_store(), person, code)}


def end_totp(person: int, password: str) -> Any:
    """Have no codes be asked for."""
    accounts.end_totp(opened_store(), person, password)
    return {}


def new_recovery(person: int, password: str) -> Any:
    """Return new recovery codes."""
    return {"recovery": accounts.new_recovery(opened_store(), person, password)}


def end_logins(person: int) -> Any:
    """End all logins of *person*."""
    opened_store().accounts.end_logins(person)
    return {}


def list_accounts() -> Any:
    """Return all people but guests."""
    return opened_store().accounts.people()


def make_account(name: str, display: str, mail: str) -> Any:
    """Make an account, and a link by which its person chooses a password."""
    made = accounts.make(opened_store(), name, display, mail, accounts.newcomer(_portal()))
    link = links.make_reset(opened_store(), made["id"])
    return {"account": made, "secret": link["secret"], "expires": link["expires"]}


def activate_account(person: int) -> Any:
    """Let *person* in."""
    return accounts.activate(opened_store(), person)


def deactivate_account(person: int) -> Any:
    """Keep *person* out."""
    return accounts.deactivate(opened_store(), person)


def set_administrator(person: int, administrator: bool) -> Any:
    """Have *person* be an administrator, or not."""
    return accounts.set_administrator(opened_store(), person, administrator)


def reset_link(person: int, totp: bool) -> Any:
    """Return a link by which *person* chooses a password."""
    return links.make_reset(opened_store(), person, totp)


def list_tokens(person: int) -> Any:
    """Return the API tokens of *person*."""
    return tokens.mine(opened_store(), person)


def new_token(person: int, name: str, rights: list[str], session: str | None, days: int) -> Any:
    """Return a new API token."""
    return tokens.new(opened_store(), person, name, rights, session, days)


def revoke_token(person: int, token: int) -> Any:
    """Make an API token good for nothing."""
    return tokens.revoke(opened_store(), person, token)


ACCOUNT_FUNCTIONS = {
    function.__name__: _telling(function)
    for function in (
        register_account, verify_account, forgot_password, reset_password, read_account, change_display,
        change_password, change_mail, begin_totp, confirm_totp, end_totp, new_recovery, end_logins, list_accounts,
        make_account, activate_account, deactivate_account, set_administrator, reset_link, list_tokens, new_token,
        revoke_token,
    )
}  # fmt: skip
