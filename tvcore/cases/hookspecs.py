"""The hooks of a case. A plugin is a module (or object) that implements them; one plugin is one case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy
from pydantic import BaseModel

from tvcore.cases.case import Action, CaseInfo, EnsembleFile, Member, TileSpec

if TYPE_CHECKING:
    from tvcore.cases.live import LiveTile

hookspec = pluggy.HookspecMarker("tiledviz")
hookimpl = pluggy.HookimplMarker("tiledviz")

Report = Callable[[float, str], None]


@hookspec(firstresult=True)
def case_info() -> CaseInfo:
    """Return the case's name, title and what it shows."""
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
def case_tile(parameters: BaseModel, member: Member) -> TileSpec:
    """Return what runs in the tile of *member*."""
    raise AssertionError


@hookspec(firstresult=True)
def case_ready(parameters: BaseModel, member: Member, tile: LiveTile) -> None:
    """Do what is to be done in the *tile* of *member* once its program shows something: keys, pointer, windows, files.

    Called in a process of its own on the tile's node, once for each tile; it may take as long as it likes.
    """
    raise AssertionError


@hookspec(firstresult=True)
def case_actions(parameters: BaseModel) -> Sequence[Action]:
    """Return what people may have the case do with its tiles: a button each. Optional."""
    raise AssertionError


@hookspec(firstresult=True)
def case_action(
    parameters: BaseModel, action: str, member: Member | Sequence[Member], tile: LiveTile | Sequence[LiveTile]
) -> str:
    """Do *action*, the name of one of ``case_actions``, and return a line that says what came of it.

    Called with a member and its live tile; for an action of which ``each`` is ``once`` with as many of either. Runs
    where the portal or the command line runs, as its Unix user, for several tiles at a time in threads.
    """
    raise AssertionError
