"""Comma-separated values, by RFC 4180 and as it is bent: encodings, separators, rows with the line each begins on."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from tvcore.errors import UsageError
from tvcore.importing.report import Report

SEPARATORS = {",": ",", ";": ";", "tab": "\t", "|": "|"}
CELLS_MAX = 10_000  # values of a row
_BOMS = (  # UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Quoted(str):
    """A value that stood in quotes: ``""`` is an empty text, and nothing at all a value that is missing."""

    __slots__ = ()


def decoded(data: bytes, report: Report) -> str:
    """Return the text that *data* is; what is no UTF-8 is told. Raises UsageError for what is no text."""
    encoding, start = next(((name, len(bom)) for bom, name in _BOMS if data.startswith(bom)), ("utf-8", 0))
    try:
        text = data[start:].decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or b"\0" in data:
            raise UsageError(f"it is no {encoding.upper()} text from byte {start + error.start} on") from error
        report.about("it is no UTF-8, and is read as Latin-1 (Windows-1252): look at its letters with accents")
        return data[start:].decode("cp1252", "replace")
    if encoding != "utf-8":
        report.about(f"it is read as {encoding[:6].upper()}")
    return text


def separator_of(text: str) -> str:
    """Return what separates the values of *text*: what its first line has most of outside quotes, else a comma."""
    head = re.sub(r'"[^"]*+(?:"|\Z)', "", re.split(r"[\r\n]", text[:1_000_000], maxsplit=1)[0])
    return max(SEPARATORS.values(), key=head.count)  # the first of those that are equal


def rows_of(text: str, separator: str, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Yield each row's line, from 1, and its values; empty lines are told and left out.

    Raises UsageError that names the line, for a quote that never closes and a row of too many values.
    """
    field = re.compile(rf'"([^"]*+(?:""[^"]*+)*+)"|[^{re.escape(separator)}\r\n]*')
    rest = re.compile(rf"[^{re.escape(separator)}\r\n]*")
    at, line, end, empty = 0, 1, len(text), 0
    while at < end:
        begun, cells = line, []
        while True:
            found = field.match(text, at)
            assert found  # it matches nothing, too
            inner = found.group(1)
            if inner is None and text.startswith('"', at):
                raise UsageError(f"line {line}: a quote opens here and never closes")
            at = found.end()
            if inner is None:
                value = found.group()
            else:
                line += inner.count("\n") + inner.count("\r") - inner.count("\r\n")
                value = Quoted(inner.replace('""', '"'))
                after = rest.match(text, at)
                if after and after.group():
                    report.changed(begun, "a value goes on after its closing quote: what follows is put behind it")
                    value, at = value + after.group(), after.end()
            cells.append(value)
            if len(cells) > CELLS_MAX:
                raise UsageError(f"line {begun}: it has more than {CELLS_MAX} values")
            if at < end and text[at] == separator:
                at += 1
                continue
            break
        if at < end:
            at += 2 if text.startswith("\r\n", at) else 1
            line += 1
        if cells == [""] and not isinstance(cells[0], Quoted):
            empty = begun
            continue
        if empty:
            report.left(empty, "an empty line")
            empty = 0
        yield begun, cells
