"""Another Unix user of the node, who tries every way in. These tests really are that user: they need root."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nodekit import PAINTER, NodeAgent
from tvcore.node.display import Reservation
from x_displays import X_SOCKETS

# Connects to each address ("@": abstract), sends an X connection setup without a cookie if told, prints what came.
KNOCK = """
import json, socket, sys
answers = []
for address, setup in json.loads(sys.argv[1]):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(5)
    try:
        s.connect(chr(0) + address[1:] if address.startswith("@") else address)
        if setup:
            s.sendall(b"l" + bytes([0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
        heard = s.recv(400)
        s.settimeout(0.5)
        try:
            while more := s.recv(400):
                heard += more
        except TimeoutError:
            pass
        answers.append(heard.hex())
    except OSError as error:
        answers.append(type(error).__name__)
print(json.dumps(answers))
"""


def knock(user: list[str], *addresses: tuple[str, bool]) -> list[str]:
    """Return what each address answers to *user*: hexadecimal bytes or the name of an error."""
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    command = [*user, str(python), "-I", "-c", KNOCK, json.dumps(addresses)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd="/")
    assert ended.returncode == 0, ended.stderr
    answers: list[str] = json.loads(ended.stdout)
    return answers


@pytest.fixture
def agent(start_agent: Callable[..., NodeAgent]) -> NodeAgent:
    agent = start_agent(PAINTER)
    agent.wait_state("live")
    return agent


def test_our_own_user_gets_in_by_the_same_ways(agent: NodeAgent) -> None:
    display = f"{X_SOCKETS}/X{agent.status()['display'][1:]}"
    rfb, x = knock([], (str(agent.folder / "t0" / "rfb"), False), (display, True))
    assert bytes.fromhex(rfb) == b"RFB 003.008\n"
    assert bytes.fromhex(x)[0] == 0, "even we need the cookie"


def test_another_user_is_refused_at_every_socket_of_a_display(agent: NodeAgent, other_user: list[str]) -> None:
    number = agent.status()["display"][1:]
    display = f"{X_SOCKETS}/X{number}"
    for folder in (agent.home.parent, agent.folder.parent):
        folder.chmod(0o755)  # so that it is our own folders and sockets that refuse
    ways = [str(agent.folder / "t0" / "rfb"), agent.registration.socket, display, f"@{display}"]
    answers = knock(other_user, *[(way, way.endswith(f"X{number}")) for way in ways])
    assert answers == ["PermissionError", "PermissionError", "PermissionError", "ConnectionRefusedError"]


def test_another_user_who_reaches_the_sockets_is_refused_all_the_same(agent: NodeAgent, other_user: list[str]) -> None:
    display = X_SOCKETS / f"X{agent.status()['display'][1:]}"
    for folder in (agent.home.parent, agent.folder.parent.parent, agent.folder.parent, agent.folder):
        folder.chmod(0o755)
    display.chmod(0o777)
    Path(agent.registration.socket).chmod(0o777)
    x, stream = knock(other_user, (str(display), True), (agent.registration.socket, False))
    assert bytes.fromhex(x)[0] == 0, "an X connection without the cookie fails"
    assert b"Authorization required" in bytes.fromhex(x) or b"No protocol specified" in bytes.fromhex(x)
    assert b"serves its owner only" in bytes.fromhex(stream)


def test_files_that_hold_secrets_are_closed(agent: NodeAgent) -> None:
    tile = agent.folder / "t0"
    for folder in (agent.folder, tile):
        assert folder.stat().st_mode & 0o777 == 0o700
    for file in (tile / "xauthority", tile / "rfb", agent.folder / "agent.sock"):
        assert file.stat().st_mode & 0o777 == 0o600
    for file in (agent.home / "agents").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    command = Path(f"/proc/{agent.registration.pid}/cmdline").read_bytes()
    assert agent.registration.secret.encode() not in command
    assert agent.registration.secret not in agent.log.read_text()


def test_no_display_listens_on_a_port_or_an_abstract_socket(agent: NodeAgent) -> None:
    number = agent.status()["display"][1:]
    inodes = {
        link.readlink().name.removeprefix("socket:[").removesuffix("]")
        for pid in (agent.status()["xvnc"], agent.registration.pid)
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.is_symlink() and str(link.readlink()).startswith("socket:")
    }
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
        assert not [row for row in rows if row[9] in inodes]
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    listening = {row[7] for row in rows if row[6] in inodes and row[3] == "00010000" and len(row) > 7}
    ours = {str(agent.folder / "t0" / "rfb"), str(agent.folder / "agent.sock"), f"{X_SOCKETS}/X{number}"}
    assert listening == ours


def test_a_number_that_is_taken_in_any_way_is_passed_over() -> None:
    first = Reservation()
    second = Reservation()
    try:
        assert first.number != second.number
        free = Reservation()
        free.release()
        foreign = free.number
        with socket.socket(socket.AF_UNIX) as server:
            path = X_SOCKETS / f"X{foreign}"
            server.bind(str(path))
            server.listen()
            third = Reservation()
            third.release()
            assert third.number != foreign
            assert path.exists()
        fourth = Reservation()  # the socket is a dead one of ours now: its number is free
        assert fourth.number == foreign
        fourth.release()
        assert not path.exists()
    finally:
        second.release()
        first.release()
