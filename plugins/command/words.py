"""A command as people write it, and how a row's values are filled into its words. No shell ever reads it. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

Value = bool | int | float | str | None

WIDTH_MAX = 1000  # letters that a format may make of a number
_PARTS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def words_of(command: str) -> tuple[str, ...]:
    """Return the words of *command*, split as a shell does: by spaces, but for quotes. Raises ValueError."""
    if "\0" in command:
        raise ValueError("a command has no zero byte in it")
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise ValueError("a quote or backslash is left open") from error
    for word in words:
        names_of(word)
    if command.strip() and (not words or not words[0]):
        raise ValueError("its first word, the program, is empty")
    return words


def names_of(text: str) -> list[str]:
    """Return what *text* has in braces. Raises ValueError for a brace that stands alone."""
    found = []
    for part in _PARTS.finditer(text):
        if part[0] in "{}":
            raise ValueError(
                f"{text[:80]!r} has a brace alone: write {{{{ or }}}} for one, and '{{a b}}' with its quotes"
            )
        if part[1] is not None:
            found.append(part[1])
    return found


def filled(text: str, values: Mapping[str, Value]) -> str:
    """Return *text* with each ``{name}`` filled from *values*, ``{name:.2f}`` as ``format`` writes it.

    Raises ValueError in one line: for a name there is not, a value that is missing, a format that does not fit.
    """

    def fill(part: re.Match[str]) -> str:
        if part[1] is None:
            return part[0][0]
        name, spec = part[1], ""
        if name not in values and ":" in name:
            name, spec = name.rsplit(":", 1)
        if name not in values:
            name = name.replace("/", "\N{DIVISION SLASH}")  # as columns are called that have one
        if name not in values:
            raise ValueError(f"there is no column {name[:80]!r}: there are {', '.join(list(values)[:40]) or 'none'}")
        value = values[name]
        if value is None or value == "":
            raise ValueError(f"column {name} is empty there")
        if any(int(number) > WIDTH_MAX for number in re.findall(r"[0-9]{1,9}", spec)):
            raise ValueError(f"{{{part[1][:80]}}} asks for more than {WIDTH_MAX} letters")
        try:
            return format(value, spec) if spec else written(value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{{{part[1][:80]}}} cannot write {str(value)[:80]!r}: {error}") from error

    return _PARTS.sub(fill, text)


def written(value: Value) -> str:
    """Return *value* as a program is given it: whole numbers without a point."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
    return str(value)
