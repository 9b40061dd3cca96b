"""Who had what done, when, from where, to what, and what came of it: a line of JSON each in ``audit.jsonl``.

The file is in the state folder and the owner's (0600). When it has grown to ``MOST`` bytes it becomes
``audit.jsonl.1``, what was that ``.2``, and so on; ``FILES`` of them are kept. Lines are never changed.

Something that amounts to a shell (the right ``operate``) is written down twice: before it is done, as ``begun``, and
afterwards, under the same ``id``. So nothing of that kind is done that cannot be written down, and what is broken off
with the process stays as ``begun``. Readers see the last line of each ``id`` alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from tvcore import paths
from tvcore.errors import TiledVizError

MOST = 16 << 20  # bytes of a file
FILES = 5  # kept, the one that is written to among them
LINE_MAX = 1 << 14  # bytes of a line: what else is known of it is left out where it would be longer
WORDS_MAX = 500  # characters of an error
TEXT_MAX = 300  # characters of each text that is kept of what was asked for
MANY = 100  # tiles, or other things of one kind, that are named one by one
HERE = "command line"  # the address of who runs `tiledviz` where the state is

Outcome = Literal["begun", "done", "failed", "refused", "broken off"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class By:
    """Who asks: as the *way* knows them, the number of the *person*, and *address*: from where.

    *token* is the name of the API token that speaks for them.
    """

    who: str
    way: str = "token"
    person: int | None = None
    role: str = ""
    token: str | None = None
    address: str = HERE


@dataclass
class Entry:
    """Something that somebody asks for: *verb*, to which *project* (its id), *session* (its key) and *tiles*.

    *what* is what else is known of it, as JSON: never a password, token, ticket or other secret.
    """

    by: By
    verb: str
    project: int | None = None
    session: str = ""
    tiles: list[int] = field(default_factory=list)
    of: int = 0  # how many tiles, where only the first are named
    what: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: secrets.token_hex(6))


def whoever() -> str:
    """Return who runs this process."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name  # not what the environment says
    except KeyError:  # a Unix user without a name
        return str(os.getuid())


def here(role: str = "owner") -> By:
    """Return the person at the command line."""
    return By(whoever(), role=role)


def entry_of(said: Mapping[str, Any]) -> Entry:
    """Return the entry that ``asdict`` made *said* of: on its way to a worker process it is JSON."""
    return Entry(**{**said, "by": By(**said["by"])})


def write(entry: Entry, outcome: Outcome, error: str = "", failed: int = 0) -> None:
    """Write down that *entry* came out as *outcome*, *error* the first of *failed* tiles'.

    Raises TiledVizError when it cannot be written.
    """
    document = {
        "id": entry.id, "time": round(time.time(), 3), **asdict(entry.by), "verb": entry.verb,
        "project": entry.project, "session": entry.session, "tiles": entry.tiles[:MANY], "what": bounded(entry.what),
        "outcome": outcome, "failed": failed, "error": error[:WORDS_MAX],
    }  # fmt: skip
    if (of := max(entry.of, len(entry.tiles))) > MANY:
        document["of"] = of
    line = _line(document)
    if len(line) > LINE_MAX:
        line = _line(document | {"what": {"left out": "too long to be kept"}})
    path = newest()
    try:
        with _lock(path.with_name("audit.lock")):  # several processes do this
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_size + len(line) > MOST:
                    _move_on(path)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb", buffering=0) as file:
                _append(file.fileno(), line)
    except OSError as problem:
        raise TiledVizError(f"{path} cannot be written: {problem.strerror}") from problem


def _line(document: Mapping[str, Any]) -> bytes:
    # What a stranger called himself may hold halves of characters, which UTF-8 has not.
    return json.dumps(document, ensure_ascii=False).encode(errors="replace") + b"\n"


def _append(file: int, line: bytes) -> None:
    """Append *line* whole, or nothing: a disk may be full in the middle of it."""
    before = os.fstat(file).st_size
    if os.write(file, line) < len(line):
        os.ftruncate(file, before)
        raise OSError(28, "No space left on device")


def _move_on(path: Path) -> None:
    for number in range(FILES - 1, 0, -1):
        older = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
        with contextlib.suppress(FileNotFoundError):
            older.replace(path.with_name(f"{path.name}.{number}"))


def bounded(value: Any) -> Any:
    """Return *value*, which is JSON, with texts, lists and objects no longer than is kept of them."""
    if isinstance(value, str):
        return value if len(value) <= TEXT_MAX else value[:TEXT_MAX] + "…"
    if isinstance(value, Mapping):
        return {str(key)[:TEXT_MAX]: bounded(each) for key, each in list(value.items())[:MANY]}
    if isinstance(value, (list, tuple)):
        return [bounded(each) for each in value[:MANY]]
    return value


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Be the only one who has *path*."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # which lets go of it


def newest() -> Path:
    """Return the file that is written to."""
    return paths.state_dir() / "audit.jsonl"


def files() -> list[Path]:
    """Return the files there can be, the newest first."""
    path = newest()
    return [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, FILES))]
