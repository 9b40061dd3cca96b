"""The routes for one's own account: to get one, to change it, to have it back."""

from __future__ import annotations

import logging
from typing import Any

import gevent

from tvcore.errors import TiledVizError
from tvcore.people.accounts import typed_name
from tvcore.portal import account_messages as messages
from tvcore.portal.asking import CHANGE_SECONDS, READ_SECONDS, answered
from tvcore.portal.auth import digest
from tvcore.portal.guarding import trying
from tvcore.portal.messages import Nothing, NothingAnswer
from tvcore.portal.qr import rows_of
from tvcore.portal.route import ApiError, Call, Route
from tvcore.store.accounts import ACCOUNTS

MAIL_SECONDS = 120.0

log = logging.getLogger(__name__)


# --------------------------------------------------------------------- strangers


def register(call: Call) -> Any:
    """Make an account."""
    asked = call.body
    with trying(call, "register") as attempt:
        found = answered(
            call.portal.mailing.call(
                "register_account", MAIL_SECONDS, name=asked.name, password=asked.password, display=asked.display,
                mail=asked.mail,
            )
        )  # fmt: skip
        attempt.right = False  # the next one waits: nobody needs many
    call.portal.access_changed()
    return {"state": found["state"]}


def verify(call: Call) -> Any:
    """Take a link that was sent by mail."""
    found = _by_link(call, "verify_account")
    return {"name": found["name"], "state": found["state"]}


def reset(call: Call) -> Any:
    """Choose a password by a link."""
    return _by_link(call, "reset_password", password=call.body.password)


def _by_link(call: Call, name: str, /, **arguments: Any) -> Any:
    with trying(call, digest(call.body.secret)) as attempt:
        said = call.portal.checks.call(name, CHANGE_SECONDS, secret=call.body.secret, **arguments)
        attempt.right = False if said.get("refused", {}).get("status") == 409 else None
        found = answered(said)
    call.portal.access_changed()
    return found


def forgot(call: Call) -> Any:
    """Send a link, if there is somebody to send it to; nobody waits to see that."""
    if not call.portal.login_ways.ask()["mail"]:
        raise ApiError(409, "no mail is sent here: an administrator of this portal makes you a link")
    with trying(call, f"forgot {typed_name(call.body.name)}") as attempt:
        attempt.right = False
        gevent.spawn(_send, call, call.body.name)
    return {}


def _send(call: Call, name: str) -> None:
    try:
        said = call.portal.mailing.call("forgot_password", MAIL_SECONDS, name=name)
        if refused := said.get("refused"):
            log.warning("a link for a new password was not sent: %s", refused["error"])
    except TiledVizError as error:
        log.warning("a link for a new password was not sent: %s", error)


# ----------------------------------------------------------------------- oneself


def in_page(call: Call) -> int:
    """Return the id of who calls. Raises ApiError for a program: an API token neither reads nor changes an account."""
    if call.login.who.token is not None:
        raise ApiError(403, "an API token is for no accounts or tokens, nor who is in a project: log in for that")
    return call.login.who.id


def read(call: Call) -> Any:
    """Return the account."""
    return call.portal.do("read_account", READ_SECONDS, person=in_page(call))


def display(call: Call) -> Any:
    """Have others read another name."""
    found = _change(call, "change_display", display=call.body.display)
    call.portal.access_changed()
    return found


def password(call: Call) -> Any:
    """Have another password; other logins end."""
    page = [call.login.id, call.login.page]
    _proven(call, "change_password", old=call.body.old, new=call.body.new, keep=page)
    call.portal.access_changed()
    return {}


def mail(call: Call) -> Any:
    """Have another mail address."""
    return _proven(call, "change_mail", mail=call.body.mail, password=call.body.password)


