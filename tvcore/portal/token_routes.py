"""The routes for one's own API tokens."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from tvcore.people.tokens import DAYS, DAYS_MOST
from tvcore.portal.account_routes import in_page
from tvcore.portal.asking import CHANGE_SECONDS, READ_SECONDS, answered
from tvcore.portal.messages import Answer, Message, Nothing, NothingAnswer
from tvcore.portal.roles import Right
from tvcore.portal.route import Call, Route


class ApiToken(Answer):
    """An API token: what of one's rights it has, in one *session* by its key or in all."""

    id: int
    name: str
    rights: list[Right]
    session: str | None
    created: float
    expires: float
    used: float | None


class NewToken(Message):
    """What a new token is for, what it may, where, and for how long."""

    name: Annotated[str, Field(max_length=200)]
    rights: list[Right] = Field(min_length=1, max_length=20)
    session: str | None = Field(default=None, max_length=80)
    days: int = Field(default=DAYS, ge=1, le=DAYS_MOST)


class NewTokenAnswer(ApiToken):
    """The token itself is told this once."""

    token: str


def mine(call: Call) -> Any:
    """Return the tokens of who calls."""
    return call.portal.do("list_tokens", READ_SECONDS, person=in_page(call))


def new(call: Call) -> Any:
    """Make a token."""
    asked = call.body
    return answered(
        call.portal.do(
            "new_token", CHANGE_SECONDS, person=in_page(call), name=asked.name, rights=asked.rights,
            session=asked.session, days=asked.days,
        )
    )  # fmt: skip


def revoke(call: Call) -> Any:
    """Make a token good for nothing."""
    answered(call.portal.do("revoke_token", CHANGE_SECONDS, person=in_page(call), token=call.path["token"]))
    call.portal.access_changed()
    return {}


TOKEN_ROUTES: tuple[Route, ...] = (
    Route("GET", "/tokens", "One's API tokens", mine, ApiToken, many=True, about="person"),
    Route(
        "POST", "/tokens", "Make an API token: it is told this once", new, NewTokenAnswer, body=NewToken,
        about="person", audit="token new", kept=("name", "rights", "session", "days"),
    ),
    Route(
        "POST", "/tokens/{token}/revoke", "Make an API token good for nothing", revoke, NothingAnswer, body=Nothing,
        about="person", audit="token revoke",
    ),
)  # fmt: skip
