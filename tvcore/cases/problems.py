"""What is wrong with values that were given, by the model that they are for: one line for each, secrets kept."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from tvcore.cases.case import Action

# A launch is kept: its parameters are in the job's script, in the state folder and before everybody at the wall. Hooks
# on nodes and a launch again would get stars.
NO_SECRETS = "it is a secret, and what a case is launched with is kept and shown: have the case read it from a file"

LINE_MOST = 500  # letters of what a plugin raised


@dataclass(frozen=True)
class Problem:
    """What is wrong with one of the values that were given: its *key* (empty: of none alone), and the line of it."""

    key: str
    text: str


def problems_of(error: ValidationError, model: type[BaseModel], head: str) -> list[Problem]:
    """Return the problems in *error*, each a line that begins with *head*; a secret is not shown."""
    found = []
    for each in error.errors(include_url=False, include_context=False):
        key = ".".join(str(part) for part in each["loc"])
        name = key.partition(".")[0]
        words = each["msg"].removeprefix("Value error, ")
        if not key:
            text = f"{head}this: {words}" if head.endswith("take ") else f"{head}{words}"
        elif each["type"] == "missing":
            text = f"{head}no {key}: {words}"
        else:
            text = f"{head}{key}={'…' if is_secret(model, name) else _shown(each['input'])}: {words}"
        found.append(Problem(name, " ".join(text.split())))
    return found


def arguments_of(action: Action, given: Mapping[str, object]) -> tuple[BaseModel | None, list[Problem]]:
    """Return *given* as the model of *action* has it (None: it has none), and all that is wrong with it."""
    model = action.parameters
    names = list(model.model_fields) if model else []
    if unknown := [name for name in given if name not in names]:
        there = ", ".join(names) or "none"
        head = f"the action {action.name} has no parameter"
        return None, [Problem(name, f"{head} {name!r}: it has {there}") for name in unknown]
    if model is None:
        return None, []
    try:
        return model.model_validate(dict(given)), []
    except ValidationError as error:
        return None, problems_of(error, model, f"the action {action.name} cannot take ")
    except Exception as error:  # of a validator of the plugin's
        return None, [Problem("", f"the action {action.name} failed with these: {type(error).__name__}")]


def is_secret(model: type[BaseModel], name: str) -> bool:
    """Return whether the field *name* of *model* is a secret, or has one in it, by its type."""
    return name in model.model_fields and _holds_secret(model.model_fields[name].annotation, set())


def _holds_secret(annotation: Any, seen: set[Any]) -> bool:
    if annotation in (SecretStr, SecretBytes):
        return True
    parts = list(get_args(annotation))
    if isinstance(annotation, type) and annotation not in seen:
        seen.add(annotation)
        if issubclass(annotation, BaseModel):
            parts += [each.annotation for each in annotation.model_fields.values()]
        elif dataclasses.is_dataclass(annotation):
            parts += list(get_type_hints(annotation).values())
    return any(_holds_secret(part, seen) for part in parts)


def secrets_given(values: BaseModel) -> list[str]:
    """Return the names of the secrets that *values* were given, other than what they are by default."""
    model = type(values)
    return [
        name
        for name in sorted(values.model_fields_set)
        if is_secret(model, name) and getattr(values, name) != model.model_fields[name].get_default()
    ]


def without_secrets(values: BaseModel) -> dict[str, Any]:
    """Return *values* as JSON, their secrets left out."""
    secrets = {name for name in type(values).model_fields if is_secret(type(values), name)}
    return dict(values.model_dump(mode="json", exclude=secrets))


def clean(value: Any) -> Any:
    """Return *value*, JSON of a plugin's, as all may take it: no halves of characters, null for what is no number."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean(name): clean(inner) for name, inner in value.items()}
    return [clean(inner) for inner in value] if isinstance(value, list) else value


def one_line_of(text: str, most: int = LINE_MOST) -> str:
    """Return *text* in one line of at most *most* letters, without what moves a cursor."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * most]).split())
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


def _shown(value: object) -> str:
    """Return *value* on one line, and not all of one that is long."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[:400])
    return text if len(text) <= 200 else f"{text[:197]}..."


def words_of(error: BaseException) -> str:
    """Return in one line what a hook raised; of a value that was refused, the reason."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or error.title
        return " ".join(f"{where}: {first['msg'].removeprefix('Value error, ')}".split())
    return one_line(error)


def one_line(error: BaseException) -> str:
    """Return kind and text of *error* in one line."""
    try:
        text = str(error)
    except Exception:  # its own text fails
        text = ""
    return one_line_of(f"{type(error).__name__}: {text}".rstrip(": "))


def tracing() -> bool:
    """Return whether every call of a hook is to be printed (``TILEDVIZ_TRACE_HOOKS``)."""
    return os.environ.get("TILEDVIZ_TRACE_HOOKS", "") not in ("", "0")
