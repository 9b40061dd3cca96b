"""Making a recording: a viewer of the wall of its own, that writes what it is sent into a file."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tvcore.errors import TiledVizError, UsageError
from tvcore.node import wire
from tvcore.recording.file import Header, Job, Message, Tile, Writer
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration

VIEWER = 1  # the only one of its streams
LOOKED_AT = 1  # urgency
CREDIT = 1 << 25  # bytes of pictures that may be on their way from one agent
RECEIVED = 1 << 18  # bytes taken at once
LOOK_EVERY = 0.25  # seconds from one report of progress to the next, at most

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a recording: *away* are the agents that could not be recorded, each with the reason."""

    tiles: int
    pictures: int
    bytes: int
    seconds: float
    away: tuple[str, ...]


@dataclass
class _Stream:
    """The wall stream of one agent; *job* is its job's place in the header."""

    connection: socket.socket
    job: int
    left: bytearray = field(default_factory=bytearray)


def header_of(wall: Mapping[str, Any], ids: Sequence[int], recorded: float) -> Header:
    """Return the header of a recording of the tiles *ids* of the document *wall*. Raises UsageError for none."""
    wanted = set(ids)
    jobs = []
    for tile_set in wall["sets"]:
        tiles = [tile for tile in wall["tiles"] if tile["set"] == tile_set["id"] and tile["id"] in wanted]
        if tiles:
            jobs.append(Job.model_validate(tile_set | {"tiles": [Tile.model_validate(tile) for tile in tiles]}))
    if not jobs:
        raise UsageError("there is no such tile: `tiledviz tiles` lists those there are")
    return Header(recorded=recorded, jobs=jobs)


def demand_of(tiles: Sequence[Tile], width: int) -> list[tuple[int, int, int, int]]:
    """Return what asks for *tiles* at *width* pixels, each in its own shape."""
    return [(tile.index, width, max(1, round(width * tile.height / tile.width)), LOOKED_AT) for tile in tiles]


def record(path: Path, header: Header, width: int, seconds: float, report: Report) -> Outcome:
    """Record what the agents of *header*'s jobs show, for *seconds*, into *path*; Ctrl-C ends it sooner.

    Raises TiledVizError when no agent can be recorded, or the file cannot be written.
    """
    streams, away = _open(header, width)
    if not streams:
        raise TiledVizError(f"nothing can be recorded: {away[0] if away else 'no tile has a node that runs it'}")
    with contextlib.ExitStack() as at_the_end:
        for stream in streams:
            at_the_end.callback(stream.connection.close)
        writer = Writer(path, header)
        at_the_end.callback(writer.close)
        begun = time.monotonic()
        with contextlib.suppress(KeyboardInterrupt):
            _copy(streams, writer, begun, seconds, report)
        tiles = sum(len(job.tiles) for job in header.jobs)
        return Outcome(tiles, writer.messages, writer.bytes, time.monotonic() - begun, tuple(away))


def _open(header: Header, width: int) -> tuple[list[_Stream], list[str]]:
    """Open the wall streams of all agents that run a tile of *header*; return those, and why others are not there."""
    jobs = {job.job: number for number, job in enumerate(header.jobs)}
    streams: list[_Stream] = []
    away: list[str] = []
    for registration in agents.registrations():
        if registration.job not in jobs:
            continue
        job = jobs[registration.job]
        here = {tile.index for tile in registration.plan.on_node(registration.ordinal)}
        tiles = [tile for tile in header.jobs[job].tiles if tile.index in here]
        if tiles:
            try:
                streams.append(_Stream(_connect(registration, len(streams) + 1, demand_of(tiles, width)), job))
            except TiledVizError as error:
                away.append(str(error))
    return streams, away


def _connect(registration: Registration, number: int, demand: Sequence[tuple[int, int, int, int]]) -> socket.socket:
    connection = agents.connect(registration, "wall", number=number)
    try:
        _say(connection, demand=demand)
        _say(connection, credit=CREDIT)
    except OSError as error:
        connection.close()
        raise TiledVizError(registration.silence) from error
    connection.setblocking(False)
    return connection


def _say(connection: socket.socket, **what: object) -> None:
    connection.sendall(json.dumps({"viewer": VIEWER, **what}).encode() + b"\n")


def _copy(streams: Sequence[_Stream], writer: Writer, begun: float, seconds: float, report: Report) -> None:
    """Write what comes, until the time is up, the file is full or all agents are gone."""
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream.connection, selectors.EVENT_READ, stream)
        while (left := begun + seconds - time.monotonic()) > 0 and selector.get_map() and not writer.full:
            report(1 - left / seconds, f"recording, {writer.messages} pictures")
            for key, _ in selector.select(min(left, LOOK_EVERY)):
                if not _take(key.data, writer, begun):
                    selector.unregister(key.fileobj)
    report(1.0, f"recording, {writer.messages} pictures")


def _take(stream: _Stream, writer: Writer, begun: float) -> bool:
    """Write the whole messages that *stream* has; return whether there may be more."""
    try:
        data = stream.connection.recv(RECEIVED)
    except BlockingIOError:
        return True
    except OSError:
        return False
    stream.left += data
    try:
        drawn = 0
        while (picture := _next(stream.left)) is not None:
            writer.add(Message(stream.job, time.monotonic() - begun, picture))
            drawn += len(picture)
            if writer.full:
                return False
        if drawn:
            _say(stream.connection, credit=drawn)
    except (OSError, ValueError):
        return False
    return bool(data)


def _next(left: bytearray) -> bytes | None:
    """Take the next whole message from the beginning of *left*; return its picture. Raises ValueError."""
    if len(left) < wire.LENGTH.size:
        return None
    (length,) = wire.LENGTH.unpack_from(left)
    if length > wire.MESSAGE_MAX:
        raise ValueError(f"a wall message of {length} bytes cannot be")
    end = wire.LENGTH.size + length
    if len(left) < end:
        return None
    _, picture = wire.read_address(bytes(left[wire.LENGTH.size : end]))
    del left[:end]
    return bytes(picture)
