"""The process that runs one job of the local scheduler and outlives whoever submitted it.

``python -m tvcore.batch.runner FOLDER`` runs FOLDER/script.sh with its output in FOLDER/job.log. As a subreaper
it keeps hold of every process of the job; when the script ends, by itself or by SIGTERM, the rest ends with it,
and FOLDER/ended.json tells how.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tvcore import paths, proc
from tvcore.tunnel import agents

GRACE_SECONDS = 8.0


def write_started(folder: Path) -> None:
    """Write who runs the job of *folder*, so that it can be found and told from a later process of the same id."""
    me = proc.Process.current()
    paths.write_atomic(folder / "started.json", json.dumps({"pid": me.pid, "start": me.start, "time": time.time()}))


def run(folder: Path) -> int:
    """Run the job of *folder* to its end and return the exit code of its script (negative: ended by that signal)."""
    cancelled = False

    def cancel(_number: int, _frame: FrameType | None) -> None:
        nonlocal cancelled
        cancelled = True
        script.terminate()

    proc.become_subreaper()
    with (folder / "job.log").open("ab") as log:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        script = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "bash", str(folder / "script.sh")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "TILEDVIZ_JOB": folder.name},
            preexec_fn=_unblock_signals,
        )  # fmt: skip
    signal.signal(signal.SIGTERM, cancel)
    signal.signal(signal.SIGINT, cancel)
    write_started(folder)
    _unblock_signals()
    code = _wait(script, lambda: cancelled)
    proc.end_descendants(GRACE_SECONDS)
    state = folder.parent.parent
    for registration in agents.registrations(state):
        if registration.job == folder.name:
            agents.discard(registration, state)
    ended = {"exit_code": code, "cancelled": cancelled, "time": time.time()}
    paths.write_atomic(folder / "ended.json", json.dumps(ended))
    return code


def _unblock_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})


def _wait(script: subprocess.Popen[bytes], cancelled: Callable[[], bool]) -> int:
    """Wait for *script*; one that does not end within the grace after it was told to is killed."""
    deadline: float | None = None
    while True:
        try:
            return script.wait(timeout=0.25)
        except subprocess.TimeoutExpired:
            if cancelled():
                deadline = deadline or time.monotonic() + GRACE_SECONDS
                if time.monotonic() > deadline:
                    script.kill()


def main() -> None:
    """Run the job of the folder that is the one argument."""
    folder = Path(sys.argv[1])
    code = run(folder)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
