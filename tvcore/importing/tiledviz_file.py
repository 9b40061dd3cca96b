"""Imports a tile set of the older TiledViz: ``{"nodes": [...]}``, as JSON or as JavaScript, with all that is in it.

Passwords in it are neither kept nor shown.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from tvcore.errors import UsageError
from tvcore.importing.kit import beginning_of, resolved_source
from tvcore.importing.report import Report
from tvcore.importing.rfc4180 import decoded
from tvcore.importing.typed import column_name, flat, one_line, typed_column
from tvcore.tilesets.document import COLUMNS_MAX, TAGS_MAX, TEXT_MAX, TILES_MAX, Column, Place, Stream, Tile, TileSet

BYTES_MAX = 64 << 20
HEAD = 1 << 16
OURS = ("url", "title", "name", "variable", "usersNotes", "tags", "pos_px_x", "pos_px_y", "IdLocation")
LINE_MAX = 1_000

_STRING = r'"(?:[^"\\]|\\.)*+(?:"|\Z)'
_COMMENT = re.compile(rf"({_STRING})|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?", re.DOTALL)
_COMMA = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)
_ASSIGNED = re.compile(r"\s*(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$]*\s*=")
_SECRET = re.compile(r"pass(?:word|wd|phrase)?|pwd|secret|token", re.IGNORECASE)
_SECRET_PART = re.compile(r"(?i)((?:password|passwd|passphrase|pwd)(?:=|%3d))[^&#;\s\"']+")


class Options(BaseModel):
    """There is nothing to choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def reads(path: Path) -> bool:
    """Return whether *path* begins as a TiledViz file does."""
    head = beginning_of(path, HEAD)
    return b'"nodes"' in head and re.match(rb"(\xef\xbb\xbf)?\s*(?:[\[{/]|var\b|let\b|const\b)", head) is not None


def read(path: Path, options: Options, report: Report) -> TileSet:
    """Return the tile set in the file *path*, nodes counted from 1. Raises UsageError with line and column."""
    nodes = _nodes(path, report)
    if len(nodes) > TILES_MAX:
        raise UsageError(f"{one_line(str(path), 500)}: it has {len(nodes)} nodes, and a tile set {TILES_MAX} at most")
    rows: list[int] = []
    tiles: list[dict[str, Any]] = []
    values: list[dict[str, Any]] = []
    for row, node in enumerate(nodes, 1):
        if not isinstance(node, dict):
            report.left(row, "it is no object, so no tile")
            continue
        plain = _without_passwords(node, row, report)
        rows.append(row)
        tiles.append(_tile(path, plain, row, report))
        values.append(_values(plain, row, report))
    columns, cells = _columns(values, rows, report)
    order = _order(tiles, rows, report)
    made = tuple(Tile(**{**tiles[at], "key": key, "values": cells[at]}) for key, at in enumerate(order, 1))
    return TileSet(title=one_line(path.stem, LINE_MAX) or "Tiles", columns=columns, tiles=made)


