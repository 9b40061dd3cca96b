"""Commands in a tile, actions of its case, files put into and fetched from it, its picture: the caller's side.

Sockets block (with gevent: cooperatively, when patched). ``tvcore.node.command``, ``tvcore.node.acting`` and
``tvcore.node.snapshot`` are the other side.
"""

from __future__ import annotations

import contextlib
import json
import math
import secrets
import select
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from socket import SHUT_RDWR, socket
from typing import Literal

from tvcore.errors import TiledVizError
from tvcore.tunnel.agents import Registration, connect

FRAME = struct.Struct("!BI")  # kind, length
INPUT, OUTPUT, ERRORS, ENDED = range(4)
MOST_FRAME = 1 << 20
PIECE = 1 << 16
SILENCE = 60.0  # seconds in which nothing of a picture or file comes, after which no more is waited for
LOOK = 0.2  # seconds between two looks whether the caller still wants it
CANCELLED = "it was cancelled"
STARTED_BADLY = 127  # the exit code where the command cannot even be started, as sh(1) has it

# The path is an argument of these, never a part of them. A file is whole or not there: its name comes last. Until then
# it has one of its own: several tiles may write to one place.
_PUT = (
    'if [ -d "$1" ]; then echo "it is a folder: name a file in it" >&2; exit 1; fi;'
    " trap 'rm -f -- \"$1.$2.part\"' EXIT HUP INT TERM;"
    ' cat > "$1.$2.part" && mv -f -- "$1.$2.part" "$1"'
)
_GET = 'exec cat -- "$1"'


Cancelled = Callable[[], bool]


def _never() -> bool:
    return False


class RemoteCancelledError(TiledVizError):
    """What ran at a node was ended because its caller wanted no more of it."""

    def __init__(self) -> None:
        super().__init__(CANCELLED)


class _OverdueError(TimeoutError):
    """The node, which keeps the time, says nothing long after it was over."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit *code*, negative for a signal; *error*: why it was ended, or could not begin."""

    code: int
    seconds: float
    error: str = ""


