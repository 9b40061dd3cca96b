"""The routes by which administrators of the portal see to its people."""

from __future__ import annotations

from typing import Any

from tvcore.portal import account_messages as messages
from tvcore.portal.asking import CHANGE_SECONDS, READ_SECONDS, answered
from tvcore.portal.messages import Nothing
from tvcore.portal.route import Call, Route


def people(call: Call) -> Any:
    """Return all people but guests."""
    return call.portal.do("list_accounts", READ_SECONDS)


def make(call: Call) -> Any:
    """Make an account."""
    asked = call.body
    found = answered(
        call.portal.do("make_account", CHANGE_SECONDS, name=asked.name, display=asked.display, mail=asked.mail)
    )
    call.portal.access_changed()
    return found


def activate(call: Call) -> Any:
    """Let somebody in."""
    return _change(call, "activate_account")


def deactivate(call: Call) -> Any:
    """Keep somebody out."""
    return _change(call, "deactivate_account")


def administrator(call: Call) -> Any:
    """Make somebody an administrator, or not any more."""
    return _change(call, "set_administrator", administrator=call.body.administrator)


def reset(call: Call) -> Any:
    """Make a link by which somebody chooses a password."""
    return _change(call, "reset_link", totp=call.body.totp)


def _change(call: Call, name: str, /, **arguments: Any) -> Any:
    found = answered(call.portal.do(name, CHANGE_SECONDS, person=call.path["person"], **arguments))
    call.portal.access_changed()
    return found


def _one(verb: str, summary: str, handle: Any, body: Any = Nothing, **more: Any) -> Route:
    more = {"answer": messages.ManagedAccount} | more
    return Route(
        "POST", f"/accounts/{{person}}/{verb}", summary, handle, body=body, about="portal", audit=f"account {verb}",
        **more,
    )  # fmt: skip


PEOPLE_ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/accounts", "The portal's people, without guests", people, messages.ManagedAccount, many=True,
        about="portal",
    ),
    Route(
        "POST", "/accounts", "Make an account: the link to choose its password is told this once", make,
        messages.NewAccountAnswer, body=messages.NewAccount, about="portal", audit="account new", kept=("name",),
    ),
    _one("approve", "Let in somebody who waits for it", activate),
    _one("activate", "Let in again somebody who was deactivated", activate),
    _one("deactivate", "Keep somebody out: logins and API tokens end. 409: the last administrator", deactivate),
    _one(
        "administrator", "Make somebody an administrator of the portal, or not any more. 409: the last one",
        administrator, messages.Administrator, kept=("administrator",),
    ),
    _one(
        "reset", "Make a link by which somebody chooses a password, good once, for a day", reset, messages.ResetLink,
        answer=messages.ResetLinkAnswer, kept=("totp",),
    ),
)  # fmt: skip
