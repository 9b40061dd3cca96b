"""A node agent with two tiles, of which one is hostile, run by this user or another; what it got."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvcore.batch.plan import Plan, TilePlan
from waiting import wait_until

ATTACKER = Path(__file__).parent / "attacker.py"
AS_ORDINARY = Path(__file__).parent / "ordinary.py"
REPOSITORY = Path(__file__).parents[2]
Loot = dict[str, tuple[str | None, str]]  # of each try: what it got, or None and why not


@dataclass(frozen=True)
class Attack:
    """What the hostile tile got, and what the same tries get outside of any tile."""

    inside: Loot
    outside: Loot


def as_user(uid: int, *command: str) -> list[str]:
    """Return the command line that runs *command* as *uid*."""
    if uid == os.getuid():
        return list(command)
    folders = dict.fromkeys((sys.base_prefix, sys.prefix, str(REPOSITORY)))
    return ["unshare", "-m", sys.executable, str(AS_ORDINARY), str(uid), *folders, "--", *command]


def first_pid(parent: int, program: str, word: str) -> int:
    """Return the first descendant of *parent* that runs *program* with *word* in its arguments, 0 where none does."""
    try:
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            name, _, arguments = Path(f"/proc/{child}/cmdline").read_bytes().decode().partition("\0")
            if name.endswith(program) and word in arguments:
                return int(child)
            if found := first_pid(int(child), program, word):
                return found
    except FileNotFoundError:  # it ended while we looked
        pass
    return 0


def attack_by(uid: int, top: Path) -> Attack:
    """Have tile 0 of an agent of *uid* attack, in the folder *top*, and the same program do so outside of it."""
    state, run = top / "state", top / "run"
    elsewhere = run / f"tiledviz-{uid}" / "tiledviz-another" / "t0" / "xauthority"
    for folder in (state, elsewhere.parent):
        folder.mkdir(parents=True, mode=0o700)
    elsewhere.write_text("another agent's cookie")
    shutil.copy(ATTACKER, top)
    for path in (top, *top.rglob("*")):
        os.chown(path, uid, uid)
    facts, inside, outside = top / "facts", top / "inside", top / "outside"
    commands = [("/usr/bin/python3", str(top / ATTACKER.name), str(facts), str(inside)), ("sleep", "600.5")]
    plan = Plan(
        case="test",
        title="test",
        state=str(state),
        tiles=tuple(TilePlan(index=i, title=f"tile {i}", command=command) for i, command in enumerate(commands)),
    )
    environment = {**os.environ, "TILEDVIZ_JOB": "local-1", "XDG_RUNTIME_DIR": str(run), "HOME": str(top)}
    environment["PYTHONPATH"] = str(REPOSITORY)
    log = top / "agent.log"
    with log.open("w") as output:
        agent = subprocess.Popen(
            as_user(uid, sys.executable, "-m", "tvcore.node"),
            stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment, cwd=state,
        )  # fmt: skip
    try:
        assert agent.stdin
        with agent.stdin as stdin:
            stdin.write(plan.model_dump_json().encode() + b"\n")
        registration = state / "agents" / "local-1.0.json"
        wait_until(lambda: registration.exists() or agent.poll() is not None, 30, "the agent registers")
        assert agent.poll() is None, log.read_text()
        wait_until(lambda: first_pid(agent.pid, "sleep", "600.5"), 60, "the other tile's program runs")
        wait_until(lambda: first_pid(agent.pid, "/python3", str(facts)), 60, "the hostile program runs")
        facts.write_text(json.dumps(_facts(registration, agent.pid, elsewhere)))
        wait_until(inside.exists, 120, "the hostile program has tried everything")
        ended = subprocess.run(
            as_user(uid, "timeout", "100", "/usr/bin/python3", str(top / ATTACKER.name), str(facts), str(outside)),
            cwd=state, env=environment, check=False,
        )  # fmt: skip
        assert ended.returncode == 0
        return Attack(json.loads(inside.read_text()), json.loads(outside.read_text()))
    finally:
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(30) == 0, log.read_text()


def _facts(registration: Path, guard: int, elsewhere: Path) -> dict[str, Any]:
    """Return what the attacker may know of the agent behind *registration*."""
    said = json.loads(registration.read_text())
    folder = Path(said["socket"]).parent
    other = first_pid(guard, "vnc", str(folder / "t1"))
    number = Path(f"/proc/{other}/cmdline").read_bytes().split(b"\0")[1].decode().removeprefix(":")
    return {
        "agent": said["pid"],
        "guard": guard,
        "program": first_pid(guard, "sleep", "600.5"),
        "xvnc": other,
        "own xvnc": first_pid(guard, "vnc", str(folder / "t0")),
        "state": said["plan"]["state"],
        "registration": str(registration),
        "socket": said["socket"],
        "folder": str(folder),
        "own": "t0",
        "watch": str(folder / "t0" / "watch"),
        "cookie": str(folder / "t1" / "xauthority"),
        "rfb": str(folder / "t1" / "rfb"),
        "x": f"/tmp/.X11-unix/X{number}",
        "elsewhere": str(elsewhere),
    }
