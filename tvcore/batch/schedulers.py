"""Which schedulers there are here, and which of them runs what is launched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal

from tvcore import config, paths
from tvcore.batch.local import LocalScheduler
from tvcore.batch.scheduler import Scheduler
from tvcore.batch.slurm import SlurmCommandLine
from tvcore.errors import TiledVizError

if TYPE_CHECKING:
    from tvcore.batch.foreign import ForeignScheduler
    from tvcore.cases.extending import SchedulerWay
    from tvcore.cases.provided import Offer

USED = "schedulers.json"  # in the state folder: those of plugins that have run a job, each with its plugin
HOOK: Literal["portal_schedulers"] = "portal_schedulers"


def schedulers() -> Mapping[str, Scheduler]:
    """Return the schedulers that there are, by the names that the store has.

    That is ``local``, ``slurm`` where Slurm is, and those of plugins that have run a job of ours: jobs of each are
    followed whatever the setting ``scheduler.backend`` says of those to come.
    """
    backend = _backend()
    slurm = _slurm(backend if backend in _SLURM else "auto") or _slurm("auto")
    foreign = {name: _foreign(name, *there) for name, there in _used().items()}
    return {"local": _local()} | ({"slurm": slurm} if slurm else {}) | foreign


def default(backend: str | None = None) -> Scheduler:
    """Return the scheduler that runs what is launched: the one that *backend* names, ``auto`` the best.

    Without *backend* the setting ``scheduler.backend`` holds. Raises TiledVizError when it cannot be used here,
    UsageError when there is none of this name.
    """
    backend = backend or _backend()
    if backend == "local":
        return _local()
    if backend not in OURS:
        return _of_plugin(backend)
    slurm = _slurm(backend)
    if slurm is not None:
        return slurm
    if backend == "auto":
        return _local()
    raise TiledVizError(f"scheduler.backend is {backend}, but {_why_not(backend)}")


def check(backend: str) -> None:
    """Raise UsageError when there is no scheduler *backend*, whether one that there is can be used here or not."""
    if backend not in OURS:
        _offer(backend)


def scheduler_of(job: str) -> str:
    """Return the name of the scheduler whose id *job* is: those of Slurm are numbers, of others ``NAME-ID``."""
    name, dash, _ = job.partition("-")
    return name if dash else "slurm"


def needs_tunnel(scheduler: Scheduler) -> bool:
    """Return whether jobs of *scheduler* run on other machines, whose node agents come by the tunnel."""
    return bool(getattr(scheduler, "remote", scheduler.name != "local"))


def _of_plugin(name: str) -> Scheduler:
    """Return the scheduler *name* of a plugin. Raises TiledVizError."""
    from tvcore.cases import provided

    offer = _offer(name)
    scheduler = _foreign(name, offer.plugin, bool(offer.more["remote"]))
    if why := provided.answer(offer.plugin, scheduler.way.why_not, str):
        raise TiledVizError(f"scheduler.backend is {name}, but {' '.join(why.split())}")
    return scheduler


def _offer(name: str) -> Offer:
    """Return what a plugin says of the scheduler *name*. Raises UsageError with those that there are."""
    from tvcore.cases import provided  # those who use none need none of it

    return provided.find(HOOK, name, "scheduler.backend", OURS)


@cache
def _foreign(name: str, plugin: str, remote: bool) -> ForeignScheduler:
    """Return the scheduler *name* of *plugin* (a ``Plugin.spec``), which is loaded when something is asked of it."""
    from tvcore.batch.foreign import ForeignScheduler

    def load() -> SchedulerWay:
        from tvcore.cases import provided

        way: SchedulerWay = provided.value(plugin, HOOK, name)
        return way

    return ForeignScheduler(name, remote, load, lambda: _note(name, plugin, remote))


def _note(name: str, plugin: str, remote: bool) -> None:
    """Note that jobs of the scheduler *name* of *plugin* are to be followed."""
    if _used().get(name) != (plugin, remote):
        paths.write_atomic(paths.state_dir() / USED, json.dumps({**_used(), name: (plugin, remote)}))


def _used() -> Mapping[str, tuple[str, bool]]:
    """Return of each scheduler of a plugin that is followed, by its name, the plugin and whether it is remote."""
    path = paths.state_dir() / USED
    found = paths.marks([path]).get(str(path))
    return _read_used(str(path), found) if found else {}


@cache
def _read_used(path: str, _mark: paths.Mark) -> Mapping[str, tuple[str, bool]]:
    try:
        with open(path, encoding="utf-8") as file:
            return {str(name): (str(plugin), bool(remote)) for name, (plugin, remote) in json.load(file).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


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


OURS = ("auto", "slurm", "pyslurm", "local")  # what the setting may be without any plugin

# The ways to Slurm, the best first: why it cannot be used, and how to make it.
_SLURM: Mapping[str, tuple[Callable[[], str], Callable[[], Scheduler]]] = {
    "pyslurm": (_why_no_pyslurm, _pyslurm),
    "slurm": (_why_no_command_line, SlurmCommandLine),
}
