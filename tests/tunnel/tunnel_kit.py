"""A real endpoint, real nodes with OpenSSH's client, and an agent's end of the streams, for tests and benchmarks.

What the batch system says comes from a file that the test writes. Run as a program, this is one of the processes:
``tunnel_kit.py endpoint STATE``, ``tunnel_kit.py node STATE FOLDER JOB ORDINAL`` or ``tunnel_kit.py agent SOCKET``.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvcore import paths
from tvcore.batch.plan import Plan, TilePlan
from tvcore.tunnel import agents
from tvcore.tunnel.address import EndpointInfo, read_endpoint

FACTS = "facts.json"
SETTINGS = "tunnel.json"
PIECE = 1 << 18
FRAME_SECONDS = 0.1
HERE = Path(__file__)


def wait_for(condition: Callable[[], object], seconds: float = 10.0, what: str | Callable[[], str] = "it") -> None:
    """Wait until *condition* holds; *what* is told when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:.0f} s, still not so: {what() if callable(what) else what}")
        time.sleep(0.01)


# ---------------------------------------------------------------- the batch system


def say(state: Path, jobs: dict[str, dict[str, Any]], addresses: dict[str, list[str]] | None = None) -> None:
    """Let the batch system know *jobs*, by id: ``state``, ``reason``, ``nodes``."""
    complete = {job: {"state": "running", "reason": "", "nodes": [], **fact} for job, fact in jobs.items()}
    paths.write_atomic(state / FACTS, json.dumps({"jobs": complete, "addresses": addresses or {}}))


class FileFacts:
    """Answers from the file; without it the batch system is away."""

    def __init__(self, state: Path) -> None:
        self._path = state / FACTS

    def _read(self) -> dict[str, Any]:
        from tvcore.errors import TiledVizError

        try:
            found: dict[str, Any] = json.loads(self._path.read_text())
        except OSError as error:
            raise TiledVizError("slurmctld does not answer") from error
        return found

    def job_facts(self, ids: list[str], urgent: bool) -> dict[str, dict[str, Any]]:
        jobs = self._read()["jobs"]
        return {job: jobs[job] for job in ids if job in jobs}

    def node_addresses(self, job: str, node: str) -> list[str]:
        return list(self._read()["addresses"].get(node, []))


# ---------------------------------------------------------------- processes


class EndpointProcess:
    """An endpoint in a process of its own."""

    def __init__(self, state: Path, start: bool = True, **settings: Any) -> None:
        self.state = state
        paths.write_atomic(state / SETTINGS, json.dumps({"host": "127.0.0.1", **settings}))
        self.process: subprocess.Popen[bytes] | None = None
        if start:
            self.start()

    @property
    def log(self) -> str:
        return (self.state / "endpoint.log").read_text()

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def info(self) -> EndpointInfo:
        info = read_endpoint(self.state)
        assert info
        return info

    def start(self) -> None:
        """Start it, as ``start`` of the shell would, and wait until it says where it is."""
        before = read_endpoint(self.state)
        with (self.state / "endpoint.log").open("ab") as log:
            self.process = subprocess.Popen([sys.executable, HERE, "endpoint", self.state], stderr=log)
        wait_for(lambda: read_endpoint(self.state) not in (None, before), what=lambda: f"an endpoint: {self.log}")

    def stop(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(10)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def logged(self, text: str, seconds: float = 10.0) -> str:
        """Wait until the log has a line with *text* and return it."""
        wait_for(lambda: text in self.log, seconds, lambda: f"{text!r} in the log: {self.log}")
        return next(line for line in self.log.splitlines() if text in line)


class Agent:
    """The far end of the streams, in a process of its own; what a stream does is said by its first line.

    ``echo``; ``take`` (reads all, answers how many bytes came); ``give N`` (N bytes; 0: without end); ``hang`` (reads
    nothing); ``wall SIZE`` (ten frames of SIZE bytes a second, and fewer when they are not taken).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process = subprocess.Popen([sys.executable, HERE, "agent", path])
        wait_for(path.exists, what="the agent's socket")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def make_key(folder: Path) -> str:
    """Make a key pair ``key``, ``key.pub`` in *folder* and return the public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / "key"], check=True)
    return " ".join((folder / "key.pub").read_text().split()[:2])