def totp_setup(call: Call) -> Any:
    """Begin to set an authenticator up."""
    place = call.headers.get("HTTP_HOST", "").partition(":")[0][:80]
    found = _proven(call, "begin_totp", password=call.body.password, place=place)
    return {**found, "rows": rows_of.__wrapped__(found["address"])}  # not kept: a secret is in it


def totp_confirm(call: Call) -> Any:
    """Have codes be asked for from now on."""
    return _proven(call, "confirm_totp", code=call.body.code)


def totp_off(call: Call) -> Any:
    """Have no codes be asked for any more."""
    return _proven(call, "end_totp", password=call.body.password)


def recovery(call: Call) -> Any:
    """Have new recovery codes."""
    return _proven(call, "new_recovery", password=call.body.password)


def logout_everywhere(call: Call) -> Any:
    """End all logins of who calls, this one too."""
    _change(call, "end_logins")
    call.portal.access_changed()
    call.answer_headers["Set-Cookie"] = call.portal.logins.jar.given(call.headers, "", 0)
    return {}


def _change(call: Call, name: str, /, **arguments: Any) -> Any:
    return answered(call.portal.do(name, CHANGE_SECONDS, person=in_page(call), **arguments))


def _proven(call: Call, name: str, /, **arguments: Any) -> Any:
    """Do what needs a password or code: one that is wrong counts as at a login."""
    in_page(call)
    with trying(call, f"{ACCOUNTS} {typed_name(call.login.who.name)}") as attempt:
        said = call.portal.do(name, MAIL_SECONDS, person=call.login.who.id, **arguments)
        attempt.right = False if said.get("refused", {}).get("status") == 403 else None
        return answered(said)


def _own(path: str, summary: str, handle: Any, answer: Any, body: Any, audit: str) -> Route:
    return Route("POST", f"/account/{path}", summary, handle, answer, body=body, about="person", audit=audit)


ACCOUNT_ROUTES: tuple[Route, ...] = (
    Route(
        "POST", "/account/register", "Make an account, where one may. 409: nobody may here", register,
        messages.RegisterAnswer, body=messages.Register, access="open", audit="account register", kept=("name",),
    ),
    Route(
        "POST", "/account/verify", "Show that a mail address is one's own. 409: the link is void", verify,
        messages.VerifyAnswer, body=messages.OneSecret, access="open", audit="account verify",
    ),
    Route(
        "POST", "/account/forgot", "Ask for a link by mail; the answer is the same whether there is such an account",
        forgot, NothingAnswer, body=messages.Forgot, access="open", audit="account forgot",
    ),
    Route(
        "POST", "/account/reset", "Choose a password by a link. 400: not this one; 409: the link is void", reset,
        messages.ResetAnswer, body=messages.Reset, access="open", audit="account reset",
    ),
    Route("GET", "/account", "One's own account", read, messages.Account, about="person"),
    _own("display", "Have others read another name", display, messages.Account, messages.Display, "account display"),
    _own(
        "password", "Change the password; other logins end. 403: the old one is not right", password, NothingAnswer,
        messages.NewPassword, "account password",
    ),
    _own("mail", "Change the mail address", mail, messages.MailAnswer, messages.NewMail, "account mail"),
    _own(
        "totp/setup", "Begin to set an authenticator up", totp_setup, messages.TotpAnswer, messages.Proof,
        "account totp setup",
    ),
    _own(
        "totp/confirm", "Have codes of the authenticator be asked for", totp_confirm, messages.RecoveryAnswer,
        messages.OneCode, "account totp on",
    ),
    _own(
        "totp/off", "Have no codes be asked for any more", totp_off, NothingAnswer, messages.Proof, "account totp off",
    ),
    _own(
        "totp/recovery", "Have new recovery codes; those of before are void", recovery, messages.RecoveryAnswer,
        messages.Proof, "account recovery codes",
    ),
    _own(
        "logout-everywhere", "End all one's logins, this one too", logout_everywhere, NothingAnswer, Nothing,
        "logout everywhere",
    ),
)  # fmt: skip
