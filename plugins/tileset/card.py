"""Cards: what a tile without a picture shows, its title and values, drawn once as a PNG.

They are read on tiles of 200 pixels, so that letters are at least a twentieth of the width high, and what does not fit
is counted rather than made smaller.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tvcore import paths
from tvcore.tilesets.document import Column, Tile, Value
from tvcore.tilesets.wall import cards_folder

LOOK = 1  # of the drawing: another one makes other files
WIDTH, HEIGHT = 1280, 960  # pixels: twice what a tile has, for when it is looked at closely
EDGE = 72
TITLE, TITLE_LONG, TEXT = 100, 72, 68  # pixels of the letters; a name and a unit have SMALLER of a value's
SMALLER = 0.85
PITCH = 1.46  # from line to line of values, in letters
VALUES = 6
LARGEST = 120  # pixels of the letters, where there are few values
TAG, TAGS = 50, 84  # pixels of a tag's letters, and of the tag
GROUND, PANEL, LINE = (17, 20, 26), (30, 36, 46), (44, 52, 64)
BRIGHT, PLAIN, DIM = (240, 244, 248), (214, 222, 230), (140, 153, 168)
ACCENTS = ((96, 190, 255), (122, 214, 160), (244, 190, 96), (236, 140, 160), (180, 160, 250), (112, 208, 214))

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def card_of(tile: Tile, columns: Sequence[Column]) -> Path:
    """Return the picture of *tile*, a card of a set with *columns*; it is drawn where it is not there."""
    rows = values_of(tile, columns)
    content = json.dumps([LOOK, tile.title or str(tile.key), rows, tile.tags], ensure_ascii=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:32]
    path = cards_folder() / f"{digest}.png"
    if not path.exists():
        draw_card(path, tile, columns)
    return path


def draw_card(path: Path, tile: Tile, columns: Sequence[Column]) -> None:
    """Write the picture of *tile* to *path*, a PNG: all or nothing."""
    picture = draw(tile.title or str(tile.key), values_of(tile, columns), tile.tags)
    paths.write_atomic(path, _png(picture))


def _png(picture: Image.Image) -> bytes:
    """Return an RGB *picture* as a PNG, without filters: of flat colours that is as small, and five times as fast."""
    lines = np.zeros((picture.height, 1 + 3 * picture.width), np.uint8)
    lines[:, 1:] = np.asarray(picture).reshape(picture.height, -1)
    header = struct.pack(">2I5B", *picture.size, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 1)), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def values_of(tile: Tile, columns: Sequence[Column]) -> list[tuple[str, str, str]]:
    """Return name, value and unit of what a card says: parameters first, and nothing of what is missing."""
    order = sorted(columns, key=lambda column: column.role != "parameter")
    said = [(column, tile.values.get(column.name)) for column in order if column.role not in ("title", "tag")]
    return [(column.name, shown(value), _unit(column)) for column, value in said if value not in (None, "")]


def _unit(column: Column) -> str:
    return "" if column.unit == "1" else column.unit


def shown(value: Value | None) -> str:
    """Return *value* as a person reads it: numbers with at most five digits that count."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)
        case float():
            return _number(value)
        case None:
            return ""
    return " ".join(str(value).split())


def _number(value: float) -> str:
    size = abs(value)
    if value == 0 or (1e-3 <= size < 1e6):
        return f"{value:.5g}" if size < 1e5 else f"{value:.0f}"
    mantissa, exponent = f"{value:.3e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}·10{str(int(exponent)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@cache
def _font(size: int, bold: bool = False) -> Font:
    try:
        return ImageFont.truetype("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf", size)
    except OSError:  # none is installed: what Pillow brings has fewer letters
        return ImageFont.load_default(size)


