"""A portal on a unix socket: who reaches it, what it prints, and what is left of it."""

from __future__ import annotations

import getpass
import grp
import json
import os
import pwd
import shlex
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal_kit import RunningJob, RunningPortal, send_raw
from tvcore import paths
from tvcore.errors import TiledVizError, UsageError
from tvcore.portal import instance, listen

Until = Callable[..., None]
PORT = 8799  # of the person's own machine: nothing listens on it here


@pytest.fixture
def on_socket(home: Path) -> Iterator[RunningPortal]:
    """A portal on the socket that it chooses."""
    running = RunningPortal(home, "--socket", port=PORT)
    yield running
    running.stop()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tvcore", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_listens_on_no_port_but_on_a_socket_that_only_its_user_reaches(
    on_socket: RunningPortal, other_user: list[str]
) -> None:
    assert on_socket.socket is not None
    path = Path(on_socket.socket)
    assert path.parent.parent == Path(os.environ["XDG_RUNTIME_DIR"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    listing = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    ours = {f"pid={pid}," for pid in (on_socket.process.pid, *on_socket.children())}
    assert [line for line in listing.splitlines() if any(pid in line for pid in ours)] == []
    knock = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    stranger = [*other_user, "/usr/bin/python3", "-c", knock, str(path)]
    assert "PermissionError" in subprocess.run(stranger, capture_output=True, text=True, check=False).stderr


def test_a_stranger_that_gets_through_to_the_socket_is_cut_without_an_answer(
    on_socket: RunningPortal, other_user: list[str]
) -> None:
    """Were its permissions lost, the kernel still says whose connection it is."""
    assert on_socket.socket is not None
    path = Path(on_socket.socket)
    for folder in (path.parent.parent.parent, path.parent.parent, path.parent):
        folder.chmod(0o755)
    path.chmod(0o666)
    request = f"GET /api/v1/health HTTP/1.1\r\nHost: {on_socket.host}\r\nConnection: close\r\n\r\n"
    ask = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1])\n"
        "try: s.sendall(sys.argv[2].encode()); print(s.recv(100))\n"
        "except OSError as error: print(b'')\n"
    )
    command = ["/usr/bin/python3", "-c", ask, str(path), request]
    told = [
        subprocess.run([*who, *command], capture_output=True, text=True, check=True).stdout for who in (other_user, [])
    ]
    assert told[0] == "b''\n"
    assert told[1].startswith("b'HTTP/1.1 200")


def test_login_wall_and_focus_work_through_it(on_socket: RunningPortal, until: Until) -> None:
    job = RunningJob(on_socket)
    browser = on_socket.login()
    assert browser.cookie.startswith(f"tiledviz_{PORT}=")
    until(lambda: all(tile["stream"] for tile in browser.get("/wall").json["tiles"]))
    page, focus = browser.wall(), browser.rfb(job.tiles[0])
    page.say(demand=[[tile, 100, 100, 1] for tile in job.tiles])
    until(lambda: job.agent.walls)
    picture = job.agent.stream().send(1, b"JPEG" * 1000)
    assert page.picture() == picture
    data = b"RFB 003.008\n\x01\x01" + struct.pack("!B3xI", 6, 1 << 20) + os.urandom(1 << 20)
    chunks = [data[start : start + 200_000] for start in range(0, len(data), 200_000)]
    threading.Thread(target=lambda: [focus.send(chunk) for chunk in chunks], daemon=True).start()
    found = b""
    while len(found) < len(data):
        found += focus.recv(20)
    assert found == data
    page.close()
    focus.close()
    job.end()
    text = on_socket.log.read_text()
    assert "Traceback" not in text
    assert browser.key not in text


