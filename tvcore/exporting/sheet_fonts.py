"""The letters of a contact sheet: a font of this machine that has many, or PDF's own Helvetica, which has few."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from fontTools.ttLib import TTLibError
from fpdf import FPDF
from fpdf.errors import FPDFException

from tvcore.errors import UsageError

FAMILY = "sheet"
ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
# Regular and bold, as distributions call and place them.
KNOWN = (
    ("truetype/dejavu/DejaVuSans.ttf", "truetype/dejavu/DejaVuSans-Bold.ttf"),
    ("dejavu-sans-fonts/DejaVuSans.ttf", "dejavu-sans-fonts/DejaVuSans-Bold.ttf"),
    ("dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf"),
    ("truetype/noto/NotoSans-Regular.ttf", "truetype/noto/NotoSans-Bold.ttf"),
    ("google-noto/NotoSans-Regular.ttf", "google-noto/NotoSans-Bold.ttf"),
    ("truetype/liberation/LiberationSans-Regular.ttf", "truetype/liberation/LiberationSans-Bold.ttf"),
    ("liberation-sans/LiberationSans-Regular.ttf", "liberation-sans/LiberationSans-Bold.ttf"),
)

MAGIC = (b"\0\1\0\0", b"OTTO", b"true")  # how font files begin
# What Helvetica has no better sign for: dashes and quotation marks.
PLAIN = str.maketrans("\u2013\u2014\u2018\u2019\u201c\u201d", "--''\"\"")

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells at length of what it does


def found() -> tuple[Path, Path] | None:
    """Return the first known font of this machine, regular and bold; None where there is none."""
    pairs = ((root / regular, root / bold) for regular, bold in KNOWN for root in ROOTS)
    return next((pair for pair in pairs if pair[0].is_file() and pair[1].is_file()), None)


def add_font(pdf: FPDF, font: Path | None) -> tuple[str, Callable[[str], str]]:
    """Have *pdf* use *font*, None: the best of this machine; return its family, and what makes a text one it can show.

    A letter that it lacks is a question mark. Raises UsageError for a file that is no font.
    """
    pair = (font, font) if font else found()
    if pair is None:
        return "helvetica", lambda text: text.translate(PLAIN).encode("latin-1", "replace").decode("latin-1")
    try:
        if not _begins_as_font(pair[0]):
            raise ValueError("it is no TrueType font")
        pdf.add_font(FAMILY, "", pair[0])
        pdf.add_font(FAMILY, "B", pair[1])
    except (OSError, TTLibError, FPDFException, ValueError, KeyError) as error:
        raise UsageError(f"{pair[0]}: it cannot be used as a font: {error}") from error
    known = pdf.fonts[FAMILY].cmap  # type: ignore[union-attr]
    return FAMILY, lambda text: "".join(letter if ord(letter) in known else "?" for letter in text)


def _begins_as_font(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in MAGIC
