"""The tables of people: who they are, what projects they are in, and who was invited to what."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from tvcore.store.columns import Json
from tvcore.store.models import NEVER_AGAIN, Base


class PersonRow(Base):
    """Somebody who comes in by a *way*: ``token`` (the portal's own Unix user), ``accounts``, ``proxy``, ``guest``, or
    a plugin's; *name* is who that says they are, *display* what others read.

    *state* is ``unverified`` (to show that the mail address is theirs), ``pending`` (to be let in by an administrator),
    ``active`` or ``deactivated``. *verified*: the *mail*
    address is theirs. Guests came by an invitation or by an address of ``tiledviz open --role``.
    """

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("way", "name"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    way: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    display: Mapped[str] = mapped_column(String(80))
    mail: Mapped[str | None] = mapped_column(String(254))
    verified: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[str] = mapped_column(String(12), default="active", server_default="active")
    administrator: Mapped[bool] = mapped_column(default=False, server_default=false())
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    created: Mapped[float]
    seen: Mapped[float | None]


class PasswordRow(Base):
    """How somebody with an account proves it: *hash* is Argon2id's (RFC 9106).

    *totp* is the secret of RFC 6238, encrypted with the key in the state folder, which counts once *totp_on*; codes of
    *totp_step* and before were used.
    """

    __tablename__ = "password"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(Text)
    changed: Mapped[float]
    totp: Mapped[str | None] = mapped_column(Text)
    totp_on: Mapped[bool] = mapped_column(default=False, server_default=false())
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class RecoveryCodeRow(Base):
    """A code that is good once in place of one of RFC 6238; only its SHA-256 is kept."""

    __tablename__ = "recovery_code"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)


class PersonLinkRow(Base):
    """An address that is good once, for one person: to ``reset`` a password, or ``verify`` a *mail* address."""

    __tablename__ = "person_link"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    mail: Mapped[str | None] = mapped_column(String(254))
    expires: Mapped[float]


class ApiTokenRow(Base):
    """A token for programs of a person's: what of their rights it has, *session_id* where it is for one session."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("person_id", "name"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    rights: Mapped[list[str]]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    created: Mapped[float]
    expires: Mapped[float]
    used: Mapped[float | None]


class MembershipRow(Base):
    """What somebody is in a project; *operate* was granted to them, by the person *by*."""

    __tablename__ = "membership"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20))
    operate: Mapped[bool] = mapped_column(default=False, server_default=false())
    added: Mapped[float]


class InvitationRow(Base):
    """A link that lets guests into a session; only its secret's SHA-256 is kept.

    *tiles* are the ids of those that it is for, None for the whole session; *operate*: with control. It is good until
    *expires*, for *uses_max* guests (None: any number), until it is *revoked*. *person_id* is who made it. One for a
    screen of a display wall, or for its remote control, which *leads* it, has the wall's name as *display*.
    """

    __tablename__ = "invitation"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    note: Mapped[str] = mapped_column(String(80), default="", server_default="")
    operate: Mapped[bool] = mapped_column(default=False, server_default=false())
    tiles: Mapped[list[int] | None] = mapped_column(Json)
    uses_max: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
    created: Mapped[float]
    expires: Mapped[float]
    revoked: Mapped[float | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL", use_alter=True))
    display: Mapped[str | None] = mapped_column(String(64))
    leads: Mapped[bool] = mapped_column(default=False, server_default=false())


class AccessRow(Base):
    """One row: *version* grows with every change of who may do what, so that a portal knows to ask anew."""

    __tablename__ = "access"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
