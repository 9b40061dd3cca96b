"""A plugin in this process: loading it and calling its hooks, each answer checked, each failure one line.

That is for processes which may be lost: those of ``tvcore.cases.catalog``, who calls from elsewhere, and those that
call hooks on a node. ``TILEDVIZ_TRACE_HOOKS=1`` has every call printed on standard error.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import itertools
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy
from pydantic import BaseModel, ValidationError

from tvcore.cases import hookspecs
from tvcore.cases.case import Action, CaseInfo, EnsembleFile, Member, TileSpec
from tvcore.cases.problems import (
    NO_SECRETS,
    Problem,
    arguments_of,
    one_line,
    one_line_of,
    problems_of,
    secrets_given,
    tracing,
    words_of,
)
from tvcore.cases.sources import Plugin, check_owner
from tvcore.ensemble.schema import Column
from tvcore.errors import TiledVizError, UsageError

if TYPE_CHECKING:
    from tvcore.cases.live import LiveTile

_T = TypeVar("_T")

PROJECT = "tiledviz"
MEMBERS_MAX = 65_536  # of one job: a tile's number is of 16 bits on the wire
HOOKS = tuple(
    name for name in vars(hookspecs) if name.startswith(("case_", "portal_")) and callable(getattr(hookspecs, name))
)


class Case:
    """A loaded plugin's case; ``info`` alone is known without calling more hooks."""

    def __init__(self, plugin: Plugin, hooks: pluggy.PluginManager, warnings: Sequence[str] = ()) -> None:
        self.plugin = plugin
        self.warnings = tuple(warnings)
        self._hooks = hooks
        self._said: CaseInfo | None = None

    def implements(self, hook: str) -> bool:
        """Return whether the plugin has *hook*."""
        return bool(getattr(self._hooks.hook, hook).get_hookimpls())

    @property
    def hooks(self) -> list[str]:
        """The names of the hooks that the plugin has."""
        return [name for name in HOOKS if self.implements(name)]

    @property
    def info(self) -> CaseInfo:
        """What the case is called. Raises TiledVizError."""
        if self._said is None:
            said = self.answer("case_info", CaseInfo)
            if said.name != self.plugin.name:
                text = f"names it {said.name!r}: a case is called as its plugin, {self.plugin.name!r}"
                raise self._wrong("case_info", text)
            self._said = said
        return self._said

    @property
    def picture(self) -> str:
        """The absolute path of the case's picture; empty: it has none. Raises TiledVizError when it is not there."""
        if not self.info.picture:
            return ""
        (implementation,) = self._hooks.hook.case_info.get_hookimpls()[-1:]
        path = Path(inspect.getfile(implementation.function)).parent / self.info.picture
        if not path.is_file():
            raise self._wrong("case_info", f"names the picture {self.info.picture}, which is not beside its code")
        return str(path)

    # ------------------------------------------------------------------ parameters

    @property
    def model(self) -> type[BaseModel]:
        """The model of the parameters. Raises TiledVizError."""
        found = self.answer("case_parameters", type)
        if not issubclass(found, BaseModel):
            raise self._wrong("case_parameters", "must return a class of pydantic's BaseModel")
        return found

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the parameters."""
        try:
            return self.model.model_json_schema()
        except TiledVizError:
            raise
        except Exception as error:
            raise self._wrong("case_parameters", f"has no JSON Schema: {one_line(error)}") from error

    def problems(self, given: Mapping[str, object]) -> list[Problem]:
        """Return all that is wrong with *given*, in the words that ``parameters`` has for the first."""
        model = self.model
        known = ", ".join(model.model_fields) or "none"
        found = [
            Problem(key, f"the case {self.plugin.name} has no parameter {key!r}: it has {known}")
            for key in given
            if key not in model.model_fields
        ]
        if found:
            return found
        head = f"the case {self.plugin.name} cannot take "
        try:
            values = self._validated(model, given)
        except ValidationError as error:
            return problems_of(error, model, head)
        return [Problem(name, f"{head}{name}=…: {NO_SECRETS}") for name in secrets_given(values)]

    def parameters(self, given: Mapping[str, object]) -> BaseModel:
        """Return the case's parameters with *given* set. Raises UsageError naming the first wrong key or value."""
        if wrong := self.problems(given):
            raise UsageError(wrong[0].text)
        return self._validated(self.model, given)

    def _validated(self, model: type[BaseModel], given: Mapping[str, object]) -> BaseModel:
        try:
            return model.model_validate(dict(given))
        except (ValidationError, TiledVizError):
            raise
        except (Exception, SystemExit) as error:
            raise self._failed("case_parameters", error) from error

    # --------------------------------------------------------------- members, tiles

    def prepare(self, parameters: BaseModel, report: hookspecs.Report) -> None:
        """Let the case make what its members need; it calls *report* with a fraction and a text."""
        self._call("case_prepare", parameters=parameters, report=report)

    def ensemble(self, parameters: BaseModel) -> EnsembleFile | None:
        """Return the HDF5 file of the members, if the case has one."""
        found = self._call("case_ensemble", parameters=parameters)
        if isinstance(found, Path | str):
            return EnsembleFile(found)
        return None if found is None else self._checked("case_ensemble", found, EnsembleFile)

    def members(self, parameters: BaseModel, count: int | None) -> list[Member]:
        """Return the members to show, at most *count*."""
        most = MEMBERS_MAX if count is None else count
        return self._several("case_members", Member, most, parameters=parameters, count=count)

    def columns(self, parameters: BaseModel) -> list[Column]:
        """Return the columns that the case says its members' values have; none: they are told by the values."""
        return self._several("case_columns", Column, parameters=parameters) if self.implements("case_columns") else []

    def tile(self, parameters: BaseModel, member: Member) -> TileSpec:
        """Return what runs in the tile of *member*."""
        return self.answer("case_tile", TileSpec, parameters=parameters, member=member)

    # --------------------------------------------------------------- tiles that live

    def tell(self, hook: str, parameters: BaseModel, member: Member, tile: LiveTile, **more: object) -> None:
        """Call *hook*, of which the answer does not matter (case_ready, case_limit, case_end), for a live *tile*."""
        self._call(hook, parameters=parameters, member=member, tile=tile, **more)

    def actions(self, parameters: BaseModel) -> list[Action]:
        """Return what people may have the case do with its tiles. Raises TiledVizError in one line."""
        if not self.implements("case_actions"):
            return []
        found = self._several("case_actions", Action, parameters=parameters)
        names = [action.name for action in found]
        if len(set(names)) < len(names):
            raise self._wrong("case_actions", "returns two actions of one name")
        return found

    def act(
        self,
        parameters: BaseModel,
        action: Action,
        member: Member | Sequence[Member],
        tile: LiveTile | Sequence[LiveTile],
        given: Mapping[str, object],
        report: hookspecs.Report,
    ) -> str:
        """Do *action* and return a line that says what came of it. Raises TiledVizError: one line that names it."""
        arguments, wrong = arguments_of(action, given)
        if wrong:
            raise UsageError(wrong[0].text)
        said = self._call(
            "case_action",
            f"its action {action.name}",
            parameters=parameters,
            action=action.name,
            member=member,
            tile=tile,
            arguments=arguments,
            report=report,
        )
        return " ".join(str(said or "").split())[:2000] or "done"

    # --------------------------------------------------------------------- calling

    def answer(self, hook: str, kind: type[_T], **arguments: object) -> _T:
        """Return what *hook*, which the plugin must have, answers. Raises TiledVizError when it is no *kind*."""
        if not self.implements(hook):
            raise TiledVizError(f"{self._name} does not implement {hook}")
        return self._checked(hook, self._call(hook, **arguments), kind)

    def several(self, hook: str, kind: type[_T]) -> list[_T]:
        """Return what the portal's *hook* answers: any number of *kind*."""
        return self._several(hook, kind) if self.implements(hook) else []

    def _several(self, hook: str, kind: type[_T], most: int = MEMBERS_MAX, /, **arguments: object) -> list[_T]:
        if not self.implements(hook):
            raise TiledVizError(f"{self._name} does not implement {hook}")
        found = self._call(hook, **arguments)
        if isinstance(found, str) or not hasattr(found, "__iter__"):
            raise self._wrong(hook, f"must return a list of {kind.__name__}s, not {_kind(found)}")
        try:
            kept = list(itertools.islice(found, most))
        except (Exception, SystemExit) as error:
            raise self._failed(hook, error) from error
        for number, each in enumerate(kept):
            if not isinstance(each, kind):
                raise self._wrong(hook, f"must return {kind.__name__}s, and item {number} is {_kind(each)}")
        return kept

    def _checked(self, hook: str, found: object, kind: type[_T]) -> _T:
        if not isinstance(found, kind):
            raise self._wrong(hook, f"must return {_article(kind)}, not {_kind(found)}")
        return found

    def _call(self, hook: str, what: str = "", /, **arguments: object) -> Any:
        try:
            return getattr(self._hooks.hook, hook)(**arguments)
        except TiledVizError as error:  # said by the plugin to people: its words, in one line
            raise type(error)(one_line_of(str(error), 2000)) from error
        except (Exception, SystemExit) as error:
            raise self._failed(what or hook, error) from error

    def _failed(self, what: str, error: BaseException) -> TiledVizError:
        return TiledVizError(f"{self._name} failed in {what}: {words_of(error)}{_where(error, self.plugin)}")

    def _wrong(self, hook: str, text: str) -> TiledVizError:
        return TiledVizError(f"{self._name}: {hook} {text}")

    @property
    def _name(self) -> str:
        what = "case" if any(hook.startswith("case_") for hook in self.hooks) else "plugin"
        return f"the {what} {self.plugin.name} ({self.plugin.origin})"


