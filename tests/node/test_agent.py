"""The life of a node's tiles: real displays, real programs, killed in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nodekit import PAINTER, NodeAgent, WallViewer, alive, process_state, wait_for
from tvcore.errors import TiledVizError
from tvcore.tunnel import agents
from x_displays import Files, left, x_files

Start = Callable[..., NodeAgent]
Look = Callable[..., WallViewer]


def family(pid: int) -> list[int]:
    """Return the children of a process and theirs."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [member for child in map(int, children) for member in (child, *family(child))]


def files_of(statuses: list[dict[str, Any]]) -> Files:
    """Return the sockets and locks of the displays of tiles, each of which has a socket."""
    files = x_files(status["display"] for status in statuses)
    assert sum(path.is_socket() for path in files) == len(statuses)
    return files


def test_gears_become_live_with_the_renderer_that_gl_names(start_agent: Start) -> None:
    agent = start_agent(("glxgears",))
    status = agent.wait_state("live")
    assert status["frames"] >= 1
    assert (status["width"], status["height"], status["restarts"], status["reason"]) == (640, 480, 0, "")
    renderer = wait_for(lambda: agent.status()["renderer"], what="a renderer is known")
    assert "llvmpipe" in renderer or "softpipe" in renderer or "Mesa" in renderer
    assert agent.framebuffer().std() > 5


def test_a_program_finds_its_display_its_cookie_and_its_tile_in_the_environment(start_agent: Start) -> None:
    show = 'env; stat -c "mode %a" "$XAUTHORITY"; cat "$TILEDVIZ_WATCH"; nice; exec sleep 60'
    agent = start_agent(("sh", "-c", show), environment={"EXTRA": "yes"})
    wait_for(lambda: len(agents.call(agent.registration, "log", tile=0, lines=100)["lines"]) > 5)
    wait_for(lambda: "10" in agents.call(agent.registration, "log", tile=0, lines=1)["lines"])
    lines = agents.call(agent.registration, "log", tile=0, lines=200)["lines"]
    display = agent.status()["display"]
    for line in (f"DISPLAY={display}", "TILEDVIZ_TILE=0", "TILEDVIZ_TITLE=tile 0", "EXTRA=yes", "mode 600", "0"):
        assert line in lines
    assert (agent.home / "jobs" / "local-1" / "tile-0.log").stat().st_mode & 0o777 == 0o600


def test_displays_that_come_up_together_have_numbers_of_their_own(start_agent: Start) -> None:
    agent = start_agent(*[PAINTER] * 6)
    statuses = [agent.wait_state("live", i) for i in range(6)]
    assert len({status["display"] for status in statuses}) == 6
    for i in range(6):
        agent.paint(f"0 0 640 480 {0x101010 * (i + 1):06x}", i)
        wait_for(lambda i=i: (agent.framebuffer(i)[200, 200] == 0x10 * (i + 1)).all(), what=f"tile {i} shows its own")


