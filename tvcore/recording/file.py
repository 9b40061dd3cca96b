"""A recording of the wall stream: one file, in network byte order.

::

    "TiledViz-wall\\r\\n\\x1a"   16 bytes: text that a transfer as text would break
    u32 length               of the header that follows, at most HEADER_MAX
    the header               JSON, ``Header``: what the wall was, and its jobs in the order of their numbers
    then any number of times:
    u32 length               of the picture that follows, at most ``wire.MESSAGE_MAX``
    u16 job                  whose agent sent it: its place in the header
    f64 time                 s since the recording began
    the picture              a message as the agent sent it to the page (``tvcore.node.wire``)

The end needs no mark: a recording that was cut short, or whose recorder was killed, is read to its last whole message.
At most BYTES_MAX bytes, MESSAGES_MAX messages and CELLS_MAX cells.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tvcore import __version__
from tvcore.errors import TiledVizError, UsageError
from tvcore.node import wire
from tvcore.terminal import printable

MAGIC = b"TiledViz-wall\r\n\x1a"
VERSION: Final = 1
HEADER_MAX = 1 << 26
BYTES_MAX = 1 << 30
MESSAGES_MAX = 1 << 20
CELLS_MAX = 1 << 20
JOBS_MAX = 256
TILES_MAX = 1 << 16
_LENGTH = struct.Struct("!I")
_MESSAGE = struct.Struct("!IHd")

_Short = Annotated[str, StringConstraints(max_length=4096)]
_Side = Annotated[int, Field(ge=16, le=16384)]
_Scalar = str | int | float | bool | None


class Tile(BaseModel):
    """A tile as the wall document had it; *width* and *height* are its display's, in pixels."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    index: int = Field(ge=0, le=0xFFFF)
    title: _Short
    state: Literal["queued", "starting", "live", "failed", "stopped"]
    reason: _Short = ""
    cause: _Short = ""
    renderer: _Short | None = None
    width: _Side
    height: _Side
    tags: list[_Short] = []
    member: int | None = Field(default=None, ge=0, le=1 << 53)
    metadata: dict[_Short, _Scalar] = {}


class Column(BaseModel):
    """A column of the tiles' metadata (``tvcore.ensemble.Column``)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: _Short
    dtype: _Short
    unit: _Short = ""
    description: _Short = ""
    role: _Short = "result"


def _once(tiles: list[Tile]) -> list[Tile]:
    if len({tile.index for tile in tiles}) != len(tiles):
        raise ValueError("two tiles have one index")
    return tiles


class Job(BaseModel):
    """A job whose tiles were recorded, and what the wall said of its tile set."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    job: _Short
    case: _Short
    title: _Short
    columns: list[Column] = Field(default=[], max_length=4096)
    tiles: Annotated[list[Tile], Field(min_length=1, max_length=TILES_MAX), AfterValidator(_once)]


class Header(BaseModel):
    """What was recorded; *recorded* is when it began, s since the epoch, *release* that of the recorder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: Literal[1] = VERSION
    release: _Short = __version__
    recorded: float = Field(ge=0, le=1 << 33)
    jobs: list[Job] = Field(min_length=1, max_length=JOBS_MAX)


@dataclass(frozen=True)
class Message:
    """One picture of a recording: whose, and when it came, s since the beginning; *data* as the agent sent it."""

    job: int
    time: float
    data: bytes


class Writer:
    """A new recording, 0600. Raises TiledVizError where it cannot be made or written."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.bytes = 0
        self.messages = 0
        self.cells = 0
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise UsageError(f"{path} is there already: name another file, or remove it") from None
        except OSError as error:
            raise UsageError(f"{path} cannot be made: {error.strerror}") from error
        self._file = os.fdopen(handle, "wb", buffering=0)
        text = header.model_dump_json().encode()
        self._write(MAGIC + _LENGTH.pack(len(text)) + text)

    @property
    def full(self) -> bool:
        """Return whether no further message may be added."""
        room = BYTES_MAX - wire.MESSAGE_MAX - _MESSAGE.size
        return self.bytes > room or self.messages >= MESSAGES_MAX or self.cells > CELLS_MAX - 0xFFFF

    def add(self, message: Message) -> None:
        """Append *message*; in the file whole when this returns. Raises ValueError when it is no picture."""
        self.cells += len(wire.unpack(message.data).cells)
        self._write(_MESSAGE.pack(len(message.data), message.job, message.time) + message.data)
        self.messages += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        try:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise TiledVizError(f"{self.path} cannot be written: {error.strerror}") from error
        self.bytes += len(data)


