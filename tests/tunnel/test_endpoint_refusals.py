"""Who the endpoint does not let in, and what those cannot do whom it lets in: by OpenSSH's own client."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tunnel_kit import EndpointProcess, Node, echoes, make_key, register, say, wait_for

HERE = socket.gethostname()
DENIED = "Permission denied (publickey)"


def test_a_registered_node_of_a_running_job_is_let_in(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    node.connect(endpoint)
    assert echoes(node.socket)


def test_a_key_is_refused_once_its_job_is_over(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    node = make_node()
    say(home, {"12": {"state": "timeout", "reason": "TimeLimit"}})
    assert DENIED in node.said(*node.forward())
    assert "job 12 is not running: timeout (TimeLimit): `tiledviz jobs`" in endpoint.logged("refused")


def test_a_key_is_refused_for_a_job_that_the_batch_system_does_not_know(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    node = make_node()
    say(home, {})
    assert DENIED in node.said(*node.forward())
    endpoint.logged("the batch system knows no job 12")


def test_a_key_is_refused_on_a_node_that_its_job_does_not_have(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    node = make_node()
    say(home, {"12": {"nodes": ["c7", "c8"]}})
    assert DENIED in node.said(*node.forward())
    endpoint.logged(f"job 12 does not run on {HERE}, but on c7, c8")


def test_a_key_is_refused_for_another_nodes_streams(endpoint: EndpointProcess, make_node: Callable[..., Node]) -> None:
    mine, other = make_node(ordinal=1), make_node(ordinal=0)
    assert DENIED in mine.said(*mine.forward(), user="12.0")
    endpoint.logged("the key that 12.0 shows is not the one it registered")
    assert not other.socket.exists()


def test_a_key_is_refused_from_an_address_that_is_not_the_nodes(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    say(home, {"12": {"nodes": ["c7"]}}, {"c7": ["203.0.113.7"]})
    node = make_node(node="c7")
    assert DENIED in node.said(*node.forward())
    line = endpoint.logged("refused")
    assert "127.0.0.1 is not an address of c7 (203.0.113.7)" in line
    assert "set tunnel.check_address = false" in line


def test_the_address_can_be_left_unchecked_and_then_nothing_else_is(
    start_endpoint: Callable[..., EndpointProcess], make_node: Callable[..., Node], home: Path
) -> None:
    endpoint = start_endpoint(check_address=False)
    say(home, {"12": {"nodes": ["c7"]}, "13": {"nodes": ["c8"]}}, {"c7": ["203.0.113.7"]})
    make_node(node="c7").connect(endpoint)
    node = make_node(node="c7", job="13")
    assert DENIED in node.said(*node.forward())
    endpoint.logged("job 13 does not run on c7")


def test_the_scheduler_s_address_of_a_node_counts_where_its_name_says_nothing(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    say(home, {"12": {"nodes": ["c7"]}}, {"c7": ["203.0.113.7", "127.0.0.1"]})
    make_node(node="c7").connect(endpoint)


def _link(path: Path) -> str:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    return "cannot be opened"


def _open_to_others(path: Path) -> str:
    path.chmod(0o640)
    return "is open to others (mode 640)"


def _second_name(path: Path) -> str:
    os.link(path, path.with_name("second"))
    return "is not a plain file"


def _pipe(path: Path) -> str:
    path.unlink()
    os.mkfifo(path, 0o600)
    return "is not a plain file"


def _nonsense(path: Path) -> str:
    path.write_bytes(b"\xff{")
    return "is not one"


def _of_another_node(path: Path) -> str:
    shutil.copy2(path, path.with_name("12.5.json"))
    path.with_name("12.5.json").rename(path.with_name("12.0.json"))
    return "is one of job 12, node 1"


def _large(path: Path) -> str:
    with path.open("r+b") as file:
        file.truncate((1 << 24) + 1)
    return "is too large"


@pytest.mark.parametrize("spoil", [_link, _open_to_others, _second_name, _pipe, _nonsense, _large])
def test_an_inbox_file_that_somebody_else_may_have_written_lets_nobody_in(
    endpoint: EndpointProcess, make_node: Callable[..., Node], spoil: Callable[[Path], str]
) -> None:
    node = make_node()
    why = spoil(node.file)
    assert DENIED in node.said(*node.forward())
    assert why in endpoint.logged("refused")


def test_an_inbox_file_under_another_nodes_name_lets_nobody_in(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node(ordinal=1)
    why = _of_another_node(node.file)
    assert DENIED in node.said(*node.forward(), user="12.0")
    assert why in endpoint.logged("refused")


def test_an_inbox_file_of_another_user_lets_nobody_in(
    endpoint: EndpointProcess, make_node: Callable[..., Node], other_user: list[str]
) -> None:
    node = make_node()
    os.chown(node.file, 65534, 65534)
    assert DENIED in node.said(*node.forward())
    endpoint.logged("is not yours but of uid 65534")


@pytest.mark.parametrize("user", ["root", "12", "12.0.1", "../12.0", "12.00", "12.-1", "x" * 500 + ".0"])
def test_a_user_name_that_is_no_node_is_refused(
    endpoint: EndpointProcess, make_node: Callable[..., Node], user: str
) -> None:
    node = make_node()
    assert DENIED in node.said(*node.forward(), user=user)
    assert "is not JOB.ORDINAL" in endpoint.logged("refused")


def test_no_key_and_no_password_is_asked_for(endpoint: EndpointProcess, make_node: Callable[..., Node]) -> None:
    node = make_node()
    for method in ("none", "password", "keyboard-interactive", "hostbased"):
        said = node.said("-v", "-o", f"PreferredAuthentications={method}", *node.forward())
        assert "Authentications that can continue: publickey" in said
        assert DENIED in said


def test_a_key_without_its_private_half_is_no_key(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    node = make_node()
    stranger = home.parent / "stranger"
    stranger.mkdir()
    make_key(stranger)
    shutil.copy(node.folder / "key.pub", stranger / "key.pub")  # ssh offers this one, and signs with the other
    os.replace(stranger / "key", node.folder / "key")
    os.replace(stranger / "key.pub", node.folder / "key.pub")
    assert node.ssh(*node.forward()).wait(15) == 255
    assert not node.socket.exists()


def test_a_node_gets_no_shell_no_command_no_file(endpoint: EndpointProcess, make_node: Callable[..., Node]) -> None:
    node = make_node()
    for what in ([], ["-tt"], ["-s"]):
        done = subprocess.run(
            [*node.command(*what), "id"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=15,
            check=False,
        )
        assert done.returncode == 255
        assert "uid=" not in done.stdout
        assert "a node only offers its streams" in done.stderr
    shell = subprocess.run(node.command(), input="id\n", capture_output=True, text=True, timeout=15, check=False)
    assert "uid=" not in shell.stdout
    assert shell.returncode == 255
    command = node.command()
    at = command.index("--")
    port = command.index("-p")
    words = [*command[1:port], "-P", command[port + 1], "-o", f"User={node.user}", *command[port + 4 : at]]
    files = subprocess.run(
        ["sftp", *words, command[-1]], input="ls /\n", capture_output=True, text=True, timeout=15, check=False
    )
    assert files.returncode != 0
    assert "etc" not in files.stdout


def test_a_node_forwards_to_nobody(endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path) -> None:
    node = make_node()
    with socket.create_server(("127.0.0.1", 0)) as victim:
        victim.settimeout(1)
        port = victim.getsockname()[1]
        local = home.parent / "l.sock"
        node.ssh("-N", "-T", "-R", f"1:{node.agent.path}", "-L", f"{local}:127.0.0.1:{port}")
        wait_for(local.exists)
        with socket.socket(socket.AF_UNIX) as through:
            through.settimeout(10)
            through.connect(str(local))
            assert through.recv(1) == b""
        with pytest.raises(TimeoutError):
            victim.accept()
    assert "administratively prohibited" in node.said("-W", f"127.0.0.1:{port}")
    assert echoes(node.socket)


@pytest.mark.parametrize("forward", ["0:127.0.0.1:22", "2222:127.0.0.1:22", "/tmp/x.sock:/tmp/y.sock", "*:1080"])
def test_a_node_gets_no_listener(endpoint: EndpointProcess, make_node: Callable[..., Node], forward: str) -> None:
    node = make_node()
    before = _listeners(endpoint.pid)
    said = node.said("-N", "-T", "-R", forward)
    assert "remote port forwarding failed" in said or "remote forward failed" in said or "forwarding failed" in said
    assert _listeners(endpoint.pid) == before
    assert not Path("/tmp/x.sock").exists()


def test_one_forward_is_all(endpoint: EndpointProcess, make_node: Callable[..., Node]) -> None:
    node = make_node()
    assert "forwarding failed" in node.said(*node.forward(), "-R", f"2:{node.agent.path}")
    before = _listeners(endpoint.pid)
    assert [line.split()[0] for line in before] == ["tcp"]
    node.connect(endpoint)
    assert [line.split()[0] for line in _listeners(endpoint.pid) - before] == ["u_str"]  # the node's unix socket


def test_a_node_knows_the_endpoint_by_its_host_key_alone(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    node = make_node()
    other = home.parent / "other"
    other.mkdir()
    said = node.said(*node.forward(), known=make_key(other))
    assert "Host key verification failed" in said
    assert not node.socket.exists()


def test_no_key_material_is_logged(endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path) -> None:
    node = make_node()
    node.connect(endpoint)
    stranger = home.parent / "stranger"
    stranger.mkdir()
    register(home, "12", 0, make_key(stranger))
    node.said(*node.forward())
    log = endpoint.log
    for secret in (node.key.split()[1][30:], (stranger / "key.pub").read_text().split()[1][30:]):
        assert secret not in log


def _listeners(pid: int) -> set[str]:
    """Return the sockets on which the process *pid* listens, TCP and unix."""
    lines = subprocess.run(["ss", "-Hlntxp"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {" ".join(line.split()) for line in lines if f"pid={pid}," in line}
