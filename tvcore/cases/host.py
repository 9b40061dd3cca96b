"""What is asked of a plugin: functions that run in a process apart, JSON in and out (``tvcore.cases.catalog`` calls).

A plugin is given by its fields. Before each hook the process says which it is: one that hangs is told by its name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tvcore import paths
from tvcore.apart_call import begin, report
from tvcore.cases.case import Member
from tvcore.cases.columns import table_of
from tvcore.cases.live import LiveTile
from tvcore.cases.manager import Case, load
from tvcore.cases.problems import without_secrets
from tvcore.cases.sources import Plugin
from tvcore.ensemble import create
from tvcore.errors import TiledVizError, UsageError
from tvcore.tunnel.agents import Registration

ROWS = 4096  # written at a time
TILES = 50  # that are asked for in the time of one hook


def _loaded(plugin: Mapping[str, Any]) -> Case:
    begin("its import")
    return load(Plugin(**plugin))


def describe(plugin: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the plugin is: its ``hooks`` and ``warnings``; of a case ``title``, ``parameters`` and so on."""
    case = _loaded(plugin)
    found: dict[str, Any] = {"hooks": case.hooks, "warnings": list(case.warnings)}
    if any(name.startswith("case_") for name in case.hooks):
        begin("case_info")
        found |= {"title": case.info.title, "description": case.info.description, "picture": ""}
        try:
            found["picture"] = case.picture
        except TiledVizError as error:  # the case can be used without
            found["warnings"].append(str(error))
        begin("case_parameters")
        found["parameters"] = case.schema()
        for hook in ("case_members", "case_tile"):
            if not case.implements(hook):
                raise TiledVizError(f"the case {case.plugin.name} ({case.plugin.origin}) does not implement {hook}")
    return found


def problems(plugin: Mapping[str, Any], given: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return all that is wrong with the parameters *given*: ``key`` and ``text`` of each."""
    case = _loaded(plugin)
    begin("case_parameters")
    return [{"key": each.key, "text": each.text} for each in case.problems(given)]


def check(plugin: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with *given* set. Raises UsageError naming the first that is wrong."""
    case = _loaded(plugin)
    begin("case_parameters")
    return without_secrets(case.parameters(given))


def survey(
    plugin: Mapping[str, Any], given: Mapping[str, Any], count: int | None, indices: Sequence[int] | None
) -> dict[str, Any]:
    """Return all that a plan needs: parameters, the members that are wanted with their tiles, ensemble, hooks.

    What the members need is made first. *count* of them are wanted, or those at *indices*, counted from 0. ``rows`` are
    their rows in the ensemble.
    """
    case = _loaded(plugin)
    begin("case_parameters")
    parameters = case.parameters(given)
    begin("case_prepare")
    if case.implements("case_prepare"):
        case.prepare(parameters, report)
    begin("case_members")
    members = case.members(parameters, count)
    if not members or (count is not None and len(members) < count):
        raise UsageError(
            f"the case {case.plugin.name} has {len(members)} members with these parameters, fewer than {count or 1}"
        )
    begin("case_ensemble")
    ensemble = case.ensemble(parameters) if case.implements("case_ensemble") else None
    begin("case_columns")
    made = None if ensemble else _write_values(case, parameters, members)
    chosen = list(range(len(members)) if indices is None else indices)
    tiles = []
    for number, index in enumerate(chosen):
        if number % TILES == 0:
            begin("case_tile")
        tiles.append(case.tile(parameters, members[index]).model_dump(mode="json"))
    return {
        "parameters": without_secrets(parameters),
        "indices": chosen,
        "titles": [members[index].title for index in chosen],
        "tags": [list(members[index].tags) for index in chosen],
        "rows": [members[index].index if ensemble else index if made else None for index in chosen],
        "tiles": tiles,
        "ensemble": str(ensemble.path) if ensemble else made,
        "live": ensemble is not None and ensemble.live,
        "title": case.info.title,
        "hooks": case.hooks,
        "means": _means(case, parameters),
    }


def _means(case: Case, parameters: Any) -> list[str]:
    """Return what actions of the case mean; where they fail it can be launched, and who asks for actions is told."""
    begin("case_actions")
    try:
        return sorted({action.means for action in case.actions(parameters) if action.means})
    except TiledVizError:
        return []


def _write_values(case: Case, parameters: Any, members: Sequence[Member]) -> str | None:
    """Return the path of an ensemble with the values of *members*, written now if need be; None: they have none."""
    declared = case.columns(parameters)
    try:
        columns, rows = table_of(members, declared)
    except TiledVizError as error:
        raise TiledVizError(f"the case {case.plugin.name} ({case.plugin.origin}): {error}") from error
    if not columns:
        return None
    text = json.dumps([[vars(column) for column in columns], rows], sort_keys=True)
    folder = paths.secure_folder(paths.state_dir() / "members")
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.h5"
    if not path.exists():
        with create(path, columns, title=case.info.title) as writer:
            for start in range(0, len(rows), ROWS):
                writer.append(rows[start : start + ROWS])
    return str(path)


def actions(plugin: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the case offers for tiles launched with *parameters*, as ``Action.plain`` has it."""
    case = _loaded(plugin)
    begin("case_actions")
    return [action.plain() for action in case.actions(case.parameters(parameters))]


def act_once(
    plugin: Mapping[str, Any],
    parameters: Mapping[str, Any],
    action: str,
    arguments: Mapping[str, Any],
    tiles: Sequence[tuple[int, Mapping[str, Any]]],
) -> str:
    """Do *action* with all *tiles* (index in the job, registration of its agent) together; return what was said."""
    case = _loaded(plugin)
    begin("case_members")
    values = case.parameters(parameters)
    members = case.members(values, 1 + max(index for index, _ in tiles))
    begin("case_actions")
    wanted = next(each for each in case.actions(values) if each.name == action)
    live = [LiveTile(Registration.model_validate(registration), index) for index, registration in tiles]
    begin(f"its action {action}")
    return case.act(values, wanted, [members[index] for index, _ in tiles], live, arguments, report)