def register(state: Path, job: str, ordinal: int, key: str, node: str = "") -> Path:
    """Put a node with *key* into the inbox."""
    plan = Plan(case="c", title="C", state=str(state), tiles=(TilePlan(index=0, title="t", command=("x",)),))
    return agents.register(
        agents.Registration(
            job=job,
            ordinal=ordinal,
            node=node or socket.gethostname(),
            pid=1,
            started=1.0,
            socket="/nowhere/agent.sock",
            secret="s",
            key=key,
            plan=plan,
        )
    )


class Node:
    """A node of a job: a key, a registration, an agent, and ssh as the test wants it."""

    def __init__(self, state: Path, folder: Path, job: str = "12", ordinal: int = 0, node: str = "") -> None:
        folder.mkdir(mode=0o700)
        self.state, self.folder, self.user = state, folder, f"{job}.{ordinal}"
        self.key = make_key(folder)
        self.file = register(state, job, ordinal, self.key, node)
        self.agent = Agent(folder / "agent.sock")
        self.started: list[subprocess.Popen[str]] = []

    def command(self, *options: str, user: str = "", host: str = "", known: str = "") -> list[str]:
        """Return an ssh command of this node's with its key, and *options* before the host."""
        info = read_endpoint(self.state)
        assert info
        hosts = self.folder / "hosts"
        hosts.write_text(f"endpoint {known or info.host_key}\n")
        return [
            "ssh", "-F", "none", "-i", str(self.folder / "key"), "-p", str(info.port), "-l", user or self.user,
            "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
            "-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={hosts}", "-o", "HostKeyAlias=endpoint",
            "-o", "GlobalKnownHostsFile=none", "-o", "Ciphers=aes128-gcm@openssh.com",
            "-o", "ExitOnForwardFailure=yes", *options, "--", host or info.hosts[0],
        ]  # fmt: skip

    def forward(self) -> list[str]:
        """Return the options that offer the agent's socket."""
        return ["-N", "-T", "-R", f"1:{self.agent.path}"]

    def ssh(self, *options: str, **given: str) -> subprocess.Popen[str]:
        """Start ssh."""
        process = subprocess.Popen(
            self.command(*options, **given),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def said(self, *options: str, seconds: float = 15.0, **given: str) -> str:
        """Run ssh to its end, which is expected, and return what it said."""
        return self.ssh(*options, **given).communicate(timeout=seconds)[0]

    def connect(self, endpoint: EndpointProcess) -> subprocess.Popen[str]:
        """Make the tunnel and return its ssh."""
        before = endpoint.log.count(f"the tunnel of {self.user} ")
        process = self.ssh(*self.forward())
        wait_for(
            lambda: endpoint.log.count(f"the tunnel of {self.user} ") > before, what=lambda: f"a tunnel: {endpoint.log}"
        )
        return process

    @property
    def socket(self) -> Path:
        """Return where the portal finds this node."""
        info = read_endpoint(self.state)
        assert info
        job, _, ordinal = self.user.partition(".")
        return info.socket_of(job, int(ordinal))

    def stream(self, what: str) -> socket.socket:
        """Open a stream to the agent that does *what*."""
        return open_stream(self.socket, what)

    def stop(self) -> None:
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.communicate()
        self.agent.stop()


def open_stream(path: Path, what: str) -> socket.socket:
    """Open a stream by the unix socket *path* that does *what*."""
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(20)
    stream.connect(str(path))
    stream.sendall(what.encode() + b"\n")
    return stream


def echoes(path: Path, text: bytes = b"hello") -> bool:
    """Return whether a stream by *path* echoes *text*."""
    try:
        with open_stream(path, "echo") as stream:
            stream.settimeout(5)
            stream.sendall(text)
            return read_exactly(stream, len(text)) == text
    except OSError:
        return False


def read_exactly(stream: socket.socket, count: int) -> bytes:
    """Read *count* bytes, or fewer at the end."""
    parts, left = [], count
    while left and (data := stream.recv(min(left, PIECE))):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def has_ended(stream: socket.socket) -> bool:
    """Return whether *stream* ends, with or without what we sent having been read."""
    try:
        return stream.recv(1) == b""
    except ConnectionResetError:
        return True


@dataclass
class NodeAgent:
    """A node agent's tunnel at work: its process, and the lines that it logged."""

    process: subprocess.Popen[str]
    said: list[str]

    def ssh(self) -> int:
        """Return the id of its ssh, once there is one."""
        wait_for(lambda: self._children("ssh"), what="an ssh")
        return self._children("ssh")[0]

    def _children(self, name: str) -> list[int]:
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        with contextlib.suppress(OSError):
            return [int(pid) for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() == name]
        return []

    def logged(self, text: str, seconds: float = 10.0) -> str:
        """Wait until it logged a line with *text* and return it."""
        wait_for(lambda: any(text in line for line in self.said), seconds, lambda: f"{text!r} among {self.said}")
        return next(line for line in self.said if text in line)


@contextlib.contextmanager
def node_agent(state: Path, folder: Path, job: str = "12", ordinal: int = 0, **environment: str) -> Iterator[NodeAgent]:
    """Run ``tvcore.node.tunnel`` as the node agent does, in a process of its own."""
    own_etc = os.environ.get("TILEDVIZ_TEST_ETC_SSH")
    process = subprocess.Popen(
        [
            *(
                ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/ssh && exec "$@"', own_etc]
                if own_etc
                else []
            ),
            *(sys.executable, HERE, "node", state, folder, job, str(ordinal)),
        ],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stderr
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(iter(process.stderr.readline, "")))
    reader.start()
    try:
        yield NodeAgent(process, said)
    finally:
        process.terminate()
        process.wait(20)
        reader.join()
        process.stderr.close()


# ---------------------------------------------------------------- as a program


def _endpoint(state: Path) -> None:
    from gevent import monkey

    monkey.patch_all()
    from tvcore.settings import TunnelSettings
    from tvcore.tunnel import endpoint
    from tvcore.tunnel.__main__ import serve, speak

    speak()
    settings = json.loads((state / SETTINGS).read_text())
    keys = settings.pop("keys", None)
    endpoint.SWEEP = 1.0
    endpoint.IDLE_SECONDS = settings.pop("idle", endpoint.IDLE_SECONDS)
    serve(endpoint.Endpoint(state, TunnelSettings(**settings), FileFacts(state), Path(keys) if keys else None))


def _node(state: Path, folder: Path, job: str, ordinal: int) -> None:
    import asyncio
    import logging

    from tvcore.node.children import Children
    from tvcore.node.tunnel import Tunnel

    logging.basicConfig(level=logging.INFO, format="%(message)s")

    async def live() -> None:
        over = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
        tunnel = Tunnel(Children(), folder, state, job, ordinal, folder / "agent.sock")
        register(state, job, ordinal, await tunnel.make_key())
        task = asyncio.create_task(tunnel.run())
        await over.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(live())


def _agent(path: str) -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path + ".new")
    listener.listen(512)
    os.rename(path + ".new", path)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: socket.socket) -> None:
    with contextlib.suppress(OSError), connection:
        line = b""
        while not line.endswith(b"\n"):
            if not (byte := connection.recv(1)):
                return
            line += byte
        what, _, number = line.decode().strip().partition(" ")
        _SERVE[what](connection, int(number or 0))


