"""Worker processes: one that hangs or dies costs one error, and holds up nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest

from portal_kit import RunningPortal
from tvcore import proc
from tvcore.workers import CallFailedError, CallRefusedError, Talk, WorkerLostError, Workers

Until = Callable[..., None]


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    made = Workers(2, "worker_table")
    yield made
    made.close()


def test_a_call_gives_what_the_function_returns(workers: Workers) -> None:
    for value in (1, "é", None, [1.5, {"a": [True]}], "x" * 3_000_000):
        assert workers.call("echo", 20, value=value) == value


def test_one_process_serves_call_after_call_and_two_at_a_time(workers: Workers) -> None:
    first = workers.call("pid", 20)
    assert workers.call("pid", 20) == first
    both = [gevent.spawn(workers.call, "pid", 20) for _ in range(8)]
    gevent.joinall(both, raise_error=True)
    assert 1 <= len({job.value for job in both}) <= 2


def test_a_function_that_hangs_is_ended_and_the_next_call_works(workers: Workers) -> None:
    for name in ("hang", "hang_deaf"):
        before = workers.call("pid", 20)
        started = time.monotonic()
        with pytest.raises(WorkerLostError, match=f"{name} took longer than 1 s"):
            workers.call(name, 1)
        assert time.monotonic() - started < 5
        assert proc.Process.of(before) is None
        assert workers.call("pid", 20) != before


def test_a_process_that_is_killed_costs_one_error(workers: Workers) -> None:
    with pytest.raises(WorkerLostError, match="killed"):
        workers.call("die", 20)
    assert workers.call("echo", 20, value=1) == 1


def test_a_process_killed_while_idle_costs_none(workers: Workers, until: Until) -> None:
    pid = workers.call("pid", 20)
    os.kill(pid, signal.SIGKILL)
    until(lambda: proc.Process.of(pid) is None or not proc.Process.of(pid).alive)
    assert workers.call("pid", 20) != pid


def test_while_one_hangs_the_other_goes_on(workers: Workers) -> None:
    hanging = gevent.spawn(workers.call, "hang", 1.5)
    for _ in range(20):
        assert workers.call("echo", 20, value=1) == 1
    assert not hanging.ready()
    hanging.join()
    assert isinstance(hanging.exception, WorkerLostError)


def test_calls_wait_for_a_free_process_but_not_for_ever(workers: Workers) -> None:
    hanging = [gevent.spawn(workers.call, "hang", 2) for _ in range(2)]
    gevent.sleep(0.1)
    with pytest.raises(WorkerLostError, match="busy"):
        workers.call("echo", 0.3, value=1)
    assert workers.call("echo", 20, value=1) == 1
    gevent.joinall(hanging)


def test_the_functions_own_errors_come_through_and_keep_the_process(workers: Workers) -> None:
    pid = workers.call("pid", 20)
    for usage in (True, False):
        with pytest.raises(CallRefusedError, match=r"^this cannot be$") as refused:
            workers.call("refuse", 20, usage=usage)
        assert refused.value.usage is usage
    with pytest.raises(CallFailedError, match="log") as failed:
        workers.call("fault", 20)
    assert "secret" not in str(failed.value)
    assert workers.call("pid", 20) == pid


def test_a_function_tells_things_on_the_way_and_is_cancelled_by_a_word(workers: Workers) -> None:
    heard: list[int] = []
    assert workers.converse("count", 20, Talk(heard.append), {"most": 3}) == 3
    assert heard == [0, 1, 2]
    enough = Talk(lambda number: enough.cancel() if number == 2 else None)
    told = workers.converse("count", 20, enough, {"most": 10_000})["told"]
    assert 3 <= told < 1000
    before = Talk(heard.append)
    before.cancel()
    assert workers.converse("count", 20, before, {"most": 1000})["told"] < 1000, "cancelled before it began"
    late = Talk(lambda number: late.cancel() if number == 2 else None)
    workers.converse("count", 20, late, {"most": 3})  # told with the last: its word comes too late, or just in time
    assert workers.call("echo", 20, value="in order") == "in order"
    assert workers.call("count", 20, most=2) == 2, "who does not listen hears nothing"


def test_what_a_function_prints_is_not_taken_for_an_answer(workers: Workers) -> None:
    assert workers.call("talk", 20) == ""
    assert workers.call("echo", 20, value=2) == 2


def test_processes_end_with_their_portal_even_one_that_hangs(until: Until) -> None:
    code = (
        "import os, gevent\nfrom tvcore.workers import Workers\nw = Workers(2, 'worker_table')\n"
        "pid = w.call('pid', 20)\ngevent.spawn(w.call, 'hang', 1)\ngevent.sleep(0.2)\n"
        "print(pid, w.call('pid', 20), flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -9, done.stderr
    pids = [int(pid) for pid in done.stdout.split()]
    until(lambda: not any(there and there.alive for there in map(proc.Process.of, pids)), 20, "both are gone")


def test_the_portal_lives_on_when_its_workers_are_killed(own_portal: RunningPortal) -> None:
    browser = own_portal.login()
    assert browser.get("/tiles").status == 200
    for _ in range(3):
        for pid in own_portal.children():
            os.kill(pid, signal.SIGKILL)
        answers = [browser.get("/wall").status for _ in range(2)]
        assert answers[1] == 200
        assert answers[0] in (200, 503)


def test_a_worker_that_is_stopped_does_not_stop_the_portal(own_portal: RunningPortal) -> None:
    browser = own_portal.login()
    assert browser.get("/wall").status == 200
    children = own_portal.children()
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    waiting = threading.Thread(target=browser.get, args=("/wall",), daemon=True)
    waiting.start()
    for _ in range(20):
        started = time.monotonic()
        assert browser.get("/health").status == 200
        assert browser.request("GET", "/").status == 200
        assert time.monotonic() - started < 1
    for pid in children:
        os.kill(pid, signal.SIGCONT)
    waiting.join(20)
    assert browser.get("/wall").status == 200
