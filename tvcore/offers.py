"""What the site offers to a launch: partitions, limits, accounts, and the settings that hold without further ado.

A batch system is asked once a minute at most, whoever wants to know: its answer lies in a file of the state folder.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tvcore import audit, config, paths
from tvcore.batch import schedulers
from tvcore.batch.offered import Gpus, Offered, Partition
from tvcore.batch.slurm import SlurmCommandLine
from tvcore.errors import TiledVizError
from tvcore.settings import FILES_ONLY, Settings

FRESH = 60.0  # seconds for which an answer is taken as it is
AWAY = 15.0  # seconds for which one that did not answer is not asked again
OLD = 86400.0  # seconds after which it is not even taken while the batch system is away
ANSWER_SECONDS = 8.0  # that each of its commands may take


def offers() -> dict[str, Any]:
    """Return what the site offers, asking the batch system if the last answer is a minute old.

    ``scheduler`` names it; ``error`` is one line when it does not say, and the rest is then what it said before, or
    empty. ``asked`` is when it last answered, 0: never. Raises TiledVizError for a file of settings that cannot be
    used.
    """
    settings = config.load().settings
    name, error = _scheduler(settings.scheduler.backend)
    offered, asked = Offered(), 0.0
    if not error:
        offered, asked, error = _asked(name)
    return {
        "scheduler": name,
        "error": error,
        "asked": asked,
        "partitions": [asdict(each) | {"says": each.says} for each in offered.partitions],
        "accounts": list(offered.accounts),
        "qos": list(offered.qos),
        "reservations": [asdict(each) for each in offered.reservations],
        "settings": settings_offered(),
    }


def known(backend: str) -> Offered | None:
    """Return what the batch system of the setting *backend* was last known to offer; None: nobody asked it of late.

    It is not asked.
    """
    name, error = _scheduler(backend)
    if error:
        return None
    if name == "local":
        return this_machine()
    kept = _read(name)
    return kept.offered if kept.at else None


def why_not(backend: str) -> str:
    """Return why the scheduler that the setting *backend* means cannot be used here; empty when it can."""
    return _scheduler(backend)[1]


def settings_offered() -> list[dict[str, Any]]:
    """Return a dictionary per setting that a launch may set: what ``api.settings`` has, and its JSON ``schema``."""
    whole = Settings.model_json_schema()
    found = []
    for each in config.load().show():
        schema = whole
        for name in each["key"].split("."):
            table = whole["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
            schema = table["properties"][name]
        if not schema.get(FILES_ONLY):
            found.append(each | {"schema": schema})
    return found


def this_machine() -> Offered:
    """Return what this machine offers to jobs of the local scheduler: one partition without a name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cards = len([each for each in Path("/dev").glob("nvidia[0-9]*") if each.name[6:].isdecimal()])
    gpus = (Gpus("", cards, 1),) if cards else ()
    cores = len(os.sched_getaffinity(0))
    return Offered((Partition("", default=True, nodes=1, usable=1, cpus=cores, memory=memory, gpus=gpus),))


def _scheduler(backend: str) -> tuple[str, str]:
    """Return the name of the scheduler that launches go to, and why it cannot be used, empty when it can."""
    try:
        return schedulers.default(backend).name, ""
    except TiledVizError as error:
        return backend, str(error)


def _asked(name: str) -> tuple[Offered, float, str]:
    """Return what the scheduler *name* offers, when it said so, and why it does not say now."""
    now = time.time()
    if name == "local":
        return this_machine(), now, ""
    if name != "slurm":
        return Offered(), now, ""  # a plugin's says nothing of the kind
    kept = _read(name)
    if now - FRESH < kept.at <= now or now - AWAY < kept.tried <= now:
        return kept.offered, kept.at, kept.error
    try:
        offered = SlurmCommandLine(answer_seconds=ANSWER_SECONDS).offered(audit.whoever())
        kept = _Kept(now, offered)
    except TiledVizError as error:
        kept = _Kept(kept.at, kept.offered, now, str(error))
    paths.write_atomic(_file(name), json.dumps(asdict(kept)))
    return kept.offered, kept.at, kept.error


@dataclass(frozen=True)
class _Kept:
    """What a batch system said it has *at* a time, 0 for never; and when it was *tried* in vain since, and why."""

    at: float = 0.0
    offered: Offered = field(default_factory=Offered)
    tried: float = 0.0
    error: str = ""


_KEPT = TypeAdapter(_Kept)


def _file(name: str) -> Path:
    # The state folder may be that of several login nodes, of one cluster each.
    return paths.state_dir() / f"offers-{name}-{socket.gethostname()[:60]}.json"


def _read(name: str) -> _Kept:
    """Return what was last said; without it what there was, where that was a day ago."""
    try:
        kept = _KEPT.validate_json(_file(name).read_bytes())
    except (OSError, ValidationError):
        return _Kept()
    return kept if 0 <= time.time() - kept.at < OLD else _Kept(tried=kept.tried, error=kept.error)
