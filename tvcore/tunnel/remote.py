"""Commands in a tile, files put into and fetched from it, its picture: the caller's side of such streams.

Sockets block (with gevent: cooperatively, when patched). ``tvcore.node.command`` and ``tvcore.node.snapshot`` are the
other side.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
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
STARTED_BADLY = 127  # the exit code where the command cannot even be started, as sh(1) has it

# The path is an argument of these, never a part of them. A file is whole or not there: its name comes last. Until then
# it has one of its own: several tiles may write to one place.
_PUT = (
    'if [ -d "$1" ]; then echo "it is a folder: name a file in it" >&2; exit 1; fi;'
    " trap 'rm -f -- \"$1.$2.part\"' EXIT HUP INT TERM;"
    ' cat > "$1.$2.part" && mv -f -- "$1.$2.part" "$1"'
)
_GET = 'exec cat -- "$1"'


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
    ) -> None:
        self.ended: Ended | None = None
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
                kind, length = FRAME.unpack(_exactly(self._socket, FRAME.size))
                data = _exactly(self._socket, length)
                if kind == ENDED:
                    said = json.loads(data)
                    self.ended = Ended(int(said["code"]), float(said["seconds"]), str(said["error"]))
                    return
                yield kind, data
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
) -> Ended:
    """Run *command* in a tile of the agent of *registration* and return how it ended.

    *stdin* yields its input, *sink* is called with (OUTPUT or ERRORS, bytes), *seconds* is how long it may take. Raises
    TiledVizError when the agent is away or refuses, and what *stdin* and *sink* raise.
    """
    stream = _Stream(registration, tile, command, stdin, seconds)
    for kind, data in stream:
        try:
            sink(kind, data)
        except BaseException:
            stream.close()
            raise
    assert stream.ended
    return stream.ended


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
