"""The second way: nodes come through the site's sshd, whose one command for their key is the gate to the endpoint."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tunnel_kit import Agent, EndpointProcess, Node, echoes, make_key, node_agent, register, say, wait_for
from tvcore.errors import TiledVizError
from tvcore.tunnel.address import read_endpoint
from tvcore.tunnel.authorized import AuthorizedKeys, line_for

HERE = socket.gethostname()
KEY = "ssh-ed25519 " + "A" * 68
CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
AllowTcpForwarding yes
"""


@dataclass
class Site:
    """A login node's sshd, and what others know of it."""

    folder: Path
    port: int

    @property
    def keys(self) -> Path:
        return self.folder / "authorized_keys"


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    """Run an sshd of the site's."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert sshd, "the site's sshd is tested with Debian's openssh-server"
    Path("/run/sshd").mkdir(exist_ok=True)
    folder = home.parent / "site"
    (folder / "etc").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "etc" / "ssh_known_hosts").write_text(f"[127.0.0.1]:{port} {make_key(folder)}\n")
    (folder / "sshd_config").write_text(CONFIG.format(port=port, folder=folder))
    (folder / "authorized_keys").write_text("# mine\nssh-ed25519 AAAA me@home")
    server = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.DEVNULL)
    yield Site(folder, port)
    server.terminate()
    server.wait()


@pytest.fixture
def endpoint(start_endpoint: Callable[..., EndpointProcess], site: Site) -> EndpointProcess:
    """Return an endpoint that listens on no port."""
    login = f"{getpass.getuser()}@127.0.0.1"
    return start_endpoint(way="sshd", login=login, port=site.port, keys=str(site.keys))


@contextmanager
def known(site: Site) -> Iterator[None]:
    """Let this process's children know the site's sshd, as a cluster's nodes do: by /etc/ssh/ssh_known_hosts."""
    os.environ["TILEDVIZ_TEST_ETC_SSH"] = str(site.folder / "etc")
    try:
        yield
    finally:
        del os.environ["TILEDVIZ_TEST_ETC_SSH"]


@pytest.fixture
def agent_folder(home: Path) -> Iterator[Path]:
    """Return the folder of a node agent, which serves there."""
    folder = home.parent / "agent"
    folder.mkdir(mode=0o700)
    agent = Agent(folder / "agent.sock")
    yield folder
    agent.stop()


def socket_of(home: Path) -> Path:
    info = read_endpoint(home)
    assert info
    return info.socket_of("12", 0)


def test_a_tunnel_comes_up_through_sshd_and_goes_with_its_job(
    endpoint: EndpointProcess, site: Site, home: Path, agent_folder: Path
) -> None:
    listening = subprocess.run(["ss", "-Hlntp"], capture_output=True, text=True, check=True).stdout
    assert f"pid={endpoint.pid}," not in listening
    with known(site), node_agent(home, agent_folder):
        wait_for(lambda: socket_of(home).exists() and echoes(socket_of(home), b"x" * 100_000), 15)
        (line,) = [line for line in site.keys.read_text().splitlines() if "tiledviz-" in line]
        assert line.startswith('restrict,command="')
        assert re.search(r'expiry-time="2\d{11}" ssh-ed25519 ', line)
        say(home, {"12": {"state": "cancelled"}})
        wait_for(lambda: not socket_of(home).exists(), 15)
        wait_for(lambda: "tiledviz-" not in site.keys.read_text(), 5)
    assert site.keys.read_text() == "# mine\nssh-ed25519 AAAA me@home\n"


def test_such_a_tunnel_is_back_after_the_endpoint_was_killed(
    endpoint: EndpointProcess, site: Site, home: Path, agent_folder: Path
) -> None:
    with known(site), node_agent(home, agent_folder):
        wait_for(lambda: socket_of(home).exists() and echoes(socket_of(home)), 15)
        endpoint.kill()
        endpoint.start()
        wait_for(lambda: socket_of(home).exists() and echoes(socket_of(home)), 8)
    assert endpoint.stop() == 0
    assert "tiledviz-" not in site.keys.read_text()


def test_an_sshd_that_nobody_knows_is_not_logged_in_to(
    endpoint: EndpointProcess, site: Site, home: Path, agent_folder: Path
) -> None:
    (site.folder / "etc" / "ssh_known_hosts").write_text("")
    with known(site), node_agent(home, agent_folder) as node:
        node.logged("Host key verification failed")
        assert not socket_of(home).exists()


def test_a_node_does_not_try_before_sshd_knows_its_key(
    endpoint: EndpointProcess, site: Site, home: Path, agent_folder: Path
) -> None:
    say(home, {"12": {"state": "pending"}})
    with known(site), node_agent(home, agent_folder) as node:
        node.logged("the endpoint on", 15)
        assert "has not let this node in, its log says why" in node.said[-1]
        assert not (agent_folder / "tunnel_hosts").exists()  # as each try begins with it
        say(home, {"12": {"nodes": [HERE]}})
        wait_for(lambda: socket_of(home).exists() and echoes(socket_of(home)), 8)


