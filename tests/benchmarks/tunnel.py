"""The tunnel's endpoint against OpenSSH's own ``-R`` through sshd, in one run, in turns.

``.venv/bin/python tests/benchmarks/tunnel.py [--repeat 5] [--seconds 4] [--quick]``, as root (sshd forwards unix
sockets for root's sshd alone) with Debian's openssh-server. Both have OpenSSH's client, the same cipher and the same
agent at the far end; bytes come from it, as pictures do. The last line is one JSON object of medians: MB/s of one and
three streams; CPU seconds per GB of each process with three; round trip in ms, idle and beside three streams that
take all they get; frames per second (of 10, 75 kB each) that arrive meanwhile; and the ratios of ours to theirs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tunnel"))

from tunnel_kit import PIECE, EndpointProcess, Node, open_stream, read_exactly, say, wait_for
from tvcore import proc

TICK = os.sysconf("SC_CLK_TCK")
FRAME = 75_000
PINGS = 2000
SSHD_CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
Ciphers aes128-gcm@openssh.com
AllowStreamLocalForwarding yes
"""


@dataclass(frozen=True)
class Way:
    """One way from here to the agent: the unix socket, and the processes that it takes."""

    socket: Path
    processes: Callable[[], dict[str, list[int]]]


def cpu_seconds(pids: list[int]) -> float:
    """Return the CPU time that *pids* have used so far, in seconds (proc(5))."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


@contextmanager
def ours(folder: Path) -> Iterator[Way]:
    """Run endpoint and node."""
    state = folder / "state"
    state.mkdir(mode=0o700)
    os.environ["TILEDVIZ_HOME"] = str(state)
    say(state, {"12": {"nodes": [socket.gethostname()]}})
    endpoint = EndpointProcess(state)
    node = Node(state, folder / "ours")
    try:
        ssh = node.connect(endpoint)
        yield Way(node.socket, lambda: {"endpoint": [endpoint.pid], "ssh": [ssh.pid]})
    finally:
        node.stop()
        endpoint.kill()


@contextmanager
def theirs(folder: Path) -> Iterator[Way]:
    """Run sshd and a node whose ssh has it listen on a unix socket."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or os.getuid() != 0:
        sys.exit("tunnel.py: needs root and sshd: apt-get install openssh-server")
    Path("/run/sshd").mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host_key"], check=True)
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(port=port, folder=folder))
    node = Node(folder / "state", folder / "theirs", job="13")
    (folder / "authorized_keys").write_text(f"{node.key}\n")
    listening = folder / "theirs.sock"
    server = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.DEVNULL)
    wait_for(lambda: _answers(port), what="sshd")
    ssh = subprocess.Popen(
        [
            "ssh", "-F", "none", "-i", node.folder / "key", "-p", str(port), "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "Ciphers=aes128-gcm@openssh.com", "-o", "LogLevel=ERROR",
            "-o", "IdentitiesOnly=yes", "-N", "-T", "-R", f"{listening}:{node.agent.path}", "127.0.0.1",
        ]
    )  # fmt: skip
    try:
        wait_for(listening.exists, what="sshd's socket")
        yield Way(listening, lambda: {"sshd": proc.descendants(server.pid), "ssh": [ssh.pid]})
    finally:
        for process in (ssh, server):
            process.terminate()
            process.wait()
        node.stop()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


# ---------------------------------------------------------------- what is measured


