"""What strangers who reach the port can do, and nodes that do not keep to the protocol: nothing to anybody else."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import paramiko
import pytest

from tunnel_kit import EndpointProcess, Node, echoes, open_stream, read_exactly, wait_for
from tvcore.tunnel.strangers import STARTS_AT_ONCE, WAITING_EACH, WAITING_MAX, Doorstep, Patient, origin_of

pytestmark = pytest.mark.alone

BANNER = b"SSH-2.0-stranger\r\n"


def resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _huge(dice: random.Random) -> bytes:
    return BANNER + struct.pack(">I", dice.choice([0xFFFFFFFF, 0x7FFFFFFF, 40_000, 0])) + dice.randbytes(200)


def _key_exchange(dice: random.Random) -> bytes:
    body = bytes([20]) + dice.randbytes(dice.randrange(0, 2000))
    padding = 8 - (len(body) + 5) % 8 + 4
    return BANNER + struct.pack(">IB", len(body) + padding + 1, padding) + body + bytes(padding)


HOSTILE: list[Callable[[random.Random], bytes]] = [
    lambda dice: dice.randbytes(5000),
    lambda dice: BANNER + dice.randbytes(5000),
    lambda dice: b"\n" * 50_000,
    lambda dice: b"x" * 1_000_000,
    lambda dice: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    lambda dice: b"SSH-1.5-old\r\n",
    lambda dice: "SSH-2.0-\udcff\r\n".encode("utf-8", "surrogateescape"),
    lambda dice: b"",
    _huge,
    _key_exchange,
]


def test_hostile_bytes_cost_little_and_disturb_nobody(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    node.connect(endpoint)
    before, port, slowest = resident(endpoint.pid), endpoint.info.port, 0.0
    dice = random.Random(5)
    with node.stream("echo") as stream:
        for index in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as stranger:
                stranger.settimeout(0.02)
                stranger.sendall(HOSTILE[index % len(HOSTILE)](dice))
                if index % 3:
                    stranger.recv(100)
            begin = time.monotonic()
            stream.sendall(b"still here")
            assert read_exactly(stream, 10) == b"still here"
            slowest = max(slowest, time.monotonic() - begin)
    assert slowest < 0.5
    assert resident(endpoint.pid) - before < 30 << 20
    assert "is down" not in endpoint.log
    assert len(endpoint.log) < 100_000
    assert "Traceback" not in endpoint.log


def test_strangers_that_say_nothing_are_few_and_soon_gone(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    port = endpoint.info.port
    held = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(3 * WAITING_EACH)]
    try:
        begin = time.monotonic()
        endpoint.logged("is dropped: too many from there")
        served = sum(_greeted(stranger) for stranger in held)
        assert served <= WAITING_EACH
        wait_for(lambda: all(_closed(stranger) for stranger in held), 15, "all of them are sent away")
        assert time.monotonic() - begin < 13
    finally:
        for stranger in held:
            stranger.close()
    node.connect(endpoint)
    assert echoes(node.socket)


def _greeted(stranger: socket.socket) -> bool:
    stranger.settimeout(5)
    with contextlib.suppress(OSError):
        return stranger.recv(64).startswith(b"SSH-2.0")
    return False


def _closed(stranger: socket.socket) -> bool:
    stranger.settimeout(0.01)
    try:
        while stranger.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def test_one_address_gets_its_share_of_the_doorstep_and_others_theirs() -> None:
    doorstep = Doorstep()
    assert [doorstep.enter("10.0.0.1", 0.0) for _ in range(WAITING_EACH + 5)].count(True) == WAITING_EACH
    assert doorstep.enter("10.0.0.2", 0.0)
    doorstep.leave("10.0.0.1")
    assert doorstep.enter("10.0.0.1", 0.0)
    assert not doorstep.enter("10.0.0.1", 0.0)


def test_the_doorstep_is_no_larger_for_many_addresses() -> None:
    doorstep = Doorstep()
    assert [doorstep.enter(f"10.0.{index}.1", 0.0) for index in range(250)].count(True) == WAITING_MAX


def test_one_address_that_comes_and_goes_is_slowed_down() -> None:
    doorstep, entered = Doorstep(), 0
    for _ in range(1000):
        if doorstep.enter("10.0.0.1", 1.0):
            entered += 1
            doorstep.leave("10.0.0.1")
    assert entered == STARTS_AT_ONCE
    assert doorstep.enter("10.0.0.1", 2.0)
    assert doorstep.enter("10.0.0.9", 1.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("127.0.0.1", "127.9.9.9", True),
        ("127.0.0.1", "::1", True),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_addresses_that_one_stranger_can_choose_count_as_one(one: str, other: str, same: bool) -> None:
    assert (origin_of(one) == origin_of(other)) is same


def test_a_log_that_strangers_fill_says_how_many_lines_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("tvcore.tunnel.strangers.time.monotonic", lambda: now[0])
    patient = Patient(most=3, seconds=10)
    records = [logging.LogRecord("x", logging.INFO, "", 0, "line %d", (index,), None) for index in range(9)]
    assert [patient.filter(record) for record in records[:8]] == [True] * 3 + [False] * 5
    now[0] += 11
    assert patient.filter(records[8])
    assert records[8].getMessage() == "(5 lines were left out) line 8"


# ---------------------------------------------------------------- a node that does not keep to the protocol


@pytest.fixture
def rogue(endpoint: EndpointProcess, make_node: Callable[..., Node]) -> Iterator[tuple[Node, paramiko.Transport]]:
    """Return a node, and its tunnel by a client with which one can do what OpenSSH does not."""
    node = make_node()
    transport = paramiko.Transport(("127.0.0.1", endpoint.info.port))
    transport.start_client(timeout=10)
    transport.auth_publickey(node.user, paramiko.Ed25519Key(filename=str(node.folder / "key")))
    assert transport.request_port_forward("localhost", 1) == 1
    yield node, transport
    transport.close()
    transport.join(5)


def _message(number: int, *fields: int | bytes) -> paramiko.Message:
    message = paramiko.Message()
    message.add_byte(bytes([number]))
    for field in fields:
        message.add_string(field) if isinstance(field, bytes) else message.add_int(field)
    return message


@pytest.mark.parametrize(
    "message",
    [
        _message(94, 7, b"data for no channel"),
        _message(97, 7),
        _message(91, 7, 0, 1 << 20, 1 << 15),
        _message(93, 0, 0xFFFFFFFF),
        _message(98, 0, b"shell"),
    ],
)
def test_a_node_that_breaks_the_protocol_loses_its_own_tunnel_only(
    endpoint: EndpointProcess,
    make_node: Callable[..., Node],
    rogue: tuple[Node, paramiko.Transport],
    message: paramiko.Message,
) -> None:
    node, transport = rogue
    other = make_node(ordinal=1)
    other.connect(endpoint)
    with open_stream(node.socket, "echo"):
        assert transport.accept(5)
        transport._send_user_message(message)
        transport._send_user_message(message)
        wait_for(lambda: not node.socket.exists(), what="its end")
    endpoint.logged("does not keep to the protocol")
    assert echoes(other.socket)
    assert "Traceback" not in endpoint.log


def test_a_node_that_sends_more_than_it_may_is_cut_off(
    endpoint: EndpointProcess, rogue: tuple[Node, paramiko.Transport]
) -> None:
    node, transport = rogue
    before = resident(endpoint.pid)
    with open_stream(node.socket, "echo"):  # of which nobody reads
        channel = transport.accept(5)
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            for _ in range(1000):
                transport._send_user_message(_message(94, channel.remote_chanid, b"x" * 100_000))
        wait_for(lambda: not node.socket.exists(), what="its end")
    endpoint.logged("bytes beyond the window")
    assert resident(endpoint.pid) - before < 20 << 20


def test_a_node_that_asks_and_asks_is_answered_or_cut_off(
    endpoint: EndpointProcess, make_node: Callable[..., Node], rogue: tuple[Node, paramiko.Transport]
) -> None:
    _, transport = rogue
    other = make_node(ordinal=1)
    other.connect(endpoint)
    before = resident(endpoint.pid)

    def ask() -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            for _ in range(20_000):
                message = _message(80, b"keepalive@openssh.com")
                message.add_boolean(True)
                transport._send_user_message(message)

    asking = threading.Thread(target=ask)
    asking.start()
    while asking.is_alive():
        assert echoes(other.socket)
    asking.join()
    assert resident(endpoint.pid) - before < 20 << 20


def test_a_second_forward_is_refused_even_from_such_a_node(
    endpoint: EndpointProcess, rogue: tuple[Node, paramiko.Transport]
) -> None:
    _, transport = rogue
    with pytest.raises(paramiko.SSHException):
        transport.request_port_forward("localhost", 1)
    for kind in ("session", "direct-tcpip", "x11", "auth-agent@openssh.com", "direct-streamlocal@openssh.com"):
        with pytest.raises(paramiko.SSHException):
            transport.open_channel(kind, ("127.0.0.1", 22), ("127.0.0.1", 22), timeout=5)
    assert transport.is_active()


def test_before_it_is_let_in_nobody_gets_even_an_answer(endpoint: EndpointProcess) -> None:
    transport = paramiko.Transport(("127.0.0.1", endpoint.info.port))
    transport.start_client(timeout=10)
    try:
        assert transport.global_request("tcpip-forward", ("localhost", 1), wait=True) is None
        with pytest.raises(paramiko.SSHException):
            transport.open_session(timeout=5)
        for _ in range(4):
            with pytest.raises((paramiko.SSHException, EOFError, OSError)):
                transport.auth_publickey("12.0", paramiko.RSAKey.generate(2048))
    finally:
        transport.close()
        transport.join(5)
    assert "is up" not in endpoint.log
