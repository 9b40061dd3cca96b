"""A case's hooks on the node: told of what happens to its tiles, and its actions, each in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nodekit import PAINTER, NodeAgent, alive, wait_for
from tvcore.batch.plan import Plan
from tvcore.errors import TiledVizError
from tvcore.node import limit
from tvcore.node.children import Children
from tvcore.tunnel import agents, remote

CASE = Path(__file__).with_name("hooked_case.py")
Start = Callable[..., NodeAgent]


def plan(folder: Path, *hooks: str, **more: Any) -> dict[str, Any]:
    spec = f"folder:hooked_case:{CASE}"
    parameters = {"folder": str(folder)}
    return {"case": "hooked_case", "plugin": spec, "hooks": hooks, "parameters": parameters, **more}


def log(agent: NodeAgent, index: int = 0) -> list[str]:
    lines: list[str] = agent.call("log", index, lines=1000)["lines"]
    return lines


@pytest.fixture(scope="module")
def hooked() -> Iterator[NodeAgent]:
    """Three live tiles of the case, without the hooks that tell it things; what it writes is in the folder notes."""
    with tempfile.TemporaryDirectory(prefix="tvt-", dir="/tmp") as name:
        folder = Path(name)
        for part in ("state", "run", "notes"):
            (folder / part).mkdir(mode=0o700)
        agent = NodeAgent(
            folder / "state", PAINTER, PAINTER, PAINTER, plan=plan(folder / "notes", plugin_memory=4 << 30)
        )
        for index in range(3):
            agent.wait_state("live", index)
        yield agent
        agent.stop()


def notes(agent: NodeAgent) -> Path:
    return agent.home.parent / "notes"


def act(agent: NodeAgent, action: str, index: int = 0, seconds: float = 30.0, **more: Any) -> str:
    given = more.pop("given", {})
    return remote.act(agent.registration, index, action, given, seconds=seconds, **more)


def pids(agent: NodeAgent, index: int) -> list[int]:
    path = notes(agent) / f"pids-{index}"
    return [int(word) for word in wait_for(lambda: path.exists() and path.read_text(), what="it runs").split()]


def gone(numbers: list[int]) -> None:
    wait_for(lambda: not any(map(alive, numbers)), what=f"the processes {numbers} are gone")


# ---------------------------------------------------------------------- actions


def test_an_action_runs_in_a_process_on_the_node_with_progress_and_a_result(hooked: NodeAgent) -> None:
    heard: list[tuple[float, str]] = []
    given = {"text": "hello", "times": "2", "password": "12345"}
    said = act(hooked, "say", 1, given=given, report=lambda *progress: heard.append(progress))
    display = hooked.status(1)["display"]
    match = re.fullmatch(f"hello from (\\d+) to member 1 on {display}, 5", said)
    assert match, said
    assert not alive(int(match[1])), "it was a process of its own"
    assert heard == [(0.5, "time 1"), (1.0, "time 2")]
    wait_for(lambda: "said by say" in log(hooked, 1), what="what the case prints is in the tile's log")
    assert not any("12345" in line for line in log(hooked, 1) + hooked.log.read_text().splitlines())


def test_what_goes_wrong_in_an_action_is_one_line(hooked: NodeAgent) -> None:
    for action, given, words in (
        ("fail", {}, r"the case hooked_case .* failed in its action fail: ValueError: no luck \(hooked_case.py, line"),
        ("eat", {}, r"the case hooked_case .* failed in its action eat: MemoryError \(hooked_case.py, line"),
        ("garbage", {}, "the action ended without an answer, with exit code 3: the tile's log may say why"),
        ("explode", {}, "the case hooked_case has no action 'explode' on this node"),
        ("say", {"text": "x", "times": "ten"}, "times=ten: Input should be a valid integer"),
        ("say", {}, "text: Field required"),
    ):
        with pytest.raises(TiledVizError, match=words) as caught:
            act(hooked, action, given=given)
        assert "\n" not in str(caught.value)


def test_an_action_that_takes_too_long_is_ended_with_all_that_it_started(hooked: NodeAgent) -> None:
    with pytest.raises(TiledVizError, match=r"it took longer than 2 s and was ended"):
        act(hooked, "linger", 0, seconds=2)
    gone(pids(hooked, 0))


def test_an_action_is_over_with_its_answer_whatever_it_left_running(hooked: NodeAgent) -> None:
    for action in ("thread", "cling"):
        begun = time.monotonic()
        assert act(hooked, action, seconds=600) == f"{action} done"
        assert time.monotonic() - begun < 60
        gone([int(read(notes(hooked) / f"left-{action}"))])


def test_a_node_that_says_nothing_any_more_is_given_up_and_that_is_told(
    hooked: NodeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "SILENCE", 1.0)
    agent = hooked.registration.pid
    try:
        with pytest.raises(TiledVizError, match=r"it took longer than 2 s, and the node agent .* does not answer"):
            act(hooked, "wait", 0, seconds=2, report=lambda *_: os.kill(agent, signal.SIGSTOP), cancelled=lambda: False)
    finally:
        os.kill(agent, signal.SIGCONT)
    gone(pids(hooked, 0))


def test_a_cancelled_action_is_ended_with_all_that_it_started(hooked: NodeAgent) -> None:
    enough = threading.Event()
    heard: list[float] = []

    def report(fraction: float, _text: str) -> None:
        heard.append(fraction)
        enough.set()

    with pytest.raises(remote.RemoteCancelledError, match="it was cancelled"):
        act(hooked, "wait", 1, report=report, cancelled=enough.is_set)
    assert heard == [0.5]
    gone(pids(hooked, 1))
    assert act(hooked, "say", given={"text": "on"}).startswith("on"), "the tile goes on"


def test_a_caller_who_is_gone_ends_the_action(hooked: NodeAgent) -> None:
    connection = agents.connect(hooked.registration, "act", tile=2)
    connection.sendall(b'{"action": "wait", "seconds": 1000}\n')
    running = pids(hooked, 2)
    assert all(map(alive, running))
    connection.close()
    gone(running)


def test_a_tile_that_is_stopped_ends_its_actions_and_further_ones_are_refused(hooked: NodeAgent) -> None:
    results: list[str] = []

    def wait() -> None:
        with pytest.raises(TiledVizError) as caught:
            act(hooked, "wait", 2, seconds=1000)
        results.append(str(caught.value))

    def sleep() -> None:
        results.append(remote.run_command(hooked.registration, 2, ["sleep", "1000"]).error)

    (notes(hooked) / "pids-2").unlink(missing_ok=True)
    callers = [threading.Thread(target=work) for work in (wait, sleep)]
    for caller in callers:
        caller.start()
    running = pids(hooked, 2)
    hooked.call("stop", 2)
    assert not any(map(alive, running)), "it is stopped when they are gone"
    for caller in callers:
        caller.join(30)
    assert results == ["the tile was stopped"] * 2
    with pytest.raises(TiledVizError, match="tile 2 is not live, but stopped"):
        act(hooked, "say", 2, given={"text": "x"})


# --------------------------------------------------------------- what it is told


def test_the_case_is_told_that_a_tile_is_live_that_the_time_is_over_soon_and_of_the_end(
    start_agent: Start, tmp_path: Path
) -> None:
    end = time.time() + 6
    agent = start_agent(
        PAINTER,
        PAINTER,
        plan=plan(tmp_path, "case_ready", "case_limit", "case_end", warning=300),
        job_environment={"TILEDVIZ_JOB_END": f"{end:.0f}"},
    )
    for index in (0, 1):
        agent.wait_state("live", index)
        assert wait_for(lambda i=index: read(tmp_path / f"ready-{i}"), what="it is told of the start") == f"{index}\n"
        left = float(wait_for(lambda i=index: read(tmp_path / f"limit-{i}"), 30, what="it is told of the limit"))
        assert 0 <= left <= 6
        assert agent.status(index)["reason"].startswith("the job's time is over at ")
    assert "said by case_ready" in agent.said()
    agent.stop()
    assert [read(tmp_path / f"end-{i}") for i in (0, 1)] == ["its program lives: True"] * 2


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_tile_that_is_stopped_is_told_before_its_program_ends_and_one_that_lingers_is_not_waited_for(
    start_agent: Start, tmp_path: Path
) -> None:
    agent = start_agent(PAINTER, PAINTER, plan=plan(tmp_path, "case_end"))
    for index in (0, 1):
        agent.wait_state("live", index)
    stops = [threading.Thread(target=agent.call, args=("stop", 0)) for _ in range(2)]
    for stop in stops:
        stop.start()
    for stop in stops:
        stop.join(60)
    assert read(tmp_path / "end-0") == "its program lives: True"
    assert read(tmp_path / "ends") == "0\n", "it is told once, however often it is stopped"
    assert agent.status(0)["state"] == "stopped"
    (tmp_path / "linger").touch()
    begun = time.monotonic()
    agent.stop()
    assert read(tmp_path / "end-1") == "its program lives: True"
    assert 9 <= time.monotonic() - begun < 30
    said = (agent.home / "jobs" / "local-1" / "tile-1.log").read_text()
    assert "[tiledviz] case_end took longer than 10 s and was ended" in said


def test_when_to_warn_follows_from_the_end_and_a_changed_limit_is_news() -> None:
    now = 1_000_000.0
    assert limit.warned_at(300, now, now + 3600) == now + 3300
    assert limit.warned_at(300, now, now + 120) == now + 60, "a short job is warned at its half"
    assert limit.warned_at(300, now, None) is None
    assert limit.warned_at(0, now, now + 60) is None
    assert limit.is_news(300, now, None)
    assert limit.is_news(300, now, now + 7200), "it was made shorter"
    assert not limit.is_news(300, now, now + 330), "the clock says so itself"
    assert not limit.is_news(0, now, None)
    ends = {"SLURM_JOB_END_TIME": "1700000000", "TILEDVIZ_JOB_END": "5"}
    assert limit.end_of(ends) == 1_700_000_000
    for wrong in ("", "soon", "-5", "9" * 30):
        assert limit.end_of({"TILEDVIZ_JOB_END": wrong}) is None


def test_a_limit_that_was_put_off_is_asked_for_when_the_clock_says_that_the_time_is_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "tvcore.node.limit")
    squeue, asked = tmp_path / "squeue", tmp_path / "asked"
    environment = {"SLURM_JOB_ID": "7", "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def says(text: str) -> None:
        squeue.write_text(f'#!/bin/sh\ntouch {asked}\n[ "$2" = --job=7 ] && echo "{text}"\n')
        squeue.chmod(0o700)

    async def all_of_it() -> None:
        children = Children()
        end = float(round(time.time() + 60))
        for text, least, most in (("1-00:10:00", 86_400, 87_060), ("1:00", 60, 60), ("INVALID", 60, 60)):
            says(text)
            found = await limit.end_now(children, environment, end)
            assert found is not None
            assert least <= found - end + 60 <= most, text
        says("UNLIMITED")
        assert await limit.end_now(children, environment, end) is None
        says("2:30:00")
        asked.unlink()
        soon = {**environment, "SLURM_JOB_END_TIME": f"{time.time() + 4:.0f}"}
        watching = asyncio.create_task(limit.watch([], 130, soon, children))
        async with asyncio.timeout(60):
            while not asked.exists():  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        assert not watching.done()
        watching.cancel()

    asyncio.run(all_of_it())
    assert not caplog.records, "nothing is said at the old time"


def test_the_signal_of_the_batch_system_warns_where_no_end_was_known(start_agent: Start, tmp_path: Path) -> None:
    agent = start_agent(PAINTER, plan=plan(tmp_path, "case_limit", warning=100))
    agent.wait_state("live")
    agent.process.send_signal(limit.SIGNAL)  # to the guard, as Slurm does
    left = float(wait_for(lambda: read(tmp_path / "limit-0"), 30, what="it is told of the limit"))
    assert 90 <= left <= 100


def test_a_plan_of_an_older_release_is_read() -> None:
    old = {"case": "x", "title": "x", "state": "/", "tiles": [{"index": 0, "title": "t", "command": ["true"]}]}
    assert Plan.model_validate({**old, "ready": True}).hooks == ("case_ready",)
    assert Plan.model_validate({**old, "ready": False}).hooks == ()
