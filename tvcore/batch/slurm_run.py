"""Running one command of Slurm: no shell, a limit on time and on output, an environment that changes nothing."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

OUTPUT_MAX = 1 << 24  # bytes of each of the two outputs

# Where Slurm finds itself, and how to prove who asks; every other SLURM_* is an outer job's or a person's taste.
_KEPT = frozenset({"SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_JWT"})
# Defaults of people for what commands print or leave out; SBATCH_WAIT would hold sbatch until the job is over.
_DROPPED = ("SLURM_", "SQUEUE_", "SACCT_", "SCONTROL_", "SINFO_", "SCANCEL_", "SBATCH_WAIT", "TILEDVIZ_JOB")


@dataclass(frozen=True)
class Finished:
    """How a command ended: its exit code and what it wrote; *cut* when that was more than is taken."""

    code: int
    out: str
    err: str
    cut: bool = False


class Run(Protocol):
    """Runs *argv* with the text *stdin*. Raises TimeoutError after *seconds*, OSError when it cannot be started."""

    def __call__(self, argv: Sequence[str], stdin: str, seconds: float) -> Finished: ...  # noqa: D102 - as above


def environment(argv: Sequence[str], outer: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for *argv*, made of *outer*.

    A job inherits that of ``sbatch``, which is therefore left as it is but for what an outer job set. Everything
    else answers in the C locale, with times in seconds since the epoch.
    """
    kept = {name: value for name, value in outer.items() if name in _KEPT or not name.startswith(_DROPPED)}
    if argv[0] == "sbatch" and "--test-only" not in argv:
        return kept
    return {**kept, "LC_ALL": "C", "SLURM_TIME_FORMAT": "%s"}


def run_command(argv: Sequence[str], stdin: str, seconds: float) -> Finished:
    """Run *argv*, as ``Run`` says."""
    deadline = time.monotonic() + seconds
    # In memory, so that neither a file is left behind nor both sides wait for each other on a full pipe.
    with os.fdopen(os.memfd_create("script"), "w+b") as script:
        script.write(stdin.encode())
        script.seek(0)
        process = subprocess.Popen(
            list(argv), stdin=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(argv, os.environ)
        )
    with process:
        try:
            (out, err), cut = _read_both(process, deadline)
            if cut:
                process.kill()
            code = process.wait(max(0.0, deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise TimeoutError(f"{argv[0]} gave no answer within {seconds:.0f} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    return Finished(code, out.decode(errors="replace"), err.decode(errors="replace"), cut)


def _read_both(process: subprocess.Popen[bytes], deadline: float) -> tuple[tuple[bytearray, bytearray], bool]:
    """Return what *process* writes to its two outputs, and whether that was too much. Raises TimeoutError."""
    both = (bytearray(), bytearray())
    with selectors.DefaultSelector() as waiting:
        for stream, buffer in zip((process.stdout, process.stderr), both, strict=True):
            if stream is not None:
                waiting.register(stream, selectors.EVENT_READ, buffer)
        while waiting.get_map():
            ready = waiting.select(max(0.0, deadline - time.monotonic()))
            if not ready and time.monotonic() >= deadline:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    waiting.unregister(key.fileobj)
                key.data.extend(chunk)
                if len(key.data) > OUTPUT_MAX:
                    return both, True
    return both, False
