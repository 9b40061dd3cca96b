"""``tiledviz try``: one tile by hand in the terminal."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from nodekit import alive, wait_for
from tvcore.node.trial import as_typed


def environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "TILEDVIZ_HOME": str(home / "state"),
        "TILEDVIZ_SITE_CONFIG": "",
        "XDG_CONFIG_HOME": str(home),
    }


def start(home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tvcore", "try", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home) | more
    )


def told(said: str) -> list[list[str]]:
    """Return the commands that were told, as a shell would take them apart."""
    return [shlex.split(line[2:]) for line in said.splitlines() if line.startswith("$ ")]


def test_it_runs_one_tile_says_each_command_and_leaves_nothing(tmp_path: Path) -> None:
    picture = tmp_path / "gears.png"
    process = start(tmp_path, "gears", "--member", "1", "--picture", str(picture), "--seconds", "0.5", "--json")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    status = json.loads(out[out.index("{") :])
    assert (status["index"], status["state"]) == (1, "live")
    assert status["gl"]["renderer"] in said
    commands = told(said)
    assert any(word.endswith("vnc") for word in commands[0])
    program = next(command for command in commands if "glxgears" in command)
    assert "TILEDVIZ_TILE=1" in program
    assert any(word.startswith("DISPLAY=:") for word in program)
    shown = cv2.imread(str(picture))
    assert shown is not None
    assert shown.shape == (480, 640, 3)
    assert shown.std() > 1
    assert not alive(status["pid"])
    assert list((tmp_path / "state" / "jobs").iterdir()) == []


def test_what_the_program_prints_is_seen_and_its_failure_is_told_once_with_what_to_do(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "glxgears").write_text("#!/bin/sh\necho no gears today\nexit 7\n")
    (tools / "glxgears").chmod(0o755)
    process = start(tmp_path, "gears", PATH=f"{tools}:{os.environ['PATH']}")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out.splitlines().count("no gears today") == 1
    last = said.splitlines()[-1]
    assert last.startswith("tiledviz: program ended: the program ended with exit code 7: no gears today.")
    assert "log" in last


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    process = start(tmp_path, "gears")
    assert process.stderr
    assert process.stdout
    pid = wait_for(lambda: next((line for line in process.stdout or () if "] live" in line), None), what="it is live")
    assert pid
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gears", "--member", "-1"), "--member -1: members are counted from 0"),
        (("gears", "--member", "70"), "fewer than 71"),
        (("gears", "--picture", "/nowhere/x.png"), "--picture /nowhere/x.png"),
        (("nothing",), "there is no case 'nothing'"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    process = start(tmp_path, *arguments)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert words in said
    assert len(said.splitlines()) == 1


def test_a_told_command_can_be_typed_into_a_shell() -> None:
    typed = as_typed(["echo", "a b", "$x"], {"HOME": "/root", "NEW": "it's"}, {"HOME": "/root", "OLD": "1"})
    assert shlex.split(typed) == ["NEW=it's", "echo", "a b", "$x"]