class Recording:
    """A recording that is there: *header*, and its messages by number; kept in the file, not in memory.

    Raises TiledVizError, one line, for a file that is none or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > BYTES_MAX:
                    raise UsageError(f"{path} has {size} bytes, a recording has {BYTES_MAX} at most")
                self._data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) if size else b""
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
        self.header, begin = self._read_header()
        self._places = list(self._find(begin))
        if not self._places:
            raise TiledVizError(f"{path} ends before its first picture: there is nothing to show")

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> Message:
        at = self._places[number]
        length, job, time = _MESSAGE.unpack_from(self._data, at)
        return Message(job, time, bytes(self._data[at + _MESSAGE.size : at + _MESSAGE.size + length]))

    def __iter__(self) -> Iterator[Message]:
        return (self[number] for number in range(len(self)))

    def _wrong(self, what: str) -> TiledVizError:
        return TiledVizError(f"{self._path} is no whole recording of `tiledviz record`: {what}")

    def _read_header(self) -> tuple[Header, int]:
        """Return the header, and where the messages begin."""
        begin = len(MAGIC) + _LENGTH.size
        if self._data[: len(MAGIC)] != MAGIC:
            raise self._wrong("it begins otherwise")
        if len(self._data) < begin:
            raise self._wrong("it ends within its header")
        (length,) = _LENGTH.unpack_from(self._data, len(MAGIC))
        if length > HEADER_MAX:
            raise self._wrong(f"a header of {length} bytes cannot be")
        if len(self._data) < begin + length:
            raise self._wrong("it ends within its header")
        try:
            return Header.model_validate_json(self._data[begin : begin + length]), begin + length
        except ValidationError as error:
            first = error.errors()[0]
            if first["loc"] == ("v",):
                raise self._wrong(f"it is not of version {VERSION}, which this release reads") from None
            where = printable(".".join(str(part) for part in first["loc"])) or "its header"
            raise self._wrong(f"{where}: {first['msg']}") from None

    def _find(self, at: int) -> Iterator[int]:
        """Yield where each message begins, up to the last whole one; check what each says of itself."""
        known = [{tile.index for tile in job.tiles} for job in self.header.jobs]
        messages = cells = 0
        last = 0.0
        while at + _MESSAGE.size <= len(self._data):
            length, job, time = _MESSAGE.unpack_from(self._data, at)
            if not wire.HEADER.size < length <= wire.MESSAGE_MAX or job >= len(known) or not last <= time < 1e6:
                raise self._wrong(f"at byte {at} there is no message")
            end = at + _MESSAGE.size + length
            if end > len(self._data):
                return
            try:
                found = wire.unpack(self._data[at + _MESSAGE.size : end]).cells
            except ValueError as error:
                raise self._wrong(f"at byte {at}: {error}") from None
            messages, cells, last = messages + 1, cells + len(found), time
            if not {cell.tile for cell in found} <= known[job]:
                raise self._wrong(f"at byte {at} there is a picture of a tile that its header lacks")
            if messages > MESSAGES_MAX or cells > CELLS_MAX:
                raise self._wrong(f"it has more than {MESSAGES_MAX} pictures or {CELLS_MAX} cells")
            yield at
            at = end
