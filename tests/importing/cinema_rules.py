"""What is wrong with a Cinema database, by the Spec D (Dietrich) specification 1.2, and by nothing else of ours.

Written from the specification's text, with a reader of RFC 4180 of its own, so that exports are not judged by the code
that wrote them.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit


def problems(folder: Path) -> list[str]:
    """Return what is wrong with the database in *folder*, empty when nothing is."""
    found = []
    if not re.fullmatch(r".+\.cdb", folder.name):
        found.append(f"the folder is to be called NAME.cdb, and is called {folder.name}")
    data = folder / "data.csv"
    if not data.is_file():
        return [*found, "there is no file data.csv"]
    try:
        text = data.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        return [*found, f"data.csv is no UTF-8: {error}"]
    if text.startswith("\ufeff"):
        found.append("data.csv begins with a byte-order mark, which would be part of the first name")
    try:
        rows = parsed(text)
    except ValueError as error:
        return [*found, f"data.csv is not by RFC 4180: {error}"]
    if not rows:
        return [*found, "data.csv has no header"]
    names = [value for value, _ in rows[0]]
    return found + _of_header(names) + _of_rows(names, rows[1:]) + _of_files(folder, names, rows[1:])


def parsed(text: str) -> list[list[tuple[str, bool]]]:
    """Return the rows of *text*, each value with whether it was quoted. Raises ValueError for what is no RFC 4180."""
    rows: list[list[tuple[str, bool]]] = []
    row: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        if text[at] == '"':
            value, at = "", at + 1
            while True:
                end = text.find('"', at)
                if end < 0:
                    raise ValueError(f"a quote in row {len(rows) + 1} never closes")
                value += text[at:end]
                at = end + 1
                if text[at : at + 1] != '"':
                    break
                value, at = value + '"', at + 1
            row.append((value, True))
        else:
            end = at
            while end < len(text) and text[end] not in ',\r\n"':
                end += 1
            if text[end : end + 1] == '"':
                raise ValueError(f"a quote within a value without quotes, in row {len(rows) + 1}")
            row.append((text[at:end], False))
            at = end
        if at == len(text):
            break
        if text[at] == ",":
            at += 1
            if at == len(text) or text[at] in "\r\n":
                row.append(("", False))
            else:
                continue
        if at < len(text):
            if text.startswith("\r\n", at):
                at += 2
            elif text[at] == "\n":
                at += 1
            else:
                raise ValueError(f"text after a closing quote, or a bare CR, in row {len(rows) + 1}")
        rows.append(row)
        row = []
    if row:
        rows.append(row)
    return rows


def type_of(value: str) -> str:
    """Return the type of a value that is not empty: integer, else float, else string."""
    if re.fullmatch(r"[+-]?[0-9]+", value):
        return "integer"
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|nan|[+-]?inf(inity)?", value, re.IGNORECASE):
        return "float"
    return "string"


def _of_header(names: list[str]) -> list[str]:
    found = [f"header value {at + 1} is empty" for at, name in enumerate(names) if not name]
    found += [f"header value {name!r} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    of_files = [name.startswith("FILE") for name in names]
    if True in of_files and not all(of_files[of_files.index(True) :]):
        found.append("a column that is none of files stands behind the first FILE column")
    return found


def _of_rows(names: list[str], rows: list[list[tuple[str, bool]]]) -> list[str]:
    found = [] if rows else ["there is no data row"]
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            found.append(f"data row {number} has {len(row)} values for {len(names)} columns")
    for at, name in enumerate(names):
        column = ""
        for number, row in enumerate(rows, 1):
            value, quoted = row[at] if at < len(row) else ("", False)
            if not value and not quoted:
                continue  # an empty value may stand anywhere
            kind = "string" if quoted else type_of(value)
            if not column:
                column = kind  # the first value that is not empty tells
            elif column == "string" or kind == column:
                continue
            else:
                found.append(f"column {name!r}, data row {number}: {value[:40]!r} is no {column}")
    return found


def _of_files(folder: Path, names: list[str], rows: list[list[tuple[str, bool]]]) -> list[str]:
    found = []
    for at, name in enumerate(names):
        if not name.startswith("FILE"):
            continue
        for number, row in enumerate(rows, 1):
            value = row[at][0] if at < len(row) else ""
            if value and not urlsplit(value).scheme and not (folder / value).is_file():
                found.append(f"column {name!r}, data row {number}: there is no file {value[:80]!r}")
    return found