def _nodes(path: Path, report: Report) -> list[Any]:
    shown = one_line(str(path), 500)
    with path.open("rb") as file:
        data = file.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise UsageError(f"{shown}: a TiledViz file has at most {BYTES_MAX >> 20} MiB here")
    twice: Counter[str] = Counter()

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.update(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return found

    try:
        text = _json_of(decoded(data, report))
        found = json.loads(text, object_pairs_hook=once)
    except UsageError as error:
        raise UsageError(f"{shown}: {error}") from error
    except json.JSONDecodeError as error:
        raise UsageError(f"{shown}, line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}") from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise UsageError(f"{shown}: a number in it has too many digits") from error
    except RecursionError as error:
        raise UsageError(f"{shown}: it is nested too deeply") from error
    for name, count in list(twice.items())[:20]:
        report.about(f"{_named(name)!r} is given twice in {count} objects: the last one counts")
    nodes = found.get("nodes") if isinstance(found, dict) else None
    if not isinstance(nodes, list):
        raise UsageError(f'{shown}: a TiledViz file is an object with a list of "nodes"')
    for name in found:
        if name != "nodes":
            report.about(f"left: {_named(name)!r} beside the nodes")
    return nodes


def _named(name: str) -> str:
    return one_line(_SECRET_PART.sub(r"\1", name), 60)


def _json_of(text: str) -> str:
    """Return *text*, JavaScript or JSON, as JSON; lines and columns stay where they were."""

    def blank(found: re.Match[str]) -> str:
        return found[1] or re.sub(r"[^\r\n]", " ", found[0])

    text = _COMMA.sub(blank, _COMMENT.sub(blank, text))
    if assigned := _ASSIGNED.match(text):
        text = re.sub(r"[^\r\n]", " ", assigned[0]) + text[assigned.end() :].rstrip().removesuffix(";")
    return text


def _without_passwords(node: dict[str, Any], row: int, report: Report) -> dict[str, Any]:
    """Return *node* without the passwords in its texts and fields; that there were some is told, and not what."""

    def cleaned(value: Any) -> Any:
        if isinstance(value, str):
            found = _SECRET_PART.sub(r"\1", value)
            if found != value:
                report.changed(row, "a password in it is left out")
            return found
        if isinstance(value, list):
            return [cleaned(each) for each in value]
        if isinstance(value, dict):
            kept = {}
            for name, inner in value.items():
                if _SECRET.fullmatch(name) and inner not in ("", None):
                    report.left(row, f"{one_line(name, 40)}: passwords are not kept")
                else:
                    kept[_SECRET_PART.sub(r"\1", name)] = cleaned(inner)
            return kept
        return value

    found: dict[str, Any] = cleaned(node)
    return found


def _tile(path: Path, node: dict[str, Any], row: int, report: Report) -> dict[str, Any]:
    title = next((node[name] for name in ("title", "name") if _said(node.get(name))), "")
    tile: dict[str, Any] = {
        "title": _line("title", title, row, report),
        "variable": _line("variable", node.get("variable"), row, report),
        "tags": _tags(node.get("tags"), row, report),
        "note": _note(node.get("usersNotes"), row, report),
        "place": _place(node, row, report),
    }
    url = node.get("url")
    if not isinstance(url, str) or not url.strip():
        report.changed(row, "it has no url: the tile is a card")
        return tile
    if stream := _stream(url, row, report):
        return {**tile, "stream": stream}
    kind, source = resolved_source(_address(url.strip(), row, report), path.parent, row, report)
    return {**tile, "kind": kind, "source": source}


def _said(value: object) -> bool:
    return value not in (None, "", [], {})


def _line(what: str, value: object, row: int, report: Report) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    found = one_line(text, LINE_MAX)
    if found != text:
        report.changed(row, f"{what}: it is made one line that can be shown")
    return found


def _note(value: object, row: int, report: Report) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    found = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:TEXT_MAX]
    if found != text:
        report.changed(row, f"usersNotes: cut after {TEXT_MAX} letters, or characters that cannot be kept are replaced")
    return found


def _tags(given: object, row: int, report: Report) -> tuple[str, ...]:
    if given is None:
        return ()
    if isinstance(given, str):
        report.changed(row, "tags: a text stands where a list should: it is one tag")
    found = []
    for tag in given if isinstance(given, list) else [given]:
        text = one_line(tag if isinstance(tag, str) else json.dumps(tag, ensure_ascii=False), 10_000)
        if text != tag or len(text) > 200:
            report.changed(row, "tags: one is made a line of at most 200 letters")
        if text[:200] and text[:200] not in found:
            found.append(text[:200])
        else:
            report.left(row, "tags: one that is empty, or there twice")
    if len(found) > TAGS_MAX:
        report.left(row, f"{len(found) - TAGS_MAX} tags: a tile has at most {TAGS_MAX}")
    return tuple(found[:TAGS_MAX])