def draw(title: str, rows: list[tuple[str, str, str]], tags: tuple[str, ...]) -> Image.Image:
    """Return the picture of a card: *rows* are name, value and unit."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen = ImageDraw.Draw(picture)
    accent = ACCENTS[hashlib.sha256((tags[0] if tags else "").encode()).digest()[0] % len(ACCENTS)]
    pen.rectangle((0, 0, WIDTH, 14), fill=accent)
    y = _title(pen, title, len(rows), bool(tags))
    room = HEIGHT - EDGE - (TAGS + 30 if tags else 0) - y
    fits = max(1, min(VALUES, int(room // (TEXT * PITCH))))
    listed = rows if len(rows) <= fits else rows[: fits - 1]
    lines = len(listed) + (len(listed) < len(rows))
    size = min(LARGEST, int(room / max(1, lines) / PITCH))
    while size > TEXT and not all(_goes_in(pen, size, *row) for row in listed):
        size -= 4
    step = min(room // max(1, lines), int(size * PITCH * 1.2))
    for row in listed:
        _row(pen, y, step, size, *row, accent)
        y += step
    if len(listed) < len(rows):
        more = f"and {len(rows) - len(listed)} more"
        pen.text((EDGE, y + step // 2), more, fill=DIM, font=_font(int(size * SMALLER)), anchor="lm")
    _tags(pen, tags)
    return picture


def _title(pen: ImageDraw.ImageDraw, title: str, rows: int, tags: bool) -> int:
    """Write *title*, in two lines where it needs them and there is room; return where what follows begins."""
    size, most = TITLE, 1 if rows > 4 else 2 if rows else 5
    lines = _lines(pen, title, _font(size, True), WIDTH - 2 * EDGE, most)
    if lines and lines[-1].endswith("…"):
        size = TITLE_LONG
        lines = _lines(pen, title, _font(size, True), WIDTH - 2 * EDGE, 2 if rows else 7)
    font, step = _font(size, True), math.ceil(size * 1.2)
    y = EDGE - 8 if rows else max(EDGE, (HEIGHT - (TAGS + 12 if tags else 0) - step * len(lines)) // 2)
    for line in lines:
        pen.text((EDGE, y + size), line, fill=BRIGHT, font=font, anchor="ls")
        y += step
    return y + 28


def _lines(pen: ImageDraw.ImageDraw, text: str, font: Font, room: int, most: int) -> list[str]:
    """Return *text* in at most *most* lines of *room* pixels; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    words = text[:400].split()
    while words and len(lines) < most - 1:
        line = words.pop(0)
        while words and pen.textlength(f"{line} {words[0]}", font) <= room:
            line += f" {words.pop(0)}"
        if pen.textlength(line, font) > room:
            cut = len(_cut(pen, line, font, room)) - 1
            words.insert(0, line[cut:])
            line = line[:cut]
        lines.append(line)
    return [*lines, _cut(pen, " ".join(words), font, room)] if words else lines


def _cut(pen: ImageDraw.ImageDraw, text: str, font: Font, room: float) -> str:
    """Return as much of *text* as goes into *room* pixels."""
    if pen.textlength(text[:400], font) <= room and len(text) <= 400:
        return text
    low, high = 0, min(len(text), 400)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if pen.textlength(f"{text[:middle]}…", font) <= room else (low, middle - 1)
    return f"{text[:low].rstrip()}…"


def _row(
    pen: ImageDraw.ImageDraw, y: int, step: int, size: int, name: str, value: str, unit: str, accent: Colour
) -> None:
    """Write one value: its name on the left, on the right the value and, dimmer, its unit."""
    pen.line((EDGE, y, WIDTH - EDGE, y), fill=LINE, width=2)
    plain, bold = _font(int(size * SMALLER)), _font(size, True)
    middle, right = y + step // 2, WIDTH - EDGE
    if unit:
        short = _cut(pen, unit, plain, 260)
        pen.text((right, middle), short, fill=DIM, font=plain, anchor="rm")
        right -= math.ceil(pen.textlength(short, plain)) + 18
    named = min(pen.textlength(name[:400], plain), (WIDTH - 2 * EDGE) * 0.45)
    said = _cut(pen, value, bold, right - EDGE - named - 40)
    pen.text((right, middle), said, fill=accent if value == said else PLAIN, font=bold, anchor="rm")
    left = right - EDGE - pen.textlength(said, bold) - 40
    pen.text((EDGE, middle), _cut(pen, name, plain, left), fill=PLAIN, font=plain, anchor="lm")


def _goes_in(pen: ImageDraw.ImageDraw, size: int, name: str, value: str, unit: str) -> bool:
    """Return whether ``_row`` need cut nothing with letters of *size* pixels."""
    if len(name) + len(value) + len(unit) > 100:
        return False
    plain = _font(int(size * SMALLER))
    unit_room = pen.textlength(unit, plain) + 18 if unit else 0
    said = pen.textlength(name, plain) + 40 + pen.textlength(value, _font(size, True)) + unit_room
    return said <= WIDTH - 2 * EDGE and unit_room <= 278


def _tags(pen: ImageDraw.ImageDraw, tags: tuple[str, ...]) -> None:
    """Write *tags* along the lower edge, as many as there is room for."""
    x, y, font = EDGE, HEIGHT - 52 - TAGS, _font(TAG)
    for number, tag in enumerate(tags):
        text = _cut(pen, tag, font, 420)
        width = math.ceil(pen.textlength(text, font)) + 52
        if x + width > WIDTH - EDGE - (130 if number < len(tags) - 1 else 0):
            pen.text((x + 6, y + TAGS // 2), f"+{len(tags) - number}", fill=DIM, font=font, anchor="lm")
            return
        pen.rounded_rectangle((x, y, x + width, y + TAGS), TAGS // 2, fill=PANEL)
        pen.text((x + 26, y + TAGS // 2), text, fill=PLAIN, font=font, anchor="lm")
        x += width + 20
