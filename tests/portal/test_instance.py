"""The portal as a process: beginning, ending, and what is left over."""

from __future__ import annotations

import contextlib
import ctypes
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal_kit import RunningJob, RunningPortal, closing
from tvcore import proc
from tvcore.portal import instance

Until = Callable[..., None]
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tvcore", "up", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def nobody_waits() -> Iterator[None]:
    """Have orphans become children of this process, which waits for none: as in a container without an init."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.mark.usefixtures("nobody_waits")
def test_it_says_where_it_is_while_it_runs_and_ends_cleanly_and_fast(home: Path, until: Until) -> None:
    running = RunningPortal(home)
    job = RunningJob(running)
    browser = running.login()
    until(lambda: all(tile["stream"] for tile in browser.get("/wall").json["tiles"]))
    page, focus = browser.wall(), browser.rfb(job.tiles[0])
    page.say(demand=[[tile, 100, 100, 1] for tile in job.tiles])
    until(lambda: job.agent.walls)
    file = home / "portal.json"
    assert file.stat().st_mode & 0o777 == 0o600
    said = json.loads(file.read_text())
    assert said["pid"] == running.process.pid
    assert (said["url"], said["host"], said["port"]) == (f"{running.origin}/", "127.0.0.1", running.port)
    assert instance.running(home) == instance.PortalInfo(**said)
    children = running.children()
    assert children
    started = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - started < 6
    for connection in (page.connection, focus):
        assert closing(connection).code == 1001
    job.end()
    assert not file.exists()
    assert instance.running(home) is None
    until(lambda: not any(proc.Process.of(pid) for pid in children), what="no worker process is left")
    assert "Traceback" not in running.log.read_text()


def test_ctrl_c_ends_it_as_well(own_portal: RunningPortal) -> None:
    own_portal.process.send_signal(signal.SIGINT)
    assert own_portal.process.wait(10) == 0


def test_a_second_portal_is_refused_with_the_address_of_the_first(own_portal: RunningPortal) -> None:
    done = start("--port", "0")
    assert done.returncode == 1
    assert f"a portal of yours already runs at {own_portal.origin}/ (pid {own_portal.process.pid})" in done.stderr
    assert done.stderr.count("\n") == 1
    assert own_portal.login().get("/wall").status == 200


def test_a_killed_portal_leaves_no_worker_and_the_next_one_shows_the_same_wall(home: Path, until: Until) -> None:
    first = RunningPortal(home)
    job = RunningJob(first)
    browser = first.login()
    until(lambda: [tile["state"] for tile in browser.get("/wall").json["tiles"]] == ["live", "live"])
    children = [child for pid in first.children() if (child := proc.Process.of(pid))]
    first.process.kill()
    first.process.wait()
    assert (home / "portal.json").exists()
    until(lambda: not any(child.alive for child in children), what="the workers notice")
    second = RunningPortal(home, port=first.port)
    try:
        browser.portal = second
        until(lambda: all(tile["stream"] for tile in browser.get("/wall").json["tiles"]))
        assert [tile["id"] for tile in browser.get("/wall").json["tiles"]] == job.tiles
        page = browser.wall()
        page.say(demand=[[job.tiles[0], 10, 10, 1]])
        until(lambda: job.agent.walls and job.agent.stream().demand == [[0, 10, 10, 1]])
        page.close()
    finally:
        assert second.stop() == 0
        first.store.close()
        job.end()


def test_another_process_with_the_id_of_a_killed_portal_is_not_taken_for_it(home: Path) -> None:
    me = proc.Process.current()
    there = instance.announce("127.0.0.1", 1, home)
    assert instance.running(home) == there
    (home / "portal.json").write_text(there.model_copy(update={"start": me.start + 1}).model_dump_json())
    assert instance.running(home) is None
    with instance.starting(home):
        pass
    (home / "portal.json").write_text("{")
    assert instance.running(home) is None


def test_a_portal_on_another_machine_is_not_run_over(home: Path) -> None:
    there = instance.announce("127.0.0.1", 1, home).model_copy(update={"node": "login2", "start": 1})
    (home / "portal.json").write_text(there.model_dump_json())
    with pytest.raises(Exception, match="already runs on login2"), instance.starting(home):
        pass


def test_only_one_portal_starts_at_a_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance, "START_SECONDS", 0.2)
    with instance.starting(home), pytest.raises(Exception, match="just starting"), instance.starting(home):
        pass


def test_a_port_in_use_is_one_line_that_says_how_to_go_on(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = start("--port", str(port))
    assert done.returncode == 1
    expected = f"port {port} on 127.0.0.1 is in use: stop what listens there or choose another with --port"
    assert done.stderr == f"tiledviz: {expected}\n"
    assert not (home / "portal.json").exists()


def test_an_address_that_is_not_of_this_machine_is_one_line(home: Path) -> None:
    for host in ("192.0.2.1", "no such host"):
        done = start("--port", "0", "--host", host)
        assert done.returncode == 2
        assert "--host" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_broken_store_is_told_in_one_line(home: Path) -> None:
    (home / "store.sqlite").write_bytes(b"this is no database" * 100)
    done = start("--port", "0")
    assert done.returncode == 1
    assert "store" in done.stderr
    assert done.stderr.count("tiledviz: ") == 1
    assert "Traceback" not in done.stderr
    assert not (home / "portal.json").exists()


def test_it_listens_nowhere_but_on_its_one_port(own_portal: RunningPortal) -> None:
    own_portal.login().get("/tiles")
    pids = [own_portal.process.pid, *own_portal.children()]
    sockets = set()
    for fd in [fd for pid in pids for fd in Path(f"/proc/{pid}/fd").iterdir()]:
        with contextlib.suppress(FileNotFoundError):  # closed since
            sockets.add(str(fd.readlink()))
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                listening.append(fields[1])
    assert listening == [f"0100007F:{own_portal.port:04X}"]
