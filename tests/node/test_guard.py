"""The guard of a node agent: what is left, and said, when the agent is killed, cannot begin, or is asked to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nodekit import PAINTER, NodeAgent, alive, wait_for
from tvcore.errors import TiledVizError
from tvcore.node.guard import job_of, node_name
from tvcore.node.last_words import LastWords, forget_last_words, read_last_words, write_last_words
from x_displays import left, x_files

Start = Callable[..., NodeAgent]


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [member for child in map(int, children) for member in (child, *family(child))]


def resident(pid: int) -> int:
    """Return the memory that a process shares with no other, kB."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith(("Private_Clean:", "Private_Dirty:")))


def test_an_agent_that_is_killed_leaves_its_last_words_and_nothing_else(start_agent: Start) -> None:
    agent = start_agent(PAINTER, ("sh", "-c", "setsid sleep 1005 & exec sleep 1006"))
    files = x_files([agent.wait_state("live")["display"]])
    assert files
    wait_for(lambda: len(family(agent.process.pid)) >= 6, what="displays and programs run")
    members = family(agent.process.pid)
    assert agent.registration.pid in members
    before = time.time()
    os.kill(agent.registration.pid, signal.SIGKILL)
    assert agent.process.wait(20) == 128 + signal.SIGKILL
    assert not any(alive(pid) for pid in members)
    assert left(files) == []
    assert not agent.folder.exists()
    assert list((agent.home / "agents").iterdir()) == []
    (words,) = read_last_words(agent.home, "local-1")
    assert (words.node, words.ordinal) == (node_name(os.environ), 0)
    assert words.error == "the node agent was killed by SIGKILL"
    assert before <= words.time <= time.time()
    file = agent.home / "jobs" / "local-1" / "node-0.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_killed_agent_does_not_take_the_registration_of_its_successor_along(start_agent: Start) -> None:
    agent = start_agent(("sleep", "99"))
    registered = agent.home / "agents" / agent.registration.name
    later = agent.registration.model_copy(update={"pid": 1 << 22, "socket": "/tmp/tiledviz-later/agent.sock"})
    registered.write_text(later.model_dump_json())
    os.kill(agent.registration.pid, signal.SIGKILL)
    assert agent.process.wait(20) == 128 + signal.SIGKILL
    assert json.loads(registered.read_text())["pid"] == 1 << 22


def test_an_agent_whose_guard_is_killed_ends_in_order(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    files = x_files([agent.wait_state("live")["display"]])
    assert files
    members = family(agent.process.pid)
    agent.process.kill()
    agent.process.wait()
    wait_for(lambda: not any(alive(pid) for pid in members), what="agent, display and program are gone")
    assert left(files) == []
    assert not agent.folder.exists()
    assert list((agent.home / "agents").iterdir()) == []
    assert "asked to stop" in agent.log.read_text()


def test_an_agent_that_is_asked_to_end_has_no_last_words(start_agent: Start) -> None:
    agent = start_agent(("sleep", "99"))
    assert agent.stop() == 0
    assert read_last_words(agent.home, "local-1") == []


def test_a_guard_is_small(start_agent: Start) -> None:
    agent = start_agent(("sleep", "99"))
    guard, whole = resident(agent.process.pid), resident(agent.registration.pid)
    assert guard < min(8_000, whole / 4), f"the guard holds {guard} kB, the agent {whole} kB"


def start_bare(home: Path, job: str = "7", **environment: str) -> subprocess.Popen[str]:
    tile = {"index": 0, "title": "t", "command": ["sleep", "99"]}
    plan = {"case": "c", "title": "t", "state": str(home), "tiles": [tile]}
    process = subprocess.Popen(
        [sys.executable, "-m", "tvcore.node"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TILEDVIZ_JOB": job, **environment},
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    return process


def test_an_agent_that_cannot_begin_says_why_in_its_last_words(home: Path) -> None:
    process = start_bare(home, PATH=str(home), SLURM_NODEID="3", SLURMD_NODENAME="c3")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    (words,) = read_last_words(home, "7")
    assert (words.node, words.ordinal) == ("c3", 3)
    assert words.error == "Xvnc is not installed: as root, apt-get install tigervnc-standalone-server"
    assert said == f"tiledviz: {words.error}\n"


def test_an_agent_that_ends_by_a_mistake_has_last_words_too(home: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import tvcore.node.xauth as x\ndel x.write_cookie\n")
    process = start_bare(home, PYTHONPATH=str(tmp_path))
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "ImportError" in said
    (words,) = read_last_words(home, "7")
    assert words.error == "the node agent ended with exit code 1: `tiledviz logs 7` shows its last words"


def test_last_words_that_cannot_be_written_are_said_all_the_same(home: Path) -> None:
    (home / "jobs").mkdir(mode=0o700)
    (home / "jobs" / "7").symlink_to(home / "elsewhere")
    process = start_bare(home)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "tiledviz: cannot make the folder" in said


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.15, 0.3, 0.6])
def test_an_agent_that_is_asked_to_end_while_it_starts_leaves_nothing(home: Path, seconds: float) -> None:
    process = start_bare(home)
    time.sleep(seconds)  # it has got so far, wherever that is
    members = [process.pid, *family(process.pid)]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    wait_for(lambda: not any(alive(pid) for pid in members), what="all of it is gone")
    assert read_last_words(home, "7") == []


def test_last_words_of_an_earlier_run_of_the_job_are_forgotten(start_agent: Start, home: Path) -> None:
    write_last_words(home, "local-1", LastWords(node="n", ordinal=0, error="the node failed"))
    write_last_words(home, "local-1", LastWords(node="m", ordinal=1, error="another node's"))
    start_agent(("sleep", "99"))
    assert [words.node for words in read_last_words(home, "local-1")] == ["m"]


def test_last_words_that_cannot_be_read_are_passed_over(home: Path) -> None:
    assert read_last_words(home, "8") == []
    write_last_words(home, "8", LastWords(node="n", ordinal=10, error="ten"))
    write_last_words(home, "8", LastWords(node="n", ordinal=9, error="nine", time=5.0))
    (home / "jobs" / "8" / "node-2.json").write_text('{"node": 5}')
    (home / "jobs" / "8" / "node-3.json").mkdir()
    assert [(words.error, words.ordinal) for words in read_last_words(home, "8")] == [("nine", 9), ("ten", 10)]
    forget_last_words(home, "8", 9)
    forget_last_words(home, "8", 9)
    assert [words.error for words in read_last_words(home, "8")] == ["ten"]


def test_a_job_and_a_node_are_known_by_the_environment() -> None:
    assert job_of({"SLURM_JOB_ID": "12", "SLURM_NODEID": "2"}) == ("12", 2)
    assert job_of({"SLURM_JOB_ID": "12", "TILEDVIZ_JOB": "local-0a"}) == ("local-0a", 0)
    assert node_name({"SLURMD_NODENAME": "c1"}) == "c1"
    for wrong in ({}, {"SLURM_JOB_ID": "../12"}, {"SLURM_JOB_ID": "12", "SLURM_NODEID": "-1"}):
        with pytest.raises(TiledVizError):
            job_of(wrong)
