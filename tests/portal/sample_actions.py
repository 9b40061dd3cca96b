"""The case ``sample_actions`` of test_case_actions.py: actions with parameters, rights, a leader, commands."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from tvcore.cases import Action, CaseInfo, Member, Report, TileSpec, hookimpl
from tvcore.cases.live import LiveTile


class Parameters(BaseModel):
    folder: Path = Field(default=Path("/tmp"), description="where actions write")


class Colour(BaseModel):
    color: Literal["viridis", "gray"] = Field(description="the colours")
    level: float = Field(default=0.5, gt=0, lt=1, description="where", json_schema_extra={"unit": "m"})
    password: SecretStr = SecretStr("")


class Word(BaseModel):
    word: str


@hookimpl
def case_info() -> CaseInfo:
    return CaseInfo(name="sample_actions", title="Sample", description="Has actions of every kind.")


@hookimpl
def case_parameters() -> type[BaseModel]:
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    return [Member(index=i, title=f"member {i}") for i in range(count or 1)]


@hookimpl
def case_tile(parameters: Parameters, member: Member) -> TileSpec:
    return TileSpec(command=("xclock",))


@hookimpl
def case_actions(parameters: Parameters) -> Sequence[Action]:
    echo = ("sh", "-c", 'echo first; echo "$1"; [ "$1" != bad ] || { echo alas >&2; exit 7; }', "sh", "{word} {{x}}")
    return [
        Action(name="colour", title="Colour", icon="colour", parameters=Colour),
        Action(name="follow", title="Follow", icon="camera", each="once", leader=True, parameters=Word),
        Action(name="echo", title="Echo", parameters=Word, command=(*echo[:4], "{word}"), right="see"),
        Action(name="quote", title="Quote", parameters=Word, command=("printf", "%s", echo[4])),
        Action(name="wait", title="Wait", seconds=900),
        Action(name="wait-all", title="Wait for all", each="once", seconds=900),
        Action(name="slow-all", title="Too slow", each="once", seconds=1.5),
        Action(name="odd", title="Fails for odd ones", right="arrange"),
    ]


@hookimpl
def case_action(
    parameters: Parameters,
    action: str,
    member: Member | Sequence[Member],
    tile: LiveTile | Sequence[LiveTile],
    arguments: Colour | Word | None,
    report: Report,
) -> str:
    if isinstance(arguments, Colour):
        report(0.5, "half of it")
        assert isinstance(tile, LiveTile)
        tile.key("Left")
        return f"{arguments.color} at {arguments.level:g}, {len(arguments.password.get_secret_value())}"
    if isinstance(arguments, Word):
        assert not isinstance(member, Member)
        return f"{arguments.word}: {', '.join(each.title for each in member)}"
    if action == "odd" and isinstance(member, Member):
        if member.index % 2:
            raise RuntimeError("it is odd")
        return "even"
    first = member if isinstance(member, Member) else member[0]
    (parameters.folder / f"{action}-{first.index}").write_text(str(os.getpid()))
    while True:  # tells how far it is, and never comes to an end
        report(0.25, "a quarter of it")
        time.sleep(0.2)
