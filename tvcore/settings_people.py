"""How the portal sends mail, and which proxies may say who somebody is."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic.config import JsonDict

from tvcore.settings_kit import FILES_ONLY, Count, Host, Path, Table, Text, words

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,79}", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}", re.ASCII)
_MAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@[A-Za-z0-9.-]{1,190}")
_FILES: JsonDict = {FILES_ONLY: True}


def mail_address(value: str) -> str:
    """Return *value*, a mail address or empty. Raises ValueError for anything else."""
    if value and not (_MAIL.fullmatch(value) and value.isascii()):
        raise ValueError("must be a mail address, as name@example.org")
    return value


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise ValueError("must be the name of a header, as X-Remote-User")
    return value


def _user(value: str) -> str:
    if not _USER.fullmatch(value):
        raise ValueError(f"{value!r} is not the name or number of a Unix user")
    return value


def _network(value: str) -> str:
    try:
        found = ipaddress.ip_network(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a network, as 192.0.2.7 or 192.0.2.0/24") from None
    if found.overlaps(ipaddress.ip_network("127.0.0.0/8" if found.version == 4 else "::1/128")):
        raise ValueError(f"{value}: everybody on this machine has a loopback address; use a unix socket and uids")
    return value


class ProxySettings(Table):
    """Which proxy may say who somebody is, and how it does."""

    header: Annotated[Text, AfterValidator(_header)] = Field(
        default="X-Remote-User", description="header in which the proxy says who it is", json_schema_extra=_FILES
    )
    uids: Annotated[tuple[Annotated[str, AfterValidator(_user)], ...], BeforeValidator(words)] = Field(
        default=(),
        description="Unix users, by name or number, whose connections to the unix socket are the proxy's",
        json_schema_extra=_FILES,
    )
    addresses: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(words)] = Field(
        default=(),
        description="networks, none of them loopback, from which a proxy that shows the secret comes",
        json_schema_extra=_FILES,
    )
    secret_header: Annotated[Text, AfterValidator(_header)] = Field(
        default="X-TiledViz-Proxy", description="header in which it shows the secret", json_schema_extra=_FILES
    )
    secret_file: Path = Field(
        default="",
        description="0600 file with the secret, of 32 characters at least, that a proxy of these addresses shows",
        json_schema_extra=_FILES,
    )

    @model_validator(mode="after")
    def _no_address_alone(self) -> ProxySettings:
        if self.addresses and not self.secret_file:
            raise ValueError("addresses alone prove nothing: set secret_file too")
        return self


class MailSettings(Table):
    """How mail is sent."""

    server: Host = Field(default="", description="mail server (SMTP); empty: no mail is sent", json_schema_extra=_FILES)
    port: Count = Field(default=587, ge=1, le=65535, description="its port", json_schema_extra=_FILES)
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="starttls, tls (from the first byte) or none (a server of this machine only)",
        json_schema_extra=_FILES,
    )
    sender: Annotated[Text, AfterValidator(mail_address)] = Field(
        default="", description="address that the mail is from", json_schema_extra=_FILES
    )
    user: Text = Field(default="", description="name to log in there with; empty: none", json_schema_extra=_FILES)
    password_file: Path = Field(default="", description="0600 file with the password", json_schema_extra=_FILES)
    authority: Path = Field(
        default="",
        description="file of the authorities (PEM) that vouch for the server; empty: those of this machine",
        json_schema_extra=_FILES,
    )

    @model_validator(mode="after")
    def _whole(self) -> MailSettings:
        if self.server and not self.sender:
            raise ValueError("sender is missing: the address that the mail is from")
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file go together")
        if self.security == "none" and self.server not in ("", "localhost", "127.0.0.1", "::1"):
            raise ValueError("security none is for a server of this machine: a link in it is as good as a password")
        return self
