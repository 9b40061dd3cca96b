"""What is asked of a plugin before one of its actions is done: in a process apart, as all of ``tvcore.cases.host``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tvcore.apart_call import begin
from tvcore.cases.arguments import ArgumentsError, checked, filled, shown
from tvcore.cases.manager import load
from tvcore.cases.sources import Plugin
from tvcore.errors import UsageError
from tvcore.portal.roles import Right


def prepared(
    plugin: Mapping[str, Any],
    parameters: Mapping[str, Any],
    action: str,
    given: Mapping[str, Any],
    role: str,
    rights: Sequence[Right],
) -> dict[str, Any]:
    """Return what doing the action needs: the ``action`` as JSON, and all ``problems`` with what was *given*.

    Without any: the arguments as they may be ``shown``, and the ``command`` to run in tiles, if it is one. ``missing``
    is the right that *rights*, those of one of *role*, lack for it: then nothing was looked at. Raises UsageError for
    one that there is not.
    """
    begin("its import")
    case = load(Plugin(**plugin))
    begin("case_actions")
    actions = case.actions(case.parameters(parameters))
    found = next((each for each in actions if each.name == action), None)
    if found is None:
        there = ", ".join(each.name for each in actions if each.right in rights) or "none"
        whose = "" if all(each.right in rights for each in actions) else f" for the role {role}"
        raise UsageError(f"the case {case.plugin.name} has no action {action!r}: it has {there}{whose}")
    if found.right not in rights:
        return {"missing": found.right}
    begin(f"the parameters of its action {action}")
    answer: dict[str, Any] = {"missing": "", "action": found.plain(), "problems": []}
    try:
        model = checked(found, given)
    except ArgumentsError as error:
        return answer | {"problems": error.problems}
    return answer | {"shown": shown(model), "command": filled(found, model)}
