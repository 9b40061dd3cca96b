"""Makes the ensemble's file in the cache, once: on all cores, beside its place, and again when it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tvcore import paths
from tvcore.cases import Report
from tvcore.ensemble import Column, EnsembleWriter, Field, create, open_ensemble, partial_files
from tvcore.errors import TiledVizError

from .measures import BODY_LEVEL
from .parameters import Parameters
from .view import SURFACES
from .worker import Progress, Result, Task

SOURCES = ("simulation.py", "measures.py", "parameters.py", "prepare.py")
CACHE_FORMAT = "2"  # another one where surfaces are made otherwise
SURFACES_SHARE = 0.05  # of a member's work, beside the integration

COLUMNS = (
    Column("F", "float64", "1/step", "feed rate", "parameter"),
    Column("k", "float64", "1/step", "kill rate", "parameter"),
    Column("class", "S8", "", "pattern: spots, stripes, waves or dead", "tag"),
    Column("mean_u", "float64", "1", "mean of u"),
    Column("var_u", "float64", "1", "variance of u"),
    Column("mean_v", "float64", "1", "mean of v"),
    Column("var_v", "float64", "1", "variance of v"),
    Column("entropy", "float64", "bit", "Shannon entropy of v, in 256 bins from 0 to 1"),
    Column("activity", "float64", "1/step", "root mean square of dv/dt over the deviation of v"),
    Column("volume", "float64", "1", f"share of the cube where v exceeds {BODY_LEVEL}"),
    Column("bodies", "int32", "1", f"connected bodies where v exceeds {BODY_LEVEL}"),
    Column("sphericity", "float64", "1", "36 pi V^2/S^3 of the bodies, by volume: 1 for balls, 0 for sheets"),
    Column("triangles", "int32", "1", "triangles of the surface as shown"),
)


def ensemble_path(parameters: Parameters) -> Path:
    """Return where the file of these *parameters*, made by this version of the code, is kept."""
    key = hashlib.sha256(f"{CACHE_FORMAT}\n{parameters.model_dump_json()}\n".encode())
    for name in SOURCES:
        key.update(Path(__file__).with_name(name).read_bytes())
    return paths.cache_dir() / f"gray_scott-{key.hexdigest()[:20]}.h5"


def prepare(parameters: Parameters, report: Report) -> Path:
    """Make the file of *parameters* unless it is there and whole, and return its path.

    Two who want the same file wait for one another. Raises TiledVizError.
    """
    path = ensemble_path(parameters)
    if _is_whole(path, parameters.members):
        return path
    with _locked(path.with_suffix(".lock"), report):
        if _is_whole(path, parameters.members):
            return path
        if path.exists():
            report(0.0, f"{path.name} is damaged: making it again")
        for left in partial_files(path):
            left.unlink(missing_ok=True)
        _make(path, parameters, report)
    return path


def _is_whole(path: Path, members: int) -> bool:
    try:
        with open_ensemble(path) as ensemble:
            ensemble.verify()
            return len(ensemble) == members and ensemble.columns == COLUMNS
    except TiledVizError:
        return False


@contextlib.contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    """Hold the lock *path*, which the kernel takes from a process that dies (flock(2))."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                report(0.0, "waiting for another TiledViz, which makes the same ensemble")
                time.sleep(0.5)
        yield
    finally:
        os.close(handle)


def _make(path: Path, parameters: Parameters, report: Report) -> None:
    shape = (parameters.size,) * 3
    fields = [Field(name, shape, "float32", "1", f"concentration {name} at the end") for name in ("u", "v")]
    runs = parameters.runs()
    tasks = [Task(i, run, parameters.isovalue, parameters.triangles) for i, run in enumerate(runs)]
    waiting: dict[int, Result] = {}
    with create(path, COLUMNS, fields, "Gray-Scott sweep over feed and kill rates") as writer:
        for result in _results(tasks, report):
            waiting[result.member] = result
            while writer.length in waiting:
                _append(writer, waiting.pop(writer.length))
    report(1.0, f"{len(tasks)} members made")


def _append(writer: EnsembleWriter, result: Result) -> None:
    writer.append([result.row], {"u": result.u[None], "v": result.v[None]})
    made = result.surface
    parts = {"points": made.points, "normals": made.normals, "u": made.values, "triangles": made.triangles}
    for name, values in parts.items():
        chunks = {"chunks": values.shape, "fletcher32": True} if values.size else {}
        writer.file.create_dataset(f"{SURFACES}/{result.member}/{name}", data=values, **chunks)


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    connection: Connection

    @classmethod
    def start(cls) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", f"from {__package__}.worker import main; main()"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                process_group=0,  # Ctrl-C is for us, and we end the workers
            )
        return cls(process, Connection(ours.detach()))

    def give(self, task: Task) -> None:
        with self._alive():
            self.connection.send(task)

    def receive(self) -> Progress | Result:
        with self._alive():
            message: Progress | Result = self.connection.recv()
        return message

    @contextlib.contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:  # its end of the socket is gone
            raise TiledVizError(self._cause()) from error

    def _cause(self) -> str:
        """Return why the process is gone: the last line that it said, or the signal that ended it."""
        _, said = self.process.communicate()
        lines = said.decode(errors="replace").strip().splitlines()
        code = self.process.returncode
        how = (
            f"signal {-code}, perhaps for want of memory" if code < 0 else (lines[-1] if lines else f"exit code {code}")
        )
        return f"the simulation ended early ({how}): launch it again, or with a smaller size"

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


def _results(tasks: Sequence[Task], report: Report) -> Iterator[Result]:
    """Yield what becomes of each of *tasks*, as it comes, from as many processes as there are cores for us."""
    left = list(reversed(tasks))
    steps = dict.fromkeys((task.member for task in tasks), 0.0)
    finished = 0
    workers = [_Worker.start() for _ in range(min(len(tasks), len(os.sched_getaffinity(0))))]
    try:
        idle = {worker.connection: worker for worker in workers}
        busy: dict[Connection, _Worker] = {}
        while finished < len(tasks):
            while idle and left:
                connection, worker = idle.popitem()
                worker.give(left.pop())
                busy[connection] = worker
            for connection in [ready for ready in wait(list(busy)) if isinstance(ready, Connection)]:
                message = busy[connection].receive()
                if isinstance(message, Progress):
                    steps[message.member] = message.steps / tasks[0].run.steps * (1 - SURFACES_SHARE)
                else:
                    steps[message.member] = 1.0
                    finished += 1
                    idle[connection] = busy.pop(connection)
                    yield message
            report(sum(steps.values()) / len(tasks), f"integrating {len(tasks)} members: {finished} done")
    finally:
        for worker in workers:
            worker.end()
