"""Why a node agent is no more: one small file a node, ``STATE/jobs/JOB/node-ORDINAL.json``.

The agent writes it where it cannot begin, its guard where it was killed. Whoever keeps the store true reads it: the
tiles of that node have failed, while the job may go on on its other nodes.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tvcore import paths
from tvcore.causes import Cause


class LastWords(BaseModel):
    """Why the agent on *node*, the one with this *ordinal* in its job, ended; *time* in seconds since the epoch.

    *cause* says what kind of failure *error* tells.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    node: str
    ordinal: int = Field(ge=0)
    error: str
    cause: str = Cause.AGENT_ENDED
    time: float = Field(default_factory=time.time)


def write_last_words(state: Path, job: str, words: LastWords) -> None:
    """Write *words* into the folder of *job*, 0600, in place of earlier ones. Raises OSError and TiledVizError."""
    folder = paths.secure_folder(paths.secure_folder(state / "jobs") / job)
    paths.write_atomic(folder / _name(words.ordinal), words.model_dump_json())


def forget_last_words(state: Path, job: str, ordinal: int) -> None:
    """Remove what an earlier agent of the node *ordinal* of *job* left: a job can be queued and run once more."""
    (state / "jobs" / job / _name(ordinal)).unlink(missing_ok=True)


def last_words_of(state: Path, job: str) -> list[Path]:
    """Return the files with last words of agents of *job*."""
    return list((state / "jobs" / job).glob(_name("*")))


def read_last_words(state: Path, job: str) -> list[LastWords]:
    """Return the last words of the agents of *job*, by the nodes' ordinals; what cannot be read is passed over."""
    found = []
    for path in last_words_of(state, job):
        with contextlib.suppress(OSError, ValidationError):
            found.append(LastWords.model_validate_json(path.read_bytes()))
    return sorted(found, key=lambda words: words.ordinal)


def _name(ordinal: int | str) -> str:
    return f"node-{ordinal}.json"
