"""Where the node agents are, and how a stream to one is opened.

A node agent registers with one file, 0600 in the owner's 0700 folder, named ``JOB.ORDINAL.json``. It holds the
path of the agent's unix socket and a secret made at start. Whoever opens a stream sends one line of JSON::

    {"v": 1, "stream": NAME, "tile": INDEX, "number": N, "token": "NONCE.EXPIRY.MAC"}

(NAME is ``wall``, ``rfb``, ``view``, ``rpc``, ``run``, ``act``, ``picture`` or ``file``; ``wall`` and ``rpc`` have no
``tile``, and only ``wall`` has a ``number``) and gets one line back: ``{"ok": true, "v": 1}``, or
``{"error": "..."}`` and the end. The token is good once, for 30 seconds, for that stream and tile:
MAC = HMAC-SHA256(secret, "NONCE.EXPIRY.STREAM.TILE") in hexadecimal (RFC 2104).
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tvcore import paths
from tvcore.batch.plan import Plan
from tvcore.errors import TiledVizError
from tvcore.tunnel.address import read_endpoint

PROTOCOL = 2
SUPPORTED = frozenset({2})  # what this release still speaks: jobs outlive an upgrade of the portal
TOKEN_SECONDS = 30
RUNTIME_PREFIX = "tiledviz-"  # of a runtime folder's name
LINE_MAX = 65536  # bytes of an opening line and of its answer

StreamName = Literal["wall", "rfb", "view", "rpc", "run", "act", "picture", "file"]
LATER = ("view", "run", "act", "picture", "file")  # that agents of earlier releases do not know


class Registration(BaseModel):
    """What a node agent says of itself when it starts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = PROTOCOL
    job: str
    ordinal: int
    node: str
    pid: int
    started: float
    socket: str
    secret: str
    key: str = ""  # the public key of its tunnel, ``ssh-ed25519 BASE64``; none: it is on this machine, without one
    plan: Plan

    @property
    def name(self) -> str:
        """Return the name of this registration's file."""
        return f"{self.job}.{self.ordinal}.json"

    @property
    def silence(self) -> str:
        """Return what to say when this agent does not answer."""
        return f"the node agent of job {self.job} on {self.node} does not answer: `tiledviz jobs` says if it runs"

    @property
    def folder(self) -> Path:
        """Return the agent's runtime folder, which holds its socket and its tiles' folders."""
        return Path(self.socket).parent

    @property
    def too_old(self) -> str:
        """Return what to say when this agent does not know what it is asked."""
        return (
            f"job {self.job} was started by an older release, whose node agents do not know this: stop it with "
            f"`tiledviz stop {self.job}` and launch it again"
        )

    def reached_at(self) -> str:
        """Return the path of the unix socket on this machine behind which the agent is. Raises TiledVizError."""
        if not self.key:
            return self.socket
        endpoint = read_endpoint(Path(self.plan.state))
        if endpoint is None or not endpoint.here:
            where = f"runs on {endpoint.node}, not here" if endpoint else "does not run: `tiledviz up` starts it"
            raise TiledVizError(f"node {self.node} of job {self.job} cannot be reached: the tunnels' endpoint {where}")
        return str(endpoint.socket_of(self.job, self.ordinal))


def register(registration: Registration) -> Path:
    """Write *registration* into the owner's folder (of its plan) and return the file."""
    folder = paths.secure_folder(Path(registration.plan.state) / "agents")
    path = folder / registration.name
    paths.write_atomic(path, registration.model_dump_json())
    return path


def registrations(state: Path | None = None) -> Iterator[Registration]:
    """Yield what is registered, in the order of the names; a file that cannot be read is passed over."""
    folder = paths.secure_folder(state / "agents") if state else paths.agents_dir()
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValidationError):
            yield Registration.model_validate_json(path.read_bytes())


def is_registered(registration: Registration) -> bool:
    """Return whether *registration* is still there: its agent may have gone since it was read."""
    return (paths.agents_dir() / registration.name).exists()


def unsupported(registration: Registration) -> str:
    """Return why this release cannot show the tiles of *registration*'s agent; empty where it can."""
    if registration.v in SUPPORTED:
        return ""
    older, newer = ("job", "portal") if registration.v < PROTOCOL else ("portal", "job")
    return (
        f"this job was started by another release (protocol {registration.v}, here {PROTOCOL}): the {older} is older "
        f"than the {newer} and cannot be shown; stop it with `tiledviz stop {registration.job}` and launch it again"
    )