def _place(node: dict[str, Any], row: int, report: Report) -> Place | None:
    """Return where TiledViz had the tile, None where nothing is set."""
    found: dict[str, float] = {}
    for name, field in (("pos_px_x", "x"), ("pos_px_y", "y"), ("IdLocation", "index")):
        value = node.get(name)
        try:
            number = float(value) if isinstance(value, str | int | float) and value != "" else -1
        except (ValueError, OverflowError):
            number = math.nan
        whole = field != "index" or (number == number // 1 and -1 <= number <= 2**53)
        if not math.isfinite(number) or not whole or isinstance(value, bool | list | dict):
            report.left(row, f"{name}: it is no place")
        elif number != -1:
            found[field] = int(number) if field == "index" else number
    return Place(**found) if found else None  # type: ignore[arg-type]


def _stream(url: str, row: int, report: Report) -> Stream | None:
    """Return the VNC stream that *url* is of, without its password; None where it is of none."""
    try:
        parts = urlsplit(url.strip())
        asked = dict(parse_qsl(parts.query, max_num_fields=100))
    except ValueError:
        return None
    if not re.search(r"vnc[\w.]*\.html$", parts.path) and not {"host", "port", "encrypt"} <= set(asked):
        return None
    report.changed(row, "it was a VNC stream: the tile is a card, with its host and port; no password is kept")
    host = one_line(asked.get("host", ""), LINE_MAX).rsplit("@", 1)[-1]
    port = asked.get("port", "")
    try:
        return Stream(host=host, port=int(port) if re.fullmatch(r"[0-9]{1,5}", port) else None)
    except ValidationError:
        report.left(row, "the port of its stream: it is none")
        return Stream(host=host)


def _address(url: str, row: int, report: Report) -> str:
    """Return the address *url* without what is secret in its query."""
    if not re.match(r"https?://", url):
        return url
    try:
        parts = urlsplit(url)
        asked = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return url
    kept = [(name, value) for name, value in asked if not _SECRET.fullmatch(name)]
    if len(kept) == len(asked):
        return url.replace(" ", "%20")  # real files have them
    report.changed(row, "a password or token in its address is left out")
    return urlunsplit(parts._replace(query=urlencode(kept))).replace(" ", "%20")


def _values(node: dict[str, Any], row: int, report: Report) -> dict[str, Any]:
    """Return what *node* has beside what tiles have: each field is a column."""
    rest = {name: value for name, value in node.items() if name not in OURS}
    if _said(node.get("title")) and _said(node.get("name")):
        rest["name"] = node["name"]  # the title is another
    if rest.get("connection") in (0, "0", ""):
        del rest["connection"]  # none
    if rest.get("comment") == "":
        del rest["comment"]
    return flat(rest, row, report)


def _columns(
    values: Sequence[dict[str, Any]], rows: Sequence[int], report: Report
) -> tuple[tuple[Column, ...], list[dict[str, Any]]]:
    names = list(dict.fromkeys(name for each in values for name in each))
    if len(names) > COLUMNS_MAX:
        report.about(f"left: {len(names) - COLUMNS_MAX} fields: a tile set has at most {COLUMNS_MAX} columns")
    unknown = [one_line(name, 40) for name in names if name not in ("comment", "connection", "dbid")]
    if unknown:
        report.about(f"fields that TiledViz does not have are kept as columns: {', '.join(unknown[:20])}")
    columns: dict[str, Column] = {}
    cells: list[dict[str, Any]] = [{} for _ in rows]
    for name in names[:COLUMNS_MAX]:
        called = column_name(name, columns, report)
        columns[called], found = typed_column(called, [each.get(name) for each in values], rows, report)
        for cell, value in zip(cells, found, strict=True):
            if value is not None:
                cell[called] = value
    return tuple(columns.values()), cells


def _order(tiles: Sequence[dict[str, Any]], rows: Sequence[int], report: Report) -> list[int]:
    """Return the tiles' order: by ``IdLocation`` where these are a permutation, else as in the file."""
    plain = list(range(len(tiles)))
    places = [tile["place"].index if tile["place"] else -1 for tile in tiles]
    if sorted(places) == plain:
        return sorted(plain, key=places.__getitem__)
    if any(place != -1 for place in places):
        report.about("IdLocation is not a number of its own for each tile: the tiles are in the file's order")
    return plain
