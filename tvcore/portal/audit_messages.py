"""What is asked and told of the audit."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tvcore.portal.messages import Answer, Message


class AuditParameters(Message):
    """Which entries: each of these that is given has to fit."""

    who: str = Field(default="", max_length=80, description="part of the name of who did it")
    verb: str = Field(default="", max_length=40, description="what was done: login, launch, tile run, invite, ...")
    outcome: Literal["", "begun", "done", "failed", "refused", "broken off"] = ""
    session: str = Field(default="", max_length=80, description="key of a session")
    tile: int | None = Field(default=None, ge=0, lt=1 << 53)
    since: float | None = Field(default=None, ge=0, le=1e11, allow_inf_nan=False, description="seconds since the epoch")
    until: float | None = Field(default=None, ge=0, le=1e11, allow_inf_nan=False)
    before: str = Field(default="", max_length=40, description="that of the page before: what is older comes")
    limit: int = Field(default=100, ge=1, le=500)


class AuditEntry(Answer):
    """Something that somebody had done; older entries lack some of this."""

    id: str = ""
    time: float = Field(default=0.0, description="seconds since the epoch")
    who: str = ""
    way: str = Field(default="", description="by which they are known: token, accounts, proxy, guest, ...")
    person: int | None = None
    role: str = ""
    token: str | None = Field(default=None, description="name of the API token that spoke for them")
    address: str = Field(default="", description="from where")
    verb: str = ""
    project: int | None = None
    session: str = ""
    tiles: list[int] = Field(default_factory=list, description="the first hundred")
    of: int = Field(default=0, description="how many tiles, where there are more")
    what: dict[str, Any] = Field(default_factory=dict, description="what else is known of it")
    outcome: str = Field(default="", description="begun: it is not known how it ended")
    failed: int = Field(default=0, description="tiles in which it could not be done")
    error: str = ""


class AuditPage(Answer):
    """Entries, the newest first."""

    entries: list[AuditEntry]
    before: str = Field(description="for the next page; empty: there is none")
