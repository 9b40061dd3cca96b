"""What is wrong with a plugin, found by calling its hooks: run apart, by ``tvcore.authoring.check``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

from tvcore.apart_call import begin, report
from tvcore.authoring.report import Finding
from tvcore.authoring.signatures import near, sound
from tvcore.cases import manager, provided
from tvcore.cases.case import Action, EnsembleFile, Member, TileSpec
from tvcore.cases.problems import NO_SECRETS, is_secret, one_line, words_of
from tvcore.cases.sources import Plugin
from tvcore.config import split_settings
from tvcore.ensemble.schema import Column
from tvcore.errors import TiledVizError, UsageError

TEXT_MAX = 128 << 10  # bytes that a program can be given in one argument
PICTURE_MAX = 2 << 20
PNG = b"\x89PNG\r\n\x1a\n"
_KINDS: dict[str, tuple[type, ...]] = {"b": (bool,), "i": (int,), "u": (int,), "f": (int, float), "S": (str,)}


def examine(plugin: Mapping[str, Any], given: dict[str, Any], count: int) -> dict[str, Any]:
    """Return what is to be said of *plugin*, which is given by its fields: JSON.

    *given* are parameters of its case and settings of a job, *count* how many members are looked at. ``findings`` is a
    list of level, where and text; ``hooks`` has names, ``settings`` those of the job, ``tiles`` and ``actions`` what
    the hooks answered, for checks of this machine.
    """
    found = _Examined(Plugin(**plugin), given, count)
    with found.noting(""):
        found.look()
    return {
        "findings": [list(each) for each in found.findings],
        "hooks": found.hooks,
        "members": found.members,
        "settings": found.settings,
        "tiles": found.tiles,
        "actions": found.actions,
    }


class _Examined:
    def __init__(self, plugin: Plugin, given: Mapping[str, object], count: int) -> None:
        self.plugin, self.given, self.count = plugin, given, count
        self.findings: list[Finding] = []
        self.hooks: list[str] = []
        self.members = 0
        self.settings: dict[str, object] = {}
        self.tiles: list[dict[str, Any]] = []
        self.actions: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def noting(self, where: str, but: type[TiledVizError] | tuple[()] = ()) -> Iterator[None]:
        """Say that *where* begins, make an error of what goes wrong in it (*but* this), and go on after that."""
        begin(where or "its import")
        try:
            yield
        except but:
            raise
        except TiledVizError as error:
            text = str(error)
            for head in ("case", "plugin"):
                name = f"the {head} {self.plugin.name} ({self.plugin.origin})"
                text = text.removeprefix(f"{name}: ").removeprefix(f"{name} ")
            if self.plugin.kind == "folder" and f"No module named '{self.plugin.name}" in text:
                text += ": within it, write `from . import …`, as it is not installed under its name"
            self.error(where, text.removeprefix(f"{where}: ").removeprefix(f"{where} "))

    def error(self, where: str, text: str) -> None:
        """Take note of an error."""
        self.findings.append(Finding("error", where, text))

    def warn(self, where: str, text: str) -> None:
        """Take note of something that may be wrong."""
        self.findings.append(Finding("warning", where, text))

    def look(self) -> None:
        """Look at all of it."""
        try:
            found = manager.imported(self.plugin)
        except (Exception, SystemExit):
            manager.load(self.plugin)  # says why it cannot be imported, and where
            raise
        case = manager.of_object(sound(found, self.findings), self.plugin)
        self.hooks = case.hooks
        if case.implements("case_info"):
            with self.noting("case_info"):
                self._picture(case.picture)
            if parameters := self._parameters(case):
                with self.noting("case_members"):
                    self._members(case, parameters)
                self._actions(case, parameters)
        for hook in case.hooks:
            if hook.startswith("portal_"):
                with self.noting(hook):
                    self._added(hook)

    def _added(self, hook: str) -> None:
        if not provided.describe(asdict(self.plugin), hook):  # type: ignore[arg-type]
            self.warn(hook, "it returns nothing: nothing is added")

    def _picture(self, path: str) -> None:
        if not path:
            self.warn("case_info", "it has no picture: the list of cases shows a blank one")
            return
        size = Path(path).stat().st_size
        with open(path, "rb") as file:
            if file.read(8) != PNG:
                self.error("case_info", f"the picture {path} is no PNG file")
        if size > PICTURE_MAX:
            self.error("case_info", f"the picture {path} has {size >> 10} KiB: 2 MiB at most are shown")

    def _parameters(self, case: manager.Case) -> BaseModel | None:
        if not case.implements("case_parameters"):
            return None
        with self.noting("case_parameters"):
            case.schema()
            model = case.model
            self._fields("case_parameters", model)
            for name in model.model_fields:
                if is_secret(model, name):
                    self.warn("case_parameters", f"{name} cannot be given: {NO_SECRETS}")
            given, self.settings = split_settings(self.given, list(model.model_fields))
            problems = case.problems(given)
            for problem in problems:
                if problem.key in given or problem.key not in model.model_fields:  # of the others it is said
                    self.error("case_parameters", problem.text)
            if not problems:
                return case.parameters(given)
        return None

    def _fields(self, where: str, model: type[BaseModel]) -> None:
        for name, field in model.model_fields.items():
            if not (field.description or "").strip():
                self.error(where, f"{name} has no description: the form and `tiledviz cases` have no words for it")
            if field.is_required():
                self.error(where, f"{name} has no default: it cannot be launched without one")
            elif field.default is not PydanticUndefined:
                self._default(where, model, name, field.default)

    def _default(self, where: str, model: type[BaseModel], name: str, default: object) -> None:
        """Defaults are not validated by pydantic: what is launched with one is read again from JSON, and then is."""
        try:
            model.__pydantic_validator__.validate_assignment(model.model_construct(), name, default)
        except ValidationError as error:
            if error.errors()[0]["type"] != "frozen_instance":
                self.error(where, f"the default of {name}, {default!r}, breaks its own rules: {words_of(error)}")
        except Exception as error:
            self.error(where, f"the default of {name} cannot be checked: {one_line(error)}")

    def _members(self, case: manager.Case, parameters: BaseModel) -> None:
        try:
            ensemble, members = self._asked(case, parameters)
        except UsageError as error:
            if self.given:
                raise
            why = "with what it has by default there are no members to look at (give it something with --set)"
            self.warn("case_members", f"{why}: {error}")
            return
        self.members = len(members)
        if ensemble is None:
            with self.noting("case_columns"):
                self._columns(case.columns(parameters), members, case.implements("case_columns"))
        for number, member in enumerate(members):
            self._text(f"case_members, member {number}", "the title", member.title)
            if case.implements("case_tile"):
                with self.noting("case_tile"):
                    self._tile(number, case.tile(parameters, member))

    def _asked(self, case: manager.Case, parameters: BaseModel) -> tuple[EnsembleFile | None, list[Member]]:
        """Return what the case says of its members. Raises UsageError where it wants other parameters."""
        members: list[Member] = []
        ensemble = None
        with self.noting("case_prepare", UsageError):
            case.prepare(parameters, report)
        with self.noting("case_ensemble", UsageError):
            ensemble = case.ensemble(parameters)
        with self.noting("case_members", UsageError):
            members = case.members(parameters, self.count) if case.implements("case_members") else []
            if not members and case.implements("case_members"):
                self.error("case_members", "there are no members with these parameters: nothing would be shown")
        return ensemble, members

    def _columns(self, columns: Sequence[Column], members: Sequence[Member], said: bool) -> None:
        kinds = {column.name: column for column in columns}
        for number, member in enumerate(members):
            where = f"case_members, member {number}"
            for name, value in member.values.items():
                column = kinds.get(name)
                if column is None:
                    if said:
                        there = ", ".join(kinds) or "none"
                        self.error(where, f"the value {name!r} has no column in case_columns (columns: {there})")
                elif value is not None and not self._fits(column, value):
                    self.error(where, f"{name} is {value!r}, and its column is of the type {column.dtype}")
        have = {name for member in members for name, value in member.values.items() if value is not None}
        for column in columns:
            if members and column.name not in have:
                self.warn("case_columns", f"none of the members has a value of {column.name}")
            if column.dtype[0] in "iuf" and not column.unit:
                self.warn("case_columns", f"{column.name} has no unit: write unit='1' for a number without one")

    @staticmethod
    def _fits(column: Column, value: object) -> bool:
        import numpy as np

        dtype = np.dtype(column.dtype)
        if isinstance(value, bool) and dtype.kind != "b":
            return False
        if dtype.kind == "S" and isinstance(value, str):
            return len(value.encode(errors="replace")) <= dtype.itemsize
        return isinstance(value, _KINDS[dtype.kind])

    def _tile(self, number: int, spec: TileSpec) -> None:
        where = f"case_tile, member {number}"
        for i, word in enumerate(spec.command):
            self._text(where, f"argument {i} of the command", word)
        image = spec.image
        for i, word in enumerate(image.command if image else ()):
            self._text(where, f"argument {i} of the image's command", word)
        for name, value in {**spec.environment, **(image.environment if image else {})}.items():
            if not name or "=" in name or "\0" in name:
                self.error(where, f"no variable of the environment can be called {name!r}")
            self._text(where, f"the variable {name}", value)
        self.tiles.append(spec.model_dump(mode="json"))

    def _text(self, where: str, what: str, text: str) -> None:
        if "\0" in text:
            self.error(where, f"{what} has a NUL character in it, which no program can be given: {text[:60]!r}")
        elif (size := len(text.encode(errors="surrogatepass"))) >= TEXT_MAX:
            self.error(where, f"{what} has {size:,} bytes: 128 KiB is the most that a program can be given")
        elif any("\ud800" <= letter <= "\udfff" for letter in text):
            self.error(where, f"{what} is no text (half of a character in it): {text[:60]!r}")

    def _actions(self, case: manager.Case, parameters: BaseModel) -> None:
        with self.noting("case_actions"):
            for action in case.actions(parameters):
                self._action(action, case.implements("case_action"))
                self.actions.append(action.plain())

    def _action(self, action: Action, has_hook: bool) -> None:
        where = f"case_actions, {action.name}"
        fields = action.parameters.model_fields if action.parameters else {}
        if action.parameters:
            self._fields(where, action.parameters)
        if not action.command:
            if not has_hook:
                self.error(where, "it has neither a command nor a case_action that does it")
            return
        for i, word in enumerate(action.command):
            self._text(where, f"argument {i} of the command", word)
            for name in _placeholders(word):
                if name not in fields:
                    there = f" (parameters: {', '.join(fields) or 'none'})"
                    self.error(where, f"{{{name}}} in its command names no parameter{near(name, list(fields))}{there}")


def _placeholders(word: str) -> list[str]:
    """Return the names that stand in braces in *word*; those of doubled braces are none."""
    import string

    try:
        return [name for _, name, _, _ in string.Formatter().parse(word) if name is not None]
    except ValueError:
        return [word]
