"""Finding the cases and calling their hooks.

A plugin that fails to load or to answer is kept with its error, and takes nothing else down.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy
from pydantic import BaseModel, ValidationError

from tvcore.cases import hookspecs
from tvcore.cases.case import Action, CaseInfo, EnsembleFile, Member, TileSpec
from tvcore.errors import TiledVizError, UsageError

if TYPE_CHECKING:
    from tvcore.cases.live import LiveTile

ENTRY_POINTS = "tiledviz.cases"
PROJECT = "tiledviz"


@dataclass(frozen=True)
class Case:
    """One plugin's case: what it is called, where it comes from, and its hooks."""

    info: CaseInfo
    source: str
    _hooks: pluggy.PluginManager

    def parameters(self, given: Mapping[str, object]) -> BaseModel:
        """Return the case's parameters with *given* set. Raises UsageError naming the first wrong key or value."""
        model: type[BaseModel] = self._call("case_parameters")
        unknown = [key for key in given if key not in model.model_fields]
        if unknown:
            known = ", ".join(model.model_fields) or "none"
            raise UsageError(f"the case {self.info.name} has no parameter {unknown[0]!r}: it has {known}")
        try:
            return model.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            problem = f"{key}={first['input']}: {first['msg']}" if key else first["msg"]
            raise UsageError(f"the case {self.info.name} cannot take {problem}") from error

    def parameter_names(self) -> list[str]:
        """Return the names of the case's parameters."""
        model: type[BaseModel] = self._call("case_parameters")
        return list(model.model_fields)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the parameters."""
        model: type[BaseModel] = self._call("case_parameters")
        return model.model_json_schema()

    def prepare(self, parameters: BaseModel, report: hookspecs.Report) -> None:
        """Let the case make what its members need; it calls *report* with a fraction and a text."""
        self._call("case_prepare", required=False, parameters=parameters, report=report)

    def ensemble(self, parameters: BaseModel) -> EnsembleFile | None:
        """Return the HDF5 file of the members, if the case has one."""
        found: Path | EnsembleFile | None = self._call("case_ensemble", required=False, parameters=parameters)
        return found if found is None or isinstance(found, EnsembleFile) else EnsembleFile(found)

    def members(self, parameters: BaseModel, count: int | None) -> Sequence[Member]:
        """Return the members to show, at most *count*."""
        found: Sequence[Member] = self._call("case_members", parameters=parameters, count=count)
        return found if count is None else found[:count]

    def tile(self, parameters: BaseModel, member: Member) -> TileSpec:
        """Return what runs in the tile of *member*."""
        found: TileSpec = self._call("case_tile", parameters=parameters, member=member)
        return found

    @property
    def has_ready(self) -> bool:
        """Return whether the case wants to be told when a tile is live."""
        return bool(self._hooks.hook.case_ready.get_hookimpls())

    def ready(self, parameters: BaseModel, member: Member, tile: LiveTile) -> None:
        """Tell the case that the *tile* of *member* is live."""
        self._call("case_ready", required=False, parameters=parameters, member=member, tile=tile)

    def actions(self, parameters: BaseModel) -> Sequence[Action]:
        """Return what people may have the case do with its tiles. Raises TiledVizError in one line."""
        found: Sequence[Action] = self._call("case_actions", required=False, parameters=parameters) or ()
        names = [action.name if isinstance(action, Action) else None for action in found]
        if None in names or len(set(names)) < len(names):
            raise TiledVizError(
                f"the case {self.info.name} ({self.source}): case_actions must return Actions, no name twice"
            )
        return found

    def act(
        self,
        parameters: BaseModel,
        action: str,
        member: Member | Sequence[Member],
        tile: LiveTile | Sequence[LiveTile],
    ) -> str:
        """Do *action* and return a line that says what came of it. Raises TiledVizError: one line that names it."""
        try:
            said = self._hooks.hook.case_action(parameters=parameters, action=action, member=member, tile=tile)
        except TiledVizError:
            raise
        except Exception as error:
            raise TiledVizError(
                f"the case {self.info.name} ({self.source}) failed in its action {action}: {_words(error)}"
            ) from error
        return " ".join(str(said or "").split()) or "done"

    def _call(self, name: str, required: bool = True, **arguments: object) -> Any:
        try:
            answer = getattr(self._hooks.hook, name)(**arguments)
        except TiledVizError:
            raise
        except Exception as error:
            raise TiledVizError(
                f"the case {self.info.name} ({self.source}) failed in {name}: {_words(error)}"
            ) from error
        if answer is None and required:
            raise TiledVizError(f"the case {self.info.name} ({self.source}) does not implement {name}")
        return answer


def _words(error: Exception) -> str:
    """Return in one line what a hook raised; of a value that was refused, the reason."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or error.title
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    return " ".join(f"{type(error).__name__}: {error}".split())


@dataclass(frozen=True)
class BrokenCase:
    """A plugin that cannot be used, and why, in one line."""

    name: str
    source: str
    error: str


def load(plugin: object, source: str) -> Case:
    """Return the case of *plugin*. Raises TiledVizError when it is none, or its hooks have wrong arguments."""
    hooks = pluggy.PluginManager(PROJECT)
    hooks.add_hookspecs(hookspecs)
    try:
        hooks.register(plugin)
        info = hooks.hook.case_info()
    except Exception as error:
        raise TiledVizError(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}") from error
    if not isinstance(info, CaseInfo):
        raise TiledVizError(f"its hook case_info returned {type(info).__name__}, not a CaseInfo")
    return Case(info, source, hooks)


def _sources() -> Sequence[tuple[str, str, Any]]:
    """Return name, source and loader of every plugin there is: the bundled ones, then installed packages'."""
    bundled = importlib.import_module("tvcore.plugins")
    found: list[tuple[str, str, Any]] = [
        (module.name, "bundled", lambda name=module.name: importlib.import_module(f"tvcore.plugins.{name}"))
        for module in pkgutil.iter_modules(bundled.__path__)
        if module.ispkg
    ]
    for point in entry_points(group=ENTRY_POINTS):
        origin = point.dist.name if point.dist else "an installed package"
        found.append((point.name, origin, point.load))
    return found


def discover() -> tuple[dict[str, Case], list[BrokenCase]]:
    """Return the cases by name, and the plugins that are broken."""
    cases: dict[str, Case] = {}
    broken: list[BrokenCase] = []
    for name, source, loader in _sources():
        try:
            case = load(loader(), source)
        except TiledVizError as error:
            broken.append(BrokenCase(name, source, str(error)))
        except Exception as error:
            broken.append(BrokenCase(name, source, f"{type(error).__name__}: {error}"))
        else:
            if case.info.name in cases:
                other = cases[case.info.name].source
                broken.append(BrokenCase(case.info.name, source, f"a case of this name came before it, from {other}"))
            else:
                cases[case.info.name] = case
    return cases, broken


def find(name: str) -> Case:
    """Return the case called *name*. Raises UsageError that lists those there are, or says how it is broken."""
    cases, broken = discover()
    if name in cases:
        return cases[name]
    for plugin in broken:
        if plugin.name == name:
            raise TiledVizError(f"the case {name} ({plugin.source}) is broken: {plugin.error}")
    raise UsageError(f"there is no case {name!r}: there are {', '.join(sorted(cases))}")
