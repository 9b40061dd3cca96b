"""The process that runs one job of the local scheduler and outlives whoever submitted it.

``python -m tvcore.batch.runner FOLDER`` runs FOLDER/script.sh with its output in FOLDER/job.log. As a subreaper
it keeps hold of every process of the job; when the script ends, by itself, by SIGTERM or when the time is over that
it asked for, the rest ends with it, and FOLDER/ended.json tells how.
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
from tvcore.batch.time_limit import limit_in
from tvcore.tunnel import agents

GRACE_SECONDS = 8.0
SCRIPT_GRACE = 30.0  # of the script: its case may need twenty seconds for the last that it has to do


def write_started(folder: Path, ends: float | None = None) -> None:
    """Write who runs the job of *folder*, so that it can be found and told from a later process of the same id.

    *ends* is when its time is over, in seconds since the epoch; None: it has no limit.
    """
    me = proc.Process.current()
    started = {"pid": me.pid, "start": me.start, "time": time.time(), "ends": ends}
    paths.write_atomic(folder / "started.json", json.dumps(started))


def run(folder: Path) -> int:
    """Run the job of *folder* to its end and return the exit code of its script (negative: ended by that signal)."""
    cancelled = False

    def cancel(_number: int, _frame: FrameType | None) -> None:
        nonlocal cancelled
        cancelled = True
        script.terminate()

    proc.become_subreaper()
    limit = limit_in((folder / "script.sh").read_text())
    ends = None if limit is None else time.time() + limit
    with (folder / "job.log").open("ab") as log:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        script = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "bash", str(folder / "script.sh")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "TILEDVIZ_JOB": folder.name, "TILEDVIZ_JOB_END": f"{ends:.0f}" if ends else ""},
            preexec_fn=_unblock_signals,
        )  # fmt: skip
    signal.signal(signal.SIGTERM, cancel)
    signal.signal(signal.SIGINT, cancel)
    write_started(folder, ends)
    _unblock_signals()
    code, late = _wait(script, lambda: cancelled, ends)
    proc.end_descendants(GRACE_SECONDS)
    state = folder.parent.parent
    for registration in agents.registrations(state):
        if registration.job == folder.name:
            agents.discard(registration, state)
    ended = {"exit_code": code, "cancelled": cancelled, "late": late, "time": time.time()}
    paths.write_atomic(folder / "ended.json", json.dumps(ended))
    return code


def _unblock_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})


def _wait(script: subprocess.Popen[bytes], cancelled: Callable[[], bool], ends: float | None) -> tuple[int, bool]:
    """Wait for *script*; one that does not end within the grace after it was told to is killed.

    Returns its exit code, and whether it was its time that was over: then it is told here.
    """
    deadline: float | None = None
    late = False
    while True:
        try:
            return script.wait(timeout=0.25), late
        except subprocess.TimeoutExpired:
            if ends is not None and not late and not cancelled() and time.time() >= ends:
                late = True
                script.terminate()
            if cancelled() or late:
                deadline = deadline or time.monotonic() + SCRIPT_GRACE
                if time.monotonic() > deadline:
                    script.kill()


def main() -> None:
    """Run the job of the folder that is the one argument."""
    folder = Path(sys.argv[1])
    code = run(folder)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
