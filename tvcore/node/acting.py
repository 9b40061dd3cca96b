"""The stream ``act``: an action of a case for a tile, done on the tile's node; ``tvcore.tunnel.remote`` is the caller.

The caller sends one line of JSON, ``{"action": NAME, "arguments": {...}, "seconds": 60}``, and is told by lines of
JSON: ``{"progress": [FRACTION, TEXT]}`` on the way, ``{"said": TEXT}`` or ``{"error": TEXT}`` at the end. The action is
a process of its own (``tvcore.cases.on_node``), which says ``{"begun": true}`` when it has loaded the case: from then
its time counts. A caller who goes away ends it, and all that it started.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from tvcore.node.children import describe_exit
from tvcore.node.hooks import LOAD_SECONDS, STOPPED, Call, HasLog, Hooks

LINE_SECONDS = 10.0
MOST_LINE = 1 << 16  # bytes of a line of the action's
MOST_TEXT = 4000  # characters of what an action says
LINGER = 1.0  # seconds for what it said last, after its end; and for its end, after its answer
BY_HAND = "this tile runs by hand: actions need a job"


class _Line(BaseModel):
    action: str = Field(max_length=40)
    arguments: dict[str, Any] = Field(default_factory=dict)
    seconds: float = Field(gt=0, le=86400)


class _Progress(BaseModel):
    progress: tuple[Annotated[float, Field(ge=0, le=1)], str]


class _Begun(BaseModel):
    begun: bool


class _Said(BaseModel):
    said: str


class _Error(BaseModel):
    error: str


_Word: TypeAdapter[_Progress | _Begun | _Said | _Error] = TypeAdapter(_Progress | _Begun | _Said | _Error)


class Act:
    """One action for *tile*, asked for by *reader*, told to *writer*."""

    def __init__(
        self, tile: HasLog, hooks: Hooks | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._tile = tile
        self._hooks = hooks
        self._reader = reader
        self._writer = writer
        self._answer: _Said | _Error | None = None
        self._begun = asyncio.Event()
        self._answered = asyncio.Event()

    async def run(self) -> None:
        """Serve until the action has ended or the caller goes. Raises ConnectionResetError then."""
        async with asyncio.timeout(LINE_SECONDS):
            text = await self._reader.readline()
        try:
            line = _Line.model_validate_json(text)
        except ValidationError as error:
            await self._tell(_Error(error=f"this is no action: {error.errors()[0]['msg']}"))
            return
        if self._hooks is None:
            await self._tell(_Error(error=BY_HAND))
            return
        with self._hooks.acting(self._tile) as ends:
            answer = await self._done(self._hooks, line, ends)
        await self._tell(answer)

    async def _done(self, hooks: Hooks, line: _Line, ends: asyncio.Event) -> _Said | _Error:
        """Have it done, telling how far it is, and return what came of it; once *ends* is set it is ended."""
        request = {"action": line.action, "arguments": line.arguments}
        given = _memory_file(json.dumps(request).encode() + b"\n")
        output, output_end = os.pipe2(os.O_CLOEXEC)
        try:
            call = hooks.call(self._tile, "act", given=given, output=output_end)
        except OSError as error:
            os.close(output)
            return _Error(error=f"the action cannot be started on this node: {error.strerror}")
        finally:
            os.close(given)
            os.close(output_end)
        listening = asyncio.create_task(self._listen(output))
        begun = asyncio.create_task(self._begun.wait())
        answered = asyncio.create_task(self._answered.wait())
        ended = asyncio.create_task(ends.wait())
        gone = asyncio.create_task(self._reader.read(1))  # the caller says nothing more: it goes
        pending: set[asyncio.Future[Any]] = {listening, begun, answered, ended, gone, call.child.ended}
        try:
            async with asyncio.timeout(LOAD_SECONDS) as clock:
                while not call.child.ended.done():
                    done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                    if gone in done:
                        raise ConnectionResetError("the caller is gone")
                    if listening in done:
                        listening.result()  # raises where the caller is gone
                    if ended in done and not self._answer:
                        return _Error(error=STOPPED)
                    if begun in done:
                        clock.reschedule(asyncio.get_running_loop().time() + line.seconds)
                    if answered in done:  # what it left running is of no use any more
                        clock.reschedule(asyncio.get_running_loop().time() + LINGER)
        except TimeoutError:
            if self._answer:
                return self._answer
            if not self._begun.is_set():
                return _Error(error=f"its case could not be loaded within {LOAD_SECONDS:g} s on this node")
            return _Error(error=f"it took longer than {line.seconds:g} s and was ended")
        finally:
            for waiting in (begun, answered, ended, gone):
                waiting.cancel()
            await call.stop()
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(LINGER):
                    await listening
            listening.cancel()
        return self._answer or _Error(error=_wordless(call))

    async def _listen(self, source: int) -> None:
        """Pass on how far the action is, and keep its answer."""
        loop = asyncio.get_running_loop()
        with os.fdopen(source, "rb", buffering=0) as pipe:
            reader = asyncio.StreamReader(limit=MOST_LINE)
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
            try:
                while text := await _line_of(reader):
                    with contextlib.suppress(ValidationError):  # the case writes there what it likes, if it insists
                        word = _Word.validate_json(text)
                        if isinstance(word, _Progress):
                            await self._tell(word)
                        elif isinstance(word, _Begun):
                            self._begun.set()
                        else:
                            self._answer = self._answer or word
                            self._answered.set()
            finally:
                transport.close()

    async def _tell(self, word: BaseModel) -> None:
        document = word.model_dump()
        for name, value in document.items():
            if isinstance(value, str):
                document[name] = value[:MOST_TEXT]
        self._writer.write(json.dumps(document).encode() + b"\n")
        await self._writer.drain()


async def _line_of(reader: asyncio.StreamReader) -> bytes:
    """Return the next line, empty at the end or after one that is too long."""
    try:
        return await reader.readline()
    except ValueError:
        return b""


def _memory_file(data: bytes) -> int:
    """Return a descriptor to read *data* from: neither in arguments, which everybody sees, nor on a disk."""
    handle = os.memfd_create("action")
    os.write(handle, data)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _wordless(call: Call) -> str:
    code = call.child.ended.result()
    return f"the action ended without an answer, with {describe_exit(code)}: the tile's log may say why"
