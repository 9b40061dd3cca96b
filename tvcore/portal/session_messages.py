"""The messages of the routes for the session as a whole."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tvcore.portal.messages import Answer, Message
from tvcore.session.file import FILE_MAX
from tvcore.session.rules import NAME_MAX

FILE_BODY_MAX = FILE_MAX


class VersionName(Message):
    """What a version is called."""

    name: str = Field(min_length=1, max_length=NAME_MAX)


class Version(Answer):
    """The session as somebody saved it."""

    id: int
    name: str
    person: str
    at: float = Field(description="when, in seconds since the epoch")


class Versions(Answer):
    """The versions, oldest first."""

    versions: list[Version]


class ComparedVersion(Version):
    """A version, and where the session differs from it now."""

    differences: list[str] = Field(description="paths of the session's document")


class RestoredVersion(Version):
    """A version, whether the session was anything else, and a line for each thing of it that cannot be any more."""

    changed: bool
    missing: list[str]


class ImportedFile(BaseModel):
    """A session file, as `docs/session-file.md` describes it; one that is wrong is refused with what is wrong."""

    model_config = ConfigDict(extra="allow", frozen=True)


class ExportedFile(Answer):
    """A session file."""

    format: str
    version: int
    notes: list[str] = Field(description="what is not in it, a line each")


class Imported(Answer):
    """What came of it: a line for each thing in the file that cannot be placed on this wall."""

    changed: bool
    missing: list[str]