def _where(error: BaseException, plugin: Plugin) -> str:
    """Return the line of the plugin's own code in which *error* was raised, in words; empty where it is not known."""
    frames = traceback.extract_tb(error.__traceback__)
    root = plugin.location if plugin.kind == "folder" else plugin.location.partition(":")[0].split(".")[-1]
    own = [frame for frame in frames if root in frame.filename]
    return f" ({os.path.basename(own[-1].filename)}, line {own[-1].lineno})" if own else ""


def _kind(value: object) -> str:
    return "nothing" if value is None else f"{type(value).__name__}"


def _article(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'AEIO' else 'a'} {kind.__name__}"


# ---------------------------------------------------------------------------- loading


def load(plugin: Plugin) -> Case:
    """Return the case of *plugin*, imported here. Raises TiledVizError when it cannot be, or its hooks are wrong."""
    try:
        module = imported(plugin)
    except TiledVizError as error:
        raise TiledVizError(f"the plugin {plugin.name} ({plugin.origin}) cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:
        raise TiledVizError(
            f"the plugin {plugin.name} ({plugin.origin}) cannot be imported: {one_line(error)}{_where(error, plugin)}"
        ) from error
    return of_object(module, plugin)


def of_object(found: object, plugin: Plugin) -> Case:
    """Return the case that the hooks of *found*, a module or object, make. Raises TiledVizError."""
    hooks = pluggy.PluginManager(PROJECT)
    hooks.add_hookspecs(hookspecs)
    if tracing():
        _trace(hooks, plugin)
    name = f"the plugin {plugin.name} ({plugin.origin})"
    try:
        hooks.register(found)
        hooks.check_pending()
    except pluggy.PluginValidationError as error:
        raise TiledVizError(f"{name}: {_signature(error, found)}") from error
    except (Exception, SystemExit) as error:
        raise TiledVizError(f"{name} cannot be used: {one_line(error)}") from error
    case = Case(plugin, hooks, _warnings(found, hooks))
    if not case.hooks:
        raise TiledVizError(f"{name} implements no hook: mark its functions with @hookimpl (tvcore.cases)")
    return case


def imported(plugin: Plugin) -> object:
    """Return the module or object of *plugin*, imported here; whatever it raises comes through."""
    if plugin.kind == "bundled":
        return importlib.import_module(plugin.location)
    if plugin.kind == "package":
        module, _, attribute = plugin.location.partition(":")
        found: object = importlib.import_module(module)
        for part in attribute.split(".") if attribute else ():
            found = getattr(found, part)
        return found
    return _from_file(plugin)


def _from_file(plugin: Plugin) -> ModuleType:
    path = Path(plugin.location)
    check_owner(path)
    inside = path.is_dir()
    name = f"tiledviz_plugin_{plugin.name}"
    spec = importlib.util.spec_from_file_location(
        name, path / "__init__.py" if inside else path, submodule_search_locations=[str(path)] if inside else None
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its classes and its own imports are found by this name
    spec.loader.exec_module(module)
    return module


def _signature(error: pluggy.PluginValidationError, found: object) -> str:
    """Return what is wrong with a hook, from pluggy's words: which it is, what it has, and what it may have."""
    text = str(error)
    for name in dir(found):
        if not hasattr(getattr(found, name, None), f"{PROJECT}_impl"):
            continue
        if name not in HOOKS:
            near = difflib.get_close_matches(name, HOOKS, n=1)
            return f"there is no hook {name}" + (f": did you mean {near[0]}?" if near else "")
        may = list(inspect.signature(getattr(hookspecs, name)).parameters)
        has = [each for each in inspect.signature(getattr(found, name)).parameters if each != "self"]
        if wrong := [each for each in has if each not in may]:
            return f"{name} has no argument {', '.join(wrong)}: it may have {', '.join(may) or 'none'}"
    return " ".join(text.split())


def _warnings(found: object, hooks: pluggy.PluginManager) -> list[str]:
    """Return what is no fault yet: hooks without their mark, and what is going to change."""
    used = {name for name in HOOKS if getattr(hooks.hook, name).get_hookimpls()}
    lines = [
        f"{name} is not marked with @hookimpl, and is never called"
        for name in HOOKS
        if name not in used and inspect.isfunction(getattr(found, name, None)) and not _is_spec(getattr(found, name))
    ]
    for what, instead in hookspecs.DEPRECATED.items():
        hook, _, argument = what.partition(".")
        if hook not in used:
            continue
        taken = {each for one in getattr(hooks.hook, hook).get_hookimpls() for each in one.argnames}
        if not argument or argument in taken:
            lines.append(f"{what} is going to change: {instead}")
    return lines


def _is_spec(function: object) -> bool:
    return hasattr(function, f"{PROJECT}_spec")


def _trace(hooks: pluggy.PluginManager, plugin: Plugin) -> None:
    """Print each call of a hook: what it got, what it answered and how long it took."""
    begun: list[float] = []

    def before(hook: str, _implementations: object, arguments: Mapping[str, object]) -> None:
        begun.append(time.perf_counter())
        shown = ", ".join(f"{key}={_brief(value)}" for key, value in arguments.items())
        print(f"tiledviz: {plugin.name}.{hook}({shown})", file=sys.stderr, flush=True)

    def after(outcome: Any, hook: str, _implementations: object, _arguments: object) -> None:
        took = time.perf_counter() - begun.pop()
        error = outcome.exception
        said = f"raised {one_line(error)}" if error else _brief(outcome.get_result())
        print(f"tiledviz: {plugin.name}.{hook} -> {said} [{took * 1000:.1f} ms]", file=sys.stderr, flush=True)

    hooks.add_hookcall_monitoring(before, after)


def _brief(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 300 else f"{text[:297]}..."
