"""The node's side of its tunnel: OpenSSH keeps one connection to the endpoint, which opens the streams through it.

The key is made on this node for this job and never leaves it. Who the endpoint is, and its host key, comes from the
owner's state folder, read anew before each try.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tvcore import paths
from tvcore.errors import TiledVizError
from tvcore.node.children import Child, Children, describe_exit
from tvcore.tunnel.address import FILE, PROTOCOL, EndpointInfo, read_endpoint, welcome_file

PACKAGE = "openssh-client"
HOST_ALIAS = "tiledviz-endpoint"  # the name under which the pinned host key is known
REMOTE_PORT = 1  # only a name: the endpoint binds none
FIRST_WAIT, LONGEST_WAIT = 0.5, 4.0  # seconds between two tries; a cable that comes back is noticed within the latter
REFUSED_WAIT = 10.0  # the same where the endpoint refuses us, or speaks another version
REFUSALS = ("Permission denied", "Not allowed at this time")  # the latter: sshd's, for a while, after the former
LIVED = 20.0  # seconds after which a tunnel counts as having worked
LOOK = 1.0  # seconds between two looks at where the endpoint is: no event comes through a shared file system
KEY, HOSTS, SAID = "tunnel_key", "tunnel_hosts", "tunnel_said"  # in the agent's folder
ENVIRONMENT = ("PATH", "HOME", "USER", "LANG", "TMPDIR")  # what ssh gets of ours
TOLD_MAX = 20  # different troubles that are told before the tunnel is up again
LAST_WORDS = 400  # characters of what ssh said that go into the log
# What the outer ssh of the second way runs, with nothing put into it: the values are in its environment.
OUTER = (
    'ssh -F none -T -x -a -i "$TILEDVIZ_TUNNEL_KEY" -p "$TILEDVIZ_TUNNEL_PORT" -l "$TILEDVIZ_TUNNEL_USER"'
    " -o BatchMode=yes -o IdentitiesOnly=yes -o IdentityAgent=none -o PreferredAuthentications=publickey"
    " -o StrictHostKeyChecking=yes -o ConnectTimeout=4 -o ServerAliveInterval=4 -o ServerAliveCountMax=2"
    ' -- "$TILEDVIZ_TUNNEL_HOST"'
)

_logger = logging.getLogger(__name__)


def ssh_command(info: EndpointInfo, host: str, user: str, agent_socket: Path) -> list[str]:
    """Return the ssh command that offers *agent_socket* to the endpoint *info* at *host*, as *user* (``JOB.ORDINAL``).

    It runs in the folder of the key: names of folders would be subject to ssh's own expansions.
    """
    options = {
        "BatchMode": "yes",
        "Ciphers": "aes128-gcm@openssh.com",
        "Compression": "no",
        "ConnectTimeout": "4",
        "ConnectionAttempts": "1",
        "ExitOnForwardFailure": "yes",
        "GlobalKnownHostsFile": "none",
        "HostKeyAlgorithms": "ssh-ed25519",
        "HostKeyAlias": HOST_ALIAS,
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "LogLevel": "INFO",
        "PreferredAuthentications": "publickey",
        "ServerAliveCountMax": "2",
        "ServerAliveInterval": "4",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "UserKnownHostsFile": HOSTS,
    }
    if info.way == "sshd":
        options["ProxyCommand"] = OUTER
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    forward = ["-R", f"{REMOTE_PORT}:{agent_socket}"]
    return [
        "ssh", "-F", "none", "-N", "-T", "-x", "-a", *forward, *given,
        "-i", KEY, "-p", str(info.port), "-l", user, "--", host,
    ]  # fmt: skip


def outer_environment(info: EndpointInfo, host: str) -> dict[str, str]:
    """Return what ``OUTER`` needs to know; none of it is secret."""
    if info.way != "sshd":
        return {}
    values = {"KEY": KEY, "PORT": str(info.port), "USER": info.user, "HOST": host}
    return {f"TILEDVIZ_TUNNEL_{name}": value for name, value in values.items()}


def last_words(said: str) -> str:
    """Return what ssh *said* in one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " / ".join(lines[-3:])[-LAST_WORDS:]


def strange_version(info: EndpointInfo) -> str:
    """Return what to tell when *info* is of an endpoint that speaks another version than we do; else nothing."""
    if info.v == PROTOCOL:
        return ""
    older, newer = ("endpoint", "job") if info.v < PROTOCOL else ("job", "endpoint")
    mend = "start TiledViz anew on the login node" if older == "endpoint" else "start the job anew"
    return (
        f"the {older} is older than the {newer} (tunnel version {info.v} on {info.node}, {PROTOCOL} here): "
        f"no tunnel between them; {mend}"
    )


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


