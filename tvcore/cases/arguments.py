"""What is given to an action of a case: checked by the action's model, shown without secrets, filled into a command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from tvcore.cases.case import Action
from tvcore.cases.problems import arguments_of, is_secret
from tvcore.errors import TiledVizError, UsageError

_FIELD = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")


class ArgumentsError(UsageError):
    """What is wrong with the arguments of an action; *problems* has all of it: ``key`` and ``text`` of each."""

    def __init__(self, problems: Sequence[Mapping[str, str]]) -> None:
        super().__init__(problems[0]["text"])
        self.problems = [dict(problem) for problem in problems]


def checked(action: Action, given: Mapping[str, object]) -> BaseModel | None:
    """Return *given* as the model of *action* has it; None: it has none. Raises ArgumentsError with all problems."""
    model, wrong = arguments_of(action, given)
    if wrong:
        raise ArgumentsError([asdict(problem) for problem in wrong])
    return model


def shown(model: BaseModel | None) -> dict[str, Any]:
    """Return the arguments in *model* as JSON for people and logs: secrets are stars."""
    return model.model_dump(mode="json") if model else {}


def filled(action: Action, model: BaseModel | None) -> list[str]:
    """Return the command of *action*, each ``{name}`` in it the value of that parameter. No shell reads it.

    Raises TiledVizError for a name that is no parameter, and for a secret: everybody on the node sees commands.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if not name:
            return match[0][0]
        if model is None or name not in type(model).model_fields:
            raise TiledVizError(f"the action {action.name}: its command has {{{name}}}, which is no parameter of it")
        if is_secret(type(model), name):
            raise TiledVizError(f"the action {action.name}: its command has {{{name}}}, a secret: use case_action")
        found = getattr(model, name)
        return str(getattr(found, "value", found))

    return [_FIELD.sub(value, word) for word in action.command]
