"""The routes for invitations: made, listed, revoked, accepted; and the code by which a phone takes one."""

from __future__ import annotations

from typing import Any

from tvcore.portal import invitation_messages as messages
from tvcore.portal.asking import CHANGE_SECONDS, READ_SECONDS, answered, by, change
from tvcore.portal.auth import digest
from tvcore.portal.coming_in import come_in
from tvcore.portal.guarding import trying
from tvcore.portal.messages import LoginAnswer, Nothing
from tvcore.portal.qr import rows_of
from tvcore.portal.route import ApiError, Call, Route

GONE = "this invitation is not good, or not any more: ask who gave it to you for a new one"


def new(call: Call) -> Any:
    """Make one; nobody may do anything else by it until somebody accepts it."""
    wanted = call.body
    return answered(
        call.portal.do(
            "new_invitation", CHANGE_SECONDS, by=by(call.login), session=call.login.session, control=wanted.control,
            tiles=wanted.tiles, days=wanted.days, uses=wanted.uses, note=wanted.note,
        )
    )  # fmt: skip


def list_(call: Call) -> Any:
    """List those to the session."""
    return call.portal.do("list_invitations", READ_SECONDS, session=call.login.session)


def revoke(call: Call) -> Any:
    """Make one good for nothing: who came by it is out at once."""
    return change(call, "revoke_invitation", session=call.login.session, invitation=call.path["invitation"])


def accept(call: Call) -> Any:
    """Let a guest in: by a secret, with a name that none who is here has."""
    here = sorted({login.who.id for login in call.portal.sockets.logins() if login.who.guest})
    with trying(call, f"invitation {digest(call.body.secret)}") as attempt:
        found = answered(
            call.portal.checks.call(
                "accept_invitation", CHANGE_SECONDS, secret=call.body.secret, name=call.body.name, here=here
            )
        )  # fmt: skip
        made = None if found["guest"] is None else call.portal.logins.let_in(found["guest"], call.headers)
        attempt.right = made is not None
    if made is None:
        raise ApiError(401, GONE)
    return come_in(call, *made)


def qr(call: Call) -> Any:
    """Return the code of a text: by POST, as an address has no secrets in it."""
    return {"rows": rows_of(call.body.text)}


INVITATION_ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/invitations", "The invitations to the session", list_, messages.Invitations, right="manage",
    ),
    Route(
        "POST", "/invitations", "Invite to the session, or to tiles of it: the secret is told this once", new,
        messages.MadeInvitation, body=messages.NewInvitation, right="manage", audit="invitation new",
        kept=("control", "tiles", "days", "uses", "note"),
    ),
    Route(
        "POST", "/invitations/{invitation}/revoke", "Make an invitation good for nothing; its guests are out at once",
        revoke, messages.Invitation, body=Nothing, right="manage", audit="invitation revoke",
    ),
    Route(
        "POST", "/invitations/accept", "Come in by an invitation, with a name", accept, LoginAnswer,
        body=messages.Accept, access="open", audit="invitation accept", kept=("name",),
    ),
    Route(
        "POST", "/qr", "The code of a text, for a phone's camera", qr, messages.QrRows, body=messages.QrText,
        about="person", guests=True,
    ),
)  # fmt: skip
