"""Slurm's words in plain ones: states, reasons, and what to do about its errors. Nothing here asks Slurm."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tvcore.batch.local import outcome
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.batch.slurm_hosts import expand
from tvcore.errors import TiledVizError

FAR = 366 * 86400.0  # seconds: a start later than that is Slurm's way to say that it does not know
ENDLESS = 365 * 86400.0  # seconds: a job without a limit ends, to Slurm, this long after its start
WORDS_MAX = 600  # characters of Slurm's that an error repeats


@dataclass(frozen=True)
class Seen:
    """What Slurm says of one job, in its own words.

    *states* are the base state and its flags; *code* is negative for a signal; times in seconds since the epoch,
    None where Slurm has none; *nodes* is a list of hosts as Slurm writes it.
    """

    id: str
    states: tuple[str, ...]
    reason: str = ""
    code: int | None = None
    start: float | None = None
    end: float | None = None
    nodes: str = ""


_STATES = {
    "PENDING": JobState.PENDING,
    "CONFIGURING": JobState.PENDING,
    "REQUEUED": JobState.PENDING,
    "REQUEUE_FED": JobState.PENDING,
    "REQUEUE_HOLD": JobState.PENDING,
    "RESV_DEL_HOLD": JobState.PENDING,
    "SPECIAL_EXIT": JobState.PENDING,
    "RUNNING": JobState.RUNNING,
    "COMPLETING": JobState.RUNNING,
    "RESIZING": JobState.RUNNING,
    "SIGNALING": JobState.RUNNING,
    "STAGE_OUT": JobState.RUNNING,
    "STOPPED": JobState.RUNNING,
    "SUSPENDED": JobState.RUNNING,
    "COMPLETED": JobState.COMPLETED,
    "CANCELLED": JobState.CANCELLED,
    "REVOKED": JobState.CANCELLED,
    "FAILED": JobState.FAILED,
    "LAUNCH_FAILED": JobState.FAILED,
    "RECONFIG_FAIL": JobState.FAILED,
    "PREEMPTED": JobState.FAILED,
    "TIMEOUT": JobState.TIMEOUT,
    "DEADLINE": JobState.TIMEOUT,
    "OUT_OF_MEMORY": JobState.OUT_OF_MEMORY,
    "NODE_FAIL": JobState.NODE_FAIL,
    "BOOT_FAIL": JobState.NODE_FAIL,
}

# A flag that says more of where the job stands than its base state does, the strongest first.
_FLAGS = ("COMPLETING", "CONFIGURING", "SPECIAL_EXIT", "STOPPED", "RESV_DEL_HOLD", "REQUEUE_HOLD")

_STATE_WORDS = {
    "COMPLETING": "it is ending",
    "CONFIGURING": "its nodes are being made ready",
    "SUSPENDED": "it is suspended",
    "STOPPED": "it is stopped",
    "SPECIAL_EXIT": "it is held after a failure: `scontrol release` lets it go on",
    "REVOKED": "another cluster of the federation runs it",
    "PREEMPTED": "Slurm gave its nodes to a job of higher priority",
    "TIMEOUT": "it reached its time limit: ask for more time",
    "DEADLINE": "it could not end before its deadline",
    "OUT_OF_MEMORY": "it needed more memory than it asked for: ask for more",
    "NODE_FAIL": "node failure: a node of the job went down",
    "BOOT_FAIL": "node failure: a node of the job did not boot",
}

_NO_REASON = ("", "None", "(null)", "Unknown")

_WAITS = {
    "AssocGrpCpuLimit": "waits: the account's limit of CPUs is reached",
    "AssocGrpGRES": "waits: the account's limit of GPUs is reached",
    "AssocMaxJobsLimit": "waits: the account runs as many jobs as it may",
    "BeginTime": "waits for its start time",
    "Cleaning": "waits: its last run is still being cleaned up",
    "Dependency": "waits for another job",
    "DependencyNeverSatisfied": "never starts: the job it depends on did not end as it had to",
    "InvalidAccount": "waits: its account is not valid here",
    "InvalidQOS": "waits: its qos is not valid here",
    "JobArrayTaskLimit": "waits: as many tasks of its array run as may",
    "JobHeldAdmin": "held by an administrator",
    "JobHeldUser": "held: `scontrol release` lets it start",
    "Licenses": "waits for licences",
    "MaxJobsPerAccount": "waits: the account runs as many jobs as it may",
    "NodeDown": "waits: a node that it needs is down",
    "PartitionConfig": "waits: it asks for more than its partition has or allows",
    "PartitionDown": "waits: its partition is down",
    "PartitionInactive": "waits: its partition takes no jobs now",
    "PartitionNodeLimit": "waits: it asks for more nodes than its partition has or allows",
    "PartitionTimeLimit": "waits: it asks for more time than its partition allows",
    "Priority": "waits behind jobs of higher priority",
    "Prolog": "waits: its nodes are being prepared",
    "QOSMaxCpuPerUserLimit": "waits: you use as many CPUs as its qos allows",
    "QOSMaxGRESPerUser": "waits: you use as many GPUs as its qos allows",
    "QOSMaxJobsPerUserLimit": "waits: you run as many jobs as its qos allows",
    "ReqNodeNotAvail": "waits: nodes that it needs are not available",
    "Reservation": "waits for its reservation to begin",
    "ReservationDeleted": "waits: its reservation was deleted",
    "Resources": "waits for free nodes",
}

_FAILURES = {
    "BadConstraints": "no nodes of this cluster can give what it asks for",
    "JobLaunchFailure": "Slurm could not start it on its node",
    "NodeDown": "a node of the job went down",
    "Prolog": "the site's prologue failed on its node",
    "SystemFailure": "Slurm itself failed",
}


def status(seen: Seen, now: float) -> JobStatus:
    """Return what *seen* means at the time *now*. Raises TiledVizError when its nodes are no list of hosts."""
    name = next((flag for flag in _FLAGS if flag in seen.states), seen.states[0] if seen.states else "")
    state = _STATES.get(name)
    if state is None:
        raise TiledVizError(f"Slurm says that job {seen.id} is {name!r:.40}, a state that this TiledViz does not know")
    nodes: tuple[str, ...] = ()
    if state is JobState.RUNNING:
        try:
            nodes = expand(seen.nodes)
        except ValueError as error:
            raise TiledVizError(f"the nodes of Slurm's job {seen.id} cannot be read: {error}") from error
    pending = state is JobState.PENDING
    return JobStatus(
        seen.id,
        state,
        _reason(seen, name, state),
        seen.code if state in (JobState.COMPLETED, JobState.FAILED) else None,  # else it says how Slurm ended it
        expected_start=seen.start if pending and seen.start and seen.start <= now + FAR else None,
        # A job cancelled while it waited has no nodes, and a start that is none.
        started=None if pending or (state.ended and not seen.nodes) else seen.start,
        ended=seen.end if state.ended else None,
        nodes=nodes,
        ends=_limit(seen) if name in ("RUNNING", "RESIZING", "SIGNALING") else None,
    )


def _limit(seen: Seen) -> float | None:
    """Return when the time limit of a job that runs ends it, None where it has none."""
    if seen.start is None or seen.end is None or seen.end - seen.start >= ENDLESS:
        return None
    return seen.end


def _reason(seen: Seen, name: str, state: JobState) -> str:
    if name in _STATE_WORDS:
        return f"{_STATE_WORDS[name]} ({name})"
    said = "" if seen.reason in _NO_REASON else _one_line(seen.reason)
    code = re.split(r"[,: ]", said)[0]
    if state is JobState.PENDING:
        return f"{_WAITS.get(code, 'waits')} ({said})" if said else ""
    if state is not JobState.FAILED:
        return ""  # Slurm keeps the reason for which the job once waited
    # 22.05 calls a script that a signal ended a failure to launch it.
    if seen.code and code != "BadConstraints":
        return outcome(seen.code, cancelled=False)[1]
    if code in _FAILURES:
        return f"{_FAILURES[code]} ({said})"
    return "it failed, and Slurm does not say why: `tiledviz logs` shows its last words"


# What is wrong with a job that Slurm refuses, and what to do; {partitions} are those that there are.
_REFUSALS = (
    (r"violates|policy|max\w*limit|too many", "ask for less, or wait until jobs of yours are over"),
    (r"time (limit|specification)|--(time|begin|deadline)\b|deadline",
     "write times as MINUTES, HH:MM:SS or D-HH:MM, within the partition's limit (`sinfo -o '%P %l'`)"),
    (r"limit|exceed", "ask for less, or wait until jobs of yours are over"),
    (r"account", "set one of your accounts: `sacctmgr show associations user=$USER` lists them"),
    (r"partition", "partitions here: {partitions}"),
    (r"reservation", "`scontrol show reservation` lists those there are"),
    (r"qos", "`sacctmgr show qos` lists those there are"),
    (r"gres|gpu", "`sinfo -o '%P %G'` shows what the nodes have"),
    (r"feature|constraint", "`sinfo -o '%P %f'` shows the features of the nodes"),
    (r"(unrecognized|invalid|unknown) (option|directive)|requires an argument",
     "remove it from the extra #SBATCH lines, or write it as `man sbatch` says"),
    (r"node name", "`sinfo -N` lists the nodes there are"),
    (r"node (count|configuration)|memory|cpu|processors|--mem|--nodes",
     "ask for less: `sinfo -o '%P %D %c %m %G'` shows nodes, CPUs, MB and GPUs"),
    (r"permission|permitted|denied|group", "the site's administrators say who may use what"),
)  # fmt: skip
_REFUSAL = "mend the job's settings, or ask the site's administrators"

_AWAY = re.compile(
    r"unable to contact slurm controller|socket timed out|zero bytes were transmitted|connection (refused|timed out)"
    r"|connect failure|standby mode|unexpected message rec|temporarily unable|slurmctld is not responding"
    r"|controller is not responding|resource temporarily unavailable|protocol authentication error"
    r"|invalid authentication credential|munged? (encode|decode|communication)|no route to host"
    r"|communication connection failure"
    r"|could not establish a configuration source|configless|fetch_config",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^[a-z]+: (?:error: |fatal: )?")
_NOISE = re.compile(r"^(?:Try \".*\" for more information|.*: (?:info|debug\d?|warning): .*)$")
_GENERAL = re.compile(r"^(?:Batch job submission failed|allocation failure): ")


def is_away(err: str) -> bool:
    """Return whether the error text *err* means that Slurm cannot be reached now."""
    return _AWAY.search(err) is not None


def words(err: str) -> str:
    """Return Slurm's own words in the error text *err*, as one line."""
    lines = [line.strip() for line in err.splitlines()]
    said = dict.fromkeys(_PREFIX.sub("", line) for line in lines if line and not _NOISE.match(line))
    # The general error comes last and says less than those before it, if there are any.
    special = [line for line in said if not _GENERAL.match(line)]
    return _one_line("; ".join(special or (_GENERAL.sub("", line) for line in said)))


def refusal(err: str, partitions: Collection[str] = ()) -> str:
    """Return what to tell a person whose job Slurm refused with the error text *err*."""
    said = words(err) or "it does not say why"
    advice = next((advice for pattern, advice in _REFUSALS if re.search(pattern, said, re.IGNORECASE)), _REFUSAL)
    if "{partitions}" in advice and not partitions:
        advice = "`sinfo -o %R` lists those there are"
    return f"Slurm refuses the job: {said}; {advice.format(partitions=', '.join(partitions))}"


def _one_line(text: str) -> str:
    """Return *text* without control characters, and not too long."""
    line = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()
    return line if len(line) <= WORDS_MAX else line[:WORDS_MAX] + " …"
