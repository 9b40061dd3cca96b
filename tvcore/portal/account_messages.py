"""The messages about accounts, as ``messages`` has the others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tvcore.portal.messages import Answer, Message

State = Literal["active", "pending", "unverified", "deactivated"]
Password = Annotated[str, Field(max_length=2000)]
Secret = Annotated[str, Field(min_length=16, max_length=128, pattern="^[A-Za-z0-9_-]+$")]
Name = Annotated[str, Field(max_length=254)]
Code = Annotated[str, Field(max_length=40)]


class Register(Message):
    """An account that a stranger wants."""

    name: Name
    password: Password
    display: Name = ""
    mail: Name = ""


class RegisterAnswer(Answer):
    """Whether one may come in, or what is to come before: an administrator (``pending``), a link (``unverified``)."""

    state: State


class OneSecret(Message):
    """What stands behind the ``#`` of a link."""

    secret: Secret


class VerifyAnswer(Answer):
    """Whose address it is, and whether they may come in."""

    name: str
    state: State


class Forgot(Message):
    """The name or mail address of who cannot come in."""

    name: Name


class Reset(Message):
    """A new password, for whom the link is."""

    secret: Secret
    password: Password


class ResetAnswer(Answer):
    """Whose password it is."""

    name: str


class Account(Answer):
    """Somebody, as they read themselves. *changed*: when their password was; *recovery*: how many codes are left."""

    id: int
    way: str
    name: str
    display: str
    mail: str | None
    verified: bool
    administrator: bool
    password: bool
    changed: float | None
    totp: bool
    recovery: int
    created: float


class ManagedAccount(Account):
    """Somebody, as an administrator reads them. *seen*: when they last came in."""

    state: State
    seen: float | None


class Display(Message):
    """What others are to read."""

    display: Name


class NewPassword(Message):
    """The password of before, and the one to come."""

    old: Password
    new: Password


class NewMail(Message):
    """Another mail address, empty: none; and the password."""

    mail: Name
    password: Password


class MailAnswer(Answer):
    """Whether a link was sent, which makes the address count."""

    sent: bool


class Proof(Message):
    """The password, once more."""

    password: Password


class TotpAnswer(Answer):
    """What an authenticator needs: as text, as the address in a QR code, and the code's rows (1 is dark)."""

    secret: str
    address: str
    rows: tuple[str, ...]


class OneCode(Message):
    """What the authenticator shows."""

    code: Code


class RecoveryAnswer(Answer):
    """Codes that do in place of the authenticator's, each once; they are told this once."""

    recovery: list[str]


class NewAccount(Message):
    """An account that an administrator makes."""

    name: Name
    display: Name = ""
    mail: Name = ""


class NewAccountAnswer(Answer):
    """The account, and the secret of the link ``#reset=…`` by which its person chooses a password."""

    account: ManagedAccount
    secret: str
    expires: float


class Administrator(Message):
    """Whether somebody is to be an administrator."""

    administrator: bool


class ResetLink(Message):
    """*totp*: take the authenticator off too."""

    totp: bool = False


class ResetLinkAnswer(Answer):
    """The secret of the link ``#reset=…``, good once."""

    name: str
    secret: str
    expires: float
