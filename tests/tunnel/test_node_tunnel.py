"""The node's side of its tunnel, with OpenSSH's client and a real endpoint."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tunnel_kit import Agent, EndpointProcess, echoes, make_key, node_agent, wait_for
from tvcore.node.tunnel import last_words, ssh_command, strange_version
from tvcore.tunnel import agents
from tvcore.tunnel.address import PROTOCOL, EndpointInfo, read_endpoint, write_endpoint

INFO = EndpointInfo(
    id="x", pid=1, start=1, node="login", hosts=("login", "10.0.0.1"), port=4000, host_key="ssh-ed25519 A", folder="/f"
)


@pytest.fixture
def folder(home: Path) -> Iterator[Path]:
    """Return the folder of a node agent, which serves there."""
    folder = home.parent / "agent"
    folder.mkdir(mode=0o700)
    agent = Agent(folder / "agent.sock")
    yield folder
    agent.stop()


def socket_of(home: Path) -> Path:
    info = read_endpoint(home)
    return info.socket_of("12", 0) if info else home / "none"


def is_up(home: Path) -> bool:
    return socket_of(home).exists() and echoes(socket_of(home))


def test_the_tunnel_comes_up_by_itself_and_its_key_stays_on_the_node(
    endpoint: EndpointProcess, home: Path, folder: Path
) -> None:
    with node_agent(home, folder) as node:
        wait_for(lambda: is_up(home))
        assert stat.S_IMODE((folder / "tunnel_key").stat().st_mode) == 0o600
        (registration,) = agents.registrations()
        assert registration.key == " ".join((folder / "tunnel_key.pub").read_text().split()[:2])
        command = Path(f"/proc/{node.ssh()}/cmdline").read_bytes().split(b"\0")
        assert b"aes128-gcm@openssh.com" in b" ".join(command)
        assert b"StrictHostKeyChecking=yes" in command
    wait_for(lambda: not socket_of(home).exists(), what="the tunnel's end, with the agent's")


def test_the_tunnel_is_back_soon_after_the_endpoint_was_killed(
    endpoint: EndpointProcess, home: Path, folder: Path
) -> None:
    with node_agent(home, folder) as node:
        wait_for(lambda: is_up(home))
        endpoint.kill()
        time.sleep(6)  # it has been tried in vain for a while
        node.logged("Connection refused")
        endpoint.start()
        begin = time.monotonic()
        wait_for(lambda: is_up(home), 5, "the tunnel again")
        assert time.monotonic() - begin < 5
        tries = [line for line in node.said if "Connection refused" in line]
        assert len(tries) == 1  # the same trouble is told once


def test_the_tunnel_follows_an_endpoint_that_runs_elsewhere_now(
    endpoint: EndpointProcess, home: Path, folder: Path
) -> None:
    with node_agent(home, folder) as node:
        wait_for(lambda: is_up(home))
        first = node.ssh()
        write_endpoint(endpoint.info.model_copy(update={"id": "another"}), home)  # at which the old one ends
        wait_for(lambda: not Path(f"/proc/{first}").exists(), 5, "the old connection's end")
        assert endpoint.process
        assert endpoint.process.wait(10) == 0
        endpoint.start()
        wait_for(lambda: is_up(home), 5, "the tunnel again")


def test_a_tunnel_whose_ssh_is_killed_is_back_soon(endpoint: EndpointProcess, home: Path, folder: Path) -> None:
    with node_agent(home, folder) as node:
        wait_for(lambda: is_up(home))
        os.kill(node.ssh(), signal.SIGKILL)
        endpoint.logged("is down: ")
        wait_for(lambda: is_up(home), 5, "the tunnel again")


def test_an_endpoint_that_is_silent_is_noticed_within_fifteen_seconds(
    endpoint: EndpointProcess, home: Path, folder: Path
) -> None:
    with node_agent(home, folder) as node:
        wait_for(lambda: is_up(home))
        os.kill(endpoint.pid, signal.SIGSTOP)
        try:
            node.logged("not responding", 15)
        finally:
            os.kill(endpoint.pid, signal.SIGCONT)
        wait_for(lambda: is_up(home), 10, "the tunnel again")


def test_a_node_waits_for_an_endpoint_that_is_not_there_yet(
    start_endpoint: Callable[..., EndpointProcess], home: Path, folder: Path
) -> None:
    with node_agent(home, folder) as node:
        node.logged("no endpoint has written")
        start_endpoint()
        wait_for(lambda: is_up(home), 5)


def test_an_endpoint_with_another_host_key_is_not_talked_to(
    endpoint: EndpointProcess, home: Path, folder: Path
) -> None:
    other = home.parent / "other"
    other.mkdir()
    real = endpoint.info
    os.kill(endpoint.pid, signal.SIGSTOP)  # it would write its own key again
    write_endpoint(real.model_copy(update={"host_key": make_key(other)}), home)
    os.kill(endpoint.pid, signal.SIGCONT)
    with node_agent(home, folder) as node:
        node.logged("Host key verification failed")
        assert not real.socket_of("12", 0).exists()


def test_hosts_are_tried_in_turn(endpoint: EndpointProcess, home: Path, folder: Path) -> None:
    info = endpoint.info
    write_endpoint(info.model_copy(update={"hosts": ("no-such-host.invalid", "127.0.0.2", *info.hosts)}), home)
    with node_agent(home, folder):
        wait_for(lambda: is_up(home))


@pytest.mark.parametrize(("version", "older"), [(PROTOCOL + 1, "the job is older"), (PROTOCOL - 1, "the endpoint is")])
def test_an_endpoint_of_another_version_is_told_plainly(home: Path, folder: Path, version: int, older: str) -> None:
    write_endpoint(INFO.model_copy(update={"v": version}), home)
    with node_agent(home, folder) as node:
        line = node.logged("older")
        assert older in line
        assert f"tunnel version {version} on login, {PROTOCOL} here" in line
        assert "start" in line
    assert strange_version(INFO) == ""


def test_without_ssh_the_package_is_named(endpoint: EndpointProcess, home: Path, folder: Path, tmp_path: Path) -> None:
    for tool in ("setpriv", "ssh-keygen"):
        found = shutil.which(tool)
        assert found
        (tmp_path / tool).symlink_to(found)
    with node_agent(home, folder, PATH=str(tmp_path)) as node:
        assert node.process.wait(20) != 0
        node.logged(": ssh is not installed on this node: as root, apt-get install openssh-client")


def test_a_folder_whose_name_ssh_would_read_otherwise_is_told(home: Path) -> None:
    folder = home.parent / "a%d:b"
    folder.mkdir()
    with node_agent(home, folder) as node:
        node.logged("set another TMPDIR")


def test_what_fails_for_a_while_is_tried_again(endpoint: EndpointProcess, home: Path, folder: Path) -> None:
    (folder / "tunnel_hosts").mkdir()  # so that no file can be put there
    with node_agent(home, folder) as node:
        node.logged("no tunnel: ")
        (folder / "tunnel_hosts").rmdir()
        wait_for(lambda: is_up(home))


def test_a_slow_endpoint_json_holds_nothing_up(home: Path, folder: Path) -> None:
    os.mkfifo(home / "endpoint.json", 0o600)  # whoever reads it waits, as on a file system that is away
    with node_agent(home, folder) as node:
        wait_for(lambda: list(agents.registrations()), what="the registration")
        assert node.process.poll() is None
        with (home / "endpoint.json").open("w") as file:
            file.write("{}")
        node.logged("no endpoint has written")
        (home / "endpoint.json").unlink()
        (home / "endpoint.json").write_text("{}")


def test_ssh_reads_no_one_s_configuration_and_asks_nobody() -> None:
    command = ssh_command(INFO, "login", "12.0", Path("/run/a.sock"))
    assert command[:3] == ["ssh", "-F", "none"]
    assert command[-4:] == ["-l", "12.0", "--", "login"]
    assert command[command.index("-R") : command.index("-R") + 2] == ["-R", "1:/run/a.sock"]
    for option in ("BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none", "GlobalKnownHostsFile=none"):
        assert option in command


def test_what_ssh_said_last_fits_into_a_line() -> None:
    assert last_words("a\n\n b \r\nc\nd\n") == "b / c / d"
    assert len(last_words("x" * 10_000)) == 400
    assert socket.gethostname() not in last_words("")
