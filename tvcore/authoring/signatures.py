"""What is wrong with a plugin's hooks by their names and arguments alone, without calling any."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType

from tvcore.authoring.report import Finding
from tvcore.cases import hookspecs
from tvcore.cases.manager import HOOKS, PROJECT

REQUIRED = ("case_parameters", "case_members", "case_tile")  # of a plugin that has case_info
_TOGETHER = (("case_action", "case_actions"), ("case_columns", "case_members"))


def sound(found: object, findings: list[Finding]) -> ModuleType:
    """Return a module with those hooks of *found*, a plugin, that can be called; *findings* gets what is wrong."""
    kept = ModuleType(getattr(found, "__name__", "plugin"))
    there = set()
    for name in dir(found):
        function = getattr(found, name, None)
        marks = getattr(function, f"{PROJECT}_impl", None)
        if function is None or not isinstance(marks, dict):
            findings += _unmarked(name, function)
            continue
        hook = str(marks.get("specname") or name)
        there.add(hook)
        wrong = list(_signature(hook, function)) if callable(function) else []
        findings += wrong
        if not wrong:
            setattr(kept, name, function)
            findings += _deprecated(hook, function)
    findings += _missing(there)
    return kept


def _signature(hook: str, function: Callable[..., object]) -> Iterator[Finding]:
    if hook not in HOOKS:
        yield Finding("error", hook, f"there is no such hook{near(hook, HOOKS)}")
        return
    may = list(inspect.signature(getattr(hookspecs, hook)).parameters)
    given = ", ".join(may) or "nothing"
    for argument in inspect.signature(function).parameters.values():
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            yield Finding(
                "error", hook, f"it takes {argument}: name the arguments that it needs (it is given: {given})"
            )
        elif argument.name not in may and argument.name != "self":
            instead = near(argument.name, may)
            text = f"it takes {argument.name!r}, which it is never given{instead} (it is given: {given})"
            yield Finding("error", hook, text)
        elif argument.default is not argument.empty:
            text = f"{argument.name} has a default, and so is never given: take it as `{argument.name}` alone"
            yield Finding("error", hook, text)


def _deprecated(hook: str, function: Callable[..., object]) -> Iterator[Finding]:
    taken = inspect.signature(function).parameters
    for what, instead in hookspecs.DEPRECATED.items():
        of, _, argument = what.partition(".")
        if of == hook and (not argument or argument in taken):
            yield Finding("warning", what, f"it is going to change: {instead}")


def _unmarked(name: str, function: object) -> Iterator[Finding]:
    """Tell of a function that is no hook though it is called as one, or nearly."""
    if not name.startswith(("case_", "portal_")) or not inspect.isfunction(function):
        return
    if hasattr(function, f"{PROJECT}_spec"):
        return
    if name in HOOKS:
        yield Finding("error", name, "it is not marked with @hookimpl, and so is never called")
    elif instead := near(name, HOOKS):
        yield Finding("warning", name, f"there is no such hook{instead}, marked with @hookimpl")


def _missing(hooks: set[str]) -> Iterator[Finding]:
    if "case_info" in hooks:
        for hook in REQUIRED:
            if hook not in hooks:
                yield Finding("error", hook, "a case must have it, and this one has not")
    elif any(hook.startswith("case_") for hook in hooks):
        yield Finding("error", "case_info", "a case must have it, and this one has not")
    for one, other in _TOGETHER:
        if one in hooks and other not in hooks:
            yield Finding("error", one, f"it is of no use without {other}")


def near(name: str, known: tuple[str, ...] | list[str]) -> str:
    """Return a question whether one of *known* was meant by *name*; empty where none is near."""
    found = difflib.get_close_matches(name[:60], known, n=1)
    return f": did you mean {found[0]}?" if found else ""
