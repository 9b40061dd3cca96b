"""The values of the portal hooks: what a plugin adds to TiledViz besides a case.

A format to import is a ``tvcore.importing.importers.Importer``; the others are here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tvcore.batch.scheduler import Scheduler
from tvcore.portal.roles import Role

NAME = r"^[a-z][a-z0-9_]{0,39}$"

Name = Annotated[str, Field(pattern=NAME)]
Title = Annotated[str, Field(min_length=1, max_length=80)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TileKind(_Value):
    """A kind of tile: ``picture(file, folder)`` makes a picture of a file, and returns its path.

    A tile ``TileSpec(kind=name, source="/data/a.pdb")`` is then shown and zoomed as a picture is. It is called on the
    tile's node, in a process of its own with a time limit, with the absolute path of the file and an empty folder to
    write into. *reads* are the ends of names that such files have, as ``.pdb``: others are refused before anything
    runs; empty: any.
    """

    name: Name
    title: Title
    reads: tuple[Annotated[str, Field(pattern=r"^\.[A-Za-z0-9._-]{1,20}$")], ...] = ()
    picture: Callable[[str, Path], Path]


class SchedulerWay(_Value):
    """A batch system, by the *name* that the setting ``scheduler.backend`` has for it.

    *make* returns what submits, asks and cancels; *why_not* says in one line why it cannot be used here, nothing when
    it can. The Scheduler calls jobs as its batch system does; everywhere else they are ``NAME-ID``. *job_variable* is
    the variable in which a job's script finds that id, as ``PBS_JOBID``. A job has one node. Where that is not this
    machine (*remote*), its node agent comes by the tunnel, and ``addresses`` says from where it may.

    All of this is called in TiledViz' own processes, as schedulers are asked often: such a plugin is trusted, and a
    call that takes too long ends with the worker process that waits for it.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,19}$")]
    title: Title
    job_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,79}$")]
    make: Callable[[], Scheduler]
    why_not: Callable[[], str] = Field(default=lambda: "")
    remote: bool = False


class LoginField(_Value):
    """Something that a person is asked for: *title* is its label; a *secret* is not shown while it is typed."""

    name: Name
    title: Title
    secret: bool = False


class Person(_Value):
    """Who a login is for: the *name*, and the *role* that they have (a name in ``tvcore.portal.roles``)."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: Role = "viewer"


class LoginWay(_Value):
    """A way to log in, by the *name* that the setting ``portal.login`` has for it.

    The page asks for *fields*; ``check`` gets what was typed by their names, and returns who that is, or None. It is
    called in a process of its own, with a time limit. Neither what was typed nor whether a name is known gets out.
    """

    name: Name
    title: Title
    fields: tuple[LoginField, ...] = Field(min_length=1, max_length=8)
    check: Callable[[Mapping[str, str]], Person | None]
