"""The messages of the routes behind the launch form."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from tvcore.portal.messages import Answer, Message

REQUEST = r"^([A-Za-z0-9-]{8,64})?$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"


class Gpus(Answer):
    """GPUs of a partition's nodes."""

    type: str = Field(description="as the site calls it, empty where it does not")
    count: int = Field(description="of a node")
    nodes: int = Field(description="nodes that have so many")


class Partition(Answer):
    """A partition; times in seconds, memory in bytes, null: no limit."""

    name: str = Field(description="empty: this machine")
    default: bool
    state: str = Field(description="up, or why its jobs wait")
    time: float | None
    time_default: float | None
    nodes: int
    usable: int = Field(description="nodes that are neither down nor drained")
    cpus: int = Field(description="of its largest node")
    memory: int
    gpus: list[Gpus]
    features: list[str]
    max_nodes: int | None = Field(description="that a job may have")
    says: str = Field(description="all that in a line")


class Reservation(Answer):
    """A reservation; times in seconds since the epoch."""

    name: str
    start: float | None
    end: float | None
    partition: str
    nodes: int


class OfferedSetting(Answer):
    """A setting that a launch may set."""

    key: str
    value: Any = Field(description="that holds unless it is set")
    source: str
    description: str
    schema_: dict[str, Any] = Field(alias="schema", description="JSON schema of the value")


class Offers(Answer):
    """What the site offers to a launch."""

    scheduler: str
    error: str = Field(description="why the batch system does not say now; empty while it does")
    asked: float = Field(description="when it last said so, in seconds since the epoch")
    partitions: list[Partition]
    accounts: list[str] = Field(description="of this person; empty where the site keeps no such list")
    qos: list[str]
    reservations: list[Reservation]
    settings: list[OfferedSetting]


class Form(Message):
    """What was typed into a form: texts are read as ``--set KEY=VALUE`` reads them."""

    settings: dict[str, Any] = Field(default_factory=dict, alias="set")
    tiles: int | str | None = None


class PreparedForm(Form):
    """What is to be prepared."""

    request: str = Field(default="", pattern=REQUEST, description="name by which its progress can be asked for")


class LaunchProgress(Answer):
    """How far a launch is that was given a name."""

    fraction: float = Field(description="0 to 1: what the case first makes")
    text: str
    over: bool


class LaunchCancelled(Answer):
    """It is being ended; what was submitted before is not: a job is stopped."""

    cancelled: bool


class CheckedForm(Form):
    """What is to be looked at."""

    preview: bool = Field(default=True, description="return the script too")


class Problem(Answer):
    """A line about a value."""

    key: str = Field(description="as in `set`; `--tiles`; empty: of the whole")
    text: str


class CheckAnswer(Answer):
    """What is wrong with a form, and what script comes of it."""

    problems: list[Problem]
    warnings: list[Problem] = Field(description="what the site does not have: it may be launched all the same")
    preview: str = Field(description="the job script; empty where there are problems")
    note: str = Field(description="why there is no script though nothing is wrong")


class HandCommand(Answer):
    """How one runs a tile by hand."""

    tile: int
    title: str
    node: int
    image: str
    command: str = Field(description="what to type, as words of a shell")
    program: str = Field(description="the tile's program as words of a shell; empty: it has none")


class PreparedAnswer(Answer):
    """What was prepared: the script, and how to run each tile by hand."""

    script: str
    path: str
    submit: str = Field(description="what to type to submit it; empty where there is no batch system")
    commands: list[HandCommand]


class Preset(Answer):
    """Parameters that a case was launched with, or that were kept under a name."""

    name: str = Field(description="empty of a launch")
    case: str
    title: str
    parameters: dict[str, Any]
    settings: dict[str, Any] = Field(description="of the job, by dotted keys")
    tiles: int | None = Field(description="null: all")
    saved: float = Field(description="or launched, in seconds since the epoch")


class Presets(Answer):
    """The sets of parameters: those saved by name, recent launches the last first."""

    saved: list[Preset]
    recent: list[Preset]


class SavePreset(Form):
    """What to keep, under which name."""

    name: str = Field(pattern=NAME)
    case: str = Field(max_length=80)
    replace: bool = False


class PresetTo(Message):
    """The new name."""

    to: str = Field(pattern=NAME)


class NamedPreset(Answer):
    """What a set of parameters is called."""

    name: str
