"""The messages of the routes for invitations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tvcore.people.invitations import DAYS, DAYS_MAX, NOTE_MAX, USES_MAX
from tvcore.portal.messages import Answer, Message
from tvcore.portal.tile_messages import TileId

QR_MAX = 600


class NewInvitation(Message):
    """An invitation: with *control* guests operate; *tiles* null: the whole session; *uses* null: any number."""

    control: bool = False
    tiles: list[TileId] | None = Field(default=None, min_length=1, max_length=5000)
    days: float = Field(default=DAYS, gt=0, le=DAYS_MAX)
    uses: int | None = Field(default=1, ge=1, le=USES_MAX)
    note: str = Field(default="", max_length=NOTE_MAX)


class InvitationGuest(Answer):
    """A guest who is logged in by it."""

    person: int
    display: str
    since: float


class Invitation(Answer):
    """An invitation, without its secret."""

    id: int
    session: str
    note: str
    control: bool
    tiles: list[int] | None
    uses: int
    uses_max: int | None
    created: float
    expires: float
    revoked: float | None
    by: str = Field(description="who made it")
    state: Literal["open", "used", "expired", "revoked"]
    guests: list[InvitationGuest]
    display: str | None = Field(description="the display wall whose screen it is for, or whose remote control")
    leads: bool = Field(description="it is for a remote control")


class MadeInvitation(Answer):
    """It is told its *secret* this once: the page's address with `#invite=` and the secret is the link."""

    invitation: Invitation
    secret: str


class Invitations(Answer):
    """The invitations to the session, the newest first, those that are over too."""

    invitations: list[Invitation]
    shell: str


class Accept(Message):
    """The secret of a link, and what the guest is called."""

    secret: str = Field(max_length=200)
    name: str = Field(max_length=200)


class QrText(Message):
    """What a camera is to read."""

    text: str = Field(min_length=1, max_length=QR_MAX)


class QrRows(Answer):
    """*rows* of the code, from above: 1 is dark."""

    rows: tuple[str, ...]
