"""The stream ``run``: a command in a tile, with its input and output; ``tvcore.tunnel.remote`` is the caller.

The caller sends one line of JSON, ``{"command": [...], "seconds": null}``, then frames; a frame is ``!BI``, its kind
and the length of what follows. From the caller: INPUT (of no length: no more comes). To it: OUTPUT, ERRORS, and ENDED
with ``{"code": ..., "seconds": ..., "error": "..."}`` at the end. A caller who goes away ends the command.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from tvcore.batch.plan import Argument
from tvcore.causes import TileFailureError
from tvcore.node.children import Child
from tvcore.node.tile import Tile
from tvcore.tunnel.remote import ENDED, ERRORS, FRAME, INPUT, MOST_FRAME, OUTPUT, STARTED_BADLY

LINE_SECONDS = 10.0
PIECE = 1 << 16  # bytes of output moved at once
KEPT = 1 << 12  # bytes of the last errors, in which the container command may have said why
LOOK = 1.0  # seconds between two looks whether the caller is there
LINGER = 1.0  # seconds for output after the command's end: what it left behind may hold the pipes


class _Line(BaseModel):
    command: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=1000)]
    seconds: Annotated[float, Field(gt=0)] | None = None


class Command:
    """One command in *tile*, asked for by *reader*, told to *writer*."""

    def __init__(self, tile: Tile, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tile = tile
        self._reader = reader
        self._writer = writer
        self._last = b""
        self._feeding = True  # whether the command's input is open

    async def run(self) -> None:
        """Serve until the command has ended or the caller goes. Raises ValueError for what is none of the stream."""
        async with asyncio.timeout(LINE_SECONDS):
            text = await self._reader.readline()
        try:
            line = _Line.model_validate_json(text)
        except ValidationError as error:
            await self._end(STARTED_BADLY, 0.0, f"this is no command: {error.errors()[0]['msg']}")
            return
        pipes = [os.pipe2(os.O_CLOEXEC) for _ in range(3)]
        (given, feed), (output, output_end), (errors, errors_end) = pipes
        begun = asyncio.get_running_loop().time()
        try:
            child = self._tile.start_command(list(line.command), given, output_end, errors_end)
        except (TileFailureError, OSError) as error:
            for end in (feed, output, errors):
                os.close(end)
            await self._end(STARTED_BADLY, 0.0, str(error))
            return
        finally:
            for end in (given, output_end, errors_end):
                os.close(end)
        code, why = await self._accompany(child, feed, output, errors, line.seconds)
        if failure := self._tile.house.explain(self._last.decode("utf-8", "replace"), code):
            why = why or str(failure)
        await self._end(code, asyncio.get_running_loop().time() - begun, why)

    async def _accompany(
        self, child: Child, feed: int, output: int, errors: int, seconds: float | None
    ) -> tuple[int, str]:
        """Move input and output until *child* has ended; return its exit code, and why it was ended by us."""
        why = ""
        moving = [
            asyncio.create_task(task)
            for task in (self._tell(output, OUTPUT), self._tell(errors, ERRORS), self._feed(feed), self._stay())
        ]
        try:
            async with asyncio.timeout(seconds):
                pending: set[asyncio.Future[Any]] = {*moving, child.ended}
                while not child.ended.done():
                    done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()  # raises where the caller is gone
        except TimeoutError:
            why = f"it did not end within {seconds:g} s"
        finally:
            await child.stop()  # before its input ends: what comes from a caller who is gone is never taken for whole
            if self._feeding:
                os.close(feed)
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(LINGER):
                    await asyncio.gather(*moving[:2])
            await _cancel(*moving)
        return await child.wait(), why or child.why

    async def _feed(self, feed: int) -> None:
        """Give the command what the caller sends, until the caller says that no more comes."""
        os.set_blocking(feed, False)
        open_ = True
        while True:
            kind, length = FRAME.unpack(await self._reader.readexactly(FRAME.size))
            if kind != INPUT or length > MOST_FRAME:
                raise ValueError(f"a frame of kind {kind} with {length} bytes")
            if not length:
                break
            data = await self._reader.readexactly(length)
            try:
                if open_:
                    await _write(feed, data)
            except BrokenPipeError:  # it reads no more
                open_ = False
        self._feeding = False
        os.close(feed)
        if await self._reader.read(1):
            raise ValueError("something comes after the end of the input")
        raise ConnectionResetError("the caller is gone")

    async def _stay(self) -> None:
        """Raise when the caller has gone: while the command takes no input, nothing else tells it."""
        poll = select.poll()
        poll.register(self._writer.get_extra_info("socket").fileno(), 0)  # POLLHUP comes unasked
        while not any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0)):  # noqa: ASYNC110
            await asyncio.sleep(LOOK)
        raise ConnectionResetError("the caller is gone")

    async def _tell(self, source: int, kind: int) -> None:
        """Tell the caller what comes out of *source*, no faster than it is taken."""
        loop = asyncio.get_running_loop()
        with os.fdopen(source, "rb", buffering=0) as pipe:
            reader = asyncio.StreamReader(limit=PIECE)
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
            try:
                while data := await reader.read(PIECE):
                    if kind == ERRORS:
                        self._last = (self._last + data)[-KEPT:]
                    self._writer.write(FRAME.pack(kind, len(data)) + data)
                    await self._writer.drain()
            finally:
                transport.close()

    async def _end(self, code: int, seconds: float, error: str) -> None:
        data = json.dumps({"code": code, "seconds": round(seconds, 3), "error": error}).encode()
        self._writer.write(FRAME.pack(ENDED, len(data)) + data)
        await self._writer.drain()


async def _write(handle: int, data: bytes) -> None:
    """Write all of *data* to the pipe *handle*. Raises BrokenPipeError."""
    loop = asyncio.get_running_loop()
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(handle, view) :]
        except BlockingIOError:
            room = asyncio.Event()
            loop.add_writer(handle, room.set)
            try:
                await room.wait()
            finally:
                loop.remove_writer(handle)


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
