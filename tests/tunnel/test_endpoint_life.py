"""How tunnels and the endpoint itself live and end."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tunnel_kit import EndpointProcess, Node, echoes, has_ended, open_stream, read_exactly, say, wait_for
from tvcore.errors import TiledVizError
from tvcore.portal import instance
from tvcore.tunnel.address import read_endpoint, write_endpoint
from tvcore.tunnel.process import end_endpoint, ensure_endpoint

HERE = socket.gethostname()


def test_the_portal_finds_each_node_behind_a_socket_of_its_own_closed_to_others(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    nodes = [make_node(ordinal=ordinal) for ordinal in range(2)]
    for node in nodes:
        node.connect(endpoint)
        assert stat.S_IMODE(node.socket.stat().st_mode) == 0o600
        assert echoes(node.socket)
    folder = Path(endpoint.info.folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["12.0.sock", "12.1.sock"]


def test_another_user_gets_nothing_from_a_node_s_socket(
    endpoint: EndpointProcess, make_node: Callable[..., Node], other_user: list[str]
) -> None:
    node = make_node()
    node.connect(endpoint)
    node.socket.chmod(0o666)  # as if the modes had not kept him out
    for folder in list(node.socket.parents)[:-2]:
        folder.chmod(0o755)
    code = "import socket,sys; s=socket.socket(1); s.connect(sys.argv[1]); s.sendall(b'echo\\nx'); print(s.recv(1))"
    command = [*other_user, "/usr/bin/python3", "-c", code, str(node.socket)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.strip() != "b'x'"
    assert "PermissionError" not in done.stderr  # it came as far as the endpoint itself
    assert echoes(node.socket)


def test_a_tunnel_ends_with_its_job_and_another_job_s_stays(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    say(home, {"12": {"nodes": [HERE]}, "13": {"nodes": [HERE]}})
    over, other = make_node(), make_node(job="13")
    ssh = over.connect(endpoint)
    other.connect(endpoint)
    with other.stream("echo") as stream:
        say(home, {"12": {"state": "completed"}, "13": {"nodes": [HERE]}})
        assert ssh.wait(15) == 255
        wait_for(lambda: not over.socket.exists())
        endpoint.logged("is cut: job 12 is not running: completed")
        stream.sendall(b"on")
        assert read_exactly(stream, 2) == b"on"
    assert "Permission denied" in over.said(*over.forward())


def test_a_tunnel_ends_when_its_node_left_the_job(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    node = make_node()
    ssh = node.connect(endpoint)
    say(home, {"12": {"nodes": ["c2"]}})
    assert ssh.wait(15) == 255
    endpoint.logged(f"is cut: job 12 does not run on {HERE}, but on c2")


def test_while_the_batch_system_is_away_tunnels_stay_and_new_ones_wait(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path
) -> None:
    there, new = make_node(), make_node(ordinal=1)
    there.connect(endpoint)
    time.sleep(2.1)  # what was said of the job is stale then
    (home / "facts.json").unlink()
    endpoint.logged("what runs is not known now, tunnels stay as they are: slurmctld does not answer")
    assert "Permission denied" in new.said(*new.forward())
    assert "12.1 must wait" in endpoint.logged("refused")
    assert echoes(there.socket)
    say(home, {"12": {"nodes": [HERE]}})
    new.connect(endpoint)


def test_a_node_that_comes_anew_takes_the_place_of_its_old_connection(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    old = node.connect(endpoint)
    stream = node.stream("echo")
    node.connect(endpoint)
    assert old.wait(10) == 255
    assert has_ended(stream)
    stream.close()
    assert echoes(node.socket)
    time.sleep(0.5)  # the end of the old one takes nothing of the new one's away
    assert echoes(node.socket)


def test_a_node_that_is_silent_is_noticed_within_fifteen_seconds_and_one_without_streams_stays(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    silent, other = make_node(), make_node(ordinal=1)
    ssh = silent.connect(endpoint)
    other.connect(endpoint)
    stream = silent.stream("echo")
    ssh.send_signal(signal.SIGSTOP)
    begin = time.monotonic()
    wait_for(lambda: not silent.socket.exists(), 15, "the silent node is cut")
    assert time.monotonic() - begin > 8  # a short pause is nothing
    assert has_ended(stream)
    stream.close()
    endpoint.logged("nothing came from the node for 1")
    assert echoes(other.socket)
    assert endpoint.log.count("is up") == 2
    assert endpoint.log.count("is down") == 1


def test_a_killed_endpoint_comes_back_with_the_same_key_and_port(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    before = endpoint.info
    ssh = node.connect(endpoint)
    endpoint.kill()
    assert ssh.wait(5) == 255
    endpoint.start()
    after = endpoint.info
    assert (after.host_key, after.port) == (before.host_key, before.port)
    assert after.id != before.id
    assert not Path(before.folder).exists()
    node.connect(endpoint)
    assert echoes(node.socket)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_endpoint_that_is_asked_to_end_leaves_nothing(
    endpoint: EndpointProcess, make_node: Callable[..., Node], home: Path, number: signal.Signals
) -> None:
    node = make_node()
    ssh = node.connect(endpoint)
    folder = Path(endpoint.info.folder)
    assert endpoint.process
    endpoint.process.send_signal(number)
    assert endpoint.process.wait(10) == 0
    assert ssh.wait(5) == 255
    assert not folder.exists()
    assert read_endpoint(home) is None
    assert stat.S_IMODE((home / "endpoint" / "host_key").stat().st_mode) == 0o600


def test_an_endpoint_ends_with_its_state_folder_and_makes_none(endpoint: EndpointProcess, home: Path) -> None:
    home.rename(home.with_name("away"))
    assert endpoint.process
    assert endpoint.process.wait(10) == 0
    assert not home.exists()


def test_an_endpoint_ends_when_another_one_took_over(endpoint: EndpointProcess, home: Path) -> None:
    other = endpoint.info.model_copy(update={"id": "another", "node": "login2"})
    write_endpoint(other, home)
    assert endpoint.process
    assert endpoint.process.wait(10) == 0
    assert read_endpoint(home) == other


def test_an_endpoint_that_nobody_needs_ends_by_itself(
    start_endpoint: Callable[..., EndpointProcess], make_node: Callable[..., Node], home: Path
) -> None:
    make_node()  # registered; its job runs, and nobody else is there
    endpoint = start_endpoint(idle=0.1)
    time.sleep(2)
    assert endpoint.process
    assert endpoint.process.poll() is None
    portal = instance.announce("127.0.0.1", 1, home)
    say(home, {"12": {"state": "completed"}})
    time.sleep(2)
    assert endpoint.process.poll() is None
    instance.withdraw(portal, home)
    assert endpoint.process.wait(12) == 0
    endpoint.logged("no portal and no job")
    assert read_endpoint(home) is None


def test_an_endpoint_says_again_where_it_is_when_its_file_is_removed(endpoint: EndpointProcess, home: Path) -> None:
    info = endpoint.info
    (home / "endpoint.json").unlink()
    wait_for(lambda: read_endpoint(home) == info)


def test_a_host_key_that_others_could_read_is_not_used(
    endpoint: EndpointProcess, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.stop()
    (home / "endpoint" / "host_key").chmod(0o644)
    with pytest.raises(TiledVizError, match=r"host key .*host_key is not a file of yours alone: remove it"):
        ensure_endpoint(home)


def test_there_is_one_endpoint_and_asking_again_is_quick(home: Path) -> None:
    info = ensure_endpoint(home)
    try:
        begin = time.monotonic()
        assert ensure_endpoint(home) == info
        assert time.monotonic() - begin < 0.1
        assert stat.S_IMODE((home / "endpoint.log").stat().st_mode) == 0o600
        assert os.getsid(info.pid) != os.getsid(0)
        assert not set(info.hosts) & {"127.0.0.1", "::1"}
        with socket.create_connection(("127.0.0.1", info.port), 5) as connection:
            assert connection.recv(64).startswith(b"SSH-2.0-TiledViz")
    finally:
        end_endpoint(home)
    assert read_endpoint(home) is None
    end_endpoint(home)


def test_two_who_start_it_at_once_get_the_same_one(home: Path) -> None:
    try:
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda _: ensure_endpoint(home), range(3)))
        assert len({info.id for info in found}) == 1
    finally:
        end_endpoint(home)


def test_a_port_that_is_taken_is_told_in_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = home.parent / "config" / "tiledviz"
        config.mkdir(parents=True)
        (config / "config.toml").write_text(f'[tunnel]\nhost = "127.0.0.1"\nport = {port}\n')
        monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent))
        with pytest.raises(TiledVizError, match=rf"cannot listen on port {port} .*set another tunnel.port") as told:
            ensure_endpoint(home)
    assert "\n" not in str(told.value)


def test_the_end_of_a_stream_s_node_is_the_end_of_the_stream(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    node.connect(endpoint)
    node.agent.stop()
    with open_stream(node.socket, "echo") as stream:
        assert has_ended(stream)  # the agent does not listen any more
