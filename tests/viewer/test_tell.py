"""A viewer is told what to do, by the client that runs in its tile, and by nobody else."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tvcore.errors import UsageError
from tvcore.viewer import control, tell
from tvcore.viewer.control import Control
from waiting import wait_until

TELL = Path(tell.__file__).read_text(encoding="utf-8")


class Viewer:
    """What a viewer is told is kept, and refused where the value is bad."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.looks = 0
        self.control = Control({"level": self.level, "state": lambda: {"level": 0.5}, "break": lambda: 1 // 0})
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def level(self, value: float) -> str:
        if value < 0:
            raise UsageError(f"a level of {value} cannot be: it is 0 at least")
        self.told.append(value)
        return f"level {value}"

    def _run(self) -> None:
        while not self._over.wait(0.01):
            self.looks += self.control.look()

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        self.control.close()


@pytest.fixture
def cookie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "auth"
    path.write_bytes(secrets.token_bytes(32))
    monkeypatch.setenv("XAUTHORITY", str(path))
    return path


@pytest.fixture
def viewer(cookie: Path) -> Iterator[Viewer]:
    made = Viewer()
    yield made
    made.end()


def _bind(listener: socket.socket) -> None:
    """Take the viewer's place."""
    path = tell.place()[0]
    os.mkdir(os.path.dirname(path), 0o700)
    tell.reach(path, listener.bind)


def client(*words: str, line: str = "", text: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the client as a tile does: by its module, or as a *text* for a Python that knows nothing of TiledViz."""
    command = ["-I", "-S", "-c", TELL] if text else ["-P", "-m", "tvcore.viewer.tell"]
    return subprocess.run(
        [sys.executable, *command, *words], input=line, capture_output=True, text=True, timeout=60, check=False
    )


def raw(*lines: bytes) -> bytes:
    """Send *lines* to the viewer as they are, and return what it says to that."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        tell.reach(tell.place()[0], connection.connect)
        for line in lines:
            connection.sendall(line)
        return connection.recv(1 << 16)


def test_a_viewer_does_what_it_is_told_in_words_and_by_a_line_of_json(viewer: Viewer) -> None:
    done = client("level", "value=0.25")
    assert (done.returncode, done.stdout, done.stderr) == (0, "level 0.25\n", "")
    done = client(line='{"do": "level", "value": 0.5}\n', text=True)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, {"ok": {"said": "level 0.5"}}, "")
    assert json.loads(client("state").stdout) == {"level": 0.5}
    assert viewer.told == [0.25, 0.5]
    assert viewer.looks == 3


def test_what_cannot_be_done_is_one_line_and_the_viewer_goes_on(viewer: Viewer) -> None:
    for words, said in (
        (("level", "value=-1"), "a level of -1 cannot be: it is 0 at least"),
        (("explode",), "this viewer cannot do 'explode': it knows break, level, state"),
        (("break",), "break: ZeroDivisionError: integer division or modulo by zero"),
        (("level", "value=high"), "level: TypeError: '<' not supported between instances of 'str' and 'int'"),
    ):
        done = client(*words)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said + "\n")
    assert "TypeError" in client("level", "other=1").stderr
    assert client("level", "value=1").stdout == "level 1\n"


def test_nobody_is_obeyed_without_the_displays_cookie(viewer: Viewer, cookie: Path, tmp_path: Path) -> None:
    name, key = tell.place()
    order = {"do": "level", "value": 1}
    for line in ({**order, "key": "0" * 32}, {**order, "key": key[:-1]}, {**order, "key": None}):
        assert b"not the key" in raw(json.dumps(line).encode() + b"\n")
    assert b"no order" in raw(json.dumps(order).encode() + b"\n")
    for line in (b"\n", b"[]\n", b"{\n", b'"do"\n', b"\xff\xfe\n", b"{}\n"):
        assert b"no order" in raw(line)
    assert viewer.told == []
    assert viewer.looks == 0  # nor does it rest for them
    (tmp_path / "other").write_bytes(b"another display's")
    elsewhere = {**os.environ, "XAUTHORITY": str(tmp_path / "other")}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", TELL, "state"], env=elsewhere, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "this is not the key of this tile\n")
    assert cookie.read_bytes().hex() not in (name + key)


def test_callers_that_say_nothing_or_too_much_are_dropped(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LINE_SECONDS", 0.2)
    assert raw(b"x" * (tell.LINE_MAX + 2)) == b""
    silent = [socket.socket(socket.AF_UNIX) for _ in range(control.CALLERS_MAX + 4)]
    try:
        for each in silent:
            wait_until(
                lambda each=each: tell.reach(tell.place()[0], each.connect_ex) == 0, 30, "there is room for a caller"
            )
            each.settimeout(30)
        assert client("level", "value=2").stdout == "level 2\n"  # they have had their time
        assert [each.recv(1) for each in silent] == [b""] * len(silent)
    finally:
        for each in silent:
            each.close()


def test_another_user_is_not_heard(viewer: Viewer, other_user: list[str]) -> None:
    path, key = tell.place()
    found = os.stat(path)
    assert (found.st_mode & 0o777, os.stat(os.path.dirname(path)).st_mode & 0o777) == (0o600, 0o700)
    for folder in (os.path.dirname(path), path):  # though it were open to all
        os.chmod(folder, 0o777)
    code = (
        "import os, socket, sys; os.fchdir(int(sys.argv[2])); s = socket.socket(socket.AF_UNIX); s.connect('viewer');"
        "s.sendall(sys.argv[1].encode() + b'\\n'); print(s.recv(100))"
    )
    order = json.dumps({"do": "level", "value": 9, "key": key})
    handle = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        done = subprocess.run(
            [*other_user, "/usr/bin/python3", "-I", "-c", code, order, str(handle)],
            pass_fds=[handle], capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(handle)
    assert done.stdout == "b''\n" or "ConnectionReset" in done.stderr or "BrokenPipe" in done.stderr, done.stderr
    assert viewer.told == []


def test_a_client_does_not_tell_its_key_to_another_users_socket(cookie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as squatter:
        _bind(squatter)
        squatter.listen()
        monkeypatch.setattr(tell.os, "geteuid", lambda: 12345)
        assert tell.tell({"do": "state"}) == {"error": tell.NOBODY}
        taken, _ = squatter.accept()
        with taken:
            assert taken.recv(100) == b""


def test_the_second_viewer_of_a_tile_leaves_the_first_its_place_and_gets_it_after(viewer: Viewer) -> None:
    second = Control({})
    assert second.look() is False
    assert client("state").returncode == 0
    viewer.end()
    assert not os.path.exists(tell.place()[0])
    with socket.socket(socket.AF_UNIX) as killed:  # what one leaves that was killed
        tell.reach(tell.place()[0], killed.bind)
    third = Viewer()
    try:
        assert client("level", "value=3").stdout == "level 3\n"
        assert third.told == [3]
    finally:
        third.end()


def test_where_no_viewer_listens_it_is_said(cookie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client("state").stderr == tell.NOBODY + "\n"
    monkeypatch.delenv("XAUTHORITY")
    assert client("state").stderr == tell.NOBODY + "\n"
    assert json.loads(client(line="nonsense\n").stdout) == {"error": "this is no line of JSON"}
    assert Control({}).look() is False


def test_a_viewer_that_ends_meanwhile_is_told(cookie: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        _bind(listener)
        listener.listen()
        answers: list[dict[str, Any]] = []
        asking = threading.Thread(target=lambda: answers.append(tell.tell({"do": "state"})))
        asking.start()
        taken, _ = listener.accept()
        taken.recv(1 << 16)
        taken.close()
        asking.join(30)
    assert answers == [{"error": "the viewer of this tile ended meanwhile"}]
