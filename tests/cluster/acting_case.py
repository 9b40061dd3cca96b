"""The case ``acting_case``: what it does on compute nodes is written down and said (test_node_actions.py)."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from tvcore.cases import Action, CaseInfo, Member, Report, TileSpec, hookimpl
from tvcore.cases.live import LiveTile


class Parameters(BaseModel):
    notes: Path = Field(default=Path("/nowhere"), description="folder that nodes and login node share")


class Word(BaseModel):
    word: str = Field(description="what to say")


@hookimpl
def case_info() -> CaseInfo:
    return CaseInfo(name="acting_case", title="Acting", description="Acts on compute nodes.")


@hookimpl
def case_parameters() -> type[BaseModel]:
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    return [Member(index=i, title=f"actor {i}") for i in range(count or 1)]


@hookimpl
def case_tile(parameters: Parameters, member: Member) -> TileSpec:
    environment = {"LP_NUM_THREADS": "0"}
    return TileSpec(command=("glxgears",), width=320, height=240, environment=environment, unwatched="pause")


def note(parameters: Parameters, name: str, text: str) -> None:
    new = parameters.notes / f".{name}"
    new.write_text(text)
    new.rename(parameters.notes / name)


@hookimpl
def case_limit(parameters: Parameters, member: Member, tile: LiveTile, seconds: float) -> None:
    note(parameters, f"limit-{member.index}", f"{os.uname().nodename} {seconds:.0f}")


@hookimpl
def case_end(parameters: Parameters, member: Member, tile: LiveTile) -> None:
    note(parameters, f"end-{member.index}", os.uname().nodename)


@hookimpl
def case_actions(parameters: Parameters) -> Sequence[Action]:
    return [
        Action(name="where", title="Where it runs", parameters=Word),
        Action(
            name="command",
            title="A command",
            parameters=Word,
            command=("sh", "-c", 'uname -n; echo "$0 $1"', "{word}", "x"),
        ),
        Action(name="together", title="From one node to all", each="once", leader=True),
        Action(name="wait", title="Wait"),
        Action(name="slow", title="Too slow", seconds=3),
        Action(name="odd", title="Fails for odd ones"),
    ]


@hookimpl
def case_action(
    parameters: Parameters,
    action: str,
    member: Member | Sequence[Member],
    tile: LiveTile | Sequence[LiveTile],
    arguments: Word | None,
    report: Report,
) -> str:
    node = os.uname().nodename
    if not isinstance(tile, LiveTile):
        leader, *others = tile
        said = leader.run(["uname", "-n"]).text.strip()
        for each in others:
            each.put([said.encode()], "/tmp/from-leader")  # the sandbox shows the node's own /tmp
        return f"{said} led {', '.join(each.read('/tmp/from-leader').decode() for each in others)} from {node}"
    assert isinstance(member, Member)
    if arguments:
        for number in range(4):
            report(number / 4, f"step {number}")
            time.sleep(0.3)
        return f"{arguments.word} {member.index} on {node}"
    if action == "odd":
        if member.index % 2:
            raise RuntimeError("it is odd")
        return "even"
    note(parameters, f"{action}-{member.index}", str(os.getpid()))
    while True:
        report(0.25, "a quarter of it")
        time.sleep(0.2)
