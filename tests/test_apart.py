from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tvcore import apart
from tvcore.apart import Apart, PositionedError
from tvcore.errors import TiledVizError, UsageError
from waiting import wait_until

FUNCTIONS = """
    import mmap, os, signal, sys, time
    from pathlib import Path
    from tvcore.errors import TiledVizError, UsageError

    class QueryError(UsageError):
        position = 7

    def add(a, b): return {"sum": a + b, "text": "é\\n\\ud800", "nan": float("inf")}
    def refuse(kind):
        raise {"plain": TiledVizError, "usage": UsageError, "query": QueryError}[kind]("FILE: row 3 is bad")
    def kill(number): os.kill(os.getpid(), number)
    def spin():
        while True: pass
    def sleep(seconds): time.sleep(seconds); return seconds
    def chatter():
        from tvcore.apart_call import report
        while True: report(0.5, "still there")
    def deaf():
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGALRM})
        time.sleep(600)
    def fill():
        held = []
        while True: held.append(bytearray(1 << 24))
    def grow(count): return "x" * count
    def recurse(n=0): return recurse(n + 1)
    def fault(): return {}["secret of a file"]
    def odd(): return {1, 2}
    def limits():
        import resource as r
        return {n: r.getrlimit(getattr(r, "RLIMIT_" + n))[0] for n in ("AS", "CORE", "CPU")}
    def talk(): os.write(1, b"noise" * 9); os.write(2, b"noise" * 9); print("noise"); return "said"
    def begin(path): Path(path).write_text(str(os.getpid())); time.sleep(600)
    def loaded(name): return name in sys.modules
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Apart]:
    """Return a process for calls that finds the functions above as the module ``trials``."""
    (tmp_path / "trials.py").write_text(textwrap.dedent(FUNCTIONS))
    made = Apart({"PYTHONPATH": str(tmp_path)})
    yield made
    made.end()


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_a_function_returns_comes_back(server: Apart) -> None:
    answer = server.call("trials:add", {"a": 1, "b": 2})
    assert answer == {"sum": 3, "text": "é\n\ud800", "nan": float("inf")}
    assert apart.call("os.path:basename", {"p": "a/b"}) == "b"


@pytest.mark.parametrize(
    ("kind", "error"), [("plain", TiledVizError), ("usage", UsageError), ("query", PositionedError)]
)
def test_an_error_for_people_comes_out_as_it_is(server: Apart, kind: str, error: type[TiledVizError]) -> None:
    with pytest.raises(error) as caught:
        server.call("trials:refuse", {"kind": kind}, what="FILE")
    assert type(caught.value) is error
    assert str(caught.value) == "FILE: row 3 is bad"
    assert getattr(caught.value, "position", None) == (7 if kind == "query" else None)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGSEGV, "FILE made the library that reads it crash (SIGSEGV): it is damaged"),
        (signal.SIGABRT, "FILE made the library that reads it crash (SIGABRT): it is damaged"),
        (signal.SIGKILL, "FILE: the process that read it was killed"),
    ],
)
def test_a_crash_is_one_line_about_the_file(server: Apart, number: int, words: str) -> None:
    with pytest.raises(TiledVizError) as caught:
        server.call("trials:kill", {"number": number}, what="FILE")
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)
    assert server.call("trials:add", {"a": 1, "b": 1})["sum"] == 2


@pytest.mark.parametrize("function", ["trials:spin", "trials:deaf"])
def test_a_hang_is_given_up_when_its_time_is_over(server: Apart, function: str) -> None:
    with pytest.raises(TiledVizError, match=r"^FILE took longer than 0\.3 s to read and was given up"):
        server.call(function, {}, seconds=0.3, what="FILE")


def test_how_a_call_ended_is_told_when_what_it_said_before_fills_the_line(server: Apart) -> None:
    slow = iter([1.5])  # the caller does not read until the process has ended; then it does
    with pytest.raises(TiledVizError, match=r"^FILE took longer than 0\.3 s to read and was given up"):
        server.call(
            "trials:chatter", {}, seconds=0.3, what="FILE", cancelled=lambda: time.sleep(next(slow, 0)) or False
        )
    assert server.call("trials:add", {"a": 1, "b": 1})["sum"] == 2


def test_too_much_memory_is_one_line(server: Apart) -> None:
    with pytest.raises(TiledVizError, match=r"^FILE needs more than 512 MiB of memory"):
        server.call("trials:fill", {}, memory=512 << 20, what="FILE")


def test_too_large_an_answer_is_not_taken(server: Apart) -> None:
    with pytest.raises(TiledVizError, match=r"^FILE: more than 1 MiB come of it"):
        server.call("trials:grow", {"count": 100 << 20}, output=1 << 20, what="FILE")
    assert len(server.call("trials:grow", {"count": 3 << 20})) == 3 << 20


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("trials:recurse", r"^FILE is nested too deeply"),
        ("trials:fault", r"^FILE: KeyError in trials\.py line \d+; this is a fault of TiledViz"),
        ("trials:odd", r"^FILE: TypeError in .* fault of TiledViz"),
        ("trials:missing", r"^FILE: AttributeError in .* fault of TiledViz"),
        ("no_such_module:f", r"^FILE: ModuleNotFoundError in .* fault of TiledViz"),
    ],
)
def test_any_other_error_is_one_line_without_what_the_file_says(server: Apart, function: str, words: str) -> None:
    with pytest.raises(TiledVizError, match=words) as caught:
        server.call(function, {}, what="FILE")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_limits_hold_in_the_process_of_the_call(server: Apart) -> None:
    assert server.call("trials:limits", {}, seconds=9, memory=1 << 30) == {"AS": 1 << 30, "CORE": 0, "CPU": 10}


def test_what_a_library_prints_is_not_an_answer(server: Apart, capfd: pytest.CaptureFixture[str]) -> None:
    assert server.call("trials:talk", {}) == "said"
    assert capfd.readouterr() == ("", "")


def test_modules_are_loaded_once_for_all_calls(server: Apart) -> None:
    assert server.call("trials:loaded", {"name": "wave"}) is False
    assert server.call("trials:loaded", {"name": "wave"}, preload=["wave", "no_such_module"]) is True
    assert server.call("trials:loaded", {"name": "wave"}) is True


def test_calls_of_several_threads_run_side_by_side(server: Apart) -> None:
    ended: list[float] = []

    def wait(seconds: float) -> None:
        ended.append(server.call("trials:sleep", {"seconds": seconds}))

    threads = [threading.Thread(target=wait, args=(seconds,)) for seconds in (2.0, 0.0, 0.1)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join(30)
    assert ended == [0.0, 0.1, 2.0]  # the short ones are answered while the long one lasts


def test_a_fork_of_the_caller_has_a_process_of_its_own(server: Apart) -> None:
    assert server.call("trials:add", {"a": 1, "b": 2})["sum"] == 3
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if server.call("trials:add", {"a": 2, "b": 2})["sum"] == 4 else 2
            server.end()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert server.call("trials:add", {"a": 1, "b": 2})["sum"] == 3


def test_a_killed_server_is_replaced(server: Apart) -> None:
    server.call("trials:add", {"a": 1, "b": 2})
    process = server._process
    assert process is not None
    process.kill()
    process.wait()
    assert server.call("trials:add", {"a": 1, "b": 2})["sum"] == 3


def test_nothing_runs_on_when_the_caller_ends_or_is_killed(server: Apart, tmp_path: Path) -> None:
    for end in ("end", "kill"):
        note = tmp_path / f"pid-{end}"
        code = (
            "from tvcore.apart import Apart; import sys; "
            f"Apart({{'PYTHONPATH': {str(tmp_path)!r}}}).call('trials:begin', {{'path': {str(note)!r}}}, seconds=300)"
        )
        with subprocess.Popen([sys.executable, "-P", "-c", code], stderr=subprocess.DEVNULL) as caller:
            wait_until(lambda: note.exists() and note.read_text() != "", 30)  # noqa: B023
            caller.send_signal(signal.SIGINT if end == "end" else signal.SIGKILL)
        pid = int(note.read_text())
        wait_until(lambda: _gone(pid), 30)  # noqa: B023
