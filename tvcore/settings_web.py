"""How browsers reach the portal: addresses, TLS, and how much of it one may have."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic.config import JsonDict

from tvcore.settings_kit import FILES_ONLY, Count, Path, Table, Text

_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}", re.ASCII)
_FILES: JsonDict = {FILES_ONLY: True}


def _group(value: str) -> str:
    if value and not _GROUP.fullmatch(value):
        raise ValueError("must be the name or number of a Unix group")
    return value


class WebSettings(Table):
    """How browsers reach the portal, and how much of it one may have."""

    public_url: Text = Field(
        default="",
        description="address by which a reverse proxy serves the portal, e.g. https://login.example/tiledviz/",
        json_schema_extra=_FILES,
    )
    tls_cert: Path = Field(
        default="",
        description="certificate (PEM, its chain behind it) for TLS of the portal's own",
        json_schema_extra=_FILES,
    )
    tls_key: Path = Field(
        default="", description="file with its key (PEM), which nobody else can read", json_schema_extra=_FILES
    )
    http_redirect: Count = Field(
        default=0,
        ge=0,
        le=65535,
        description="with TLS: port on which plain http is answered by the https address, 0: none",
        json_schema_extra=_FILES,
    )
    hsts_days: Count = Field(
        default=180,
        ge=0,
        le=3650,
        description="with TLS: days for which browsers then take https alone from this host (all its ports), 0: none",
        json_schema_extra=_FILES,
    )
    socket_group: Annotated[Text, AfterValidator(_group)] = Field(
        default="",
        description="Unix group that reaches the unix socket, for the users of portal.proxy.uids; empty: nobody else",
        json_schema_extra=_FILES,
    )
    connections: Count = Field(
        default=256,
        ge=8,
        le=1000,
        description="connections that one address, or one other user of this machine, may have at once",
        json_schema_extra=_FILES,
    )
    requests: Count = Field(
        default=100,
        ge=0,
        le=100_000,
        description="requests a second from one login, or from one address without one, over ten seconds; 0: no bound",
        json_schema_extra=_FILES,
    )

    @model_validator(mode="after")
    def _whole(self) -> WebSettings:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("tls_cert and tls_key go together")
        return self