def read_for(streams: list[socket.socket], seconds: float) -> tuple[float, float]:
    """Read all *streams* for *seconds*; return MB and the seconds that it took."""
    counts, begin = [0] * len(streams), time.monotonic()

    def read(index: int) -> None:
        buffer = bytearray(PIECE)
        while time.monotonic() - begin < seconds:
            counts[index] += streams[index].recv_into(buffer)

    threads = [threading.Thread(target=read, args=(index,)) for index in range(len(streams))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / 1e6, time.monotonic() - begin


def throughput(way: Way, streams: int, seconds: float) -> dict[str, float]:
    """Return MB/s of *streams* streams, and the CPU seconds per GB of each process."""
    opened = [open_stream(way.socket, "give 0") for _ in range(streams)]
    read_for(opened, 0.3)
    processes = way.processes()
    before = {name: cpu_seconds(pids) for name, pids in processes.items()}
    megabytes, took = read_for(opened, seconds)
    used = {name: cpu_seconds(pids) - before[name] for name, pids in processes.items()}
    for stream in opened:
        stream.close()
    cpu = {f"{name}_cpu_s_gb": value / megabytes * 1000 for name, value in used.items()}
    return {f"mb_s_{streams}": megabytes / took, **(cpu if streams == 3 else {})}


def ping(way: Way, seconds: float) -> list[float]:
    """Return the round trips, in ms, of single bytes for *seconds*, or PINGS of them."""
    times, end = [], time.monotonic() + seconds
    with open_stream(way.socket, "echo") as stream:
        while time.monotonic() < end and len(times) < PINGS:
            begin = time.perf_counter()
            stream.sendall(b"p")
            stream.recv(1)
            times.append((time.perf_counter() - begin) * 1000)
    return sorted(times)


def frames(way: Way, seconds: float) -> float:
    """Return the frames per second of a live wall that arrive whole."""
    with open_stream(way.socket, f"wall {FRAME}") as stream:
        read_exactly(stream, FRAME)
        begin, count = time.monotonic(), 0
        while time.monotonic() - begin < seconds:
            count += len(read_exactly(stream, FRAME)) == FRAME
        return count / (time.monotonic() - begin)


def beside(way: Way, seconds: float) -> dict[str, float]:
    """Return round trip and frames beside three streams that take all they get."""
    opened = [open_stream(way.socket, "give 0") for _ in range(3)]
    load = threading.Thread(target=read_for, args=(opened, seconds + 1.5))
    seen: list[float] = []
    wall = threading.Thread(target=lambda: seen.append(frames(way, seconds)))
    load.start()
    time.sleep(0.5)
    wall.start()
    times = ping(way, seconds)
    wall.join()
    load.join()
    for stream in opened:
        stream.close()
    return {**quantiles("busy", times), "busy_fps": seen[0]}


def quantiles(name: str, times: list[float]) -> dict[str, float]:
    """Return p50 and p99 of the sorted *times*."""
    return {f"{name}_p50_ms": times[len(times) // 2], f"{name}_p99_ms": times[len(times) * 99 // 100]}


def run_once(way: Way, seconds: float) -> dict[str, float]:
    """Measure *way* once."""
    return {
        **throughput(way, 1, seconds),
        **throughput(way, 3, seconds),
        **quantiles("idle", ping(way, seconds)),
        **beside(way, seconds),
    }


def main() -> None:
    """Measure in turns as often as asked and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--quick", action="store_true", help="once, one second each")
    given = parser.parse_args()
    repeat, seconds = (1, 1.0) if given.quick else (given.repeat, given.seconds)
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    with (
        tempfile.TemporaryDirectory(prefix="tvb-", dir="/tmp") as name,
        ours(Path(name)) as first,
        theirs(Path(name)) as second,
    ):
        for _ in range(repeat):
            for which, way in (("ours", first), ("theirs", second)):
                runs[which].append(run_once(way, seconds))
                print(which, {key: round(value, 3) for key, value in runs[which][-1].items()}, flush=True)
    medians = {
        which: {key: round(statistics.median(run[key] for run in all_of), 3) for key in all_of[0]}
        for which, all_of in runs.items()
    }
    ratios = {
        key: round(value / medians["theirs"][key], 2)
        for key, value in medians["ours"].items()
        if key in medians["theirs"]
    }
    print(json.dumps({"tunnel": {"repeat": repeat, **medians, "ratio": ratios}}))


if __name__ == "__main__":
    main()