class Tunnel:
    """Node *ordinal* of *job*, which serves its streams on *agent_socket*, seen from the login node.

    *folder* is the agent's own 0700 folder; in *state*, which the login node shares, is where the endpoint is.
    """

    def __init__(
        self, children: Children, folder: Path, state: Path, job: str, ordinal: int, agent_socket: Path
    ) -> None:
        self._children = children
        self._folder = folder
        self._state = state
        self._user = f"{job}.{ordinal}"
        self._agent_socket = agent_socket
        self._public = ""
        self._told: set[str] = set()  # the troubles that were told since the tunnel was up
        self._best = ""  # the host that was reached last

    async def make_key(self) -> str:
        """Make this node's key pair and return the public half, ``ssh-ed25519 BASE64``. Raises TiledVizError."""
        if strange := sorted(set("%:$[]\\\n") & set(str(self._agent_socket))):
            raise TiledVizError(f"ssh cannot forward to {self._agent_socket} ({' '.join(strange)}): set another TMPDIR")
        for tool in ("ssh", "ssh-keygen"):
            if shutil.which(tool) is None:
                raise TiledVizError(f"{tool} is not installed on this node: as root, apt-get install {PACKAGE}")
        child = self._start(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", KEY])
        if await child.wait() != 0:
            raise TiledVizError(f"no key for the tunnel could be made in {self._folder}: {self._said()}")
        self._public = " ".join((self._folder / f"{KEY}.pub").read_text().split()[:2])
        return self._public

    async def run(self) -> None:
        """Keep the tunnel up until cancelled."""
        wait = FIRST_WAIT
        while True:
            info = await self._endpoint()
            begin = time.monotonic()
            try:
                trouble = strange_version(info) or await self._not_welcome(info) or await self._connect(info)
            except OSError as error:  # no process, no file: for now
                trouble = f"no tunnel: {error}"
            if time.monotonic() - begin > LIVED:
                wait = FIRST_WAIT
                self._told.clear()
            self._tell(trouble)
            if not trouble:
                continue  # the endpoint is another one: there at once
            await self._pause(info, wait * random.uniform(0.5, 1))  # noqa: S311
            refused = info.v != PROTOCOL or any(words in trouble for words in REFUSALS)
            wait = min(2 * wait, REFUSED_WAIT if refused else LONGEST_WAIT)

    async def _endpoint(self) -> EndpointInfo:
        """Return what the endpoint says of itself, once it does."""
        while (info := await self._look()) is None:
            self._tell(f"no tunnel: no endpoint has written {self._state / FILE} yet")
            await asyncio.sleep(LOOK)
        return info

    async def _look(self) -> EndpointInfo | None:
        # In a thread: while the cable is out, a shared file system may keep whoever reads.
        return await asyncio.to_thread(read_endpoint, self._state)

    async def _not_welcome(self, info: EndpointInfo) -> str:
        """Return why it is too early to try; where the site's sshd is in between, it must know our key first."""
        if info.way != "sshd":
            return ""
        path = welcome_file(self._state, self._user)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REFUSED_WAIT):
                while await asyncio.to_thread(_read, path) != self._public:  # noqa: ASYNC110
                    await asyncio.sleep(LOOK)
                return ""
        return f"no tunnel: the endpoint on {info.node} has not let this node in, its log says why"

    async def _pause(self, info: EndpointInfo, seconds: float) -> None:
        """Wait *seconds*, or until the endpoint is another one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._another(info)

    async def _another(self, info: EndpointInfo) -> None:
        """Wait until the endpoint is another one than *info*."""
        while (there := await self._look()) is None or there.id == info.id:  # noqa: ASYNC110
            await asyncio.sleep(LOOK)

    async def _connect(self, info: EndpointInfo) -> str:
        """Be connected to *info* for as long as that goes; return why it ended, nothing if the endpoint is another."""
        paths.write_atomic(self._folder / HOSTS, f"{HOST_ALIAS} {info.host_key}\n")
        causes = []
        for host in sorted(info.hosts, key=lambda host: host != self._best):
            begin = time.monotonic()
            child = self._start(ssh_command(info, host, self._user, self._agent_socket), outer_environment(info, host))
            try:
                if not await self._until_over(child, info):
                    return ""
            finally:
                await asyncio.shield(child.stop(grace=0.5))
            said = self._said() or f"ssh ended ({describe_exit(await child.wait())})"
            if time.monotonic() - begin > LIVED:
                self._best = host
                return said
            causes.append(f"{host} port {info.port}: {said}")
        return "; ".join(causes)

    async def _until_over(self, child: Child, info: EndpointInfo) -> bool:
        """Return True when *child* has ended, False when the endpoint is another one before that."""
        over, another = asyncio.create_task(child.wait()), asyncio.create_task(self._another(info))
        try:
            await asyncio.wait((over, another), return_when=asyncio.FIRST_COMPLETED)
            return over.done()
        finally:
            for task in (over, another):
                task.cancel()
            await asyncio.gather(over, another, return_exceptions=True)

    def _start(self, command: Sequence[str], more: Mapping[str, str] | None = None) -> Child:
        """Start *command* in our folder; what it says goes into a file there."""
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        handle = os.open(self._folder / SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            return self._children.start(command, {**environment, **(more or {})}, handle, folder=self._folder)
        finally:
            os.close(handle)

    def _said(self) -> str:
        return last_words((self._folder / SAID).read_text(errors="replace"))

    def _tell(self, trouble: str) -> None:
        if trouble and trouble not in self._told and len(self._told) < TOLD_MAX:
            self._told.add(trouble)
            _logger.warning("%s", trouble)
