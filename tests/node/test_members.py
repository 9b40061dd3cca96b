"""An ensemble that is written while its tiles are shown: what the node agent sees of it, and says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import simulation
from nodekit import PAINTER, NodeAgent, wait_for
from tvcore.tunnel import agents

Start = Callable[..., NodeAgent]
SLEEPER = ("sleep", "600")
LONG = 30.0


class Simulation:
    """A program of its own that writes the ensemble *path*."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, simulation.__file__, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answer()

    def tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self._answer()

    def _answer(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline(), "the simulation ended"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def close(self) -> None:
        self.process.communicate("close\n")


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[], Simulation]]:
    """Return a function that starts a simulation, which writes the file ``path_of``."""
    begun: list[Simulation] = []

    def start() -> Simulation:
        begun.append(Simulation(path_of(tmp_path)))
        return begun[-1]

    yield start
    for each in begun:
        with contextlib.suppress(ValueError):
            each.kill()


def path_of(folder: Path) -> Path:
    return folder / "run.h5"


def members(agent: NodeAgent) -> dict[str, Any]:
    """Return what the agent knows, by ``status``; JSON has words for the tiles' indices."""
    found: dict[str, Any] = agents.call(agent.registration, "status")["members"]
    return found


def values(agent: NodeAgent) -> dict[int, float]:
    return {int(index): row["F"] for index, row in members(agent)["rows"].items()}


def followers(agent: NodeAgent) -> list[int]:
    pid = agent.registration.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid for pid in map(int, children) if b"tvcore.ensemble.follow" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_who_watches_is_told_just_the_rows_that_are_new_or_changed(
    start_agent: Start, begin: Callable[[], Simulation], tmp_path: Path
) -> None:
    writer = begin()
    writer.tell("append 0.5")
    agent = start_agent(SLEEPER, SLEEPER, ensemble=path_of(tmp_path))
    wait_for(lambda: values(agent) == {0: 0.5}, LONG, "the first row is seen")
    with agents.connect(agent.registration, "rpc") as connection, connection.makefile("rb") as file:
        connection.settimeout(LONG)
        connection.sendall(b'{"id": 1, "call": "watch"}\n')

        def event() -> dict[str, Any]:
            while (said := json.loads(file.readline())).get("event") != "members":
                pass
            return dict(said)

        first = event()
        assert [column["name"] for column in first["columns"]] == ["F", "class"]
        assert first["rows"] == {"0": {"F": 0.5, "class": "spots"}}
        assert (first["note"], first["complete"]) == ("", False)
        writer.tell("append 0.25")
        second = event()
        assert (second["columns"], second["rows"]) == (None, {"1": {"F": 0.25, "class": "spots"}})
        writer.tell("append 0.125")  # no tile shows it
        writer.tell("update 0 4")
        assert event()["rows"] == {"0": {"F": 4.0, "class": "waves"}}
        writer.close()
        last = event()
        assert (last["rows"], last["complete"]) == ({}, True)


def test_a_tile_waits_for_its_member_says_so_and_starts_when_it_is_there(
    start_agent: Start, begin: Callable[[], Simulation], tmp_path: Path
) -> None:
    path = path_of(tmp_path)
    agent = start_agent(PAINTER, PAINTER, ensemble=path)
    wait_for(lambda: "no such file" in agent.status(0)["reason"], LONG, "it says that there is no file")
    writer = begin()
    writer.tell("append 1")
    agent.wait_state("live", 0, LONG)
    wait_for(lambda: agent.status(1)["reason"] == f"waits for member 1: {path} has 1 so far", LONG, "it says why")
    assert (agent.status(1)["state"], agent.status(1)["xvnc"]) == ("starting", None)
    agent.call("restart", 1)
    assert agent.status(1)["reason"].startswith("waits for member 1")
    agent.call("stop", 1)
    assert agent.status(1)["state"] == "stopped"
    agent.call("restart", 1)
    wait_for(lambda: agent.status(1)["reason"].startswith("waits for member 1"), LONG, "it waits again")
    writer.tell("append 2")
    agent.wait_state("live", 1, LONG)
    assert agent.status(1)["restarts"] == 0


def test_a_killed_writer_is_told_in_one_line_and_all_that_was_shown_stays(
    start_agent: Start, begin: Callable[[], Simulation], tmp_path: Path
) -> None:
    writer = begin()
    for value in ("1", "2"):
        writer.tell(f"append {value}")
    agent = start_agent(SLEEPER, SLEEPER, SLEEPER, ensemble=path_of(tmp_path))
    wait_for(lambda: values(agent) == {0: 1.0, 1: 2.0}, LONG, "both rows are seen")
    writer.kill()
    wait_for(lambda: "its writer is gone" in members(agent)["note"], LONG, "the end of the writer is told")
    assert len(members(agent)["note"].splitlines()) == 1
    assert (values(agent), members(agent)["complete"]) == ({0: 1.0, 1: 2.0}, False)
    assert agent.status(2)["state"] == "starting"
    again = begin()  # another file in its place: what was shown stays until it says something else
    assert values(agent) == {0: 1.0, 1: 2.0}
    for value in ("1", "7", "9"):
        again.tell(f"append {value}")
    wait_for(lambda: values(agent) == {0: 1.0, 1: 7.0, 2: 9.0}, LONG, "the new file is followed")
    wait_for(lambda: members(agent)["note"] == "", LONG, "all is well again")


def test_a_reader_that_a_file_crashed_is_started_again_and_nothing_is_lost(
    start_agent: Start, begin: Callable[[], Simulation], tmp_path: Path
) -> None:
    writer = begin()
    writer.tell("append 1")
    agent = start_agent(SLEEPER, SLEEPER, ensemble=path_of(tmp_path))
    wait_for(lambda: values(agent) == {0: 1.0}, LONG, "the row is seen")
    (reader,) = followers(agent)
    os.kill(reader, signal.SIGSEGV)
    wait_for(lambda: "SIGSEGV" in members(agent)["note"], LONG, "the crash is told")
    assert (len(members(agent)["note"].splitlines()), values(agent)) == (1, {0: 1.0})
    writer.tell("append 2")
    wait_for(lambda: values(agent) == {0: 1.0, 1: 2.0}, LONG, "another reader goes on")
    assert members(agent)["note"] == ""
    (again,) = followers(agent)
    assert again != reader
    agent.stop()
    assert not Path(f"/proc/{again}").exists()


def test_a_file_that_is_no_ensemble_is_told_and_looked_at_again(
    start_agent: Start, begin: Callable[[], Simulation], tmp_path: Path
) -> None:
    path = path_of(tmp_path)
    path.write_bytes(os.urandom(5000))
    agent = start_agent(SLEEPER, ensemble=path)
    wait_for(lambda: str(path) in members(agent)["note"], LONG, "it is told what is wrong")
    assert len(members(agent)["note"].splitlines()) == 1
    begin().tell("append 3")
    wait_for(lambda: values(agent) == {0: 3.0}, LONG, "the right file is read")