def discard(registration: Registration, state: Path | None = None) -> None:
    """Remove what an agent that is gone left on this node: its registration and its runtime folder."""
    folder = registration.folder
    here = (socket.gethostname(), os.environ.get("SLURMD_NODENAME"))
    if registration.node in here and folder.name.startswith(RUNTIME_PREFIX):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.getuid():
                shutil.rmtree(folder)
    ((state or paths.state_dir()) / "agents" / registration.name).unlink(missing_ok=True)


def make_token(secret: str, stream: StreamName, tile: int | None, now: float | None = None) -> str:
    """Return a fresh token for one *stream* (and *tile*)."""
    nonce = secrets.token_hex(16)
    expiry = int((time.time() if now is None else now) + TOKEN_SECONDS)
    return f"{nonce}.{expiry}.{_mac(secret, nonce, expiry, stream, tile)}"


def _mac(secret: str, nonce: str, expiry: int, stream: str, tile: int | None) -> str:
    what = f"{nonce}.{expiry}.{stream}.{'' if tile is None else tile}"
    return hmac.new(secret.encode(), what.encode(), "sha256").hexdigest()


class TokenBook:
    """The agent's side of tokens: accepts each once, until it expires."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._used: dict[str, int] = {}

    def accept(self, token: str, stream: str, tile: int | None, now: float | None = None) -> bool:
        """Return whether *token* is ours, for this *stream* and *tile*, unexpired and never seen before."""
        now = time.time() if now is None else now
        self._used = {nonce: expiry for nonce, expiry in self._used.items() if expiry >= now}
        parts = token.split(".")
        if len(parts) != 3 or not parts[1].isdecimal() or len(parts[1]) > 12:
            return False
        nonce, expiry = parts[0], int(parts[1])
        if not hmac.compare_digest(parts[2].encode(), _mac(self._secret, nonce, expiry, stream, tile).encode()):
            return False
        if not now <= expiry <= now + 2 * TOKEN_SECONDS or nonce in self._used:
            return False
        self._used[nonce] = expiry
        return True


def opening_line(registration: Registration, stream: StreamName, tile: int | None = None, number: int = 0) -> bytes:
    """Return the line that opens *stream* at the agent of *registration*."""
    token = make_token(registration.secret, stream, tile)
    opening: dict[str, object] = {"v": PROTOCOL, "stream": stream, "token": token}
    if tile is not None:
        opening["tile"] = tile
    if stream == "wall":
        opening["number"] = number
    return json.dumps(opening).encode() + b"\n"


def read_line(connection: socket.socket, limit: int = LINE_MAX) -> bytes:
    """Read one line from *connection*, byte for byte so that nothing behind it is taken."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte or len(line) >= limit:
            raise TiledVizError("the node agent closed the connection before it answered")
        line += byte
    return bytes(line)


def connect(
    registration: Registration, stream: StreamName, tile: int | None = None, number: int = 0, timeout: float = 5.0
) -> socket.socket:
    """Open *stream* and return its socket, blocking with *timeout* seconds (gevent: cooperative when patched).

    Raises TiledVizError when the agent is away or refuses.
    """
    if strange := unsupported(registration):
        raise TiledVizError(strange)
    path = registration.reached_at()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(path)
        connection.sendall(opening_line(registration, stream, tile, number))
        answer = json.loads(read_line(connection))
        if answer.get("ok") is not True:
            if stream in LATER and str(answer.get("error")).startswith("this is not an opening line"):
                raise TiledVizError(registration.too_old)
            raise TiledVizError(f"the node agent on {registration.node} refuses: {answer.get('error', 'no reason')}")
    except (OSError, ValueError) as error:
        connection.close()
        raise TiledVizError(registration.silence) from error
    except BaseException:
        connection.close()
        raise
    return connection


def call(registration: Registration, method: str, timeout: float = 5.0, **arguments: object) -> Any:
    """Call *method* of the agent once and return its result (see ``tvcore.node.rpc`` for the methods)."""
    with connect(registration, "rpc", timeout=timeout) as connection, connection.makefile("rwb") as file:
        try:
            file.write(json.dumps({"id": 1, "call": method, **arguments}).encode() + b"\n")
            file.flush()
            answer = json.loads(file.readline(1 << 24))
        except (OSError, ValueError) as error:
            raise TiledVizError(registration.silence) from error
    if "error" in answer:
        unknown = str(answer["error"]).startswith("this is not a call: call:")
        raise TiledVizError(registration.too_old if unknown else str(answer["error"]))
    return answer["result"]
