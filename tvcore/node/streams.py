"""The agent's one unix socket: who may open a stream, and what each stream is (``tvcore.tunnel.agents``).

Streams: ``rpc`` (lines of JSON), ``rfb`` (bytes to and from a display), ``view`` (the same for who may only look,
``tvcore.node.onlooker``), ``run`` (a command in a tile, ``tvcore.node.command``), ``act`` (an action of its case,
``tvcore.node.acting``), ``picture`` and ``file`` (``tvcore.node.snapshot``), ``wall`` (``tvcore.node.wire``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import struct
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, Field, ValidationError

from tvcore.node import onlooker, snapshot
from tvcore.node.acting import Act
from tvcore.node.command import Command
from tvcore.node.hooks import Hooks
from tvcore.node.media_tile import AnyTile, MediaTile
from tvcore.node.rpc import Rpc
from tvcore.node.splice import splice
from tvcore.node.tile import FOCUS_RATE, Tile
from tvcore.tunnel.agents import LINE_MAX, PROTOCOL, StreamName, TokenBook

OPENING_SECONDS = 5.0
MOST_LINE = 1 << 20  # bytes of a line once a stream is open: what a wall of thousands of tiles demands fits
RELAYED = 1 << 16  # bytes moved at once from a viewer to a display
_logger = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818
    """A stream is not opened; the text is told to who asked."""


class _Opening(BaseModel):
    v: int
    stream: StreamName
    token: str
    tile: int | None = None
    number: int = Field(default=0, ge=0, le=0xFFFF)


class ServesWall(Protocol):
    """What sends pictures to a portal."""

    async def serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve the wall stream *number* until the portal goes. Raises OSError, and ValueError for what is none."""
        ...


class Server:
    """Serves the streams of *tiles* on a unix socket; *rpc* answers calls, *wall* sends pictures."""

    def __init__(
        self, tiles: Mapping[int, AnyTile], rpc: Rpc, secret: str, wall: ServesWall, hooks: Hooks | None = None
    ) -> None:
        self._hooks = hooks
        self._tiles = tiles
        self._rpc = rpc
        self._wall = wall
        self._book = TokenBook(secret)
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, path: Path) -> None:
        """Listen on *path*, 0600. Raises OSError."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        os.chmod(path, 0o600)
        self._server = await asyncio.start_unix_server(self._accepted, sock=listener, limit=MOST_LINE)

    async def close(self) -> None:
        """Listen no more and end all streams."""
        if self._server:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            opening = await self._opening(reader, writer)
            if opening.stream == "rpc":
                await self._rpc.serve(reader, writer)
            elif opening.stream == "wall":
                await self._wall.serve(opening.number, reader, writer)
            elif opening.stream == "run":
                await Command(self._tile(opening), reader, writer).run()
            elif opening.stream == "act":
                await Act(self._any(opening), self._hooks, reader, writer).run()
            elif opening.stream in ("picture", "file"):
                await snapshot.send(self._any(opening), opening.stream, writer)
            else:
                await self._rfb(self._tile(opening), opening.stream, reader, writer)
        except Refused as refusal:
            _logger.info("a stream is refused: %s", refusal)
            writer.write(json.dumps({"error": str(refusal)}).encode() + b"\n")
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side went away: the ordinary end of a stream
        except ValueError as error:
            _logger.info("a stream is cut, it does not keep to the protocol: %s", str(error).partition("\n")[0])
        except Exception:
            _logger.exception("a stream broke")
        finally:
            writer.close()

    async def _opening(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Opening:
        """Read and check the line that opens a stream, and answer it."""
        _check_peer(writer.get_extra_info("socket"))
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                line = await reader.readuntil(b"\n")
            if len(line) > LINE_MAX:
                raise Refused("the opening line is too long")
            opening = _Opening.model_validate_json(line)
        except TimeoutError:
            raise Refused(f"no opening line within {OPENING_SECONDS:.0f} s") from None
        except asyncio.LimitOverrunError:
            raise Refused("the opening line is too long") from None
        except ValidationError as error:
            raise Refused(f"this is not an opening line: {error.errors()[0]['msg']}") from None
        if opening.v != PROTOCOL:
            raise Refused(f"version {opening.v} of the protocol is not known here, {PROTOCOL} is")
        if not self._book.accept(opening.token, opening.stream, opening.tile):
            raise Refused("the token is wrong, expired or used")
        if opening.stream in ("rfb", "view", "run") and self._tile(opening).rfb_socket is None:
            raise Refused(f"tile {opening.tile} has no display now: it is {self._tile(opening).status.state}")
        if opening.stream == "act" and (state := self._any(opening).status.state) != "live":
            raise Refused(f"tile {opening.tile} is not live, but {state}")
        if opening.stream in ("picture", "file") and (why := snapshot.refusal(self._any(opening), opening.stream)):
            raise Refused(why)
        writer.write(json.dumps({"ok": True, "v": PROTOCOL}).encode() + b"\n")
        return opening

    def _any(self, opening: _Opening) -> AnyTile:
        """Return the tile of a stream."""
        tile = None if opening.tile is None else self._tiles.get(opening.tile)
        if tile is None:
            raise Refused(f"there is no tile {opening.tile} on this node")
        return tile

    def _tile(self, opening: _Opening) -> Tile:
        """Return the tile of a stream that needs a display."""
        tile = self._any(opening)
        if isinstance(tile, MediaTile):
            raise Refused(f"tile {opening.tile} shows a {tile.plan.kind}: there is no display to work in")
        return tile

    async def _rfb(
        self, tile: Tile, stream: StreamName, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        display = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        portal: socket.socket = writer.get_extra_info("socket").dup()  # the other is the transport's, for reading
        away = tile.look(FOCUS_RATE, pictures=False)
        with display, portal:
            try:
                display.setblocking(False)
                await asyncio.get_running_loop().sock_connect(display, str(tile.rfb_socket))
                if stream == "view":
                    await onlooker.come_in(display, reader, portal)
                await first_of(_relay(reader, display), splice(display, portal))
            finally:
                away()


def _check_peer(connection: socket.socket) -> None:
    """Refuse who is not our own Unix user (SO_PEERCRED, unix(7))."""
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    if uid != os.getuid():
        raise Refused("this node agent serves its owner only")


async def _relay(reader: asyncio.StreamReader, display: socket.socket) -> None:
    """Move what a viewer sends to *display* until the end; no faster than it is taken."""
    while data := await reader.read(RELAYED):
        await asyncio.get_running_loop().sock_sendall(display, data)


async def first_of(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all until the first ends; end the others, and raise what that first one raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _cancel(tasks)
    for task in done:
        task.result()


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
