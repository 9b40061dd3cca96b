"""What is known of each file before it is shown: measured once, and kept until the file changes."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import resource
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tvcore import paths
from tvcore.cases import Column, Report
from tvcore.viewer.reading import READERS, suffix_of

from .parameters import Parameters, Source, sources

PROGRAM = Path(__file__).with_name("measure.py")
FILE_SECONDS = 20.0  # for one file
ALL_SECONDS = 300.0  # for all of them: of what is left then, less is known
MEMORY = 4 << 30  # bytes
LARGEST = 1 << 30  # bytes that are read to measure a file: what is larger is read by its tile alone
VERSION = 2  # of what is kept

COLUMNS = (
    Column("file", "S1", "", "the file, or its field", "path"),
    Column("kind", "S1", "", "what is in it", "tag"),
    Column("size", "float64", "B", "size of the file"),
    Column("points", "float64", "1", "points"),
    Column("cells", "float64", "1", "cells"),
    *(
        Column(f"{axis}_{end}", "float64", "", f"{'least' if end == 'min' else 'largest'} {axis}")
        for axis in "xyz"
        for end in ("min", "max")
    ),
    Column("array", "S1", "", "the array that colours it", "tag"),
    Column("least", "float64", "", "its least value"),
    Column("largest", "float64", "", "its largest value"),
    Column("moments", "float64", "1", "moments that can be shown, of what has several"),
    Column("first_time", "float64", "", "the time of the first of them"),
    Column("last_time", "float64", "", "the time of the last of them"),
)


def measured(parameters: Parameters) -> dict[str, dict[str, Any]]:
    """Return what is known by now, by the name of each source."""
    try:
        kept = json.loads(_kept(parameters).read_text(encoding="utf-8"))
        return {name: dict(entry["found"]) for name, entry in kept.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def measure_all(parameters: Parameters, report: Report) -> None:
    """Measure what is new or was changed since, and keep it. A file of which nothing can be known is passed over."""
    path = _kept(parameters)
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    wanted = sources(parameters)
    now: dict[str, dict[str, Any]] = {
        source.name: {"stamp": _stamp(source), "found": {"size": _size(source)}} for source in wanted
    }
    left = [source for source in wanted if _entry(before, source).get("stamp") != now[source.name]["stamp"]]
    for source in wanted:
        if source not in left:
            now[source.name] = before[source.name]
    if importlib.util.find_spec("vtkmodules") is None:  # only what may have moments is looked into
        left = [source for source in left if suffix_of(source.path) not in READERS]
    if left:
        for done, (source, found) in enumerate(_found(left, parameters), 1):
            now[source.name]["found"] |= found
            report(done / len(left), f"looking into {done} of {len(left)} files")
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(json.dumps(now), encoding="utf-8")
    part.replace(path)


def _entry(kept: object, source: Source) -> dict[str, Any]:
    found = kept.get(source.name) if isinstance(kept, dict) else None
    return found if isinstance(found, dict) and isinstance(found.get("found"), dict) else {}


def _kept(parameters: Parameters) -> Path:
    told = json.dumps([VERSION, parameters.paths, parameters.colour_by, parameters.time])
    return paths.cache_dir() / f"vtk_files-{hashlib.sha256(told.encode()).hexdigest()[:20]}.json"


def _stamp(source: Source) -> list[int]:
    try:
        found = os.stat(source.path)
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_size, found.st_ino]


def _size(source: Source) -> float:
    try:
        return float(os.stat(source.path).st_size)
    except OSError:
        return 0.0


def _found(left: Sequence[Source], parameters: Parameters) -> Iterator[tuple[Source, dict[str, Any]]]:
    """Yield each of *left* with what is in it, by programs of which each goes on after the file that ended the last."""
    over = time.monotonic() + ALL_SECONDS
    rest = list(left)
    while rest and time.monotonic() < over:
        with _Measuring() as program:
            while rest and time.monotonic() < over:
                source = rest.pop(0)
                found = program.ask([source.path, source.variable, parameters.colour_by, parameters.time, LARGEST])
                yield source, found or {}
                if found is None:
                    break


class _Measuring:
    """The program that measures, while it lives."""

    def __enter__(self) -> _Measuring:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        resource.prlimit(self._process.pid, resource.RLIMIT_AS, _at_most(MEMORY))
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, line: list[str | int]) -> dict[str, Any] | None:
        """Return the answer to *line*; None: it ended, or takes too long."""
        given, answers = self._process.stdin, self._process.stdout
        assert given
        assert answers
        try:
            given.write(json.dumps(line).encode() + b"\n")
            given.flush()
            if not select.select([answers], [], [], FILE_SECONDS)[0]:
                return None
            found = json.loads(answers.readline())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None


def _at_most(wanted: int) -> tuple[int, int]:
    """Return the limit *wanted*, or the one that there is already if that is less."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    return most, most
