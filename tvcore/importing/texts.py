"""What the values of a column are that come as texts: numbers, integers, true and false, or texts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from tvcore.importing.report import Report
from tvcore.importing.rfc4180 import Quoted
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import INTEGER_MAX, Value

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,399})")  # 007 is a name
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?|[+-]?inf(?:inity)?", re.IGNORECASE)
_COMMA = re.compile(r"[+-]?[0-9]+(?:,[0-9]+)?(?:[eE][+-]?[0-9]{1,9})?")
_LONGEST = 500  # letters of a number


def values_of(
    name: str, texts: Sequence[str | None], lines: Sequence[int], report: Report, *, comma: bool, quotes_tell: bool
) -> list[Value | None]:
    """Return the values that *texts* are, all of one kind; None and empty ones are missing, as is NaN among numbers.

    *lines* are those of the file that has them. *comma*: numbers may be written ``1,5``. *quotes_tell*: what is
    quoted is text, as the file does not quote everything.
    """
    shown = one_line(name, 60)
    given = [text if text or isinstance(text, Quoted) else None for text in texts]
    there = [text for text in given if text is not None]
    if quotes_tell and any(isinstance(text, Quoted) and text for text in there):
        return [None if text is None else str(text) for text in given]
    # where everything is quoted, a quoted nothing is missing like any other, unless the column is of texts
    plain = [text.strip() for text in there if text.strip()]
    numbers = [text for text in plain if text.casefold() != "nan"]
    if plain and not numbers:
        return [None] * len(given)
    if plain and all(text.casefold() in ("true", "false") for text in plain):
        return _each(given, lambda text: text.casefold() == "true")
    if numbers and all(len(text) <= _LONGEST and _NUMBER.fullmatch(text) for text in numbers):
        integers = [text for text in numbers if _INTEGER.fullmatch(text)]
        padded = any(re.match(r"[+-]?0[0-9]", text) for text in numbers)
        if not padded and not any(abs(int(text)) > INTEGER_MAX for text in integers):
            if len(integers) == len(numbers):
                return _each(given, int)
            return _finite(shown, _each(given, float), lines, report)
        report.about(
            f"column {shown}: its numbers begin with 0, or have more than 53 bits: all are kept as text, as they are"
        )
    elif comma and numbers and all(len(text) <= _LONGEST and _COMMA.fullmatch(text) for text in numbers):
        report.about(f"column {shown}: its numbers have decimal commas")
        return _finite(shown, _each(given, lambda text: float(text.replace(",", "."))), lines, report)
    else:
        right = sum(1 for text in numbers if len(text) <= _LONGEST and _NUMBER.fullmatch(text))
        if right > len(numbers) / 2:
            report.about(
                f"column {shown}: {len(numbers) - right} of its {len(numbers)} values are no numbers: all are text"
            )
    return [None if text is None else str(text) for text in given]


def _each(given: Sequence[str | None], read: Callable[[str], Value]) -> list[Value | None]:
    stripped = ("" if text is None else text.strip() for text in given)
    return [read(text) if text and text.casefold() != "nan" else None for text in stripped]


def _finite(shown: str, values: Sequence[Value | None], lines: Sequence[int], report: Report) -> list[Value | None]:
    for value, line in zip(values, lines, strict=True):
        if isinstance(value, float) and math.isinf(value):
            report.changed(line, f"column {shown}: an infinite number is left out")
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in values]