def test_programs_give_way_to_the_agent_and_the_displays(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    status = agent.wait_state("live")
    own = os.getpriority(os.PRIO_PROCESS, agent.process.pid)
    assert os.getpriority(os.PRIO_PROCESS, status["xvnc"]) == own
    assert os.getpriority(os.PRIO_PROCESS, status["pid"]) == min(19, own + 10)
    for pid in (status["pid"], status["xvnc"]):
        assert os.getpgid(pid) == pid
    # Niceness counts within a session only (sched(7)); test_children.py has what is done about other sessions.
    assert os.getsid(status["xvnc"]) == os.getsid(agent.process.pid)
    assert os.getsid(status["pid"]) == status["pid"]


def test_a_program_killed_comes_back(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    before = agent.wait_state("live")
    os.kill(before["pid"], signal.SIGKILL)
    status = wait_for(lambda: "SIGKILL" in agent.status()["reason"] and agent.status())
    assert status["state"] == "starting"
    after = agent.wait_state("live")
    assert after["pid"] != before["pid"]
    assert after["xvnc"] == before["xvnc"]
    assert after["restarts"] == 1
    assert after["frames"] > before["frames"]


def test_a_display_killed_comes_back_with_its_program_and_leaves_nothing(start_agent: Start, look: Look) -> None:
    agent = start_agent(PAINTER)
    before = agent.wait_state("live")
    viewer = look(agent)
    viewer.show((0, 320, 240))
    viewer.settle()
    files = files_of([before])
    os.kill(before["xvnc"], signal.SIGKILL)
    wait_for(lambda: agent.status()["state"] == "starting")
    after = agent.wait_state("live")
    assert not alive(before["pid"])
    assert after["xvnc"] != before["xvnc"]
    viewer.settle()
    agent.paint("0 0 640 480 aa0000")
    assert viewer.settle(), "the wall shows the new display"
    assert abs(viewer.canvas[0].mean(axis=(0, 1)) - (0xAA, 0, 0)).max() < 4
    files |= files_of([after])
    agent.stop()
    assert left(files) == []


def test_what_a_program_started_ends_with_it(start_agent: Start, home: Path) -> None:
    script = (
        'sleep 1001 & setsid sleep 1002 & (setsid sh -c "sleep 1003 & wait" &) ; echo $$ > "$PIDS"; exec sleep 1004'
    )
    agent = start_agent(("sh", "-c", script), environment={"PIDS": str(home.parent / "pids")})
    wait_for((home.parent / "pids").exists)
    agent_pid = agent.process.pid

    def sleepers() -> list[int]:
        return [pid for pid in family(agent_pid) if b"sleep\x00100" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    first = wait_for(lambda: len(sleepers()) >= 4 and sleepers())
    os.kill(agent.status()["pid"], signal.SIGTERM)
    wait_for(lambda: not any(alive(pid) for pid in first), what="all that the program started is gone")
    second = wait_for(lambda: len(sleepers()) >= 4 and sleepers())
    assert not [pid for pid in family(agent_pid) if process_state(pid) == "Z"], "a zombie is left"
    assert agent.stop() == 0
    assert not any(alive(pid) for pid in second)


@pytest.fixture(scope="module")
def misfits() -> Iterator[NodeAgent]:
    """An agent with programs that draw nothing, keep dying, or are not there."""
    missing = "no-such-program-here"
    with tempfile.TemporaryDirectory(prefix="tvt-", dir="/tmp") as folder:
        for name in ("state", "run"):
            (Path(folder) / name).mkdir(mode=0o700)
        commands = [("sleep", "99"), ("sh", "-c", "echo alas; exit 3"), (missing, "--x"), ("sh", "-c", missing)]
        agent = NodeAgent(Path(folder) / "state", *commands)
        yield agent
        agent.stop()


def test_a_missing_program_fails_at_once_with_its_name(misfits: NodeAgent) -> None:
    reason = misfits.wait_state("failed", 2, seconds=10)["reason"]
    assert reason == "cannot find the program 'no-such-program-here': is it installed on this node, and on PATH?"
    status = misfits.wait_state("failed", 3, seconds=10)
    assert "exit code 127" in status["reason"]
    assert "not found" in status["reason"]
    assert (status["restarts"], status["pid"], status["xvnc"], status["display"]) == (0, None, None, None)


def test_a_program_that_keeps_dying_is_given_up_and_its_log_kept(misfits: NodeAgent) -> None:
    status = misfits.wait_state("failed", 1, seconds=40)
    assert status["reason"] == "the program ended with exit code 3: alas; given up after 5 failures in a row"
    assert status["restarts"] == 4
    lines = agents.call(misfits.registration, "log", tile=1, lines=100)["lines"]
    assert lines.count("alas") == 5
    for stream in ("rfb", "view"):
        with pytest.raises(TiledVizError, match="has no display now: it is failed"):
            agents.connect(misfits.registration, stream, tile=1)


def test_a_tile_that_draws_nothing_never_becomes_live(misfits: NodeAgent) -> None:
    wait_for(lambda: misfits.status()["frames"], what="the display was seen")
    status = wait_for(lambda: "drawn" in misfits.status()["reason"] and misfits.status(), seconds=30)
    assert status["reason"] == "the program runs but has drawn nothing yet"
    assert (status["state"], status["restarts"]) == ("starting", 0)


def test_a_paused_program_really_stops_while_nobody_looks(start_agent: Start, look: Look) -> None:
    agent = start_agent(PAINTER, unwatched="pause")
    pid = agent.wait_state("live")["pid"]
    watch = agent.folder / "t0" / "watch"
    wait_for(lambda: process_state(pid) == "T", what="the program is stopped")
    assert watch.read_text() == "0\n"
    viewer = look(agent)
    viewer.show((0, 320, 240))
    wait_for(lambda: process_state(pid) in "SR", what="the program goes on")
    assert watch.read_text() == "10\n"
    with agents.connect(agent.registration, "rfb", tile=0):
        wait_for(lambda: watch.read_text() == "30\n")
    viewer.close()
    wait_for(lambda: watch.read_text() == "0\n")
    wait_for(lambda: process_state(pid) == "T", what="the program is stopped again")
    assert agent.stop() == 0
    assert not alive(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_agent_asked_to_stop_leaves_nothing(start_agent: Start, number: signal.Signals) -> None:
    agent = start_agent(("glxgears",), PAINTER)
    statuses = [agent.wait_state("live", i) for i in range(2)]
    members = family(agent.process.pid)
    assert {status[key] for status in statuses for key in ("pid", "xvnc")} <= set(members)
    files = files_of(statuses)
    agent.process.send_signal(number)
    assert agent.process.wait(20) == 0
    assert not any(alive(pid) for pid in members)
    assert left(files) == []
    assert not agent.folder.exists()
    assert list(agents.registrations(agent.home)) == []


def test_nothing_survives_an_agent_that_is_killed(start_agent: Start) -> None:
    agent = start_agent(("glxgears",), PAINTER)
    statuses = [agent.wait_state("live", i) for i in range(2)]
    members, files = family(agent.process.pid), files_of(statuses)
    agent.process.kill()
    agent.process.wait()
    wait_for(lambda: not any(alive(pid) for pid in members), what="no display or program survives")
    assert left(files) == []


def test_an_agent_stopped_while_its_displays_come_up_leaves_nothing(start_agent: Start) -> None:
    agent = start_agent(*[("glxgears",)] * 4)
    members = wait_for(lambda: family(agent.process.pid))
    assert agent.stop() == 0
    assert not any(alive(pid) for pid in members)
    assert not agent.folder.exists()


def run_agent(plan: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tvcore.node"],
        input=plan,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("plan", "environment", "words"),
    [
        ("{}", {"TILEDVIZ_JOB": "1"}, "this is not a plan of TiledViz: case: Field required"),
        ("{}", {}, "runs in a job only: set TILEDVIZ_JOB"),
        ("{}", {"TILEDVIZ_JOB": "1", "SLURM_NODEID": "x"}, "SLURM_NODEID is the number of this node"),
    ],
)
def test_an_agent_that_cannot_work_says_so_in_one_line(plan: str, environment: dict[str, str], words: str) -> None:
    ended = run_agent(plan, **environment)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_an_agent_without_xvnc_says_how_to_install_it(home: Path) -> None:
    plan = f'{{"case":"c","title":"t","state":"{home}","tiles":[{{"index":0,"title":"t","command":["x"]}}]}}\n'
    ended = run_agent(plan, TILEDVIZ_JOB="1", PATH=str(home))
    assert ended.returncode == 1
    line = "tiledviz: Xvnc is not installed: as root, apt-get install tigervnc-standalone-server\n"
    assert ended.stderr == line
