"""The web API's messages: one definition for checking and for ``openapi.json``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tvcore.portal.roles import RIGHTS, Right, Role

State = Literal["queued", "starting", "live", "failed", "stopped"]


class Message(BaseModel):
    """What comes in: nothing that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    """What goes out; later releases may add fields."""

    model_config = ConfigDict(frozen=True, extra="allow")


class ErrorAnswer(Answer):
    """Every answer that is not a success: one line for a person."""

    error: str
    at: int | None = Field(default=None, description="position in the query of what is wrong")


class NothingAnswer(Answer):
    """It is done."""


class Nothing(Message):
    """Nothing more is to be said."""


class LoginRequest(Message):
    """The ticket of a login address, or what was typed into the fields of the portal's way to log in."""

    ticket: str | None = Field(default=None, max_length=200)
    fields: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=1000)]] | None = Field(
        default=None, max_length=8
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> LoginRequest:
        if (self.ticket is None) == (self.fields is None):
            raise ValueError("give either `ticket` or `fields`")
        return self


class LoginField(Answer):
    """Something that one is asked for; what is *secret* is not shown while it is typed."""

    name: str
    title: str
    secret: bool


class LoginWayAnswer(Answer):
    """How one logs in: ``token``, by one-time addresses alone; ``broken``: by those, as the way set does not work."""

    way: str
    title: str
    fields: list[LoginField]
    registration: Literal["no", "approval", "open"] = Field(description="whether strangers may make an account")
    mail: bool = Field(description="whether a link for a new password is sent by mail")


_RIGHTS = "; ".join(f"`{right}`: {what}" for right, what in RIGHTS.items())


class Somebody(Answer):
    """Who somebody is: *name* as the *way* by which they come in knows them, *display* as others read it."""

    id: int
    way: str
    name: str
    display: str
    administrator: bool
    guest: bool


class Here(Answer):
    """Who calls, and what they may do in a session, by its key; it is empty when there is none for them."""

    who: Somebody
    person: str = Field(description="who they are in the session's document")
    session: str
    title: str
    role: Role
    rights: list[Right] = Field(description=_RIGHTS)
    chosen: bool = Field(description="they were invited to chosen tiles, and see no others")
    leads: bool = Field(description="they may say what display walls show")


class LoginAnswer(Here):
    """The key for the header ``X-TiledViz-Key``, to be kept by this page alone, and what it may do."""

    key: str


class SessionHere(Answer):
    """A session, and what one may do there."""

    key: str
    title: str
    project: int
    archived: bool
    role: Role
    rights: list[Right]


class ProjectHere(Answer):
    """A project, and what one may do there."""

    id: int
    name: str
    role: Role
    rights: list[Right]


class MeAnswer(Here):
    """Who calls, and where they may what."""

    sessions: list[SessionHere]
    projects: list[ProjectHere]


class TicketRequest(Message):
    """Which stream a ticket is wanted for."""

    stream: Literal["wall", "rfb"]
    tile: int | None = Field(default=None, ge=0, description="for rfb only")

    @model_validator(mode="after")
    def _tile_goes_with_rfb(self) -> TicketRequest:
        if (self.stream == "rfb") != (self.tile is not None):
            raise ValueError("a tile is named for the stream rfb, and for no other")
        return self


class TicketAnswer(Answer):
    """A ticket, good once, for 30 seconds: it goes as the subprotocol ``ticket.TICKET``."""

    ticket: str


class Column(Answer):
    """A column of the members' metadata."""

    name: str
    dtype: str
    unit: str
    description: str
    role: str


class TileSet(Answer):
    """The tiles of one run of a case."""

    id: int
    case: str
    title: str
    job: str
    state: str
    reason: str
    columns: list[Column]
    images: dict[str, str] = Field(description="digest of each image of its tiles, by its path")
    means: list[str] = Field(default=[], description="what actions of its case are for, where an agent of it runs")
    expected_start: float | None = Field(description="while it is queued, if the batch system can say")
    started: float | None
    ends: float | None = Field(description="when its time limit ends it; times are seconds since the epoch")
    warns: float | None = Field(description="from when on to warn of that, while it runs")


class Gl(Answer):
    """What a tile really draws with. It is bad when it is ``software`` though ``promised``, or ``wrong``."""

    way: Literal["nvidia", "virtualgl", "mesa"]
    renderer: str
    vendor: str
    version: str
    gpu: str | None = Field(description="UUID of the GPU that draws")
    software: bool = Field(description="the processor draws")
    promised: bool = Field(description="it was to draw on a GPU")
    wrong: bool = Field(description="another GPU than its own draws")
    note: str


class Tile(Answer):
    """A tile, as the command line lists it."""

    id: int
    set: int
    index: int
    title: str
    state: State
    reason: str
    cause: str = Field(description="what kind of failure it is, empty when it is none: docs/troubleshooting.md")
    advice: str = Field(description="what can be done about the cause")
    expected_start: float | None = Field(description="while it is queued, if the batch system can say")
    node: str | None
    job: str
    image: str | None = Field(description="name of the image it runs in")
    gl: Gl | None
    kind: str = Field(default="live", description="live, picture, movie, pdf or page")
    media: dict[str, Any] | None = Field(
        default=None,
        description="of a movie or PDF `clock`, `length`, `pace` and `play`; of a page `url` and `framing`; of a "
        "picture that a plugin draws `drawn`, the kind of its file",
    )
    frames: int = Field(description="framebuffer updates seen since its node agent started")
    renderer: str | None = Field(description="what GL says in its display")
    width: int = Field(description="of the display, in pixels")
    height: int
    tags: list[str]
    member: int | None
    metadata: dict[str, Any]


class WallTile(Tile):
    """A tile on the wall; *stream* is the number of the wall stream with its pictures."""

    stream: int | None
    away: float | None = Field(description="when its node agent was last heard, None while it answers")


class Wall(Answer):
    """The wall document."""

    session: str
    revision: int
    sets: list[TileSet]
    tiles: list[WallTile]
    notices: list[str] = Field(
        default_factory=list, description="what is to be known of the wall as a whole, in sentences"
    )


class LogParameters(Message):
    """How much of a log."""

    lines: int = Field(default=50, ge=1, le=1000)


class LogAnswer(Answer):
    """The last lines of a log."""

    lines: list[str]


class LaunchRequest(Message):
    """A case to show, with the parameters that are not to be its defaults."""

    case: str = Field(max_length=80)
    settings: dict[str, Any] = Field(default_factory=dict, alias="set")
    tiles: int | None = Field(default=None, ge=1, le=0xFFFF)
    request: str = Field(
        default="", pattern=r"^([A-Za-z0-9-]{8,64})?$", description="name by which its progress can be asked for"
    )


class Job(Answer):
    """A batch job, as the command line lists it; times in seconds since the epoch."""

    id: str
    state: str
    reason: str
    case: str
    title: str
    cause: str
    advice: str
    tiles: int
    live: int
    expected_start: float | None
    started: float | None
    ends: float | None = Field(description="when its time limit ends it")
    ended: float | None


class Case(Answer):
    """A case; a broken one has ``error`` instead of all from title on."""

    name: str
    source: str = Field(description="where it comes from")
    error: str = ""
    title: str = ""
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict, description="JSON schema")
    picture: bool = Field(default=False, description="whether it has one: GET /cases/{case}/picture")
    hooks: list[str] = Field(default_factory=list, description="what its plugin implements")
    warnings: list[str] = Field(default_factory=list, description="what in the plugin is about to change")