def _echo(connection: socket.socket, _: int) -> None:
    while data := connection.recv(PIECE):
        connection.sendall(data)


def _take(connection: socket.socket, _: int) -> None:
    count, buffer = 0, bytearray(PIECE)
    while got := connection.recv_into(buffer):
        count += got
    connection.sendall(str(count).encode())


def _give(connection: socket.socket, count: int) -> None:
    piece, left = os.urandom(PIECE), count or 1 << 60
    while left:
        left -= connection.send(memoryview(piece)[: min(left, PIECE)])
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


def _hang(connection: socket.socket, _: int) -> None:
    threading.Event().wait()


def _wall(connection: socket.socket, size: int) -> None:
    frame, begin, number = os.urandom(size), time.monotonic(), 0
    while True:
        time.sleep(max(0.0, begin + number * FRAME_SECONDS - time.monotonic()))
        connection.sendall(frame)
        number = max(number + 1, int((time.monotonic() - begin) / FRAME_SECONDS))


_SERVE = {"echo": _echo, "take": _take, "give": _give, "hang": _hang, "wall": _wall}


if __name__ == "__main__":
    if sys.argv[1] == "endpoint":
        _endpoint(Path(sys.argv[2]))
    elif sys.argv[1] == "node":
        _node(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
    else:
        _agent(sys.argv[2])