def test_a_nodes_key_opens_the_gate_and_nothing_else(
    endpoint: EndpointProcess, site: Site, make_node: Callable[..., Node], home: Path
) -> None:
    node = make_node()
    wait_for(lambda: node.key in site.keys.read_text())
    outer = [
        "ssh", "-F", "none", "-i", str(node.folder / "key"), "-p", str(site.port), "-o", "IdentitiesOnly=yes",
        "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
        "-o", "ExitOnForwardFailure=yes", "-o", "LogLevel=ERROR",
    ]  # fmt: skip
    for command in (["id"], ["-tt", "id"], ["-s", "sftp"]):
        *options, last = command
        done = subprocess.run(
            [*outer, *options, "127.0.0.1", last], input="\n", capture_output=True, text=True, timeout=15, check=False
        )
        assert "uid=" not in done.stdout
        assert done.stdout == "" or done.stdout.startswith("SSH-2.0-TiledViz")  # whatever is asked, the gate answers
    for forward in (["-R", "0:127.0.0.1:22"], ["-R", f"{home.parent}/r.sock:/tmp/y"], ["-W", "127.0.0.1:22"]):
        done = subprocess.run(
            [*outer, "-T", *forward, *([] if "-W" in forward else ["-N"]), "127.0.0.1"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15, check=False,
        )  # fmt: skip
        assert done.returncode == 255
        assert "forward" in done.stderr or "prohibited" in done.stderr
    assert not (home.parent / "r.sock").exists()


@pytest.mark.parametrize("why", ["over", "link", "key"])
def test_a_key_gets_no_line_that_would_not_be_let_in(
    endpoint: EndpointProcess, site: Site, make_node: Callable[..., Node], home: Path, why: str
) -> None:
    good, bad = make_node(ordinal=1), make_node(job="13")
    say(home, {"12": {"nodes": [HERE]}, "13": {"nodes": [HERE], "state": "completed" if why == "over" else "running"}})
    if why == "link":
        bad.file.rename(bad.file.with_suffix(".x"))
        bad.file.symlink_to(bad.file.with_suffix(".x"))
    if why == "key":
        bad.file = register(home, "13", 0, f"{KEY}\nssh-ed25519 {'B' * 68}")
    site.keys.write_text("# mine\n")
    wait_for(lambda: good.key in site.keys.read_text())
    wait_for(lambda: bad.key not in site.keys.read_text(), 5)
    assert site.keys.read_text().count("ssh-ed25519") == 1


def test_while_the_batch_system_is_away_the_lines_stay(
    endpoint: EndpointProcess, site: Site, make_node: Callable[..., Node], home: Path
) -> None:
    node = make_node()
    wait_for(lambda: node.key in site.keys.read_text())
    (home / "facts.json").unlink()
    endpoint.logged("slurmctld does not answer")
    assert node.key in site.keys.read_text()


def test_nobody_else_s_lines_and_modes_are_touched(tmp_path: Path) -> None:
    target = tmp_path / "kept" / "keys"
    target.parent.mkdir()
    before = b'# caf\xe9\nssh-rsa AAAA me\n\n  command="x y" ssh-ed25519 BBBB you'
    target.write_bytes(before)
    target.chmod(0o640)
    (tmp_path / "authorized_keys").symlink_to(target)
    keys = AuthorizedKeys(tmp_path / "authorized_keys", "ssh-ed25519 HOST", Path("/run/x/endpoint"))
    other = AuthorizedKeys(tmp_path / "authorized_keys", "ssh-ed25519 OTHER", Path("/run/y/endpoint"))
    keys.write({"12.0": KEY, "12.1": KEY})
    other.write({"9.0": KEY})
    assert (tmp_path / "authorized_keys").is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_bytes().startswith(before + b"\nrestrict,command=")
    keys.write({})
    assert target.read_bytes().count(b"restrict") == 1
    other.write({})
    assert target.read_bytes() == before + b"\n"


def test_a_file_that_is_not_there_is_made_closed_to_others(tmp_path: Path) -> None:
    keys = AuthorizedKeys(tmp_path / ".ssh" / "authorized_keys", "ssh-ed25519 HOST", Path("/run/x/endpoint"))
    keys.write({})
    assert not (tmp_path / ".ssh").exists()
    keys.write({"12.0": KEY})
    assert stat.S_IMODE((tmp_path / ".ssh").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / ".ssh" / "authorized_keys").stat().st_mode) == 0o600


@pytest.mark.parametrize("key", ["", "ssh-ed25519 A\nssh-rsa B", KEY + " x", KEY + "\n", "ssh-rsa " + "A" * 68])
def test_what_is_no_key_of_a_node_gets_no_line(key: str) -> None:
    with pytest.raises(TiledVizError, match=r"12\.0 is not an ed25519 key"):
        line_for("12.0", key, Path("/run/x"), "tiledviz-x", time.time())


def test_a_line_expires_not_before_twelve_hours_and_not_after_a_day() -> None:
    for now in (0.0, 43_199.0, 43_200.0, 1_764_000_000.0):
        line = line_for("12.0", KEY, Path("/run/x"), "tiledviz-x", now)
        found = re.search(r'expiry-time="(\d+)"', line)
        assert found
        left = time.mktime(time.strptime(found[1], "%Y%m%d%H%M")) - now
        assert 12 * 3600 <= left <= 24 * 3600
