"""The messages of the routes for projects, their members, and sessions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tvcore.portal.messages import Answer, Message
from tvcore.portal.roles import Right, Role

NAME = Field(min_length=1, max_length=200)
PERSON = Field(ge=1, le=2**31 - 1)


class Lost(Answer):
    """How much goes with what is deleted; *marks* are notes, tags, drawings and all else that people made."""

    sessions: int
    sets: int
    tiles: int
    marks: int
    versions: int
    invitations: int
    tilesets: int
    presets: int


class Project(Answer):
    """A project, and what one may do there; the *first* one stays."""

    id: int
    name: str
    role: Role
    operate: bool
    rights: list[Right]
    first: bool
    members: int
    sessions: int
    created: float = Field(description="when, in seconds since the epoch")


class Projects(Answer):
    """The projects that one is a member of, the oldest first; *shell*: what it means to operate, in a sentence."""

    projects: list[Project]
    shell: str


class ProjectName(Message):
    """What a project is called."""

    name: str = NAME


class DeletedProject(Answer):
    """It is gone, with what was in it."""

    name: str
    lost: Lost


class Member(Answer):
    """A member; *may* is what who asks may do with them: `role`, `remove`, `operate`, `owner`."""

    person: int
    way: str
    name: str
    display: str
    state: str
    role: Role
    operate: bool
    rights: list[Right]
    added: float
    you: bool
    may: list[Literal["role", "remove", "operate", "owner"]]


class Members(Answer):
    """The members, the roles that who asks may give, and what it means to operate, in a sentence."""

    members: list[Member]
    roles: list[Role]
    shell: str


class NewMember(Message):
    """Somebody known here, as `name` or `way:name`."""

    name: str = NAME
    role: Role


class MemberRole(Message):
    """What they are from now on."""

    role: Role


class MemberOperate(Message):
    """Whether they operate: that is a shell as the portal's Unix user."""

    operate: bool


class Left(Answer):
    """They are no member any more."""

    person: int


class Taker(Message):
    """The member who owns the project from now on."""

    person: int = PERSON


class Session(Answer):
    """A session, and what one may do there.

    Who was invited is not told its project, who is here, nor when it changed; who was invited to *chosen* tiles is
    told how many of those there are.
    """

    key: str
    title: str
    project: int
    project_name: str
    archived: bool
    role: Role
    rights: list[Right]
    chosen: bool
    sets: int
    tiles: int
    people: list[str] = Field(default_factory=list, description="who looks at it now")
    created: float
    changed: float | None = Field(description="when its document or its tile sets last did, in seconds since the epoch")


class SessionJob(Answer):
    """A job whose tiles a session shows; *home*: it was launched for it."""

    id: str
    title: str
    case: str
    state: str
    tiles: int
    home: bool


class OneSession(Session):
    """The same, with what it shows, and what goes with it when it is deleted."""

    jobs: list[SessionJob]
    loses: Lost


class SessionQuery(Message):
    """Which sessions."""

    q: str = Field(default="", max_length=200, description="what the title or the project's name is to have in it")
    archived: Literal["no", "yes", "all"] = "no"


class Sessions(Answer):
    """The sessions, by project, the oldest first."""

    sessions: list[Session]


class SessionTitle(Message):
    """What a session is called."""

    title: str = NAME


class Archived(Message):
    """Whether it is put away."""

    archived: bool


class SessionJobName(Message):
    """A job of the same project."""

    job: str = Field(min_length=1, max_length=80, pattern="^[A-Za-z0-9._-]+$")


class DeletedSession(Answer):
    """It is gone, with what was in it."""

    title: str
    lost: Lost