def test_it_answers_to_the_port_of_the_persons_own_machine_alone(on_socket: RunningPortal) -> None:
    browser = on_socket.login()
    for name in ("127.0.0.1", "localhost", "[::1]"):
        assert browser.get("/wall", Host=f"{name}:{PORT}", Origin=f"http://{name}:{PORT}").status == 200
    for name in ("127.0.0.1", "127.0.0.1:8765", f"evil.example:{PORT}", socket.gethostname()):
        assert browser.get("/wall", Host=name).status == 400
    assert send_raw(on_socket, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_further_name_is_allowed_when_told(home: Path) -> None:
    running = RunningPortal(home, "--socket", "--public-host", "wall.example", port=PORT)
    try:
        assert running.login().get("/wall", Host="wall.example", Origin="http://wall.example").status == 200
    finally:
        running.stop()


def test_it_prints_the_line_for_ssh_and_then_the_address(home: Path, tmp_path: Path) -> None:
    for options in ((), ("--json",)):
        path = tmp_path / "door" / "p.sock"
        command = [sys.executable, "-m", "tvcore", "up", "--port", str(PORT), "--socket", str(path), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        try:
            if options:
                said = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
            else:
                first, second = process.stdout.readline(), process.stdout.readline()
                said = {"ssh": first.strip().partition(": ")[2], "url": second.strip().removeprefix("Open: ")}
        finally:
            process.terminate()
            assert process.wait(20) == 0
            process.stdout.close()
        assert set(said) == {"url", "ssh"}
        assert said["url"].startswith(f"http://127.0.0.1:{PORT}/#login=")
        ssh = shlex.split(said["ssh"])
        assert ssh[:4] == ["ssh", "-N", "-L", f"{PORT}:{path}"]
        user, _, host = ssh[4].partition("@")
        assert user == getpass.getuser()
        assert host.partition(".")[0] == socket.gethostname().partition(".")[0]


def test_open_prints_address_and_ssh_line_again(on_socket: RunningPortal) -> None:
    plain, as_json = run("open"), run("open", "--json")
    info = on_socket.info()
    assert info is not None
    ssh, address = plain.stdout.splitlines()
    assert ssh == f"On your own machine: {info['ssh']}"
    assert address.startswith(f"Open: http://127.0.0.1:{PORT}/#login=")
    document = json.loads(as_json.stdout)
    assert document["ssh"] == info["ssh"]
    assert document["url"].startswith(f"http://127.0.0.1:{PORT}/#login=")


def test_at_its_end_the_socket_is_gone(on_socket: RunningPortal) -> None:
    assert on_socket.socket is not None
    assert on_socket.stop() == 0
    assert not Path(on_socket.socket).exists()
    assert instance.running() is None


def test_the_socket_of_a_killed_portal_is_replaced_and_logins_go_on(on_socket: RunningPortal, home: Path) -> None:
    browser = on_socket.login()
    on_socket.process.send_signal(signal.SIGKILL)
    on_socket.process.wait()
    assert on_socket.socket is not None
    assert Path(on_socket.socket).exists()
    second = RunningPortal(home, "--socket", port=PORT)
    try:
        assert second.socket == on_socket.socket
        browser.portal = second
        assert browser.get("/wall").status == 200
    finally:
        assert second.stop() == 0


def test_a_second_portal_is_refused_with_the_address_of_the_first(on_socket: RunningPortal) -> None:
    for options in (("--socket",), ("--port", "0")):
        done = run("up", *options)
        assert done.returncode == 1
        assert f"a portal of yours already runs at {on_socket.origin}/ (pid {on_socket.process.pid})" in done.stderr
        assert "tiledviz open" in done.stderr
    assert on_socket.login().get("/wall").status == 200


def test_a_socket_on_which_something_listens_is_left_alone(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "live.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(1)
        done = run("up", "--socket", str(path))
        assert done.returncode == 1
        assert done.stderr.rstrip().endswith(
            f"something listens on {path} already: stop it, or choose another path with --socket"
        )
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
    assert not (home / "portal.json").exists()


def test_a_file_that_is_no_socket_is_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "thesis.tex"
    path.write_text("years of work")
    with pytest.raises(TiledVizError, match="no socket"):
        listen.UnixListener(path)
    assert path.read_text() == "years of work"


def test_a_socket_that_became_anothers_is_not_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    first = listen.UnixListener(path)
    path.unlink()
    second = listen.UnixListener(path)
    first.close()
    assert path.exists()
    second.close()
    assert not path.exists()


def test_a_folder_that_others_can_enter_is_refused_and_not_changed(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    with pytest.raises(UsageError, match="chmod 700"):
        listen.chosen_socket(shared / "p.sock")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert listen.chosen_socket(shared / "new" / "p.sock").parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["a:b", "a b", "%h", "$HOME", "ä", "a\nb", "x" * 120, "'; touch x"])
def test_a_path_that_ssh_would_misread_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--socket"):
        listen.chosen_socket(tmp_path / name)


def test_the_default_place_is_another_where_the_first_is_too_long_or_somebody_elses(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = home.parent / "tmp"
    long = home.parent / ("l" * 100)
    common.mkdir()
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    monkeypatch.setenv("TMPDIR", str(common))
    path = listen.default_socket()
    assert path == paths.runtime_parent() / "portal.sock"
    assert path.parent.parent == common
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert listen.default_socket() == path
    path.parent.rmdir()
    path.parent.symlink_to(home)  # as somebody else may have made it first
    other = listen.default_socket()
    assert other.parent.parent == common
    assert other.parent != path.parent
    assert stat.S_IMODE(other.parent.stat().st_mode) == 0o700
    assert len(os.fsencode(other)) <= paths.UNIX_PATH_MAX


def test_with_a_host_it_listens_on_a_port_too_and_one_login_is_good_on_both(home: Path) -> None:
    both = RunningPortal(home, "--socket", "--host", "127.0.0.1")
    try:
        assert both.socket is not None
        browser = both.login()  # through the socket
        both.socket = None
        assert browser.get("/wall").status == 200
        assert "ssh" not in run("open", "--json").stdout  # the port is there without
    finally:
        assert both.stop() == 0


def test_a_proxys_user_reaches_the_socket_by_its_group_and_no_other_user_does(
    home: Path, other_user: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder lets the group through; who is in it and is no proxy is cut by the kernel's word."""
    group = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_gid
    config = home.parent / "config" / "tiledviz" / "config.toml"
    config.parent.mkdir(mode=0o700, parents=True)
    door = Path(tempfile.mkdtemp(prefix="tvd-", dir="/tmp"))  # in a place that everybody reaches
    door.chmod(0o755)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent.parent))
    ask = (
        "import os, socket, sys\n"
        "os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[4]))\n"
        "s = socket.socket(socket.AF_UNIX); s.settimeout(10)\n"
        "try: s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode()); print(s.recv(12))\n"
        "except PermissionError: print('shut')\n"
        "except OSError: print('cut')\n"
    )
    config.write_text(f'[portal.proxy]\nuids = ["nobody"]\n[portal.web]\nsocket_group = "{group}"\n')
    running = RunningPortal(home, "--socket", str(door / "in" / "p.sock"), port=PORT)
    try:
        assert stat.S_IMODE((door / "in").stat().st_mode) == 0o710
        assert stat.S_IMODE((door / "in" / "p.sock").stat().st_mode) == 0o660
        request = f"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: close\r\n\r\n"
        nobody = pwd.getpwnam("nobody").pw_uid
        told = [
            subprocess.run(
                ["/usr/bin/python3", "-c", ask, str(running.socket), request, str(gid), str(uid)],
                capture_output=True, text=True, check=True,
            ).stdout.strip()
            for gid, uid in ((group, nobody), (group, nobody - 7), (group - 1, nobody - 7))
        ]  # fmt: skip
        assert told[0] == "b'HTTP/1.1 200'"
        assert told[1] in ("b''", "cut")
        assert told[2] == "shut"
    finally:
        assert running.stop() == 0
        shutil.rmtree(door)


def test_options_that_contradict_each_other_are_told(home: Path) -> None:
    for options, said in (
        (("--socket", "--port", "0"), "--port 0"), (("--tls-cert", "c.pem"), "--tls-key go together"),
        (("--socket", "--tls-cert", "c.pem", "--tls-key", "k.pem"), "--host too"),
        (("--http-redirect", "80"), "--tls-cert"), (("--public-url", "wall.example"), "https://HOST/"),
    ):  # fmt: skip
        done = run("up", *options)
        assert done.returncode == 2, options
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
