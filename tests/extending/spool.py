"""A plugin that brings a batch system: each job is a session of processes, and a folder that says how it went."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.cases import hookimpl
from tvcore.cases.extending import SchedulerWay

RUN = """
echo $$ >"$1/pid"; date +%s.%N >"$1/started"
bash "$1/script" >"$1/log" 2>&1; echo $? >"$1/code"; date +%s.%N >"$1/ended"
"""


def folder() -> Path:
    return Path(os.environ["TILEDVIZ_HOME"]) / "spool"


class Spool:
    name = "spool"

    def submit(self, script):
        job = secrets.token_hex(4)
        there = folder() / job
        there.mkdir(parents=True, mode=0o700)
        (there / "script").write_text(script)
        subprocess.run(
            ["setsid", "--fork", "bash", "-c", RUN, "spool", str(there)],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"SPOOL_JOB": job},
        )  # fmt: skip
        while not (there / "started").exists() or not (there / "started").read_text():
            time.sleep(0.01)
        return job

    def jobs(self, ids):
        return {job: self._status(job) for job in ids if (folder() / job / "started").exists()}

    def _status(self, job):
        there = folder() / job
        started = float((there / "started").read_text())
        if (there / "cancelled").exists():
            return JobStatus(job, JobState.CANCELLED, started=started, ended=float((there / "cancelled").read_text()))
        if not (there / "ended").exists() or not (there / "ended").read_text():
            return JobStatus(job, JobState.RUNNING, started=started, nodes=(socket.gethostname(),))
        code, ended = int((there / "code").read_text()), float((there / "ended").read_text())
        if code == 0:
            return JobStatus(job, JobState.COMPLETED, exit_code=0, started=started, ended=ended)
        reason = f"exit code {code}"
        if code > 128:
            code, reason = 128 - code, signal.Signals(code - 128).name
        return JobStatus(job, JobState.FAILED, reason, code, started=started, ended=ended)

    def cancel(self, job):
        there = folder() / job
        if self._status(job).state.ended:
            return
        group = int((there / "pid").read_text())
        (there / "cancelled").write_text(str(time.time()))
        os.killpg(group, signal.SIGTERM)
        deadline = time.monotonic() + 8
        while Path(f"/proc/{group}").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)

    def estimate(self, script):
        return time.time()

    def addresses(self, node):
        return ("127.0.0.1",)


@hookimpl
def portal_schedulers():
    mode = json.loads(os.environ.get("SPOOL", "{}"))
    return [
        SchedulerWay(
            name="spool", title="A spool of this machine", job_variable="SPOOL_JOB", make=Spool,
            why_not=lambda: mode.get("why", ""), remote=mode.get("remote", False),
        )
    ]  # fmt: skip
