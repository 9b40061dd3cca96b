"""Which schedulers there are here, and which of them runs what is launched."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import cache

from tvcore import config
from tvcore.batch.local import LocalScheduler
from tvcore.batch.scheduler import Scheduler
from tvcore.batch.slurm import SlurmCommandLine
from tvcore.errors import TiledVizError


def schedulers() -> Mapping[str, Scheduler]:
    """Return the schedulers that there are, by the names that the store has: ``local``, and ``slurm`` where Slurm is.

    Jobs of Slurm are followed whatever the setting ``scheduler.backend`` says of those to come.
    """
    backend = _backend()
    slurm = _slurm(backend if backend in _SLURM else "auto") or _slurm("auto")
    return {"local": _local()} | ({"slurm": slurm} if slurm else {})


def default(backend: str | None = None) -> Scheduler:
    """Return the scheduler that runs what is launched: the one that *backend* names, ``auto`` the best.

    Without *backend* the setting ``scheduler.backend`` holds. Raises TiledVizError when it cannot be used here.
    """
    backend = backend or _backend()
    if backend == "local":
        return _local()
    slurm = _slurm(backend)
    if slurm is not None:
        return slurm
    if backend == "auto":
        return _local()
    raise TiledVizError(f"scheduler.backend is {backend}, but {_why_not(backend)}")


def scheduler_of(job: str) -> str:
    """Return the name of the scheduler whose id *job* is."""
    return "local" if job.startswith("local-") else "slurm"


def _backend() -> str:
    return config.load().settings.scheduler.backend


@cache
def _local() -> LocalScheduler:
    return LocalScheduler()


@cache
def _slurm(backend: str) -> Scheduler | None:
    """Return the way to Slurm that *backend* names, None where it does not work; found out once for the process."""
    for name in _SLURM if backend == "auto" else (backend,):
        if not _why_not(name):
            return _SLURM[name][1]()
    return None


@cache
def _why_not(backend: str) -> str:
    """Return why the way to Slurm *backend* cannot be used here; empty when it can."""
    return _SLURM[backend][0]()


def _why_no_command_line() -> str:
    if shutil.which("sbatch"):
        return ""
    return "sbatch was not found: this is no login node of a Slurm cluster, or PATH lacks Slurm's commands"


def _why_no_pyslurm() -> str:
    from tvcore.batch import slurm_py

    return slurm_py.why_not()


def _pyslurm() -> Scheduler:
    from tvcore.batch import slurm_py

    return slurm_py.PyslurmScheduler()


# The ways to Slurm, the best first: why it cannot be used, and how to make it.
_SLURM: Mapping[str, tuple[Callable[[], str], Callable[[], Scheduler]]] = {
    "pyslurm": (_why_no_pyslurm, _pyslurm),
    "slurm": (_why_no_command_line, SlurmCommandLine),
}
