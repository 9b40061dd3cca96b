"""What goes through a tunnel: whole, in order, bounded, and nobody's stream at another's cost."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tunnel_kit import EndpointProcess, Node, echoes, read_exactly, wait_for

MB = 1 << 20


def resident(pid: int) -> int:
    """Return the memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_large_pieces_come_whole_and_in_order_both_ways(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    node.connect(endpoint)
    data = random.Random(1).randbytes(20 * MB)
    with node.stream("echo") as stream:
        sender = threading.Thread(target=stream.sendall, args=(data,))
        sender.start()
        assert read_exactly(stream, len(data)) == data
        sender.join()


def test_the_end_of_one_direction_leaves_the_other_open(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    node.connect(endpoint)
    with node.stream("take") as stream:
        stream.sendall(b"x" * 3 * MB)
        stream.shutdown(socket.SHUT_WR)
        assert stream.recv(64) == str(3 * MB).encode()
        assert stream.recv(1) == b""
    with node.stream(f"give {5 * MB}") as stream:
        assert len(read_exactly(stream, 6 * MB)) == 5 * MB  # to the end, which came by itself


def test_a_slow_reader_holds_up_nobody_and_fills_no_memory(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    node.connect(endpoint)
    slow = [node.stream("give 0") for _ in range(8)]  # nobody reads these
    full = [node.stream("hang") for _ in range(8)]  # and the agent does not read these
    for stream in full:
        stream.settimeout(0.3)
        with socket.socket() as _:
            try:
                while True:
                    stream.send(b"y" * MB)
            except TimeoutError:
                pass
    before = resident(endpoint.pid)
    times = []
    with node.stream("echo") as stream:
        for _ in range(100):
            begin = time.monotonic()
            stream.sendall(b"z" * 1000)
            assert len(read_exactly(stream, 1000)) == 1000
            times.append(time.monotonic() - begin)
    assert sorted(times)[50] < 0.05
    assert resident(endpoint.pid) - before < 8 * MB
    assert resident(endpoint.pid) < 150 * MB
    for stream in (*slow, *full):
        stream.close()
    assert echoes(node.socket)


def test_streams_go_on_while_keys_are_exchanged(endpoint: EndpointProcess, make_node: Callable[..., Node]) -> None:
    node = make_node()
    node.ssh("-o", "RekeyLimit=1M", *node.forward())
    wait_for(lambda: echoes(node.socket) if node.socket.exists() else False)
    data = random.Random(2).randbytes(8 * MB)

    def once(_: int) -> bool:
        with node.stream("echo") as stream:
            sender = threading.Thread(target=stream.sendall, args=(data,))
            sender.start()
            came = read_exactly(stream, len(data))
            sender.join()
        return came == data

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(once, range(8)))
    assert endpoint.log.count("is up") == 1
    assert "is down" not in endpoint.log


def test_ten_thousand_streams_come_and_go_and_none_is_lost_that_should_live(
    endpoint: EndpointProcess, make_node: Callable[..., Node]
) -> None:
    node = make_node()
    node.connect(endpoint)
    stop, seen = threading.Event(), []

    def live() -> None:
        """Be a stream that is to live throughout."""
        with node.stream("echo") as stream:
            count = 0
            while not stop.is_set():
                piece = os.urandom(2000)
                stream.sendall(piece)
                assert read_exactly(stream, len(piece)) == piece
                count += 1
                time.sleep(0.01)
            seen.append(count)

    def come_and_go(number: int) -> int:
        """Open and close streams; cut off a third of them in the middle, from either side."""
        dice, good = random.Random(number), 0
        for index in range(625):
            what = index % 6
            if what == 0:  # cut off while bytes come
                with node.stream("give 0") as stream:
                    stream.recv(dice.randrange(1, 1000))
            elif what == 1:  # cut off while bytes go, without a word
                with node.stream("echo") as stream:
                    stream.sendall(b"a" * dice.randrange(1, 100_000))
            else:
                piece = dice.randbytes(dice.randrange(1, 5000))
                with node.stream("echo") as stream:
                    stream.sendall(piece)
                    good += read_exactly(stream, len(piece)) == piece
        return good

    steady = [threading.Thread(target=live) for _ in range(3)]
    for thread in steady:
        thread.start()
    before = resident(endpoint.pid)
    with ThreadPoolExecutor(16) as pool:
        good = list(pool.map(come_and_go, range(16)))
    stop.set()
    for thread in steady:
        thread.join(20)
    assert good == [416] * 16
    assert len(seen) == 3
    assert min(seen) > 20
    assert resident(endpoint.pid) - before < 60 * MB
    assert endpoint.log.count("is up") == 1
    assert "is down" not in endpoint.log
    wait_for(lambda: len(list(Path(f"/proc/{endpoint.pid}/fd").iterdir())) < 40, what="every socket is closed again")
    assert echoes(node.socket)
