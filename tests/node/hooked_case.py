"""A case whose hooks run on the node, for test_node_hooks.py: each writes down in a folder that it was called."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from tvcore.cases import Action, CaseInfo, Member, Report, TileSpec, hookimpl
from tvcore.cases.live import LiveTile


class Parameters(BaseModel):
    folder: Path = Field(description="where the hooks write")


class Words(BaseModel):
    text: str = Field(description="what to say")
    times: int = Field(default=1, ge=1, le=9)
    password: SecretStr = SecretStr("")


@hookimpl
def case_info() -> CaseInfo:
    return CaseInfo(name="hooked_case", title="Hooked", description="Writes down what it is told.")


@hookimpl
def case_parameters() -> type[BaseModel]:
    return Parameters


@hookimpl
def case_members(parameters: Parameters, count: int | None) -> Sequence[Member]:
    return [Member(index=i, title=f"member {i}") for i in range(count or 1)]


@hookimpl
def case_tile(parameters: Parameters, member: Member) -> TileSpec:
    return TileSpec(command=("true",))


def note(parameters: Parameters, name: str, text: str) -> None:
    (parameters.folder / name).write_text(text)


@hookimpl
def case_ready(parameters: Parameters, member: Member, tile: LiveTile) -> None:
    print("said by case_ready")
    note(parameters, f"ready-{member.index}", tile.run(["printenv", "TILEDVIZ_TILE"]).text)


@hookimpl
def case_limit(parameters: Parameters, member: Member, tile: LiveTile, seconds: float) -> None:
    note(parameters, f"limit-{member.index}", str(seconds))


@hookimpl
def case_end(parameters: Parameters, member: Member, tile: LiveTile) -> None:
    with (parameters.folder / "ends").open("a") as ends:
        ends.write(f"{member.index}\n")
    code = tile.run(["sh", "-c", "kill -0 $(pgrep -f painter.py | head -1)"]).code
    note(parameters, f"end-{member.index}", f"its program lives: {code == 0}")
    if (parameters.folder / "linger").exists():
        time.sleep(1000)


@hookimpl
def case_actions(parameters: Parameters) -> Sequence[Action]:
    return [
        Action(name="say", title="Say", parameters=Words),
        Action(name="linger", title="Linger", seconds=2),
        Action(name="wait", title="Wait"),
        Action(name="fail", title="Fail"),
        Action(name="eat", title="Eat memory"),
        Action(name="garbage", title="Say what is no answer"),
        Action(name="thread", title="Leave a thread behind"),
        Action(name="cling", title="Do not end"),
    ]


@hookimpl
def case_action(
    parameters: Parameters, action: str, member: Member, tile: LiveTile, arguments: Words | None, report: Report
) -> str:
    print(f"said by {action}")
    if isinstance(arguments, Words):
        for number in range(arguments.times):
            report((number + 1) / arguments.times, f"time {number + 1}")
            time.sleep(0.15)
        window = tile.run(["printenv", "DISPLAY"]).text.strip()
        secret = len(arguments.password.get_secret_value())
        return f"{arguments.text} from {os.getpid()} to {member.title} on {window}, {secret}"
    if action in ("linger", "wait"):
        left = subprocess.Popen(["sleep", "1234"], start_new_session=True)
        note(parameters, f"pids-{member.index}", f"{os.getpid()} {left.pid}")
        report(0.5, "half of it")
        time.sleep(1000)
    if action in ("thread", "cling"):
        threading.Thread(target=time.sleep, args=(1000,)).start()
        note(parameters, f"left-{action}", f"{os.getpid()}")
        if action == "cling":
            os._exit = lambda _code: time.sleep(1000)  # type: ignore[assignment,return-value]
        return f"{action} done"
    if action == "eat":
        bytearray(16 << 30)
    if action == "garbage":
        os._exit(3)
    raise ValueError("no\nluck")
