"""The hooks of a plugin: what a case is, and what a plugin adds to TiledViz. One plugin is one case, or none.

A plugin is a module (or object) that implements some of these, each marked with ``@hookimpl``; an implementation
takes just those of the arguments that it needs. ``VERSION`` grows when a hook, an argument or a field of a value is
added. One that is to change warns for a release before it does: ``DEPRECATED``, which
`tiledviz plugin check` and `tiledviz cases` show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy
from pydantic import BaseModel

from tvcore.cases.case import Action, CaseInfo, EnsembleFile, Member, TileSpec

if TYPE_CHECKING:
    from tvcore.cases.extending import LoginWay, SchedulerWay, TileKind
    from tvcore.cases.live import LiveTile
    from tvcore.ensemble import Column
    from tvcore.importing.importers import Importer

VERSION = 2
# What is going to change, by hook ("case_tile") or argument ("case_tile.member"): what to write instead, in one line.
DEPRECATED: Mapping[str, str] = {}

hookspec = pluggy.HookspecMarker("tiledviz")
hookimpl = pluggy.HookimplMarker("tiledviz")

Report = Callable[[float, str], None]

# ----------------------------------------------------------------------- a case


@hookspec(firstresult=True)
def case_info() -> CaseInfo:
    """Return the case's name, title, what it shows, and its picture."""
    raise AssertionError


@hookspec(firstresult=True)
def case_parameters() -> type[BaseModel]:
    """Return the pydantic model of the case's parameters; each has a default and a description."""
    raise AssertionError


@hookspec(firstresult=True)
def case_prepare(parameters: BaseModel, report: Report) -> bool:
    """Make what the members need, if it is missing, calling ``report(fraction, text)`` on the way; return True."""
    raise AssertionError


@hookspec(firstresult=True)
def case_ensemble(parameters: BaseModel) -> Path | EnsembleFile | None:
    """Return the HDF5 file that describes the members, ``EnsembleFile(path, live=True)`` if it grows yet, or None."""
    raise AssertionError


@hookspec(firstresult=True)
def case_members(parameters: BaseModel, count: int | None) -> Sequence[Member]:
    """Return the members to show: the first *count* of them, or as many as the case thinks right."""
    raise AssertionError


@hookspec(firstresult=True)
def case_columns(parameters: BaseModel) -> Sequence[Column]:
    """Return the columns of the members' ``values``: type, unit, role; without it they are told by the values."""
    raise AssertionError


@hookspec(firstresult=True)
def case_tile(parameters: BaseModel, member: Member) -> TileSpec:
    """Return what runs in the tile of *member*: command, environment, image, binds, size, cores, memory, GPU."""
    raise AssertionError


@hookspec(firstresult=True)
def case_ready(parameters: BaseModel, member: Member, tile: LiveTile) -> None:
    """Do what is to be done in the *tile* of *member* once its program shows something: keys, pointer, windows, files.

    Called in a process of its own on the tile's node, once for each tile; it has an hour at most.
    """
    raise AssertionError


@hookspec(firstresult=True)
def case_limit(parameters: BaseModel, member: Member, tile: LiveTile, seconds: float) -> None:
    """Save what is worth saving: the job's time is over in about *seconds*.

    Called as ``case_ready`` is, once for each live tile, some minutes before the limit (setting ``job.warning``).
    """
    raise AssertionError


@hookspec(firstresult=True)
def case_end(parameters: BaseModel, member: Member, tile: LiveTile) -> None:
    """Do the last that is to be done in the *tile*, whose program lives yet: its job ends, or it is taken off the wall.

    Called as ``case_ready`` is; after ten seconds, or twenty with loading the case, it is ended with the program.
    """
    raise AssertionError


@hookspec(firstresult=True)
def case_actions(parameters: BaseModel) -> Sequence[Action]:
    """Return what people may have the case do with its tiles: a button each."""
    raise AssertionError


@hookspec(firstresult=True)
def case_action(
    parameters: BaseModel,
    action: str,
    member: Member | Sequence[Member],
    tile: LiveTile | Sequence[LiveTile],
    arguments: BaseModel | None,
    report: Report,
) -> str:
    """Do *action*, the name of one of ``case_actions``, and return a line that says what came of it.

    Called on the tile's node with a member and its live tile; for an action of which ``each`` is ``once`` where the
    portal or the command line runs, with as many of either. *arguments* are what was chosen, of the action's model;
    ``report(fraction, text)`` shows how far it is. Several are done at a time, in processes of their own.
    """
    raise AssertionError


# -------------------------------------------------------- what a plugin can add


@hookspec(firstresult=True)
def portal_importers() -> Sequence[Importer]:
    """Return more formats that `tiledviz import` and the page read: how each is told, and read into a tile set."""
    raise AssertionError


@hookspec(firstresult=True)
def portal_schedulers() -> Sequence[SchedulerWay]:
    """Return more batch systems, each a name for the setting ``scheduler.backend`` and what makes its Scheduler."""
    raise AssertionError


@hookspec(firstresult=True)
def portal_tile_kinds() -> Sequence[TileKind]:
    """Return more kinds of tiles: how a file of each becomes a picture, on the node."""
    raise AssertionError


@hookspec(firstresult=True)
def portal_logins() -> Sequence[LoginWay]:
    """Return more ways to log in: each a name for the setting ``portal.login``, the fields it asks for, its check."""
    raise AssertionError
