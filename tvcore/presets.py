"""Sets of parameters to launch cases with: those kept under a name, and those of the last launches.

They are those of a *project*, by its id: None is the first one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tvcore import config
from tvcore.cases import catalog
from tvcore.errors import UsageError
from tvcore.launch_form import as_kept, count_of
from tvcore.store import Store
from tvcore.store.presets import Preset, new

RECENT = 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", re.ASCII)


def presets(store: Store, project: int | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return those ``saved``, by name, and the ``recent`` ones, the last first.

    Each has ``name`` (empty of a recent one), ``case``, ``title``, ``parameters``, ``settings`` (by dotted keys),
    ``tiles`` (None: all) and ``saved``, when it was, in seconds since the epoch.
    """
    kept = store.presets.of(project)
    about = {case.name: case for case in catalog.describe_all()}

    def plain(preset: Preset) -> dict[str, Any]:
        there = about.get(preset.case)
        found = preset.plain()
        found["title"] = preset.title or (there.title if there else "") or preset.case
        if there and not preset.name:  # of a launch every parameter is known: those that one would type are meant
            found["parameters"] = _chosen(preset.parameters, there.parameters)
        return found

    return {
        "saved": [plain(preset) for preset in kept.saved()],
        "recent": [plain(preset) for preset in kept.recent(RECENT)],
    }


def save(
    store: Store,
    name: str,
    case: str,
    given: Mapping[str, object],
    tiles: object = None,
    replace: bool = False,
    project: int | None = None,
) -> dict[str, Any]:
    """Keep what is *given* for *case* as the set *name*, and return it.

    Raises UsageError for what cannot be launched, in the words of ``--set``; PresetTakenError for a name that is taken,
    unless *replace*.
    """
    _check_name(name)
    about = catalog.describe(case)
    for_case, for_job = config.split_settings(given, list(about.parameters.get("properties", {})))
    config.load(for_job)
    kept = as_kept(for_case, catalog.check(case, for_case))
    preset = new(name, case, kept, for_job, count_of(tiles))
    store.presets.of(project).save(preset, replace)
    return preset.plain() | {"title": about.title}


def read(store: Store, name: str, project: int | None = None) -> Preset:
    """Return the set *name*. Raises UsageError when there is none."""
    return store.presets.of(project).read(name)


def over(preset: Preset, typed: Mapping[str, object]) -> dict[str, object]:
    """Return what is set when *typed* is set over *preset*. Raises UsageError for a key that is none."""
    about = catalog.describe(preset.case)
    for_case, for_job = config.split_settings(typed, list(about.parameters.get("properties", {})))
    return {**preset.parameters, **preset.settings, **for_case, **for_job}


def rename(store: Store, name: str, to: str, project: int | None = None) -> dict[str, Any]:
    """Call the set *name* *to*. Raises UsageError, and PresetTakenError when there is another of that name."""
    _check_name(to)
    store.presets.of(project).rename(name, to)
    return {"name": to}


def remove(store: Store, name: str, project: int | None = None) -> dict[str, Any]:
    """Forget the set *name*. Raises UsageError when there is none."""
    store.presets.of(project).remove(name)
    return {"name": name}


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(f"{name[:100]!r} cannot be a set's name: write letters, digits, . _ and -, at most 80")


def _chosen(parameters: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of *parameters* that are not as by default."""
    properties = schema.get("properties", {})
    return {
        name: value
        for name, value in parameters.items()
        if not (name in properties and _same(properties[name].get("default", _NONE), value))
    }


def _same(default: object, value: object) -> bool:
    """Return whether *value* is the *default*; several texts that one types in one are a list as a default."""
    return default == value or (default in ("", []) and value in ("", []))


_NONE = object()