class _Stream:
    """One command in a tile; iterating gives what it says, (kind, bytes), until ``ended`` is known."""

    def __init__(
        self,
        registration: Registration,
        tile: int,
        command: Sequence[str],
        stdin: Iterable[bytes],
        seconds: float | None,
        cancelled: Cancelled = _never,
    ) -> None:
        self.ended: Ended | None = None
        self._cancelled = cancelled
        self._seconds = seconds
        self._deadline = _deadline(seconds)
        self._silence = registration.silence
        self._trouble: Exception | None = None
        self._socket = connect(registration, "run", tile=tile)
        self._socket.settimeout(None)
        try:
            self._socket.sendall(json.dumps({"command": list(command), "seconds": seconds}).encode() + b"\n")
        except OSError as error:
            self._socket.close()
            raise TiledVizError(self._silence) from error
        threading.Thread(target=self._feed, args=(stdin,), daemon=True).start()

    def _feed(self, stdin: Iterable[bytes]) -> None:
        """Send what *stdin* yields. A source that fails cuts the stream: half of a file is no file."""
        source = iter(stdin)
        while True:
            try:
                data = next(source, None)
            except Exception as error:
                self._trouble = error
                with contextlib.suppress(OSError):
                    self._socket.shutdown(SHUT_RDWR)
                return
            try:
                if data is None:
                    self._socket.sendall(FRAME.pack(INPUT, 0))
                    return
                for begin in range(0, len(data), MOST_FRAME):
                    piece = data[begin : begin + MOST_FRAME]
                    self._socket.sendall(FRAME.pack(INPUT, len(piece)) + piece)
            except OSError:  # the other side is gone, which whoever reads tells
                return

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        try:
            while True:
                _await(self._socket, self._cancelled, self._deadline)
                kind, length = FRAME.unpack(_exactly(self._socket, FRAME.size))
                data = _exactly(self._socket, length)
                if kind == ENDED:
                    said = json.loads(data)
                    self.ended = Ended(int(said["code"]), float(said["seconds"]), str(said["error"]))
                    return
                yield kind, data
        except _OverdueError:
            raise TiledVizError(f"it took longer than {self._seconds:g} s, and {self._silence}") from None
        except (OSError, ValueError, KeyError, EOFError) as error:
            if self._trouble:
                raise self._trouble from None
            raise TiledVizError(f"the command was cut off: {self._silence}") from error
        finally:
            self.close()

    def close(self) -> None:
        """Go away: a command that runs still is ended."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)
        self._socket.close()


def _deadline(seconds: float | None) -> float:
    """Return when an answer is overdue to what may take *seconds*: the node keeps the time, unless it is gone."""
    return math.inf if seconds is None else time.monotonic() + seconds + 2 * SILENCE


def _await(connection: socket, cancelled: Cancelled, deadline: float) -> None:
    """Wait until something comes. Raises RemoteCancelledError as soon as *cancelled* is true, and _OverdueError."""
    if cancelled is _never and deadline == math.inf:
        return
    while not cancelled():
        if select.select([connection], [], [], LOOK)[0]:
            return
        if time.monotonic() > deadline:
            raise _OverdueError
    raise RemoteCancelledError


def _exactly(connection: socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = connection.recv(min(PIECE, length - len(data)))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def run_command(
    registration: Registration,
    tile: int,
    command: Sequence[str],
    *,
    stdin: Iterable[bytes] = (),
    sink: Callable[[int, bytes], None] = lambda kind, data: None,
    seconds: float | None = None,
    cancelled: Cancelled = _never,
) -> Ended:
    """Run *command* in a tile of the agent of *registration* and return how it ended.

    *stdin* yields its input, *sink* is called with (OUTPUT or ERRORS, bytes), *seconds* is how long it may take. Raises
    TiledVizError when the agent is away or refuses, RemoteCancelledError once *cancelled* returns true, and what
    *stdin* and *sink* raise.
    """
    stream = _Stream(registration, tile, command, stdin, seconds, cancelled)
    for kind, data in stream:
        try:
            sink(kind, data)
        except BaseException:
            stream.close()
            raise
    assert stream.ended
    return stream.ended


def act(
    registration: Registration,
    tile: int,
    action: str,
    arguments: Mapping[str, object],
    *,
    seconds: float,
    report: Callable[[float, str], None] = lambda fraction, text: None,
    cancelled: Cancelled = _never,
) -> str:
    """Have the case of a tile do *action* on the tile's node, within *seconds*; return the line that it says.

    *report* gets how far it is. Raises TiledVizError: the action's own, when it takes too long, when the agent is away;
    RemoteCancelledError once *cancelled* returns true.
    """
    request = {"action": action, "arguments": dict(arguments), "seconds": seconds}
    connection = connect(registration, "act", tile=tile)
    deadline = _deadline(seconds)
    with connection:
        try:
            connection.settimeout(SILENCE)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb", buffering=0) as lines:
                while True:
                    _await(connection, cancelled, deadline)
                    word = json.loads(lines.readline(MOST_FRAME))
                    if "progress" in word:
                        report(float(word["progress"][0]), str(word["progress"][1]))
                    elif "said" in word:
                        return str(word["said"])
                    else:
                        break
        except _OverdueError:
            raise TiledVizError(f"it took longer than {seconds:g} s, and {registration.silence}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TiledVizError(f"the action was cut off: {registration.silence}") from error
    raise TiledVizError(str(word["error"]))


def put(registration: Registration, tile: int, path: str, source: Iterable[bytes]) -> None:
    """Write what *source* yields to the file *path* in a tile, whole or not at all. Raises TiledVizError."""
    errors = bytearray()
    ended = run_command(
        registration,
        tile,
        ["sh", "-c", _PUT, "sh", _plain(path), secrets.token_hex(4)],
        stdin=source,
        sink=lambda _, data: errors.extend(data),
    )
    _check(ended, bytes(errors), path, "put")


def get(registration: Registration, tile: int, path: str) -> Iterator[bytes]:
    """Yield the file *path* of a tile. Raises TiledVizError, at the end too: only what comes without it is whole."""
    errors = bytearray()
    stream = _Stream(registration, tile, ["sh", "-c", _GET, "sh", _plain(path)], (), None)
    try:
        for kind, data in stream:
            if kind == OUTPUT:
                yield data
            else:
                errors += data
    finally:
        stream.close()
    assert stream.ended
    _check(stream.ended, bytes(errors), path, "fetched")


def stream_of(registration: Registration, tile: int, name: Literal["picture", "file"]) -> Iterator[bytes]:
    """Yield the picture of a tile as a PNG, or the file that one without a display shows.

    Raises TiledVizError, at the end too: only what comes without it is whole.
    """
    connection = connect(registration, name, tile=tile)
    try:
        connection.settimeout(SILENCE)
        while True:
            kind, length = FRAME.unpack(_exactly(connection, FRAME.size))
            data = _exactly(connection, length)
            if kind == ENDED:
                error = str(json.loads(data)["error"])
                break
            yield data
    except (OSError, ValueError, KeyError, EOFError) as trouble:
        raise TiledVizError(f"its {name} was cut off: {registration.silence}") from trouble
    finally:
        connection.close()
    if error:
        raise TiledVizError(error)


def _plain(path: str) -> str:
    if not path or "\0" in path:
        raise TiledVizError(f"{path!r} is no path of a file")
    return path


def _check(ended: Ended, errors: bytes, path: str, done: str) -> None:
    if ended.code == 0 and not ended.error:
        return
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    why = ended.error or (lines[-1] if lines else f"exit code {ended.code}")
    raise TiledVizError(f"{path} cannot be {done}: {why}")
