"""Reading what Slurm's commands print: text in, values out, nothing else touched."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from tvcore.batch.slurm_words import FAR, Seen
from tvcore.errors import TiledVizError

# Of all data parsers of Slurm's JSON, the one that releases 24.05 to 26.05 have in common.
DATA_PARSER = "v0.0.42"

# The format for ``squeue -O`` that ``read_squeue_table`` reads; each field ends with a bar.
SQUEUE_FORMAT = "JobID:|,State:|,Reason:|,exit_code:|,StartTime:|,EndTime:|,NodeList:|"
# The fields for ``sacct --format`` that ``read_sacct`` reads.
SACCT_FORMAT = "JobIDRaw,State,ExitCode,Start,End,NodeList"

_TEST_ONLY = re.compile(r"^(?:sbatch: )?Job \d+ to start at (\d{1,12})(?!\S)", re.MULTILINE)
_ADDRESS = re.compile(r"\b(?:NodeAddr|NodeHostName)=(\S+)")
_NO_NODES = ("", "(null)", "None assigned", "N/A")


def _number(value: object) -> object:
    """Return the number in Slurm's ``{"set": true, "infinite": false, "number": 5}``, None when there is none."""
    if isinstance(value, dict):
        return value.get("number") if value.get("set") and not value.get("infinite") else None
    return value


Number = Annotated[int | None, BeforeValidator(_number)]


class _Signal(BaseModel):
    id: Number = None


class _ExitCode(BaseModel):
    return_code: Number = None
    signal: _Signal = _Signal()


class _Job(BaseModel):
    """The fields of a job in Slurm's JSON (data parser v0.0.42) that matter here."""

    job_id: int
    job_state: list[str]
    state_reason: str
    state_description: str | None = None
    exit_code: _ExitCode
    start_time: Number
    end_time: Number
    nodes: str

    def seen(self) -> Seen:
        signal, code = self.exit_code.signal.id, self.exit_code.return_code
        return Seen(
            str(self.job_id),
            tuple(self.job_state),
            # The description says more of the same where there is one: which nodes, which signal.
            self.state_description or self.state_reason,
            -signal if signal else code,
            self.start_time or None,
            self.end_time or None,
            self.nodes,
        )


def read_squeue_json(text: str, wanted: Collection[str]) -> list[Seen]:
    """Return the jobs *wanted* of ``squeue --json=v0.0.42``; other jobs are not looked at. Raises TiledVizError."""
    try:
        answer: Any = json.loads(text, strict=False)
        jobs = [job for job in answer["jobs"] if str(job["job_id"]) in wanted]
        return [_Job.model_validate(job).seen() for job in jobs]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TiledVizError(f"squeue --json={DATA_PARSER} says what cannot be read: {where}: {first['msg']}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TiledVizError(f"squeue --json={DATA_PARSER} gave no JSON with jobs: {_start(text)}") from error


def read_squeue_table(text: str, wanted: Collection[str]) -> list[Seen]:
    """Return the jobs *wanted* of ``squeue -h -O SQUEUE_FORMAT``. Raises TiledVizError."""
    found = []
    for line in text.splitlines():
        job, *rest = line.split("|")
        if job not in wanted:
            continue
        if len(rest) < 7:  # a reason may have bars of its own
            raise TiledVizError(f"squeue says of job {job} what cannot be read: {_start(line)}")
        code, start, end, nodes, _ = rest[-5:]
        found.append(
            Seen(job, (rest[0],), "|".join(rest[1:-5]), exit_code(code), _time(start), _time(end), _nodes(nodes))
        )
    return found


def read_sacct(text: str, wanted: Collection[str]) -> list[Seen]:
    """Return the jobs *wanted* of ``sacct -n -P -X --format=SACCT_FORMAT``. Raises TiledVizError."""
    found = []
    for line in text.splitlines():
        job, *rest = line.split("|")
        if job not in wanted:
            continue
        if len(rest) != 5 or not rest[0]:
            raise TiledVizError(f"sacct says of job {job} what cannot be read: {_start(line)}")
        state, code, start, end, nodes = rest
        base = state.split()[0]  # of "CANCELLED by 1000"
        # Its reason is left out: it is the one for which the job once waited.
        found.append(Seen(job, (base,), "", exit_code(code), _time(start), _time(end), _nodes(nodes)))
    return found


def exit_code(text: str) -> int | None:
    """Return the exit code in *text*, negative for a signal; None when it is none.

    Slurm writes "3:0" and "0:9"; ``squeue`` of 22.05 the status that wait(2) gives.
    """
    match = re.fullmatch(r"(\d{1,9})(?::(\d{1,3}))?", text.strip(), re.ASCII)
    if match is None:
        return None
    number = int(match[1])
    if match[2] is None:
        number, signal = number >> 8, number & 0x7F
    else:
        signal = int(match[2])
    return -signal if signal else number


def read_job_id(text: str) -> str:
    """Return the job's number in what ``sbatch --parsable`` prints: ``NUMBER[;CLUSTER]``. Raises TiledVizError."""
    last = text.strip().rpartition("\n")[2]
    match = re.fullmatch(r"([1-9][0-9]{0,9})(?:;\S+)?", last, re.ASCII)
    if match is None:
        raise TiledVizError(f"sbatch gave no job number: {_start(text)}")
    return match[1]


def read_start(text: str, now: float) -> float | None:
    """Return the start that ``sbatch --test-only`` tells in *text*; None for none, or more than a year from *now*."""
    match = _TEST_ONLY.search(text)
    return float(match[1]) if match and int(match[1]) <= now + FAR else None


def read_addresses(text: str) -> tuple[str, ...]:
    """Return the names and addresses in what ``scontrol show node -o`` prints of one node."""
    return tuple(dict.fromkeys(found for found in _ADDRESS.findall(text) if found != "(null)"))


def read_partitions(text: str) -> tuple[str, ...]:
    """Return the names in what ``sinfo -h -o %R`` prints."""
    return tuple(sorted({line.strip() for line in text.splitlines() if line.strip()}))


def read_version(text: str) -> str | None:
    """Return the release in what ``sinfo --version`` prints: "24.11.5" of "slurm-wlm 24.11.5"."""
    match = re.search(r"\b(\d{2}\.\d{2}\.\d+\S*)", text)
    return match[1] if match else None


def is_job_id(text: str) -> bool:
    """Return whether *text* is the number of a Slurm job."""
    return re.fullmatch(r"[1-9][0-9]{0,9}", text, re.ASCII) is not None


def job_ids(ids: Iterable[str]) -> list[str]:
    """Return those of *ids* that are numbers of Slurm jobs, each once."""
    return [job for job in dict.fromkeys(ids) if is_job_id(job)]


def _time(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[1-9][0-9]{0,11}", text.strip(), re.ASCII) else None


def _nodes(text: str) -> str:
    return "" if text.strip() in _NO_NODES else text.strip()


def _start(text: str) -> str:
    return repr(text[:80]) if text.strip() else "it printed nothing"
